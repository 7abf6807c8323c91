#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Every case can fail: without its fault, a case that has one does not pass.

usage: without-faults.py HALFOPEN CASE-NAMES [PATTERN...]

CASE-NAMES is a program that prints a line for each case: "fault NAME", or
"control NAME" for a case without a fault.
"""
import re
import subprocess
import sys

import rig


def left_out(journal):
    return any(r["type"] == "note" and r["text"].startswith("left out:")
               for r in journal)


def passed(journal):
    return any(r["type"] == "verdict" and r["verdict"] == "pass"
               for r in journal)


def main():
    halfopen, names, patterns = sys.argv[1], sys.argv[2], sys.argv[3:]
    listed = subprocess.run([names], capture_output=True, check=True,
                            text=True).stdout.split("\n")
    kinds = {line.split()[1]: line.split()[0] for line in listed if line}
    done = rig.run(halfopen, "--without-faults", *patterns, seconds=600)
    if done.status == rig.SKIPPED:
        print(done.text)
        return rig.SKIP_STATUS
    wrong = []
    for name, journal in done.journals.items():
        case = re.split(r"/|\.try", name)[0]
        # A case without a fault may have variants with one.
        if passed(journal) and (kinds[case] == "fault" or left_out(journal)):
            wrong.append(f"{name}: passes without its fault")
    print("\n".join(wrong) or f"{len(done.journals)} runs, as expected")
    if not done.journals:
        print(done.text)
    return 1 if wrong or not done.journals else 0


if __name__ == "__main__":
    sys.exit(main())
