#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The installed manual page and completion.

usage: installed.py HALFOPEN MANUAL COMPLETION
"""
import shutil
import subprocess
import sys
import unittest

HALFOPEN, MANUAL, COMPLETION = sys.argv[1:4]


def output(*command):
    return subprocess.run(command, capture_output=True, check=True, text=True,
                          encoding="utf-8").stdout


def completed(*words):
    """The completions that bash offers for the last word."""
    quoted = " ".join(f"'{word}'" for word in words)
    return output("bash", "-c", f"""
        compopt() {{ :; }}
        source "$0" 2>/dev/null
        COMP_WORDS=({quoted}) COMP_CWORD={len(words) - 1}
        _halfopen
        printf '%s\\n' "${{COMPREPLY[@]}}"
        """, COMPLETION).split()


class Completion(unittest.TestCase):
    def test_commands_are_completed(self):
        self.assertIn("predict", completed("halfopen", ""))
        self.assertEqual(completed("halfopen", "pre"), ["predict"])

    def test_case_names_are_completed(self):
        listed = [line.split()[0]
                  for line in output(HALFOPEN, "list").splitlines()
                  if line and not line.startswith((" ", "case"))]
        self.assertEqual(completed("halfopen", "run", ""), listed)
        self.assertEqual(completed("halfopen", "show", "unplug-id"),
                         ["unplug-idle"])

    def test_variants_are_completed(self):
        self.assertEqual(
            completed("halfopen", "run", "server-process-crash/seg"),
            ["server-process-crash/segfault"])

    def test_options_and_their_values_are_completed(self):
        self.assertEqual(completed("halfopen", "run", "--without"),
                         ["--without-faults"])
        self.assertEqual(completed("halfopen", "run", "--format", "k"),
                         ["ktap"])
        self.assertEqual(completed("halfopen", "list", "--format", ""),
                         ["human", "jsonl", "markdown"])
        self.assertNotIn("--format", completed("halfopen", "show", "--"))


class Manual(unittest.TestCase):
    def setUp(self):
        with open(MANUAL, encoding="utf-8") as page:
            self.text = page.read()

    def test_every_placeholder_is_replaced(self):
        self.assertNotRegex(self.text, r"@[A-Z-]+@")
        for word in ("server\\-host\\-crash\\-data", "\\-\\-without\\-faults",
                     "unplug", "reaches STATE", "hosts.HOST.run"):
            self.assertIn(word, self.text)

    @unittest.skipUnless(shutil.which("groff"), "groff is not installed")
    def test_groff_prints_no_warning(self):
        done = subprocess.run(
            ["groff", "-Kutf8", "-man", "-Tutf8", "-ww", "-z", MANUAL],
            capture_output=True, check=True, text=True)
        self.assertEqual(done.stderr, "")


unittest.main(argv=sys.argv[:1], verbosity=2)
