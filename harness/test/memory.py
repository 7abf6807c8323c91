#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What many worlds cost: nothing, once they are gone.

usage: memory.py MISBEHAVING HALFOPEN [TEST...]

HALFOPEN_WORLDS=1000 in the environment makes so many; 200 without it.
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
NAMESPACES = 3  # of a world: two hosts' and the wire's


def meminfo():
    """In KiB."""
    with open("/proc/meminfo", encoding="ascii") as file:
        return {name: int(number) for name, number in
                re.findall(r"^(\w+):\s+(\d+) kB", file.read(), re.M)}


def namespaces():
    """Objects in use, of all the machine; None where root alone may know."""
    try:
        with open("/proc/slabinfo", encoding="ascii") as file:
            found = re.search(r"^net_namespace\s+(\d+)", file.read(), re.M)
    except PermissionError:
        return None
    return int(found[1]) if found else None


def kernel():
    """What it cannot give back, and so somebody holds; of the machine."""
    now = meminfo()
    return {"SUnreclaim": now["SUnreclaim"], "Percpu": now.get("Percpu", 0),
            "PageTables": now["PageTables"], "VmallocUsed": now["VmallocUsed"],
            "KernelStack": now["KernelStack"]}


def resident(pid):
    found = re.search(r"VmRSS:\s+(\d+)", rig.read(pid, "status"))
    return int(found[1]) if found else 0


def run(name, repeat, form="jsonl"):
    """The program's greatest size."""
    process = rig.start(PROGRAM, "run", name, "--repeat", str(repeat),
                        "--format", form)
    with process:
        size = max(resident(process.pid) for _ in process.stdout)
    assert process.returncode == PASS, process.returncode
    return size


class Memory(unittest.TestCase):
    def test_the_program_s_own(self):
        """A journal of such a run takes 40 KiB and more in memory: that many
        of them kept would be several times this."""
        for form in "jsonl", "human":
            few = run("runs-program/short", 50, form)
            many = run("runs-program/short", WORLDS, form)
            print(f"\nhalfopen, {form}: {few} KiB for 50 runs, {many} KiB "
                  f"for {WORLDS}", flush=True)
            # For its table at the end human keeps 4 KiB of each.
            self.assertLess(many, few + 2048 + WORLDS * 8)

    def test_the_kernel_s(self):
        """The first worlds fill caches (slabs, per-CPU pages, dentries), which
        stay. Of what those after them left, 12 KiB each would be noticed at
        1000 worlds: a single net_namespace has 4 KiB in its own slab, and what
        hangs on it is ten times as much. The rest of the machine allocates as
        well, so that the least of what is seen until the deadline counts."""
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
        # Somebody else's runs may be going on: a fraction, not all.
        self.assertTrue(
            rig.wait_for(lambda: namespaces() < before +
                         WORLDS * NAMESPACES / 4, 60, pause=0.5))


if __name__ == "__main__":
    rig.main(sys.argv)
