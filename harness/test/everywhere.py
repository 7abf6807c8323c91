#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The default set in every build, by every right, over both families.

usage: everywhere.py NAME=HALFOPEN... [-- OPTIONS OF RUN]

Prints a row for each build, in Markdown, as the README has it. Needs root, who
runs it as himself and as uid 65534.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile

NOBODY = 65534
WAYS = [("root", "4"), ("root", "6"), ("nobody", "4"), ("nobody", "6")]


def run(program, user, family, options):
    become = {} if user == "root" else {
        "user": NOBODY, "group": NOBODY, "extra_groups": []}
    done = subprocess.run(
        [program, "run", "--format", "jsonl", "--family", family, *options],
        stdout=subprocess.PIPE, text=True, check=False, **become)
    return json.loads(done.stdout.splitlines()[-1])


def cell(summary):
    words = [f"{summary['passed']} passed"]
    for name in "failed", "skipped", "broken":
        if summary[name]:
            words.append(f"{summary[name]} {name}")
    return ", ".join(words)


def main():
    words = sys.argv[1:]
    options = []
    if "--" in words:
        options = words[words.index("--") + 1:]
        words = words[:words.index("--")]
    if not words or os.geteuid() != 0:
        sys.exit(__doc__)
    print("| build | " + " | ".join(
        f"{'root' if u == 'root' else 'uid 65534'}, IPv{f}"
        for u, f in WAYS) + " |\n|" + "---|" * (len(WAYS) + 1))
    bad = 0
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        for word in words:
            name, program = word.split("=", 1)
            # Where nobody can reach it, wherever it was built.
            copy = shutil.copy(program, folder)
            summaries = [run(copy, u, f, options) for u, f in WAYS]
            bad += sum(s["failed"] + s["broken"] for s in summaries)
            print(f"| {name} | " + " | ".join(map(cell, summaries)) + " |",
                  flush=True)
    sys.exit(bad > 0)


main()
