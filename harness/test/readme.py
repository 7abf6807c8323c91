#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The table of claims in cases/README.md is the one that the program prints.

usage: readme.py HALFOPEN FILE [--write]

With --write the file is updated instead.
"""
import re
import subprocess
import sys

halfopen, path = sys.argv[1:3]
table = subprocess.run([halfopen, "list", "--format", "markdown"],
                       capture_output=True, check=True, text=True,
                       encoding="utf-8").stdout
with open(path, encoding="utf-8") as file:
    text = file.read()
between = re.compile(r"(<!-- claims -->\n).*?(<!-- claims end -->)", re.DOTALL)
if not between.search(text):
    sys.exit(f"{path}: no '<!-- claims -->' and '<!-- claims end -->'")
wanted = between.sub(lambda m: m[1] + table + "\n" + m[2], text)
if "--write" in sys.argv:
    with open(path, "w", encoding="utf-8") as file:
        file.write(wanted)
elif wanted != text:
    sys.exit(f"{path}: the table differs from `halfopen list --format markdown`;"
             " update it with\n  harness/test/readme.py build/harness/halfopen "
             "cases/README.md --write")
