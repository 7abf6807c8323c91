#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Pages of --out and ladders in the terminal: both show every drop, fault and
result of the journals.

usage: pages.py HALFOPEN MISBEHAVING LADDER

LADDER is the drawing in the README, of the run DRAWN.
"""
import html
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unicodedata
import unittest
import xml.etree.ElementTree as tree

import browser
import rig

HALFOPEN, MISBEHAVING, LADDER = sys.argv[1:4]
DRAWN = "server-host-crash-keepalive/host-dies"
CASES = ["server-host-crash-data/retries2=3", "server-process-crash/killed",
         "unplug-data-replug/after-1-copy", "time-wait-stale-data/as-told",
         "nat-tw-recycle/clock-behind", "ttl-expires/routers=64",
         "accept-queue-full/abort-on-overflow=0", "simultaneous-close"]


def halfopen(*arguments, program=HALFOPEN):
    return rig.call(program, *arguments, LANG="C.UTF-8")


def columns(line):
    return sum(0 if unicodedata.combining(c) else
               2 if unicodedata.east_asian_width(c) in "WF" else 1
               for c in line)


def words(text):
    """Without white space, which folding changes."""
    return re.sub(r"\s+", "", text)


class Kept(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.out = pathlib.Path(cls.folder.name)
        cls.done = halfopen("run", "--inconclusive=skip", *CASES, "--out",
                            cls.out)
        cls.journals = rig.read_journals(cls.out)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def copy(self):
        """A copy that a test may damage."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        shutil.copytree(self.out, folder.name, dirs_exist_ok=True)
        return pathlib.Path(folder.name)

    def facts(self, journal):
        """Texts that must be in an unfolded ladder."""
        for record in journal:
            if record["type"] == "fault":
                yield record["text"]
            elif record["type"] == "result":
                # An immediate result is on the line of its call.
                yield record["text"].partition("()")[2]
            elif record["type"] == "frame" and record["fate"] != "ghost":
                yield record["text"]
                if record["fate"].startswith(("dropped", "lost")):
                    yield record["fate"]


def losses(journal):
    """Frames that the wire dropped or lost, and segments that a gateway did not
    forward."""
    frames = [r for r in journal if r["type"] == "frame" and
              r["fate"] != "ghost"]
    gateways = {r["from"] for r in frames if r["origin"] not in ("", r["from"])
                or r["from"].startswith("router-")}
    last = {r["packet"]: r for r in frames}
    stopped = [r for r in last.values() if r["to"] in gateways and
               r["fate"] == "forwarded" and r.get("flags") is not None]
    return stopped + [r for r in frames
                      if r["fate"].startswith(("dropped", "lost"))]


class Pages(Kept):
    def each(self):
        # An inconclusive run is repeated: NAME.try2.
        runs = {name.partition(".try")[0] for name in self.journals}
        self.assertEqual(len(runs), len(CASES), self.done.stdout)
        for name, journal in self.journals.items():
            yield name, journal, (self.out / name / "report.html").read_text()

    def test_pages_are_well_formed_xml(self):
        for name, _, page in self.each():
            root = tree.fromstring(page)
            self.assertEqual(root.tag, "html", name)
        tree.fromstring((self.out / "index.html").read_text())

    def test_pages_load_nothing(self):
        for name, _, page in self.each():
            for word in "src=", "<link", "@import", "url(":
                self.assertNotIn(word, page, name)
            places = set(re.findall(r'href="([^"]*)"', page))
            self.assertLessEqual(
                {p.rpartition("/")[2] for p in places},
                {"index.html", "journal.jsonl", "capture.pcapng"}, name)
            for place in places:
                self.assertTrue((self.out / name / place).exists(), place)

    def test_the_ladder_shows_every_event(self):
        for name, journal, page in self.each():
            svg = re.findall(r"<svg.*?</svg>", page, re.S)[-1]
            seen = words(html.unescape(re.sub(
                r"<title>.*?</title>|<[^>]*>", "", svg, flags=re.S)))
            for fact in self.facts(journal):
                self.assertIn(words(fact), seen, name)

    def test_the_ladder_marks_every_loss(self):
        for name, journal, page in self.each():
            svg = re.findall(r"<svg.*?</svg>", page, re.S)[-1]
            self.assertEqual(svg.count('<path class="lost"'),
                             len(losses(journal)), name)

    def test_pages_have_the_command_to_reproduce(self):
        for name, _, page in self.each():
            self.assertIn(f"halfopen run {name.partition('.try')[0]}", page)

    def test_the_index_links_every_page(self):
        index = (self.out / "index.html").read_text()
        links = re.findall(r'href="([^"]*)"', index)
        self.assertEqual(len(links), len(self.journals))
        for link in links:
            path = self.out / link.replace("%3D", "=")
            self.assertTrue(path.exists(), link)

    def test_report_html_writes_the_same_pages(self):
        out = self.copy()
        before = {}
        for path in out.rglob("*.html"):
            before[path] = path.read_text()
            path.unlink()
        done = halfopen("report", "--html", f"{out}//")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn(f"{out}/index.html\n", done.stdout)
        for path, text in before.items():
            again = path.read_text()
            # Of the journal now; of the wall clock before.
            took = r"<dt>duration</dt><dd>[^<]*"
            self.assertEqual(re.sub(took, "", again), re.sub(took, "", text))


class Browser(Kept):
    """Skipped without Chromium."""

    PHONE = 390  # CSS pixels

    def test_pages_fit_on_a_phone(self):
        if not browser.is_installed():
            self.skipTest("chromium is not installed")
        for page in [self.out / "index.html",
                     *sorted(self.out.rglob("report.html"))]:
            with self.subTest(page.relative_to(self.out)):
                width, _ = browser.measure(page, self.out, self.PHONE)
                self.assertLessEqual(width, self.PHONE)


class Drawings(Kept):
    """report --svg: the ladder as a file of its own."""

    def texts(self, root):
        """The texts of a drawing except the column of times; times in them,
        and in titles, are replaced."""
        found = []
        for node in root.iter():
            if node.tag.endswith("}text") and node.get("class") != "time":
                text = "".join(node.itertext())
                found.append((node.get("class"),
                              re.sub(r"[0-9]+\.[0-9]+ ?", "T ", text)))
        return sorted(found)

    def test_drawings_are_well_formed_and_complete(self):
        out = self.copy()
        done = halfopen("report", "--svg", out)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(sorted(done.stdout.split()),
                         sorted(f"{out}/{name}/ladder.svg"
                                for name in self.journals))
        for name in self.journals:
            text = (out / name / "ladder.svg").read_text()
            root = tree.fromstring(text)
            self.assertEqual(root.tag, "{http://www.w3.org/2000/svg}svg")
            for word in "src=", "href=", "@import", "url(":
                self.assertNotIn(word, text, name)
            # The page has the same drawing.
            page = (out / name / "report.html").read_text()
            drawing = text[text.index("</style>\n") + 9:]
            self.assertIn(drawing, page, name)

    def test_drawings_have_both_schemes(self):
        out = self.copy()
        halfopen("report", "--svg", out, "simultaneous-close")
        root = tree.fromstring(
            (out / "simultaneous-close" / "ladder.svg").read_text())
        style = root[0].text
        light, dark = style.split("@media screen and "
                                  "(prefers-color-scheme: dark)")
        used = set(re.findall(r"var\((--[a-z0-9-]+),#", style))
        self.assertIn("--paper", used)
        for scheme in light, dark.partition("\n}\n")[0]:
            self.assertLessEqual(
                used, set(re.findall(r"(--[a-z0-9-]+): #", scheme)))
        self.assertFalse((out / CASES[0] / "ladder.svg").exists())

    def test_svg_and_html_are_written_together(self):
        out = self.copy()
        for path in out.rglob("report.html"):
            path.unlink()
        done = halfopen("report", "--svg", "--html", out)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        for name in self.journals:
            self.assertTrue((out / name / "ladder.svg").exists())
            self.assertTrue((out / name / "report.html").exists())

    def test_the_readme_has_the_drawing_of_today(self):
        with tempfile.TemporaryDirectory() as out:
            halfopen("run", "--inconclusive=skip", DRAWN, "--out", out)
            halfopen("report", "--svg", out)
            new = tree.parse(f"{out}/{DRAWN}/ladder.svg").getroot()
        old = tree.parse(LADDER).getroot()
        self.assertEqual(old[0].text, new[0].text, "style")
        self.assertEqual(
            self.texts(old), self.texts(new),
            f"{LADDER} is outdated; `halfopen run --out DIR {DRAWN}` and "
            "`halfopen report --svg DIR` make a new one")


class Terminal(Kept):
    def drawn(self, *arguments):
        done = halfopen("report", *arguments)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout

    def test_no_line_is_wider_than_the_terminal(self):
        for width in 60, 80, 120:
            text = self.drawn(self.out, "--columns", width)
            # Behind the table, whose names are never cut.
            for line in text[text.index("\n\nPASS  "):].splitlines():
                self.assertLessEqual(columns(line), width, line)

    def test_the_ladder_shows_every_event(self):
        for name, journal in self.journals.items():
            text = words(self.drawn(self.out / name, "--columns", 200))
            for fact in self.facts(journal):
                self.assertIn(words(fact), text, name)

    def test_option_ascii(self):
        self.drawn(self.out, "--ascii", "u*", "s*").encode("ascii")

    def test_patterns_select_runs(self):
        text = self.drawn(self.out, "unplug*", "A1")
        self.assertIn("unplug-data-replug", text)
        self.assertIn("server-process-crash", text)
        self.assertNotIn("simultaneous-close", text)

    def test_pattern_without_a_match_is_refused(self):
        done = halfopen("report", self.out, "nothing-like-it")
        self.assertEqual(done.returncode, rig.USAGE)
        self.assertIn("'nothing-like-it'", done.stderr)

    def test_folder_without_runs_is_refused(self):
        with tempfile.TemporaryDirectory() as empty:
            done = halfopen("report", empty)
        self.assertEqual(done.returncode, rig.USAGE)
        self.assertIn(empty, done.stderr)

    def test_wrong_columns_are_refused(self):
        for wrong in "0", "39", "eighty", "1e9", "80x":
            done = halfopen("report", self.out, "--columns", wrong)
            self.assertEqual(done.returncode, rig.USAGE, wrong)
            self.assertIn(wrong, done.stderr)

    def test_cut_journal_is_reported_and_drawn(self):
        out = self.copy()
        path = out / "simultaneous-close" / "journal.jsonl"
        path.write_bytes(path.read_bytes()[:-40])
        done = halfopen("report", out, "simultaneous-close")
        self.assertEqual(done.returncode, rig.USAGE)
        self.assertRegex(done.stderr, f"{path}: line [0-9]+ is cut off")
        self.assertIn("S. 0:0(0) ack 1", done.stdout)

    def test_a_program_without_the_cases_can_draw_them(self):
        done = halfopen("report", self.out, program=MISBEHAVING)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        for name in CASES:
            self.assertIn(name.partition("/")[0], done.stdout)
        self.assertIn("A1", done.stdout)

    def test_optional_members_may_be_missing(self):
        out = self.copy()
        for path in out.rglob("journal.jsonl"):
            lines = []
            for line in path.read_text().splitlines():
                record = json.loads(line)
                for name in ("claim", "why", "see", "expect", "judgements",
                             "command", "kernel", "hz", "version", "port",
                             "peer_port", "virtual_time"):
                    record.pop(name, None)
                lines.append(json.dumps(record))
            path.write_text("\n".join(lines) + "\n")
        for program in HALFOPEN, MISBEHAVING:
            done = halfopen("report", out, program=program)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertIn("S. 0:0(0) ack 1", done.stdout)


if __name__ == "__main__":
    rig.main([sys.argv[0], MISBEHAVING, MISBEHAVING] + sys.argv[4:])
