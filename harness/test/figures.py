#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""halfopen figure: each figure of the documents has runs, and is drawn from them.

usage: figures.py HALFOPEN [TEST...]
"""
import os
import re
import sys
import tempfile
import unittest
import xml.etree.ElementTree as tree

import rig
from rig import PASS, USAGE

HALFOPEN = sys.argv[1]
# Of the documents: those that have a number there.
NUMBERS = [1, 2, 3, 4, 11, 12, 13, 14, 31, 32, 33, 34, 35, 36, 37, 38, 41, 42]
# What only a drawing of this figure has; runs of a few seconds.
QUICK = {
    "3": r"= 2 s \+ 1 s \* 3 = 5 s\n",
    "12": r"\n +\d\.\d+  1 +0 \(4\) \n",
    # A plateau: the queue is full beyond 50 requests per second.
    "13": r"(?m)^ +│ +●─+●─+●$(?s:.*)^  160 requests per second: \d+ "
          r"answered, predicted \d+$",
    "14": r"LISTEN +6 +5 +full",
    "31": r"TIME-WAIT, 60\.000 s left",
    "33": r"R 2:2\(0\) .*\n.* no socket ●",
    "36": r"inject a segment",
}


def figure(*words):
    return rig.call(HALFOPEN, "figure", *words)


class Figures(unittest.TestCase):
    def test_every_number_is_listed(self):
        done = figure()
        self.assertEqual(done.returncode, PASS, done.stderr)
        self.assertEqual([int(n) for n in re.findall(r"^(\d+) +[A-D] ",
                                                     done.stdout, re.M)],
                         NUMBERS)

    def test_every_figure_names_runs(self):
        """The refusal names the first run of the figure."""
        with tempfile.TemporaryDirectory() as empty:
            rig.call(HALFOPEN, "run", "--out", empty,
                     "server-process-crash/killed")
            for number in NUMBERS:
                with self.subTest(number):
                    done = figure(str(number), "--from", empty)
                    self.assertEqual(done.returncode, USAGE, done.stdout)
                    name = done.stderr.split()[-1]
                    self.assertEqual(
                        rig.call(HALFOPEN, "show", name).returncode, PASS)

    def test_wrong_words_are_refused(self):
        for words, message in ((("99",), "unknown figure '99'"),
                               (("1", "2"), "more than one figure"),
                               (("--out", "x"), "missing NUMBER"),
                               (("1", "--from", "/nonexistent"),
                                "/nonexistent")):
            with self.subTest(words):
                done = figure(*words)
                self.assertEqual(done.returncode, USAGE)
                self.assertIn(message, done.stderr)


class Drawings(unittest.TestCase):
    def test_figures_are_drawn_from_their_runs(self):
        for number, pattern in QUICK.items():
            with self.subTest(number), tempfile.TemporaryDirectory() as out:
                done = figure(number, "--out", out)
                if "SKIP" in done.stdout or "BROKEN" in done.stdout:
                    continue  # a missing program, or a slow machine
                self.assertEqual(done.returncode, PASS,
                                 done.stdout + done.stderr)
                self.assertRegex(done.stdout, rf"\AFigure {number}\. ")
                self.assertRegex(done.stdout, pattern)
                self.assertRegex(done.stdout, "as in the document:|"
                                 "different from the document:")
                self.check_claims(done.stdout)
                self.check_variants(done.stdout)
                # The legend, where there is a ladder with its hosts.
                self.assertEqual(
                    "S SYN, . ACK" in done.stdout,
                    bool(re.search(r"(?m)^ +10\.0\.0\.1 ", done.stdout)))
                self.check_files(number, out)
                again = figure(number, "--from", out)
                self.assertEqual(
                    drawing(again.stdout), drawing(done.stdout))

    def check_variants(self, text):
        """The sentence of a run's variant stands below its name."""
        for case, sentence in re.findall(
                r"(?m)^PASS  ([^/\n]*)/.*\n  ((?:.+\n)+)", text):
            done = rig.call(HALFOPEN, "show", case)
            self.assertIn(" ".join(sentence.split()),
                          " ".join(done.stdout.split()))

    def check_claims(self, text):
        """Each judgement stands below its claim in words."""
        text = re.sub(r"\n {4}"
                      r"(?!(?:right|conditional|outdated since \S+|wrong): )",
                      " ", text)
        for claim, words, judgement in re.findall(
                r"(?m)^  - ([A-D]\d+)(.*)\n    (.*)$", text):
            done = rig.call(HALFOPEN, "list", "--document", claim)
            self.assertTrue(words.startswith(": "), claim + words)
            self.assertIn(words[2:], " ".join(done.stdout.split()))
            document, _, note = judgement.partition(": ")
            self.assertIn(f"{document} halfopen",
                          " ".join(done.stdout.split()))
            self.assertTrue(note, judgement)

    def check_files(self, number, out):
        page = tree.parse(os.path.join(out, f"figure-{number}.html")).getroot()
        text = "".join(page.itertext())
        self.assertIn(f"Figure {number}. ", text)
        found = [name for _, _, names in os.walk(out) for name in names]
        for name in ("journal.jsonl", "ladder.svg", "report.html"):
            self.assertIn(name, found)


def drawing(text):
    """Without the hints that only a new run has."""
    return re.sub(r"\n  at the kernel's defaults.*|\n[^\n]*\.html\n", "", text,
                  flags=re.S).rstrip()


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[2:], verbosity=2)
