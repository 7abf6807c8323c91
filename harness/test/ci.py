#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The files for CI systems in harness/ci, and retries in every report format.

usage: ci.py MISBEHAVING HALFOPEN CI-FOLDER [TEST...]
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

import rig

PROGRAM, HALFOPEN = (os.path.realpath(path) for path in sys.argv[1:3])
CI = pathlib.Path(sys.argv[3]).resolve()
KSFT_PASS, KSFT_FAIL, KSFT_SKIP = 0, 1, 4


def kselftest(*words, halfopen=PROGRAM, script=CI / "kselftest.sh", **more):
    environment = rig.environment(HALFOPEN=halfopen, **more)
    with tempfile.TemporaryDirectory() as elsewhere:
        return subprocess.run([script, *words], capture_output=True, text=True,
                              check=False, cwd=elsewhere, env=environment)


class Kselftest(unittest.TestCase):
    def assert_status(self, status, *words, has="KTAP", **more):
        done = kselftest(*words, **more)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        self.assertTrue(done.stdout.startswith("KTAP version 1\n"),
                        done.stdout)
        self.assertRegex(done.stdout, has)
        self.assertEqual(done.stderr, "")

    def test_pass_is_status_0(self):
        self.assert_status(KSFT_PASS, "passes",
                           has=r"\n  ok 1 passes # time=\d+ms\n")

    def test_fail_is_status_1(self):
        self.assert_status(KSFT_FAIL, "passes", "fails",
                           has=r"\n  not ok \d fails #")

    def test_broken_is_status_1(self):
        self.assert_status(KSFT_FAIL, "exits",
                           has=r"\n  not ok 1 exits # ERROR ")

    def test_skip_is_status_4(self):
        self.assert_status(KSFT_SKIP, "needs-program",
                           has=r"\n  ok 1 needs-program # SKIP "
                               "no-program-has-this-name is not installed")

    def test_inconclusive_is_a_skip(self):
        self.assert_status(KSFT_SKIP, "late/by-machine",
                           has="# SKIP inconclusive: ")

    def test_both_families_are_parts(self):
        self.assert_status(KSFT_PASS, "passes",
                           has=r"(?s)\n1\.\.4\n.*HZ \d+, IPv4\n.*\nok 1 IPv4\n"
                               r".*HZ \d+, IPv6\n.*\nok 2 IPv6\n"
                               r"ok 3 IPv4 defaults # SKIP ")
        self.assert_status(KSFT_FAIL, "fails",
                           has=r"(?s)\nnot ok 1 IPv4\n.*\nnot ok 2 IPv6\n")

    def test_a_chosen_family_is_the_only_part(self):
        done = kselftest("--family", "6", "passes")
        self.assertEqual(done.returncode, KSFT_PASS)
        self.assertRegex(done.stdout, r"\nok 1 passes # time=")
        self.assertNotIn("IPv4", done.stdout)

    def test_defaults_run_in_the_kernel_under_test(self):
        """A script instead of halfopen prints its arguments."""
        with tempfile.TemporaryDirectory() as folder:
            program = pathlib.Path(folder, "halfopen")
            program.write_text('#!/bin/sh\necho "# $*"\n', encoding="utf-8")
            program.chmod(0o755)
            done = kselftest(halfopen=str(program),
                             HALFOPEN_KERNEL="/boot/vmlinuz-9")
        self.assertEqual(done.returncode, KSFT_PASS)
        for family in 4, 6:
            self.assertIn("  # vm --virtual-time --kernel /boot/vmlinuz-9 -- "
                          f"run --defaults --family {family} --format ktap",
                          done.stdout)

    def test_missing_halfopen_is_a_skip(self):
        self.assert_status(KSFT_SKIP, halfopen="/none/halfopen",
                           has=r"\n1\.\.0 # SKIP no halfopen")

    def test_wrong_usage_bails_out(self):
        done = kselftest("no-such-case")
        self.assertEqual(done.returncode, KSFT_FAIL)
        self.assertIn("Bail out!", done.stdout)
        self.assertIn("no-such-case", done.stderr)

    def test_program_of_the_same_tree_is_found(self):
        with tempfile.TemporaryDirectory() as tree:
            script = pathlib.Path(tree, "harness/ci/kselftest.sh")
            script.parent.mkdir(parents=True)
            shutil.copy(CI / "kselftest.sh", script)
            build = pathlib.Path(tree, "build/harness")
            build.mkdir(parents=True)
            os.symlink(PROGRAM, build / "halfopen")
            link = pathlib.Path(tree, "link")
            link.symlink_to(script)
            self.assert_status(KSFT_PASS, "passes", halfopen="", script=link)


class Workflow(unittest.TestCase):
    def setUp(self):
        self.text = (CI / "github-actions.yml").read_text(encoding="utf-8")

    def steps(self):
        try:
            import yaml  # pylint: disable=import-outside-toplevel
        except ImportError:
            self.skipTest("python3-yaml is not installed")
        return yaml.safe_load(self.text)["jobs"]["tcp"]["steps"]

    def test_options_exist(self):
        text = subprocess.run([HALFOPEN, "run", "--help"], text=True,
                              capture_output=True, check=True).stdout
        steps = re.findall(r"\brun (--.*?)(?:>|\n\n)", self.text, re.S)
        options = [re.findall(r"--[a-z-]+", step) for step in steps]
        self.assertEqual(len(options), 3)
        self.assertTrue(any("--family" in each for each in options))
        self.assertTrue(any("--defaults" in each for each in options))
        for option in sum(options, []):
            self.assertIn(option, text)

    def test_scripts_exist(self):
        root = CI.parent.parent
        for path in re.findall(r"run: (harness/\S+)", self.text):
            self.assertTrue((root / path).exists(), path)

    def test_steps_pass_shellcheck(self):
        scripts = [s["run"] for s in self.steps() if "run" in s]
        self.assertEqual(len(scripts), 6)
        for script in scripts:
            subprocess.run(["bash", "-n"], input=script, text=True, check=True)
            if shutil.which("shellcheck"):
                subprocess.run(["shellcheck", "-s", "bash", "-"], input=script,
                               text=True, check=True)

    def test_the_last_step_always_runs(self):
        self.assertEqual(self.steps()[-1]["if"], "always()")


class Tries(unittest.TestCase):
    """The case fails-once fails on its first try, the case fails on each."""

    def run_both(self, form):
        done = subprocess.run([PROGRAM, "run", "fails-once", "fails",
                               "--retry", "2", "--format", form], text=True,
                              capture_output=True, check=False,
                              env=rig.environment())
        self.assertEqual(done.returncode, rig.FAIL)
        return done.stdout

    def test_jsonl_contains_every_try(self):
        lines = [json.loads(line) for line
                 in self.run_both("jsonl").splitlines()]
        tries = [(o["name"], o["try"], o["verdict"]) for o in lines
                 if o["type"] == "case"]
        self.assertEqual(sorted(tries),
                         [("fails", 1, "fail"), ("fails", 2, "fail"),
                          ("fails", 3, "fail"), ("fails-once", 1, "fail"),
                          ("fails-once", 2, "pass")])
        self.assertEqual((lines[-1]["passed"], lines[-1]["failed"]), (1, 1))

    def test_ktap_lists_earlier_tries(self):
        text = self.run_both("ktap")
        for before in ("fails: try 1: fail", "fails: try 2: fail",
                       "fails-once: try 1: fail"):
            self.assertIn(f"\n# {before}, ", text)
        self.assertRegex(text, r"\nok \d fails-once #")
        self.assertRegex(text, r"\nnot ok \d fails #")

    def test_junit_marks_flaky_failures(self):
        suite = xml.etree.ElementTree.fromstring(self.run_both("junit"))[0]
        cases = {c.get("name"): c for c in suite.iter("testcase")}
        self.assertEqual(cases.keys(), {"fails", "fails-once"})
        for name, tag, times in (("fails", "failure", 1),
                                 ("fails", "rerunFailure", 2),
                                 ("fails-once", "flakyFailure", 1),
                                 ("fails-once", "failure", 0)):
            found = cases[name].findall(tag)
            self.assertEqual(len(found), times, (name, tag))
            for each in found:
                self.assertTrue(each.get("message") and each.get("type"))
        self.assertIn("moon", cases["fails"].find("system-out").text)
        self.assertEqual((suite.get("tests"), suite.get("failures")),
                         ("2", "1"))

    def test_human_shows_the_number_of_the_try(self):
        text = self.run_both("human")
        self.assertIn("(try 1; retrying)", text)
        self.assertRegex(text, r"fails-once +PASS \(try 2\)")


if __name__ == "__main__":
    if not rig.works_here(PROGRAM):
        raise SystemExit(rig.SKIP_STATUS)
    unittest.main(argv=sys.argv[:1] + sys.argv[4:], verbosity=2)
