#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs the incidents of cases/incidents: each meets its expectations, and one
with a fault does not meet them without the fault: without its faults that are
steps, or without the part of the file that is the fault.

usage: incidents.py HALFOPEN FOLDER [NAME...]
       incidents.py HALFOPEN FOLDER --guest BUILD [NAME...]

Those that take minutes are left to --guest, which runs all of them in virtual time,
in one guest with their faults and in one without. QEMU boots the kernel in
HALFOPEN_KERNEL, or the newest below BUILD/kernels.
"""
import concurrent.futures
import glob
import json
import os
import pathlib
import re
import shutil
import sys
import tempfile

import rig

# They use little processor time: most of it is waiting.
AT_ONCE = 3
TRIES = 3
SECONDS = 120
GUEST_SECONDS = 800
QEMU = "qemu-system-x86_64"

# The note of --without-faults in the place of a fault.
OMITTED = "left out:"

# The lab that is an incident without the part that is its fault.
WITHOUT = "-without"

# Faults that are no steps: what to replace in the file, and by what.
PARTS = {
    "asymmetric-return-path": ("networks: [dmz, office]", "networks: dmz"),
    "balancer-resets-idle": ("idle: {established: 2s}",
                             "idle: {established: 60s}"),
    "close-wait-pile-up": ("keepalive_timeout 2s;", "keepalive_timeout 60s;"),
    "firewall-drops-or-rejects": ("tcp dport 81 drop;", ""),
    "firewall-forgets-ssh": ("idle: 2s", "idle: 60s"),
    "half-close-forgotten": ("{fin-wait: 2s, close-wait: 2s}",
                             "{fin-wait: 60s, close-wait: 60s}"),
    "half-closed-stays": ("[shut proxy,", "[close proxy,"),
    "heartbeats-keep-entries": ("idle: 3s", "idle: 60s"),
    "ipvs-forgets-idle": ("&idle 900s", "&idle 3600s"),
    "nat-forgets-idle": ("idle: 2s", "idle: 60s"),
    "nat-port-reuse": ("masquerade to :40000", "masquerade"),
    "nat-port-reuse-rfc1337": ("tcp_rfc1337: 1", "tcp_rfc1337: 0"),
    "pmtu-black-hole": ("icmp: no", "icmp: yes"),
    "rejected-upload": ('if sys.argv[1] == "lingering":', "if True:"),
}


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

    `without` is a function that returns the run without faults, and whether it
    must fail.
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
    control, must_fail = without()
    if must_fail and control.status != rig.FAIL:
        return f"does not fail without its fault\n{control.text}", "", True
    if control.omitted_faults() and control.status == rig.PASS:
        return f"passes without its fault\n{control.text}", "", True
    return (None, f"{expectations} expectations",
            must_fail or bool(control.omitted_faults()))


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


def run_in_guest(halfopen, image, paths, *options):
    """{name: Run} of labs that share a guest."""
    with tempfile.TemporaryDirectory() as out:
        done = rig.call(halfopen, "vm", "--virtual-time", "--kernel", image,
                        "--timeout", str(GUEST_SECONDS), "--", "lab",
                        *options, *map(str, paths), "--out", out, "--format",
                        "jsonl", seconds=GUEST_SECONDS + 60)
        journals = rig.read_journals(out)
    print(done.stderr.strip(), flush=True)
    cases = [line for line in map(json.loads, done.stdout.splitlines())
             if line["type"] == "case"]
    return {case["name"]: Run(STATUS[case["verdict"]],
                              "\n".join([case["reason"] or "", *(
                                  str(e) for e in case["expectations"])]),
                              journals.get(case["name"], []))
            for case in cases}


def check_in_guest(halfopen, build, paths):
    """Yields (path, what judge() returns)."""
    image = kernel(build)
    if not shutil.which(QEMU) or not image:
        print(f"needs {QEMU} and a kernel in {build}/kernels: "
              "harness/bootstrap --with-vm")
        sys.exit(rig.SKIP_STATUS)
    with tempfile.TemporaryDirectory() as folder:
        parts = [without_part(path, folder) for path in paths
                 if path.stem in PARTS]
        others = [path for path in paths if path.stem not in PARTS]
        done = run_in_guest(halfopen, image, [*paths, *parts])
        controls = run_in_guest(halfopen, image, others,
                                "--without-faults") if others else {}
    missing = Run(rig.BROKEN, "no result", [])
    for path in paths:
        def without(stem=path.stem):
            if stem in PARTS:
                return done.get(stem + WITHOUT, missing), True
            return controls.get(stem, missing), False

        yield path, judge(done.get(path.stem, missing), without)


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
    paths = [path for path in sorted(pathlib.Path(folder).glob("*.yaml"))
             if (not names or path.stem in names) and
             bool(is_long(path)) == bool(build)]
    failed = skipped = faults = 0
    for path, (error, description, has_fault) in (
            check_in_guest(halfopen, build, paths) if build else
            check_here(halfopen, paths)):
        print(f"{path.stem}: {error or description}", flush=True)
        failed += bool(error)
        skipped += not error and not description.endswith("expectations")
        faults += has_fault
    if not paths or failed:
        return 1
    if skipped == len(paths):
        return rig.SKIP_STATUS
    if not names and not skipped and not faults:
        print("no incident has a fault")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
