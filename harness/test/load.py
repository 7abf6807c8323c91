#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The default set on an overloaded machine: a busy loop on every CPU, and 200
cases in parallel. The load must not cause a failed or broken run; at most 5 %
of the runs may be inconclusive, with the scheduling delay as the reason.

usage: load.py HALFOPEN [PATTERN...]

HALFOPEN_LOADS in the environment is the number of rounds (2).
"""
import ctypes
import json
import os
import signal
import subprocess
import sys

import everywhere
import rig

ROUNDS = int(os.environ.get("HALFOPEN_LOADS", "2"))
AT_ONCE = 200
# Maximum share of inconclusive runs.
INCONCLUSIVE_MAX = 0.05
PR_SET_PDEATHSIG = 1


def spin():
    """Starts a process with a busy loop, which ends with this process."""
    parent = os.getpid()
    pid = os.fork()
    if pid:
        return pid
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    while os.getppid() == parent:
        pass
    os._exit(0)


def run(program, patterns):
    done = subprocess.run(
        [program, "run", "-j", str(AT_ONCE), "--format", "jsonl", *patterns],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
        check=False, env=rig.environment())
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return [o for o in lines if o["type"] == "case"], lines[-1]


def in_ms(lateness):
    return ", ".join(f"{name.removesuffix('_s')} {seconds * 1e3:.0f} ms"
                     for name, seconds in lateness.items())


def print_round(title, cases, summary):
    """Prints the result; returns the numbers of all, of inconclusive, and of
    failed or broken runs."""
    unclear = [o for o in cases if o["inconclusive"]]
    wrong = [o for o in cases if everywhere.is_wrong(o)]
    print(f"{title}: {summary['passed']} passed, {summary['failed']} failed, "
          f"{summary['skipped']} skipped, "
          f"{sum(o['verdict'] == 'broken' for o in wrong)} broken, "
          f"{len(unclear)} inconclusive in {summary['seconds']:.1f} s "
          f"(max scheduling delay: {in_ms(summary['lateness'])})")
    for case in wrong + unclear:
        print(f"  {everywhere.name_of(case)}: {everywhere.verdict_of(case)}: "
              f"{case['reason']}")
    sys.stdout.flush()
    return len(cases), len(unclear), len(wrong)


def main():
    program, patterns = sys.argv[1], sys.argv[2:]
    spinners = [spin() for _ in os.sched_getaffinity(0)]
    try:
        rounds = [print_round(f"round {i + 1}", *run(program, patterns))
                  for i in range(ROUNDS)]
    finally:
        for pid in spinners:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
    runs, unclear, wrong = map(sum, zip(*rounds))
    print(f"{runs} runs, {AT_ONCE} in parallel, {len(spinners)} CPUs with a "
          f"busy loop: {wrong} failed or broken, {unclear} inconclusive "
          f"({100 * unclear / runs:.1f} %)")
    return 1 if wrong or unclear > INCONCLUSIVE_MAX * runs else 0


if __name__ == "__main__":
    sys.exit(main())
