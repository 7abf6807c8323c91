#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Nothing stays behind: no process and no network namespace, whoever is killed
and whenever.

usage: leaks.py MISBEHAVING HALFOPEN [TEST...]

Runs itself in a user and a PID namespace of its own. So every process that
stays behind becomes a child of this one and is there to be counted; and network
namespaces, which nobody lists, are counted by the limit of the user namespace:
one more can be made if, and only if, fewer than the limit exist.
"""
import ctypes
import os
import random
import signal
import subprocess
import sys
import time
import unittest

import rig
from rig import PASS

PROGRAM = sys.argv[1]
BOXED = "HALFOPEN_LEAKS_BOXED"
LIMIT = "/proc/sys/user/max_net_namespaces"
CLONE_NEWNET = 0x40000000
KILLS = 20


def enter_box():
    """Never returns where there is a box to be had."""
    box = ["unshare", "--user", "--map-root-user", "--pid", "--fork",
           "--kill-child", "--mount-proc"]
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


def set_limit(number):
    with open(LIMIT, "w", encoding="ascii") as file:
        file.write(str(number))


def one_more_fits():
    pid = os.fork()
    if pid == 0:
        libc = ctypes.CDLL(None, use_errno=True)
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


class Leaks(unittest.TestCase):
    def assert_nothing_is_left(self, seconds=20):
        """The kernel cleans up behind, in batches; an orphaned socket has its
        retries, which are few here."""
        rig.wait_for(lambda: not others(), seconds)
        self.assertEqual(others(), [])
        self.assert_networks(0, seconds)

    def assert_networks(self, number, seconds=20):
        """A count makes one itself, which takes a moment to go as well."""
        counts = []

        def is_right():
            counts.append(count_networks())
            return counts[-1] == number

        self.assertTrue(rig.wait_for(is_right, seconds, pause=0.3),
                        f"{number} wanted, counted {counts}")

    def test_the_count_counts(self):
        self.assert_networks(0)
        process = subprocess.Popen(["unshare", "--net", "sleep", "100"])
        try:
            # Counting takes the room that it would need.
            rig.wait_for(lambda: rig.read(process.pid, "comm") == "sleep\n")
            self.assert_networks(1)
            self.assertEqual(len(others()), 1)
        finally:
            process.kill()
            process.wait()
        self.assert_nothing_is_left()

    def test_orderly_end(self):
        done = rig.run(PROGRAM, "passes", "waits/short", "--repeat", "3")
        self.assertEqual(done.status, PASS, done.text)
        self.assert_nothing_is_left()

    def test_script_that_leaks(self):
        done = rig.run(PROGRAM, "leaks/ends", "--repeat", "5")
        self.assertEqual(done.status, PASS, done.text)
        self.assert_nothing_is_left()

    def test_scripts_that_crash(self):
        rig.run(PROGRAM, "segfaults", "exits", "probe-dies", "hangs",
                "--timeout-mul", "0.03")
        self.assert_nothing_is_left()

    def test_halfopen_is_killed_at_any_moment(self):
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
        self.assertGreater(seen, KILLS, "there was something to be left")
        self.assert_nothing_is_left()

    def test_halfopen_is_killed_beside_what_leaks(self):
        """Orphans with unsent data, which keep their network until their
        retries are used up: up to two minutes, but for the settings here."""
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
        for which in (rig.workers, rig.inits, rig.probes):
            with self.subTest(which.__name__):
                process = rig.start(PROGRAM, "run", "waits/short", "--repeat",
                                    "2")
                rig.wait_for(lambda: len(rig.probes(process.pid)) == 4)
                rig.kill(which(process.pid)[0])
                process.communicate(timeout=60)
                self.assert_nothing_is_left()


if __name__ == "__main__":
    if BOXED not in os.environ:
        enter_box()
    rig.main(sys.argv)
