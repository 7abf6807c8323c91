#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""usage: compiled.py SOURCE_ROOT BUILD_ROOT

Prints the paths of the project's compiled sources, each terminated by a NUL
byte. Sources that the build generates are left out.
"""
import json
import os
import sys

source, build = (os.path.realpath(path) for path in sys.argv[1:3])
with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as f:
    commands = json.load(f)
paths = {os.path.realpath(os.path.join(c["directory"], c["file"]))
         for c in commands}
for path in sorted(paths):
    if path.startswith(source + os.sep) and not path.startswith(build + os.sep):
        sys.stdout.write(path + "\0")
