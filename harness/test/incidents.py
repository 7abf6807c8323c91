#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The incidents that ship: each is what its paragraph says, and none of those
with a fault is so without it.

usage: incidents.py HALFOPEN FOLDER [NAME...]
"""
import concurrent.futures
import pathlib
import sys

import rig

# They wait most of the time.
AT_ONCE = 3
TRIES = 3
SECONDS = 120


class Run:
    """A lab that has ended, and what its journal says of it."""

    def __init__(self, halfopen, path, *options):
        done = rig.run(halfopen, "-q", *options, str(path), command="lab",
                       seconds=SECONDS)
        self.status, self.text = done.status, done.text
        self.records = next(iter(done.journals.values()), [])

    def of(self, kind):
        return [r for r in self.records if r["type"] == kind]

    def is_inconclusive(self):
        return any(r["inconclusive"] for r in self.of("verdict"))

    def left_out(self):
        return [r["text"] for r in self.of("note")
                if r["text"].startswith("left out:")]


def judged(halfopen, path, *options):
    """A machine that was too late to judge is asked again."""
    for _ in range(TRIES):
        run = Run(halfopen, path, *options)
        if not run.is_inconclusive():
            break
    return run


def reason(run):
    return "; ".join(r["reason"] for r in run.of("verdict")) or run.text


def check(halfopen, path):
    """(what is wrong or None, what is to be told, whether it has a fault)"""
    run = judged(halfopen, path)
    if run.status == rig.SKIPPED:
        told = reason(run)
        return (None if told else "a skip without its reason", told, False)
    if run.is_inconclusive():
        return None, f"inconclusive: {reason(run)}", False
    if run.status != rig.PASS:
        return f"status {run.status}\n{run.text}", "", False
    expectations = len(run.of("expectation"))
    if not expectations:
        return "nothing is expected of it", "", False
    without = judged(halfopen, path, "--without-faults")
    if without.left_out() and without.status == rig.PASS:
        return f"passes without its fault\n{without.text}", "", True
    return (None, f"{expectations} expectations",
            bool(without.left_out()))


def main():
    halfopen, folder, names = sys.argv[1], sys.argv[2], sys.argv[3:]
    paths = [path for path in sorted(pathlib.Path(folder).glob("*.yaml"))
             if not names or path.stem in names]
    failed = skipped = faults = 0
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        results = pool.map(lambda path: check(halfopen, path), paths)
        for path, (wrong, told, has_fault) in zip(paths, results):
            print(f"{path.stem}: {wrong or told}", flush=True)
            failed += bool(wrong)
            skipped += not wrong and not told.endswith("expectations")
            faults += has_fault
    if not paths or failed:
        return 1
    if skipped == len(paths):
        return rig.SKIP_STATUS
    if not names and not skipped and not faults:
        print("none of them has a fault")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
