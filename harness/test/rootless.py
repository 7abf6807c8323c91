#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Root and an unprivileged user get the same verdicts in the default set.

usage: rootless.py HALFOPEN

Without root, the test only checks that the default set passes.
"""
import os
import sys
import tempfile

import everywhere
import rig

OPTIONS = ["--retry", "3"]


def verdicts(cell):
    return {(c["name"], c["variant"]): c["verdict"] for c in cell.cases
            if not c["inconclusive"]}


def differences(root, nobody):
    """Runs that are conclusive for both users and have different verdicts."""
    for run in sorted(set(root) & set(nobody), key=str):
        if root[run] != nobody[run]:
            yield f"{run}: root {root[run]}, uid {everywhere.NOBODY} " \
                  f"{nobody[run]}"


def run_as(user, program):
    return everywhere.run(program, user, "IPv4", OPTIONS,
                          everywhere.path_beside(sys.argv[1]))


def main():
    is_root = os.geteuid() == 0
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        program = everywhere.within_reach(sys.argv[1], folder)
        ordinary = run_as("nobody" if is_root else "root", program)
        print(f"unprivileged user: {ordinary}")
        if not ordinary.counts()["passed"] and ordinary.counts()["skipped"]:
            return rig.SKIP_STATUS
        if ordinary.is_bad():
            print("\n".join(map(str, ordinary.others())))
            return 1
        if not is_root:
            return 0
        root = run_as("root", program)
    print(f"root: {root}")
    other = list(differences(verdicts(root), verdicts(ordinary)))
    print("\n".join(other) or "same verdicts")
    return 1 if other or root.is_bad() else 0


if __name__ == "__main__":
    sys.exit(main())
