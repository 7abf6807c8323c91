#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Every journal begins and ends, is in order of time, and is as documented.

usage: journals.py HALFOPEN JOURNAL.MD
"""
import re
import sys
import unittest

import rig

HALFOPEN, DOCUMENT = sys.argv[1:3]
# Records of several sources (wire, probes, script) are written in the order in
# which one loop reads them, so times may be out of order by this much.
DISORDER = 0.1


def documented():
    """{type: members} of the first table, and the members of frames in the
    second one, of harness/doc/journal.md."""
    with open(DOCUMENT, encoding="utf-8") as file:
        records, frames = file.read().split("\n## Frames\n")
    row = re.compile(r"^\| `(\w+)` \| (.*?) \|", re.M)
    types = {name: set(re.findall(r"`(\w+)`", members))
             for name, members in row.findall(records)}
    types["frame"] = set()
    for names in re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", frames, re.M):
        types["frame"] |= set(re.findall(r"`(\w+)`", names))
    return types


def optional():
    """{type: members} that the last column of the first table describes."""
    with open(DOCUMENT, encoding="utf-8") as file:
        records = file.read().split("\n## Frames\n")[0]
    rows = re.findall(r"^\| `(\w+)` \| .*? \| (.*) \|$", records, re.M)
    return {name: set(re.findall(r"`(\w+)`", text)) for name, text in rows}


class Journals(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.done = rig.run(HALFOPEN, "server-process-crash*",
                           "server-host-reboot*", "keepalive-peer-frozen",
                           "accept-queue-states*", "tw-reuse/bound")
        if cls.done.status == rig.SKIPPED:
            raise unittest.SkipTest(cls.done.text)
        # Frames of several segments.
        cls.done.journals.update(rig.run(
            HALFOPEN, "--offload", "option-window/maxseg").journals)

    def each(self):
        self.assertTrue(self.done.journals, self.done.text)
        for name, journal in self.done.journals.items():
            with self.subTest(name):
                yield journal

    def test_first_record_is_start_and_last_is_verdict(self):
        for journal in self.each():
            types = [record["type"] for record in journal]
            self.assertEqual(types[0], "start")
            self.assertEqual(types[-1], "verdict")
            self.assertEqual(types.count("verdict"), 1)
            self.assertLess(types.index("ready"), types.index("call"))

    def test_records_are_in_order_of_time(self):
        for journal in self.each():
            latest = 0
            for record in journal:
                self.assertGreater(record["t"], latest - DISORDER, record)
                latest = max(latest, record["t"])

    def test_predictions_precede_the_fault(self):
        for journal in self.each():
            types = [record["type"] for record in journal]
            texts = [record.get("text", "") for record in journal]
            forecasts = [i for i, text in enumerate(texts)
                         if text.startswith("predicted for ")]
            if forecasts and "fault" in types:
                self.assertLess(forecasts[0], len(types) -
                                types[::-1].index("fault"))

    def test_every_expectation_has_file_and_line(self):
        for journal in self.each():
            for record in journal:
                if record["type"] == "expectation":
                    self.assertRegex(record["at"], r"^cases/[a-z0-9-]+\.c:\d+$")

    def test_every_record_is_documented(self):
        types, rare = documented(), optional()
        for journal in self.each():
            for record in journal:
                self.assertIn(record["type"], types)
                members = (set(record) - {"t", "type"} -
                           rare.get(record["type"], set()))
                self.assertLessEqual(members, types[record["type"]], record)

    def test_records_have_the_documented_members(self):
        """Of types that these runs contain; lists have no optional members."""
        types = documented()
        seen = {}
        for journal in self.each():
            for record in journal:
                seen.setdefault(record["type"], set()).update(record)
        for name, members in seen.items():
            missing = types[name] - members
            self.assertEqual(missing, set(), name)
            self.assertGreater(len(types), 15)

    def test_packets_and_connections_are_identified(self):
        """Every TCP frame between hosts has a connection, and the first
        transmission of a connection's bytes is number 1."""
        for journal in self.each():
            first = {}
            for record in journal:
                if record["type"] != "frame" or "connection" not in record:
                    continue
                self.assertGreaterEqual(record["packet"], 1)
                self.assertGreaterEqual(record["connection"], 1, record)
                if record["transmission"]:
                    key = (record["origin"], record["connection"],
                           record["seq"], record["flags"] & 3, record["len"])
                    first.setdefault(key, record["transmission"])
            self.assertTrue(first)
            self.assertEqual(set(first.values()), {1})

    def test_successor_of_a_time_wait_is_another_connection(self):
        """sock_diag finds by the four-tuple, which a new connection may have
        taken over."""
        states = [(r["state"], r["connection"])
                  for journal in self.each() for r in journal
                  if r["type"] == "state" and r.get("host") == "client" and
                  journal[0]["name"] == "tw-reuse"]
        self.assertIn(("TIME-WAIT", 1), states)
        self.assertIn(("ESTAB", 2), states)
        self.assertNotIn(("ESTAB", 1), states)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
