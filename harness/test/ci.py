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


class Templates(unittest.TestCase):
    """Of GitHub and GitLab. The shell steps run here, in a tree whose bootstrap does
    nothing and whose halfopen is that of the test."""

    def setUp(self):
        try:
            import yaml  # pylint: disable=import-outside-toplevel
        except ImportError:
            self.skipTest("python3-yaml is not installed")
        self.action, self.workflow, self.gitlab = (
            yaml.safe_load((CI / name).read_text(encoding="utf-8"))
            for name in ("github/action.yml", "github/workflow.yml",
                         "gitlab.yml"))
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.top = pathlib.Path(folder.name)
        tree = self.top / "halfopen"
        (tree / "build/harness").mkdir(parents=True)
        (tree / "harness/ci/github").mkdir(parents=True)
        bootstrap = tree / "harness/bootstrap"
        bootstrap.write_text("#!/bin/sh\n", encoding="utf-8")
        bootstrap.chmod(0o755)
        self.halfopen = tree / "build/harness/halfopen"
        self.halfopen.symlink_to(PROGRAM)

    def prints_its_arguments(self):
        self.halfopen.unlink()
        self.halfopen.write_text('#!/bin/sh\necho "$*"\n[ "$1" != doctor ] || exit 4\n',
                                 encoding="utf-8")
        self.halfopen.chmod(0o755)

    def shell(self, script, **more):
        """As GitHub and GitLab call it. Returns the exit status."""
        self.done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
            cwd=self.top, capture_output=True, text=True, check=False,
            env=rig.environment(**more))
        return self.done.returncode

    def steps(self, job):
        return self.workflow["jobs"][job]["steps"]

    def act(self, **inputs):
        """Runs the last step of the action."""
        values = {name: each.get("default")
                  for name, each in self.action["inputs"].items()}
        self.assertLessEqual(inputs.keys(), values.keys())
        values.update(inputs)
        step = self.action["runs"]["steps"][-1]
        variables = {name: re.sub(r"\$\{\{ inputs\.(\w+) \}\}",
                                  lambda m: values[m[1]], value)
                     for name, value in step["env"].items()}
        return self.shell(step["run"], **variables, GITHUB_ACTION_PATH=str(
            self.top / "halfopen/harness/ci/github"))

    def test_the_action_runs_and_merges_shards(self):
        for k in 1, 2:
            self.assertEqual(self.act(
                arguments=f"passes waits/short --shard {k}/2",
                report=f"shards/{k}"), rig.PASS)
        self.assertEqual(self.act(merge="shards"), rig.PASS)
        suite = xml.etree.ElementTree.parse(self.top / "report.xml")
        self.assertEqual(suite.getroot().get("tests"), "2")
        self.assertTrue((self.top / "report/index.html").exists())
        self.assertEqual(self.act(arguments="fails --slack 100000"), rig.FAIL)

    def test_the_action_calls_a_guest(self):
        self.prints_its_arguments()
        for inputs, words in (
                ({"defaults": "true"}, "vm --virtual-time -- run --family 4 "
                                     "--inconclusive=skip --retry 1 --defaults"),
                ({"kernel": "bzImage", "family": "6", "arguments": "A10 B*"},
                 "vm --virtual-time --kernel bzImage -- run --family 6 "
                 "--inconclusive=skip --retry 1 A10 B*")):
            self.assertEqual(self.act(**inputs), 0)
            self.assertEqual(
                (self.top / "report.xml").read_text(encoding="utf-8"),
                words + " --format junit --out report\n")

    def test_the_workflow_uses_inputs_that_exist(self):
        used = 0
        for job in self.workflow["jobs"]:
            for step in self.steps(job):
                if "/harness/ci/github@" in step["uses"]:
                    self.assertLessEqual(step["with"].keys(),
                                         self.action["inputs"].keys())
                    used += 1
        self.assertEqual(used, 3)

    def test_reports_are_kept_after_a_failure(self):
        for job in self.workflow["jobs"]:
            self.assertEqual(self.steps(job)[-1]["if"], "always()")
        for job in "halfopen", "halfopen-report":
            self.assertEqual(self.gitlab[job]["artifacts"]["when"], "always")

    def test_gitlab_runs_and_merges_shards(self):
        self.prints_its_arguments()
        (script,) = self.gitlab["halfopen"]["script"]
        for kernel, option in ("", ""), ("bzImage", " --kernel bzImage"):
            self.assertEqual(self.shell(
                script, CI_NODE_INDEX="1", CI_NODE_TOTAL="2",
                HALFOPEN_KERNEL=kernel, HALFOPEN_ARGUMENTS="--family 6"), 0)
            self.assertEqual(
                self.done.stdout,
                f"vm --virtual-time{option} -- run --inconclusive=skip "
                "--retry 1 --shard 1/2 --out shards/1 --family 6\n")
        self.halfopen.unlink()
        self.halfopen.symlink_to(PROGRAM)
        for k in 1, 2:
            rig.call(PROGRAM, "run", "passes", "fails", "--shard", f"{k}/2",
                     "--out", self.top / f"shards/{k}", *rig.PATIENT)
        (script,) = self.gitlab["halfopen-report"]["script"]
        self.assertEqual(self.shell(script), rig.FAIL)
        suite = xml.etree.ElementTree.parse(self.top / "report.xml")
        self.assertEqual(suite.getroot().get("tests"), "2")
        shutil.rmtree(self.top / "shards/2")
        self.shell(script)
        self.assertIn("shard 2/2 is missing", self.done.stderr)

    def test_scripts_pass_shellcheck(self):
        scripts = [each["run"] for each in self.action["runs"]["steps"]]
        scripts += self.gitlab[".halfopen"]["before_script"]
        for job in "halfopen", "halfopen-report":
            scripts += self.gitlab[job]["script"]
        self.assertEqual(len(scripts), 9)
        for script in scripts:
            subprocess.run(["bash", "-n"], input=script, text=True, check=True)
            if shutil.which("shellcheck"):
                subprocess.run(["shellcheck", "-s", "bash", "-"], input=script,
                               text=True, check=True)

    @unittest.skipUnless(shutil.which("yamllint"), "yamllint is not installed")
    def test_yamllint(self):
        done = rig.call("yamllint", "--strict", CI)
        self.assertEqual(done.stdout, "")


class Shards(unittest.TestCase):
    """run --shard K/N on several machines, and report --merge."""

    RUNS = ("passes", "fails-once", "fails", "exits", "needs-program",
            "waits/short")

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.top = pathlib.Path(folder.name)
        for k in 1, 2, 3:
            cls.run_shard(f"{k}/3", f"shard-{k}", *cls.RUNS)
        cls.run_shard("1/2", "passing-1", "passes", "needs-program")
        cls.run_shard("2/2", "passing-2", "passes", "needs-program")

    @classmethod
    def run_shard(cls, shard, out, *words):
        rig.call(PROGRAM, "run", *words, "--shard", shard, "--retry", "1",
                 "--out", cls.top / out, *rig.PATIENT)

    def merge(self, *names, status, options=()):
        done = rig.call(PROGRAM, "report", "--merge",
                        *(self.top / name for name in names), *options)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done

    def lines(self, *names, status, options=()):
        done = self.merge(*names, status=status,
                          options=("--format", "jsonl", *options))
        return [json.loads(line) for line in done.stdout.splitlines()]

    def copy_of(self, name, change):
        """A folder with the changed lines of another one's results."""
        folder = pathlib.Path(tempfile.mkdtemp(dir=self.top))
        path = self.top / name / "results.jsonl"
        lines = path.read_text(encoding="utf-8").splitlines(True)
        (folder / "results.jsonl").write_text("".join(change(lines)),
                                              encoding="utf-8")
        return folder.name

    def test_the_merged_report_has_every_run_once(self):
        lines = self.lines("shard-1", "shard-2", "shard-3", status=rig.FAIL)
        self.assertEqual([o["type"] for o in lines],
                         ["run"] + ["case"] * (len(lines) - 2) + ["summary"])
        self.assertEqual((lines[0]["shard"], lines[0]["runs"]),
                         (None, len(self.RUNS)))
        last = {o["name"]: o["verdict"] for o in lines[1:-1]}
        self.assertEqual(last, {"passes": "pass", "fails-once": "pass",
                                "fails": "fail", "exits": "broken",
                                "needs-program": "skip", "waits": "pass"})
        self.assertEqual({k: lines[-1][k] for k in
                          ("passed", "failed", "broken", "skipped")},
                         {"passed": 3, "failed": 1, "broken": 1,
                          "skipped": 1})
        self.assertEqual(sum(o["try"] == 2 for o in lines[1:-1]), 3)

    def test_the_status_is_that_of_the_whole_run(self):
        self.merge("passing-1", "passing-2", status=rig.PASS)

    def test_a_missing_shard_is_named(self):
        done = self.merge("shard-1", "shard-2", "shard-3", status=rig.FAIL)
        self.assertEqual(done.stderr, "")
        done = self.merge("passing-2", status=rig.BROKEN)
        self.assertEqual(done.stderr,
                         "halfopen report: shard 1/2 is missing\n")

    def test_ktap_plans_the_runs_of_a_missing_shard(self):
        done = self.merge("passing-2", status=rig.BROKEN,
                          options=("--format", "ktap"))
        self.assertTrue(done.stdout.startswith("KTAP version 1\n1..2\n"))

    def test_a_shard_that_ended_early_is_named(self):
        name = self.copy_of("passing-1", lambda lines: lines[:1])
        done = self.merge(name, "passing-2", status=rig.BROKEN)
        self.assertIn(f"/{name}: 0 of 1 runs of shard 1/2 have a result\n",
                      done.stderr)
        name = self.copy_of("passing-1",
                            lambda lines: [*lines[:-2], lines[-2][:40]])
        done = self.merge(name, "passing-2", status=rig.BROKEN)
        self.assertIn(f"/{name}: 0 of 1 runs of shard 1/2", done.stderr)

    def test_the_same_shard_twice_is_refused(self):
        done = self.merge("shard-1", "shard-2", "shard-1", status=rig.USAGE)
        self.assertRegex(done.stderr, "shard 1/3 is in .*/shard-1 and in "
                                      ".*/shard-1\n")
        self.assertEqual(done.stdout, "")

    def test_shards_of_different_runs_are_refused(self):
        other = self.copy_of("passing-1", lambda lines: [
            lines[0].replace('"kernel":"', '"kernel":"9'), *lines[1:]])
        for names, text in (
                (("shard-1", "passing-2"), "selected is 6 and 2"),
                ((other, "passing-2"), 'kernel is "9')):
            done = self.merge(*names, status=rig.USAGE)
            self.assertIn("are not shards of one run: " + text, done.stderr)

    def test_what_is_no_folder_of_a_run_is_refused(self):
        for change, text in (
                (lambda lines: ["x\n"], "line 1: position 1: "),
                (lambda lines: lines[1:], "line 1: no 'run' line"),
                (lambda lines: [], "no 'run' line"),
                (lambda lines: [lines[0], '{"type":"frob"}\n'],
                 "line 2: unknown type of line"),
                *((lambda lines, old=old, new=new: [
                    lines[0].replace(old, new), *lines[1:]], "line 1: " + text)
                  for old, new, text in (
                      ('"1/2"', '"1/2x"', "invalid shard '1/2x'"),
                      ('"1/2"', '"1/4294967295"', "invalid shard"),
                      ('"1/2"', '"1/-1"', "invalid shard"),
                      ('"1/2"', '"3/2"', "invalid shard"),
                      ('"hz":', '"hz":-', "invalid number"),
                      ('"runs":', '"runs":-', "invalid number"),
                      ('"selected":', '"selected":-', "invalid number"))),
                (lambda lines: [lines[0], lines[1].replace(
                    '"name":"', '"name":"un')], "line 2: unknown case 'un")):
            done = self.merge(self.copy_of("passing-1", change),
                              status=rig.USAGE)
            self.assertRegex(done.stderr, f"results.jsonl: {text}")
        done = self.merge("none", status=rig.USAGE)
        self.assertIn("none/results.jsonl: No such file", done.stderr)

    def test_a_missing_member_is_named(self):
        other = self.copy_of("passing-1", lambda lines: [
            lines[0].replace('"kernel":', '"more":1,"kernel":'), *lines[1:]])
        for names, text in (((other, "passing-2"), "more is 1 and missing"),
                            (("passing-2", other), "more is missing and 1")):
            self.assertIn(text, self.merge(*names, status=rig.USAGE).stderr)

    def test_a_damaged_journal_does_not_end_the_report(self):
        name = self.copy_of("shard-3", lambda lines: lines)
        for each in (self.top / "shard-3").iterdir():
            if each.is_dir():
                shutil.copytree(each, self.top / name / each.name)
        damaged = [path for path in (self.top / name).glob("*/journal.jsonl")]
        for path in damaged:
            path.write_text("x\n", encoding="utf-8")
        done = self.merge("shard-1", "shard-2", name, status=rig.FAIL,
                          options=("--format", "jsonl"))
        types = [json.loads(line)["type"] for line in done.stdout.splitlines()]
        self.assertEqual(types.count("case"), len(self.RUNS) + 3)
        self.assertEqual(types[-1], "summary")
        self.assertRegex(done.stderr, "journal.jsonl: line 1: ")

    def test_failures_have_their_timelines(self):
        done = self.merge("shard-1", "shard-2", "shard-3", status=rig.FAIL,
                          options=("--format", "junit"))
        cases = {c.get("name"): c for c in
                 xml.etree.ElementTree.fromstring(done.stdout)[0].iter(
                     "testcase")}
        self.assertEqual(cases.keys(), set(self.RUNS))
        self.assertIn("moon", cases["fails"].find("system-out").text)
        self.assertEqual(len(cases["fails-once"].findall("flakyFailure")), 1)

    def test_the_merged_folder_is_one_of_a_run(self):
        out = self.top / "merged"
        self.merge("shard-1", "shard-2", "shard-3", status=rig.FAIL,
                   options=("--out", out))
        page = (out / "index.html").read_text(encoding="utf-8")
        for name in self.RUNS:
            self.assertIn(f'href="./{name}/report.html"', page)
            for file in ("journal.jsonl", "capture.pcapng", "report.html"):
                (copied,) = (self.top / each / name / file
                             for each in ("shard-1", "shard-2", "shard-3")
                             if (self.top / each / name).exists())
                self.assertEqual((out / name / file).read_bytes(),
                                 copied.read_bytes())
        self.assertTrue((out / "fails.try2/journal.jsonl").exists())
        again = self.lines("merged", status=rig.FAIL)
        self.assertEqual(again, self.lines("shard-1", "shard-2", "shard-3",
                                           status=rig.FAIL))

    def test_a_merged_directory_is_not_overwritten(self):
        done = self.merge("passing-1", "passing-2", status=rig.USAGE,
                          options=("--out", self.top / "passing-1"))
        self.assertIn("is one of the merged directories", done.stderr)
        self.merge("passing-1", "passing-2", status=rig.PASS)

    def test_options_without_merge_are_refused(self):
        for options in (("--format", "ktap"), ("--out", "x")):
            done = rig.call(PROGRAM, "report", self.top / "shard-1", *options)
            self.assertEqual(done.returncode, rig.USAGE)
            self.assertIn(f"{options[0]}: needs --merge", done.stderr)


@unittest.skipUnless(shutil.which("xmllint"), "xmllint is not installed")
class JunitSchema(unittest.TestCase):
    """--format junit against harness/report/junit.xsd."""

    def errors(self, text):
        done = subprocess.run(
            ["xmllint", "--nonet", "--noout", "--schema",
             CI.parent / "report/junit.xsd", "-"], input=text, text=True,
            capture_output=True, check=False)
        return "" if done.returncode == 0 else done.stderr

    def report(self, program, *words):
        return rig.call(program, "run", *words, "--format", "junit").stdout

    def test_passing_runs(self):
        text = self.report(HALFOPEN, "server-process-crash")
        self.assertEqual(self.errors(text), "")

    def test_every_verdict_with_tries_and_repetitions(self):
        text = self.report(PROGRAM, "fails", "fails-once", "exits", "passes",
                           "needs-program", "refused", "--retry", "1",
                           "--repeat", "2", *rig.PATIENT)
        for tag in ("failure", "error", "skipped", "flakyFailure",
                    "rerunFailure", "rerunError"):
            self.assertIn(f"<{tag} ", text)
        self.assertEqual(self.errors(text), "")
        for verdict in "skip", "broken":
            text = self.report(PROGRAM, "late/by-machine", "--inconclusive",
                               verdict)
            self.assertIn('type="inconclusive"', text)
            self.assertEqual(self.errors(text), "")

    def test_the_schema_refuses_other_documents(self):
        text = self.report(PROGRAM, "fails", "passes", *rig.PATIENT)
        for old, new in ((' message="', ' text="'), ('type="fail"', 'type="x"'),
                         (' name="passes"', ' name="fails"'),
                         ("<properties>", "<x/><properties>"),
                         (' tests="2"', ' tests="-2"')):
            self.assertIn(old, text)
            self.assertIn("fails to validate",
                          self.errors(text.replace(old, new)), new)


class Tries(unittest.TestCase):
    """The case fails-once fails on its first try, the case fails on each."""

    def run_both(self, form):
        done = subprocess.run([PROGRAM, "run", "fails-once", "fails",
                               "--retry", "2", "--format", form,
                               *rig.PATIENT], text=True,
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
