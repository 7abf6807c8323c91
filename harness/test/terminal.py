#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What commands print on a terminal: colours and line drawing.

usage: terminal.py HALFOPEN
"""
import os
import pty
import re
import subprocess
import sys
import tempfile
import unittest

import rig

HALFOPEN = os.path.realpath(sys.argv[1])
CASE = "server-host-crash-keepalive/process-dies"
LAB = ("lab", "--at", "0s", "connect client server:80", "--at", "100ms",
       "crash server", "--at", "200ms", "send client 5", "--expect",
       "client: ESTAB", "--for", "400ms")
SEQUENCE = re.compile("\033\\[[0-9;]*m")


def on_terminal(*words, **more):
    """What the command prints on a terminal: 80 columns, UTF-8."""
    outer, inner = pty.openpty()
    kept = {k: v for k, v in rig.environment().items() if k != "NO_COLOR"}
    with subprocess.Popen([HALFOPEN, *words], stdin=subprocess.DEVNULL,
                          stdout=inner, stderr=inner, start_new_session=True,
                          env={**kept, "TERM": "xterm", "LC_ALL": "C.UTF-8",
                               **more}):
        os.close(inner)
        text = b""
        try:
            while chunk := os.read(outer, 4096):
                text += chunk
        except OSError:  # EIO: the last process has closed the terminal
            pass
    os.close(outer)
    return text.decode().replace("\r\n", "\n")


def in_pipe(*words, **more):
    return rig.call(HALFOPEN, *words, **more).stdout


def coloured(text):
    """[(sequence, text up to the next one)]"""
    return re.findall("(\033\\[[0-9;]+m)([^\033]*)", text)


class Colours(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # pylint: disable=consider-using-with
        temporary = tempfile.TemporaryDirectory()
        cls.addClassCleanup(temporary.cleanup)
        cls.out = temporary.name
        done = rig.call(HALFOPEN, "run", "--out", cls.out + "/a", CASE)
        if done.returncode == rig.SKIPPED:
            raise unittest.SkipTest(done.stdout)
        rig.call(HALFOPEN, *LAB, "--out", cls.out + "/lab")
        cls.commands = {"run": ("run", "-v", CASE), "lab": LAB,
                        "report": ("report", cls.out + "/lab"),
                        "compare": ("compare", "-v", cls.out + "/a",
                                    cls.out + "/a")}

    def test_terminal_gets_colours_and_a_pipe_gets_none(self):
        for name, words in self.commands.items():
            with self.subTest(name):
                self.assertRegex(on_terminal(*words), SEQUENCE)
                self.assertNotIn("\033", in_pipe(*words))

    def test_no_color_and_a_dumb_terminal_turn_colours_off(self):
        for name, words in self.commands.items():
            for variable in {"NO_COLOR": "1"}, {"TERM": "dumb"}:
                with self.subTest(name, **variable):
                    self.assertNotRegex(on_terminal(*words, **variable),
                                        SEQUENCE)
        self.assertRegex(on_terminal(*self.commands["report"], NO_COLOR=""),
                         SEQUENCE)

    def test_option_overrides_the_terminal_and_no_color(self):
        for name, words in self.commands.items():
            with self.subTest(name):
                self.assertNotRegex(on_terminal(*words, "--color", "never"),
                                    SEQUENCE)
                self.assertRegex(in_pipe(*words, "--color", "always",
                                         NO_COLOR="1"), SEQUENCE)
        self.assertEqual(rig.call(HALFOPEN, "run", "--color", "red").returncode,
                         rig.USAGE)

    def test_formats_for_programs_have_no_colours(self):
        for form in "ktap", "junit", "jsonl":
            for words in self.commands["run"], LAB:
                with self.subTest(form, command=words[0]):
                    self.assertNotIn("\033", on_terminal(
                        *words, "--format", form, "--color", "always"))

    def test_colours_take_no_columns(self):
        text = in_pipe(*self.commands["report"])
        again = in_pipe(*self.commands["report"], "--color", "always")
        self.assertEqual(SEQUENCE.sub("", again), text)
        for line in again.splitlines():
            # No line leaves its colour to the next one.
            self.assertRegex(line, "^([^\033]*(\033\\[[0-9;]+m)+[^\033]*"
                                   "\033\\[0m)*[^\033]*$")

    def test_verdict_state_and_ladder_have_colours(self):
        text = on_terminal(*LAB)
        parts = coloured(text)
        for sequence, what in (("\033[32m", "PASS"), ("\033[32m", "ok"),
                               ("\033[36m", "client  ESTAB"),
                               ("\033[1;31m", "fault   crash server"),
                               ("\033[31m", "dropped: host is dead")):
            self.assertTrue([1 for s, t in parts if s == sequence and
                             what in t], f"{what} in {text}")


class Drawing(unittest.TestCase):
    def test_locale_of_the_terminal_selects_ascii_or_unicode(self):
        show = "show", CASE.split("/", maxsplit=1)[0]
        self.assertIn("┌", on_terminal(*show))
        self.assertIn("+----", on_terminal(*show, LC_ALL="C"))
        self.assertIn("┌", on_terminal(*show, LC_ALL="", LC_CTYPE="", LANG=""))
        self.assertIn("┌", in_pipe(*show, LC_ALL="C"))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[2:], verbosity=2)
