#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs a test as uid 65534; skipped unless root calls it.

usage: as-nobody.py TEST.py [ARGUMENT...]
"""
import os
import sys

NOBODY = 65534
SKIP_STATUS = 77


def skip(reason):
    print(reason)
    sys.exit(SKIP_STATUS)


if os.geteuid() != 0:
    skip("not root: the test itself already runs without privileges")
try:
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)
except OSError as error:
    skip(f"cannot become uid {NOBODY}: {error}")
for path in sys.argv[1:]:
    if os.path.exists(path) and not os.access(path, os.R_OK):
        skip(f"{path}: not readable for uid {NOBODY}")
    # A parent folder that uid 65534 may not search.
    if os.path.isabs(path) and not os.path.exists(path):
        skip(f"{path}: not reachable for uid {NOBODY}")
if not os.access(os.environ.get("TMPDIR", "/"), os.W_OK):
    os.environ.pop("TMPDIR", None)
# Root's interpreter may be in root's home folder.
for python in sys.executable, "/usr/bin/python3", "/usr/local/bin/python3":
    if os.access(python, os.X_OK):
        os.execv(python, [python, "-B", *sys.argv[1:]])
skip(f"no Python interpreter that uid {NOBODY} can execute")
