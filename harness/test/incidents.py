#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs the incidents of cases/incidents: each meets its expectations, and does not
meet them without its fault, or without its cure: without its faults that are steps,
or without the part of the file that is the fault or the cure.

usage: incidents.py HALFOPEN FOLDER [NAME...]
       incidents.py HALFOPEN FOLDER --guest BUILD [NAME...]

Those that take minutes are left to --guest, which runs all of them in virtual time,
in one guest with their faults and in one without. QEMU boots the kernel in
HALFOPEN_KERNEL, or the newest below BUILD/kernels. User Mode Linux does the same where
HALFOPEN_UML or BUILD/uml/linux is built. Their retransmissions and keepalive probes end
when `halfopen predict` says.
"""
import concurrent.futures
import glob
import json
import math
import os
import pathlib
import re
import shutil
import sys
import tempfile

import rig

# They use little processor time: most of it is waiting.
AT_ONCE = 5
TRIES = 3
SECONDS = 120
GUEST_SECONDS = 800
QEMU = "qemu-system-x86_64"

# The note of --without-faults in the place of a fault.
OMITTED = "left out:"

# The lab that is an incident without the part that is its fault.
WITHOUT = "-without"

# Faults that are no steps, and cures: what to replace in the file, and by what, so that
# the fault is missing, or the cure.
PARTS = {
    "asymmetric-return-path": ("networks: [dmz, office]", "networks: dmz"),
    "asymmetric-return-path-cure": ("    routes: {client: gateway}\n", ""),
    "balancer-resets-idle": ("established: 2s", "established: 1h"),
    "close-wait-pile-up": ("keepalive_timeout 2s", "keepalive_timeout 60s"),
    "commands-unanswered": ("    - crash node\n", ""),
    "firewall-drops-or-rejects": ("tcp dport 81 drop", "tcp dport 84 drop"),
    "firewall-forgets-ssh": ("    idle: 2s\n", "    idle: 1h\n"),
    "firewall-ssh-cure": (" -o ServerAliveInterval=1", ""),
    "half-close-forgotten": ("{fin-wait: 2s, close-wait: 2s}",
                             "{fin-wait: 60s, close-wait: 60s}"),
    "half-closed-stays": ("[shut proxy,", "[close proxy,"),
    "heartbeats-keep-entries": ("idle: 3s", "idle: 60s"),
    "idle-client-behind-nat": ("idle: 10m", "idle: 2h"),
    "ipvs-forgets-idle": ("&idle 900s", "&idle 3600s"),
    "jumbo-frames-lost": ("lan: {mtu: 1500}", "lan: {mtu: 9000}"),
    "keepalive-race-cure": ("keepalive_timeout 500ms", "keepalive_timeout 60s"),
    "mariadb-wait-timeout": ("--wait-timeout=4", "--wait-timeout=60"),
    "nat-forgets-idle": ("    idle: 2s\n", "    idle: 1h\n"),
    "nat-keepalive-cure": ("curl -sS --keepalive-time 1", "curl -sS"),
    "nat-port-reuse": ("masquerade to :40000", "masquerade"),
    "nat-port-reuse-rfc1337": ("net.ipv4.tcp_rfc1337: 1",
                               "net.ipv4.tcp_rfc1337: 0"),
    "nat-ports-used-up": ("masquerade to :4000-4003", "masquerade"),
    "node-dies-in-flight": ("  - 15s: crash server\n", ""),
    "pmtu-black-hole": ("icmp: no", "icmp: yes"),
    "pmtu-black-hole-cure": ("    sysctls: {net.ipv4.tcp_mtu_probing: 1}\n",
                             ""),
    "port-exhaustion": ("40000 40009", "40000 40029"),
    "rejected-upload": ('if sys.argv[1] == "lingering":', "if True:"),
}

# In seconds: what a program needs in an emulated processor, besides the timer.
NOTICE = 0.5
RTO_MAX = 120


class Run:
    """Status, output and journal of a lab that has ended."""

    def __init__(self, status, text, records):
        self.status, self.text, self.records = status, text, records

    def of(self, kind):
        return [r for r in self.records if r["type"] == kind]

    def is_inconclusive(self):
        return any(r["inconclusive"] for r in self.of("verdict"))

    def omitted_faults(self):
        return [r["text"] for r in self.of("note")
                if r["text"].startswith(OMITTED)]


def run_here(halfopen, path, *options):
    done = rig.run(halfopen, "-q", *options, str(path), command="lab",
                   seconds=SECONDS)
    return Run(done.status, done.text,
               next(iter(done.journals.values()), []))


def run(halfopen, path, *options):
    """The first conclusive run of a few."""
    for _ in range(TRIES):
        done = run_here(halfopen, path, *options)
        if not done.is_inconclusive():
            break
    return done


def reason(done):
    return "; ".join(r["reason"] for r in done.of("verdict")) or done.text


def without_part(path, folder):
    """The file without its fault."""
    old, new = PARTS[path.stem]
    text = path.read_text("utf-8")
    if text.count(old) != 1:
        sys.exit(f"{path}: not once in the file: {old}")
    changed = pathlib.Path(folder, path.stem + WITHOUT + ".yaml")
    changed.write_text(text.replace(old, new), "utf-8")
    return changed


def judge(done, without):
    """(error or None, description, whether the incident has a fault)

    `without` is a function that returns the run without faults, and whether the
    fault is a part of the file.
    """
    if done.status == rig.SKIPPED:
        why = reason(done)
        return (None if why else "skipped without a reason", why, False)
    if done.is_inconclusive():
        return None, f"inconclusive: {reason(done)}", False
    if done.status != rig.PASS:
        return f"exit status {done.status}\n{done.text}", "", False
    expectations = len(done.of("expectation"))
    if not expectations:
        return "no expectations", "", False
    control, has_part = without()
    if not has_part and not control.omitted_faults():
        return "no step is a fault, and PARTS names no part", "", False
    if control.status != rig.FAIL and not control.is_inconclusive():
        return f"does not fail without its fault\n{control.text}", "", True
    return None, f"{expectations} expectations", True


def check(halfopen, path):
    def without():
        if path.stem not in PARTS:
            return run(halfopen, path, "--without-faults"), False
        with tempfile.TemporaryDirectory() as folder:
            return run(halfopen, without_part(path, folder)), True

    return judge(run(halfopen, path), without)


# --- in a guest --------------------------------------------------------------

STATUS = {"pass": rig.PASS, "fail": rig.FAIL, "skip": rig.SKIPPED,
          "broken": rig.BROKEN}


def kernel(build):
    named = os.environ.get("HALFOPEN_KERNEL")
    found = [named] if named else sorted(
        glob.glob(os.path.join(build, "kernels", "[0-9]*")))
    return found[-1] if found else None


def guests(build):
    """For each guest of this machine its name and vm's options for it."""
    image = kernel(build)
    if shutil.which(QEMU) and image:
        yield "QEMU", ("--kernel", image)
    else:
        print(f"QEMU needs {QEMU} and a kernel in {build}/kernels: "
              "harness/bootstrap --with-vm", flush=True)
    uml = os.environ.get("HALFOPEN_UML", os.path.join(build, "uml", "linux"))
    if os.access(uml, os.X_OK):
        yield "User Mode Linux", ("--uml", uml)


def run_in_guest(halfopen, guest, paths, *options):
    """{name: Run} of labs that share a guest."""
    with tempfile.TemporaryDirectory() as out:
        done = rig.call(halfopen, "vm", "--virtual-time", *guest, "--timeout",
                        str(GUEST_SECONDS), "--", "lab",
                        *options, *map(str, paths), "--out", out, "--format",
                        "jsonl", seconds=GUEST_SECONDS + 60)
        journals = rig.read_journals(out)
    print(done.stderr.strip(), flush=True)
    if done.returncode == rig.USAGE:  # the kernel lacks a feature
        return None
    cases = [line for line in map(json.loads, done.stdout.splitlines())
             if line["type"] == "case"]
    return {case["name"]: Run(STATUS[case["verdict"]],
                              "\n".join([case["reason"] or "", *(
                                  str(e) for e in case["expectations"])]),
                              journals.get(case["name"], []))
            for case in cases}


def check_in_guest(halfopen, guest, paths):
    """Yields (path, what judge() returns)."""
    with tempfile.TemporaryDirectory() as folder:
        parts = [without_part(path, folder) for path in paths
                 if path.stem in PARTS]
        others = [path for path in paths if path.stem not in PARTS]
        done = run_in_guest(halfopen, guest, [*paths, *parts])
        if done is None:
            return
        controls = run_in_guest(halfopen, guest, others,
                                "--without-faults") if others else {}
    missing = Run(rig.BROKEN, "no result", [])
    for path in paths:
        def without(stem=path.stem):
            if stem in PARTS:
                return done.get(stem + WITHOUT, missing), True
            return controls.get(stem, missing), False

        run_with = done.get(path.stem, missing)
        error, description, has_fault = judge(run_with, without)
        if has_fault and not error and path.stem in PREDICTED:
            holds, told = check_prediction(halfopen, path.stem,
                                           run_with.records)
            print(f"{path.stem}: {told}", flush=True)
            error = None if holds else told
        yield path, (error, description, has_fault)


def check_in_guests(halfopen, build, paths):
    """Yields (path, what judge() returns) for each guest."""
    for name, guest in guests(build):
        print(f"in {name}", flush=True)
        yield from check_in_guest(halfopen, guest, paths)


# --- predictions -------------------------------------------------------------

def rto_of(host, records, hz):
    """In seconds. A state has what is left of the timer, which is RTO << backoff; what
    has passed until it was read is less than a tick of the RTO where the backoff is
    large."""
    state = max((r for r in records if r["type"] == "state"
                 and r["host"] == host and r["timer"] == "on"
                 and r["expires"] < RTO_MAX - 1), key=lambda r: r["retransmits"])
    return math.ceil(state["expires"] * hz / 2 ** state["retransmits"]) / hz


def predict(halfopen, start, section, end, *settings):
    """A range of halfopen predict, in seconds."""
    kernel_version = re.match(r"[\d.]+", start["kernel"])[0]
    text = rig.call(halfopen, "predict", f"hz={start['hz']}",
                    f"kernel={kernel_version}", *settings).stdout
    found = re.search(end + r": +([\d.]+) \.\. +([\d.]+) s",
                      text[text.index(section):])
    return float(found[1]), float(found[2])


def retransmission(halfopen, records, host, end):
    """How long the host retransmitted until `end` was printed, and for how long it is
    predicted to."""
    frames = [r for r in records if r["type"] == "frame"
              and r["from"] == r["origin"] == host and r["transmission"]]
    last = max(frames, key=lambda r: r["transmission"])
    ended = next(r["t"] for r in records
                 if r.get("host") == host and r["t"] > last["t"]
                 and re.fullmatch(end, r.get("text", "")))
    sent = next(
        r["t"] for r in frames if r["transmission"] == 1 and
        (r["connection"], r["seq"]) == (last["connection"], last["seq"]))
    rto = rto_of(host, records, records[0]["hz"])
    return ended - sent, predict(halfopen, records[0], "UNACKNOWLEDGED DATA",
                                 "gives up", f"rto={rto * 1e6:.0f}us")


def keepalive(halfopen, records, host, end):
    """The same for the peer of the host's first connection, which is idle."""
    frames = [r for r in records if r["type"] == "frame" and r["from"] == host]
    active = max(r["t"] for r in frames
                 if r["connection"] == frames[0]["connection"])
    ended = max(r["t"] for r in records if re.search(end, r.get("text", "")))
    return ended - active, predict(halfopen, records[0], "KEEPALIVE",
                                   "connection ends")


PREDICTED = {
    "commands-unanswered": (retransmission, "client", "keeps: connection: .*"),
    "idle-client-behind-nat": (retransmission, "client",
                               r"recv\(\) = -1 ETIMEDOUT"),
    "ipvs-forgets-idle": (retransmission, "patient",
                          r"recv\(\) = -1 ETIMEDOUT"),
    "node-dies-in-flight": (retransmission, "pool",
                            r"recv\(\) = -1 ETIMEDOUT"),
    "postgres-dead-client": (keepalive, "client", "could not receive data"),
}


def check_prediction(halfopen, name, records):
    """(whether the end is inside the prediction, description)"""
    measure, host, end = PREDICTED[name]
    took, (low, high) = measure(halfopen, records, host, end)
    return (low <= took <= high + NOTICE,
            f"{took:.3f} s, predicted {low:.3f} .. {high:.3f} s")


# -----------------------------------------------------------------------------

def is_long(path):
    """For virtual time: `for` has minutes."""
    return re.search(r"^for: .*[hm](\d|$)", path.read_text("utf-8"), re.M)


def check_here(halfopen, paths):
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        yield from zip(paths, pool.map(lambda p: check(halfopen, p), paths))


def main():
    halfopen, folder, names = sys.argv[1], sys.argv[2], sys.argv[3:]
    build = None
    if names[:1] == ["--guest"]:
        build, names = names[1], names[2:]
    os.environ["PATH"] = os.pathsep.join([
        os.environ["PATH"], *glob.glob("/usr/lib/postgresql/*/bin")])
    paths = [path for path in sorted(pathlib.Path(folder).glob("*.yaml"))
             if (not names or path.stem in names) and
             bool(is_long(path)) == bool(build)]
    failed = passed = 0
    for path, (error, description, has_fault) in (
            check_in_guests(halfopen, build, paths) if build else
            check_here(halfopen, paths)):
        print(f"{path.stem}: {error or description}", flush=True)
        failed += bool(error)
        passed += has_fault
    if not paths or failed:
        return 1
    return 0 if passed else rig.SKIP_STATUS


if __name__ == "__main__":
    sys.exit(main())
