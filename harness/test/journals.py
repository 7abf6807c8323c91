#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What every journal is: begun, ended, in the order of time, and whole.

usage: journals.py HALFOPEN
"""
import sys
import unittest

import rig

HALFOPEN = sys.argv[1]
# Records of several sources (the wire, the probes, the script) meet in one
# loop: each comes in when it is read, which is soon.
SOON = 0.1


class Journals(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.done = rig.run(HALFOPEN, "server-process-crash*",
                           "server-host-reboot*", "keepalive-peer-frozen")
        if cls.done.status == rig.SKIPPED:
            raise unittest.SkipTest(cls.done.text)

    def each(self):
        self.assertTrue(self.done.journals, self.done.text)
        for name, journal in self.done.journals.items():
            with self.subTest(name):
                yield journal

    def test_it_begins_and_ends(self):
        for journal in self.each():
            types = [record["type"] for record in journal]
            self.assertEqual(types[0], "start")
            self.assertEqual(types[-1], "verdict")
            self.assertEqual(types.count("verdict"), 1)
            self.assertLess(types.index("ready"), types.index("call"))

    def test_it_is_in_the_order_of_time(self):
        for journal in self.each():
            latest = 0
            for record in journal:
                self.assertGreater(record["t"], latest - SOON, record)
                latest = max(latest, record["t"])

    def test_the_prediction_stands_before_the_fault(self):
        for journal in self.each():
            types = [record["type"] for record in journal]
            texts = [record.get("text", "") for record in journal]
            forecasts = [i for i, text in enumerate(texts)
                         if text.startswith("predicted for ")]
            if forecasts and "fault" in types:
                self.assertLess(forecasts[0], len(types) -
                                types[::-1].index("fault"))

    def test_every_expectation_says_where_it_stands(self):
        for journal in self.each():
            for record in journal:
                if record["type"] == "expectation":
                    self.assertRegex(record["at"], r"^cases/[a-z0-9-]+\.c:\d+$")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
