#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The report of halfopen doctor, on this machine and with missing features.

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
            self.skipTest("this machine cannot create a world")

    def test_features_of_this_machine_are_listed(self):
        status, text = doctor()
        self.assertEqual(status, CAN, text)
        for what in "namespaces", "world", "parallel runs", "wire buffer":
            self.assertIn(f"works {what} ", text)
        self.assertRegex(text, "(works|missing) SOCK_DESTROY")
        self.assertRegex(text, "(works|missing) socket filter")
        self.assertTrue(text.endswith("The default set can run. "))

    def test_private_proc_is_tried(self):
        """A mount over a part of /proc is what containers have: the kernel then
        refuses a new one in an inner user namespace (mount_too_revealing())."""
        if "works private /proc " not in doctor()[1]:
            self.skipTest("this machine has none")
        inner = ["unshare", "-U", "-r", "-m"]
        hide = "mount --bind /dev/null /proc/interrupts && exec \"$0\" \"$@\""
        _, text = doctor(*inner, "sh", "-c", hide, *inner)
        if "works world" not in text:
            self.skipTest("the mount or the namespaces are not allowed")
        self.assertIn("missing private /proc needed for no case", text)

    def test_file_limit_bounds_parallel_runs(self):
        _, text = doctor("sh", "-c", 'ulimit -n 50; exec "$0" "$@"')
        self.assertIn("parallel runs 5, by the limits", text)

    def test_missing_program_is_reported_with_its_cases(self):
        """A copy of halfopen does not find build/programs; PATH is empty. Only
        root could hide the sbin folders, which are always searched."""
        if os.path.exists("/usr/sbin/nginx"):
            self.skipTest("nginx is installed")
        with tempfile.TemporaryDirectory() as folder:
            copy = shutil.copy(HALFOPEN, folder)
            done = subprocess.run([copy, "doctor"], text=True, check=False,
                                  capture_output=True, env={"PATH": "/none"})
        text = re.sub(r"\s+", " ", done.stdout)
        self.assertEqual(done.returncode, CAN, text)
        self.assertRegex(text, "missing nginx needed for: "
                               "http-keepalive-timeout/nginx.* "
                               "harness/bootstrap --with-programs")

    def test_program_below_tmp_is_reported_as_hidden(self):
        with tempfile.TemporaryDirectory(dir="/tmp") as folder:
            shutil.copy("/bin/true", os.path.join(folder, "nginx"))
            _, text = doctor(env={"PATH": f"{folder}:/usr/bin:/bin"})
        self.assertRegex(text, "missing nginx needed for: [^:]* it is installed "
                               "where a run cannot see it: /tmp, ")

    def test_missing_qemu_is_reported(self):
        """A copy of halfopen does not find build/kernels; PATH has no QEMU."""
        _, text = doctor()
        self.assertRegex(text, "(works|missing) QEMU ")
        self.assertRegex(text, "(works|missing) guest kernel ")
        with tempfile.TemporaryDirectory() as folder:
            copy = shutil.copy(HALFOPEN, folder)
            done = subprocess.run([copy, "doctor"], text=True, check=False,
                                  capture_output=True, env={"PATH": "/none"})
        text = re.sub(r"\s+", " ", done.stdout)
        self.assertEqual(done.returncode, CAN, text)
        if not os.path.exists("/usr/bin/qemu-system-x86_64"):
            self.assertIn("missing QEMU needed for: halfopen vm", text)
            self.assertIn("harness/bootstrap --with-vm", text)

    def cannot(self, why, *before):
        status, text = doctor(*before)
        if "Permission denied" in text or not text:
            self.skipTest("not allowed here")
        self.assertEqual(status, CANNOT, text)
        self.assertIn(f"missing namespaces needed for: every case {why}", text)
        self.assertTrue(text.endswith("The default set cannot run. "))

    def test_default_set_cannot_run_without_namespaces(self):
        """The limits are set in a user namespace of the test."""
        for name, word in (("net", "network"), ("pid", "PID"),
                           ("mnt", "mount")):
            with self.subTest(name):
                limit = f"echo 0 >/proc/sys/user/max_{name}_namespaces"
                self.cannot(f"{word} namespaces are switched off (sysctl "
                            f"user.max_{name}_namespaces is 0)",
                            "unshare", "-U", "-r", "sh", "-c",
                            limit + ' && exec "$0" "$@"')

    def test_default_set_cannot_run_without_proc(self):
        self.cannot("/proc is not mounted", "unshare", "-U", "-r", "-m", "sh",
                    "-c", 'mount -t tmpfs none /proc && exec "$0" "$@"')

    def test_arguments_are_refused(self):
        done = subprocess.run([HALFOPEN, "doctor", "who"], text=True,
                              capture_output=True, check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn("'who'", done.stderr)


unittest.main(argv=sys.argv[:1], verbosity=2)
