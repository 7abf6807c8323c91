#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The tables of cases/README.md are those that the program prints.

usage: readme.py HALFOPEN FILE [--write]

With --write the file is updated instead.
"""
import re
import subprocess
import sys

halfopen, path = sys.argv[1:3]
with open(path, encoding="utf-8") as file:
    text = file.read()
wanted = text
for name, options in [("claims", []), ("edges", ["--edges"])]:
    command = ["list", *options, "--format", "markdown"]
    table = subprocess.run([halfopen, *command], capture_output=True,
                           check=True, text=True, encoding="utf-8").stdout
    between = re.compile(rf"(<!-- {name} -->\n).*?(<!-- {name} end -->)",
                         re.DOTALL)
    if not between.search(wanted):
        sys.exit(f"{path}: no '<!-- {name} -->' and '<!-- {name} end -->'")
    wanted = between.sub(lambda m: m[1] + table + "\n" + m[2], wanted)
if "--write" in sys.argv:
    with open(path, "w", encoding="utf-8") as file:
        file.write(wanted)
elif wanted != text:
    sys.exit(f"{path}: a table differs from `halfopen list --format markdown`"
             " or `list --edges --format markdown`; update it with\n"
             "  harness/test/readme.py build/harness/halfopen cases/README.md"
             " --write")
