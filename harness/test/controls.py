#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Every case without a fault can fail: with a setting that takes its subject
away, it does. (Cases with a fault: without-faults.py.)

usage: controls.py HALFOPEN CASE-NAMES [RUN...]

CASE-NAMES is a program that prints "control NAME" for each case without a
fault. Where no sysctl can take the subject away, a deliberate kernel bug in
harness/mutants has to: MUTANTS.
"""
import concurrent.futures
import json
import pathlib
import re
import subprocess
import sys

import rig

HALFOPEN, NAMES = sys.argv[1:3]
NO_TIME_WAIT = "net.ipv4.tcp_max_tw_buckets=0"
NO_TIMESTAMPS = "net.ipv4.tcp_timestamps=0"
FEW_PORTS = "client:net.ipv4.ip_local_port_range=40000 40001"

SETTINGS = {
    "accept-queue-cure/both-large": FEW_PORTS,
    "accept-queue-limit/backlog=5": FEW_PORTS,
    "accept-queue-load/slow-server": FEW_PORTS,
    "bind-time-wait/neither-reuses": NO_TIME_WAIT,
    "close-without-time-wait/max-tw-buckets=0":
        "client:net.ipv4.tcp_max_tw_buckets=100",
    "connect-fin-wait-2/time-wait": NO_TIMESTAMPS,
    "counters/open-close": NO_TIME_WAIT,
    # A cookie leaves no request that could wait for data.
    "defer-accept/silent": "server:net.ipv4.tcp_syncookies=2",
    "fin-wait-1-before-fin": NO_TIME_WAIT,
    "fin-wait-2-duration/held": NO_TIME_WAIT,
    "four-way-close-in-three/at-once": NO_TIME_WAIT,
    "half-close-data/shutdown": NO_TIME_WAIT,
    # The answers to probes are limited: tcp_oow_rate_limited().
    "keepalive-peer-alive/time-longer":
        "server:net.ipv4.tcp_invalid_ratelimit=100000",
    "linger-time/acknowledged": NO_TIME_WAIT,
    "local-port-range/order":
        "client:net.ipv4.ip_local_reserved_ports=40007",
    "nat-tw-recycle/clock-behind": NO_TIMESTAMPS,
    # It limits the delay of an ACK as well: tcp_delack_max().
    "option-quickack/off": "server:net.ipv4.tcp_rto_min_us=10000",
    "option-window/maxseg": NO_TIMESTAMPS,
    "port-exhaustion/client-closes-first": NO_TIME_WAIT,
    "rst-timestamps/closed-socket": NO_TIME_WAIT,
    "time-wait-duration/as-it-is": NO_TIME_WAIT,
    "time-wait-other-end/fast-rfc1337": NO_TIME_WAIT,
    "timestamp-clock/timestamps=1": NO_TIMESTAMPS,
    "tsecr-unacknowledged": NO_TIMESTAMPS,
    "ttl-expires/routers=3": "net.ipv4.ip_forward=0",
    "tw-recycle-lifetime": NO_TIME_WAIT,
    "tw-reuse-connect-only/client-closes-first": "net.ipv4.tcp_tw_reuse=1",
    "tw-reuse-needs-timestamps/both-on": NO_TIMESTAMPS,
    "tw-reuse-which/young-first": NO_TIMESTAMPS,
    "tw-reuse/one-second": NO_TIMESTAMPS,
}

MUTANTS = {"isn-clock", "option-linger2", "option-ranges", "rto-shrinks",
           "socket-destroyed"}


def cases_of_mutants():
    folder = pathlib.Path(__file__).parent.parent / "mutants"
    lists = [match for path in folder.glob("*.toml") for match in
             re.findall(r"^cases = \[(.*?)\]", path.read_text("utf-8"),
                        re.M | re.S)]
    return {name for each in lists for name in re.findall(r'"([^"]+)"', each)}


def problem(name):
    """None if the run fails; a machine that is too slow decides nothing."""
    done = rig.call(HALFOPEN, "run", "--format", "jsonl", "--set",
                    SETTINGS[name], name)
    tries = [line for line in map(json.loads, done.stdout.splitlines())
             if line["type"] == "case"]
    if not tries:
        return f"{name}: {done.stderr}"
    last = tries[-1]
    if last["verdict"] == "fail" or last["inconclusive"]:
        return None
    return (f"{name}: {last['verdict']} with {SETTINGS[name]}: "
            f"{last['reason']}")


def main():
    listed = subprocess.run([NAMES], capture_output=True, check=True,
                            text=True).stdout
    controls = set(re.findall(r"^control (.*)$", listed, re.M))
    chosen = sys.argv[3:] or list(SETTINGS)
    done = rig.call(HALFOPEN, "run", "tw-recycle-lifetime")
    if done.returncode == rig.SKIPPED:
        print(done.stdout)
        return rig.SKIP_STATUS
    covered = {name.split("/")[0] for name in SETTINGS} | MUTANTS
    wrong = [f"{name}: has no setting that makes it fail"
             for name in sorted(controls - covered)]
    wrong += [f"{name}: has a fault" for name in sorted(covered - controls)]
    wrong += [f"{name}: no mutant names it"
              for name in sorted(MUTANTS - cases_of_mutants())]
    # Each waits most of the time.
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        wrong += filter(None, pool.map(problem, chosen))
    print("\n".join(wrong) or f"{len(chosen)} runs, all failed as expected")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
