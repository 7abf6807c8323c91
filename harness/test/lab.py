#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Tests of `halfopen lab`: plans, faults, expectations, the prompt, reports.

usage: lab.py HALFOPEN [--shard N | TEST...]

Without TEST the tests are dealt to several processes, because most of them wait.
"""
import fcntl
import functools
import json
import os
import pathlib
import pty
import pwd
import re
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import termios
import textwrap
import time
import unittest
import xml.dom.minidom

import rig

HALFOPEN = os.path.realpath(sys.argv[1])


def conclusive(function):
    """Calls a function that returns exit status, output and more again while
    the lab is inconclusive: halfopen gives up after three tries, too few for
    sanitizers beside other tests. A machine on which ten calls do not suffice,
    and which is overloaded, is no place for the test."""
    @functools.wraps(function)
    def repeated(*words, **more):
        for _ in range(10):
            status, text, *rest = function(*words, **more)
            if status != rig.BROKEN or "BROKEN: inconclusive" not in text:
                return status, text, *rest
        load = os.getloadavg()[0]
        if load > 4 * os.cpu_count():
            raise unittest.SkipTest(f"inconclusive at a load of {load}")
        return status, text, *rest
    return repeated


def lab_once(*words, seconds=300, **more):
    """Runs a lab to its end: exit status and output of the last try."""
    process = rig.start(HALFOPEN, "lab", *words, **more)
    text, _ = process.communicate(timeout=seconds)
    return process.returncode, text.split("the lab is repeated: try ")[-1]


lab = conclusive(lab_once)


def lab_file(text, *words):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "incident.yaml")
        path.write_text(text, encoding="utf-8")
        return lab(str(path), *words)


@conclusive
def journal(*words):
    """Exit status, output and journal records of the last try of a lab."""
    with tempfile.TemporaryDirectory() as out:
        status, text = lab_once("--quiet", "--out", out, *words)
        journals = rig.read_journals(out)
        assert journals and len({n.split(".try")[0] for n in journals}) == 1, \
            text
        return status, text, journals[max(journals)]


def file_journal(text, *words):
    """The same of a file with that text."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "incident.yaml")
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        return journal(str(path), *words)


def texts(records, kind):
    return [r["text"] for r in records if r["type"] == kind]


class Repetition(unittest.TestCase):
    def test_inconclusive_lab_is_repeated_twice(self):
        with tempfile.TemporaryDirectory() as out:
            done = rig.call(HALFOPEN, "lab", "--expect",
                            "client: CLOSE-WAIT", "--for", "200ms", "--slack",
                            "0", "--out", out, "--format", "jsonl")
            names = sorted(rig.read_journals(out))
        cases = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual(done.returncode, rig.BROKEN, done.stdout)
        self.assertEqual([(c["try"], c["inconclusive"]) for c in cases
                          if c["type"] == "case"],
                         [(1, True), (2, True), (3, True)])
        self.assertEqual(cases[-1]["broken"], 1)
        self.assertEqual([name.split(".")[1:] for name in names],
                         [[], ["try2"], ["try3"]])

    def test_message_says_that_a_lab_is_repeated(self):
        done = rig.call(HALFOPEN, "lab", "--expect", "client: CLOSE-WAIT",
                        "--for", "200ms", "--slack", "0")
        self.assertIn("inconclusive; the lab is repeated: try 3 of 3",
                      done.stdout)

    def test_failed_lab_is_not_repeated(self):
        done = rig.call(HALFOPEN, "lab", "--expect", "client: CLOSE-WAIT",
                        "--for", "200ms", "--slack", "60000")
        self.assertEqual(done.returncode, rig.FAIL, done.stdout)
        self.assertNotIn("repeated", done.stdout)


class Inconclusive(unittest.TestCase):
    """With --slack 0 every delay is above the tolerance."""

    def status(self, *words):
        return lab(*words, "--slack", "0")[0]

    def test_miss_by_far_is_a_failure(self):
        for expected in ("EOF", "1 CLOSE-WAIT"):
            self.assertEqual(
                self.status("--expect", f"client: {expected} within 50ms",
                            "--for", "6s"), rig.FAIL)

    def test_contradiction_without_a_time_is_a_failure(self):
        for expected in ("one: exit 0", "one: prints no \"a\"", "one: runs"):
            self.assertEqual(
                self.status("--at", "0s", 'run "echo a; exit 3" in client as '
                            "one", "--at", "100ms after one ends", "end",
                            "--expect", expected, "--for", "60s"),
                rig.FAIL, expected)

    def test_missing_event_may_be_inconclusive(self):
        self.assertEqual(self.status("--expect", "client: EOF", "--for",
                                     "200ms"), rig.BROKEN)


    def stopped(self, seconds, *words):
        """The first try of a lab whose process is stopped for a while, from 600
        ms after the start on: its verdict, and whether it is inconclusive."""
        def children(pid):
            path = pathlib.Path(f"/proc/{pid}/task/{pid}/children")
            try:
                return path.read_text(encoding="ascii").split()
            except OSError:
                return []

        process = rig.start(HALFOPEN, "lab", "--format", "jsonl", *words)
        deadline = time.monotonic() + 10
        worker = None
        while not worker and time.monotonic() < deadline:
            # It has the hosts' inits as children.
            worker = next((pid for pid in children(process.pid)
                           if len(children(pid)) >= 2), None)
            time.sleep(0.01)
        time.sleep(0.6)
        os.kill(int(worker), signal.SIGSTOP)
        time.sleep(seconds)
        os.kill(int(worker), signal.SIGCONT)
        lines = [json.loads(line) for line in
                 process.communicate(timeout=300)[0].splitlines()]
        case = next(o for o in lines if o["type"] == "case")
        return case["verdict"], case["inconclusive"]

    def test_delay_explains_no_miss_that_is_longer(self):
        self.assertEqual(
            self.stopped(0.33, "--at", "4s", "close server", "--expect",
                         "client: EOF within 1s", "--for", "4500ms"),
            ("fail", False))

    def test_delay_explains_a_miss_that_is_shorter(self):
        self.assertEqual(
            self.stopped(0.8, "--at", "800ms", "close server", "--expect",
                         "client: EOF within 900ms", "--for", "2s"),
            ("broken", True))


class Folders(unittest.TestCase):
    def test_labs_of_one_name_have_folders_of_their_own(self):
        with tempfile.TemporaryDirectory() as folder:
            paths = [pathlib.Path(folder, each, "same.yaml")
                     for each in ("a", "b")]
            for path in paths:
                path.parent.mkdir()
                path.write_text("timeline:\n  - 50ms: note x\n"
                                "for: 200ms\n", encoding="utf-8")
            out = pathlib.Path(folder, "out")
            status, text = lab("--quiet", "--out", str(out),
                               *map(str, paths))
            self.assertEqual(status, rig.PASS, text)
            self.assertEqual(sorted(rig.read_journals(out)),
                             ["same", "same.2"])


class PlanErrors(unittest.TestCase):
    """Errors of a plan are reported before anything starts."""

    def refused(self, message, *words):
        status, text = lab(*words)
        self.assertEqual(status, rig.USAGE, text)
        self.assertRegex(text, message)

    def test_misspelt_action_is_refused_with_a_suggestion(self):
        self.refused("unknown action 'unplg'; did you mean 'unplug'?", "--at", "2s",
                     "unplg client")

    def test_unknown_host_of_an_action_is_refused(self):
        self.refused("nobody", "--at", "2s", "unplug nobody")

    def test_time_without_a_unit_is_refused(self):
        self.refused("unit", "--at", "2", "unplug client")

    def test_probe_is_only_killed(self):
        self.refused("a probe can only be killed", "--at", "1s",
                     "kill server STOP")

    def test_missing_action_is_refused(self):
        self.refused("missing ACTION", "--at", "2s")

    def test_plug_without_unplug_is_refused(self):
        self.refused("plug", "--at", "2s", "plug client")

    def test_unknown_sysctl_is_refused(self):
        self.refused("no_such_thing", "--sysctl",
                     "net.ipv4.no_such_thing=1")

    def test_idle_without_a_gateway_is_refused(self):
        self.refused("between nat", "--idle", "5s")

    def test_option_idle_may_precede_between(self):
        status, text = lab("--idle", "5s", "--between", "nat", "--for",
                           "100ms")
        self.assertEqual(status, rig.PASS, text)

    def test_unknown_host_of_a_path_is_refused(self):
        self.refused("unknown host 'serve'; similar: server", "--delay", "serve:10ms")

    def test_unknown_host_of_a_program_is_refused(self):
        self.refused("unknown host 'clinet'; similar: client", "--run", "clinet",
                     "sleep 1")

    def test_missing_program_is_refused(self):
        self.refused("program 'curlll' not found", "--client",
                     "curlll http://server/")

    def test_sysctl_of_a_step_is_tried_before_the_start(self):
        for setting, reason in (
                ("client:net.ipv4.nope=1", "has no sysctl net.ipv4.nope"),
                ("client:net.ipv4.tcp_congestion_control=pigeon",
                 "sysctl net.ipv4.tcp_congestion_control does not accept "
                 "'pigeon'"),
                ("net.ipv4.tcp_retries2=99999999999", "does not accept")):
            with self.subTest(setting):
                status, text = lab_file(
                    "for: 100ms\ntimeline:\n"
                    f"  - 50ms: set {setting}\n")
                self.assertEqual(status, 2, text)
                self.assertIn(reason, text)
                self.assertIn(":3:", text)

    def test_probe_with_too_many_sockets_is_named(self):
        status, text = lab_file(
            "for: 100ms\ntimeline:\n"
            # Without frames, which take most of the time.
            "  - start: [down client, connect client server:81 4000 times, "
            "connect client server:81 97 times]\n")
        self.assertEqual(status, 3, text)
        self.assertIn("the probe in client has too many sockets: at most "
                      "4096", text)

    def test_error_of_a_sysctl_names_line_and_column(self):
        status, text = lab_file("hosts:\n  client:\n    sysctls:\n"
                                "      net.ipv4.no_such_thing: 1\n")
        self.assertEqual(status, rig.USAGE, text)
        self.assertRegex(text, r"incident\.yaml:4:\d+: .*no_such_thing")

    def test_unknown_host_of_a_shell_is_refused(self):
        self.refused("nobody", "--shell", "nobody", "--for", "1s")

    def test_shell_without_a_running_lab_is_refused(self):
        self.refused("no running lab has a host", "--shell", "not-a-host")

    def test_list_runs_no_lab(self):
        for words, message in (
                (("xyzzy",), "--list: no incident contains 'xyzzy'"),
                (("--format", "ktap"), "--list: has the formats human"),
                (("--at", "2s", "unplug client"), "--list: runs no lab")):
            self.refused(message, "--list", *words)

    def test_missing_file_is_refused(self):
        self.refused("incident.yaml", "/nonexistent/incident.yaml")

    def test_error_of_a_step_names_line_and_column(self):
        status, text = lab_file("hosts:\n  client:\n  server:\n"
                                "timeline:\n  - 2s: crash nobody\n")
        self.assertEqual(status, rig.USAGE, text)
        self.assertRegex(text, r"incident\.yaml:5:\d+: timeline: .*nobody")

    def test_rules_are_checked_before_the_start(self):
        form = ("hosts:\n  client:\n  gateway:\n    as: nat\n    rules: |\n"
                "      add rule inet lab forward drop\n      {}\n  server:\n")
        for rule, what in (
                ("add rule inet lab forward tcp dpor 80 drop",
                 ":7:37: hosts.gateway.rules: nft reports: syntax error"),
                ("add rule inet lab nowhere drop",
                 ":7:25: hosts.gateway.rules: .*No such file or directory"),
                ('include "/etc/hosts"',
                 ":7:7: hosts.gateway.rules: 'include' not allowed"),
                ("monitor", ":6:7: hosts.gateway.rules: nft does not "
                 "return within 5 s"),
                ("#" * 4100, ":6:7: hosts.gateway.rules: rules too long")):
            status, text = lab_file(form.format(rule))
            if "nft is not installed" in text:
                self.skipTest("nft is not installed")
            self.assertEqual(status, rig.USAGE, text)
            self.assertRegex(text, r"incident\.yaml" + what)
            self.assertNotIn("root", text)

    def test_unknown_key_is_refused_with_a_suggestion(self):
        status, text = lab_file("hosts:\n  client:\n    rnu: true\n")
        self.assertEqual(status, rig.USAGE, text)
        self.assertRegex(text, r"incident\.yaml:3:\d+: .*rnu.*run")


class Incidents(unittest.TestCase):
    def test_list_has_every_incident_once_by_symptom(self):
        lines = lab("--list", "--format", "jsonl")[1].splitlines()
        incidents = [json.loads(line) for line in lines]
        folder = pathlib.Path(__file__).parents[2] / "cases/incidents"
        self.assertEqual(sorted(i["name"] for i in incidents),
                         sorted(p.stem for p in folder.glob("*.yaml")))
        self.assertTrue(all(i["symptom"] for i in incidents))
        self.assertEqual([i["symptom"] for i in incidents],
                         sorted(i["symptom"] for i in incidents))

    def test_list_prints_those_that_contain_all_words(self):
        status, text = lab("--list", "IDLE time", "nat")
        self.assertEqual(status, rig.PASS)
        self.assertIn("nat-forgets-idle", text)
        self.assertNotIn("firewall-forgets-ssh", text)

    def test_folders_beside_a_copied_program_are_not_searched(self):
        """They could be of another user."""
        with tempfile.TemporaryDirectory() as top:
            for path in "cases/incidents", "a/share/halfopen/incidents", "a/b":
                pathlib.Path(top, path).mkdir(parents=True)
                pathlib.Path(top, path, "odd.yaml").write_text(
                    "symptom: odd\nhosts:\n  client:\n", encoding="utf-8")
            program = shutil.copy(HALFOPEN, pathlib.Path(top, "a/b/halfopen"))
            done = rig.call(program, "lab", "--list")
            self.assertEqual(done.returncode, rig.USAGE, done.stdout)
            self.assertIn("no incident", done.stderr)


class Faults(unittest.TestCase):
    def test_server_of_an_unplugged_client_is_reported_half_open(self):
        status, text = lab(
            "--sysctl", "client:net.ipv4.tcp_retries2=2", "--at", "200ms",
            "unplug client", "--at", "300ms", "send client 100", "--expect",
            "client: ETIMEDOUT within 5s", "--for", "6s")
        self.assertEqual(status, rig.PASS, text)
        self.assertRegex(text, r"0\.2\d\d fault   unplug client")
        self.assertRegex(text, r"recv\(\) = -1 ETIMEDOUT")
        self.assertRegex(text, r"client has no such connection")
        self.assertRegex(text, r"ok +client: ETIMEDOUT within 5s")

    def test_failed_expectation_gives_exit_status_1(self):
        status, text = lab("--expect", "client: ETIMEDOUT within 1s", "--for",
                           "1500ms", *rig.PATIENT)
        self.assertEqual(status, rig.FAIL, text)
        self.assertRegex(text, "wrong client: ETIMEDOUT within 1s: no such "
                               "result")

    def test_every_fault_verb_is_applied_and_journalled(self):
        steps = ["freeze server", "thaw server", "suspend server",
                 "resume server", "unplug client", "plug client",
                 "down client", "up client", "unaddress client",
                 "readdress client", "destroy client", "cut client from", "mend client",
                 "cut client", "mend client", "reboot client",
                 "crash server", "reboot server"]
        words = []
        for i, step in enumerate(steps):
            words += ["--at", f"{100 + 50 * i}ms", step]
        status, _, records = journal(*words, "--for", "2s")
        self.assertEqual(status, rig.PASS)
        self.assertEqual([r["text"] for r in records if r["type"] == "fault"],
                         steps)

    def test_every_rule_of_the_wire_decides_frames(self):
        rules = ["drop the 1st syn from client to server",
                 "hold data from client to server",
                 "delay acks to client by 20ms",
                 "duplicate fins after 10ms",
                 "reject data from server with port"]
        words = []
        for rule in rules:
            words += ["--at", "0s", rule]
        status, _, records = journal(
            *words, "--at", "0s", "listen server 80", "--at", "10ms",
            "connect client server:80", "--at", "1500ms", "send client 50",
            "--at", "1700ms", "release", "--at", "1800ms", "pass", "--at",
            "1900ms", "close client", "--for", "2500ms")
        self.assertEqual(status, rig.PASS)
        fates = [r["fate"] for r in records if r["type"] == "frame"]
        for fate in ("dropped", "held", "released", "delayed",
                     "dropped: rejected", "injected"):
            self.assertIn(fate, fates)

    def test_reject_with_rst_refuses_a_connection(self):
        status, text = lab("--at", "0s", "reject syns to server with rst",
                           "--at", "1ms", "listen server 80", "--at", "2ms",
                           "connect client server:80", "--expect",
                           "client: ECONNREFUSED within 1s", "--for", "1s")
        self.assertEqual(status, rig.PASS, text)

    def test_counters_without_an_initial_value_are_reported(self):
        status, _, records = journal(
            "--at", "0s", "reject syns to server with port", "--at", "1ms",
            "listen server 80", "--at", "2ms", "connect client server:80",
            "--for", "300ms")
        self.assertEqual(status, rig.PASS)
        moved = {r["name"]: r["change"] for r in records
                 if r["type"] == "counter" and r["host"] == "client"}
        self.assertEqual(moved["InDestUnreachs"], 1)
        self.assertEqual(moved["InType3"], 1)
        self.assertEqual(moved["AttemptFails"], 1)
        self.assertNotIn("RtoMin", moved)
        self.assertFalse([n for n, change in moved.items() if change < 0])

    def test_injected_rst_resets_the_connection(self):
        status, text = lab("--at", "200ms",
                           "inject rst from server to client", "--expect",
                           "client: ECONNRESET within 1s", "--for", "1s")
        self.assertEqual(status, rig.PASS, text)

    def test_resumed_host_answers_what_waited(self):
        status, text = lab("--at", "100ms", "suspend server", "--at",
                           "200ms", "send client 10", "--at", "1s",
                           "resume server", "--expect",
                           "client: DATA after 1s within 3s", "--for", "3s")
        self.assertEqual(status, rig.PASS, text)

    def test_resumed_gateway_forwards_what_waited(self):
        status, text, records = journal(
            "--between", "router", "--at", "500ms", "suspend gateway",
            "--at", "1s", "send client 10", "--at", "1100ms",
            "resume gateway", "--expect", "client: DATA", "--for", "2s")
        self.assertEqual(status, rig.PASS, text)
        self.assertFalse([r for r in records if r.get("fate") == "ghost"])
        forwarded = [r["transmission"] for r in records
                     if r["type"] == "frame" and r["from"] == "gateway" and
                     r["origin"] == "client" and r["len"] == 10]
        self.assertEqual(forwarded[:1], [1], "the frame that waited")

    def test_answer_follows_the_frame_that_waited(self):
        status, text, records = journal(
            "--at", "500ms", "suspend server", "--at", "1s", "send client 10",
            "--at", "1100ms", "resume server", "--expect", "client: DATA",
            "--for", "2s")
        self.assertEqual(status, rig.PASS, text)
        released = [r["t"] for r in records if r.get("fate") == "released"]
        answers = [r["t"] for r in records if r["type"] == "frame" and
                   r["from"] == "server" and r["ack"] == 11]
        self.assertLess(min(released), min(answers))

    def test_action_is_of_the_connections_that_the_probe_still_has(self):
        status, text, records = journal(
            "--at", "start", "listen server", "--at", "start",
            "connect client server", "--at", "500ms", "close client",
            "--at", "1s", "connect client server 2 times", "--at", "2s",
            "keepalive server", "--at", "2s", "abort server", "--for", "3s")
        self.assertEqual(status, rig.PASS, text)
        self.assertEqual(
            len([r for r in records if r["type"] == "frame" and
                 r["from"] == "server" and r["text"].startswith("R")]), 2)

    def test_probe_opens_2000_connections(self):
        status, text = lab("-q", "--at", "0s",
                           "listen server 80 backlog 5000 unaccepted", "--at",
                           "10ms", "connect client server:80 2000 times",
                           "--sysctl", "net.core.somaxconn=5000", "--expect",
                           "client: 2000 ESTABLISHED", "--at",
                           "when server has received 2000 acks", "end",
                           "--for", "100s")
        self.assertEqual(status, rig.PASS, text)

    def test_loss_drops_about_its_share_of_frames(self):
        status, _, records = journal("--loss", "20%", "--at", "100ms",
                                     "send client 200KiB", "--for", "4s")
        fates = [r["fate"] for r in records if r["type"] == "frame"]
        self.assertEqual(status, rig.PASS)
        self.assertGreater(fates.count("dropped"), len(fates) * 0.05)

    def test_without_faults_leaves_out_a_crash(self):
        status, text = lab("--without-faults", "--at", "100ms",
                           "crash server", "--expect", "client: open",
                           "--for", "500ms")
        self.assertEqual(status, rig.PASS, text)
        self.assertRegex(text, "left out: crash server")

    def test_lab_runs_over_ipv6(self):
        status, text = lab("--family", "6", "--at", "100ms", "kill server",
                           "--expect", "client: EOF within 1s", "--for", "1s")
        self.assertEqual(status, rig.PASS, text)
        self.assertRegex(text, r"fd00::2")


class Expectations(unittest.TestCase):
    """No expectation passes by default."""

    def judged(self, verdict, *words):
        more = rig.PATIENT if verdict == rig.FAIL else ()
        status, text = lab("-q", *words, *more)
        self.assertEqual(status, verdict, text)

    def test_consequences_of_an_action_count_from_it(self):
        self.judged(rig.PASS, "--at", "300ms", "kill server", "--expect",
                    "client: EOF within 1s of kill server", "--expect",
                    "client: receives 1 fin within 1s of kill server",
                    "--for", "1500ms")

    def test_frames_before_the_window_do_not_count(self):
        self.judged(rig.FAIL, "--at", "100ms", "send client 10", "--expect",
                    "client: sends at least 1 data after 500ms", "--for",
                    "1s")

    def test_closed_connection_is_not_open(self):
        for step in ("close client", "crash client", "kill client",
                     "reboot client"):
            self.judged(rig.FAIL, "--at", "200ms", step, "--expect",
                        "client: open", "--for", "500ms")

    def test_window_that_never_begins_fails(self):
        self.judged(rig.FAIL, "--expect",
                    "server: sends no data within 200ms of server reaches "
                    "CLOSE-WAIT", "--for", "500ms")

    def test_limit_of_zero_fails_at_one_socket(self):
        self.judged(rig.FAIL, "--at", "0s", "listen server 80 silent", "--at",
                    "10ms", "connect client server:80", "--at", "300ms",
                    "kill client", "--expect",
                    "server: no CLOSE-WAIT within 1s", "--for", "1s")

    def test_number_of_sockets_after_a_time(self):
        """A limit holds until the end, another number at one moment; without
        a time both are of the end."""
        for verdict, expected in ((rig.FAIL, "client: no ESTAB after 100ms"),
                                  (rig.PASS, "client: 1 ESTAB after 100ms"),
                                  (rig.PASS, "client: no ESTAB"),
                                  (rig.FAIL, "client: 1 ESTAB")):
            self.judged(verdict, "--at", "0s", "listen server 80 silent",
                        "--at", "300ms", "connect client server:80", "--at",
                        "client reaches ESTAB", "kill client", "--expect",
                        expected, "--for", "1s")

    def test_states_between_two_looks_count(self):
        for verdict, expected in ((rig.PASS, "client: 1 FIN-WAIT-1"),
                                  (rig.PASS, "server: 1 LAST-ACK"),
                                  (rig.FAIL, "client: no FIN-WAIT-1"),
                                  (rig.FAIL, "client: 2 FIN-WAIT-1")):
            self.judged(verdict, "--at", "300ms", "close client", "--expect",
                        f"{expected} within 1s", "--for", "1100ms")

    def test_duplicate_counts_as_received_twice(self):
        self.judged(rig.PASS, "--at", "0s",
                    "duplicate data from client to server", "--at", "200ms",
                    "send client 10", "--expect", "server: receives 2 data",
                    "--for", "600ms")

    def test_injected_reset_follows_what_is_not_acknowledged_yet(self):
        """After many exchanges the client delays its acknowledgements."""
        status, text = lab_file(
            "for: 1s\ntimeline:\n"
            "  - 0s: [listen server, connect client server]\n" +
            "".join(f"  - {100 + 15 * i}ms: send client 10\n"
                    for i in range(30)) +
            "  - 600ms: [send server 7, inject rst from server to client]\n"
            "expect:\n  - 'client: ECONNRESET'\n")
        self.assertEqual(status, rig.PASS, text)

    def test_rules_are_as_many_as_the_steps(self):
        status, text = lab_file(
            "for: 300ms\ntimeline:\n  - 10ms: [" + ", ".join(
                f"drop the first syn port {port}, pass"
                for port in range(1000, 1070)) + "]\n")
        self.assertEqual(status, rig.PASS, text)

    def dropped_data(self, rule):
        status, text, records = journal(
            "--at", "0s", "listen server 80 silent", "--at", "10ms",
            "connect client server:80", "--at", "200ms", rule, "--at",
            "300ms", "send client 10", "--expect",
            "client: sends at least 2 data", "--expect",
            "client: sends 1 new-data", "--at",
            "when client has sent 2 data", "note retransmission", "--for",
            "1500ms")
        self.assertEqual(status, rig.PASS, text)
        self.assertIn("retransmission", texts(records, "note"))
        return [r["fate"] for r in records if r["type"] == "frame" and
                r.get("len") and r["from"] == "client"]

    def test_data_includes_retransmissions(self):
        fates = self.dropped_data("drop 100% of data from client")
        self.assertGreater(len(fates), 2)
        self.assertEqual(set(fates), {"dropped"})
        fates = self.dropped_data("drop every data from client")
        self.assertEqual(set(fates), {"dropped"})

    def test_new_data_is_the_first_transmission(self):
        fates = self.dropped_data("drop new-data from client")
        self.assertEqual(fates.count("dropped"), 1, fates)
        self.assertEqual(fates[0], "dropped")

    def test_unknown_counter_fails(self):
        self.judged(rig.FAIL, "--expect", "server: counter NoSuchThing at "
                    "most 1", "--for", "200ms")


class Moments(unittest.TestCase):
    def test_step_after_a_line_of_a_program(self):
        status, _, records = journal(
            "--run", "client", "sleep 0.3; echo ready; sleep 5", "--at",
            '200ms after sleep prints "ready"', "crash server", "--for",
            "2s")
        self.assertEqual(status, rig.PASS)
        zero = next(r["t"] for r in records if r["type"] == "timeline")
        crash = next(r["t"] for r in records if r["type"] == "fault")
        self.assertGreater(crash - zero, 0.45)

    def test_action_end_ends_the_timeline_early(self):
        began = time.monotonic()
        status, text = lab("--run", "client", "sleep 0.2", "--at",
                           "100ms after sleep ends", "end", "--expect",
                           "sleep: exit 0 within 1s", "--for", "60s")
        self.assertEqual(status, rig.PASS, text)
        self.assertLess(time.monotonic() - began, 30)

    def test_step_after_a_number_of_segments(self):
        _, _, records = journal("--at", "client has received 1 syn-ack",
                                "unplug client", "--for", "1s")
        kinds = [(r["type"], r.get("kinds", [])) for r in records
                 if r["type"] in ("frame", "fault")]
        at = [i for i, k in enumerate(kinds) if k[0] == "fault"][0]
        self.assertTrue(any("syn-ack" in k for _, k in kinds[:at]))

    def test_state_that_lasts_for_microseconds_is_noticed_at_once(self):
        """Without a delay on the path, FIN-WAIT-1 ends before any socket can
        be looked at. A busy machine may be late once."""
        def lag():
            _, _, records = journal("--at", "1s", "close client", "--at",
                                    "client reaches FIN-WAIT-1",
                                    'note "reached"', "--for", "1500ms")
            fin = next(r["t"] for r in records if r["type"] == "frame" and
                       r["from"] == "client" and "fin" in r["kinds"])
            return next(r["t"] for r in records if r["type"] == "note" and
                        r["text"] == "reached") - fin

        lags = [lag()]
        while min(lags) > 0.05 and len(lags) < 10:
            lags.append(lag())
        self.assertGreaterEqual(min(lags), 0)
        self.assertLessEqual(min(lags), 0.05, lags)

    def test_all_states_of_a_close_are_noticed(self):
        states = {"client": ("ESTABLISHED", "FIN-WAIT-1", "FIN-WAIT-2",
                             "TIME-WAIT"),
                  "server": ("CLOSE-WAIT", "LAST-ACK")}
        words = []
        for host, names in states.items():
            for name in names:
                words += ["--at", f"{host} reaches {name}",
                          f'note "{host} {name}"']
        _, text, records = journal("--at", "300ms", "close client", *words,
                                   "--for", "800ms")
        notes = texts(records, "note")
        for host, names in states.items():
            for name in names:
                self.assertIn(f"{host} {name}", notes, text)

    def test_step_that_did_not_happen_is_reported(self):
        status, text = lab("--at", "client reaches CLOSE-WAIT",
                           "crash server", "--for", "300ms")
        self.assertEqual(status, rig.PASS, text)
        self.assertRegex(text, "did not happen: client reaches CLOSE-WAIT: "
                               "crash server")

    def test_steps_after_a_state_and_after_an_action(self):
        _, _, records = journal("--at", "500ms after server has sent 1 syn-ack",
                                "kill server", "--at",
                                "client reaches CLOSE-WAIT", "close client",
                                "--at", "300ms after kill server",
                                'note "later"', "--for", "5s")
        calls = texts(records, "call")
        self.assertIn("close()", calls)
        fault = next(r["t"] for r in records if r["type"] == "fault")
        note = next(r["t"] for r in records if r["type"] == "note" and
                    r["text"] == "later")
        # Times count from the begin of the action, before its record: act().
        self.assertGreater(note - fault, 0.25)

    def test_step_at_the_end_happens(self):
        status, text = lab("--for", "300ms", "--at", "300ms", "cut server",
                           "--at", "300ms", 'note "last"')
        self.assertEqual(status, rig.PASS, text)
        self.assertRegex(text, r"(?s)note +last\n.*note +the timeline ends")
        self.assertNotIn("did not happen", text)


class Probes(unittest.TestCase):
    """Actions of a probe are executed in order, or the lab fails."""

    def run_plan(self, text):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "plan.yaml")
            path.write_text(text, encoding="utf-8")
            return journal(str(path))

    def sent(self, records):
        return [r["value"] for r in records
                if r["type"] == "result" and r["call"] == "send"]

    def test_http_connection_outlives_many_sockets_of_its_probe(self):
        """The server's probe makes 1100 sockets after it has accepted a
        connection by itself, which must not take their places."""
        status, text, _ = self.run_plan("""
for: 30s
hosts:
  client:
    run: {name: twice, run: exec python3 -S twice.py, later: yes}
    files:
      twice.py: |
        import signal, socket
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
        with socket.create_connection(("server", 80)) as connection:
            for word in "first", "second":
                connection.sendall(b"GET / HTTP/1.1\\r\\n\\r\\n")
                print(word, connection.recv(1000).split()[1], flush=True)
                signal.sigwait({signal.SIGUSR1})
  server:
timeline:
  - start: [listen server 80 http, listen client 81 backlog 2000 unaccepted]
  - start: run twice
  - twice prints "first": connect server client:81 1100 times
  - 2s after client has received 1100 syns: kill twice USR1
  - 1s after twice prints "second": end
expect:
  - twice: prints "second b'200'"
""")
        self.assertEqual(status, rig.PASS, text)

    def test_echo_waits_for_room_in_its_send_buffer(self):
        """The client does not read, so that the answers fill both buffers."""
        status, text, _ = self.run_plan("""
for: 2s
hosts:
  client:
  server:
timeline:
  - start: [listen server, connect client server]
  - 100ms: [stop-reading client, send client 20MiB]
  - 900ms: read-again client
expect:
  - 'client: receives no rst'
  - 'client: open'
""")
        self.assertEqual(status, rig.PASS, text)

    def test_sends_of_one_moment_are_all_executed_in_order(self):
        _, text, records = self.run_plan("""
for: 1s
timeline:
  - 300ms: [send client 5, send client 6, send client 7]
  - 301ms: send client 8
""")
        self.assertEqual(self.sent(records), [5, 6, 7, 8], text)

    def test_send_waits_for_connect(self):
        status, text, records = self.run_plan("""
for: 1s
timeline:
  - start: [connect client server, send client 10]
""")
        self.assertEqual(status, rig.PASS, text)
        self.assertEqual(self.sent(records), [10], text)

    def test_send_of_a_server_waits_for_the_first_connection(self):
        status, text, records = self.run_plan("""
for: 1s
timeline:
  - start: [listen server 80, connect client server, send server 10]
""")
        self.assertEqual(status, rig.PASS, text)
        self.assertEqual(self.sent(records), [10], text)

    def test_fault_after_a_send_comes_after_it(self):
        for fault in ("kill client", "crash client", "freeze client"):
            status, text, records = self.run_plan(f"""
for: 1s
timeline:
  - start: [connect client server, send client 5, {fault}]
expect:
  - 'server: receives 1 data'
""")
            self.assertEqual(status, rig.PASS, text)
            self.assertEqual(len([r for r in records
                                  if r["type"] == "fault"]), 1, text)

    def test_frozen_probe_executes_its_actions_after_the_thaw(self):
        status, text, records = self.run_plan("""
for: 1500ms
timeline:
  - 200ms after server has received 1 syn: freeze client
  - 400ms: send client 5
  - 500ms after send client 5: thaw client
""")
        self.assertEqual(status, rig.PASS, text)
        self.assertEqual(self.sent(records), [5], text)

    def must_pass(self, text):
        status, output, records = self.run_plan(text)
        self.assertEqual(status, rig.PASS, output)
        return records

    def test_probe_that_stops_reading_closes_its_window(self):
        for reader, service in ("stop-reading server", "echo"), \
                ("note x", "silent"):
            records = self.must_pass(f"""
for: 4s
hosts:
  client: {{sysctls: {{net.ipv4.tcp_wmem: 4096 16384 16384}}}}
  server: {{sysctls: {{net.ipv4.tcp_rmem: 4096 8192 8192}}}}
timeline:
  - start: [listen server {service}, connect client server]
  - 300ms: [{reader}, send client 100KiB]
  - 2s: read-again server
expect:
  - 'client: counter TCPToZeroWindowAdv 0'
  - 'server: counter TCPToZeroWindowAdv at least 1'
  - 'server: counter TCPFromZeroWindowAdv at least 1'
""")
            sent = [r for r in records if r["type"] == "result" and
                    r["call"] == "send" and r["value"] == 100 << 10]
            again = next(r["t"] for r in records if r["type"] == "call" and
                         r["text"] == "reads again")
            self.assertEqual(len(sent), 1)
            self.assertGreater(sent[0]["t"], again)

    def test_close_of_a_probe_that_stopped_reading_resets(self):
        self.must_pass("""
for: 1s
timeline:
  - start: [listen server, connect client server]
  - 200ms: [stop-reading server, send client 300]
  - 300ms after server has received 1 data: close server
expect:
  - 'client: ECONNRESET within 500ms of close server'
  - 'server: counter TCPAbortOnClose 1'
""")

    def test_probe_receives_after_a_half_close(self):
        self.must_pass("""
for: 1s
timeline:
  - start: [listen server silent, connect client server]
  - 200ms: shut client
  - 300ms: send server 10
expect:
  - 'client: DATA within 500ms of send server 10'
""")

    def test_slow_probe_accepts_one_connection_in_an_interval(self):
        records = self.must_pass("""
for: 4s
timeline:
  - start: listen server every 300ms
  - 100ms: connect client server 5 times
  - 200ms: send client 10
expect:
  - 'client: receives at least 3 new-data after 700ms'
  - 'client: receives at least 1 new-data'
""")
        accepted = [r["t"] for r in records if r["type"] == "result" and
                    r["call"] == "accept"]
        self.assertEqual(len(accepted), 5)
        for a, b in zip(accepted, accepted[1:]):
            self.assertGreaterEqual(b - a, 0.3)

    def test_bound_socket_takes_a_port_from_all_peers(self):
        """Four ports and two servers."""
        for bind, errors in ("", 0), ("bind", 4), ("bind-no-port", 0):
            records = self.must_pass(f"""
for: 1s
hosts:
  client: {{sysctls: {{net.ipv4.ip_local_port_range: 40000 40003}}}}
  server:
  other:
timeline:
  - start: [listen server, listen other]
  - 100ms: [connect client server 4 times {bind}]
  - 200ms: [connect client other 4 times {bind}]
""")
            results = [r for r in records if r["type"] == "result" and
                       r["host"] == "client" and
                       r["call"] in ("bind", "connect")]
            failed = [r for r in results if r["value"] < 0]
            self.assertEqual(len(failed), errors, bind)
            self.assertEqual({r["call"] for r in failed},
                             {"bind"} if errors else set())
            self.assertEqual(sum(r["call"] == "connect" for r in results),
                             8 - errors)

    @unittest.skipUnless(shutil.which("curl"), "curl is not installed")
    def test_destroy_aborts_connections_of_probes_and_programs(self):
        self.must_pass("""
for: 2s
hosts:
  client:
    run: {name: curl, run: "curl -sS http://server:81/", later: yes}
  server:
timeline:
  - start: [listen server silent, listen server 81 silent, connect client server]
  - 100ms: run curl
  - when server has received 1 data: destroy client
expect:
  - 'client: ECONNABORTED within 1s of destroy client'
  - 'server: receives 2 rst'
  - 'server: 2 LISTEN'
  - 'curl: exit 56 within 1s of destroy client'
""")

    def test_share_of_connections_is_exact(self):
        records = self.must_pass("""
for: 1s
timeline:
  - start: [listen server, "drop syns of 10% of connections from client", connect client server 50 times]
expect:
  - 'client: 5 SYN-SENT'
  - 'client: at least 45 ESTABLISHED'
""")
        dropped = {r["connection"] for r in records if r["type"] == "frame"
                   and r["fate"] == "dropped"}
        self.assertEqual(len(dropped), 5)

    def failed(self, text, observed):
        status, output, records = self.run_plan(text)
        self.assertEqual(status, rig.FAIL, output)
        self.assertEqual([r["observed"] for r in records
                          if r["type"] == "expectation" and not r["ok"]],
                         [f"not executed: {observed}"], output)

    def test_action_without_a_connection_fails_the_lab(self):
        self.failed("""
for: 500ms
timeline:
  - start: [reject syns to server with rst, connect client server,
            send client 5]
""", "connect() = -1 ECONNREFUSED")

    def test_action_that_still_waits_at_the_end_fails_the_lab(self):
        self.failed("""
for: 500ms
timeline:
  - start: [drop syns to server, connect client server, send client 5,
            unplug client]
""", "connect() has not returned")

    def test_action_after_the_close_fails_the_lab(self):
        self.failed("""
for: 500ms
timeline:
  - 100ms: close client
  - 100ms after close client: send client 5
""", "the probe in client has no connection")

    def test_action_after_the_close_of_an_accepted_connection(self):
        self.failed("""
for: 500ms
timeline:
  - start: [listen server, connect client server, close server, send server 5]
""", "no connection was open any more, and no other one was accepted")


class Programs(unittest.TestCase):
    def test_lines_and_exits_are_journalled(self):
        status, _, records = journal(
            "--run", "client", "echo out; echo err >&2; exit 3", "--expect",
            "echo: exit 3", "--at", "100ms after echo ends", "end",
            "--for", "100s")
        self.assertEqual(status, rig.PASS)
        calls = texts(records, "call")
        self.assertIn("echo: out", calls)
        self.assertIn("echo: err", calls)

    def test_first_unexpected_line_is_reported(self):
        status, text = lab("--run", "client",
                           "echo one; sleep 0.3; echo one again", "--expect",
                           'echo: prints no "one"', "--at",
                           "when echo ends", "end", "--for", "100s")
        self.assertEqual(status, rig.FAIL, text)
        self.assertRegex(text, r"prints no one: one, 0\.0|"
                               r'prints no "one": one, ')

    def test_lines_are_matched_beyond_those_of_the_journal(self):
        status, text, records = journal(
            "--run", "client", "seq 1 20000; echo error", "--at",
            'seq prints "error"', 'note "seen"', "--expect",
            'seq: prints "error"', "--at", "when seq ends", "end", "--for",
            "100s")
        self.assertEqual(status, rig.PASS, text)
        self.assertIn("seen", texts(records, "note"))
        lines = [t for t in texts(records, "call") if t.startswith("seq: ")]
        self.assertEqual(len(lines), 10000)
        self.assertRegex(lines[-1], "^seq: 10000 .*no more of its lines")

    def test_prompt_is_matched_before_its_line_ends(self):
        status, text = lab_file("""
for: 2500ms
hosts:
  client:
    run: {name: asks, run: 'printf "ready> "; sleep 2; echo done'}
  server:
timeline:
  - asks prints "ready>": note "asked"
expect:
  - 'asks: prints "ready>" within 1s'
  - 'asks: prints "ready> done" after 1s'
""")
        self.assertEqual(status, rig.PASS, text)

    def test_prompt_of_other_characters_is_matched(self):
        """The second character is completed a second later."""
        status, text = lab_file("""
for: 30s
hosts:
  client:
    run:
      name: asks
      run: >-
        printf '\\345\\257\\206\\347'; sleep 1; printf '\\240\\201'; sleep 60
  server:
timeline:
  - asks prints "\u5bc6": note "one"
  - asks prints "\u5bc6\u7801": end
expect:
  - 'asks: prints "\u5bc6\u7801"'
""")
        self.assertEqual(status, rig.PASS, text)
        self.assertIn("one", text)

    def test_program_below_tmp_is_reported_as_hidden(self):
        with tempfile.TemporaryDirectory(dir="/tmp") as folder:
            path = pathlib.Path(folder, "hidden-program")
            path.write_text("#!/bin/sh\n", encoding="utf-8")
            path.chmod(0o755)
            done = rig.call(HALFOPEN, "lab", "--client", "hidden-program 1",
                            PATH=f"{folder}:{os.environ['PATH']}")
        self.assertEqual(done.returncode, rig.SKIPPED, done.stdout)
        self.assertIn("SKIP: hidden-program is installed where a run cannot see "
                      "it: /tmp, /run, /var/log and /var/tmp are private to the "
                      "run", " ".join(done.stdout.split()))

    def test_program_has_the_variables_of_32_hosts(self):
        names = [f"host-{i}" for i in range(32)]
        status, text = lab_file(
            "for: 100s\nhosts:\n" + "".join(f"  {n}:\n" for n in names[:-1]) +
            f"  {names[-1]}: {{run: echo $host_0 $FOLDER_host_31}}\n"
            "timeline: [when echo ends: end]\n"
            "expect: ['echo: prints \"10.0.0.1 \"', 'echo: prints \"/host-31\"']\n")
        self.assertEqual(status, rig.PASS, text)

    def test_each_server_without_a_port_is_awaited(self):
        """The second one does not listen: the client starts 2 s later."""
        status, text, records = file_journal("""
            for: 100s
            hosts:
              client: {run: {name: starts, run: echo now}}
              server:
                run:
                  - exec python3 -m http.server 8080
                  - {name: silent, run: exec sleep 60}
            timeline:
              - when starts ends: end
            """)
        self.assertEqual(status, rig.PASS, text)
        started = {r["text"]: r["t"] for r in records if r["type"] == "call"}
        self.assertGreaterEqual(
            started["echo now"] - started["exec sleep 60"], 2)

    def test_server_that_never_listens_makes_the_lab_broken(self):
        status, text = lab_file('''
hosts:
  client: {run: true}
  server:
    run:
      name: web
      run: 'seq 1 9; printf "waiting \\033[31mfor locks"; exec sleep 60'
      listens: 8080
      listens-within: 400ms
expect:
  - 'true: exit 0'
''')
        self.assertEqual(status, rig.BROKEN, text)
        self.assertRegex(text, "BROKEN: web in server does not listen on port "
                         r"8080 after 400ms \(listens-within\); last output: "
                         r"'6', '7', '8', '9', 'waiting \?\[31mfor locks', at "
                         r"\S*incident\.yaml:7\b")
        self.assertNotIn("the timeline ends", text)

    def test_server_that_fails_before_it_listens_makes_the_lab_broken(self):
        lab = """
for: 300ms
hosts:
  client: {run: true}
  server:
    run: {name: web, run: RUN, listens: 80, listens-within: 20s}
expect:
  - EXPECTED
"""
        for run, how in (("echo no; exit 3", "with exit status 3"),
                         ("echo no; kill -KILL $$", "by signal 9")):
            text = lab.replace("RUN", run)
            with self.subTest(run):
                status, output = lab_file(text.replace("EXPECTED",
                                                       "'true: exit 0'"))
                self.assertEqual(status, rig.BROKEN, output)
                self.assertRegex(
                    output, "BROKEN: web in server ended before it listened on "
                    rf"port 80, {how}; last output: 'no', at "
                    r"\S*incident\.yaml:6\b")
                self.assertNotIn("the timeline ends", output)
        status, output = lab_file(lab.replace("RUN", "exit 3").replace(
            "EXPECTED", "'web: exit 3'"))
        self.assertEqual(status, rig.PASS, output)

    def test_end_of_a_program_has_its_time(self):
        status, text = lab("--at", "300ms", 'run "exit 3" in client as one',
                           "--at", "when one ends", "end", "--for", "60s")
        self.assertEqual(status, rig.PASS, text)
        self.assertRegex(text, r"one ended at \d+\.\d{3} s, with exit status 3")

    def test_server_that_ends_early_is_a_conclusion(self):
        status, text = lab_file('''
for: 300ms
hosts:
  client: {run: true}
  server:
    run: {name: web, run: echo no, listens: 80, listens-within: 20s}
''')
        self.assertEqual(status, rig.PASS, text)
        self.assertRegex(text, r"web did not listen on port 80")

    def test_use_of_a_private_folder_is_reported(self):
        status, text = lab("--client", "cat /run/no-such-file", "--at",
                           "when cat ends", "end", "--for", "100s")
        self.assertEqual(status, rig.PASS, text)
        self.assertRegex(text, "cat uses /run/no-such-file, which is "
                               "private to the lab")

    def test_host_names_folders_and_variables(self):
        status, text = lab_file("""
hosts:
  client:
    files:
      hello: "<hi>\\n"
    run:
      - name: looks
        run: cat $FOLDER/hello; getent hosts server; echo $server $KEY
        env: {KEY: value}
  server:
    run: {name: makes, run: cat $FOLDER_client/hello && echo of the client}
expect:
  - 'makes: prints "of the client"'
  - 'looks: prints "<hi>"'
  - 'looks: prints "10.0.0.2 value"'
  - 'looks: exit 0'
for: 1s
""")
        self.assertEqual(status, rig.PASS, text)
        self.assertRegex(text, r"looks: 10\.0\.0\.2 +server")

    def test_programs_have_no_capabilities(self):
        status, text = lab("--run", "client",
                           "grep -h CapEff /proc/self/status; id -u", "--at",
                           "when grep ends", "end", "--for", "100s")
        self.assertEqual(status, rig.PASS)
        self.assertRegex(text, r"CapEff:\s+0000000000000000")
        self.assertNotRegex(text, r"grep: 0$")

    def test_signal_reaches_the_program_not_its_shell(self):
        status, text = lab_file("""
hosts:
  client:
    run:
      - {name: alone, run: sleep 100}
      - {name: many, run: sleep 100; echo on}
      - {name: builtin, run: exit 3}
      - name: looks
        run: sleep 0.3; for p in /proc/[0-9]*; do xargs -0 -a $p/cmdline; done
        later: yes
timeline:
  - 100ms: kill alone
  - 200ms: run looks
expect:
  - 'alone: signal KILL within 1s'
  - 'builtin: exit 3'
  - 'many: runs'
for: 1s
""")
        self.assertEqual(status, rig.PASS, text)
        self.assertEqual(text.count("looks: sleep 100\n"), 1, text)

    def test_killed_program_is_started_again(self):
        status, text = lab_file("""
hosts:
  client:
  server:
    run: {name: worker, run: echo up; sleep 100}
timeline:
  - 200ms: kill worker term
  - worker ends: run worker
expect:
  - 'worker: signal TERM within 1s'
  - 'worker: runs'
for: 1s
""")
        self.assertNotEqual(status, rig.USAGE, text)
        self.assertEqual(len(re.findall(r"^[-\d]\S* +server +worker: up", text,
                                        re.MULTILINE)), 2, text)


def program(text, **keys):
    """Runs a shell script in a host of a lab. Returns what it printed."""
    keys = "".join(f", {key}: {value}" for key, value in keys.items())
    with tempfile.TemporaryDirectory() as out:
        path = pathlib.Path(out, "isolation.yaml")
        path.write_text(
            "for: 100s\ntimeline:\n  - 100ms after p ends: end\n"
            "hosts:\n  server:\n  client:\n"
            f"    run: {{name: p, run: sh $FOLDER/script{keys}}}\n"
            "    files:\n      script: |\n" +
            "".join(f"        {line}\n" for line in text.splitlines()),
            encoding="utf-8")
        status, output, records = journal(str(path))
    assert status == rig.PASS, output
    return [text[len("p: "):] for text in texts(records, "call")
            if text.startswith("p: ")]


class LongTexts(unittest.TestCase):
    """Characters of three bytes, where a text is cut at 128, 256, 320, 512 or
    1024 bytes: of three offsets, two cut a character off."""

    @staticmethod
    def plan(offset):
        text = "x" * offset + "\u6c49" * 400
        return f"""
for: 1s
hosts:
  client:
    files: {{line: {text}}}
    run: [{{name: line, run: "cat $FOLDER/line"}},
          {{name: command, run: "true # {text}"}}]
  server:
timeline:
  - 100ms: note "{text}"
  - when client reaches CLOSE-WAIT: note "{text}"
expect:
  - 'line: prints "\u6c49\u6c49"'
"""

    def test_characters_are_not_cut_off(self):
        for offset in range(3):
            with self.subTest(offset):
                status, text = lab_file(self.plan(offset))
                self.assertEqual(status, rig.PASS, text)

    def test_long_line_is_divided_between_two_characters(self):
        for offset in range(3):
            line = "x" * offset + "\u6c49" * 400
            with self.subTest(offset):
                status, text, records = journal(
                    "--run", "client", f"echo '{line}'", "--at",
                    "when echo ends", "end", "--for", "100s")
                self.assertEqual(status, rig.PASS, text)
                pieces = [t[len("echo: "):] for t in texts(records, "call")
                          if t.startswith("echo: ") and "\u6c49" in t]
                self.assertEqual("".join(pieces), line)

    def test_path_of_the_file_is_not_cut_off(self):
        for offset in range(3):
            with self.subTest(offset), tempfile.TemporaryDirectory() as folder:
                path = pathlib.Path(
                    folder, "x" * offset + "\u6c49" * 60 + ".yaml")
                path.write_text("for: 200ms\nexpect:\n  - server: 1 LISTEN\n",
                                encoding="utf-8")
                status, text = lab(str(path))
                self.assertEqual(status, rig.PASS, text)

    def test_junit_is_xml(self):
        for offset in range(3):
            with self.subTest(offset):
                status, text = lab_file(
                    self.plan(offset) +
                    f"  - 'line: prints \"{'x' * offset}\u6c49y"
                    f"{chr(0x6c49) * 400}\"'\n", "--format", "junit",
                    *rig.PATIENT)
                self.assertEqual(status, rig.FAIL, text)
                xml.dom.minidom.parseString(text.encode("utf-8"))


class Isolation(unittest.TestCase):
    """The environment of a program is that of a host of its own."""

    def test_renamed_file_of_etc_leaves_the_file_of_the_lab(self):
        """With a copy of /etc in a mount namespace of the test's own."""
        script = """
            set -e
            mkdir "$1/etc"
            cp -r /etc/passwd /etc/hosts /etc/nsswitch.conf /etc/group "$1/etc"
            mount --bind "$1/etc" /etc
            (sleep 1; for f in hosts passwd
                do cp /etc/$f /etc/new; mv /etc/new /etc/$f; done) &
            exec "$2" lab --for 3s --run client \
                'for i in 1 2 3 4; do getent hosts server; sleep 0.5; done'
        """
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run(
                ["unshare", "--mount", "sh", "-c", script, "sh", folder,
                 HALFOPEN], capture_output=True, text=True, check=False)
        if "unshare" in done.stderr or "mount:" in done.stderr:
            self.skipTest(done.stderr)
        self.assertEqual(done.returncode, rig.PASS, done.stdout + done.stderr)
        found = re.findall(r"client  for: 10\.0\.0\.\d+ +server", done.stdout)
        self.assertEqual(len(found), 4, done.stdout)

    def test_files_of_etc_are_readable_through_their_links(self):
        lines = program("cat /etc/os-release | grep -c ^ID=\n"
                        "ls /etc/ssl/certs/ | head -3 | "
                        "while read f; do cat /etc/ssl/certs/$f; done "
                        ">/dev/null && echo readable\n"
                        "ls -A /etc")
        if os.path.exists("/etc/os-release"):
            self.assertEqual(lines[0], "1", lines)
        self.assertIn("readable", lines)
        self.assertEqual(set(os.listdir("/etc")) - set(lines), set())

    def test_var_tmp_belongs_to_the_lab(self):
        name = f"halfopen-test-{os.getpid()}"
        self.assertIn("made", program(f"touch /var/tmp/{name} && echo made"))
        self.assertFalse(os.path.exists(f"/var/tmp/{name}"))

    def test_terminals_of_the_machine_are_not_visible(self):
        master, slave = os.openpty()
        try:
            self.assertEqual(program("echo /dev/pts/*; : </dev/ptmx"),
                             ["/dev/pts/ptmx"])
        finally:
            os.close(master)
            os.close(slave)

    def test_terminal_of_a_program_is_one_of_its_host(self):
        self.assertEqual(program("tty; echo /dev/pts/*", terminal="yes"),
                         ["/dev/pts/0", "/dev/pts/0 /dev/pts/ptmx"])

    def test_files_belong_to_the_user_of_the_programs(self):
        status, text = lab_file("""
hosts:
  client:
    files: {settings: x}
    run: {name: owner, run: "[ -O $FOLDER/settings ]"}
  server:
timeline:
  - when owner ends: end
expect:
  - 'owner: exit 0'
""")
        self.assertEqual(status, rig.PASS, text)

    def test_programs_start_in_the_folder_of_their_host(self):
        """Wherever halfopen was called from."""
        for folder in "/", "/usr":
            with self.subTest(folder):
                status, text = lab("--for", "100s", "--at",
                                   "when pwd ends", "end", "--client",
                                   'pwd; echo "$FOLDER"; echo "$HERE"',
                                   cwd=folder)
                self.assertEqual(status, rig.PASS, text)
                self.assertEqual(
                    len(re.findall(r"^\S+ client  pwd: /\w+/client-\w+$", text,
                                   re.MULTILINE)), 2, text)
                self.assertRegex(text, f"pwd: {folder}\n")

    def test_root_runs_programs_as_any_user(self):
        if os.geteuid() != 0:
            self.skipTest("needs root")
        name = pwd.getpwuid(1).pw_name
        lines = program("id -un; id -u; id -G; >f && cat f && echo written",
                        user=name)
        self.assertEqual(lines, [name, "1", str(pwd.getpwuid(1).pw_gid),
                                 "written"])

    def test_programs_have_the_groups_of_their_user(self):
        inside = ["unshare", "-m", "sh", "-c",
                  'mount --bind "$1" /etc/group && shift && exec "$@"', "sh"]
        groups = pathlib.Path("/etc/group").read_text(encoding="utf-8")
        user = pwd.getpwuid(1)
        with tempfile.TemporaryDirectory() as folder:
            group = pathlib.Path(folder, "group")
            group.write_text(f"{groups}test:x:54321:{user.pw_name}\n",
                             encoding="utf-8")
            if subprocess.run([*inside, group, "true"], check=False,
                              stderr=subprocess.DEVNULL).returncode:
                self.skipTest("needs root")
            path = pathlib.Path(folder, "groups.yaml")
            path.write_text(
                "for: 500ms\nhosts:\n  server:\n    run: {run: id -G, user: "
                f"{user.pw_name}}}\n", encoding="utf-8")
            done = subprocess.run([*inside, group, HALFOPEN, "lab", path],
                                  stdout=subprocess.PIPE, text=True,
                                  stderr=subprocess.STDOUT, check=False,
                                  env=rig.environment())
        self.assertEqual(done.returncode, rig.PASS, done.stdout)
        self.assertIn(f"id: {user.pw_gid} 54321\n", done.stdout)

    def test_program_runs_on_a_terminal_when_asked(self):
        text = """
            test -t 0 && test -t 1 && test -t 2 && echo terminal
            echo the same >"$(tty)"
            stty size; echo one two; exec echo to the tty >/dev/tty"""
        self.assertEqual(program(text, terminal="yes"),
                         ["terminal", "the same", "24 80", "one two",
                          "to the tty"])
        self.assertNotIn("terminal", program(text))

    def test_output_of_python_is_not_buffered(self):
        status, text = lab("--for", "100s", "--client",
                           "python3 -c 'import time; print(1); time.sleep(99)'",
                           "--at", 'when python3 prints "1"', "end",
                           "--expect", 'python3: prints "1"')
        self.assertEqual(status, rig.PASS, text)

    def test_fork_bomb_ends_with_a_message(self):
        status, text = lab_file("""
for: 5s
processes: 300
hosts:
  client:
    run:
      - {name: bomb, run: 'while :; do sleep 100 & done'}
      - {name: other, run: sleep 4}
  server:
    run: {name: calm, run: sleep 4.5}
expect:
  - 'bomb: signal KILL'
  - 'calm: exit 0'
""")
        self.assertEqual(status, rig.PASS, text)
        self.assertEqual(text.count(
            "note    client: more than 300 processes: all are killed"), 1, text)

    def test_memory_output_and_tmp_are_limited(self):
        script = """
            head -c 2M /dev/zero >$FOLDER/f || echo too large
            python3 -c 'len(bytearray(300 << 20))' 2>&1 | tail -1
            seq 1 100"""
        status, text, records = None, None, None
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "limits.yaml")
            path.write_text(
                "for: 2s\ntmp: 1M\nhosts:\n  client:\n    run:\n"
                "      name: p\n      memory: 100M\n      output: 9\n"
                "      run: |\n" + textwrap.indent(textwrap.dedent(script),
                                                   " " * 8), encoding="utf-8")
            status, text, records = journal(str(path))
        self.assertEqual(status, rig.PASS, text)
        lines = [t for t in texts(records, "call") if t.startswith("p: ")]
        self.assertIn("p: too large", lines)
        self.assertIn("p: MemoryError", lines)
        self.assertEqual(len(lines), 9)

    def test_programs_make_sockets_of_a_host_only(self):
        """No socket is ever connected. AF_VSOCK is 40; register bits above an
        int do not matter; 425 is io_uring_setup."""
        version = rig.call(HALFOPEN, "--version").stdout
        if "- libseccomp" in version:
            self.skipTest("built without libseccomp")
        script = """
            import ctypes, errno, socket
            libc = ctypes.CDLL(None, use_errno=True)
            for family in 1, 2, 10, 16, 38, 40, 31:
                try:
                    socket.socket(family, socket.SOCK_STREAM if family != 16
                                  and family != 31 else 3).close()
                    print(family, "made")
                except OSError as error:
                    print(family, errno.errorcode[error.errno])
            if hasattr(ctypes, "c_long") and libc.syscall(
                    ctypes.c_long(425), ctypes.c_long(1), None) < 0:
                print("io_uring", errno.errorcode[ctypes.get_errno()])
            """
        text = ("cat >p.py <<'END'\n" + textwrap.dedent(script) +
                "\nEND\npython3 p.py")
        lines = program(text)
        for made in 1, 2, 10, 16:
            self.assertIn(f"{made} made", lines)
        for refused in 38, 40, 31:
            self.assertIn(f"{refused} EAFNOSUPPORT", lines)
        self.assertIn("io_uring ENOSYS", lines)

    @unittest.skipUnless(shutil.which("ip"), "ip is not installed")
    def test_capabilities_of_the_file_are_those_of_the_program(self):
        """And of no other; CAP_NET_ADMIN is 12, CAP_NET_RAW 13."""
        status, text = lab_file(textwrap.dedent("""\
            for: 3s
            hosts:
              client:
                run:
                  - {name: raw, capabilities: net_raw,
                     run: "grep CapEff /proc/self/status"}
                  - {name: both, capabilities: [net_raw, net_admin],
                     run: "grep CapEff /proc/self/status; ip link set eth0 mtu 1400"}
                  - {name: none, run: "grep CapEff /proc/self/status"}
              server:
            expect:
              - 'raw: prints "CapEff: 0000000000002000"'
              - 'both: prints "CapEff: 0000000000003000"'
              - 'both: exit 0'
              - 'none: prints "CapEff: 0000000000000000"'
            """))
        self.assertEqual(status, rig.PASS, text)
        status, text = lab_file("hosts:\n  client:\n    run: {run: 'true', "
                                "capabilities: sys_admin}\n  server:\n")
        self.assertEqual(status, rig.USAGE)
        self.assertIn("unknown capability 'sys_admin'; programs can have "
                      "net_admin and net_raw", text)

    def test_families_of_the_file_are_allowed_too(self):
        """The socket is closed at once, and never connected."""
        try:
            socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM).close()
        except OSError as error:
            self.skipTest(f"AF_VSOCK: {error}")
        script = ("python3 -c 'import socket; socket.socket(socket.AF_VSOCK, "
                  "socket.SOCK_STREAM)' 2>/dev/null && echo made")
        self.assertIn("made", program(script, families="[can, vsock]"))
        if "- libseccomp" not in rig.call(HALFOPEN, "--version").stdout:
            self.assertNotIn("made", program(script))

    def test_proc_shows_the_processes_of_the_host_only(self):
        lines = program("""
            cat /proc/$$/comm /proc/[0-9]*/comm; echo; echo /proc/[0-9]*""")
        if any("no private /proc" in line for line in lines):
            self.skipTest(str(lines))
        self.assertEqual(lines[0], "sh")
        self.assertIn("host-client", lines)
        self.assertNotIn("host-server", lines)
        self.assertLess(len(lines[-1].split()), 6, lines)

    def test_shared_memory_and_message_queues_belong_to_the_host(self):
        """Also to another host of the same lab: both make the same names."""
        name = f"halfopen-test-{os.getpid()}"
        script = f"""
            import ctypes, os, time
            libc = ctypes.CDLL(None, use_errno=True)
            print("shm", os.listdir("/dev/shm"))
            open("/dev/shm/{name}", "w").close()
            print("sysv", libc.shmget(0x68616c66, 4096, 0o1600 | 0o2000) >= 0)
            print("mq", libc.mq_open(b"/{name}", 0o300, 0o600, None)
                  >= 0)
            time.sleep(1)"""
        lines = program("cat >p.py <<'END'\n" + textwrap.dedent(script) +
                        "\nEND\npython3 p.py")
        self.assertEqual(lines, ["shm []", "sysv True", "mq True"])
        self.assertFalse(os.path.exists(f"/dev/shm/{name}"))
        with open("/proc/sysvipc/shm", encoding="ascii") as segments:
            self.assertNotIn(str(0x68616c66), segments.read())

    def test_program_cannot_trace_the_init_of_its_host(self):
        lines = program("readlink /proc/1/exe || echo refused\n"
                        "head -c 1 /proc/1/environ >/dev/null || echo refused")
        self.assertEqual([x for x in lines if x == "refused"],
                         ["refused"] * 2, lines)

    def test_stopped_init_ends_the_lab_as_broken(self):
        process = rig.start(HALFOPEN, "lab", "--for", "20s", "--at", "1s",
                            'run "true" in client')
        inits = rig.wait_for(lambda: [
            pid for pid in rig.inits(process.pid)
            if rig.read(pid, "comm") == "host-client\n"])
        os.kill(inits[0], signal.SIGSTOP)
        text, _ = process.communicate(timeout=300)
        self.assertEqual(process.returncode, rig.BROKEN, text)
        self.assertIn("host client: no reply from its init within 10 s", text)


class Conclusions(unittest.TestCase):
    """Conclusions agree with the frames of the journal."""

    def test_retransmissions_are_counted_on_the_wire(self):
        status, text, records = journal(
            "--at", "200ms", "cut server", "--at", "300ms", "send client 100",
            "--for", "3s")
        self.assertEqual(status, rig.PASS, text)
        sent = [r["transmission"] for r in records if r["type"] == "frame" and
                r["from"] == "client" and r.get("transmission")]
        self.assertGreater(max(sent), 3)
        # One is the tail loss probe, which precedes the timeouts.
        words = (f"retransmitted {max(sent) - 1} times, "
                 f"{max(sent) - 2} of them by timeout;")
        self.assertEqual([t for t in texts(records, "meaning") if words in t],
                         [t for t in texts(records, "meaning")
                          if "retransmitted" in t], text)

    def test_no_timer_ends_what_is_only_delayed(self):
        for more, state in ((), "ESTAB"), (("--at", "250ms", "close client"),
                                           "FIN-WAIT-1"):
            status, text, records = journal(
                "--at", "100ms", "delay segments from client by 30s", "--at",
                "200ms", "send client 100", *more, "--for", "2s")
            self.assertEqual(status, rig.PASS, text)
            meanings = texts(records, "meaning")
            self.assertTrue([t for t in meanings if t.startswith(state) and
                             re.search(r"acknowledged yet, retransmitted .*: "
                                       "frames of this connection are still "
                                       "delayed", t)], meanings)
            self.assertFalse([t for t in meanings if "retries" in t])

    def test_retransmissions_without_carrier_are_counted_apart(self):
        status, text, records = journal(
            "--at", "200ms", "unplug client", "--at", "300ms",
            "send client 100", "--for", "2s")
        self.assertEqual(status, rig.PASS, text)
        self.assertTrue([t for t in texts(records, "meaning") if
                         re.search(r"retransmitted \d+ times \(0 on the "
                                   r"wire\)", t)], text)

    def test_ends_behind_a_nat_are_one_connection(self):
        _, text, records = journal("--between", "nat", "--at", "200ms",
                                   "send client 10", "--for", "600ms")
        self.assertFalse([t for t in texts(records, "meaning")
                          if "half-open" in t], text)
        states = [r for r in records if r["type"] == "state" and
                  r["state"] == "ESTAB"]
        self.assertEqual({r["host"] for r in states}, {"client", "server"})
        self.assertEqual({r["connection"] for r in states}, {1})

    def concluded(self, host, text, *words):
        _, output, records = journal(*words)
        self.assertTrue([r for r in records if r["type"] == "meaning" and
                         r["host"] == host and re.search(text, r["text"])],
                        output + str(texts(records, "meaning")))

    def test_sender_of_a_reset_is_named(self):
        self.concluded("client", "^received a RST of server for port 80$",
                       "--at", "200ms", "reboot server", "--at", "300ms",
                       "send client 5", "--for", "1s")
        self.concluded("client", "^received a RST that the wire made",
                       "--at", "200ms", "reject data from client with rst",
                       "--at", "300ms", "send client 5", "--for", "1s")

    def test_sender_of_an_icmp_error_is_named(self):
        self.concluded("client", "^received ICMP host unreachable from the "
                       "wire$", "--at", "0s", "reject syn with host", "--at",
                       "10ms", "connect client server", "--for", "500ms")

    def test_rule_that_drops_is_named(self):
        self.concluded("client", "^[2-9] of its segments lost by: drop data "
                       "from client$", "--at", "100ms",
                       "drop data from client", "--at", "200ms",
                       "send client 9", "--for", "1500ms")

    def test_state_that_drops_is_named(self):
        for text, words in (
                ("the path to server is cut", ["cut server"]),
                ("server is dead", ["crash server"]),
                ("it has no conntrack entry that the segment fits",
                 ["forget gateway"])):
            between = ["--between", "nat"] if "gateway" in words[0] else []
            self.concluded("client", f"^[2-9] of its segments .*: {text}$",
                           *between, "--at", "200ms", *words, "--at", "300ms",
                           "send client 9", "--for", "2s")

    def test_unplugged_host_is_named(self):
        self.concluded("client", "^it is unplugged at the end$", "--at",
                       "200ms", "unplug client", "--for", "500ms")

    def lab_with_rules(self, rules):
        """Conclusions about the client, behind a router with these rules."""
        with tempfile.TemporaryDirectory() as out:
            status, text = lab_file(textwrap.dedent(f"""\
                for: 2500ms
                hosts:
                  client:
                  router:
                    as: router
                    rules: 'table inet f {{ chain c {{ type filter hook forward
                            priority 0; {rules}; }}; }}'
                  server:
                timeline:
                  - 0s: listen server 80
                  - 50ms: connect client server:80
                  - 300ms: send client 100
                  - 400ms: send client 2000
                """), "--quiet", "--out", out)
            self.assertEqual(status, rig.PASS, text)
            records = rig.read_journals(out)["incident"]
        return [r["text"] for r in records if r["type"] == "meaning" and
                r["host"] == "client"]

    def test_reset_by_a_gateway_is_told_from_the_peer_s(self):
        self.assertIn("received a RST of router, not of its peer, for port 80",
                      self.lab_with_rules("meta length > 800 reject with tcp "
                                          "reset"))

    def test_loss_of_large_segments_only_is_found(self):
        texts_ = self.lab_with_rules("meta length > 800 drop")
        self.assertTrue([t for t in texts_ if t.startswith(
            "only its large segments are lost: ")], texts_)
        self.assertTrue([t for t in texts_ if t.endswith(
            "not forwarded by router: rules of the file")], texts_)

    def test_loss_without_an_entry_is_not_one_of_large_segments(self):
        _, text, _ = journal(
            "--between", "firewall", "--at", "200ms", "send client 100",
            "--at", "500ms", "forget gateway", "--at", "600ms",
            "send client 2000", "--expect",
            "client: sends at least 3 retransmissions", "--for", "3s")
        self.assertIn("not forwarded by gateway: it has no conntrack", text)
        self.assertNotIn("large segments", text)

    def test_rebooted_server_leaves_a_half_open_connection(self):
        _, text, records = journal("--between", "router", "--at", "200ms",
                                   "reboot server", "--for", "600ms")
        self.assertTrue([r for r in records if r["type"] == "meaning" and
                         r["host"] == "client" and
                         "server has no such connection: this end is "
                         "half-open" in r["text"]], text)


class Needs(unittest.TestCase):
    TEXT = """
needs: {}
hosts:
  client:
    run: echo here
expect:
  - 'echo: exit 0 within 1s'
for: 1s
"""

    def test_needed_program_is_found(self):
        status, text = lab_file(self.TEXT.format("sh"))
        self.assertEqual(status, rig.PASS, text)

    def test_missing_needed_program_skips_the_lab(self):
        status, text = lab_file(self.TEXT.format("[sh, no-such-program]"))
        self.assertEqual(status, rig.SKIPPED, text)
        self.assertRegex(text, "SKIP: no-such-program is not installed")
        self.assertNotRegex(text, "client  echo here")

    def test_only_skips_give_exit_status_4(self):
        status, text = lab_file(self.TEXT.format("no-such-program"),
                                "--format", "ktap")
        self.assertEqual(status, rig.SKIPPED, text)
        self.assertRegex(text, "# SKIP no-such-program is not installed")


class Gateways(unittest.TestCase):
    def test_nat_translates_and_drops_after_forget(self):
        status, text = lab(
            "--between", "nat", "--at", "200ms", "forget gateway", "--at",
            "400ms", "send client 10", "--sysctl",
            "client:net.ipv4.tcp_retries2=2", "--expect",
            "client: ETIMEDOUT within 8s", "--for", "8s")
        self.assertEqual(status, rig.PASS, text)
        self.assertRegex(text, r"10\.0\.1\.1:80 > 10\.0\.1\.254:")

    def test_nat_without_a_free_port_is_a_conclusion(self):
        status, text = lab_file("""
hosts:
  client:
  gateway:
    as: nat
    rules: insert rule inet lab out meta l4proto tcp masquerade to :4000-4001
  server:
timeline:
  - 0s: [listen server, connect client server 3 times]
  - when client has sent 4 syns: end
expect:
  - client: 1 SYN-SENT
  - gateway: counter nf_conntrack_insert_failed
""")
        self.assertEqual(status, rig.PASS, text)
        self.assertRegex(text, r"client +\d of its segments not forwarded by "
                               r"gateway: it cannot track the\s+connection")
        self.assertIn("no port was free", text)
        self.assertNotIn("table was full", text)

    def test_rules_reach_hosts_behind_a_nat(self):
        for rule, sender in (("drop data from server to client", "server"),
                             ("drop data from client to server", "client")):
            _, text, records = journal(
                "--between", "nat", "--at", "200ms", rule, "--at", "300ms",
                "send client 10", "--for", "700ms")
            dropped = [r["from"] for r in records if r["type"] == "frame" and
                       r["fate"] == "dropped"]
            self.assertTrue(dropped, text)
            self.assertEqual(set(dropped), {sender}, text)

    def test_injected_rst_passes_for_one_through_a_nat(self):
        for host, peer in (("client", "server"), ("server", "client")):
            status, text = lab("--between", "nat", "--at", "0s",
                               "listen server 80 silent", "--at", "10ms",
                               "connect client server:80", "--at", "200ms",
                               f"inject rst from {peer} to {host}",
                               "--expect", f"{host}: counter EstabResets 1",
                               "--for", "600ms")
            self.assertEqual(status, rig.PASS, text)

    def test_firewall_drops_connections_from_outside(self):
        status, text = lab(
            "--between", "firewall", "--at", "0s", "listen client 80",
            "--at", "100ms", "connect server client:80", "--sysctl",
            "server:net.ipv4.tcp_syn_retries=1", "--sysctl",
            "server:net.ipv4.tcp_syn_linear_timeouts=0", "--expect",
            "server: ETIMEDOUT within 6s", "--for", "7s")
        self.assertEqual(status, rig.PASS, text)

    def test_idle_gateway_entry_expires(self):
        status, text = lab(
            "--between", "nat", "--idle", "1s", "--at", "2500ms",
            "send client 10", "--sysctl", "client:net.ipv4.tcp_retries2=2",
            "--expect", "client: ETIMEDOUT within 9s", "--for", "9s")
        self.assertEqual(status, rig.PASS, text)

    def test_keepalive_preserves_the_gateway_entry(self):
        status, text = lab(
            "--between", "nat", "--idle", "3s", "--at", "100ms",
            "keepalive client", "--sysctl",
            "client:net.ipv4.tcp_keepalive_time=1", "--sysctl",
            "client:net.ipv4.tcp_keepalive_intvl=1", "--at", "5s",
            "send client 10", "--expect", "client: DATA after 5s within 6s",
            "--for", "6s")
        self.assertEqual(status, rig.PASS, text)

    def forgotten(self, role, keys, *expected):
        """The gateway forgets a connection, then the client sends."""
        status, text = lab_file(
            f"hosts:\n  client:\n  gateway: {{as: {role}, {keys}}}\n"
            "  server:\ntimeline:\n"
            "  - start: [listen server, connect client server]\n"
            "  - 200ms: [forget gateway, send client 10]\nexpect:\n" +
            "".join(f"  - '{e}'\n" for e in expected) + "for: 2s\n", "-q")
        self.assertEqual(status, rig.PASS, text)
        return text

    def test_segments_of_unknown_connections_get_what_the_file_says(self):
        sent = "of send client 10"
        self.forgotten("nat", "unknown: rst", "client: ECONNRESET within 1s "
                       + sent)
        text = self.forgotten(
            "nat", "unknown: drop", "client: sends at least 2 retransmissions",
            "client: receives no rst", "client: receives no icmp",
            "gateway: counter nf_conntrack_invalid at least 3")
        self.assertRegex(text, r"gateway +nf_conntrack_invalid \+\d+: a "
                         "segment that fits no tracked connection")
        self.forgotten("firewall", "unknown: admin",
                       "client: receives at least 1 icmp", "client: open")
        self.forgotten("firewall", "unknown: pass",
                       "client: DATA within 1s " + sent)

    def test_loose_tracking_joins_a_connection(self):
        self.forgotten("firewall", "tracking: loose",
                       "client: DATA within 1s of send client 10",
                       "gateway: counter nf_conntrack_invalid 0")

    def test_tracking_is_set_in_the_gateway(self):
        """The files are loose and be_liberal, in this order."""
        for tracking, values in (("strict", "0 0"), ("loose", "1 0"),
                                 ("liberal", "0 1"),
                                 ("[loose, liberal]", "1 1")):
            status, text = lab_file(
                "hosts:\n  client:\n"
                f"  gateway:\n    as: nat\n    tracking: {tracking}\n"
                "    run: cd /proc/sys/net/netfilter; echo $(cat "
                "nf_conntrack_tcp_loose nf_conntrack_tcp_be_liberal)\n"
                "  server:\nexpect:\n"
                f"  - 'cd: prints \"{values}\"'\nfor: 1s\n", "-q")
            self.assertEqual(status, rig.PASS, text)

    def test_liberal_tracking_accepts_segments_outside_of_the_window(self):
        for tracking, invalid, answers in (("strict", "at least 1", "no"),
                                           ("liberal", "0", "1")):
            status, text = lab_file(
                "hosts:\n  client:\n"
                f"  gateway: {{as: nat, tracking: {tracking}}}\n  server:\n"
                "timeline:\n"
                "  - start: [listen server silent, connect client server]\n"
                "  - 200ms: inject data from server to gateway seq +1000000\n"
                f"expect:\n  - 'client: receives {answers} data'\n"
                f"  - 'gateway: counter nf_conntrack_invalid {invalid}'\n"
                "for: 1s\n", "-q")
            self.assertEqual(status, rig.PASS, text)

    def test_each_conntrack_state_has_a_timeout(self):
        """The client has closed its direction: CLOSE_WAIT."""
        for idle, expected in (("close-wait: 1s, established: 60s", "no"),
                               ("close-wait: 60s, established: 1s", "3")):
            status, text = lab_file(
                "hosts:\n  client:\n"
                f"  gateway: {{as: nat, idle: {{{idle}}}}}\n  server:\n"
                "timeline:\n"
                "  - start: [listen server silent, connect client server]\n"
                "  - 100ms: shut client\n  - 3s: send server 10\n"
                f"expect:\n  - 'client: receives {expected} data'\n"
                "for: 3500ms\n".replace("receives 3", "receives 1"), "-q")
            self.assertEqual(status, rig.PASS, text)

    def test_rules_change_during_the_timeline(self):
        status, text, records = journal(
            "--between", "router", "--at", "100ms",
            'nft gateway "add table ip t; add chain ip t c { type filter hook '
            'forward priority 0; }"', "--at", "200ms",
            'nft gateway "add rule ip t c tcp dport 80 reject with tcp reset"',
            "--at", "300ms", "send client 10", "--expect",
            "client: ECONNRESET within 1s of send client 10", "--for", "2s")
        self.assertEqual(status, rig.PASS, text)
        self.assertEqual([r["verb"] for r in records if r["type"] == "fault"],
                         ["nft", "nft"])

    def test_rules_of_steps_are_checked_before_the_start(self):
        for rules, message in (
                ("add rule ip t c drop", "No such file or directory"),
                ("add tabel ip t", "syntax error"),
                ("include \\\"/etc/hosts\\\"", "'include' not allowed")):
            status, text = lab("--between", "router", "--at", "1s",
                               f'nft gateway "{rules}"')
            self.assertEqual(status, rig.USAGE, text)
            self.assertRegex(text, "--at '1s' .*" + message)

    def test_ports_of_a_nat_are_those_of_the_file(self):
        for ports, kept in ("kept", True), ("fully-random", False):
            with tempfile.TemporaryDirectory() as folder:
                path = pathlib.Path(folder, "ports.yaml")
                path.write_text(
                    f"hosts: {{client: , gateway: {{as: nat, ports: {ports}}}"
                    ", server: }\ntimeline:\n  - start: [listen server, "
                    "connect client server 8 times]\nfor: 500ms\n",
                    encoding="utf-8")
                status, text, records = journal(str(path))
            self.assertEqual(status, rig.PASS, text)
            inside, outside = (
                {r["source_port"] for r in records if r["type"] == "frame" and
                 r["from"] == host and "syn" in r["kinds"]}
                for host in ("client", "gateway"))
            self.assertEqual((len(inside), len(outside)), (8, 8))
            self.assertEqual(inside == outside, kept)

    def test_dead_host_behind_a_nat_is_named(self):
        """And not the gateway, whose address the server has."""
        status, text = lab(
            "--between", "nat", "--at", "500ms", "crash client", "--at", "1s",
            "send server", "--for", "2s")
        if status == rig.SKIPPED:
            self.skipTest(text)
        self.assertEqual(status, rig.PASS, text)
        self.assertIn("; client is dead: this end is half-open",
                      " ".join(text.split()))


class Networks(unittest.TestCase):
    ASYMMETRIC = """
        networks: [office, dmz]
        hosts:
          client: {networks: office}
          out: {as: router, networks: [office, dmz]}
          back: {as: router, networks: [office, dmz]}
          server: {networks: dmz, routes: {default: back}}
        timeline:
          - 0s: [listen server, connect client server]
          - 100ms: send client 10
        expect:
          - client: DATA within 2s of send client 10
        for: 3s
        """
    # The server's replies do not pass the firewall.
    BYPASS = """
        networks: [office, dmz]
        hosts:
          client: {networks: office}
          gateway: {as: firewall, networks: [office, dmz]}
          server: {networks: [dmz, office]%s}
        timeline:
          - 0s: [listen server, connect client server]
          - 100ms: send client 10
        for: 3s
        """

    @staticmethod
    def cables(records):
        """(from, to) of every segment that was delivered."""
        return {(r["from"], r["to"]) for r in records
                if r["type"] == "frame" and r["fate"] == "forwarded" and
                "flags" in r}

    def test_reply_takes_another_gateway(self):
        for family in "46":
            status, text, records = file_journal(self.ASYMMETRIC,
                                                    "--family", family)
            self.assertEqual(status, rig.PASS, text)
            self.assertEqual(self.cables(records),
                             {("client", "out"), ("out", "server"),
                              ("server", "back"), ("back", "client")})

    def test_strict_rp_filter_drops_what_comes_from_the_wrong_side(self):
        text = self.ASYMMETRIC.replace(
            "routes: {default: back}",
            "routes: {default: back}, "
            "sysctls: {net.ipv4.conf.all.rp_filter: 1}")
        # The server's only cable is the right side for both gateways.
        status, output, _ = file_journal(text)
        self.assertEqual(status, rig.PASS, output)
        status, output, _ = file_journal("""
            networks: [office, dmz]
            hosts:
              client: {networks: office}
              gateway: {as: router, networks: [office, dmz]}
              server:
                networks: [dmz, office]
                sysctls: {net.ipv4.conf.all.rp_filter: 1}
            timeline:
              - 0s: [listen server, connect client server]
            expect:
              - server: receives at least 1 syn
              - server: sends no syn-ack
            for: 2s
            """)
        self.assertEqual(status, rig.PASS, output)

    def test_firewall_sees_one_direction_only(self):
        for more, expected in (
                ("", "client: sends at least 1 retransmission"),
                (", routes: {client: gateway}", "client: DATA")):
            status, output, records = file_journal(
                self.BYPASS % more, "--expect", expected)
            self.assertEqual(status, rig.PASS, output)
            self.assertEqual(("server", "client") in self.cables(records),
                             not more)
            self.assertEqual("not forwarded by gateway: it has no conntrack "
                             "entry that the segment fits" in " ".join(output.split()), not more,
                             output)

    def test_host_in_two_networks_does_not_forward(self):
        status, text, _ = file_journal("""
            networks: [office, dmz]
            hosts:
              client: {networks: office, routes: {default: both}}
              both: {networks: [office, dmz], run: sleep 3}
              server: {networks: dmz}
            timeline:
              - 0s: [listen server, connect client server]
            expect:
              - client: sends at least 1 syn
              - server: receives no syn
            for: 1500ms
            """)
        self.assertEqual(status, rig.PASS, text)

    def test_empty_routes_reach_the_own_network_only(self):
        status, text, _ = file_journal("""
            networks: [office, dmz]
            hosts:
              client: {networks: office, routes: {}}
              gateway: {as: router, networks: [office, dmz]}
              server: {networks: dmz}
            timeline:
              - 0s: [listen server, connect client server]
            expect:
              - client: ENETUNREACH
              - client: sends no syn
            for: 500ms
            """)
        self.assertEqual(status, rig.PASS, text)

    def test_gateway_in_a_chain_that_drops_is_named(self):
        status, text, _ = file_journal("""
            networks: [left, middle, right]
            hosts:
              client: {networks: left}
              first: {as: router, networks: [left, middle]}
              second:
                as: router
                networks: [middle, right]
                rules: |
                  table inet t { chain f { type filter hook forward priority 0;
                  tcp flags syn drop; }; }
              server: {networks: right}
            timeline:
              - 0s: [listen server, connect client server]
            for: 1500ms
            """)
        self.assertEqual(status, rig.PASS, text)
        self.assertIn("not forwarded by second", text)
        self.assertNotIn("not forwarded by first", text)

    def test_rule_reaches_a_host_behind_two_gateways(self):
        for rule, sender in (("drop data from client to server", "client"),
                             ("drop data from server to client", "server")):
            _, text, records = file_journal(f"""
                networks: [left, middle, right]
                hosts:
                  client: {{networks: left}}
                  first: {{as: nat, networks: [left, middle]}}
                  second: {{as: router, networks: [middle, right]}}
                  server: {{networks: right}}
                timeline:
                  - 0s: [listen server, connect client server]
                  - 200ms: {rule}
                  - 300ms: send client 10
                for: 700ms
                """)
            dropped = {r["from"] for r in records if r["type"] == "frame" and
                       r["fate"] == "dropped"}
            self.assertEqual(dropped, {sender}, text)

    def test_lab_has_32_hosts(self):
        names = [f"h{i}" for i in range(31)]
        status, text, _ = file_journal(
            "hosts: {" + ", ".join(f"{n}: " for n in names + ["server"]) +
            "}\ntimeline:\n  - 0s: [listen server, "
            + ", ".join(f"connect {n} server" for n in names) +
            "]\nexpect:\n  - server: 31 ESTAB\nfor: 5s\n")
        self.assertEqual(status, rig.PASS, text)


class Mtu(unittest.TestCase):
    TUNNEL = """
        networks: {office: , tunnel: {mtu: 1400}, dmz: }
        hosts:
          client: {networks: office%s}
          near: {as: router, icmp: %s, networks: [office, tunnel]}
          far: {as: router, networks: [tunnel, dmz]}
          server: {networks: dmz}
        timeline:
          - 0s: [listen server 80 silent, connect client server]
          - 100ms: send client 100
          - 200ms: send client 5000
          - 10s after server has received 5 data: end
        for: %s
        """

    @staticmethod
    def received(records, host):
        """The highest relative sequence number that the host received."""
        return max((r["seq"] + r["len"] for r in records
                    if r["type"] == "frame" and r["to"] == host and
                    r.get("len") and r["fate"] == "forwarded"), default=0)

    def test_icmp_makes_segments_smaller(self):
        for family, text in (("4", "fragmentation needed"),
                             ("6", "packet too big")):
            status, output, records = file_journal(
                self.TUNNEL % ("", "yes", "3s"), "--family", family,
                "--expect", "client: receives at least 1 icmp")
            self.assertEqual(status, rig.PASS, output)
            self.assertEqual(self.received(records, "server"), 5101)
            self.assertIn(f"received ICMP {text} from near", output)
            self.assertNotIn("only its large segments are lost",
                             " ".join(output.split()))

    def test_without_icmp_large_segments_vanish(self):
        for family in "46":
            status, output, records = file_journal(
                self.TUNNEL % ("", "no", "2s"), "--family", family,
                "--expect", "client: sends at least 2 retransmissions")
            self.assertEqual(status, rig.PASS, output)
            self.assertNotIn("received ICMP", output)
            self.assertTrue(all(
                r["len"] < 1400 for r in records if r["type"] == "frame" and
                r["to"] == "server" and r.get("len")))
            words = " ".join(output.split())
            self.assertIn("not forwarded by near: larger than the MTU", words)
            self.assertIn("only its large segments are lost", words)

    def test_mtu_probing_gets_through_a_black_hole(self):
        status, output, records = file_journal(
            self.TUNNEL.replace("10s after", "0s after") % (
                ", sysctls: {net.ipv4.tcp_mtu_probing: 1}", "no", "20s"),
            "--expect", "client: receives no icmp", "--expect",
            "server: receives at least 5 data")
        self.assertEqual(status, rig.PASS, output)

    def test_wire_carries_jumbo_frames(self):
        status, output, records = file_journal("""
            networks: {lan: {mtu: 9000}}
            hosts: {client: {networks: lan}, server: {networks: lan}}
            timeline:
              - 0s: [listen server 80 silent, connect client server]
              - 100ms: send client 40000
            for: 1s
            """)
        self.assertEqual(status, rig.PASS, output)
        self.assertEqual(self.received(records, "server"), 40001)
        self.assertIn(8948, {r.get("len") for r in records
                             if r["type"] == "frame"})

    # Jumbo frames on the hosts, and a switch that has none.
    def test_network_loses_what_is_larger_than_its_mtu(self):
        for family in "46":
            status, output, records = file_journal("""
                networks: {lan: {mtu: 1500}}
                hosts:
                  client: {networks: lan, mtu: 9000}
                  server: {networks: lan, mtu: 9000}
                timeline:
                  - 0s: [listen server 80 silent, connect client server]
                  - 100ms: send client 100
                  - when server has received 1 data: send client 40000
                  - when client has sent 4 retransmissions: end
                """, "--family", family)
            self.assertEqual(status, rig.PASS, output)
            self.assertEqual(self.received(records, "server"), 101)
            words = " ".join(output.split())
            self.assertIn("lost: larger than the MTU of the network lan", words)
            self.assertIn("only its large segments are lost", words)

    def test_interface_drops_what_is_larger_than_its_mtu(self):
        status, output, _ = file_journal("""
            networks: {lan: {mtu: 9000}, core: {mtu: 9000}}
            hosts:
              client: {networks: lan}
              gateway: {as: router, networks: {lan: {mtu: 1500}, core: }}
              server: {networks: core}
            timeline:
              - 0s: [listen server 80 silent, connect client server]
              - 100ms: send client 40000
            expect:
              - client: sends at least 1 retransmission
            for: 1s
            """)
        self.assertEqual(status, rig.PASS, output)
        self.assertIn("larger than the MTU of the interface of gateway",
                      " ".join(output.split()))


class Offload(unittest.TestCase):
    # 46 segments of 1448 bytes, and the firewall forwards frames of several.
    LAB = """
        offload: yes
        networks: [office, dmz]
        hosts:
          client: {networks: office}
          gateway: {as: firewall, networks: [office, dmz]}
          server: {networks: dmz}
        timeline:
          - start: [listen server silent, connect client server]
          - client has received 1 syn-ack: [%s, send client 65536]
          - 1s after server has received 46 data: end
        expect:
          - client: sends at least 46 data
          - server: receives at least 46 data
        for: 20s
        """

    @staticmethod
    def data(records):
        return [r for r in records if r["type"] == "frame" and
                r["from"] == "client" and r.get("len")]

    def test_frame_of_several_segments_counts_as_these(self):
        for family in "46":
            status, text, records = file_journal(
                self.LAB % 'note "no fault"', "--family", family)
            self.assertEqual(status, rig.PASS, text)
            frame = next(r for r in self.data(records) if "segments" in r)
            size = {"4": 1448, "6": 1428}[family]
            self.assertEqual(frame["segments"], -(-frame["len"] // size))
            self.assertRegex(frame["text"], f"in {frame['segments']} segments$")
            self.assertEqual(
                [(r["from"], r["segments"]) for r in records
                 if r["type"] == "frame" and r["packet"] == frame["packet"]],
                [(host, frame["segments"]) for host in ("client", "gateway")])
            self.assertNotIn("not forwarded", text)

    def test_rule_drops_the_frame_of_its_segment(self):
        status, text, records = file_journal(
            self.LAB % "drop the 3rd data from client")
        self.assertEqual(status, rig.PASS, text)
        dropped, = (r for r in self.data(records) if r["fate"] == "dropped")
        self.assertIn(2 * 1448 + 1,
                      range(dropped["seq"], dropped["seq"] + dropped["len"]))
        self.assertIn(f"{dropped.get('segments', 1)} of its segments lost by: "
                      "drop the 3rd data from client", text)


class Moves(unittest.TestCase):
    MOVE = """
        hosts:
          client:
          one: {addresses: vip}
          two:
        timeline:
          - 0s: [listen one, listen two, connect client vip]
          - client has received 1 syn-ack: send client 10
          - 1s: move vip from one to two%s
          - 2s: send client 20
        for: 4s
        """

    @staticmethod
    def receivers(records, size):
        return {r["to"] for r in records if r["type"] == "frame" and
                r.get("len") == size and r["from"] == "client"}

    def test_announced_address_is_found_at_once(self):
        for family, frame in (("4", "arp who-has 10.0.0.100 tell 10.0.0.100"),
                              ("6", "nd fd00::64 is-at")):
            status, text, records = file_journal(
                self.MOVE % "", "--family", family, "--expect",
                "client: ECONNRESET within 1s of send client 20")
            self.assertEqual(status, rig.PASS, text)
            self.assertEqual(self.receivers(records, 10), {"one"})
            self.assertEqual(self.receivers(records, 20), {"two"})
            announced = {r["to"] for r in records if r["type"] == "frame" and
                         r["from"] == "two" and frame in r["text"]}
            self.assertLessEqual({"client", "one"}, announced, text)
            self.assertIn("move vip from one to two", text)

    def test_quiet_move_is_not_noticed(self):
        for family in "46":
            status, text, records = file_journal(
                self.MOVE % " quietly", "--family", family, "--expect",
                "client: sends at least 2 retransmissions")
            self.assertEqual(status, rig.PASS, text)
            self.assertEqual(self.receivers(records, 20), {"one"})

    def test_neighbour_entry_times_out_after_a_quiet_move(self):
        status, text, records = file_journal(
            (self.MOVE % " quietly").replace("2s", "1200ms").replace(
                "4s", "40s"), "--sysctl",
            "client:net.ipv4.neigh.eth0.base_reachable_time_ms=500",
            "--sysctl", "client:net.ipv4.neigh.eth0.delay_first_probe_time=1",
            "--sysctl", "client:net.ipv4.neigh.eth0.ucast_solicit=1",
            "--expect", "client: ECONNRESET after 1s of send client 20")
        self.assertEqual(status, rig.PASS, text)
        self.assertEqual(self.receivers(records, 20), {"one", "two"})

    def test_move_from_a_dead_host_survives_its_reboot(self):
        status, text, records = file_journal("""
            hosts:
              client:
              one: {addresses: vip}
              two:
            timeline:
              - 0s: listen two
              - 100ms: crash one
              - 200ms: move vip from one to two
              - 300ms: reboot one
              - 400ms: [connect client vip, send client 10]
            expect:
              - client: DATA
            for: 2s
            """)
        self.assertEqual(status, rig.PASS, text)
        self.assertEqual(self.receivers(records, 10), {"two"})

    def test_name_of_an_address_is_one_for_programs(self):
        status, text, _ = file_journal("""
            hosts:
              client:
                run:
                  - {name: name, run: getent hosts vip}
                  - {name: variable, run: 'echo at $vip'}
              one: {addresses: {vip: 10.0.0.50}}
            expect:
              - 'name: prints "10.0.0.50"'
              - 'variable: prints "at 10.0.0.50"'
            for: 2s
            """)
        self.assertEqual(status, rig.PASS, text)

    def test_move_is_left_out_without_faults(self):
        status, text, records = file_journal(
            self.MOVE % "", "--without-faults", "--expect",
            "client: open")
        self.assertEqual(status, rig.PASS, text)
        self.assertEqual(self.receivers(records, 20), {"one"})


class Balancers(unittest.TestCase):
    LAB = """
        networks: [front, back]
        hosts:
          client: {networks: front}
          balancer: {as: balancer, networks: [front, back]%s,
                     backends: [one, two, three]}
          one: {networks: back}
          two: {networks: back}
          three: {networks: back}
        timeline:
          - 0s: [listen one, listen two, listen three]
          - 100ms: connect client balancer 9 times
          - %s: send client 10
        for: 8s
        """

    def journal_of(self, more, when, *words):
        status, text, records = file_journal(self.LAB % (more, when), *words)
        if status == rig.SKIPPED:  # without expressions of nftables
            self.skipTest(text)
        return status, text, records

    def test_backends_take_turns(self):
        for family in "46":
            status, text, _ = self.journal_of(
                "", "1s", "--family", family, "--for", "2s", "--expect",
                "client: DATA", *[word for host in ("one", "two", "three")
                                  for word in ("--expect",
                                               f"{host}: 3 ESTAB")])
            self.assertEqual(status, rig.PASS, text)

    def test_source_determines_the_backend(self):
        for family in "46":
            status, text, records = self.journal_of(
                ", balance: source", "1s", "--family", family, "--for", "2s",
                "--expect", "client: 9 ESTAB")
            self.assertEqual(status, rig.PASS, text)
            self.assertEqual(len({r["to"] for r in records
                                  if r["type"] == "frame" and
                                  r["from"] == "balancer" and
                                  "syn" in r["kinds"]}), 1, text)

    def test_idle_connection_gets_a_reset(self):
        for family in "46":
            status, text, records = self.journal_of(
                ", idle: 1s, unknown: rst", "4s", "--family", family,
                "--expect", "client: ECONNRESET within 2s of send client 10")
            self.assertEqual(status, rig.PASS, text)
            self.assertIn("received a RST of balancer",
                          " ".join(text.split()))

    def test_idle_connection_gets_silence(self):
        status, text, _ = self.journal_of(
            ", idle: 1s", "4s", "--expect", "client: receives no rst",
            "--expect", "client: sends at least 18 retransmissions",
            "--expect", "client: open")
        self.assertEqual(status, rig.PASS, text)

    def test_dead_backend_is_named(self):
        """And not the balancer, whose address the client has."""
        status, text, _ = self.journal_of(
            "", "1s", "--for", "2s", "--at", "500ms", "crash two",
            "--expect", "client: sends at least 3 data")
        self.assertEqual(status, rig.PASS, text)
        text = " ".join(text.split())
        self.assertIn("; two is dead: this end is half-open", text)
        self.assertNotIn("balancer has no such connection", text)

    def test_connection_in_use_stays_with_its_backend(self):
        status, text, _ = self.journal_of(
            ", idle: 60s, unknown: rst", "4s", "--expect",
            "client: DATA within 2s of send client 10", "--expect",
            "client: receives no rst")
        self.assertEqual(status, rig.PASS, text)


class Paths(unittest.TestCase):
    """The properties of a path. A frame is never early: `left` is compared
    with `t`, when the wire received it."""

    def frames(self, keys, steps, *more, seconds="2s", expect=()):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "path.yaml")
            path.write_text(
                f"for: {seconds}\nhosts:\n  client: {{{keys}}}\n  server:\n"
                "timeline:\n  - start: [listen server silent]\n" +
                "".join(f"  - {s}\n" for s in steps) +
                ("expect:\n" if expect else "") +
                "".join(f"  - '{e}'\n" for e in expect), encoding="utf-8")
            status, text, records = journal(str(path), *more)
        self.assertEqual(status, rig.PASS, text)
        self.notes = texts(records, "note")
        # A frame that leaves later has a second record, with `left`.
        frames = {}
        for r in records:
            if r["type"] == "frame":
                key = (r["packet"], r["from"])
                frames[key] = {**r, "t": frames.get(key, r)["t"]}
        return list(frames.values())

    def arrivals(self, frames, sender):
        """Of the frames that arrived, in that order."""
        return sorted((r for r in frames
                       if r["from"] == sender and r.get("left")),
                      key=lambda r: r["left"])

    def test_delay_and_jitter_of_a_direction(self):
        frames = self.frames(
            "delay: {to: 30ms}, jitter: {to: 20ms}",
            ["100ms: [connect client server 20 times, send client 10]",
             "1s: send server 10"])
        late = [r["left"] - r["t"] for r in self.arrivals(frames, "server")]
        self.assertGreater(len(late), 20)
        self.assertGreaterEqual(min(late), 0.030)
        # Jitter alone, whatever the machine adds.
        self.assertGreater(len({round(x, 4) for x in late}), 5)
        self.assertEqual({r["fate"] for r in frames if r["from"] == "client"},
                         {"forwarded"})

    def test_rate_and_queue_of_a_direction(self):
        frames = self.frames(
            "rate: {from: 2Mbit/s}, queue: {from: 20}",
            ["100ms: [connect client server, send client 100KiB]"],
            seconds="3s",
            expect=["server: receives at least 40 data"])
        arrived = [r for r in self.arrivals(frames, "client")
                   if r["fate"] != "dropped: queue is full"]
        # Each frame takes its own time, and that of those that wait before it.
        for r in arrived:
            self.assertGreaterEqual(r["left"] - r["t"],
                                    r["size"] * 8 / 2e6 - 1e-9)
        bits = 8 * sum(r["size"] for r in arrived[1:])
        self.assertGreaterEqual(arrived[-1]["left"] - arrived[0]["t"],
                                bits / 2e6)

    def test_full_queue_drops(self):
        frames = self.frames(
            "rate: {from: 64kbit/s}, queue: {from: 2}",
            ["100ms: [connect client server, send client 20KiB]"],
            seconds="1s")
        self.assertIn("dropped: queue is full", {r["fate"] for r in frames})

    def test_loss_of_a_direction_is_about_its_share(self):
        frames = self.frames(
            "loss: {from: 30%}", ["100ms: connect client server 300 times"],
            seconds="1500ms")
        for sender, least, most in ("client", 0.2, 0.4), ("server", 0, 0):
            fates = [r["fate"] for r in frames if r["from"] == sender]
            self.assertGreater(len(fates), 100)
            share = fates.count("dropped") / len(fates)
            self.assertTrue(least <= share <= most, f"{sender}: {share}")

    def test_corrupt_segments_are_dropped_by_the_receiver(self):
        frames = self.frames(
            "corrupt: {from: 100%}", ["100ms: connect client server"],
            seconds="1s", expect=["server: counter InErrs at least 1",
                                  "server: counter InCsumErrors at least 1",
                                  "server: sends no syn-ack"])
        self.assertEqual({r["fate"] for r in frames if r["from"] == "client"},
                         {"corrupted"})

    def test_next_frame_overtakes(self):
        frames = self.frames(
            "reorder: {from: 30%}",
            ["100ms: [connect client server, send client 64KiB]"],
            expect=["server: counter TCPOFOQueue at least 1"])
        sent = [r["seq"] for r in self.arrivals(frames, "client")
                if r["len"] and r["transmission"] == 1]
        self.assertGreater(sum(a > b for a, b in zip(sent, sent[1:])), 0)

    def test_link_changes_a_path(self):
        """Everything is lost between two steps, in one direction."""
        frames = self.frames(
            "", ["100ms: connect client server",
                 "300ms: [link client from loss 100%, send client 10]",
                 "when client has sent 3 data: "
                 "[link client from loss 0% delay 10ms]"],
            seconds="5s", expect=["server: receives 1 data"])
        data = [r for r in frames if r["from"] == "client" and r["len"]]
        self.assertEqual({r["fate"] for r in data[:3]}, {"dropped"})
        arrived = self.arrivals(frames, "client")[-1]
        self.assertGreaterEqual(arrived["left"] - arrived["t"], 0.010)

    def test_seed_determines_the_losses_and_is_printed(self):
        """No answer, so that only SYNs are sent."""
        lost = []
        for seed in "1", "1", "2":
            frames = self.frames(
                "loss: {from: 50%}",
                ["50ms: [drop frames from server, "
                 "connect client server 16 times]"], "--seed", seed,
                seconds="600ms")
            self.assertIn(f"random choices: seed {seed}", self.notes)
            lost.append([r["fate"] for r in frames
                         if r["from"] == "client" and "syn" in r["kinds"] and
                         r["transmission"] == 1])
        self.assertEqual(len(lost[0]), 16)
        self.assertEqual(lost[0], lost[1])
        self.assertNotEqual(lost[0], lost[2])


class Prompt(unittest.TestCase):
    @conclusive
    def typed(self, words, *more):
        with tempfile.TemporaryFile("w+") as keys:
            keys.write(words)
            keys.seek(0)
            done = subprocess.run([HALFOPEN, "lab", "-i", *more], stdin=keys,
                                  stdout=subprocess.PIPE, text=True,
                                  stderr=subprocess.STDOUT, timeout=300,
                                  env=rig.environment(), check=False)
        return done.returncode, done.stdout

    def test_actions_are_applied_and_errors_reported(self):
        status, text = self.typed("wait 200ms\nunplg client\nunplug client\n"
                                  "wait 100ms\nplug client\nstates\n"
                                  "crash nobody\nwait 100ms\n")
        self.assertEqual(status, rig.PASS, text)
        self.assertRegex(text, "unknown action 'unplg'")
        self.assertRegex(text, "fault   unplug client")
        self.assertRegex(text, "fault   plug client")
        self.assertRegex(text, "unknown host 'nobody'")

    def test_prompt_refuses_what_a_file_refuses(self):
        refused = [
            ("plug server", "server is not unplugged; no 'unplug server' comes "
             "before it"),
            ("thaw client", "client is not frozen; no 'freeze client' comes "
             "before it"),
            ("release", "no frames are held; no 'hold' comes before it"),
            ("pass", "the wire has no rule; no 'drop', 'hold', 'delay', "
             "'duplicate' or 'reject' comes before it"),
            ("forget server", "server tracks no connections; only a NAT, a "
             "firewall or a balancer does"),
            ("inject fin from client to client", "source and destination are "
             "the same host; the wire does not see its frames"),
        ]
        for action, why in refused:
            status, text = lab("--at", "1s", action)
            self.assertEqual(status, rig.USAGE, text)
            self.assertIn(f"{action}: {why}", text)
        status, text = self.typed(
            "\n".join(["wait 200ms", *(action for action, _ in refused),
                       "unplug client", "unplug client", "plug client",
                       "plug client", "listen server 80", "crash server",
                       "freeze server",
                       "send server", 'run "x" in server as y', "kill y",
                       "crash clint", "wait 100ms", "reboot server",
                       "wait 100ms"]))
        self.assertEqual(status, rig.PASS, text)
        for action, why in refused:
            self.assertIn(f"{action}: {why}\n", text)
        self.assertRegex(text, "listen server 80: the probe already listens on "
                         "port 80 since ")
        self.assertRegex(text, "unplug client: client is already unplugged "
                         r"since \d+ms\n")
        self.assertRegex(text, r"freeze server: server is dead since \d+ms; "
                         "expected 'reboot server' first\n")
        self.assertRegex(text, r"send server: server is dead since ")
        self.assertRegex(text, r'run "x" in server as y: server is dead ')
        self.assertIn("unknown program or host 'y'", text)
        self.assertIn("unknown host 'clint'; did you mean 'client'?", text)
        self.assertEqual(re.findall(r"fault +(.*)", text),
                         ["unplug client", "plug client", "crash server",
                          "reboot server"])

    def test_prompt_sees_what_the_steps_of_the_file_did(self):
        status, text = self.typed(
            "wait 400ms\nunplug client\nplug client\nwait 100ms\n",
            "--at", "client reaches ESTAB", "unplug client", "--at",
            "60s after client reaches SYN-SENT", "plug client")
        self.assertEqual(status, rig.PASS, text)
        self.assertRegex(text, "\nunplug client: client is already unplugged "
                         "since ")
        self.assertEqual(re.findall(r"fault +(.*)", text),
                         ["unplug client", "plug client"])

    def test_300_lines_of_a_file_are_all_applied(self):
        lines = [f'note "number {i}"' for i in range(300)]
        text = "\n".join(["wait 200ms", *lines[:150], "wait 200ms",
                          *lines[150:], "end"])
        status, output = self.typed(text)
        self.assertEqual(status, rig.PASS, output)
        self.assertEqual(len(re.findall("note +number", output)), 300)

    def test_help_lists_verbs(self):
        _, text = self.typed("help\n")
        for verb in ("unplug HOST", "drop CHOICE", "connect HOST", "shell"):
            self.assertIn(verb, text)

    def test_shell_enters_a_lab_of_another_process(self):
        with tempfile.TemporaryFile("w+") as keys:
            # The server may not listen yet.
            keys.write("until grep 0200000A:0050 /proc/net/tcp; "
                       "do sleep 0.05; done; hostname; exit 7\n")
            keys.seek(0)
            process = rig.start(HALFOPEN, "lab", "--for", "60s")
            try:
                where = f"server@{process.pid}"
                deadline = time.monotonic() + 40
                status = rig.USAGE
                while status == rig.USAGE and time.monotonic() < deadline:
                    keys.seek(0)
                    done = subprocess.run(
                        [HALFOPEN, "lab", "--shell", where], stdin=keys,
                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                        text=True, timeout=300, check=False,
                        env=rig.environment(SHELL="/bin/sh"))
                    status = done.returncode
                    time.sleep(0.2)
                self.assertEqual(status, 7, done.stdout)
                self.assertIn("server", done.stdout)
            finally:
                process.send_signal(signal.SIGINT)
                process.communicate(timeout=300)

    @unittest.skipUnless(shutil.which("strace"), "strace is not installed")
    def test_init_is_found_when_it_has_its_namespaces(self):
        """--shell finds the init of a host by its name. strace delays the call by
        which it enters its UTS namespace; with -D, halfopen is the child of this
        process."""
        process = rig.start("strace", "-D", "-f", "-qq", "-o", "/dev/null",
                            "-e", "inject=unshare:delay_enter=300000",
                            HALFOPEN, "lab", "--for", "60s")
        own = os.readlink("/proc/self/ns/uts")
        try:
            for pid in rig.wait_for(lambda: rig.inits(process.pid)):
                self.assertNotEqual(os.readlink(f"/proc/{pid}/ns/uts"), own)
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=300)


class Live(unittest.TestCase):
    """What a lab prints while it runs: the lines above the ladder."""

    @classmethod
    def setUpClass(cls):
        status, text = lab(
            "--at", "0s", "listen server 80", "--at", "50ms",
            "connect client server:80 20 times", "--at", "100ms",
            'run "seq 5; sleep 0.1; seq 5" in client as lines', "--at",
            "200ms", "send client 5", "--at", "400ms", "crash server",
            "--for", "800ms")
        assert status == rig.PASS, text
        cls.lines = re.findall(r"^(\d+\.\d+) (\w+) +(.*)$",
                               text[:text.index("\n\n")], re.M)

    def test_equal_sockets_are_one_line(self):
        """A machine under load notices them in several looks."""
        for host, text in (("client", "ESTAB"), ("server", "ESTAB"),
                           ("client", "connect("), ("server", "accept(")):
            found = [what for _, where, what in self.lines
                     if where == host and what.startswith(text)]
            self.assertTrue(any("sockets" in what for what in found), found)
            self.assertLess(len(found), 8, found)

    def test_lines_are_in_order_of_time(self):
        times = [float(t) for t, _, what in self.lines
                 if "(recorded late)" not in what]
        self.assertGreater(len(times), 20)
        self.assertEqual(times, sorted(times))


class Terminal:
    """A lab with a prompt on a pseudo-terminal, which is its controlling one."""

    UP, LEFT, RIGHT, BACKSPACE = "\x1b[A", "\x1b[D", "\x1b[C", "\x7f"

    def __init__(self, test, *words, columns=80):
        self.master, self.slave = pty.openpty()
        self.resize(columns)
        self.modes = termios.tcgetattr(self.slave)
        self.text = ""
        self.process = subprocess.Popen(
            [HALFOPEN, "lab", "-i", *words], stdin=self.slave,
            stdout=self.slave, stderr=self.slave,
            preexec_fn=self.take_terminal, env=rig.environment(
                TERM="xterm", LC_ALL="C.UTF-8", HOME="/nonexistent"))
        test.addCleanup(self.process.wait)
        test.addCleanup(self.process.kill)
        self.until("echoes from now on.*> ")

    @staticmethod
    def take_terminal():
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    def resize(self, columns):
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ,
                    struct.pack("HHHH", 24, columns, 0, 0))

    def read(self, seconds):
        if select.select([self.master], [], [], seconds)[0]:
            self.text += os.read(self.master, 65536).decode(errors="replace")

    def until(self, pattern, seconds=60):
        """Reads until the output since the last call has the pattern."""
        deadline = time.monotonic() + seconds
        while not re.search(pattern, self.text, re.DOTALL):
            if time.monotonic() > deadline:
                raise AssertionError(f"no {pattern!r} in {self.text!r}")
            self.read(0.1)
        text, self.text = self.text, ""
        return text

    def type(self, keys):
        os.write(self.master, keys.encode())

    def end(self):
        """The exit status, and whether the terminal has its modes again."""
        deadline = time.monotonic() + 60
        while self.process.poll() is None and time.monotonic() < deadline:
            self.read(0.1)
        modes = termios.tcgetattr(self.slave)
        os.close(self.master)
        os.close(self.slave)
        return self.process.returncode, modes == self.modes


class Editing(unittest.TestCase):
    def test_arrow_up_recalls_a_line(self):
        terminal = Terminal(self)
        terminal.type('note "one"\r')
        terminal.until("note    one")
        terminal.type(f"{Terminal.UP}\r")
        terminal.until("note    one")
        terminal.type("quit\r")
        self.assertEqual(terminal.end(), (rig.PASS, True))

    def test_line_is_edited_in_its_middle(self):
        terminal = Terminal(self)
        terminal.type(f'nte "äbx"\x01{Terminal.RIGHT}o\x05{Terminal.LEFT}'
                      f"{Terminal.BACKSPACE}c\r")
        terminal.until("note    äbc")
        terminal.type("\x04")
        self.assertEqual(terminal.end(), (rig.PASS, True))

    def test_output_leaves_the_line_that_is_typed(self):
        # A line of one row, of two rows, and the cursor in the first of two.
        for columns, rows_up, keys in ((80, 0, ""), (30, 1, ""),
                                       (30, 0, "\x01")):
            terminal = Terminal(self, "--at", "1200ms", "note tick", columns=columns)
            terminal.type('note "this line has no end yet' + keys)
            text = terminal.until("tick[^\n]*\n.*no end")
            above = f"\x1b[{rows_up}A" if rows_up else ""
            self.assertRegex(text, re.escape(f"{above}\r\x1b[J") +
                             r"\d\.\d{3} \S*note    tick")
            if not rows_up:
                self.assertNotRegex(text, r"\x1b\[\d+A\r\x1b\[J\d\.\d")
            terminal.type('\x05"\r')
            terminal.until("note    this line has no end yet")
            terminal.type("quit\r")
            self.assertEqual(terminal.end(), (rig.PASS, True))

    def test_escape_alone_stops_no_output(self):
        terminal = Terminal(self, "--at", "1200ms", "note tick")
        terminal.type("\x1b")
        terminal.until("note    tick")
        terminal.process.send_signal(signal.SIGTERM)
        self.assertEqual(terminal.end(), (-signal.SIGTERM, True))

    def test_terminal_is_restored_by_every_end(self):
        for keys, number in (("\x1c", signal.SIGQUIT),
                             ("", signal.SIGHUP), ("", signal.SIGTERM)):
            with self.subTest(number.name):
                terminal = Terminal(self)
                if keys:
                    terminal.type(keys)
                else:
                    terminal.process.send_signal(number)
                self.assertEqual(terminal.end(), (-number, True))

    def test_incomplete_character_does_not_delay_the_end(self):
        terminal = Terminal(self)
        os.write(terminal.master, b"\xe6")
        time.sleep(0.2)  # the byte is read before the signal
        terminal.process.send_signal(signal.SIGTERM)
        self.assertEqual(terminal.end(), (-signal.SIGTERM, True))

    def test_character_is_completed(self):
        terminal = Terminal(self)
        for part in b'note "', b"\xe6", b"\xb1\x89", b'"\r':
            os.write(terminal.master, part)
            time.sleep(0.05)
        terminal.until("note    \u6c49")
        terminal.type("quit\r")
        self.assertEqual(terminal.end(), (rig.PASS, True))

    def test_tab_completes_verbs_and_names(self):
        terminal = Terminal(self)
        terminal.type("unpl\tcl\t\r")
        terminal.until("fault   unplug client")
        terminal.type("re\t")
        terminal.until("reboot resume readdress reject release "
                       r"read-again\r\n.*> re")
        terminal.type("boo\ts\t\r")
        terminal.until("fault   reboot server")
        terminal.type("quit\r")
        self.assertEqual(terminal.end(), (rig.PASS, True))

    def test_interrupt_discards_the_line_and_then_ends_the_timeline(self):
        terminal = Terminal(self)
        terminal.type("crash server")
        terminal.until("crash server")
        terminal.type("\x03")
        terminal.until("> ")
        terminal.type('note "after it"\r')
        text = terminal.until("note    after it")
        self.assertNotIn("fault", text)
        terminal.type("\x03")
        self.assertEqual(terminal.end(), (rig.PASS, True))

    def test_line_follows_the_size_of_the_terminal(self):
        terminal = Terminal(self)
        terminal.type('note "a line of more than thirty columns')
        terminal.until("thirty columns")
        terminal.resize(30)
        terminal.until(r'\x1b\[1A\r\x1b\[J> note "a line .* columns')
        terminal.type("\x15quit\r")
        self.assertEqual(terminal.end(), (rig.PASS, True))

    def test_shell_has_the_terminal_meanwhile(self):
        terminal = Terminal(self, "--at", "1s", "note tick")
        terminal.type("shell cl\t\r")
        terminal.until(r"client\$ ")
        terminal.type("stty -a\n")
        terminal.until(r"[^-]icanon.*client\$ ")
        terminal.type("exit\n")
        terminal.until("> ")
        terminal.type(f"{Terminal.UP}{Terminal.UP}\x15quit\r")
        self.assertEqual(terminal.end(), (rig.PASS, True))


class Ends(unittest.TestCase):
    def running(self):
        process = rig.start(HALFOPEN, "lab", "--run", "client", "sleep 100",
                            "--for", "60s")
        rig.wait_for(lambda: rig.programs(process.pid))
        return process

    def gone(self, process, below):
        process.communicate(timeout=300)
        self.assertFalse(rig.wait_for(
            lambda: not [p for p in below if os.path.exists(f"/proc/{p}")] or
            None) is None, "processes are left")
        return process.returncode

    def test_interrupt_ends_the_timeline_with_a_summary(self):
        process = self.running()
        process.send_signal(signal.SIGINT)
        text, _ = process.communicate(timeout=300)
        self.assertEqual(process.returncode, rig.PASS, text)
        self.assertRegex(text, "\nconclusions\n")

    def test_terminate_ends_the_lab_by_that_signal(self):
        process = self.running()
        below = rig.descendants(process.pid)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(self.gone(process, below), -signal.SIGTERM)

    def test_kill_leaves_no_process(self):
        process = self.running()
        below = rig.descendants(process.pid)
        self.assertGreater(len(below), 3)
        process.kill()
        self.gone(process, below)


class Reports(unittest.TestCase):
    def test_jsonl_has_run_case_and_summary(self):
        status, text = lab("--format", "jsonl", "--expect", "client: open",
                           "--for", "300ms")
        self.assertEqual(status, rig.PASS, text)
        lines = [json.loads(line) for line in text.splitlines()]
        self.assertEqual([line["type"] for line in lines],
                         ["run", "case", "summary"])
        self.assertEqual(lines[1]["expectations"][0]["ok"], True)
        self.assertEqual(lines[1]["expectations"][0]["at"],
                         "--expect 'client: open'")

    def test_incident_is_found_by_name(self):
        # Neither an incident nor a file: nothing is started.
        status, text = lab("-q", "nat-forgets-nothing")
        self.assertEqual(status, rig.USAGE, text)
        status, text = lab("-q", "port-exhaustion")
        self.assertIn(status, (rig.PASS, rig.SKIPPED), text)

    def test_several_files_are_run_as_a_suite(self):
        text = "for: 200ms\nexpect:\n  - 'client: {}'\n"
        with tempfile.TemporaryDirectory() as folder:
            good = pathlib.Path(folder, "good.yaml")
            bad = pathlib.Path(folder, "bad.yaml")
            good.write_text(text.format("open"), encoding="utf-8")
            bad.write_text(text.format("EOF"), encoding="utf-8")
            status, output = lab("-q", str(good), str(bad), *rig.PATIENT)
        self.assertEqual(status, rig.FAIL, output)
        self.assertRegex(output, "1 passed, 1 failed")

    def test_report_has_conclusions_and_hosts_in_order(self):
        with tempfile.TemporaryDirectory() as out:
            lab("-q", "--out", out, "--at", "0s", "unplug client", "--at",
                "10ms", "listen server 80", "--at", "20ms",
                "connect client server:80", "--expect", "client: 1 SYN-SENT",
                "--for", "300ms")
            done = subprocess.run([HALFOPEN, "report", out], text=True,
                                  stdout=subprocess.PIPE, check=True)
        self.assertRegex(done.stdout, r"client +server")
        self.assertRegex(done.stdout, "\nconclusions\n")
        self.assertRegex(done.stdout, r"ok +client: 1 SYN-SENT")

    def test_failed_lab_has_its_reason_and_no_empty_columns(self):
        with tempfile.TemporaryDirectory() as out:
            status, text = lab("-q", "--out", out, "--expect", "client: EOF",
                               "--expect", "client: 2 ESTAB", "--for", "200ms",
                               "--slack", "60000")
            self.assertEqual(status, rig.FAIL, text)
            page = pathlib.Path(out, "index.html").read_text(encoding="utf-8")
            report = rig.call(HALFOPEN, "report", out).stdout
        self.assertRegex(text, "\nFAIL: client: expected EOF, observed .* "
                               r"\(and 1 more\)\n")
        self.assertEqual(re.findall("<th>(.*?)</th>", page),
                         ["case", "verdict", "predicted", "measured"])
        self.assertRegex(page[page.index("<table"):],
                         "client: expected EOF, observed .*and 1 more"
                         ".*2 expectations.*0 met")
        self.assertRegex(report, "^case +verdict +predicted +measured +reason\n"
                                 "lab +FAIL +2 expectations +0 met +"
                                 "client: expected EOF, observed ")

    def test_times_count_from_the_start_of_the_timeline(self):
        with tempfile.TemporaryDirectory() as out:
            _, text = lab("--server", "sleep 0.5; exec sleep 100", "--at", "1s",
                          "unplug client", "--for", "1500ms", "--out", out)
            journals = rig.read_journals(out)
        records = journals[max(journals)]
        start, = (r["t"] for r in records if r["type"] == "timeline")
        fault, = (r["t"] for r in records if r["type"] == "fault")
        self.assertGreaterEqual(start, 0.5)
        self.assertIn(f"\n{fault - start:.3f} fault   unplug client", text)


SHARDS = 4


def only_shard(number):
    """load_tests() of unittest: every fourth test."""
    def flat(suite):
        for test in suite:
            if isinstance(test, unittest.TestSuite):
                yield from flat(test)
            else:
                yield test

    return lambda loader, tests, pattern: unittest.TestSuite(
        list(flat(tests))[number::SHARDS])


def run_shards():
    """Returns the exit status: 1 if a test failed in any of them."""
    outputs = [tempfile.TemporaryFile("w+") for _ in range(SHARDS)]
    processes = [subprocess.Popen(
        [sys.executable, "-B", __file__, HALFOPEN, "--shard", str(n)],
        stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
                 for n, output in enumerate(outputs)]
    statuses = [process.wait() for process in processes]
    # What failed comes last, where the end of a long log is kept.
    for _, output in sorted(zip(statuses, outputs), key=lambda pair: pair[0]):
        output.seek(0)
        print(output.read(), flush=True)
        output.close()
    return max(statuses)


if __name__ == "__main__":
    done = lab("--for", "100ms", "-q")
    if done[0] == rig.SKIPPED:
        print(done[1])
        sys.exit(rig.SKIP_STATUS)
    if len(sys.argv) == 2:
        sys.exit(run_shards())
    if sys.argv[2] == "--shard":
        shard = int(sys.argv.pop(3))
        del sys.argv[2]
        load_tests = only_shard(shard)
    unittest.main(argv=sys.argv[:1] + sys.argv[2:], verbosity=2)
