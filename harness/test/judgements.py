#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The judgements of the documents: the command of each row of the table prints
its judgement, and a run that --set has changed prints none.

usage: judgements.py HALFOPEN BUILD [TEST...]

Rows that take minutes are run in virtual time, in the newest kernel below
BUILD/kernels or the one in HALFOPEN_KERNEL; without one they are left out.
"""
import glob
import json
import os
import re
import subprocess
import sys
import unittest

import rig
from rig import PASS

HALFOPEN, BUILD = sys.argv[1:3]
ROW = re.compile(r"\| (\w*) \| .* \| \*\*(\w+)(?: since ([^*]+))?\*\*: (.*) "
                 r"\| `halfopen run ([^`]+)`(.*) \|")


def rows():
    """[(claim, document, since, note, name of the run, whether it takes
    minutes)] of the table that `list --document` prints."""
    done = rig.call(HALFOPEN, "list", "--document", "--format", "markdown")
    found, claim = [], ""
    for line in done.stdout.splitlines():
        match = ROW.fullmatch(line)
        if not match:
            continue
        claim = match[1] or claim
        found.append((claim, match[2], match[3], match[4].replace("\\|", "|"),
                      match[5], "--virtual-time" in match[6]))
    return found


def results(*words, before=("run",)):
    """The case lines of runs that are repeated while they are inconclusive."""
    done = rig.call(HALFOPEN, *before, "--format", "jsonl", "--inconclusive",
                    "skip", *words)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    found = [line for line in lines if line["type"] == "case"]
    if not found:
        raise AssertionError(done.stdout + done.stderr)
    return found


def judged(result):
    return {(j["claim"], j["document"], j["since"], j["note"])
            for j in result["judgements"]}


def kernel():
    named = os.environ.get("HALFOPEN_KERNEL")
    found = [named] if named else sorted(
        glob.glob(os.path.join(BUILD, "kernels", "[0-9]*")))
    return found[-1] if found else None


class Commands(unittest.TestCase):
    def check(self, wanted, found):
        for claim, document, since, note, name, _ in wanted:
            case, _, variant = name.partition("/")
            runs = [r for r in found if r["name"] == case and
                    (not variant or r["variant"] == variant)]
            with self.subTest(f"halfopen run {name}: {claim} {document}"):
                self.assertTrue(runs)
                if any(r["verdict"] == "skip" for r in runs):
                    continue  # a missing program, or a slow machine
                self.assertIn((claim, document, since, note),
                              set().union(*map(judged, runs)),
                              [(r["verdict"], r["reason"]) for r in runs])

    def test_every_claim_is_in_the_table(self):
        done = rig.call(HALFOPEN, "list", "--document")
        self.assertEqual({row[0] for row in rows()},
                         set(re.findall(r"^  ([A-D]\d+) ", done.stdout, re.M)))
        # One command on the line above each reason.
        self.assertEqual(len(rows()),
                         len(re.findall(r"^ {10}halfopen run \S+",
                                        done.stdout, re.M)))

    def test_each_command_prints_its_judgement(self):
        wanted = [row for row in rows() if not row[5]]
        self.assertGreater(len(wanted), 150)
        self.check(wanted, results(*sorted({row[4] for row in wanted})))

    def test_each_long_command_prints_its_judgement_in_virtual_time(self):
        wanted = [row for row in rows() if row[5]]
        self.assertGreater(len(wanted), 5)
        if not kernel():
            self.skipTest("no kernel to boot")
        self.check(wanted, results(
            *sorted({row[4] for row in wanted}),
            before=("vm", "--virtual-time", "--kernel", kernel(), "--",
                    "run")))

    def test_a_long_run_names_the_command_in_virtual_time(self):
        run = subprocess.Popen(
            [HALFOPEN, "run", "msl-not-enforced/after-time-wait"],
            stdout=subprocess.PIPE, text=True)
        first = run.stdout.readline()
        run.terminate()
        run.communicate()
        self.assertIn("halfopen vm --virtual-time -- run "
                      "msl-not-enforced/after-time-wait", first)
        done = rig.call(HALFOPEN, "run", "server-process-crash/killed")
        self.assertNotIn("virtual-time", done.stdout)


class Finding(unittest.TestCase):
    """A reader finds a claim by its number, its words, or its heading."""

    def claims(self, *words):
        done = rig.call(HALFOPEN, "list", "--document", *words)
        self.assertEqual(done.returncode, PASS, done.stderr)
        return re.findall(r"^  ([A-D]\d+) ", done.stdout, re.M)

    def test_a_claim_selects_its_own_judgements_only(self):
        self.assertEqual(self.claims("A16"), ["A16"])
        self.assertEqual(self.claims("a16", "C24"), ["A16", "C24"])
        self.assertEqual(set(self.claims("server-host-crash-large-rtt")),
                         {"A6", "A16"})

    def test_a_claim_that_a_section_repeats_is_listed_there(self):
        done = rig.call(HALFOPEN, "list", "--document", "A9")
        self.assertEqual(re.findall(r"^([A-D])\. ", done.stdout, re.M),
                         ["A", "D"])
        self.assertEqual(self.claims("A9"), ["A9", "A9"])

    def test_text_of_a_claim_or_heading_selects_it(self):
        self.assertEqual(self.claims("Large RTT the TIMEOUT"), ["A16"])
        found = self.claims("拔掉网线后，没有数据传输")
        self.assertIn("D8", found)
        self.assertIn("A20", found)
        self.assertNotIn("D3", found)
        done = rig.call(HALFOPEN, "list", "拔掉网线")
        self.assertIn("unplug-data-replug", done.stdout)
        self.assertNotIn("accept-queue-limit", done.stdout)

    def test_chinese_text_selects_in_either_language(self):
        found = self.claims("保活")
        self.assertIn("A12", found)
        self.assertNotIn("C1", found)
        self.assertEqual(found, self.claims("--lang", "zh", "保活"))

    def test_show_begins_with_the_claim(self):
        done = rig.call(HALFOPEN, "show", "D6")
        first = done.stdout.split("\n\n")[0]
        self.assertRegex(first, r"^D\. .*\n  .*\n  D6 ")
        self.assertIn("halfopen run unplug-data-give-up", first)
        self.assertIn("\nunplug-data-give-up  ", done.stdout)
        done = rig.call(HALFOPEN, "show", "unplug-data-give-up")
        self.assertTrue(done.stdout.startswith("unplug-data-give-up"))

    def test_what_is_nowhere_is_refused(self):
        for command in ("list", "show"):
            done = rig.call(HALFOPEN, command, "xyzzy plugh")
            self.assertEqual(done.returncode, 2)
            self.assertIn("xyzzy plugh", done.stderr)
        self.assertEqual(
            rig.call(HALFOPEN, "run", "拔掉网线").returncode, 2)


class Reasons(unittest.TestCase):
    """A claim that is partly right has the reason of that part, too."""

    def table(self, *names):
        done = rig.call(HALFOPEN, "run", "--inconclusive", "skip", *names)
        if "SKIP" in done.stdout:
            self.skipTest("a slow machine")
        self.assertEqual(done.returncode, PASS, done.stdout)
        return done.stdout

    def test_right_and_wrong_in_one_case(self):
        self.assertRegex(self.table("accept-queue-limit/ss"),
                         r"B10\s+right: Recv-Q is the length")

    def test_right_in_one_case_and_conditional_in_another(self):
        table = self.table("four-way-close/shutdown", "simultaneous-close")
        self.assertRegex(table, r"C1\s+right: these states")
        self.assertRegex(table, r"C2\s+right\n")

    def test_right_alone_has_no_reason(self):
        self.assertRegex(self.table("four-way-close/shutdown"),
                         r"C1 C2\s+right\n")


class Hints(unittest.TestCase):
    """Below the table: where variants are explained, and what has not run."""

    def test_runs_of_the_claim_that_need_all_are_named(self):
        done = rig.call(HALFOPEN, "run", "C5")
        self.assertIn("\nnot run: isn-clock/comes-round (about 5 min, with "
                      "--all)\n", done.stdout)
        self.assertTrue(done.stdout.endswith(
            "\nwhat each variant means: halfopen show isn-clock\n"))

    def test_a_variant_by_name_leaves_nothing_out(self):
        done = rig.call(HALFOPEN, "run", "four-way-close/shutdown",
                        "four-way-close-in-three/at-once")
        self.assertNotIn("not run:", done.stdout)
        self.assertTrue(done.stdout.endswith(
            "\nwhat each variant means: halfopen show CASE\n"))

    def test_a_case_without_variants_has_no_hint(self):
        done = rig.call(HALFOPEN, "run", "simultaneous-close")
        self.assertNotIn("halfopen show", done.stdout)


class Sentences(unittest.TestCase):
    """The sentence of a variant and the prediction of its run agree on the
    number of retransmissions; without "RTO" it includes the tail loss probe."""

    CASES = ("client-host-crash-server-restart", "retries2-count-or-time",
             "thin-linear", "unplug-data-give-up", "unreachable-sending")
    WORDS = ("zero one two three four five six seven eight nine ten").split()
    COUNT = re.compile(r"(?<!than )\b(%s|\d+) (RTO )?retransmissions?\b" %
                       "|".join(WORDS))
    TRIES = 3  # the RTT of a busy machine changes the prediction

    def stated(self, case):
        """{variant: [(number, whether of RTO retransmissions only)]}"""
        text = rig.call(HALFOPEN, "show", case).stdout
        section = re.search(r"\nVariants\n(.*?)\n\n", text, re.S)[1]
        found = {}
        for block in re.split(r"\n(?=  \S)", "\n" + section)[1:]:
            sentence = " ".join(block.split())
            counts = [(self.WORDS.index(n) if n in self.WORDS else int(n),
                       bool(rto)) for n, rto in self.COUNT.findall(sentence)]
            if counts:
                found[sentence.split()[0]] = counts
        return found

    def contradicted(self, stated):
        """The variants whose runs predict another number."""
        wrong = {}
        for run in results(*map("/".join, stated)):
            predicted = run["predicted"]
            if run["verdict"] == "skip":
                continue
            key = run["name"], run["variant"]
            for count, rto in stated[key]:
                probe = not rto and "tail_loss_probe_s" in predicted
                if count != predicted["rto_retransmissions"] + probe:
                    wrong[key] = count, rto, predicted
        return wrong

    def test_numbers_of_retransmissions(self):
        stated = {}
        for case in self.CASES:
            found = self.stated(case)
            found.pop("defaults", None)
            self.assertTrue(found, case)
            stated |= {(case, v): counts for v, counts in found.items()}
        wrong = stated
        for _ in range(self.TRIES):
            wrong = self.contradicted({key: stated[key] for key in wrong})
            if not wrong:
                break
        self.assertFalse(wrong)

    def test_an_orphan_at_the_default_values(self):
        text = rig.call(HALFOPEN, "predict", "tcp_orphan_retries=0",
                        "tcp_early_retrans=3", "rtt=1ms").stdout
        predicted = re.search(r"\n  orphan .*\n.*after (\d+) retrans", text)
        for case in ("client-host-crash-server-restart",
                     "last-ack-always-lost", "http-keepalive-timeout"):
            self.assertEqual(self.stated(case)["defaults"],
                             [(int(predicted[1]), True)])


class Settings(unittest.TestCase):
    """The reasons of these judgements would be refuted by the run itself."""

    RUNS = {
        "rst-timestamps/abort": "net.ipv4.tcp_timestamps=0",
        "accept-queue-load/long-queue": "server:net.core.somaxconn=2",
        "syn-unanswered/queue-full":
            "client:net.ipv4.tcp_syn_linear_timeouts=0",
    }

    def test_a_changed_run_judges_nothing(self):
        for name, setting in self.RUNS.items():
            with self.subTest(name):
                (plain,) = results(name)
                (changed,) = results(name, "--set", setting)
                if plain["verdict"] == "skip":
                    self.skipTest(plain["reason"])
                self.assertTrue(plain["judgements"])
                self.assertEqual(plain["reason"], "")
                self.assertEqual(changed["judgements"], [])
                self.assertNotEqual(changed["reason"], "")

    def test_the_table_gives_the_reason(self):
        setting = "client:net.ipv4.tcp_retries2=4"
        done = rig.call(HALFOPEN, "run", "--set", setting,
                        "server-process-crash/killed")
        self.assertEqual(done.returncode, PASS, done.stdout)
        self.assertIn("not judged: --set changes the experiment", done.stdout)
        self.assertNotIn("conditional", done.stdout)

    def test_a_case_without_a_judgement_needs_no_reason(self):
        (result,) = results("unreachable-connecting/interface", "--set",
                            "net.ipv4.tcp_retries2=14")
        self.assertEqual((result["verdict"], result["reason"]), ("pass", ""))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:], verbosity=2)
