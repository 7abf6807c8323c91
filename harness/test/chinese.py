#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Texts in Chinese: the choice of the language, tables and widths.

usage: chinese.py HALFOPEN SOURCE_ROOT [Class.test]

Texts of an area that harness/po/incomplete names may be in English.
"""
import html
import importlib.machinery
import importlib.util
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unicodedata
import unittest

HALFOPEN, ROOT = sys.argv[1:3]
LOCALE = ("LANGUAGE", "LC_ALL", "LC_CTYPE", "LC_MESSAGES", "LANG")
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def call(*words, **locale):
    env = {k: v for k, v in os.environ.items() if k not in LOCALE}
    return subprocess.run([HALFOPEN, *words], env={**env, **locale},
                          capture_output=True, check=False, encoding="utf-8")


def width(text):
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1
               for c in text)


def is_chinese(text):
    return CHINESE.search(text) is not None


class Language(unittest.TestCase):
    def test_locale_chooses(self):
        for locale, chinese in (
                ({}, False),
                ({"LANG": "C"}, False),
                ({"LANG": "C", "LANGUAGE": "zh_CN"}, False),
                ({"LANG": "C.UTF-8", "LANGUAGE": "zh_CN"}, True),
                ({"LANG": "zh_CN.UTF-8"}, True),
                ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, False)):
            with self.subTest(locale):
                done = call("--help", **locale)
                self.assertEqual(done.returncode, 0)
                self.assertEqual(is_chinese(done.stdout), chinese)

    def test_option_is_stronger_than_the_locale(self):
        for words in (["--lang", "zh", "show", "--help"],
                      ["--lang=zh", "show", "--help"],
                      ["show", "--lang", "zh", "--help"],
                      ["show", "--help", "--lang=zh"]):
            with self.subTest(words):
                self.assertTrue(is_chinese(call(*words, LANG="C").stdout))
        done = call("predict", "--lang", "en", LANG="zh_CN.UTF-8")
        self.assertFalse(is_chinese(done.stdout))

    def test_messages_about_other_words_are_in_the_language(self):
        done = call("show", "nothing-of-this-name", "--lang", "zh")
        self.assertEqual(done.returncode, 2)
        self.assertTrue(is_chinese(done.stderr))

    def test_finished_texts_are_parsed(self):
        """The message is printed in English first, with its values."""
        english = call("run", "--set", "client:a.b=c", "--lang", "en").stderr
        chinese = call("run", "--set", "client:a.b=c", "--lang", "zh").stderr
        self.assertIn("'a.b'", english)
        self.assertTrue(english.isascii(), english)
        self.assertIn("'a.b'", chinese)
        self.assertIn("sysctl", chinese)
        self.assertTrue(is_chinese(chinese))

    def test_errors_of_a_lab_quote_its_words(self):
        for words, quoted, why in (
                (["--expect", "client: recv EOF"], "client: recv EOF", "意外的"),
                (["--expect", "client EOF"], "client EOF", "缺少冒号"),
                (["--at", "1s", "unplug clent"], "clent", "未知的主机"),
                (["--at", "1s", "unplugg client"], "unplugg", "未知的动作"),
                (["--at", "1s", "plug client"], "plug client", "网线已拔掉"),
                (["--at", "1s", "unplug x"], "client, server", "应为以下之一")):
            done = call("lab", "--lang", "zh", "--for", "1s", *words)
            self.assertEqual(done.returncode, 2)
            self.assertIn(quoted, done.stderr)
            self.assertIn(why, done.stderr)
            self.assertNotRegex(done.stderr, "[“”]")

    def test_invalid_options_are_refused_in_the_language(self):
        for words, english, chinese in (
                (["--foo"], "unrecognized option '--foo'", "无法识别的选项 '--foo'"),
                (["--re"], "option '--re' is ambiguous; possibilities: '--repeat' "
                 "'--retry'", "选项 '--re' 有歧义；可能是： '--repeat' '--retry'"),
                (["--format"], "option '--format' requires an argument",
                 "选项 '--format' 需要参数"),
                (["-j"], "option requires an argument -- 'j'", "选项 '-j' 需要参数"),
                (["--help=3"], "option '--help' doesn't allow an argument",
                 "选项 '--help' 不接受参数"),
                (["-Zj3"], "invalid option -- 'Z'", "无效的选项 '-Z'")):
            for lang, why in (("en", english), ("zh", chinese)):
                with self.subTest(words, lang=lang):
                    done = call("run", "--lang", lang, *words)
                    self.assertEqual(done.returncode, 2)
                    self.assertEqual(done.stderr.splitlines()[0],
                                     f"halfopen run: {why}")

    def test_invalid_language_is_refused(self):
        for words in (["--lang", "xx", "list"], ["list", "--lang", "xx"],
                      ["list", "--lang"]):
            with self.subTest(words):
                done = call(*words)
                self.assertEqual(done.returncode, 2)
                self.assertIn("--lang", done.stderr)
                self.assertEqual(done.stdout, "")

    def test_formats_for_programs_are_in_english(self):
        for words in (["list", "--format", "jsonl"],
                      ["run", "--format", "ktap", "close-after-read"],
                      ["run", "--format", "junit", "close-after-read"],
                      ["run", "--format", "jsonl", "close-after-read"]):
            with self.subTest(words):
                done = call(*words, LANG="zh_CN.UTF-8")
                self.assertGreater(len(done.stdout), 100)
                self.assertFalse(is_chinese(done.stdout))

    def test_journals_are_in_english(self):
        with tempfile.TemporaryDirectory() as out:
            done = call("run", "--lang", "zh", "--out", out, "close-after-read")
            self.assertTrue(is_chinese(done.stdout))
            journals = list(pathlib.Path(out).rglob("journal.jsonl"))
            if done.returncode == 0:
                self.assertGreater(len(journals), 0)
            for journal in journals:
                self.assertFalse(is_chinese(journal.read_text("utf-8")))

    @unittest.skipIf(os.geteuid(), "chroot() needs root")
    def test_root_folder_without_locales_is_enough(self):
        """It has the program and its libraries only."""
        done = subprocess.run(["ldd", HALFOPEN], capture_output=True,
                              check=False, text=True)
        files = re.findall(r"(/\S+) \(0x", done.stdout)
        with tempfile.TemporaryDirectory() as root:
            for file in [HALFOPEN, *files]:
                target = pathlib.Path(root, os.path.abspath(file)[1:])
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(file, target)
            done = subprocess.run(
                [os.path.abspath(HALFOPEN), "--help"],
                env={"LANG": "zh_CN.UTF-8"}, capture_output=True, check=False,
                encoding="utf-8", cwd="/",
                preexec_fn=lambda: os.chroot(root))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue(is_chinese(done.stdout))


# --- tables -------------------------------------------------------------------

def incomplete():
    lines = pathlib.Path(ROOT, "harness/po/incomplete").read_text("utf-8")
    return {line for line in lines.split() if not line.startswith("#")}


class Texts(unittest.TestCase):
    def test_table_of_claims_is_translated(self):
        """No line of words in Latin letters, except names and commands."""
        if {"documents", "program"} & incomplete():
            self.skipTest("translations are incomplete")
        done = call("list", "--document", "--lang", "zh")
        lines = re.findall(r"^  [A-D]\d+ +(\S.*)$", done.stdout, re.M)
        self.assertGreater(len(lines), 80)
        self.assertEqual([line for line in lines if not is_chinese(line)], [])

    def test_cases_of_complete_areas_are_translated(self):
        areas = incomplete()
        for letter in "abcd":
            if f"cases-{letter}" in areas or "program" in areas:
                continue
            done = call("show", f"{letter.upper()}*", "--lang", "zh")
            self.assertEqual(done.returncode, 0)
            english = re.findall(r"^ +(?:\d+\. )?([a-z]+(?: [a-z]+){3,})",
                                 done.stdout, re.M)
            self.assertEqual(english, [])


    def test_faults_of_documents_are_phrases(self):
        text = call("show", "--lang", "zh", "rst-timestamps", "rto-bounds").stdout
        self.assertIn("自 RFC 7323 起过时", text)
        self.assertIn("自内核 6.15 起过时", text)
        self.assertIn("自内核 2.6.23 起过时", text)

    def test_incidents_are_found_by_their_symptom(self):
        for words in (["--lang", "zh"], ["--format", "jsonl"]):
            with self.subTest(words):
                done = call("lab", "--list", "空闲", *words)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertIn("nat-forgets-idle", done.stdout)
                self.assertNotIn("service-rule-late", done.stdout)
                self.assertEqual(is_chinese(done.stdout), "zh" in words)

    def test_descriptions_of_incidents_are_translated(self):
        done = call("lab", "--list", "nat-forgets-idle", "--lang", "zh")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn("balancer-resets-idle", done.stdout)
        self.assertEqual(english(done.stdout), [])
        text = done.stdout.replace("\n", "")
        self.assertIn("空闲连接经过 NAT 网关，而网关已删除它的表项。", text)
        self.assertIn("解决办法见 nat-keepalive-cure.yaml。", text)
        lab = call("lab", "peer-never-reads-cure", "--lang", "zh")
        if lab.returncode == 4:
            raise unittest.SkipTest("no lab runs on this machine")
        self.assertIn("peer-never-reads.yaml 的解决办法：", lab.stdout)
        self.assertNotIn("The cure of", lab.stdout)

    def test_values_of_a_case_are_translated(self):
        done = call("run", "--lang", "zh", "--inconclusive=skip",
                    "paws-boundary/data-2")
        if done.returncode == 4:
            raise unittest.SkipTest("the case does not run on this machine")
        self.assertIn("报文段：丢弃", done.stdout)
        self.assertNotIn("segment dropped", done.stdout)

    def test_errno_is_named_and_explained(self):
        done = call("report", "/nonexistent", "--lang", "zh")
        self.assertEqual(done.returncode, 2)
        self.assertIn("没有那个文件或目录（ENOENT）", done.stderr)
        done = call("report", "/nonexistent", "--lang", "en")
        self.assertIn("No such file or directory", done.stderr)

    def test_words_of_the_user_are_not_translated(self):
        """Each is a text that the program prints elsewhere."""
        for word in ("host", "data", "address", "probe", "none"):
            for words in (["--at", f"1s unplug {word}"],
                          ["--expect", f"{word}: open"], [word]):
                with self.subTest(words):
                    done = call("lab", "--lang", "zh", "--for", "1s", *words)
                    self.assertEqual(done.returncode, 2)
                    self.assertIn(word, done.stderr)

    def test_words_are_found_in_any_spelling(self):
        for words in (["lab", "--list"], ["list", "--document"]):
            done = call(*words, "TIME-WAIT")
            self.assertEqual(done.returncode, 0)
            self.assertEqual(call(*words, "time_wait").stdout, done.stdout)
        self.assertEqual(call("lab", "--list", "CLOSED_WAIT").stdout,
                         call("lab", "--list", "CLOSE-WAIT").stdout)

    def test_no_name_is_similar_to_chinese_words(self):
        for lang, hint in (("en", "; halfopen list --document finds claims "),
                           ("zh", "；halfopen list --document 按")):
            for word in ("香蕉苹果", "CLOSED_WAITX"):
                done = call("list", "--lang", lang, word)
                self.assertEqual(done.returncode, 2)
                self.assertIn(f"'{word}'{hint}", done.stderr)

    def first_claim(self, *words):
        done = call("list", "--document", "--lang", "zh", *words)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout, r"(?m)^  [A-D]\d+ ")
        return re.search(r"(?m)^  ([A-D]\d+) ", done.stdout)[1], done.stdout

    def test_words_lead_to_their_claim(self):
        for words, claim in (("2s", "D6"), ("4微秒", "C5"), ("4 us", "C5"), ("0.2秒", "C14"),
                             ("仁至义尽", "C19"), ("在收到服务端重传的`FIN`报文后，就会回`RST`报文", "C8"),
                             ("那 TCP 的数据报文具体重传几次呢", "D6"),
                             ("提供了一个叫`tcp_retries2`配置项，默认值是 15", "A4"), ("CLOSED_WAIT", "C1"),
                             ("ｔｃｐ＿ｒｅｔｒｉｅｓ２", "A4")):
            with self.subTest(words):
                self.assertEqual(self.first_claim(words)[0], claim)

    def test_sentences_lead_to_the_nearest_claims(self):
        claim, text = self.first_claim("客⼾端宕机后直到服务端的进程重启")
        self.assertIn("没有逐字相符的论断；最接近的是：\n\n", text)
        self.assertEqual(claim, "D11")
        # Most of its words are in no claim.
        _, text = self.first_claim(
            "可能大家会有这样的疑问，都说过期的报文要丢掉，为什么检查的时候偏偏要放过"
            "已经过期的 RST 报文，我翻了翻资料才明白其中的道理")
        self.assertRegex(text, r"(?m)^  C20 ")

    def test_cases_without_claims_are_named(self):
        lines = call("list", "--format", "jsonl").stdout.splitlines()
        cases = [case for case in map(json.loads, lines) if not case["claims"]]
        self.assertTrue(cases)
        for case in cases[:3]:
            for words in (case["name"], case["claim"]):
                with self.subTest(words):
                    done = call("list", "--document", "--lang", "zh", words)
                    self.assertEqual(done.returncode, 0, done.stderr)
                    self.assertIn("两份文档中没有论断提到它", done.stdout)
                    self.assertIn(f"  halfopen show {case['name']}\n", done.stdout)

    def test_figures_are_found_by_their_claim_and_title(self):
        self.assertIn("halfopen figure 36\n", call("show", "C13").stdout)
        done = call("figure", "保活", "--lang", "zh")
        self.assertEqual(done.returncode, 2)
        self.assertIn("有几张图的标题含有 '保活'：2, 3, 41", done.stderr)
        for words in ("图36", "图 36", "Figure 36", "迟到"):
            done = call("figure", words, "--from", "/nonexistent")
            self.assertIn("/nonexistent", done.stderr)

    def test_number_of_a_figure_leads_to_it(self):
        for number in re.findall(r"(?m)^(\d+) ", call("figure").stdout):
            command = f"halfopen figure {number}"
            for words in (number, f"图{number}", f"图 {number}", f"Figure {number}"):
                with self.subTest(words):
                    claim, text = self.first_claim(words)
                    self.assertNotIn("没有逐字相符的论断", text)
                    self.assertIn(command + "\n", text)
                    text = text.split(f"\n  {claim} ")[1]
                    self.assertIn(command + "\n", text.split("正确", 1)[0])
                    self.assertIn(command + " ", call("list", words).stdout)
                    self.assertIn(command + "\n", call("show", words).stdout)
                    done = call("run", words)
                    self.assertEqual(done.returncode, 2)
                    self.assertIn(command + " ", done.stderr)


# Rules of nft in a world, names of kernel structures, and of programs and files.
ALLOWED = re.compile(
    r"table inet gateway \{.*?\}; \}|struct sock(et)?\b|thin stream|"
    r"ip\s+rule add from ADDRESS|tcp\s+option maxseg size set rt mtu|"
    r"TCP user timeout|time exceeded|halfopen [a-z]+|'[^'\n]*'|\"[^\"]*\"", re.S)

# Without the network: what describes, computes or refuses.
COMMANDS = [["list"], ["list", "--edges"], ["list", "--document"], ["show", "*"],
            ["predict"], ["predict", "rtt=50ms", "tcp_retries2=8"], ["figure"],
            ["doctor"], ["lab", "--list"], ["--help"],
            *([command, "--help"] for command in
              ("run", "list", "show", "predict", "lab", "figure", "book", "compare",
               "report", "doctor", "vm", "matrix")),
            ["nosuch"], ["run", "nosuch"], ["run", "--set", "foo"], ["run", "A99"],
            ["run", "--repeat", "0"], ["run", "--shard", "3/2"], ["run", "--format", "x"],
            ["run", "close-after-read/nosuch"], ["list", "nosuch"], ["show"],
            ["show", "nosuch"], ["predict", "foo=1"], ["predict", "tcp_retries2=x"],
            ["predict", "rtt=-1ms"], ["figure", "99"], ["book"], ["compare"],
            ["compare", "/nonexistent", "/nonexistent"], ["report"],
            ["report", "/nonexistent"], ["report", "/", "--columns", "3"],
            ["doctor", "x"], ["vm"], ["vm", "--kernel", "/etc/passwd", "--", "run"],
            ["matrix"], ["matrix", "/nonexistent", "--", "run"], ["lab", "nosuch"],
            ["lab", "--at", "1s"], ["lab", "--for", "x"], ["lab", "--expect", "x"],
            ["lab", "--list", "nosuch"], ["lab", "/etc/passwd"],
            ["lab", "--at", "1s", "unplugg client"], ["lab", "--at", "1s", "unplug x"]]


# Nobody can create a file in /proc; words, and a part of the message.
FAILURES = [(["run", "--out", "/proc/x", "close-after-read"], "--out: 创建目录 x："),
            (["lab", "--for", "1s", "--out", "/proc/x"], "--out: 创建目录 x："),
            (["book", "--out", "/proc/x"], "--out: 创建目录 x："),
            (["lab", "/nonexistent.yaml"], "/nonexistent.yaml: 没有那个文件或目录"),
            (["report", "nonexistent"], "在 nonexistent 下查找日志：没有那个文件或目录"),
            (["vm", "--kernel", "/nonexistent", "--", "run"],
             "/nonexistent: 没有那个文件或目录"),
            (["run", "--set", "client:net.ipv4.tcp_fin_timeout=x", "close-after-read"],
             "'x'"),
            (["run", "--set", "client:net.ipv4.nosuch=1", "close-after-read"],
             "net.ipv4.nosuch")]


class Everything(unittest.TestCase):
    def check(self, words):
        done = call(*words, "--lang", "zh")
        text = done.stdout + done.stderr
        self.assertTrue(is_chinese(text), words)
        self.assertEqual(english(ALLOWED.sub(" ", text)), [], words)
        return done

    def test_failures_print_no_english_phrase(self):
        for words, part in FAILURES:
            with self.subTest(words):
                done = self.check(words)
                if done.returncode == 4:
                    continue  # no namespaces
                self.assertEqual(done.returncode, 2)
                self.assertIn(part, done.stderr)

    def test_commands_print_no_english_phrase(self):
        for words in COMMANDS:
            with self.subTest(words):
                self.check(words)

    def test_no_incident_is_described_in_english(self):
        names = [json.loads(line)["name"] for line in
                 call("lab", "--list", "--format", "jsonl").stdout.splitlines()]
        self.assertGreater(len(names), 40)
        for name in names:
            with self.subTest(name):
                self.check(["lab", "--list", name])


class Lab(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.done = call("lab", "--lang", "zh", "--for", "500ms", "--loss", "100", "--at",
                        "200ms", "abort server", "--out", cls.folder.name)
        if cls.done.returncode == 4:
            raise unittest.SkipTest("no lab runs on this machine")
        cls.journal = next(pathlib.Path(cls.folder.name).rglob("journal.jsonl"))

    def test_replies_of_the_prompt_are_translated(self):
        done = subprocess.run([HALFOPEN, "lab", "-i", "--lang", "zh", "--for", "1s"],
                              input="unplg client\n", capture_output=True, check=False,
                              encoding="utf-8")
        self.assertIn("第 1 列：未知的动作 'unplg'；是否指 'unplug'？", done.stdout)

    def report(self):
        return call("report", "--lang", "zh", "--columns", "200",
                    self.folder.name).stdout

    def test_reasons_of_a_lab_are_translated(self):
        # Under load it may be inconclusive.
        self.assertNotIn(self.done.returncode, (0, 2), self.done.stderr)
        for text in self.done.stdout, self.report():
            self.assertIn("server: abort server: 未执行：没有接受任何连接", text)
            self.assertIn("丢失，原因：路径的丢包", text)
            self.assertEqual(english(ALLOWED.sub(" ", text)), [])
        self.assertFalse(is_chinese(self.journal.read_text("utf-8")))

    def test_reason_of_a_broken_run_keeps_its_places(self):
        places = "(lib/a.c:31 < netns/b.c:120)"
        text = self.journal.read_text("utf-8")
        *records, verdict = map(json.loads, text.splitlines())
        self.assertEqual(verdict["type"], "verdict")
        verdict["verdict"] = "broken"
        verdict["reason"] = f"open data: Permission denied {places}, at prompt:3"
        try:
            self.journal.write_text("".join(
                json.dumps(record) + "\n" for record in [*records, verdict]), "utf-8")
            shown = self.report()
        finally:
            self.journal.write_text(text, "utf-8")
        self.assertIn(f"打开 data：权限不够（EACCES） {places}，位置：prompt:3", shown)


class Widths(unittest.TestCase):
    def test_boxes_are_straight(self):
        done = call("show", "keepalive-peer-alive", "--lang", "zh")
        box = re.findall(r"^  [┌│└├┤].*$", done.stdout, re.M)
        self.assertEqual(len(box), 5)
        self.assertTrue(any(is_chinese(line) for line in box))
        self.assertEqual(len({width(line) for line in box}), 1)

    def test_lines_fit_into_80_columns(self):
        for words in (["show", "A*"], ["list", "--document"],
                      ["run", "--help"], ["predict"]):
            with self.subTest(words):
                done = call(*words, "--lang", "zh")
                # A command is not broken.
                wide = [line for line in done.stdout.splitlines()
                        if width(line) > 80 and " halfopen " not in line]
                self.assertEqual(wide, [])

    def test_columns_of_a_table_are_aligned(self):
        done = call("list", "A9", "--lang", "zh")
        heading, first = done.stdout.splitlines()[:2]
        self.assertIn("论断", heading)
        column = width(heading[:heading.index("论断")])
        self.assertEqual(width(first[:first.index("A9")]), column)

    def test_duration_is_not_broken(self):
        done = call("list", "--lang", "zh")
        self.assertRegex(done.stdout, r"约\u00a0\d+\u00a0s")
        self.assertEqual(re.findall(r"^ {20,}s$", done.stdout, re.M), [])
        done = call("show", "A6", "--lang", "zh")
        self.assertIn("938 s\n", done.stdout)
        self.assertEqual(re.findall(r"\d\n *(?:s|ms|µs|h|min)\b", done.stdout), [])

    def test_punctuation_after_chinese_is_full_width(self):
        for words in (["list", "--document"], ["show", "C16"],
                      ["list", "--format", "markdown"],
                      ["list", "--edges", "--format", "markdown"],
                      ["predict"], ["run", "close-after-read"]):
            with self.subTest(words):
                done = call(*words, "--lang", "zh")
                self.assertEqual(
                    re.findall(r"[\u4e00-\u9fff）*][:;,](?: |$)|"
                               r"\([\u4e00-\u9fff]|[\u4e00-\u9fff]\)",
                               done.stdout, re.M), [])

    def test_punctuation_begins_no_line(self):
        for words in (["show", "A*"], ["run", "--help"], ["list"]):
            done = call(*words, "--lang", "zh")
            self.assertEqual(re.findall(r"^ *[，。；：、）？！」].*$",
                                        done.stdout, re.M), [])
            self.assertEqual(re.findall(r"^.*[（「]$", done.stdout, re.M), [])


# --- timelines and ladders ----------------------------------------------------

# Cases with calls, states, rules of the wire, faults and notes of many kinds.
RUNS = ["server-host-crash-keepalive/host-dies", "paws-late-segment/original",
        "unplug-data-replug/after-1-copy", "server-host-crash-idle",
        "last-ack-lost", "tw-reuse-stale-rst", "close-after-read",
        "retransmit-same-seq", "keepalive-peer-frozen", "nat-same-port-time-wait"]

# Words of the notation of packets and sockets, options, names of hosts, and commands.
TERMS = set("""ack sack timer keepalive on wire client server gateway host router
    seq http max min halfopen""".split())


def english(text):
    """Phrases of two or more English words, but not options, names and TERMS."""
    phrases = re.findall(r"(?<![\w./:<=*-])[A-Za-z]?[a-z]+(?: [a-z]+)+(?![\w(./=-])",
                         text)
    return [phrase for phrase in phrases
            if not set(phrase.lower().split()) & TERMS]


def visible(page):
    """The texts of a page, one a line, with titles and labels, without commands."""
    page = re.sub(r'(?s)<(style|script|pre class="wrap")>.*?</', "", page)
    labels = re.findall(r'(?:aria-label|title)="([^"]*)"', page)
    return "\n".join([html.unescape(re.sub(r"<[^>]*>", "\n", page)), *labels])


class Events(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        done = call("run", "-v", "--lang", "zh", "--inconclusive=skip", "--out",
                    cls.folder.name, *RUNS)
        if done.returncode == 4:
            raise unittest.SkipTest("no case runs on this machine")
        assert done.returncode != 2, done.stderr
        cls.timeline = done.stdout

    def test_timeline_has_no_english_phrase(self):
        self.assertEqual(english(self.timeline), [])
        for kind in ("线路", "故障", "说明"):
            self.assertRegex(self.timeline, rf"(?m)^\S+  \d+\.\d+ {kind}")

    def test_events_in_a_timeline_are_aligned(self):
        kinds = re.findall(r"^\S+  \d+\.\d{3} (\S+ +)\S", self.timeline, re.M)
        self.assertGreater(len(kinds), 100)
        self.assertEqual({width(kind) for kind in kinds if width(kind) < 9},
                         {8})

    def test_ladder_has_no_english_phrase(self):
        for columns in (60, 80, 140):
            done = call("report", self.folder.name, "--lang", "zh",
                        "--columns", str(columns))
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(english(done.stdout), [])

    def test_lifelines_of_a_ladder_are_straight(self):
        """The last lifeline is in the second column from the right."""
        for columns in (60, 80, 140):
            done = call("report", self.folder.name, "--lang", "zh",
                        "--columns", str(columns))
            rows = re.findall(r"^ *\d+\.\d+  .*[│┃▶●✗]$", done.stdout, re.M)
            self.assertGreater(len(rows), 100)
            ends = {width(row) for row in rows if row[-1] in "│┃"}
            self.assertEqual(ends, {columns - 1})
            self.assertTrue(any(is_chinese(row) for row in rows))
            rows = re.findall(r"^ ?\d+\.\d{3,5} [ ╷┊╵].*$", done.stdout, re.M)
            self.assertLessEqual(max(map(width, rows)), columns)

    def test_pages_have_no_english_phrase(self):
        pages = list(pathlib.Path(self.folder.name).rglob("*.html"))
        self.assertGreater(len(pages), 10)
        for page in pages:
            text = page.read_text("utf-8")
            self.assertIn('<html lang="zh', text)
            self.assertEqual(english(visible(text)), [], page)

    def test_names_of_values_are_translated(self):
        """Those of the results, on pages; sysctls and fields of the kernel stay."""
        results = pathlib.Path(self.folder.name, "results.jsonl").read_text("utf-8")
        names = {name for line in results.splitlines() for kind in
                 ("predicted", "measured") for name in json.loads(line).get(kind) or []}
        self.assertGreater(len(names), 20)
        pages = " ".join(visible(page.read_text("utf-8")) for page in
                         pathlib.Path(self.folder.name).rglob("*.html"))
        names = {name for name in names if "_" in name and
                 not re.match("tcp|snmp|ts_recent", name)}
        self.assertEqual({name for name in names
                          if re.search(rf"(?m)^{re.escape(name)}$", pages)}, set())

    def test_comparison_has_no_english_phrase(self):
        """With a run whose kernel, errno and frames differ."""
        with tempfile.TemporaryDirectory() as other:
            shutil.copytree(self.folder.name, other, dirs_exist_ok=True)
            for file in pathlib.Path(other).rglob("*.jsonl"):
                text = file.read_text("utf-8")
                text = re.sub('"(kernel|release)":"[0-9][^"]*"', r'"\1":"4.9.1"', text)
                text = re.sub('"fate":"host is dead"', '"fate":"no carrier"', text)
                text = text.replace("ETIMEDOUT", "ECONNRESET")
                file.write_text(text, "utf-8")
            done = call("compare", self.folder.name, other, "-v", "--lang", "zh")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("符合预期", done.stdout)
        self.assertEqual(english(done.stdout), [])

    def test_no_blank_is_between_chinese_words(self):
        """Nor beside full-width punctuation, where a value in words was inserted."""
        stray = re.compile("(?<=[\u4e00-\u9fff]) (?=[\u4e00-\u9fff])|"
                           "(?<=[，。；：、]) (?=[^ ])|(?<=[^ ]) (?=[，。；：、])")
        texts = [self.timeline, call("report", self.folder.name, "--lang", "zh").stdout]
        texts += [visible(page.read_text("utf-8")) for page in
                  pathlib.Path(self.folder.name).rglob("*.html")]
        for text in texts:
            self.assertEqual([line for line in text.splitlines() if stray.search(line)],
                             [])

    def test_drawing_has_no_english_phrase(self):
        done = call("report", self.folder.name, "--svg", "--lang", "zh")
        self.assertEqual(done.returncode, 0, done.stderr)
        drawings = list(pathlib.Path(self.folder.name).rglob("ladder.svg"))
        self.assertGreater(len(drawings), 10)
        for drawing in drawings:
            self.assertEqual(english(visible(drawing.read_text("utf-8"))), [])

    def test_journal_stays_english(self):
        for journal in pathlib.Path(self.folder.name).rglob("journal.jsonl"):
            self.assertFalse(is_chinese(journal.read_text("utf-8")))


class Catalogues(unittest.TestCase):
    """The tool of translators, harness/po/po."""

    ENTRIES = (
        '#. a comment\nmsgid "first"\nmsgstr "' + "很长的一行，" * 20 + '"',
        'msgid ""\n"second "\n"text"\nmsgstr ""\n"在这里\\""\n"断\\n"\n"行"',
        '#~ msgid ""\n#~ "removed "\n#~ "text"\n#~ msgstr ""\n#~ "已删"\n#~ "去"',
    )

    @staticmethod
    def load():
        path = os.path.join(ROOT, "harness/po/po")
        loader = importlib.machinery.SourceFileLoader("po", path)
        module = importlib.util.module_from_spec(
            importlib.util.spec_from_loader("po", loader))
        loader.exec_module(module)
        return module

    @unittest.skipUnless(shutil.which("xgettext"), "xgettext is not installed")
    def test_no_text_of_labs_is_empty(self):
        """An empty text would be the header of the catalogue, which has no
        source."""
        po = self.load()
        with tempfile.TemporaryDirectory() as folder:
            template = pathlib.Path(folder, "lab.pot")
            text = po.extract(ROOT, template, po.sources(ROOT, ["harness/lab"]),
                              po.LAB_RECORDS)
        self.assertNotIn("\n#:", text.partition("\n\n")[0])

    def test_update_changes_no_other_entry(self):
        po = self.load()
        with tempfile.TemporaryDirectory() as root:
            path = po.translations(root) / "area.po"
            path.parent.mkdir(parents=True)
            path.write_text("\n\n".join([po.HEADER.rstrip("\n"), *self.ENTRIES]) + "\n",
                            "utf-8")
            before = path.read_text("utf-8")
            template = pathlib.Path(root, "area.pot")
            head = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n'
            texts = ('\n#. a comment\nmsgid "first"\nmsgstr ""\n'
                     '\nmsgid "second text"\nmsgstr ""\n')
            template.write_text(head + texts, "utf-8")
            po.update(root, {"area": template})
            self.assertEqual(path.read_text("utf-8"), before)
            template.write_text(head + texts + '\nmsgid "new"\nmsgstr ""\n', "utf-8")
            po.update(root, {"area": template})
            self.assertEqual(path.read_text("utf-8"),
                             before.replace(self.ENTRIES[2],
                                            'msgid "new"\nmsgstr ""\n\n' +
                                            self.ENTRIES[2]))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:], verbosity=2)
