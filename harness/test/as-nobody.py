#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs a test as an ordinary user (uid 65534) when started by root.

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
    skip("not root: the test itself already runs as an ordinary user")
try:
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)
except OSError as error:
    skip(f"cannot become uid {NOBODY}: {error}")
for path in sys.argv[1:]:
    if os.path.exists(path) and not os.access(path, os.R_OK):
        skip(f"uid {NOBODY} cannot read {path}")
    # In a directory that it cannot search.
    if os.path.isabs(path) and not os.path.exists(path):
        skip(f"uid {NOBODY} cannot reach {path}")
if not os.access(os.environ.get("TMPDIR", "/"), os.W_OK):
    os.environ.pop("TMPDIR", None)
# The interpreter of root may be in root's home.
for python in sys.executable, "/usr/bin/python3", "/usr/local/bin/python3":
    if os.access(python, os.X_OK):
        os.execv(python, [python, "-B", *sys.argv[1:]])
skip(f"uid {NOBODY} cannot execute any python3")
