#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""halfopen compare, with runs recorded here.

usage: compare.py HALFOPEN
"""
import json
import pathlib
import shutil
import sys
import tempfile
import unittest

import rig

HALFOPEN = sys.argv[1]
CASE = "server-process-crash"
SAME, DIFFERENT, USAGE, UNREADABLE = range(4)
LAB = ["--at", "300ms", "crash server", "--at", "400ms", "send client 100"]
# The same number of retransmissions on a busy machine.
LAB_END = ["--at", "when client has sent 3 retransmissions", "end", "--for", "60s"]


def halfopen(*arguments):
    return rig.call(HALFOPEN, *arguments, seconds=120)


def compare(*arguments):
    return halfopen("compare", "--columns", 100, *arguments)


def compare_lines(*arguments):
    done = compare("--format", "jsonl", *arguments)
    return done.returncode, [json.loads(line)
                             for line in done.stdout.splitlines()]


class Compare(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.scratch.cleanup)
        cls.top = pathlib.Path(cls.scratch.name)
        cls.keep("a", "run", f"{CASE}/client-idles", f"{CASE}/killed")
        cls.keep("b", "run", f"{CASE}/client-idles", f"{CASE}/killed")
        cls.keep("set", "run", f"{CASE}/client-idles", "--set",
                 "server:net.ipv4.tcp_max_syn_backlog=7")
        cls.keep_data("data")
        cls.keep_data("no-probe", "--set",
                      "client:net.ipv4.tcp_early_retrans=0")
        cls.keep("twice", "run", f"{CASE}/killed", "--repeat", 2)
        cls.keep("lab", "lab", "-q", *LAB, *LAB_END)
        cls.keep("lab-again", "lab", "-q", *LAB, *LAB_END)
        cls.keep("lab-back", "lab", "-q", "--at", "700ms", "reboot server",
                 *LAB, "--for", "1200ms")

    @classmethod
    def keep(cls, name, *arguments):
        done = halfopen(*arguments, "--out", cls.top / name)
        if done.returncode == rig.SKIPPED:
            raise unittest.SkipTest(done.stdout)
        assert done.returncode in (rig.PASS, rig.BROKEN), done.stderr

    @classmethod
    def keep_data(cls, name, *options):
        """Four RTO retransmissions. On a busy machine a larger RTT makes an
        RTO with which three exceed tcp_retries2: then records it again."""
        for _ in range(5):
            cls.keep(name, "run", "server-host-crash-data/retries2=3",
                     *options)
            (journal,) = rig.read_journals(cls.top / name).values()
            if any(r["type"] == "measured" and r["value"] == 4 and
                   r["name"] == "rto_retransmissions" for r in journal):
                break

    def test_two_runs_on_one_kernel_do_not_differ(self):
        done = compare(self.top / "a", self.top / "b")
        self.assertEqual(done.returncode, SAME, done.stdout + done.stderr)
        self.assertIn("no difference in 2 runs", done.stdout)
        self.assertRegex(done.stdout, r"Linux \S+, HZ \d+, IPv4.*halfopen 0")
        self.assertEqual(done.stderr, "")

    def test_a_setting_that_matters_is_found(self):
        """Without the tail loss probe there is one retransmission less."""
        done = compare(self.top / "data", self.top / "no-probe")
        self.assertEqual(done.returncode, DIFFERENT, done.stdout)
        self.assertIn("client:net.ipv4.tcp_early_retrans: A not set, B 0",
                      done.stdout)
        self.assertRegex(done.stdout, r"tail_loss_probe_s 0\.\d+ s \| none")
        self.assertRegex(done.stdout,
                         r"equal, then 1 only in A and 0 only in B")
        self.assertIn("1 of 1 runs differ", done.stdout)
        for line in done.stdout.splitlines():
            self.assertLessEqual(len(line), 100, line)

    def test_verbose_shows_a_setting_that_does_not_matter(self):
        done = compare("-v", self.top / "a", self.top / "set",
                       f"{CASE}/client-idles")
        self.assertEqual(done.returncode, SAME, done.stdout)
        self.assertIn("tcp_max_syn_backlog: A not set, B 7", done.stdout)
        self.assertRegex(done.stdout, r"segments +\d+, all equal")

    def test_jsonl_has_a_line_per_run_and_a_summary(self):
        status, lines = compare_lines(self.top / "data",
                                      self.top / "no-probe")
        self.assertEqual(status, DIFFERENT)
        self.assertEqual([line["type"] for line in lines],
                         ["compare", "summary"])
        self.assertEqual(lines[0]["segments"]["alone"], [1, 0])
        self.assertEqual(lines[0]["parts_at"]["segment"][0]["text"],
                         "P. 1:101(100) ack 1")
        self.assertEqual(lines[0]["sysctls"],
                         {"client:net.ipv4.tcp_early_retrans": [None, "0"]})
        self.assertEqual(lines[1], {"type": "summary", "same": 0,
                                    "different": 1, "only_a": 0, "only_b": 0})

    def test_two_runs_of_a_lab_do_not_differ(self):
        done = compare(self.top / "lab", self.top / "lab-again")
        self.assertEqual(done.returncode, SAME, done.stdout)

    def test_an_additional_fault_is_found(self):
        status, lines = compare_lines(self.top / "lab", self.top / "lab-back")
        self.assertEqual(status, DIFFERENT)
        parts = lines[0]["parts_at"]
        self.assertIsNone(parts["fault"][0])
        self.assertEqual(parts["fault"][1]["text"], "reboot server")
        # Relative to the timeline of the lab.
        self.assertAlmostEqual(parts["fault"][1]["t"], 0.7, delta=0.2)
        self.assertIn("ECONNRESET", parts["result"][1]["text"])

    def test_two_folders_of_runs_with_other_names_are_compared(self):
        a = self.top / "a" / CASE / "killed"
        done = compare(a, self.top / "b" / CASE / "killed")
        self.assertEqual(done.returncode, SAME, done.stdout)
        done = compare(a, self.top / "lab" / "lab")
        self.assertEqual(done.returncode, DIFFERENT, done.stdout)
        self.assertIn(f"{CASE}/killed | lab", done.stdout)
        _, lines = compare_lines(a, self.top / "lab" / "lab")
        self.assertEqual(lines[0]["against"], "lab")

    def test_only_the_first_repetition_is_compared(self):
        done = compare(self.top / "twice", self.top / "a", f"{CASE}/killed")
        self.assertEqual(done.returncode, SAME, done.stdout)
        self.assertIn("first repetition of each run, its last try; 1 more", done.stdout)

    def test_runs_that_only_one_has_are_listed(self):
        done = compare(self.top / "a", self.top / "twice")
        self.assertEqual(done.returncode, DIFFERENT, done.stdout)
        self.assertIn(f"only in A: {CASE}/client-idles", done.stdout)
        status, lines = compare_lines(self.top / "twice", self.top / "a")
        self.assertEqual(status, DIFFERENT)
        self.assertEqual(lines[-1]["only_b"], 1)

    def assert_refused(self, status, words, *arguments):
        done = compare(*arguments)
        self.assertEqual(done.returncode, status, done.stderr)
        self.assertIn(words, done.stderr)

    def test_wrong_usage_is_refused(self):
        a, b = self.top / "a", self.top / "b"
        self.assert_refused(USAGE, "missing B", a)
        self.assert_refused(USAGE, "--format 'xml'", a, b, "--format", "xml")
        self.assert_refused(USAGE, "--columns '7'", a, b, "--columns", "7")
        self.assert_refused(USAGE, "no run in A matches 'frob'", a, b,
                            "frob")
        self.assert_refused(USAGE, "no run in B matches '*idles'", a,
                            self.top / "twice", "*idles")
        self.assert_refused(USAGE, "no run in common", self.top / "lab", a)
        self.assert_refused(USAGE, "nowhere", a, self.top / "nowhere")
        self.assert_refused(USAGE, "there is no journal.jsonl below", "/usr/bin",
                            self.top / "nowhere")

    def test_an_unreadable_line_is_reported(self):
        cut = self.top / "cut"
        shutil.copytree(self.top / "a", cut)
        path = cut / CASE / "killed" / "journal.jsonl"
        lines = path.read_bytes().splitlines(keepends=True)
        path.write_bytes(b"".join(lines[:5]) + b"{broken\n")
        done = compare(self.top / "a", cut)
        self.assertEqual(done.returncode, UNREADABLE, done.stdout)
        self.assertIn("journal.jsonl: line 6", done.stderr)
        self.assertIn("BROKEN", done.stdout)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
