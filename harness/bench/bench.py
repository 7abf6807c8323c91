#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""How fast it is and what it leaves behind, as ratios within one run; the goals
are DESIGN.md's.

usage: bench.py BUILD [PART...]

BUILD is a build folder; PART is one of the names below, all without one. Each
prints what it measured; the last thing is a table of all of it. Nothing fails
for being slow, since a machine may be; what is left behind, or is wrong under
load, fails.
"""
import ast
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

import table

SOURCE = pathlib.Path(__file__).resolve().parent
TESTS = SOURCE.parent / "test"
ROUNDS = 5
SKIP_STATUS = 77
PACKETDRILL = 0.160  # its smallest script, in seconds


class Bench:
    def __init__(self, build):
        harness = pathlib.Path(build).resolve() / "harness"
        self.halfopen = harness / "halfopen"
        self.misbehaving = harness / "test/misbehaving"
        self.bench_world = harness / "bench/bench-world"
        self.bench_wire = harness / "bench/bench-wire"
        self.table = table.Table()
        self.failed = False

    def part(self, title):
        self.table.part(title)

    def say(self, *row, **goal):
        self.table.say(*row, **goal)


def call(*command):
    """Seconds, and what it printed."""
    begin = time.monotonic()
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True,
                          check=True)
    return time.monotonic() - begin, done.stdout


def try_mininet(number):
    """Seconds for a world, and of what kind; None and why there is none."""
    done = subprocess.run([SOURCE / "world-mininet.py", str(number)],
                          capture_output=True, text=True, check=False)
    if done.returncode:
        return None, (done.stderr.strip().splitlines() or ["?"])[-1]
    seconds, kind = done.stdout.split(maxsplit=1)
    return float(seconds), kind.strip()


def world(bench):
    """In turns, so that what else runs disturbs all alike."""
    bench.part("A world of two hosts and a wire, made and dropped")
    ours, bare, shell, mininet, kind = [], [], [], [], ""
    for _ in range(ROUNDS):
        ours.append(float(call(bench.bench_world, "20")[1]))
        bare.append(float(call(bench.bench_world, "20", "bare")[1]))
        shell.append(call(SOURCE / "world.sh", "5")[0] / 5)
        seconds, kind = try_mininet(3)
        mininet += [seconds] if seconds else []
    ours, bare, shell = map(statistics.median, (ours, bare, shell))
    bench.say("halfopen", f"{ours * 1e3:.2f} ms")
    bench.say("  of which the kernel's: namespaces, links",
              f"{bare * 1e3:.2f} ms")
    bench.say("a shell script with ip(8)", f"{shell * 1e3:.1f} ms")
    bench.say("  over halfopen's", f"{shell / ours:.1f}", at_least=15)
    bench.say("  over the kernel's part alone", f"{shell / bare:.1f}")
    if not mininet:
        bench.say(f"Mininet: not here ({kind})", "", at_least=30)
        return
    mininet = statistics.median(mininet)
    bench.say(f"Mininet, two hosts, {kind}", f"{mininet * 1e3:.1f} ms")
    bench.say("  over halfopen's", f"{mininet / ours:.1f}", at_least=30)


def verdict_times(folder):
    times = []
    for path in pathlib.Path(folder).rglob("journal.jsonl"):
        records = [json.loads(line)
                   for line in path.read_text().splitlines()]
        times += [r["t"] for r in records if r["type"] == "verdict"]
    return times


def case(bench):
    runs = 50
    bench.part(f"A case that waits for nothing, {runs} times")
    with tempfile.TemporaryDirectory() as out:
        alone, _ = call(bench.misbehaving, "run", "passes", "-j", "1",
                        "--repeat", str(runs), "--out", out)
        times = verdict_times(out)
    together, _ = call(bench.misbehaving, "run", "passes", "--repeat",
                       str(runs))
    alone, together = alone / runs, together / runs
    bench.say("from start to verdict, by its own clock (median)",
              f"{statistics.median(times) * 1e3:.2f} ms")
    bench.say("one after the other, each", f"{alone * 1e3:.2f} ms", at_most=10)
    bench.say("side by side, each", f"{together * 1e3:.2f} ms")
    bench.say("packetdrill's smallest script (160 ms) over it",
              f"{PACKETDRILL / alone:.1f}", at_least=15)


def wire_medians(bench):
    """{path: (seconds one way, bytes per second)}"""
    measured = {}
    for _ in range(ROUNDS):
        for line in call(bench.bench_wire)[1].splitlines():
            name, one_way, rate = line.split()
            measured.setdefault(name, []).append((float(one_way),
                                                  float(rate)))
    return {name: tuple(map(statistics.median, zip(*values)))
            for name, values in measured.items()}


def wire(bench):
    bench.part("A small datagram one way, and a TCP transfer")
    measured = wire_medians(bench)
    for name, (one_way, rate) in measured.items():
        bench.say(name, f"{one_way * 1e6:.1f} µs, {rate / 1e6:.0f} MB/s")
    adds = {name: (one_way - measured["veth"][0]) * 1e6
            for name, (one_way, _) in measured.items()}
    bench.say("the wire adds to a veth pair", f"{adds['wire']:.1f} µs",
              at_most=6)
    bench.say("  one that only receives, with stamps, and sends",
              f"{adds['forwarder']:.1f} µs")
    bench.say("a bridge adds to a veth pair", f"{adds['bridge']:.1f} µs")
    rates = {name: rate for name, (_, rate) in measured.items()}
    bench.say("bulk throughput over a bridge's, GSO",
              f"{rates['wire-bulk'] / rates['bridge']:.2f}", at_least=0.33)
    bench.say("the wire's over a bridge's, a frame a segment",
              f"{rates['wire'] / rates['bridge-segments']:.2f}")


def default_set(bench):
    """Waiting costs nothing, so all of it takes little more than the longest.
    The longest is by its own clock: it may have waited to be started."""
    done = subprocess.run([bench.halfopen, "run", "--format", "jsonl"],
                          stdout=subprocess.PIPE, text=True, check=False)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    summary, cases = lines[-1], [o for o in lines if o["type"] == "case"]
    longest = max(cases, key=lambda o: o["seconds"])
    bench.part(f"The default set: {summary['passed']} passed, "
               f"{summary['failed']} failed, {summary['skipped']} skipped, "
               f"{summary['broken']} broken")
    bench.failed |= summary["failed"] > 0
    bench.say("from start to end", f"{summary['seconds']:.1f} s")
    bench.say(f"its longest, {longest['name']}", f"{longest['seconds']:.1f} s")
    bench.say("  the one over the other",
              f"{summary['seconds'] / longest['seconds']:.2f}", at_most=1.1)
    bench.say("all of them one after the other",
              f"{sum(o['seconds'] for o in cases):.0f} s")


def test(bench, *words, **more):
    """A test's text; what it failed for is shown."""
    done = subprocess.run([TESTS / words[0], *words[1:]], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          check=False, env={**more, **os.environ})
    if done.returncode not in (0, SKIP_STATUS):
        bench.failed = True
        print(done.stdout)
    return done.returncode, done.stdout


def left(bench):
    bench.part("What stays behind")
    status, text = test(bench, "leaks.py", bench.misbehaving, bench.halfopen,
                        "Ends", HALFOPEN_KILLS="60")
    told = re.search(r"^\d+ ends at random.*?stayed\.$", text, re.M | re.S)
    print("  " + (told[0].replace("\n", "\n  ") if told else "no figures"))
    bench.say("after kill -9 and other ends at random: " +
              (told[0].split(" ends", 1)[0] if told else "?"),
              "not here" if status == SKIP_STATUS else
              "something" if status else "nothing",
              reached=None if status == SKIP_STATUS else not status)
    status, text = test(bench, "memory.py", bench.misbehaving, bench.halfopen)
    grown = re.search(r"^(\d+) worlds .*in KiB: ({.*?})", text, re.M)
    if grown:
        # What other programs gave back meanwhile is no merit.
        change = max(sum(ast.literal_eval(grown[2]).values()), 0)
        bench.say(f"of the kernel's memory after {grown[1]} worlds",
                  f"{change} KiB", reached=not status)


def load(bench):
    status, text = test(bench, "load.py", bench.halfopen, HALFOPEN_LOADS="1")
    bench.part("Every processor spins, 200 cases at once")
    print(text, end="")
    told = re.search(r"(\d+) failed or broken, (\d+) inconclusive \(.*\)$",
                     text)
    if told:
        bench.say("failed or broken", told[1], at_most=0)
        bench.say("inconclusive", told[2], reached=not status)


def virtual(bench):
    bench.part("What waits for hours: virtual time, in a guest")
    done = subprocess.run(
        [bench.halfopen, "vm", "--virtual-time", "--timeout", "300", "--",
         "run", "--defaults", "--format", "jsonl", "--inconclusive=skip"],
        capture_output=True, text=True, check=False)
    told = re.search(r"([\d.]+) s of this machine's time, ([\d.]+) of them",
                     done.stderr)
    if not told:
        bench.say("not here: " + (done.stderr.strip().splitlines() or
                                  ["?"])[0], "")
        return
    runs = [json.loads(line) for line in done.stdout.splitlines()]
    hours = sum(o["seconds"] for o in runs if o["type"] == "case") / 3600
    bench.say("its hours, one case after the other", f"{hours:.0f} h")
    bench.say("took, besides the boot",
              f"{float(told[1]) - float(told[2]):.1f} s", at_most=30)


PARTS = {"world": world, "case": case, "wire": wire, "set": default_set,
         "load": load, "left": left, "virtual": virtual}


def main():
    if len(sys.argv) < 2 or not set(sys.argv[2:]) <= set(PARTS):
        sys.exit(f"{__doc__}\nparts: {' '.join(PARTS)}")
    bench = Bench(sys.argv[1])
    for name in sys.argv[2:] or PARTS:
        PARTS[name](bench)
    bench.table.print()
    sys.exit(bench.failed)


if __name__ == "__main__":
    main()
