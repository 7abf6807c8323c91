#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The documents agree with the program and with each other.

usage: documents.py HALFOPEN SOURCE_ROOT VOCABULARY

VOCABULARY is the generated header that lists the functions of cases.
"""
import os
import re
import subprocess
import sys
import unittest

HALFOPEN, ROOT, VOCABULARY = sys.argv[1:4]
READMES = ("README.md", "harness/doc/zh/README.md")
README_LINES = 260  # one sitting


def read(*path):
    with open(os.path.join(ROOT, *path), encoding="utf-8") as file:
        return file.read()


def documents():
    """{path: text} of all Markdown files."""
    paths = ["README.md", "cases/README.md", "cases/README.zh-CN.md"]
    for folder, _, names in os.walk(os.path.join(ROOT, "harness/doc")):
        paths += [os.path.relpath(os.path.join(folder, name), ROOT)
                  for name in names if name.endswith(".md")]
    return {path: read(path) for path in paths}


def without_code(text):
    return re.sub(r"^    .*$", "", re.sub(r"(?s)```.*?```", "", text), flags=re.M)


def code(text):
    """The indented blocks, and what is in backquotes."""
    return "\n".join(re.findall(r"^    .*$|`[^`]+`", text, re.M))


def output(*words):
    return subprocess.run([HALFOPEN, *words], capture_output=True, check=True,
                          encoding="utf-8").stdout


def command_names():
    return re.findall(r"^  (\w+) ", output("--help"), re.M)


def anchors(text):
    """Those that GitHub makes of headings."""
    headings = re.findall(r"^#+ (.*)$", without_code(text), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
            for heading in headings}


class Documents(unittest.TestCase):
    def test_links_lead_to_files_and_headings(self):
        texts = documents()
        for path, text in texts.items():
            for target in re.findall(r"\]\(([^)]+)\)", without_code(text)):
                with self.subTest(f"{path}: {target}"):
                    file, _, anchor = target.partition("#")
                    other = os.path.normpath(
                        os.path.join(os.path.dirname(path), file)
                        if file else path)
                    self.assertTrue(os.path.exists(os.path.join(ROOT, other)))
                    if anchor:
                        self.assertIn(anchor, anchors(texts[other]))

    def test_every_page_can_be_reached_from_the_readme(self):
        seen, new = set(), {"README.md"}
        texts = documents()
        while new:
            path = new.pop()
            seen.add(path)
            for target in re.findall(r"\]\(([^)#]+)", texts[path]):
                other = os.path.normpath(
                    os.path.join(os.path.dirname(path), target))
                if other in texts and other not in seen:
                    new.add(other)
        self.assertEqual(seen, set(texts))

    def test_readme_is_short(self):
        for path in READMES:
            self.assertLess(len(read(path).splitlines()), README_LINES, path)

    def test_pages_in_two_languages_link_to_each_other(self):
        """Below the title."""
        for english, chinese in (READMES,
                                 ("cases/README.md", "cases/README.zh-CN.md")):
            for path, other, name in ((english, chinese, "中文"),
                                      (chinese, english, "English")):
                link = os.path.relpath(other, os.path.dirname(path) or ".")
                self.assertRegex(read(path), rf"\n# [^\n]+\n\n\[{name}\]"
                                 rf"\({re.escape(link)}\)")

    def test_commands_of_the_readmes_exist(self):
        commands = command_names()
        for path in READMES:
            for name in re.findall(r"\bhalfopen(?: --lang \w+)? (\w+)",
                                   code(read(path))):
                self.assertIn(name, commands, path)

    def test_chinese_readme_finds_what_it_looks_for(self):
        text = read("harness/doc/zh/README.md")
        shown = re.findall(r"^    halfopen ((?:list|show|predict)\b.*?)(?:  +#|$)",
                           text, re.M)
        self.assertGreater(len(shown), 5)
        for words in shown:
            with self.subTest(words):
                done = subprocess.run([HALFOPEN, *words.split()], check=False,
                                      capture_output=True, encoding="utf-8")
                self.assertEqual(done.returncode, 0, done.stderr)
        figures = output("figure")
        for number in re.findall(r"halfopen figure (\d+)", text):
            self.assertRegex(figures, rf"(?m)^{number} ")

    def test_readme_lists_every_command(self):
        for name in command_names():
            self.assertIn(f"    halfopen {name} ", read("README.md"))

    def test_vocabulary_of_cases_is_complete(self):
        with open(VOCABULARY, encoding="utf-8") as file:
            words = set(re.findall(r"^#define (\w+)\(", file.read(), re.M))
        self.assertGreater(len(words), 100)
        text = read("harness/doc/adding-a-case.md")
        documented = set(re.findall(r"`([a-z]+_[a-z_]+)`", text))
        self.assertEqual(words - documented, set())
        prefixes = {word.split("_")[0] for word in words}
        unknown = {word for word in documented - words
                   if word.split("_")[0] in prefixes - {"time"}}
        # They record no line of their own.
        self.assertLessEqual(unknown, {"path_delay"})

    def test_values_that_a_case_shows_have_its_names(self):
        """.shows of a case and its variants has no name that nothing records."""
        script = os.path.join(ROOT, "harness/script")
        shared = read("harness/report/report.c") + "".join(
            read(script, name) for name in os.listdir(script) if name.endswith(".c"))
        headers = {name: read("cases", name) for name in
                   os.listdir(os.path.join(ROOT, "cases")) if name.endswith(".h")}
        n = 0
        for name in sorted(os.listdir(os.path.join(ROOT, "cases"))):
            if not name.endswith(".c"):
                continue
            text = read("cases", name)
            lists = re.findall(r"SHOWS\(([^)]*)\)", text)
            recorded = re.sub(r"SHOWS\([^)]*\)", "", text) + shared + "".join(
                headers[header] for header in
                re.findall(r'#include "(.*)"', text) if header in headers)
            for value in re.findall(r'"(.*?)"', " ".join(lists)):
                n += 1
                # rto_1_s is made of "%s_s" and "rto_%u".
                plain = re.sub(r"_\d+_s$|_s$", "", value)
                with self.subTest(case=name, value=value):
                    self.assertTrue(f'"{value}"' in recorded or
                                    f'"{plain}_%u"' in recorded or
                                    f'"{plain}_%u_s"' in recorded, value)
        self.assertGreater(n, 100)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
