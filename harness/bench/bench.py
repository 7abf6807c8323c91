#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""How fast it is, as ratios within one run; the goals are DESIGN.md's.

usage: bench.py world   BENCH-WORLD WORLD.SH
       bench.py case    MISBEHAVING
       bench.py wire    BENCH-WIRE
       bench.py set     HALFOPEN
"""
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

ROUNDS = 5


def call(*command):
    """Seconds, and what it printed."""
    begin = time.monotonic()
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True,
                          check=True)
    return time.monotonic() - begin, done.stdout


def say(what, value, goal=""):
    print(f"  {what:<46} {value:>14}   {goal}")


def bench_world(program, script):
    """In turns, so that what else runs disturbs both alike."""
    ours, shell = [], []
    for _ in range(ROUNDS):
        ours.append(float(call(program, "20")[1]))
        shell.append(call(script, "5")[0] / 5)
    ours, shell = statistics.median(ours), statistics.median(shell)
    print("A world of two hosts and a wire, made and dropped:")
    say("halfopen", f"{ours * 1e3:.2f} ms")
    say("a shell script with ip(8)", f"{shell * 1e3:.2f} ms")
    say("ratio", f"{shell / ours:.1f}", "goal: 15 or more")


def verdict_times(folder):
    times = []
    for path in pathlib.Path(folder).rglob("journal.jsonl"):
        records = [json.loads(line)
                   for line in path.read_text().splitlines()]
        times += [r["t"] for r in records if r["type"] == "verdict"]
    return times


def bench_case(program):
    runs = 50
    with tempfile.TemporaryDirectory() as out:
        alone, _ = call(program, "run", "passes", "-j", "1", "--repeat",
                        str(runs), "--out", out)
        times = verdict_times(out)
    together, _ = call(program, "run", "passes", "--repeat", str(runs))
    alone, together = alone / runs, together / runs
    print(f"A case that waits for nothing, {runs} times:")
    say("from start to verdict, by its own clock",
        f"{statistics.median(times) * 1e3:.2f} ms", "median")
    say("one after the other, each", f"{alone * 1e3:.2f} ms",
        "goal: at most 10 ms")
    say("side by side, each", f"{together * 1e3:.2f} ms")
    say("packetdrill's smallest script (160 ms) over it",
        f"{0.160 / alone:.1f}", "goal: 15 or more")


def bench_wire(program):
    _, text = call(program)
    measured = {}
    for line in text.splitlines():
        name, one_way, rate = line.split()
        measured[name] = float(one_way), float(rate)
    print("A small datagram one way, and a TCP transfer:")
    for name, (one_way, rate) in measured.items():
        say(name, f"{one_way * 1e6:.1f} µs", f"{rate / 1e6:.0f} MB/s")
    veth, bridge, wire, bulk = (measured[n] for n in (
        "veth", "bridge", "wire", "wire-bulk"))
    segments = measured["bridge-segments"]
    say("the wire adds to a veth pair", f"{(wire[0] - veth[0]) * 1e6:.1f} µs",
        "goal: at most 6 µs")
    say("a bridge adds to a veth pair",
        f"{(bridge[0] - veth[0]) * 1e6:.1f} µs")
    say("bulk throughput over a bridge's, GSO",
        f"{bulk[1] / bridge[1]:.3f}", "goal: 0.33 or more")
    say("the same over a veth pair's, GSO", f"{bulk[1] / veth[1]:.3f}")
    say("the wire's over a bridge's, a frame a segment",
        f"{wire[1] / segments[1]:.3f}")


def bench_set(program):
    """Waiting costs nothing, so all of it takes little more than the longest.
    The longest is by its own clock: it may have waited to be started."""
    done = subprocess.run([program, "run", "--format", "jsonl"],
                          stdout=subprocess.PIPE, text=True, check=False)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    summary, cases = lines[-1], [o for o in lines if o["type"] == "case"]
    longest = max(cases, key=lambda o: o["seconds"])
    print(f"The default set, {len(cases)} runs, {summary['passed']} passed, "
          f"{summary['inconclusive']} inconclusive:")
    say("from start to end", f"{summary['seconds']:.1f} s")
    say(f"its longest, {longest['name']}", f"{longest['seconds']:.1f} s")
    say("ratio", f"{summary['seconds'] / longest['seconds']:.2f}",
        "goal: at most 1.1")
    say("all of them one after the other",
        f"{sum(o['seconds'] for o in cases):.0f} s")


def main():
    what, arguments = sys.argv[1], sys.argv[2:]
    {"world": bench_world, "case": bench_case,
     "wire": bench_wire, "set": bench_set}[what](*arguments)


if __name__ == "__main__":
    main()
