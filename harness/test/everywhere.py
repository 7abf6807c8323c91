#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The default set in several builds, as root and uid 65534, over each family.

usage: everywhere.py NAME='HALFOPEN [OPTIONS OF RUN]'... [-- OPTIONS OF RUN]

Prints a Markdown table with a row for each build, as in the README, and then
the runs that did not pass, with their reasons. Requires root. Exit status 1 if
a run failed or was broken.
"""
import collections
import json
import os
import pathlib
import shlex
import shutil
import subprocess
import sys
import tempfile

NOBODY = 65534
FAMILIES = {"IPv4": ["--family", "4"], "IPv6": ["--family", "6"],
            "v4-mapped": ["--mapped"]}
WAYS = [("root", "IPv4"), ("root", "IPv6"), ("root", "v4-mapped"),
        ("nobody", "IPv4"), ("nobody", "IPv6")]
TITLES = {"root": "root", "nobody": f"uid {NOBODY}"}
TIMEOUT_S = 900
VERDICTS = {"pass": "passed", "fail": "failed", "skip": "skipped",
            "broken": "broken"}


def is_wrong(case):
    return case and case["verdict"] in ("fail", "broken") and \
        not case["inconclusive"]


def verdict_of(case):
    return "inconclusive" if case["inconclusive"] else case["verdict"]


def name_of(case):
    variant = case["variant"]
    return case["name"] + (f"/{variant}" if variant else "")


class Cell:
    """The result of one run of halfopen, from its JSON stream."""

    def __init__(self, stream, complaint):
        objects = []
        for line in stream.splitlines():
            # A killed process may leave an incomplete last line.
            try:
                objects.append(json.loads(line))
            except json.JSONDecodeError:
                complaint = complaint or "invalid JSON line"
        # The last try counts, but a failed or broken one is kept: only an
        # inconclusive try may be repeated.
        tries = {}
        for o in objects:
            if o["type"] == "case":
                key = o["name"], o["variant"], o["repetition"]
                if not is_wrong(tries.get(key)):
                    tries[key] = o
        self.cases = list(tries.values())
        whole = bool(objects) and objects[-1]["type"] == "summary"
        self.complaint = complaint or ("" if whole else "no summary line")

    def counts(self):
        return collections.Counter(
            "inconclusive" if o["inconclusive"] else VERDICTS[o["verdict"]]
            for o in self.cases)

    def is_bad(self):
        counts = self.counts()
        return bool(self.complaint or counts["failed"] or counts["broken"] or
                    not counts["passed"])

    def __str__(self):
        counts = self.counts()
        words = [f"{counts['passed']} passed", f"{counts['failed']} failed"]
        words += [f"{counts[name]} {name}"
                  for name in ("skipped", "broken", "inconclusive")
                  if counts[name]]
        return ", ".join(words) + (f"; {self.complaint}" if self.complaint
                                   else "")

    def others(self):
        """The runs that did not pass, as (verdict, reason, name)."""
        for o in self.cases:
            if o["verdict"] == "pass":
                continue
            missed = [f"{e['what']}: expected {e['expected']}, observed "
                      f"{e['observed']}, {e['at']}"
                      for e in o["expectations"] if not e["ok"]]
            why = missed if is_wrong(o) else []
            yield verdict_of(o), "; ".join([o["reason"], *why]), name_of(o)


def path_beside(program):
    """The environment with build/programs/bin in PATH, where harness/bootstrap
    unpacks real programs."""
    programs = pathlib.Path(program).resolve().parent.parent / "programs/bin"
    path = f"{programs.resolve()}:{os.environ['PATH']}"
    return {**os.environ, "PATH": path}


def run(program, user, family, options, environment):
    become = {} if user == "root" else {
        "user": NOBODY, "group": NOBODY, "extra_groups": []}
    command = [program, "run", "--format", "jsonl", *FAMILIES[family],
               *options]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, text=True, check=False,
                              timeout=TIMEOUT_S, cwd="/", env=environment,
                              **become)
    except subprocess.TimeoutExpired as late:
        return Cell((late.stdout or b"").decode(),
                    f"timeout after {TIMEOUT_S} s")
    # The stream contains the verdicts that 1 and 3 stand for.
    unexpected = done.returncode not in (0, 1, 3)
    return Cell(done.stdout,
                f"exit status {done.returncode}" if unexpected else "")


def within_reach(program, folder):
    """A copy of the program that uid 65534 can execute."""
    return shutil.copy(program, pathlib.Path(folder) / "halfopen")


def in_words(places, cells):
    """Names a set of cells: everywhere, a user or family, or a list."""
    if set(places) == set(cells):
        return "everywhere"
    for column in *FAMILIES, *TITLES.values():
        if set(places) == {place for place in cells if column in place}:
            return column
    return "; ".join(" ".join(place) for place in places)


def print_others(cells):
    """A line for each verdict and reason, with the cells that have it."""
    where = collections.defaultdict(list)
    for place, cell in cells.items():
        for other in cell.others():
            where[other].append(place)
    for (verdict, reason, name), places in sorted(where.items()):
        print(f"{verdict}: {name}: {reason} ({in_words(places, cells)})")


def one_row(name, command, options, folder):
    """{(build, user, family): Cell}"""
    program, *own = shlex.split(command)
    copy = within_reach(program, folder)
    cells = {(name, TITLES[user], family):
             run(copy, user, family, own + options, path_beside(program))
             for user, family in WAYS}
    print(f"| {name} | " + " | ".join(map(str, cells.values())) + " |",
          flush=True)
    return cells


def main():
    words, options = sys.argv[1:], []
    if "--" in words:
        options = words[words.index("--") + 1:]
        words = words[:words.index("--")]
    if not words or os.geteuid() != 0 or not all("=" in w for w in words):
        sys.exit(__doc__)
    for word in words:
        program = shlex.split(word.split("=", 1)[1])[:1]
        if not program or not os.access(program[0], os.X_OK):
            sys.exit(f"{word}: not an executable program")
    print("| build | " + " | ".join(f"{TITLES[user]}, {family}"
                                    for user, family in WAYS) +
          " |\n|" + "---|" * (len(WAYS) + 1), flush=True)
    cells = {}
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        for word in words:
            cells |= one_row(*word.split("=", 1), options, folder)
    print()
    print_others(cells)
    return 1 if any(cell.is_bad() for cell in cells.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
