#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""No process, network namespace, mount or file remains after a run, whichever
process is killed at whatever time.

usage: leaks.py MISBEHAVING HALFOPEN [TEST...]

HALFOPEN_KILLS in the environment is the number of kills of each random test;
30 without it.

Runs itself in its own user and PID namespace. A process that remains becomes a
child of this one and is counted. Network namespaces cannot be listed; they are
counted with the limit of the user namespace: one more can be made if and only
if fewer than the limit exist. The folders for temporary files are empty at
first.
"""
import collections
import ctypes
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import rig
from rig import AT_ONCE, BROKEN, FAIL, PASS

PROGRAM = sys.argv[1]
BOXED = "HALFOPEN_LEAKS_BOXED"
LIMIT = "/proc/sys/user/max_net_namespaces"
CLONE_NEWNET = 0x40000000
PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL = 47, 4
KILLS = int(os.environ.get("HALFOPEN_KILLS", "30"))
FOLDERS = "/tmp", "/run", "/var/log", "/var/tmp", "/dev/shm"
libc = ctypes.CDLL(None, use_errno=True)


def enter_box():
    """Does not return where such namespaces can be made. This program has the
    capabilities to count in them; halfopen is started without them."""
    who = ["--map-root-user"] if os.geteuid() == 0 else \
          ["--map-current-user", "--keep-caps"]
    box = ["unshare", "--user", *who, "--pid", "--fork", "--kill-child",
           "--mount-proc"]
    try:
        tried = subprocess.run([*box, "true"], capture_output=True,
                               check=False)
    except FileNotFoundError as error:
        print(error)
        sys.exit(rig.SKIP_STATUS)
    if tried.returncode:
        print("no user namespace to count in:", tried.stderr.decode())
        sys.exit(rig.SKIP_STATUS)
    os.environ[BOXED] = "1"
    os.execvp(box[0], [*box, sys.executable, *sys.argv])


def furnish_box():
    libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    for folder in FOLDERS:
        # The programs under test must stay visible.
        if not any(os.path.realpath(path).startswith(folder + "/")
                   for path in sys.argv[:3]):
            libc.mount(b"tmpfs", folder.encode(), b"tmpfs", 0, b"mode=1777")


def files_and_mounts():
    with open("/proc/self/mountinfo", encoding="utf-8") as mounts:
        return mounts.read(), [os.path.join(top, name)
                               for folder in FOLDERS if os.path.ismount(folder)
                               for top, folders, files in os.walk(folder)
                               for name in folders + files]


def set_limit(number):
    with open(LIMIT, "w", encoding="ascii") as file:
        file.write(str(number))


def one_more_fits():
    pid = os.fork()
    if pid == 0:
        os._exit(libc.unshare(CLONE_NEWNET) != 0)
    return os.waitpid(pid, 0)[1] == 0


def count_networks():
    number = 1
    try:
        while True:
            set_limit(number)
            if one_more_fits():
                return number - 1
            number += 1
    finally:
        set_limit(100000)


def reap():
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def others():
    reap()
    return [(pid, rig.read(pid, "comm").strip()) for pid in rig.pids()
            if pid != os.getpid()]


class Box(unittest.TestCase):
    def setUp(self):
        self.before = files_and_mounts()

    def assert_nothing_is_left(self, seconds=20):
        """The kernel removes namespaces later, in batches; an orphaned socket
        keeps its namespace for some retransmissions."""
        rig.wait_for(lambda: not others(), seconds)
        self.assertEqual(others(), [])
        self.assertEqual(files_and_mounts(), self.before)
        self.assert_networks(0, seconds)

    def assert_networks(self, number, seconds=20):
        """Counting makes a namespace too, which also takes time to vanish."""
        counts = []

        def is_right():
            counts.append(count_networks())
            return counts[-1] == number

        self.assertTrue(rig.wait_for(is_right, seconds, pause=0.3),
                        f"{number} wanted, counted {counts}")


class Leaks(Box):
    def test_a_network_namespace_is_counted(self):
        self.assert_networks(0)
        readable, writable = os.pipe()
        pid = os.fork()
        if pid == 0:
            libc.unshare(CLONE_NEWNET)
            os.write(writable, b"x")
            time.sleep(100)
            os._exit(0)
        try:
            # The namespace must exist before the limit is lowered.
            os.read(readable, 1)
            self.assert_networks(1)
            self.assertEqual(len(others()), 1)
        finally:
            rig.kill(pid)
        self.assert_nothing_is_left()

    def test_a_file_is_seen(self):
        if not os.path.ismount("/tmp"):
            self.skipTest("the program under test is in /tmp")
        with tempfile.NamedTemporaryFile(dir="/tmp"):
            self.assertNotEqual(files_and_mounts(), self.before)
        self.assertEqual(files_and_mounts(), self.before)

    def test_orderly_end(self):
        done = rig.run(PROGRAM, "passes", "waits/short", "--repeat", "3")
        self.assertEqual(done.status, PASS, done.text)
        self.assert_nothing_is_left()

    def test_leaking_script(self):
        done = rig.run(PROGRAM, "leaks/ends", "--repeat", "5")
        self.assertEqual(done.status, PASS, done.text)
        self.assert_nothing_is_left()

    def test_crashing_scripts(self):
        rig.run(PROGRAM, "segfaults", "exits", "probe-dies", "hangs",
                "--timeout-mul", "0.03")
        self.assert_nothing_is_left()

    def test_failing_script(self):
        done = rig.run(PROGRAM, "fails", "--repeat", "3", "--retry", "1",
                       *rig.PATIENT)
        self.assertEqual(done.status, FAIL, done.text)
        self.assert_nothing_is_left()

    def test_halfopen_is_killed_at_a_random_time(self):
        seed = random.randrange(1 << 30)
        moments = random.Random(seed)
        seen = 0
        for _ in range(KILLS):
            # The worlds of four runs are made in the first 50 ms or so.
            moment = moments.uniform(0, 0.15)
            with self.subTest(seed=seed, moment=moment):
                process = rig.start(PROGRAM, "run", "waits/long", "--repeat",
                                    "4")
                time.sleep(moment)
                seen += len(rig.descendants(process.pid))
                process.kill()
                process.stdout.close()
                process.wait()
                rig.wait_for(lambda: not others())
                self.assertEqual(others(), [])
        self.assertGreater(seen, KILLS, "processes seen before the kills")
        self.assert_nothing_is_left()
        print(f"\n{KILLS} kills of halfopen while it made worlds: of {seen} "
              f"processes and what they had made, nothing remained.",
              flush=True)

    def test_halfopen_is_killed_during_a_leaking_script(self):
        """Orphaned sockets with unsent data keep their network namespace until
        their retransmissions end: up to two minutes without this setting."""
        process = rig.start(PROGRAM, "run", "leaks/stays", "--repeat", "3",
                            "--set", "net.ipv4.tcp_orphan_retries=1")
        rig.wait_for(lambda: len(rig.probes(process.pid)) == 9)
        time.sleep(0.2)
        process.kill()
        process.stdout.close()
        process.wait()
        self.assert_nothing_is_left()

    def test_signals(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(number):
                process = rig.start(PROGRAM, "run", "waits/long", "--repeat",
                                    "4")
                rig.wait_for(lambda: len(rig.probes(process.pid)) == 8)
                process.send_signal(number)
                process.communicate(timeout=60)
                self.assertEqual(process.returncode, -number)
                self.assert_nothing_is_left()

    def test_one_process_is_killed(self):
        for which in (rig.workers, rig.inits, rig.probes, rig.programs):
            with self.subTest(which.__name__):
                process = rig.start(PROGRAM, "run", "runs-program/long",
                                    "--repeat", "2", "--timeout-mul", "0.01")
                rig.wait_for(lambda: len(rig.programs(process.pid)) == 2)
                rig.kill(which(process.pid)[0])
                process.communicate(timeout=60)
                self.assert_nothing_is_left()


def itself(pid):
    return [pid]


class Ends(Box):
    """At a random time between the first world and the last, any process is
    killed, or halfopen gets a signal, or nothing happens."""

    HOW = {"halfopen": (itself, signal.SIGKILL),
           "a case": (rig.workers, signal.SIGKILL),
           "a host's init": (rig.inits, signal.SIGKILL),
           "a probe": (rig.probes, signal.SIGKILL),
           "a program": (rig.programs, signal.SIGKILL),
           "SIGINT": (itself, signal.SIGINT),
           "SIGTERM": (itself, signal.SIGTERM),
           "success": None,
           "failure": None}

    def setUp(self):
        super().setUp()
        self.seed = random.randrange(1 << 30)
        self.random = random.Random(self.seed)
        self.ended = collections.Counter()
        self.lasted, self.stayed = [], []

    def end(self, process, how):
        """Kills one such process, as soon as there is one."""
        time.sleep(self.random.uniform(0, 0.35))
        which, number = self.HOW[how]
        found = []
        while process.poll() is None and not found:
            found = which(process.pid)
        if not found:
            return False
        rig.kill(self.random.choice(found), number)
        return True

    def one_round(self, how):
        names = ["runs-program/short", "passes"]
        if how == "failure":
            names += ["fails"]
        process = rig.start(PROGRAM, "run", *names, "--repeat", "2",
                            *rig.PATIENT)
        done = self.HOW[how] and self.end(process, how)
        begin = time.monotonic()
        text, _ = process.communicate(timeout=60)
        self.ended[how if done or not self.HOW[how] else "ended before"] += 1
        self.judge(how, done, process.returncode, text)
        self.lasted.append(time.monotonic() - begin)
        begin = time.monotonic()
        rig.wait_for(lambda: not others(), pause=0.002)
        self.stayed.append(time.monotonic() - begin)
        self.assertEqual(others(), [])

    def judge(self, how, done, status, text):
        number = done and self.HOW[how][1]
        if done and self.HOW[how][0] is itself:
            allowed = {-number, PASS}
        elif done:
            # A case process may be killed after its verdict.
            allowed = {BROKEN, PASS}
        else:
            allowed = {FAIL if how == "failure" else PASS}
        self.assertIn(status, allowed, text)

    def test_ends_at_random(self):
        for i in range(KILLS):
            how = self.random.choice(list(self.HOW))
            with self.subTest(seed=self.seed, round=i, how=how):
                self.one_round(how)
            if i % 20 == 19:
                self.assert_nothing_is_left()
        self.assert_nothing_is_left()
        self.assertLess(max(self.lasted), 0.5 + AT_ONCE)
        self.tell()

    def tell(self):
        told = ", ".join(f"{how} {n}" for how, n in self.ended.most_common())
        stayed = sorted(self.stayed)
        print(f"\n{KILLS} ends at random: {told}.\n"
              f"From the kill to halfopen's end at most "
              f"{max(self.lasted) * 1e3:.0f} ms; to the last process' end "
              f"{stayed[len(stayed) // 2] * 1e3:.0f} ms more (median), "
              f"{stayed[-1] * 1e3:.0f} ms at most. No process, namespace, "
              f"mount or file remained.", flush=True)


if __name__ == "__main__":
    if BOXED not in os.environ:
        enter_box()
    furnish_box()
    rig.main(sys.argv)
