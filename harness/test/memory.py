#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Many worlds leave no memory in use, neither in halfopen nor in the kernel.

usage: memory.py MISBEHAVING HALFOPEN [TEST...]

HALFOPEN_WORLDS in the environment is their number; 200 without it.
"""
import os
import re
import sys
import time
import unittest

import rig
from rig import PASS

PROGRAM = sys.argv[1]
WORLDS = int(os.environ.get("HALFOPEN_WORLDS", "200"))
NAMESPACES = 3  # of a world: two hosts and the wire


def meminfo():
    """In KiB."""
    with open("/proc/meminfo", encoding="ascii") as file:
        return {name: int(number) for name, number in
                re.findall(r"^(\w+):\s+(\d+) kB", file.read(), re.M)}


def namespaces():
    """Network namespaces of the whole machine; None where only root may read
    them."""
    try:
        with open("/proc/slabinfo", encoding="ascii") as file:
            found = re.search(r"^net_namespace\s+(\d+)", file.read(), re.M)
    except PermissionError:
        return None
    return int(found[1]) if found else None


def kernel():
    """Unreclaimable memory of the whole machine, in KiB."""
    now = meminfo()
    return {"SUnreclaim": now["SUnreclaim"], "Percpu": now.get("Percpu", 0),
            "PageTables": now["PageTables"], "VmallocUsed": now["VmallocUsed"],
            "KernelStack": now["KernelStack"]}


def resident(pid):
    found = re.search(r"VmRSS:\s+(\d+)", rig.read(pid, "status"))
    return int(found[1]) if found else 0


def run(name, repeat, form="jsonl"):
    """Returns the largest resident size of the program, in KiB."""
    process = rig.start(PROGRAM, "run", name, "--repeat", str(repeat),
                        "--format", form)
    with process:
        size = max(resident(process.pid) for _ in process.stdout)
    assert process.returncode == PASS, process.returncode
    return size


class Memory(unittest.TestCase):
    def test_halfopen_does_not_grow_with_the_runs(self):
        """A journal of such a run has 40 KiB or more in memory; keeping all of
        them would exceed the limit several times."""
        for form in "jsonl", "human":
            few = run("runs-program/short", 50, form)
            many = run("runs-program/short", WORLDS, form)
            print(f"\nhalfopen, {form}: {few} KiB for 50 runs, {many} KiB "
                  f"for {WORLDS}", flush=True)
            # Format human keeps 4 KiB of each run for its table.
            self.assertLess(many, few + 2048 + WORLDS * 8)

    def test_the_kernel_frees_all_memory(self):
        """The first worlds fill caches (slabs, per-CPU pages, dentries), which
        stay. A leak of 12 KiB per later world is noticed at 1000 worlds; a
        net_namespace has 4 KiB in its own slab, and ten times as much in
        others. The rest of the machine allocates too, so that the least value
        seen until the deadline is judged."""
        run("passes", max(WORLDS // 4, 50))
        time.sleep(3)
        before, spaces = kernel(), namespaces()
        allowed = 12 * max(WORLDS, 500)
        began = time.monotonic()
        run("passes", WORLDS)
        took = time.monotonic() - began
        least = kernel()

        def is_back():
            for name, number in kernel().items():
                least[name] = min(least[name], number)
            return sum(least.values()) <= sum(before.values()) + 512

        # Cleaned up in batches (cleanup_net()), and freed after RCU.
        rig.wait_for(is_back, 60, pause=0.5)
        grown = {name: least[name] - before[name] for name in before}
        print(f"\n{WORLDS} worlds in {took:.1f} s; the kernel's memory, in "
              f"KiB: {grown}; network namespaces of the machine: {spaces} "
              f"before, {namespaces()} after", flush=True)
        self.assertLess(sum(grown.values()), allowed)
        self.judge_namespaces(spaces)

    def judge_namespaces(self, before):
        if before is None:
            return
        # Other runs on this machine may make some, but not most of them.
        self.assertTrue(
            rig.wait_for(lambda: namespaces() < before +
                         WORLDS * NAMESPACES / 4, 60, pause=0.5))


if __name__ == "__main__":
    rig.main(sys.argv)
