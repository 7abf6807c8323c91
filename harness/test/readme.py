#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The README's table of claims is the one that the program prints.

usage: readme.py HALFOPEN README [--write]

With --write the README is mended instead.
"""
import re
import subprocess
import sys

halfopen, path = sys.argv[1:3]
table = subprocess.run([halfopen, "list", "--format", "markdown"],
                       capture_output=True, check=True, text=True,
                       encoding="utf-8").stdout
with open(path, encoding="utf-8") as readme:
    text = readme.read()
between = re.compile(r"(<!-- claims -->\n).*?(<!-- claims end -->)", re.DOTALL)
wanted = between.sub(lambda m: m[1] + table + "\n" + m[2], text)
if not between.search(text):
    sys.exit("the README has no place for the claims")
if "--write" in sys.argv:
    with open(path, "w", encoding="utf-8") as readme:
        readme.write(wanted)
elif wanted != text:
    sys.exit("the README's claims are not those of `halfopen list --format "
             "markdown`; mend it with\n  harness/test/readme.py "
             "build/harness/halfopen README.md --write")
