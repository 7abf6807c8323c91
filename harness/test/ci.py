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
import unittest
import xml.etree.ElementTree

import rig

PROGRAM, HALFOPEN = (os.path.realpath(path) for path in sys.argv[1:3])
CI = pathlib.Path(sys.argv[3]).resolve()


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
