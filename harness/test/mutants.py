#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A sample of the deliberate kernel bugs, each of which its cases must notice.

usage: mutants.py HALFOPEN SOURCE BUILD

Skipped unless harness/mutants/mutants has built the kernel with the mutants.
"""
import os
import subprocess
import sys

from rig import SKIP_STATUS

HALFOPEN, SOURCE, BUILD = map(os.path.realpath, sys.argv[1:4])
KERNEL = os.path.join(BUILD, "mutants", "linux")

if not os.access(KERNEL, os.X_OK):
    print(f"SKIP: {KERNEL}: not found; harness/mutants/mutants build makes it")
    sys.exit(SKIP_STATUS)
sys.exit(subprocess.run(
    [os.path.join(SOURCE, "harness/mutants/mutants"), "run", "sample",
     "--build", BUILD, "--halfopen", HALFOPEN, "--own-only"],
    check=False).returncode)
