#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""capture.pcapng has the frames of the journal, and tshark can read it.

usage: captures.py HALFOPEN
"""
import json
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest

HALFOPEN = sys.argv[1]
CASES = ["tw-reuse-stale-rst/as-told", "server-process-crash/killed",
         "ttl-expires/routers=3", "server-host-reboot"]
SECTION, INTERFACE, PACKET = 0x0a0d0d0a, 1, 6


def blocks(data):
    """Yields (type, body); checks that the lengths at both ends agree."""
    at = 0
    while at < len(data):
        kind, length = struct.unpack_from("=II", data, at)
        (again,) = struct.unpack_from("=I", data, at + length - 4)
        assert length == again and length % 4 == 0, (at, length, again)
        yield kind, data[at + 8:at + length - 4]
        at += length


class Captures(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        subprocess.run([HALFOPEN, "run", *CASES, "--out", cls.folder.name],
                       check=False, stdout=subprocess.DEVNULL)
        cls.files = sorted(pathlib.Path(cls.folder.name).rglob("*.pcapng"))

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def frames(self, path):
        lines = (path.parent / "journal.jsonl").read_text().splitlines()
        return [r for r in map(json.loads, lines) if r["type"] == "frame"]

    def test_every_run_has_a_capture(self):
        self.assertGreaterEqual(len(self.files), len(CASES))

    def test_packets_are_the_frames_of_the_journal(self):
        for path in self.files:
            with self.subTest(path):
                found = list(blocks(path.read_bytes()))
                self.assertEqual(found[0][0], SECTION)
                packets = [body for kind, body in found if kind == PACKET]
                frames = self.frames(path)
                self.assertEqual(len(packets), len(frames))
                for body, frame in zip(packets, frames):
                    captured, size = struct.unpack_from("=II", body, 12)
                    self.assertEqual(body[20:20 + captured].hex(),
                                     frame["hex"])
                    self.assertEqual(size, frame["size"])

    def test_fates_and_faults_are_comments(self):
        (path,) = [p for p in self.files if "as-told" in str(p)]
        data = path.read_bytes()
        for words in b"held", b"released", b"fault at ":
            self.assertIn(words, data)

    @unittest.skipUnless(shutil.which("tshark"), "tshark is not installed")
    def test_tshark_reports_no_error(self):
        for path in self.files:
            with self.subTest(path):
                done = subprocess.run(
                    ["tshark", "-r", path, "-o", "tcp.check_checksum:TRUE",
                     "-o", "ip.check_checksum:TRUE", "-T", "fields", "-e",
                     "tcp.checksum.status", "-e", "ip.checksum.status", "-e",
                     "_ws.malformed"],
                    capture_output=True, text=True, check=False)
                errors = [line for line in done.stderr.splitlines()
                              if not line.startswith("Running as user")]
                self.assertEqual((done.returncode, errors), (0, []))
                rows = done.stdout.splitlines()
                self.assertEqual(len(rows), len(self.frames(path)))
                # 0: bad; 2: unverified, as for packets kept in part.
                self.assertFalse([r for r in rows if "0" in r.split("\t")])
                self.assertFalse([r for r in rows if r.split("\t")[2]])


unittest.main(argv=sys.argv[:1], verbosity=2)
