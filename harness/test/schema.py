#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Every line of --format jsonl matches harness/report/lines.schema.json.

usage: schema.py SCHEMA HALFOPEN MISBEHAVING
"""
import json
import subprocess
import sys
import tempfile
import unittest

try:
    import jsonschema
except ImportError:
    print("python3-jsonschema is not installed")
    raise SystemExit(77) from None

SCHEMA, HALFOPEN, MISBEHAVING = sys.argv[1:4]

with open(SCHEMA, encoding="utf-8") as file:
    validator = jsonschema.Draft202012Validator(json.load(file))


def lines(*command):
    done = subprocess.run(command, capture_output=True, text=True,
                          encoding="utf-8", check=False)
    return [json.loads(line) for line in done.stdout.splitlines()]


class Schema(unittest.TestCase):
    def assert_valid(self, objects):
        for each in objects:
            errors = [f"{'/'.join(map(str, e.absolute_path))}: {e.message}"
                      for e in validator.iter_errors(each)]
            self.assertEqual(errors, [], json.dumps(each)[:400])

    def assert_wrong(self, **line):
        self.assertFalse(validator.is_valid(line), line)

    def test_the_schema_is_valid(self):
        validator.check_schema(validator.schema)

    def test_lines_of_list(self):
        objects = lines(HALFOPEN, "list", "--format", "jsonl")
        self.assertGreater(len(objects), 20)
        self.assert_valid(objects)

    def test_lines_of_passing_runs(self):
        """All cases that take less than two seconds."""
        short = [o["name"] for o in lines(HALFOPEN, "list", "--format",
                                          "jsonl") if o["seconds"] < 2]
        for family in "4", "6":
            objects = lines(HALFOPEN, "run", *short, "--format", "jsonl",
                            "--family", family)
            self.assertEqual([o["type"] for o in objects],
                             ["run"] + ["case"] * (len(objects) - 2) +
                             ["summary"])
            self.assert_valid(objects)

    def test_lines_of_a_changed_run(self):
        objects = lines(HALFOPEN, "run", "server-process-crash/killed",
                        "--set", "net.ipv4.tcp_retries2=4", "--format",
                        "jsonl")
        self.assert_valid(objects)
        case = objects[1]
        self.assertTrue(case["reason"])
        self.assert_wrong(**{**case, "judgements": [
            {"claim": "A1", "document": "right", "since": None,
             "note": None}]})

    def test_lines_of_other_verdicts(self):
        objects = lines(MISBEHAVING, "run", "fails", "exits", "segfaults",
                        "hangs", "late", "needs-*", "probe-dies", "passes",
                        "--retry", "1", "--timeout-mul", "0.05", "--format",
                        "jsonl")
        self.assertEqual({o["verdict"] for o in objects
                          if o["type"] == "case"},
                         {"pass", "fail", "skip", "broken"})
        self.assert_valid(objects)

    def test_lines_of_compare(self):
        with tempfile.TemporaryDirectory() as top:
            for name, what in (("a", "fails"), ("b", "passes")):
                for program, runs in ((MISBEHAVING, what),
                                      (HALFOPEN, "server-process-crash")):
                    lines(program, "run", runs, "--out", f"{top}/{name}",
                          "--format", "jsonl")
            objects = lines(HALFOPEN, "compare", f"{top}/a", f"{top}/b",
                            "--format", "jsonl")
            self.assertGreater(len(objects), 2)
            self.assert_valid(objects)
            self.assertEqual(objects[-1]["only_a"], 1)
            objects = lines(HALFOPEN, "compare", f"{top}/a/fails",
                            f"{top}/b/passes", "--format", "jsonl")
            self.assertEqual(objects[0]["verdict"], ["fail", "pass"])
            self.assertTrue(objects[0]["differs"])
            self.assert_valid(objects)

    def test_the_schema_refuses_wrong_lines(self):
        self.assert_wrong(type="frob")
        self.assert_wrong(type="summary", passed=1)
        self.assert_wrong(type="summary", passed=-1, failed=0, skipped=0,
                          broken=0, inconclusive=0, seconds=0)
        self.assert_wrong(type="summary", same=1, different=0, only_a=0)
        self.assert_wrong(type="compare", name="a", variant=None, family=4,
                          verdict=["pass"], differs=False, measured={},
                          predicted={}, sysctls={}, parts_at=None,
                          segments={"all": [1, 1], "alone": [0, 0],
                                    "compared": True})
        self.assert_wrong(type="run", version="0.1.0", kernel="6.1", hz=250,
                          rootless=True, virtual_time=False, family=5)


unittest.main(argv=sys.argv[:1], verbosity=2)
