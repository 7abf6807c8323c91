#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""halfopen run, with cases that fail, hang, crash and leak.

usage: runner.py MISBEHAVING HALFOPEN [TEST...]

MISBEHAVING is halfopen with the cases of harness/test/misbehaving/ instead of
its own.
"""
import json
import os
import pathlib
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import rig
from rig import AT_ONCE, BROKEN, FAIL, PASS, SKIPPED, USAGE

PROGRAM = sys.argv[1]


def run(*arguments, **more):
    return rig.run(PROGRAM, *arguments, **more)


class Verdicts(unittest.TestCase):
    def assert_broken(self, done, reason, at=None):
        """The verdict is the last record of the journal."""
        self.assertEqual(done.status, BROKEN, done.text)
        (name,) = done.journals
        verdict = done.verdict(name)
        self.assertEqual(verdict["verdict"], "broken")
        self.assertRegex(verdict["reason"], reason)
        self.assertFalse(verdict["inconclusive"])
        if at:
            self.assertRegex(verdict["reason"], at)
        self.assertLess(done.took, AT_ONCE)

    def test_pass(self):
        done = run("passes")
        self.assertEqual(done.status, PASS, done.text)
        self.assertEqual(done.verdict("passes")["verdict"], "pass")

    def test_expectations_after_a_failed_one_are_checked(self):
        done = run("fails", *rig.PATIENT)
        self.assertEqual(done.status, FAIL, done.text)
        expectations = [r for r in done.journals["fails"]
                        if r["type"] == "expectation"]
        self.assertEqual([e["ok"] for e in expectations], [False, True])
        self.assertRegex(expectations[0]["at"],
                         r"^harness/test/misbehaving/fails\.c:\d+$")

    def assert_fails(self, name, what):
        """Ends as FAIL with this failed expectation as the last one."""
        done = run(name, *rig.PATIENT)
        self.assertEqual(done.status, FAIL, done.text)
        last = [r for r in done.journals[name] if r["type"] == "expectation"
                and not r["ok"]][-1]
        self.assertEqual(last["what"], what)
        self.assertEqual(done.verdict(name)["verdict"], "fail")
        return last

    def test_a_call_of_the_set_up_that_the_kernel_refuses_is_a_failure(self):
        last = self.assert_fails("refused/connect", "connect() of client")
        self.assertEqual(last["observed"], "-1 EADDRNOTAVAIL")
        self.assertRegex(last["at"],
                         r"^harness/test/misbehaving/refused\.c:\d+$")

    def test_a_run_with_a_failed_expectation_is_not_skipped(self):
        self.assert_fails("refused/skip", "the moon is made of cheese")

    def test_a_call_that_follows_one_that_has_not_returned_is_a_failure(self):
        self.assert_fails("refused/late-call", "recv() in client")

    def test_a_sysctl_stores_what_is_written(self):
        coarse = 6  # CLOCK_MONOTONIC_COARSE has the resolution of a jiffy
        if time.clock_getres(coarse) < 0.0015:
            self.skipTest("HZ is 1000: 1001 ms are whole jiffies")
        self.assert_fails("refused/not-stored",
                          "the sysctls of the case")

    def test_1024_open_files_are_enough(self):
        """1024 is the usual soft limit."""
        limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (1024, limits[1]))
        try:
            done = rig.run(sys.argv[2], "accept-queue-full")
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        self.assertEqual(done.status, PASS, done.text)

    def test_script_without_expectations_is_broken(self):
        self.assert_broken(run("expects-nothing"), "expects nothing")

    def test_time_limit_ends_a_hanging_script(self):
        for name in ("hangs", "spins"):
            with self.subTest(name):
                done = run(name, "--timeout-mul", "0.05")
                self.assertEqual(done.status, BROKEN, done.text)
                self.assertIsNone(done.verdict(name))
                self.assertIn("time limit", done.text)
                self.assertGreaterEqual(done.took, 1.6)  # 0.05 * (2 * 1 + 30)
                self.assertLess(done.took, 1.6 + AT_ONCE)

    def test_crashing_script_is_broken(self):
        done = run("segfaults")
        self.assertEqual(done.status, BROKEN, done.text)
        self.assertIsNone(done.verdict("segfaults"))
        self.assertLess(done.took, AT_ONCE)

    def test_exiting_script_is_broken(self):
        done = run("exits")
        self.assertEqual(done.status, BROKEN, done.text)
        self.assertIsNone(done.verdict("exits"))

    def test_dying_probe_is_broken(self):
        for how in ("killed", "crashed"):
            with self.subTest(how):
                self.assert_broken(run(f"probe-dies/{how}"), "ended unexpectedly",
                                   at=r"probe-dies\.c:\d+")

    def test_mistakes_of_a_script_are_broken(self):
        for name, reason in (("dead-probe", "has ended"),
                             ("unknown-host", "unknown host"),
                             ("text-too-long", "at most 1024"),
                             ("posted-twice", "posted while"),
                             ("nothing-to-reap", "no call is posted")):
            with self.subTest(name):
                self.assert_broken(run(f"script-mistakes/{name}"), reason)

    def test_lost_frames_are_broken(self):
        self.assert_broken(run("loses-frames"), r"lost \d+ frames")


class SchedulingDelay(unittest.TestCase):
    def test_late_result_without_delay_fails(self):
        """The tolerance is for a busy machine; the result is a second late."""
        done = run("late/by-itself", "--slack", "900")
        self.assertEqual(done.status, FAIL, done.text)

    def test_late_result_with_delay_is_inconclusive(self):
        done = run("late/by-machine")
        self.assertEqual(done.status, BROKEN, done.text)
        verdict = done.verdict("late/by-machine")
        self.assertTrue(verdict["inconclusive"])
        self.assertGreater(max(verdict["residence"], verdict["lateness"]),
                           0.25)
        self.assertRegex(verdict["reason"],
                         r"delay of \d+\.\d ms, tolerance 50\.0 ms")

    def test_inconclusive_run_is_repeated_twice(self):
        done = run("late/by-machine")
        self.assertEqual(list(done.journals),
                         ["late/by-machine", "late/by-machine.try2",
                          "late/by-machine.try3"])
        self.assertIn("try 2; retrying", done.text)
        self.assertIn("try 3", done.text)
        done = run("late/by-machine", "--retry", "3")
        self.assertEqual(len(done.journals), 4)

    def test_last_try_of_an_inconclusive_run_counts(self):
        done = run("late/by-machine-once", "--format", "jsonl")
        self.assertEqual(done.status, PASS, done.text)
        lines = [json.loads(line) for line in done.text.splitlines()]
        self.assertEqual([(line["try"], line["verdict"]) for line in lines
                          if line["type"] == "case"],
                         [(1, "broken"), (2, "pass")])
        self.assertEqual(lines[-1]["passed"], 1)
        self.assertEqual(lines[-1]["broken"], 0)
        self.assertEqual(lines[-1]["inconclusive"], 0)

    def test_icmp_message_dropped_during_a_call_is_inconclusive(self):
        verdict = run("drops-icmp", *rig.PATIENT).verdict("drops-icmp")
        if verdict["verdict"] == "skip":
            self.skipTest(verdict["reason"])
        self.assertEqual(verdict["verdict"], "broken")
        self.assertTrue(verdict["inconclusive"])
        self.assertIn("LockDroppedIcmps", verdict["reason"])

    def test_option_turns_inconclusive_into_skip(self):
        done = run("late/by-machine", "--inconclusive=skip")
        self.assertEqual(done.status, SKIPPED, done.text)
        done = run("late/by-machine", "passes", "--inconclusive=skip")
        self.assertEqual(done.status, PASS, done.text)

    def test_delay_within_the_tolerance_fails(self):
        done = run("late/by-machine", "--slack", "800")
        self.assertEqual(done.status, FAIL, done.text)

    def test_wrong_result_with_delay_is_inconclusive(self):
        done = run("late/wrong-by-far")
        self.assertEqual(done.status, BROKEN, done.text)
        self.assertTrue(done.verdict("late/wrong-by-far")["inconclusive"])
        self.assertIn("tolerance 50.0 ms", done.text)
        done = run("late/wrong-by-far", "--slack", "500")
        self.assertEqual(done.status, FAIL, done.text)

    def test_wrong_result_within_the_tolerance_fails(self):
        for name in ("wrong-before", "wrong-after", "early"):
            with self.subTest(name):
                done = run(f"late/{name}", "--inconclusive=skip",
                           "--slack", "400")
                self.assertEqual(done.status, FAIL, done.text)

    def test_summary_has_the_longest_delays(self):
        done = run("late/by-machine", "--format", "jsonl")
        lateness = json.loads(done.text.splitlines()[-1])["lateness"]
        tries = [done.verdict(name) for name in done.journals]
        self.assertEqual(len(tries), 3, "an inconclusive run is repeated")
        self.assertAlmostEqual(lateness["wire_s"],
                               max(t["residence"] for t in tries), 6)
        self.assertAlmostEqual(lateness["cases_s"],
                               max(t["lateness"] for t in tries), 6)
        self.assertGreater(lateness["timers_s"], 0)
        self.assertIn("max scheduling delay: timers ",
                      run("late/by-machine").text)
        self.assertRegex(run("late/by-machine", "--format", "ktap").text,
                         r"\n# Max scheduling delay: timers \d+\.\d ms, ")


class Limits(unittest.TestCase):
    FEW = 7  # 40 open files are enough for about five runs at a time

    def limited(self, limit, *arguments, status=PASS):
        with tempfile.TemporaryDirectory() as out:
            begin = time.monotonic()
            process = rig.start("prlimit", limit, PROGRAM, "run", "--out", out,
                                *arguments)
            text, _ = process.communicate(timeout=120)
            self.assertEqual(process.returncode, status, text)
            self.journals = rig.read_journals(out)
            return time.monotonic() - begin

    def runs_at_a_time(self):
        """The largest number of runs that existed at one moment."""
        spans = [(journal[0]["epoch"], journal[0]["epoch"] + journal[-1]["t"])
                 for journal in self.journals.values()]
        return max(sum(begin <= moment < end for begin, end in spans)
                   for moment, _ in spans)

    def test_too_few_open_files_are_broken(self):
        """BROKEN, not SKIP: namespaces are available."""
        self.limited("--nofile=12", "passes", status=BROKEN)

    def test_message_names_the_limit_of_open_files(self):
        """How many suffice depends on the C library, among others."""
        for limit in range(14, 40, 2):
            done = rig.call("prlimit", f"--nofile={limit}", PROGRAM, "run",
                            "passes")
            if done.returncode == PASS:
                break
            self.assertEqual(done.returncode, BROKEN, done.stdout)
            self.assertIn("Too many open files", done.stdout)
        self.assertEqual(done.returncode, PASS, done.stdout)
        self.assertGreater(limit, 14)

    def test_soft_limits_are_raised(self):
        self.limited("--nofile=40:", "waits/short", "--repeat", "20")
        self.assertGreater(self.runs_at_a_time(), self.FEW)

    def test_hard_limits_are_respected(self):
        took = self.limited("--nofile=40", "waits/short", "--repeat", "10")
        self.assertGreater(took, 2 * 1.5)
        self.assertLessEqual(self.runs_at_a_time(), self.FEW)

    def test_few_processes_are_enough(self):
        """RLIMIT_NPROC does not apply to root."""
        self.limited("--nproc=100", "passes", "--repeat", "20")

    def test_programs_get_the_limits_of_the_caller(self):
        with tempfile.TemporaryDirectory() as out:
            process = rig.start("prlimit", "--nofile=80:", PROGRAM, "run",
                                "--out", out, "runs-program/long")
            pid = rig.wait_for(lambda: rig.programs(process.pid))[0]
            limits = rig.read(pid, "limits")
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=60)
        self.assertRegex(limits, r"Max open files +80 ")

    def test_two_hundred_runs_at_a_time(self):
        """All worlds exist at the same time."""
        with tempfile.TemporaryDirectory() as out:
            begin = time.monotonic()
            process = rig.start(PROGRAM, "run", "--out", out, "waits/long",
                                "--repeat", "200", "-j", "200")
            stand = rig.wait_for(lambda: len(rig.inits(process.pid)) == 400,
                                 seconds=55)
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=60)
            self.assertTrue(stand, "400 hosts")
            print(f"\n200 worlds after {time.monotonic() - begin:.1f} s",
                  flush=True)


class Skips(unittest.TestCase):
    NEEDS = {"needs-program": "not installed", "needs-sysctl": "has no",
             "needs-kernel": "needs Linux 200.0",
             "needs-setting": "not supported by this kernel",
             "needs-variant/none": "not installed"}

    def test_each_need_has_its_reason(self):
        for name, reason in self.NEEDS.items():
            with self.subTest(name):
                done = run(name)
                self.assertEqual(done.status, SKIPPED, done.text)
                verdict = done.verdict(name)
                self.assertEqual(verdict["verdict"], "skip")
                self.assertIn(reason, verdict["reason"])

    def test_one_pass_among_skips_is_a_pass(self):
        self.assertEqual(run("needs-*", "passes").status, PASS)

    def test_must_run(self):
        for value, status in (("1", FAIL), ("0", SKIPPED), ("", SKIPPED)):
            with self.subTest(value):
                done = run("needs-program", HALFOPEN_MUST_RUN=value)
                self.assertEqual(done.status, status, done.text)

    def test_must_run_does_not_retry_a_skip(self):
        done = run("needs-program", "--retry", "3", HALFOPEN_MUST_RUN="1")
        self.assertEqual(done.status, FAIL)
        self.assertEqual(list(done.journals), ["needs-program"])


class Many(unittest.TestCase):
    def test_exit_status_is_fail_then_broken_then_pass(self):
        self.assertEqual(run("passes", "expects-nothing").status, BROKEN)
        self.assertEqual(run("passes", "fails", "exits", *rig.PATIENT).status,
                         FAIL)

    def test_retry(self):
        self.assertEqual(run("fails-once", *rig.PATIENT).status, FAIL)
        done = run("fails-once", "--retry", "2", *rig.PATIENT)
        self.assertEqual(done.status, PASS, done.text)
        self.assertEqual(list(done.journals), ["fails-once",
                                               "fails-once.try2"])
        done = run("fails", "--retry", "2", *rig.PATIENT)
        self.assertEqual(done.status, FAIL)
        self.assertEqual(len(done.journals), 3)

    def test_the_last_try_is_compared(self):
        with tempfile.TemporaryDirectory() as out:
            rig.call(PROGRAM, "run", "--retry", 2, "--out", out, "fails-once")
            done = rig.call(PROGRAM, "compare", out, out)
        self.assertEqual(done.returncode, PASS, done.stdout + done.stderr)
        self.assertRegex(done.stdout, r"fails-once +PASS +PASS")

    def test_repeat(self):
        done = run("passes", "--repeat", "20")
        self.assertEqual(done.status, PASS, done.text)
        self.assertEqual(len(done.journals), 20)

    def test_one_at_a_time(self):
        """Journals have clocks of their own: measured from outside."""
        done = run("waits/short", "--repeat", "3", "-j", "1")
        self.assertEqual(done.status, PASS, done.text)
        self.assertGreaterEqual(done.took, 4.5)

    def test_exclusive_case_runs_alone(self):
        """Not in parallel with itself nor with others."""
        done = run("alone", "waits/short", "--repeat", "3")
        self.assertEqual(done.status, PASS, done.text)
        self.assertGreaterEqual(done.took, 1.5 + 3 * 0.7)

    def test_runs_are_parallel(self):
        done = run("waits/short", "--repeat", "20")
        self.assertEqual(done.status, PASS, done.text)
        self.assertLess(done.took, 1.5 + AT_ONCE)

    def test_misbehaving_runs_do_not_disturb_others(self):
        done = run("passes", "fails", "exits", "segfaults", "hangs", "leaks",
                   "needs-*", "probe-dies", "--repeat", "3", "--timeout-mul",
                   "0.05", *rig.PATIENT)
        self.assertEqual(done.status, FAIL, done.text)
        for name, journal in done.journals.items():
            case = re.split(r"[./]", name)[0]
            verdicts = [r["verdict"] for r in journal
                        if r["type"] == "verdict"]
            wanted = {"passes": ["pass"], "fails": ["fail"], "exits": [],
                      "segfaults": [], "hangs": [], "leaks": ["pass"],
                      "probe-dies": ["broken"]}.get(case, ["skip"])
            self.assertEqual(verdicts, wanted, name)


class Usage(unittest.TestCase):
    def wrong(self, *arguments, names=""):
        with tempfile.TemporaryDirectory() as out:
            done = rig.start(PROGRAM, "run", "--out", os.path.join(out, "o"),
                             *arguments)
            text, _ = done.communicate(timeout=20)
            self.assertEqual(done.returncode, USAGE, text)
            self.assertIn(names, text)
            self.assertFalse(os.path.exists(os.path.join(out, "o")),
                             "nothing is started")

    def test_unknown_case_is_refused_with_similar_names(self):
        self.wrong("pases", names="passes")

    def test_bad_output_folder_is_refused(self):
        for folder, problem in (("", "empty name"), ("x" * 5000, "longer than"),
                                ("a\tb", "control characters")):
            for words in (["run", "--out", folder, "passes"],
                          ["lab", "--out", folder],
                          ["vm", "--", "run", "--out", folder, "passes"]):
                with self.subTest(folder=folder[:10], words=words[0]):
                    done = rig.start(PROGRAM, *words)
                    text, _ = done.communicate(timeout=20)
                    self.assertEqual(done.returncode, USAGE, text)
                    self.assertIn(problem, text)
                    self.assertEqual(text.count("--out"), 1, text)

    def test_control_characters_are_refused(self):
        for word in ("\x1b[31mpasses", "passes\u202e", b"passes\xff"):
            for command in ("show", "run", "lab", "report", word):
                with self.subTest(word=word, command=command):
                    done = rig.start(PROGRAM, command, word)
                    text, _ = done.communicate(timeout=20)
                    self.assertEqual(done.returncode, USAGE)
                    self.assertRegex(text, r"^halfopen: word \d of the command "
                                           r"line .*\n$")

    def test_version_lists_optional_features(self):
        done = rig.start(PROGRAM, "--version")
        text, _ = done.communicate(timeout=20)
        self.assertEqual(done.returncode, PASS)
        self.assertRegex(text, r"^halfopen \d+\.\d+\.\d+(-\S+)?\n"
                               r"[+-] nftables.*\n[+-] libseccomp")

    def test_output_to_a_full_disk_is_broken(self):
        """A script must not take empty output for an empty list."""
        for words in (["list"], ["list", "--format", "jsonl"], ["show", "passes"],
                      ["predict"], ["run", "passes"], ["--version"]):
            with self.subTest(words), open("/dev/full", "w",
                                           encoding="ascii") as full:
                done = subprocess.run([PROGRAM, *words], stdout=full,
                                      stderr=subprocess.PIPE, check=False,
                                      text=True, env=rig.environment())
                self.assertEqual(done.returncode, BROKEN)
                self.assertRegex(done.stderr, "halfopen: .*No space left on "
                                              "device")

    def test_wrong_settings_are_refused(self):
        for text in ("net.ipv4.tcp_nonsense=1", "net.ipv4.tcp_mem=1 2 3",
                     "net.ipv4.tcp_retries2=many", "kernel.hostname=x",
                     "net.ipv4.tcp_retries2", "=1", "net.ipv4.tcp_retries2=",
                     "net.ipv4.conf.eth=1", "net.ipv4.conf.eth0.=1"):
            with self.subTest(text):
                self.wrong("passes", "--set", text,
                           names=text.split("=")[0])

    def test_wrong_numbers_are_refused(self):
        for option in (["-j", "0"], ["-j", "x"], ["--repeat", "0"],
                       ["--retry", "-1"], ["--slack", "-1"],
                       ["--slack", "nan"], ["--family", "5"],
                       ["--inconclusive", "maybe"], ["--no-such-option"]):
            with self.subTest(option):
                self.wrong("passes", *option)

    def test_setting_of_one_host_overrides_the_case(self):
        done = run("waits/short", "--set",
                   "client:net.ipv4.tcp_orphan_retries=3")
        self.assertEqual(done.status, PASS, done.text)
        told = {(r["host"], r["name"]): r["value"]
                for r in done.journals["waits/short"]
                if r["type"] == "sysctl"}
        self.assertEqual(told["client", "net.ipv4.tcp_orphan_retries"], "3")
        self.assertEqual(told["server", "net.ipv4.tcp_orphan_retries"], "1")


class Offload(unittest.TestCase):
    """A case of halfopen itself, which sends several segments at once."""

    CASE = "option-window/window-clamp"
    MSS = 1448

    def run_case(self, *options):
        done = rig.run(sys.argv[2], "--inconclusive=skip", *options, self.CASE)
        self.assertIn(done.status, (PASS, SKIPPED), done.text)
        journal = done.journals[self.CASE]
        return journal[0]["command"], [
            record for record in journal if "segments" in record]

    def test_frames_have_several_segments(self):
        command, frames = self.run_case("--offload")
        self.assertIn(" --offload", command)
        self.assertTrue(frames)
        for frame in frames:
            self.assertGreater(frame["segments"], 1)
            self.assertEqual(frame["segments"],
                             -(-frame["len"] // self.MSS))

    def test_a_frame_is_one_segment_without(self):
        command, frames = self.run_case()
        self.assertNotIn("--offload", command)
        self.assertEqual(frames, [])


class OutFolder(unittest.TestCase):
    """A folder that another user or another halfopen has prepared."""

    def setUp(self):
        # pylint: disable=consider-using-with
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)
        self.out = self.folder / "out"
        (self.out / "passes").mkdir(parents=True)

    def test_no_link_is_followed(self):
        secret = self.folder / "secret"
        for name in "journal.jsonl", "capture.pcapng", "report.html":
            with self.subTest(name):
                secret.write_text("secret", encoding="utf-8")
                link = self.out / "passes" / name
                link.unlink(missing_ok=True)
                link.symlink_to(secret)
                done = rig.call(PROGRAM, "run", "--out", self.out, "passes")
                self.assertEqual(done.returncode, BROKEN)
                self.assertIn("symbolic link not followed",
                              done.stdout + done.stderr)
                self.assertEqual(secret.read_text(encoding="utf-8"), "secret")
                link.unlink()

    def test_fifo_does_not_block(self):
        os.mkfifo(self.out / "passes" / "journal.jsonl")
        done = rig.call(PROGRAM, "run", "--out", self.out, "passes",
                        seconds=30)
        self.assertEqual(done.returncode, BROKEN)
        self.assertIn("not a regular file", done.stdout + done.stderr)
        done = rig.call(PROGRAM, "report", self.out, seconds=30)
        self.assertEqual(done.returncode, USAGE)

    def test_second_halfopen_is_refused(self):
        with rig.start(PROGRAM, "run", "--out", self.out,
                       "runs-program/long") as first:
            journal = self.out / "runs-program" / "long" / "journal.jsonl"
            self.assertTrue(rig.wait_for(journal.exists))
            for words in (["run", "--out", self.out, "passes"],
                          ["report", "--html", self.out]):
                done = rig.call(PROGRAM, *words)
                self.assertEqual(done.returncode, USAGE)
                self.assertIn("another halfopen writes to this folder",
                              done.stderr)
            first.kill()

    def test_full_disk_is_broken_and_named(self):
        """A file system of one block, in a mount namespace of the test: there is
        no room for the page, or for the capture."""
        mount = ('mount -t tmpfs -o size=4k none "$0" && exec "$@"')
        for words in ["run", "passes"], ["lab", "--for", "100ms", "--expect",
                                         "client: ESTAB"]:
            done = rig.call("unshare", "-U", "-r", "-m", "sh", "-c", mount,
                            self.out, PROGRAM, *words, "--out", self.out)
            text = done.stdout + done.stderr
            if "unshare: " in text or "mount: " in text:
                self.skipTest(text)
            self.assertEqual(done.returncode, BROKEN, text)
            self.assertIn("No space left on device", text)
            self.assertNotIn("PASS", text)
            self.assertNotIn("1 passed", text)

    def test_killed_halfopen_leaves_the_records_so_far(self):
        """In the journal and in the capture, while the run goes on."""
        with rig.start(PROGRAM, "run", "--out", self.out,
                       "waits/long") as process:
            folder = self.out / "waits" / "long"
            capture, journal = (folder / name for name in (
                "capture.pcapng", "journal.jsonl"))
            written = rig.wait_for(
                lambda: journal.exists() and
                "recv() blocks" in journal.read_text(encoding="utf-8"))
            process.kill()
        self.assertTrue(written)
        records = rig.read_journals(self.out)["waits/long"]
        frames = [record for record in records if record["type"] == "frame"]
        self.assertEqual(len(frames), 3, records)
        for frame in frames:
            self.assertIn(bytes.fromhex(frame["hex"]), capture.read_bytes())


class Deaths(unittest.TestCase):
    """Processes of a run are killed from outside."""

    def one_dies(self, which):
        """Of three runs one loses a process; the others pass."""
        with tempfile.TemporaryDirectory() as out:
            process = rig.start(PROGRAM, "run", "--out", out, "waits/short",
                                "--repeat", "3")
            rig.wait_for(lambda: len(rig.probes(process.pid)) == 6)
            rig.kill(which(process.pid)[0])
            text, _ = process.communicate(timeout=60)
            self.assertEqual(process.returncode, BROKEN, text)
            passed = [name for name, journal in rig.read_journals(out).items()
                      if any(r.get("verdict") == "pass" for r in journal)]
            self.assertEqual(len(passed), 2, text)

    def one_run_ends_at_once(self, which, name="waits/long"):
        process = rig.start(PROGRAM, "run", name)
        rig.wait_for(lambda: len(rig.probes(process.pid)) == 2 and
                     which(process.pid))
        # For the connection.
        time.sleep(0.2)
        begin = time.monotonic()
        rig.kill(which(process.pid)[0])
        text, _ = process.communicate(timeout=60)
        self.assertEqual(process.returncode, BROKEN, text)
        self.assertLess(time.monotonic() - begin, AT_ONCE)

    def test_worker(self):
        self.one_dies(rig.workers)
        self.one_run_ends_at_once(rig.workers)

    def test_init_of_a_host(self):
        self.one_dies(rig.inits)
        self.one_run_ends_at_once(rig.inits)

    def test_probe(self):
        self.one_dies(rig.probes)
        self.one_run_ends_at_once(rig.probes)

    def test_program(self):
        self.one_run_ends_at_once(rig.programs, "runs-program/long")

    def test_signals_end_the_program_after_its_report(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(number):
                process = rig.start(PROGRAM, "run", "passes", "waits/long")
                rig.wait_for(lambda: len(rig.probes(process.pid)) == 2)
                mine = rig.descendants(process.pid)
                # For "passes", which starts after the longer run.
                time.sleep(0.3)
                begin = time.monotonic()
                process.send_signal(number)
                text, _ = process.communicate(timeout=60)
                self.assertEqual(process.returncode, -number, text)
                self.assertLess(time.monotonic() - begin, AT_ONCE)
                self.assertIn("PASS", text)
                self.assertIn("BROKEN", text)
                self.assertFalse([p for p in mine if rig.read(p, "cmdline")])

    def test_closed_pipe_leaves_no_process(self):
        """As with `halfopen run | head`."""
        process = rig.start(PROGRAM, "run", "-v", "waits/short", "--repeat",
                            "3")
        process.stdout.close()
        process.wait(timeout=30)
        self.assertNotEqual(process.returncode, None)


if __name__ == "__main__":
    rig.main(sys.argv)
