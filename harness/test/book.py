#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""halfopen book: each claim and figure is in it, its links and its index are
complete, and a run that is missing is reported.

usage: book.py HALFOPEN [TEST...]

Most of it is from a folder with a few runs. A run that a slow machine makes
inconclusive is in the book, too, as what it is.
"""
import json
import pathlib
import re
import shutil
import sys
import tempfile
import unittest
import xml.etree.ElementTree as tree

import browser
import rig
from figures import NUMBERS
from rig import BROKEN, PASS, SKIPPED, USAGE

HALFOPEN = sys.argv[1]
RUNS = ["server-process-crash/killed", "accept-queue-limit/ss",
        "server-host-reboot/listener", "zero-window-user-timeout/lowered"]
PAGES = {"index.html", "article-a.html", "article-b.html", "article-c.html",
         "article-d.html", "edges.html", "kernels.html", "terms.html"}


def book(*words, **more):
    return rig.call(HALFOPEN, "book", *words, **more)


def of_type(journal, kind):
    return [record for record in journal if record["type"] == kind]


def texts(node):
    return "".join(node.itertext())


class Book:
    """The pages below a folder, parsed."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.sources = {path.name: path.read_text("utf-8")
                        for path in self.folder.glob("*.html")}
        self.pages = {name: tree.fromstring(text)
                      for name, text in self.sources.items()}

    def ids(self, page):
        return [node.get("id") for node in self.pages[page].iter()
                if node.get("id")]

    def find(self, page, identifier):
        for node in self.pages[page].iter():
            if node.get("id") == identifier:
                return node
        raise AssertionError(f"{page} lacks #{identifier}")

    def article(self, claim):
        return f"article-{claim[0].lower()}.html"

    def run(self, name):
        """The elements of this run; one on each page that has it."""
        identifier = "run-" + name.replace("/", ":")
        return [node for page in self.pages.values() for node in page.iter()
                if node.get("id") == identifier]

    def terms(self):
        """{term: claims}"""
        found = {}
        for block in self.pages["terms.html"].iter("dl"):
            for term, claims in zip(block.iter("dt"), block.iter("dd")):
                found[texts(term)] = texts(claims).split()
        return found


class Pages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.folder = pathlib.Path(cls.temporary.name)
        cls.runs = cls.folder / "runs"
        rig.call(HALFOPEN, "run", "--inconclusive=skip", "--out", cls.runs,
                 *RUNS)
        cls.journals = rig.read_journals(cls.runs)
        cls.done = book("--out", cls.folder / "en", "--from", cls.runs)
        cls.book = Book(cls.folder / "en")
        cls.cases = [json.loads(line) for line in rig.call(
            HALFOPEN, "list", "--format", "jsonl").stdout.splitlines()]

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def test_all_pages_are_written_and_load_nothing(self):
        self.assertEqual((self.done.returncode, self.done.stderr), (PASS, ""))
        self.assertEqual(self.done.stdout,
                         f"{self.folder}/en/index.html\n")
        self.assertEqual(set(self.book.pages), PAGES)
        for name, text in self.book.sources.items():
            for word in "src=", "<link", "<script", "@import", "url(":
                self.assertNotIn(word, text, name)

    def test_every_claim_and_figure_is_there(self):
        claims = {claim for case in self.cases
                  for claim in case.get("claims") or []}
        self.assertGreater(len(claims), 70)
        for claim in claims:
            section = self.book.find(self.book.article(claim), claim)
            self.assertRegex(texts(section),
                             "right|conditional|outdated|wrong")
            self.assertRegex(texts(section), "halfopen run |run shown above")
        figures = [identifier for page in PAGES
                   for identifier in self.book.ids(page)
                   if identifier.startswith("figure-")]
        self.assertEqual(sorted(figures),
                         sorted(f"figure-{number}" for number in NUMBERS))

    def test_every_case_with_a_topic_is_there(self):
        topics = {case["name"] for case in self.cases if case.get("topic")}
        self.assertLessEqual(topics, set(self.book.ids("edges.html")))
        self.assertGreater(len(topics), 30)

    def test_links_resolve(self):
        for name, page in self.book.pages.items():
            ids = self.book.ids(name)
            self.assertEqual(len(ids), len(set(ids)), name)
            for link in page.iter("a"):
                target, _, place = link.get("href").partition("#")
                self.assertIn(target or name, PAGES)
                if place:
                    self.assertIn(place, self.book.ids(target or name),
                                  link.get("href"))

    def test_recorded_runs_have_values_and_a_ladder(self):
        self.assertEqual(set(self.journals), set(RUNS))
        for name, journal in self.journals.items():
            verdict = of_type(journal, "verdict")[0]["verdict"]
            found = self.book.run(name)
            self.assertTrue(found, name)
            for node in found:
                self.assertIn(f"{verdict.upper()} halfopen run {name}",
                              texts(node))
                if verdict == "pass":
                    self.assertEqual(
                        len(list(node.iter("{http://www.w3.org/2000/svg}svg"))
                            + list(node.iter("svg"))), 1, name)
                for record in of_type(journal, "measured"):
                    self.assertIn(record["name"].replace("_max", ""),
                                  texts(node).replace("_max", ""))

    def test_missing_runs_are_reported(self):
        """On the page of the claim, and on the first one."""
        missing = set()
        for name in ("article-a.html", "article-b.html", "article-c.html",
                     "article-d.html"):
            for node in self.book.pages[name].iter("div"):
                if (node.get("id") or "").startswith("run-"):
                    run = node.get("id")[4:].replace(":", "/")
                    recorded = run in self.journals
                    self.assertEqual("not recorded" in texts(node),
                                     not recorded, run)
                    if not recorded:
                        missing.add(run)
        self.assertGreater(len(missing), 100)
        first = texts(self.book.pages["index.html"])
        for run in missing:
            self.assertIn(f"not recorded halfopen run {run}", first)

    def counters(self, name):
        return {r["name"] for r in of_type(self.journals[name], "counter")}

    def test_index_has_the_terms_of_the_runs(self):
        terms = self.book.terms()
        for name, journal in self.journals.items():
            if of_type(journal, "verdict")[0]["verdict"] != "pass":
                continue
            claims = {j["claim"] for j in of_type(journal, "judgement")}
            wanted = {r["name"] for r in of_type(journal, "sysctl")}
            wanted |= {r["value"] for r in of_type(journal, "measured")
                       if re.fullmatch("E[A-Z]{4,}", str(r["value"]))}
            # Those of this run only: usual ones are left out.
            wanted |= self.counters(name) - {
                counter for other in self.journals if other != name
                for counter in self.counters(other)}
            for term in wanted:
                self.assertLessEqual(claims, set(terms.get(term, [])),
                                     f"{name}: {term}")
        for term in ("net.ipv4.tcp_retries2", "ETIMEDOUT", "ECONNRESET",
                     "TIME-WAIT", "ESTABLISHED"):
            self.assertGreater(len(terms[term]), 1, term)

    def test_kernels_of_the_tables(self):
        page = texts(self.book.pages["kernels.html"])
        self.assertRegex(page, r"B5 outdated since 4\.1[0-9]")
        self.assertIn("tcp_syn_linear_timeouts", page)
        self.assertNotIn("what differs", page)

    def test_runs_of_several_kernels_are_compared(self):
        both = self.folder / "both"
        shutil.copytree(self.runs, both / "new")
        shutil.copytree(self.runs, both / "old")
        for path in (both / "old").rglob("journal.jsonl"):
            lines = path.read_text().splitlines(True)
            start = json.loads(lines[0])
            start["kernel"] = "5.10.0-old"
            path.write_text(json.dumps(start) + "\n" + "".join(lines[1:]))
        done = book("--out", self.folder / "two", "--from", both)
        self.assertEqual(done.returncode, PASS, done.stderr)
        page = Book(self.folder / "two").pages["kernels.html"]
        headings = [texts(node) for node in page.iter("th")]
        self.assertEqual(len(headings), 4)
        self.assertEqual((headings[0], headings[-1]), ("run", "what differs"))
        self.assertIn("5.10.0-old", headings)
        self.assertEqual(
            sorted(texts(row[0]) for row in page.iter("tr")
                   if row[0].tag == "td"), sorted(RUNS))

    def test_patterns_select_claims(self):
        done = book("--out", self.folder / "a5", "--from", self.runs, "A5")
        self.assertEqual(done.returncode, PASS, done.stderr)
        found = Book(self.folder / "a5")
        claims = [identifier for page in PAGES for identifier in
                  found.ids(page) if re.fullmatch("[A-D][0-9]+", identifier)]
        self.assertEqual(claims, ["A5"])
        self.assertIn("figure-1", found.ids("article-a.html"))
        self.assertNotIn("figure-36", found.ids("article-c.html"))

    def test_chinese_book(self):
        done = book("--out", self.folder / "zh", "--from", self.runs,
                    "--lang", "zh")
        self.assertEqual(done.returncode, PASS, done.stderr)
        chinese = Book(self.folder / "zh")
        self.assertEqual(set(chinese.pages), PAGES)
        for name, page in chinese.pages.items():
            self.assertEqual(page.get("lang"), "zh-CN")
            self.assertEqual(chinese.ids(name), self.book.ids(name))
            for node in page.iter():
                if node.tag in ("nav", "h2"):
                    self.assertRegex(texts(node), "[\u4e00-\u9fff]|^tcp_tw_re"
                                     "|^TCP_USER_TIMEOUT|^sysctl$")
        self.assertIn("未记录", chinese.sources["article-d.html"])

    def test_wrong_words_are_refused(self):
        with tempfile.TemporaryDirectory() as out:
            for words, message in (
                    ((), "missing --out DIR"),
                    (("--out", out, "no-such-claim"), "no-such-claim"),
                    (("--out", out, "--from", "/nonexistent"),
                     "/nonexistent")):
                with self.subTest(words):
                    done = book(*words)
                    self.assertEqual(done.returncode, USAGE)
                    self.assertIn(message, done.stderr)

    def test_pages_fit_in_both_schemes(self):
        if not browser.is_installed():
            self.skipTest("chromium is not installed")
        for width in 390, 1200:
            for scheme in "light", "dark":
                for name in "index.html", "article-a.html", "terms.html":
                    with self.subTest((width, scheme, name)):
                        wide, brightness = browser.measure(
                            self.book.folder / name, self.folder, width,
                            scheme)
                        self.assertLessEqual(wide, width)
                        self.assertEqual(brightness > 128, scheme == "light")


class NewRuns(unittest.TestCase):
    def test_runs_are_made_and_drawn(self):
        with tempfile.TemporaryDirectory() as out:
            done = book("--out", out, "accept-queue-limit")
            self.assertIn(done.returncode, (PASS, BROKEN, SKIPPED),
                          done.stderr)
            self.assertIn(f"{out}/index.html", done.stdout)
            found = Book(out)
            section = found.find("article-b.html", "B10")
            self.assertNotIn("not recorded", texts(section))
            if done.returncode == PASS:
                self.assertTrue(list(section.iter("figure")))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[2:], verbosity=2)
