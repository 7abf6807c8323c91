#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What doctor says, on this machine and on poorer ones.

usage: doctor.py HALFOPEN
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

HALFOPEN = os.path.realpath(sys.argv[1])
CAN, CANNOT = 0, 4


def doctor(*before, **more):
    done = subprocess.run([*before, HALFOPEN, "doctor"], text=True,
                          capture_output=True, check=False, **more)
    return done.returncode, re.sub(r"\s+", " ", done.stdout)


class Doctor(unittest.TestCase):
    def setUp(self):
        if doctor()[0] == CANNOT:
            self.skipTest("no world can be made here")

    def test_the_default_set_can_run(self):
        status, text = doctor()
        self.assertEqual(status, CAN, text)
        for what in "namespaces", "a world", "at once", "the wire's buffer":
            self.assertIn(f"works {what} ", text)
        self.assertRegex(text, "(works|missing) SOCK_DESTROY")
        self.assertTrue(text.endswith("The default set can run. "))

    def test_few_files_are_few_runs(self):
        _, text = doctor("sh", "-c", 'ulimit -n 40; exec "$0" "$@"')
        self.assertIn("at once 5 runs,", text)

    def test_a_program_that_is_not_there(self):
        """In a copy, beside which nothing is unpacked, and with no PATH: who
        is not root finds no sbin folder either that could be hidden."""
        if os.path.exists("/usr/sbin/nginx"):
            self.skipTest("nginx is installed")
        with tempfile.TemporaryDirectory() as folder:
            copy = shutil.copy(HALFOPEN, folder)
            done = subprocess.run([copy, "doctor"], text=True, check=False,
                                  capture_output=True, env={"PATH": "/none"})
        text = re.sub(r"\s+", " ", done.stdout)
        self.assertEqual(done.returncode, CAN, text)
        self.assertRegex(text, "missing nginx costs http-keepalive-timeout/"
                               "nginx.* harness/bootstrap --with-programs")

    def test_what_guests_have(self):
        """A copy has no kernels beside it; with no PATH there is no QEMU."""
        _, text = doctor()
        self.assertRegex(text, "(works|missing) QEMU ")
        self.assertRegex(text, "(works|missing) a guest's kernel ")
        with tempfile.TemporaryDirectory() as folder:
            copy = shutil.copy(HALFOPEN, folder)
            done = subprocess.run([copy, "doctor"], text=True, check=False,
                                  capture_output=True, env={"PATH": "/none"})
        text = re.sub(r"\s+", " ", done.stdout)
        self.assertEqual(done.returncode, CAN, text)
        if not os.path.exists("/usr/bin/qemu-system-x86_64"):
            self.assertIn("missing QEMU costs halfopen vm", text)
            self.assertIn("harness/bootstrap --with-vm", text)

    def test_without_namespaces_nothing_can(self):
        """The limit is that of a user namespace made for it."""
        limit = "echo 0 >/proc/sys/user/max_net_namespaces && exec \"$0\" \"$@\""
        status, text = doctor("unshare", "-U", "-r", "sh", "-c", limit)
        if "Permission denied" in text or not text:
            self.skipTest("no such limit can be set")
        self.assertEqual(status, CANNOT, text)
        self.assertIn("missing namespaces costs every case network namespaces "
                      "are switched off (sysctl user.max_net_namespaces is 0)",
                      text)
        self.assertTrue(text.endswith("The default set cannot run. "))

    def test_words_are_refused(self):
        done = subprocess.run([HALFOPEN, "doctor", "who"], text=True,
                              capture_output=True, check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn("'who'", done.stderr)


unittest.main(argv=sys.argv[:1], verbosity=2)
