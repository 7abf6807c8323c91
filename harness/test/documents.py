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
README_LINES = 260  # one sitting


def read(*path):
    with open(os.path.join(ROOT, *path), encoding="utf-8") as file:
        return file.read()


def documents():
    """{path: text} of all Markdown files."""
    paths = ["README.md", "cases/README.md"]
    for folder, _, names in os.walk(os.path.join(ROOT, "harness/doc")):
        paths += [os.path.relpath(os.path.join(folder, name), ROOT)
                  for name in names if name.endswith(".md")]
    return {path: read(path) for path in paths}


def without_code(text):
    return re.sub(r"```.*?```|^    .*$", "", text, flags=re.S | re.M)


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
        self.assertLess(len(read("README.md").splitlines()), README_LINES)

    def test_readme_lists_every_command(self):
        done = subprocess.run([HALFOPEN, "--help"], capture_output=True,
                              check=True, text=True)
        for name in re.findall(r"^  (\w+) ", done.stdout, re.M):
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


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
