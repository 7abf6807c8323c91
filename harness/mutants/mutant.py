# SPDX-License-Identifier: GPL-2.0-or-later
"""The mutants: deliberate bugs of the kernel, read from the TOML files of this
folder, one file per area.

A file has `area`, its title; `cases`, patterns of the runs that concern the
area; and a list of [[mutant]]:

number       selects the mutant: mut=NUMBER on the kernel's command line
file         in the kernel's source
function     in which the expression is found
within       text that contains the expression, if it occurs more than once
expression   of C, or one or more statements that end with ; or }
replacement  what the kernel executes instead; statements may be replaced by
             nothing
effect       what the kernel does wrong, in one sentence
claims       of the documents that the effect contradicts; or
behaviour    the neighbouring behaviour that it changes
cases        runs that must notice it
options      of halfopen run: --family 6, --defaults, --all
upstream     the fix that the mutant takes back: commit and subject
equivalent   why no run can notice it; "out of scope: ..." where only a run that the
             cases do not make could
sample       true: one of those that the test suite runs
"""
import dataclasses
import pathlib
import tomllib

FOLDER = pathlib.Path(__file__).resolve().parent


class Wrong(Exception):
    """A mutant that cannot be used; the message names it."""


@dataclasses.dataclass(frozen=True)
class Mutant:
    """One [[mutant]]. `area` is the name of its file, without .toml."""
    number: int
    area: str
    file: str
    function: str
    expression: str
    replacement: str
    effect: str
    within: str = ""
    claims: tuple = ()
    behaviour: str = ""
    cases: tuple = ()
    options: tuple = ()
    upstream: str = ""
    equivalent: str = ""
    sample: bool = False

    def __str__(self):
        return f"mutant {self.number} ({self.area})"

    def is_statement(self):
        return self.expression.rstrip()[-1] in ";}"


@dataclasses.dataclass(frozen=True)
class Area:
    """One file."""
    name: str
    title: str
    cases: tuple
    mutants: tuple


FIELDS = {field.name for field in dataclasses.fields(Mutant)} - {"area"}


def read_mutant(area, values):
    number = values.get("number", "without number")
    unknown = sorted(values.keys() - FIELDS)
    if unknown:
        raise Wrong(f"{area}.toml: mutant {number}: unknown key {unknown[0]}")
    try:
        return Mutant(area=area, **{
            key: tuple(value) if isinstance(value, list) else value
            for key, value in values.items()})
    except TypeError as error:  # a key is missing
        raise Wrong(f"{area}.toml: mutant {number}: {error}") from error


def read_area(path):
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise Wrong(f"{path.name}: {error}") from error
    unknown = sorted(data.keys() - {"area", "cases", "mutant"})
    if unknown:
        raise Wrong(f"{path.name}: unknown key {unknown[0]}")
    return Area(path.stem, data["area"], tuple(data["cases"]),
                tuple(read_mutant(path.stem, values)
                      for values in data["mutant"]))


def read_areas(folder=FOLDER):
    return [read_area(path) for path in sorted(folder.glob("*.toml"))]


def all_mutants(areas):
    return sorted((mutant for area in areas for mutant in area.mutants),
                  key=lambda mutant: mutant.number)
