#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The files for kernel CI in harness/ci: the selftests of harness/ci/kselftest, by
themselves and in a kernel tree, and their KTAP in the kernel's own parser.

Some tests need a kernel source, of which they read tools/testing; they are skipped
without one. It is the folder in HALFOPEN_LINUX_SOURCE, or the newest unpacked one in
/usr/src (Debian's linux-source packages).

usage: kernel-ci.py MISBEHAVING HALFOPEN CI-FOLDER [TEST...]
"""
import importlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import rig

PROGRAM, HALFOPEN = (os.path.realpath(path) for path in sys.argv[1:3])
CI = pathlib.Path(sys.argv[3]).resolve()
KSFT_PASS, KSFT_FAIL, KSFT_SKIP = 0, 1, 4


def linux_source():
    """A folder with tools/testing; None: there is none."""
    chosen = os.environ.get("HALFOPEN_LINUX_SOURCE")
    folders = [pathlib.Path(chosen)] if chosen else \
        sorted(pathlib.Path("/usr/src").glob("linux-source-*/"), reverse=True)
    for folder in folders:
        if (folder / "tools/testing/kunit/kunit_parser.py").exists():
            return folder
    return None


def needs_linux_source(test):
    return unittest.skipUnless(linux_source(), "no kernel source: unpack one of "
                               "Debian's linux-source packages, or set "
                               "HALFOPEN_LINUX_SOURCE")(test)


class Kselftest(unittest.TestCase):
    """The scripts by themselves."""

    def selftest(self, *words, name="ipv4.sh", folder=CI / "kselftest",
                 halfopen=PROGRAM, **more):
        with tempfile.TemporaryDirectory() as elsewhere:
            return subprocess.run(
                [folder / name, *words], capture_output=True, text=True,
                check=False, cwd=elsewhere,
                env=rig.environment(HALFOPEN=halfopen, **more))

    def assert_status(self, status, *words, has="TAP", **more):
        done = self.selftest(*words, **more)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        self.assertTrue(done.stdout.startswith("TAP version 13\n"),
                        done.stdout)
        self.assertRegex(done.stdout, has)
        self.assertEqual(done.stderr, "")

    def test_pass_is_status_0(self):
        self.assert_status(KSFT_PASS, "passes",
                           has=r"\nok 1 passes # time=\d+ms\n")

    def test_fail_is_status_1(self):
        self.assert_status(KSFT_FAIL, "passes", "fails", *rig.PATIENT,
                           has=r"\nnot ok \d fails #")

    def test_broken_is_status_1(self):
        self.assert_status(KSFT_FAIL, "exits",
                           has=r"\nnot ok 1 exits # ERROR ")

    def test_skip_is_status_4(self):
        self.assert_status(KSFT_SKIP, "needs-program",
                           has=r"\nok 1 needs-program # SKIP "
                               "no-program-has-this-name is not installed")

    def test_inconclusive_is_a_skip(self):
        self.assert_status(KSFT_SKIP, "late/by-machine",
                           has="# SKIP inconclusive: ")

    def test_each_family_has_a_test(self):
        for family in 4, 6:
            self.assert_status(KSFT_PASS, "passes", name=f"ipv{family}.sh",
                               has=rf"HZ \d+, IPv{family}")

    def test_defaults_run_in_the_kernel_under_test(self):
        """A script instead of halfopen prints its arguments."""
        with tempfile.TemporaryDirectory() as folder:
            program = pathlib.Path(folder, "halfopen")
            program.write_text('#!/bin/sh\necho "# $*"\n', encoding="utf-8")
            program.chmod(0o755)
            for family in 4, 6:
                for variable, option in (("HALFOPEN_KERNEL", "--kernel"),
                                         ("HALFOPEN_UML", "--uml")):
                    done = self.selftest(
                        "A10", name=f"ipv{family}_defaults.sh",
                        halfopen=str(program), **{variable: "/boot/image"})
                    self.assertEqual(done.returncode, KSFT_PASS)
                    self.assertEqual(
                        done.stdout,
                        f"# vm --virtual-time {option} /boot/image -- run "
                        f"--defaults --family {family} A10 --format ktap "
                        "--inconclusive=skip\n")

    def test_defaults_without_a_kernel_are_skipped(self):
        self.assert_status(KSFT_SKIP, name="ipv4_defaults.sh",
                           HALFOPEN_KERNEL="", HALFOPEN_UML="",
                           has=r"\n1\.\.0 # SKIP HALFOPEN_KERNEL and ")

    def test_missing_halfopen_is_a_skip(self):
        self.assert_status(KSFT_SKIP, halfopen="/none/halfopen",
                           has=r"\n1\.\.0 # SKIP halfopen is not in PATH")

    def test_wrong_usage_bails_out(self):
        done = self.selftest("no-such-case")
        self.assertEqual(done.returncode, KSFT_FAIL)
        self.assertIn("Bail out!", done.stdout)
        self.assertIn("no-such-case", done.stderr)

    def test_an_installed_program_is_found(self):
        with tempfile.TemporaryDirectory() as top:
            folder = shutil.copytree(CI / "kselftest", f"{top}/halfopen")
            os.symlink(PROGRAM, f"{folder}/halfopen")
            self.assert_status(KSFT_PASS, "passes", halfopen="",
                               folder=pathlib.Path(folder))


@needs_linux_source
class KernelTree(unittest.TestCase):
    """The folder in a kernel's selftests, run by the kernel's Makefiles."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.tree = pathlib.Path(folder.name)
        self.selftests = self.tree / "tools/testing/selftests"
        source = linux_source() / "tools/testing/selftests"
        self.selftests.mkdir(parents=True)
        for path in source.iterdir():
            if path.is_file():
                shutil.copy(path, self.selftests)
        shutil.copytree(source / "kselftest", self.selftests / "kselftest")
        shutil.copytree(CI / "kselftest", self.selftests / "net/halfopen")
        os.symlink(linux_source() / "scripts", self.tree / "scripts")
        # Some containers have no /dev/stdout.
        runner = self.selftests / "kselftest/runner.sh"
        runner.write_text(runner.read_text(encoding="utf-8").replace(
            "/dev/stdout", "/proc/self/fd/1"), encoding="utf-8")

    def make(self, *words, **more):
        done = subprocess.run(
            ["make", "-s", "-C", self.selftests, "TARGETS=net/halfopen",
             *words], capture_output=True, text=True, check=False,
            env=rig.environment(HALFOPEN_KERNEL="", HALFOPEN_UML="", **more))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def test_run_tests(self):
        text = self.make("run_tests", HALFOPEN=PROGRAM,
                         KSELFTEST_IPV4_SH_ARGS="passes",
                         KSELFTEST_IPV6_SH_ARGS=" ".join(
                             ("fails", "passes", *rig.PATIENT)))
        for line in ("# timeout set to 900", "# TAP version 13",
                     r"# ok 1 passes # time=\d+ms",
                     r"# not ok \d fails # time=\d+ms",
                     "ok 1 selftests: net/halfopen: ipv4.sh",
                     r"not ok 2 selftests: net/halfopen: ipv6\.sh # exit=1",
                     r"ok 3 selftests: net/halfopen: ipv4_defaults\.sh # SKIP",
                     r"ok 4 selftests: net/halfopen: ipv6_defaults\.sh # SKIP"):
            self.assertRegex(text, f"(?m)^{line}$")
        for entry in text.splitlines():
            self.assertRegex(entry, r"^(#|ok|not ok|TAP version|1\.\.4)")

    @unittest.skipUnless(shutil.which("rsync"), "rsync is not installed")
    def test_install_and_run(self):
        installed = self.tree / "installed"
        self.make("install", f"INSTALL_PATH={installed}", HALFOPEN=PROGRAM)
        listed = (installed / "kselftest-list.txt").read_text(encoding="utf-8")
        self.assertEqual(sorted(listed.split()),
                         [f"net/halfopen:ipv{family}{rest}.sh"
                          for family in (4, 6) for rest in ("", "_defaults")])
        done = subprocess.run(
            [installed / "run_kselftest.sh", "-t", "net/halfopen:ipv4.sh"],
            capture_output=True, text=True, check=False,
            env=rig.environment(HALFOPEN="", KSELFTEST_IPV4_SH_ARGS="passes"))
        self.assertIn("\n# ok 1 passes # time=", done.stdout + done.stderr)
        self.assertIn("\nok 1 selftests: net/halfopen: ipv4.sh\n", done.stdout)


@needs_linux_source
class KunitParser(unittest.TestCase):
    """tools/testing/kunit/kunit_parser.py of the kernel reads --format ktap."""

    def parse(self, *words, status, program=PROGRAM):
        done = rig.call(program, "run", *words, "--format", "ktap")
        self.assertEqual(done.returncode, status, done.stderr)
        folder = str(linux_source() / "tools/testing/kunit")
        if folder not in sys.path:
            sys.path.insert(0, folder)
        parser = importlib.import_module("kunit_parser")
        lines = parser.extract_tap_lines(done.stdout.splitlines(True))
        test = parser.parse_run_tests(lines)
        return test, {each.name: each.status.name for each in test.subtests}

    def test_passing_cases(self):
        test, runs = self.parse("server-process-crash", status=rig.PASS,
                                program=HALFOPEN)
        self.assertGreater(len(runs), 4)
        self.assertEqual(set(runs.values()), {"SUCCESS"})
        self.assertEqual(test.status.name, "SUCCESS")
        self.assertEqual(test.counts.errors, 0, "errors of the parser")
        self.assertGreater(test.counts.passed, len(runs),
                           "expectations are nested tests")

    def test_every_verdict(self):
        test, runs = self.parse("passes", "fails", "exits", "needs-program",
                                *rig.PATIENT, status=rig.FAIL)
        self.assertEqual(runs, {"passes": "SUCCESS", "fails": "FAILURE",
                                "exits": "FAILURE",
                                "needs-program": "SKIPPED"})
        self.assertEqual(test.status.name, "FAILURE")
        self.assertEqual(test.counts.errors, 0, "errors of the parser")

    def test_a_retry(self):
        test, runs = self.parse("fails-once", "--retry", "1", status=rig.PASS)
        self.assertEqual(runs, {"fails-once": "SUCCESS"})
        self.assertEqual(test.counts.errors, 0, "errors of the parser")


class Lava(unittest.TestCase):
    """The steps of lava.yaml, with programs that print the calls of lava-test-*."""

    def setUp(self):
        try:
            import yaml  # pylint: disable=import-outside-toplevel
        except ImportError:
            self.skipTest("python3-yaml is not installed")
        with open(CI / "lava.yaml", encoding="utf-8") as file:
            self.definition = yaml.safe_load(file)
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.top = pathlib.Path(folder.name)
        for name in "lava-test-case", "lava-test-set":
            path = self.top / "lava" / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(f'#!/bin/sh\necho "{name} $*"\n',
                            encoding="utf-8")
            path.chmod(0o755)

    def run_steps(self, **parameters):
        """As LAVA's run.sh: parameters are variables of the shell, and the steps
        are its lines after `set -e`. Returns the calls of lava-test-*."""
        lines = [f"{k}='{v}'" for k, v in
                 {**self.definition["params"], **parameters}.items()]
        script = "\n".join([*lines, "set -e", *self.definition["run"]["steps"]])
        done = subprocess.run(
            ["sh", "-c", script], cwd=self.top, capture_output=True, text=True,
            check=False, env=rig.environment(
                PATH=f"{self.top}/lava:{os.environ['PATH']}"))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return [line.removeprefix("lava-test-") for line in
                done.stdout.splitlines() if line.startswith("lava-test-")]

    def test_every_run_is_a_test_case(self):
        told = self.run_steps(
            HALFOPEN=PROGRAM, FAMILIES="6",
            ARGUMENTS="passes fails exits needs-program waits/short --retry 1 "
            + " ".join(rig.PATIENT))
        self.assertEqual((told[0], told[-1]), ("set start ipv6",
                                               "set stop ipv6"))
        self.assertEqual(told[-2], "case halfopen-ends --result pass")
        self.assertEqual(
            sorted(re.sub(r"measurement \d+ ", "measurement N ", line)
                   for line in told[1:-2]),
            ["case exits --result fail",
             "case fails --result fail --measurement N --units ms",
             "case needs-program --result skip",
             "case passes --result pass --measurement N --units ms",
             "case waits_short --result pass --measurement N --units ms"])

    def test_both_families_are_test_sets(self):
        told = self.run_steps(HALFOPEN=PROGRAM, ARGUMENTS="passes")
        self.assertEqual([line for line in told if line.startswith("set")],
                         ["set start ipv4", "set stop ipv4",
                          "set start ipv6", "set stop ipv6"])

    def test_the_program_of_the_tarball_is_found(self):
        for folder in "bin", "halfopen-1.0/bin", "build/harness":
            path = self.top / folder / "halfopen"
            path.parent.mkdir(parents=True)
            path.symlink_to(PROGRAM)
            self.assertIn("case halfopen-ends --result pass",
                          self.run_steps(ARGUMENTS="passes", FAMILIES="4"))
            path.unlink()

    def test_an_early_end_is_a_failure(self):
        for parameters in ({"HALFOPEN": "/none/halfopen"},
                           {"HALFOPEN": PROGRAM, "ARGUMENTS": "no-such-case"}):
            self.assertEqual(self.run_steps(FAMILIES="4", **parameters),
                             ["set start ipv4",
                              "case halfopen-ends --result fail",
                              "set stop ipv4"])

    def test_the_members_are_those_of_a_definition(self):
        """lava_common/schemas/test/testdef.py has these."""
        self.assertEqual(self.definition["metadata"]["format"],
                         "Lava-Test Test Definition 1.0")
        self.assertEqual(self.definition.keys(), {"metadata", "params", "run"})
        self.assertLessEqual(self.definition["metadata"].keys(),
                             {"format", "name", "description", "environment",
                              "devices", "maintainer", "scope", "os"})
        for step in self.definition["run"]["steps"]:
            self.assertIsInstance(step, str)
            if shutil.which("shellcheck"):
                subprocess.run(["shellcheck", "-s", "sh", "-e", "SC2154", "-"],
                               input=step, text=True, check=True)


class Names(unittest.TestCase):
    """CI systems replace characters of a test's name: it must stay unique."""

    def assert_unique(self, slug):
        done = rig.call(HALFOPEN, "list", "--format", "jsonl")
        mapped = {}
        for line in map(json.loads, done.stdout.splitlines()):
            for variant in line["variants"] or [""]:
                name = f"{line['name']}/{variant}"
                mapped.setdefault(slug(name), []).append(name)
        self.assertGreater(len(mapped), 400)
        self.assertEqual([v for v in mapped.values() if len(v) > 1], [])

    def test_with_the_characters_of_lava(self):
        """The second replacement is made by the parser of kselftest results in
        the test definitions for LAVA."""
        self.assert_unique(lambda name: re.sub(
            "_-", "_", re.sub("[^A-Za-z0-9_-]+", "_", name).strip("_")))

    def test_with_the_characters_of_nipa(self):
        self.assert_unique(lambda name: re.sub(
            "[^A-Za-z0-9]+", "-", name).strip("-").lower())


if __name__ == "__main__":
    if not rig.works_here(PROGRAM):
        raise SystemExit(rig.SKIP_STATUS)
    unittest.main(argv=sys.argv[:1] + sys.argv[4:], verbosity=2)
