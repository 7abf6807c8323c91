#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs the incidents of cases/incidents: each meets its expectations, and one
with a fault does not meet them without the fault: without its faults that are
steps, or without the part of the file that is the fault.

usage: incidents.py HALFOPEN FOLDER [NAME...]
"""
import concurrent.futures
import pathlib
import sys
import tempfile

import rig

# They use little processor time: most of it is waiting.
AT_ONCE = 3
TRIES = 3
SECONDS = 120

# The note of --without-faults in the place of a fault.
OMITTED = "left out:"


# Faults that are no steps: what to replace in the file, and by what.
PARTS = {
    "asymmetric-return-path": ("networks: [dmz, office]", "networks: dmz"),
    "pmtu-black-hole": ("icmp: no", "icmp: yes"),
}


class Run:
    """Status, output and journal of a lab that has ended."""

    def __init__(self, halfopen, path, *options):
        done = rig.run(halfopen, "-q", *options, str(path), command="lab",
                       seconds=SECONDS)
        self.status, self.text = done.status, done.text
        self.records = next(iter(done.journals.values()), [])

    def of(self, kind):
        return [r for r in self.records if r["type"] == kind]

    def is_inconclusive(self):
        return any(r["inconclusive"] for r in self.of("verdict"))

    def omitted_faults(self):
        return [r["text"] for r in self.of("note")
                if r["text"].startswith(OMITTED)]


def run(halfopen, path, *options):
    """The first conclusive run of a few."""
    for _ in range(TRIES):
        done = Run(halfopen, path, *options)
        if not done.is_inconclusive():
            break
    return done


def reason(done):
    return "; ".join(r["reason"] for r in done.of("verdict")) or done.text


def check_part(halfopen, path, expectations):
    old, new = PARTS[path.stem]
    text = path.read_text("utf-8")
    if text.count(old) != 1:
        return f"not once in the file: {old}", "", True
    with tempfile.TemporaryDirectory() as folder:
        changed = pathlib.Path(folder, path.name)
        changed.write_text(text.replace(old, new), "utf-8")
        without = run(halfopen, changed)
    if without.status != rig.FAIL:
        return f"does not fail without its fault\n{without.text}", "", True
    return None, f"{expectations} expectations", True


def check(halfopen, path):
    """(error or None, description, whether the incident has a fault)"""
    done = run(halfopen, path)
    if done.status == rig.SKIPPED:
        why = reason(done)
        return (None if why else "skipped without a reason", why, False)
    if done.is_inconclusive():
        return None, f"inconclusive: {reason(done)}", False
    if done.status != rig.PASS:
        return f"exit status {done.status}\n{done.text}", "", False
    expectations = len(done.of("expectation"))
    if not expectations:
        return "no expectations", "", False
    if path.stem in PARTS:
        return check_part(halfopen, path, expectations)
    without = run(halfopen, path, "--without-faults")
    if without.omitted_faults() and without.status == rig.PASS:
        return f"passes without its fault\n{without.text}", "", True
    return (None, f"{expectations} expectations",
            bool(without.omitted_faults()))


def main():
    halfopen, folder, names = sys.argv[1], sys.argv[2], sys.argv[3:]
    paths = [path for path in sorted(pathlib.Path(folder).glob("*.yaml"))
             if not names or path.stem in names]
    failed = skipped = faults = 0
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        results = pool.map(lambda path: check(halfopen, path), paths)
        for path, (error, description, has_fault) in zip(paths, results):
            print(f"{path.stem}: {error or description}", flush=True)
            failed += bool(error)
            skipped += not error and not description.endswith("expectations")
            faults += has_fault
    if not paths or failed:
        return 1
    if skipped == len(paths):
        return rig.SKIP_STATUS
    if not names and not skipped and not faults:
        print("no incident has a fault")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
