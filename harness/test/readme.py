#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The tables of cases/README.md are those that the program prints, and list the
incidents of `halfopen lab --list`; so are those of cases/README.zh-CN.md, in Chinese.

usage: readme.py HALFOPEN FILE [--write]

With --write the file is updated instead.
"""
import gettext
import json
import os
import re
import subprocess
import sys

halfopen, path = sys.argv[1:3]
language = "zh" if ".zh-CN." in path else "en"
with open(path, encoding="utf-8") as file:
    text = file.read()
wanted = text


def printed(*command):
    return subprocess.run([halfopen, "--lang", language, *command],
                          capture_output=True, check=True, text=True,
                          encoding="utf-8").stdout


def translator():
    """JSON lines are in English."""
    if language == "en":
        return lambda english: english
    folder = os.path.dirname(halfopen)
    with open(os.path.join(folder, "po/zh_CN.mo"), "rb") as catalogue:
        return gettext.GNUTranslations(catalogue).gettext


def incidents():
    """With the first sentence of each description."""
    translate = translator()
    lines = [{"en": "| symptom | lab | what happens |",
              "zh": "| 症状 | 实验 | 起因 |"}[language], "|---|---|---|"]
    for line in printed("lab", "--list", "--format", "jsonl").splitlines():
        incident = json.loads(line)
        sentence = re.split(r"[.:](?:\s|$)|[。：]", translate(incident["about"]))[0]
        lines.append(f"| {translate(incident['symptom'])} | "
                     f"`{incident['name']}` | {sentence} |")
    return "\n".join(lines) + "\n"


tables = {
    "claims": printed("list", "--format", "markdown"),
    "edges": printed("list", "--edges", "--format", "markdown"),
    "incidents": incidents(),
}
for name, table in tables.items():
    between = re.compile(rf"(<!-- {name} -->\n).*?(<!-- {name} end -->)",
                         re.DOTALL)
    if not between.search(wanted):
        sys.exit(f"{path}: no '<!-- {name} -->' and '<!-- {name} end -->'")
    wanted = between.sub(lambda m: m[1] + table + "\n" + m[2], wanted)
if "--write" in sys.argv:
    with open(path, "w", encoding="utf-8") as file:
        file.write(wanted)
elif wanted != text:
    sys.exit(f"{path}: a table differs from what `halfopen list` and `halfopen "
             "lab --list` print; update it with\n"
             "  harness/test/readme.py build/harness/halfopen "
             f"cases/{os.path.basename(path)} --write")
