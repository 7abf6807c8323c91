# SPDX-License-Identifier: GPL-2.0-or-later
"""Shared functions of the runner's tests: they start halfopen and read its
journals. The tests check exit statuses and the journals in the --out folder."""
import json
import os
import pathlib
import signal
import subprocess
import tempfile
import time
import unittest

PASS, FAIL, USAGE, BROKEN, SKIPPED = range(5)
SKIP_STATUS = 77
NOBODY = 65534
# With these options no scheduling delay makes a failed run inconclusive.
PATIENT = ("--slack", "100000")
# Limit in seconds for an immediate reaction: less than all that a run may wait for,
# 30 s and more. The multiplier is for sanitizers and loaded machines.
AT_ONCE = 20 * float(os.environ.get("HALFOPEN_TEST_MULTIPLIER", "1"))


# halfopen leaves signals alone that it was told to ignore, and a shell starts
# a job in the background with two of them ignored.
for ignored in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM):
    if signal.getsignal(ignored) == signal.SIG_IGN:
        signal.signal(ignored, signal.SIG_DFL)


def environment(**more):
    kept = {k: v for k, v in os.environ.items() if k != "HALFOPEN_MUST_RUN"}
    # A script that ends early does not free its memory.
    kept["ASAN_OPTIONS"] = "detect_leaks=0:" + kept.get("ASAN_OPTIONS", "")
    return {**kept, **more}


class Done:
    """The result of a run of halfopen: status, output, seconds, journals."""

    def __init__(self, status, text, took, journals):
        self.status, self.text, self.took = status, text, took
        self.journals = journals

    def verdict(self, name):
        """The verdict record; None if the journal lacks one."""
        for record in self.journals[name]:
            if record["type"] == "verdict":
                return record
        return None


def read_journals(folder):
    """{"case/variant": [record, ...]}"""
    journals = {}
    for path in sorted(pathlib.Path(folder).rglob("journal.jsonl")):
        name = str(path.parent.relative_to(folder))
        with open(path, encoding="utf-8") as lines:
            journals[name] = [json.loads(line) for line in lines]
    return journals


def start(program, *arguments, cwd=None, **more):
    return subprocess.Popen([program, *arguments], stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            text=True, cwd=cwd, env=environment(**more))


def call(program, *arguments, seconds=None, **more):
    """Runs a command to its end; stdout and stderr are separate."""
    return subprocess.run([program, *map(str, arguments)], check=False,
                          capture_output=True, text=True, encoding="utf-8",
                          stdin=subprocess.DEVNULL, timeout=seconds,
                          env=environment(**more))


def run(program, *arguments, command="run", seconds=300, **more):
    with tempfile.TemporaryDirectory() as out:
        begin = time.monotonic()
        process = start(program, command, "--out", out, *arguments, **more)
        try:
            text, _ = process.communicate(timeout=seconds)
        except BaseException:
            process.kill()
            raise
        return Done(process.returncode, text, time.monotonic() - begin,
                    read_journals(out))


# --- processes ---------------------------------------------------------------

def read(pid, name):
    try:
        return pathlib.Path("/proc", str(pid), name).read_bytes().decode(
            errors="replace")
    except OSError:
        return ""


def parent(pid):
    """The parent's pid; 0 if the process no longer exists."""
    after_name = read(pid, "stat").rpartition(")")[2].split()
    return int(after_name[1]) if after_name else 0


def pids():
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def descendants(root):
    """The pids of all descendants of a process."""
    children = {}
    for pid in pids():
        children.setdefault(parent(pid), []).append(pid)
    found, left = [], [root]
    while left:
        mine = children.get(left.pop(), [])
        found += mine
        left += mine
    return found


def workers(root):
    return [pid for pid in pids() if parent(pid) == root]


def is_init(pid):
    return read(pid, "comm").startswith("host-")


def inits(root):
    """The init processes of hosts. A process that an init has forked has the
    same name until it calls exec; its parent tells them apart."""
    return [pid for pid in descendants(root)
            if is_init(pid) and not is_init(parent(pid))]


def probes(root):
    return [pid for pid in descendants(root)
            if read(pid, "cmdline").startswith("halfopen-probe")]


def programs(root):
    """The processes started by the inits of hosts, except probes."""
    found = set(inits(root))
    return [pid for pid in descendants(root) if parent(pid) in found
            and read(pid, "cmdline") and not is_init(pid)
            and not read(pid, "cmdline").startswith("halfopen-probe")]


def wait_for(condition, seconds=60, pause=0.01):
    """Calls condition() until it returns a true value or the time is over; returns
    its last value."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value or time.monotonic() > deadline:
            return value
        time.sleep(pause)


def kill(pid, number=signal.SIGKILL):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def works_here(program):
    """False, with the reason printed, if this machine cannot create a world."""
    done = run(program, "passes")
    if done.status == SKIPPED:
        print(done.text)
    return done.status != SKIPPED


def main(argv):
    """Runs unittest; exits with meson's skip status without namespaces."""
    if not works_here(argv[1]):
        raise SystemExit(SKIP_STATUS)
    unittest.main(argv=argv[:1] + argv[3:], verbosity=2)
