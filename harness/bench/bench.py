#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Measures the speed of halfopen, its leaks, and its results under load. Goals
are ratios of measurements of one run, so that they hold for every machine.

usage: bench.py BUILD [PART...]

BUILD is a build folder; PART is a name in PARTS below; without one, all parts
run. Each part prints its measurements; the end is a table of all of them. A
slow result is not a failure; a leak or a wrong verdict under load is one.
"""
import ast
import json
import os
import pathlib
import re
import resource
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
PACKETDRILL = 0.160  # seconds for packetdrill's smallest script

# CPU seconds for a run of the default set in virtual time, on a machine of 2026:
# 40 s under User Mode Linux and 60 s under QEMU for 329 runs.
UML_BUDGET = 40 / 329
QEMU_BUDGET = 60 / 329


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

    def row(self, *row, **goal):
        self.table.row(*row, **goal)


def call(*command):
    """Runs a command; returns the seconds that it took, and its output."""
    begin = time.monotonic()
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True,
                          check=True)
    return time.monotonic() - begin, done.stdout


def try_mininet(number):
    """Seconds for one world, and its kind; or None, and the reason."""
    done = subprocess.run([SOURCE / "world-mininet.py", str(number)],
                          capture_output=True, text=True, check=False)
    if done.returncode:
        return None, (done.stderr.strip().splitlines() or ["?"])[-1]
    seconds, kind = done.stdout.split(maxsplit=1)
    return float(seconds), kind.strip()


def world(bench):
    """The candidates alternate, so that other load affects all of them."""
    bench.part("Creating and removing a world of two hosts and a wire")
    ours, bare, shell, mininet, kind = [], [], [], [], ""
    for _ in range(ROUNDS):
        ours.append(float(call(bench.bench_world, "20")[1]))
        bare.append(float(call(bench.bench_world, "20", "bare")[1]))
        shell.append(call(SOURCE / "world.sh", "5")[0] / 5)
        seconds, kind = try_mininet(3)
        mininet += [seconds] if seconds else []
    ours, bare, shell = map(statistics.median, (ours, bare, shell))
    bench.row("halfopen", f"{ours * 1e3:.2f} ms")
    bench.row("  of this, namespaces and links",
              f"{bare * 1e3:.2f} ms")
    bench.row("  ratio of the two", f"{ours / bare:.2f}", at_most=1.5)
    bench.row("a shell script with ip(8)", f"{shell * 1e3:.1f} ms")
    bench.row("  relative to halfopen", f"{shell / ours:.1f}", at_least=15)
    bench.row("  relative to namespaces and links only",
              f"{shell / bare:.1f}")
    if not mininet:
        bench.row(f"Mininet: not available ({kind})", "", at_least=30)
        return
    mininet = statistics.median(mininet)
    bench.row(f"Mininet, two hosts, {kind}", f"{mininet * 1e3:.1f} ms")
    bench.row("  relative to halfopen", f"{mininet / ours:.1f}", at_least=30)


def verdict_times(folder):
    times = []
    for path in pathlib.Path(folder).rglob("journal.jsonl"):
        records = [json.loads(line)
                   for line in path.read_text().splitlines()]
        times += [r["t"] for r in records if r["type"] == "verdict"]
    return times


def case(bench):
    runs = 50
    bench.part(f"A case without waiting, {runs} times")
    with tempfile.TemporaryDirectory() as out:
        alone, _ = call(bench.misbehaving, "run", "passes", "-j", "1",
                        "--repeat", str(runs), "--out", out)
        times = verdict_times(out)
    together, _ = call(bench.misbehaving, "run", "passes", "--repeat",
                       str(runs))
    alone, together = alone / runs, together / runs
    bench.row("from start to verdict, by the case's clock (median)",
              f"{statistics.median(times) * 1e3:.2f} ms")
    bench.row("in sequence, for each", f"{alone * 1e3:.2f} ms", at_most=10)
    bench.row("in parallel, for each", f"{together * 1e3:.2f} ms")
    bench.row("packetdrill's smallest script (160 ms), relative",
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
    bench.part("One-way delay of a small datagram; TCP throughput")
    measured = wire_medians(bench)
    for name, (one_way, rate) in measured.items():
        bench.row(name, f"{one_way * 1e6:.1f} µs, {rate / 1e6:.0f} MB/s")
    adds = {name: (one_way - measured["veth"][0]) * 1e6
            for name, (one_way, _) in measured.items()}
    bench.row("delay that the wire adds to a veth pair",
              f"{adds['wire']:.1f} µs", at_most=6)
    bench.row("  that a minimal forwarder adds",
              f"{adds['forwarder']:.1f} µs")
    bench.row("delay that a bridge adds to a veth pair",
              f"{adds['bridge']:.1f} µs")
    rates = {name: rate for name, (_, rate) in measured.items()}
    bench.row("throughput of the wire relative to a bridge, GSO",
              f"{rates['wire-bulk'] / rates['bridge']:.2f}", at_least=0.33)
    bench.row("throughput relative to a bridge, one segment a frame",
              f"{rates['wire'] / rates['bridge-segments']:.2f}")


def default_set(bench):
    """Cases wait in parallel, so the set takes little more than its longest
    case. The time of a case is by its own clock, from its start."""
    done = subprocess.run([bench.halfopen, "run", "--format", "jsonl"],
                          stdout=subprocess.PIPE, text=True, check=False)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    summary, cases = lines[-1], [o for o in lines if o["type"] == "case"]
    longest = max(cases, key=lambda o: o["seconds"])
    bench.part(f"The default set: {summary['passed']} passed, "
               f"{summary['failed']} failed, {summary['skipped']} skipped, "
               f"{summary['broken']} broken")
    bench.failed |= summary["failed"] > 0
    bench.row("from start to end", f"{summary['seconds']:.1f} s")
    bench.row(f"longest case, {longest['name']}", f"{longest['seconds']:.1f} s")
    bench.row("  ratio of the two",
              f"{summary['seconds'] / longest['seconds']:.2f}", at_most=1.1)
    bench.row("sum of all cases",
              f"{sum(o['seconds'] for o in cases):.0f} s")


def test(bench, *words, **more):
    """Runs a test; returns its status and output. Prints the output of a test
    that failed."""
    done = subprocess.run([TESTS / words[0], *words[1:]], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          check=False, env={**more, **os.environ})
    if done.returncode not in (0, SKIP_STATUS):
        bench.failed = True
        print(done.stdout)
    return done.returncode, done.stdout


def left(bench):
    bench.part("Leaks")
    status, text = test(bench, "leaks.py", bench.misbehaving, bench.halfopen,
                        "Ends", HALFOPEN_KILLS="60")
    found = re.search(r"^\d+ ends at random.*?remained\.$", text, re.M | re.S)
    print("  " + (found[0].replace("\n", "\n  ") if found else "no figures"))
    bench.row("leaks after kill -9 and other ends at random: " +
              (found[0].split(" ends", 1)[0] if found else "?"),
              "not available" if status == SKIP_STATUS else
              "found" if status else "none",
              reached=None if status == SKIP_STATUS else not status)
    status, text = test(bench, "memory.py", bench.misbehaving, bench.halfopen)
    grown = re.search(r"^(\d+) worlds .*in KiB: ({.*?})", text, re.M)
    if grown:
        # Other programs may free memory meanwhile: a decrease counts as 0.
        change = max(sum(ast.literal_eval(grown[2]).values()), 0)
        bench.row(f"growth of kernel memory after {grown[1]} worlds",
                  f"{change} KiB", reached=not status)


def load(bench):
    status, text = test(bench, "load.py", bench.halfopen, HALFOPEN_LOADS="1")
    bench.part("A busy loop on every CPU, 200 cases in parallel")
    print(text, end="")
    found = re.search(r"(\d+) failed or broken, (\d+) inconclusive \(.*\)$",
                     text)
    if found:
        bench.row("failed or broken", found[1], at_most=0)
        bench.row("inconclusive", found[2], reached=not status)


def virtual(bench):
    bench.part("Default kernel values in virtual time, in a guest")
    done = subprocess.run(
        [bench.halfopen, "vm", "--virtual-time", "--timeout", "300", "--",
         "run", "--defaults", "--format", "jsonl", "--inconclusive=skip"],
        capture_output=True, text=True, check=False)
    found = re.search(r"([\d.]+) s of wall-clock time, ([\d.]+) of them",
                     done.stderr)
    if not found:
        bench.row("not available: " + (done.stderr.strip().splitlines() or
                                  ["?"])[0], "")
        return
    runs = [json.loads(line) for line in done.stdout.splitlines()]
    hours = sum(o["seconds"] for o in runs if o["type"] == "case") / 3600
    bench.row("virtual time, sum of all cases", f"{hours:.0f} h")
    bench.row("wall-clock time without the boot",
              f"{float(found[1]) - float(found[2]):.1f} s", at_most=30)


def guest_cpu(bench, kernel, words):
    """CPU seconds of a guest with its boot, its summary, and its stderr."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [bench.halfopen, "vm", *kernel, "--virtual-time", "--timeout", "1800",
         "--", "run", *words, "--format", "jsonl", "--inconclusive=skip"],
        capture_output=True, text=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    summary = lines[-1] if lines else {"passed": 0, "failed": 0}
    return (after.ru_utime + after.ru_stime - before.ru_utime -
            before.ru_stime, summary, done.stderr)


def guest(bench, name, kernel, budget):
    cpu, summary, errors = guest_cpu(bench, kernel, [])
    if not summary["passed"]:
        bench.row(f"{name}: not available: " +
                  (errors.strip().splitlines() or ["?"])[0], "")
        return
    bench.failed |= summary["failed"] > 0
    bench.row(f"{name}, {summary['passed']} runs passed, "
              f"{summary['failed']} failed", f"{cpu:.1f} s")
    bench.row("  for each run", f"{cpu / summary['passed'] * 1e3:.0f} ms",
              at_most=round(budget * 1e3))
    cpu, summary, _ = guest_cpu(bench, kernel, ["--defaults"])
    bench.row(f"  at default values, {summary['passed']} runs", f"{cpu:.1f} s")


def guests(bench):
    """CPU time, because it depends less on other load than wall-clock time."""
    bench.part("The default set in virtual time: CPU time of a guest")
    uml = bench.halfopen.parent.parent / "uml/linux"
    guest(bench, "User Mode Linux", ["--uml", uml], UML_BUDGET)
    guest(bench, "QEMU", [], QEMU_BUDGET)


BULK = 200_000_000

TRANSFER_LAB = """
offload: {offload}
for: 5m
hosts:
  client:
    run: {{name: send, run: exec python3 -S transfer.py send $server 80 {size}}}
    files: {{transfer.py: {program}}}
  server:
    run:
      name: receive
      run: exec python3 -S transfer.py receive 80
      listens: 80
    files: {{transfer.py: {program}}}
timeline:
  - receive ends: end
expect:
  - "receive: exit 0"
"""


def run_lab(bench, text, *machine):
    """Runs a lab; returns the seconds that it took in all and after the end of
    its timeline, its records, and its output."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "bench.yaml")
        path.write_text(text, encoding="utf-8")
        out = pathlib.Path(folder, "out")
        begin = time.monotonic()
        done = subprocess.run(
            [bench.halfopen, *machine, "lab", "--quiet", "--out", out, path],
            capture_output=True, text=True, check=False)
        end = time.monotonic()
        # The journal is complete before the page is drawn.
        journals = sorted(out.rglob("journal.jsonl"))
        if done.returncode or not journals:
            bench.failed |= done.returncode == 1
            raise RuntimeError((done.stderr or done.stdout).strip()
                               .splitlines()[-1])
        records = [json.loads(line)
                   for line in journals[-1].read_text().splitlines()]
        page = end - begin - records[-1]["t"]
    return end - begin, page, records, done.stdout + done.stderr


def lab_transfer(bench, offload):
    """Bytes per second, and the seconds until the page is ready."""
    program = json.dumps((SOURCE / "transfer.py").read_text())
    _, page, records, _ = run_lab(bench, TRANSFER_LAB.format(
        offload=offload, size=BULK, program=program))
    rate, = (float(r["text"].split()[-1]) for r in records
             if r["type"] == "call" and "rate" in r["text"])
    return rate, page


def bridge_transfer(segments):
    program = f"exec python3 -S {SOURCE / 'transfer.py'}"
    return float(call(SOURCE / "bridge.sh", str(segments),
                      f"{program} receive 80",
                      f"{program} send 10.0.0.2 80 {BULK}")[1].split()[-1])


def transfer(bench):
    """Lab and bridge alternate, so that other load affects both."""
    bench.part(f"{BULK // 10 ** 6} MB through a lab, with all frames in the "
               "journal")
    for offload, segments, what, goal in (
            ("yes", 65535, "with offload: yes", 0.5),
            ("no", 1, "one segment a frame", 0.33)):
        labs, pages, bridges = [], [], []
        for _ in range(ROUNDS):
            rate, page = lab_transfer(bench, offload)
            labs.append(rate)
            pages.append(page)
            bridges.append(bridge_transfer(segments))
        lab, bridge = statistics.median(labs), statistics.median(bridges)
        bench.row(f"{what}: lab", f"{lab / 1e6:.0f} MB/s")
        bench.row("  bridge, with the same programs",
                  f"{bridge / 1e6:.0f} MB/s")
        bench.row("  ratio of the two", f"{lab / bridge:.2f}", at_least=goal)
        bench.row("  page and exit after the end of the run",
                  f"{statistics.median(pages):.2f} s", at_most=5)


CONNECTIONS_LAB = """
hosts:
  client:
  server:
timeline:
  - start: [listen server 80 backlog 4096, connect client server 2000 times]
  - 10s: send client 100
  - 12s: crash server
  - 13s: send client 100
expect:
  - client: 2000 ESTAB after 5s within 10s
  - server: 2000 ESTAB after 5s within 10s
  - client: open
for: 20s
"""

POOL_LAB = """
sysctls: {{net.ipv4.tcp_keepalive_time: 60, net.ipv4.tcp_keepalive_intvl: 10}}
hosts:
  client:
  server:
timeline:
  - start: [listen server, connect client server 20 times]
  - 1s: keepalive client
expect:
  - client: 20 ESTAB
  - client: open
for: {duration}
"""


def many(bench):
    bench.part("A lab with 2000 connections, which lasts 20 s")
    took, page, _, _ = run_lab(bench, CONNECTIONS_LAB)
    bench.row("from start to end", f"{took:.1f} s")
    bench.row("  page and exit after the end of the run", f"{page:.2f} s",
              at_most=5)


def pool(bench):
    """User Mode Linux, if `build-uml` has built it."""
    bench.part("A pool of 20 idle connections with keepalive, for 24 h")
    uml = bench.halfopen.parent.parent / "uml/linux"
    machine = ["--uml", uml] if uml.exists() else []
    try:
        took, _, _, text = run_lab(bench, POOL_LAB.format(duration="24h"),
                                   "vm", *machine, "--virtual-time", "--")
    except RuntimeError as error:
        bench.row(f"not available: {error}", "")
        return
    boot = float(re.search(r"([\d.]+) of them for the boot", text)[1])
    here, _, _, _ = run_lab(bench, POOL_LAB.format(duration="20s"))
    bench.row("in virtual time", f"{took:.1f} s", at_most=60)
    bench.row("  of this, boot", f"{boot:.1f} s")
    bench.row("  hours of the lab for each second",
              f"{24 / (took - boot):.1f}")
    bench.row("20 s of the same lab in real time", f"{here:.1f} s")
    bench.row("  real time relative to virtual time, for the same duration",
              f"{here / 20 * 86400 / took:.0f}")


PARTS = {"world": world, "case": case, "wire": wire, "set": default_set,
         "load": load, "left": left, "virtual": virtual, "guests": guests,
         "transfer": transfer, "many": many, "pool": pool}


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
