# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes harness/doc/mutants.md from the mutants and the results."""
INTRODUCTION = """\
<!-- SPDX-License-Identifier: GPL-2.0-or-later -->
# Mutants: how many kernel bugs are noticed

A mutant is one deliberate bug in the TCP code of Linux 6.12. One User Mode Linux
kernel contains all of them; `mut=NUMBER` on its command line selects one, and the
cases run on it in virtual time. A mutant is noticed if a run is a FAIL that passes
on the unchanged kernel. This page is generated:

    harness/mutants/mutants build             # the kernel, in build/mutants (10 minutes)
    harness/mutants/mutants run               # the mutants without a result
    harness/mutants/mutants run keepalive 101 # an area, a mutant
    harness/mutants/mutants table             # writes this page

The mutants are data: [harness/mutants/](../mutants/), one file per area; `mutant.py`
describes the keys. A mutant's own cases run first, then those of its area, then the
default set, the runs at the kernel's default values, and IPv6. `mutants run
--area-only` leaves the last three out.
"""


def noticed(result):
    return bool(result) and result["verdict"] == "fail"


def cell(text):
    return " ".join(str(text).split()).replace("|", "\\|")


def outcome(mutant, result):
    if noticed(result):
        words = "--defaults " if result["step"] == "--defaults" else (
            "--family 6 " if result["step"] == "IPv6" else "")
        return f"{words}{result['run']}"
    if mutant.equivalent:
        return ("" if mutant.equivalent.startswith("out of scope") else
                "equivalent: ") + mutant.equivalent
    if not result:
        return "not run"
    if result["verdict"] == "broken":
        return f"BROKEN {result['run']}: {result['reason']}"
    return f"**not noticed** by {', '.join(result['steps'])}"


def subject(mutant):
    parts = [", ".join(mutant.claims), mutant.behaviour,
             mutant.upstream and f"takes back {mutant.upstream}"]
    return "; ".join(filter(None, parts))


def count(mutants, results):
    """(noticed, observable)"""
    real = [mutant for mutant in mutants if not mutant.equivalent]
    return sum(noticed(results.get(mutant.number)) for mutant in real), len(real)


def share(mutants, results):
    n, of = count(mutants, results)
    return f"{n} of {of}" + (f" ({100 * n / of:.0f} %)" if of else "")


def summary(areas, results):
    every = [mutant for area in areas for mutant in area.mutants]
    claimed = [mutant for mutant in every if mutant.claims]
    yield "| area | mutants | noticed, without equivalent and out of scope |"
    yield "|---|---|---|"
    for area in areas:
        yield (f"| {area.title} | {len(area.mutants)} | "
               f"{share(area.mutants, results)} |")
    yield f"| within the claims | {len(claimed)} | {share(claimed, results)} |"
    yield f"| all | {len(every)} | {share(every, results)} |"


def area_table(area, results):
    yield f"\n## {area.title}\n"
    yield "| mutant | function | effect | concerns | noticed by |"
    yield "|---|---|---|---|---|"
    for mutant in area.mutants:
        row = (mutant.number, f"{mutant.function}()", mutant.effect,
               subject(mutant), outcome(mutant, results.get(mutant.number)))
        yield "| " + " | ".join(map(cell, row)) + " |"


def page(areas, results):
    lines = [INTRODUCTION, *summary(areas, results)]
    for area in areas:
        lines += area_table(area, results)
    return "\n".join(lines) + "\n"
