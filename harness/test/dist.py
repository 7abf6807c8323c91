#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The scripts of harness/dist that need neither a network nor much time.

usage: dist.py DIST
"""
import glob
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

DIST = os.path.realpath(sys.argv[1])


def call(script, *arguments):
    return subprocess.run([os.path.join(DIST, script), *arguments],
                          capture_output=True, text=True, check=False,
                          stdin=subprocess.DEVNULL)


def mounts():
    return pathlib.Path("/proc/self/mounts").read_text(encoding="utf-8")


def processes(word):
    """The processes with this argument."""
    found = []
    for path in glob.glob("/proc/[0-9]*/cmdline"):
        try:
            words = pathlib.Path(path).read_bytes().split(b"\0")
        except OSError:
            continue
        if word.encode() in words:
            found.append(path)
    return found


def wait_until(condition):
    deadline = time.monotonic() + 60
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    return condition()


@unittest.skipUnless(os.geteuid() == 0, "needs root")
class EnterRoot(unittest.TestCase):
    """The other root file system is that of the machine, mounted on a folder."""

    def setUp(self):
        done = subprocess.run(["unshare", "--mount", "true"], text=True,
                              capture_output=True, check=False)
        if done.returncode:
            self.skipTest(done.stderr)
        self.before = mounts()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def tearDown(self):
        self.assertEqual(mounts(), self.before)

    def command(self, script, *options):
        """The command that executes the script of a shell there."""
        return ["unshare", "--mount", "sh", "-c",
                'mount --bind / "$1" && exec "$0" $3 "$1" sh -c "$2"',
                DIST + "/enter-root", self.folder, script, *options]

    def enter(self, script, *options):
        return subprocess.run(self.command(script, *options), text=True,
                              capture_output=True, check=False,
                              stdin=subprocess.DEVNULL)

    def test_exit_status_is_that_of_the_command(self):
        for options in ([], ["--chroot"]):
            done = self.enter("exit 7", *options)
            self.assertEqual(done.returncode, 7, done.stderr)

    def test_mounts_are_new(self):
        done = self.enter("cat /proc/mounts; test -c /dev/null")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("proc /proc proc", done.stdout)
        self.assertNotIn(self.folder, done.stdout)

    def test_user_namespaces_are_refused_only_after_chroot(self):
        script = "unshare --user true"
        if subprocess.run(script.split(), check=False,
                          capture_output=True).returncode:
            self.skipTest("no user namespaces here")
        self.assertEqual(self.enter(script).returncode, 0)
        self.assertIn("Operation not permitted",
                      self.enter(script, "--chroot").stderr)

    def test_every_process_ends_with_the_command(self):
        length = f"9{os.getpid()}"
        done = self.enter(f"sleep {length} & echo $!; exit 0")
        self.assertRegex(done.stdout, r"^\d+\n$")
        self.assertTrue(wait_until(lambda: not processes(length)))

    def test_every_process_ends_with_the_script(self):
        length = f"8{os.getpid()}"
        with subprocess.Popen(self.command(f"sleep {length}"),
                              stdin=subprocess.DEVNULL) as script:
            self.assertTrue(wait_until(lambda: processes(length)))
            script.send_signal(signal.SIGKILL)
        self.assertTrue(wait_until(lambda: not processes(length)))


class Scripts(unittest.TestCase):
    def scripts(self):
        found = [path for path in glob.glob(DIST + "/*")
                 if os.access(path, os.X_OK) and os.path.isfile(path)]
        self.assertIn(DIST + "/fresh-machine", found)
        return found

    def test_help_is_printed(self):
        for name in ("check-container", "check-package", "debian-package",
                     "enter-root", "fresh-machine", "in-suite", "tarball"):
            with self.subTest(name):
                done = call(name, "--help")
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertIn("usage: harness/dist/" + name, done.stdout)

    def test_files_of_others_are_not_removed(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "halfopen-1.0")
            path.write_text("", encoding="utf-8")
            done = call("debian-package", folder)
            self.assertEqual(done.returncode, 1)
            self.assertIn(f"{folder}: not empty", done.stderr)
            self.assertTrue(path.exists())

    def test_unknown_situation_is_refused(self):
        done = call("fresh-machine", "nowhere")
        self.assertEqual(done.returncode, 2)
        self.assertIn("unknown situation nowhere", done.stderr)

    @unittest.skipUnless(shutil.which("shellcheck"),
                         "shellcheck is not installed")
    def test_shellcheck_finds_nothing(self):
        done = subprocess.run(
            ["shellcheck", "-x", *self.scripts(),
             *glob.glob(DIST + "/debian/tests/[!c]*")],
            capture_output=True, text=True, check=False,
            cwd=pathlib.Path(DIST, "../.."))
        self.assertEqual(done.returncode, 0, done.stdout)


unittest.main(argv=sys.argv[:1], verbosity=2)
