#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The installed manual pages and the completions.

usage: installed.py HALFOPEN FOLDER MANUAL MANUAL-IN-CHINESE

FOLDER contains the completions: completion.bash, completion.zsh, completion.fish.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

HALFOPEN, FOLDER, *MANUALS = (os.path.realpath(path) for path in sys.argv[1:5])


def output(*command, **settings):
    return subprocess.run(command, capture_output=True, check=True, text=True,
                          encoding="utf-8", **settings).stdout


def completed(*words):
    """What halfopen --complete offers for the last word."""
    return [line.split("\t")[0] for line in
            output(HALFOPEN, "--complete", *words).splitlines()]


class Completion(unittest.TestCase):
    def test_commands_are_completed(self):
        self.assertIn("predict", completed(""))
        self.assertEqual(completed("pre"), ["predict"])
        self.assertEqual(completed("--lang", "zh", "pre"), ["predict"])
        self.assertEqual(completed("--lang=zh", "pre"), ["predict"])
        self.assertEqual(completed("--vers"), ["--version"])
        self.assertEqual(completed("unknown", ""), [])

    def test_every_command_of_the_help_is_completed(self):
        named = [line.split()[0] for line in
                 output(HALFOPEN, "--help").splitlines()
                 if line.startswith("  ")]
        self.assertEqual(completed(""), named)

    def test_case_names_are_completed(self):
        listed = [line.split()[0]
                  for line in output(HALFOPEN, "list").splitlines()
                  if line and not line.startswith((" ", "case"))]
        self.assertEqual(completed("run", ""), listed)
        self.assertEqual(completed("show", "unplug-id"), ["unplug-idle"])

    def test_variants_are_completed(self):
        self.assertEqual(completed("run", "server-process-crash/seg"),
                         ["server-process-crash/segfault"])

    def test_options_and_their_values_are_completed(self):
        self.assertEqual(completed("run", "--without"), ["--without-faults"])
        self.assertEqual(completed("run", "--format", "k"), ["ktap"])
        self.assertEqual(completed("run", "--format=k"), ["--format=ktap"])
        self.assertEqual(completed("list", "--format", ""),
                         ["human", "jsonl", "markdown"])
        self.assertEqual(completed("show", "--lang", ""), ["en", "zh"])
        self.assertEqual(completed("--lang", ""), ["en", "zh"])
        self.assertEqual(completed("run", "--out", ""), [":folders"])
        self.assertEqual(completed("run", "-j", ""), [])
        self.assertNotIn("--format", completed("show", "--"))
        self.assertEqual(completed("run", "--", "--without"), [])

    def test_words_are_completed_by_their_kind(self):
        self.assertEqual(completed("lab", "nat-forgets-i"),
                         ["nat-forgets-idle", ":files"])
        self.assertEqual(completed("figure", "4"),
                         ["4", "41", "42"])
        self.assertIn("tcp_retries2=", completed("predict", "tcp_retries"))
        self.assertEqual(completed("report", ""), [":folders"])
        self.assertEqual(completed("matrix", ""), [":files"])

    def test_the_command_of_a_guest_is_completed(self):
        self.assertEqual(completed("vm", "--", ""), ["run", "lab"])
        self.assertEqual(
            completed("vm", "--virtual-time", "--", "run", "--format", "k"),
            ["ktap"])
        self.assertEqual(completed("matrix", "a", "--", "lab", "--inter"),
                         ["--interactive"])
        self.assertEqual(completed("vm", "--virt"), ["--virtual-time"])

    def test_descriptions_are_in_the_language_of_the_user(self):
        environment = {**os.environ, "LANGUAGE": "", "LC_ALL": "zh_CN.UTF-8"}
        self.assertRegex(
            output(HALFOPEN, "--complete", "run", "--without",
                   env=environment), r"^--without-faults\t[^ -~]")


class Shells(unittest.TestCase):
    """Each script passes on what the shell has, and offers what halfopen prints."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        os.mkdir(os.path.join(self.folder.name, "out-folder"))

    def bash(self, *words):
        quoted = " ".join(f"'{word}'" for word in words)
        return output("bash", "-c", f"""
            compopt() {{ echo "compopt $*"; }}
            source "$0"
            COMP_WORDS=('{HALFOPEN}' {quoted}) COMP_CWORD={len(words)}
            _halfopen
            printf '%s\\n' "${{COMPREPLY[@]}}"
            """, FOLDER + "/completion.bash").split("\n")[:-1]

    def test_bash(self):
        self.assertEqual(self.bash("pre"), ["predict"])
        # As bash splits --format=k.
        self.assertEqual(self.bash("run", "--format", "=", "k"), ["ktap"])
        self.assertEqual(self.bash("run", "--format", "="),
                         ["human", "ktap", "junit", "jsonl"])
        self.assertEqual(self.bash("run", "--out", ""),
                         ["compopt -o dirnames", ""])
        self.assertEqual(self.bash("predict", "tcp_syn_r"),
                         ["compopt -o nospace", "tcp_syn_retries="])

    def fish(self, line):
        return output("fish", "--no-config", "-c", f"""
            source {FOLDER}/completion.fish
            complete -C '{HALFOPEN} {line}'
            """, cwd=self.folder.name,
            env={**os.environ, "HOME": self.folder.name}).splitlines()

    @unittest.skipUnless(shutil.which("fish"), "fish is not installed")
    def test_fish(self):
        self.assertRegex(self.fish("pre")[0], r"^predict\tcompute ")
        self.assertEqual(self.fish("run --format k"), ["ktap"])
        self.assertEqual(self.fish("vm -- run --format=k"), ["--format=ktap"])
        self.assertEqual([line.split("\t")[0] for line in
                          self.fish("run --out out")], ["out-folder/"])

    def zsh(self, line):
        """The line after a tab, in an interactive zsh."""
        os.makedirs(os.path.join(self.folder.name, "functions"), exist_ok=True)
        shutil.copy(FOLDER + "/completion.zsh",
                    os.path.join(self.folder.name, "functions", "_halfopen"))
        done = output("zsh", "-f", "-c", """
            zmodload zsh/zpty
            zpty shell zsh -f -i
            zpty -w shell '
                PROMPT=; fpath=(functions $fpath); autoload -Uz compinit
                compinit -u -D
                show() { zle complete-word; print -r -- "@@$BUFFER@@"; exit; }
                zle -N show; bindkey "^X" show; print rea""dy'
            zpty -r shell seen '*ready*'
            zpty -w -n shell "$1"$'\\x18'
            zpty -r shell seen '*@@*@@*'
            print -r -- "$seen"
            """, "zsh", f"{HALFOPEN} {line}", cwd=self.folder.name)
        return done.split("@@")[1].removeprefix(HALFOPEN + " ")

    @unittest.skipUnless(shutil.which("zsh"), "zsh is not installed")
    def test_zsh(self):
        self.assertEqual(self.zsh("pre"), "predict ")
        self.assertEqual(self.zsh("run --format k"), "run --format ktap ")
        self.assertEqual(self.zsh("vm -- run --format=k"),
                         "vm -- run --format=ktap ")
        self.assertEqual(self.zsh("run --out out"), "run --out out-folder/")
        self.assertEqual(self.zsh("predict tcp_syn_r"),
                         "predict tcp_syn_retries=")


# Arguments whose names are translated, as the page writes them.
ARGUMENTS = {"模\\:式": "PATTERN", "用\\:例": "CASE", "编\\:号": "NUMBER"}


class Manual(unittest.TestCase):
    def setUp(self):
        self.texts = []
        for name in MANUALS:
            with open(name, encoding="utf-8") as page:
                self.texts.append(page.read())

    def test_every_placeholder_is_replaced(self):
        for text in self.texts:
            self.assertNotRegex(text, r"@[A-Z-]+@")
            for word in ("server\\-host\\-crash\\-data",
                         "\\-\\-without\\-faults", "unplug", "reaches STATE",
                         "hosts.HOST.run"):
                self.assertIn(word, text)

    def test_the_languages_have_the_same_entries(self):
        english, chinese = (re.findall(r"^\.TP\n(.*)\n(.*)$", text, re.M)
                            for text in self.texts)
        self.assertEqual([name for name, _ in english],
                         [f".B {ARGUMENTS[name[3:]]}" if name[3:] in ARGUMENTS
                          else name for name, _ in chinese])
        for name, what in chinese:
            # Grammar, and the name of an option, are the same in both.
            if (name, what) not in english:
                self.assertRegex(what, "[\u4e00-\u9fff]", name)
        self.assertLess(len(set(english) & set(chinese)), 5)
        english, chinese = (re.findall(r"^\.SS halfopen \w+|^\.S[HS]\b", text, re.M)
                            for text in self.texts)
        self.assertEqual(english, chinese)

    @unittest.skipUnless(shutil.which("groff"), "groff is not installed")
    def test_groff_prints_no_warning(self):
        # man(1) loads zh.tmac for a page in Chinese.
        for name, locale in zip(MANUALS, ((), ("-mzh",))):
            done = subprocess.run(
                ["groff", "-Kutf8", *locale, "-man", "-Tutf8", "-ww", "-z", name],
                capture_output=True, check=True, text=True)
            self.assertEqual(done.stderr, "")

    @unittest.skipUnless(shutil.which("lexgrog"), "man-db is not installed")
    def test_whatis_finds_the_names(self):
        for name in MANUALS:
            self.assertRegex(output("lexgrog", name),
                             r'"halfopen - [^\\:]*TCP[^\\:]*"')


unittest.main(argv=sys.argv[:1], verbosity=2)
