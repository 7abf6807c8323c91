# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs cases in guests on the kernel with the mutants.

A guest is started for each step of a mutant, until a run fails:

1. the cases that must notice it,
2. the cases of its area,
3. every other case of the default set, in groups, because the CPU time of a
   guest grows faster than its number of runs,
4. the runs at the kernel's default values,
5. its cases and those of its area over IPv6.

Each step runs on the unchanged kernel first. A run that does not pass there
proves nothing about a mutant and is ignored.
"""
import json
import signal
import subprocess

GROUP = 12  # cases of one guest in step 3
TIMEOUT = 400  # wall-clock seconds of a guest


def run_name(case):
    return "/".join(filter(None, (case["name"], case["variant"])))


class Guests:
    """`halfopen` and `kernel` are paths."""

    def __init__(self, halfopen, kernel):
        self.halfopen, self.kernel = halfopen, kernel
        self.baselines = {}
        done = subprocess.run([halfopen, "list", "--format", "jsonl"],
                              capture_output=True, text=True, check=True)
        self.cases = [json.loads(line)["name"]
                      for line in done.stdout.splitlines()]

    def run(self, number, words):
        """Yields the result of each run. The guest ends with the generator."""
        process = subprocess.Popen(
            [self.halfopen, "vm", "--uml", self.kernel, "--virtual-time",
             "--timeout", str(TIMEOUT), "--append", f"mut={number}", "--",
             "run", *words, "--format", "jsonl", "--inconclusive=skip"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True)
        try:
            for line in process.stdout:
                result = json.loads(line)
                if result["type"] == "case":
                    yield result
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate()

    def baseline(self, words):
        """Names of the runs that pass on the unchanged kernel."""
        if words not in self.baselines:
            self.baselines[words] = {
                run_name(case) for case in self.run(0, words)
                if case["verdict"] == "pass"}
        return self.baselines[words]

    def steps(self, mutant, area):
        """(title, words) of each step."""
        near = tuple(dict.fromkeys(mutant.cases + area.cases))
        if mutant.cases:
            yield "its cases", mutant.cases + mutant.options
        yield "area", area.cases + mutant.options
        rest = [name for name in self.cases if name not in near]
        for i in range(0, len(rest), GROUP):
            yield "default set", tuple(rest[i:i + GROUP])
        yield "--defaults", ("--defaults",)
        yield "IPv6", near + ("--family", "6")

    def notice(self, mutant, words):
        """(verdict, run, reason) of the first FAIL; or of a BROKEN; or None."""
        passes = self.baseline(words)
        broken = None
        for case in self.run(mutant.number, words):
            if run_name(case) not in passes:
                continue
            if case["verdict"] == "fail":
                return "fail", run_name(case), case["reason"]
            if case["verdict"] == "broken" and not broken:
                broken = "broken", run_name(case), case["reason"]
        return broken

    def judge(self, mutant, area, titles):
        """The result of a mutant, as a record for the file of results."""
        broken = None
        done = []
        for title, words in self.steps(mutant, area):
            if title not in titles:
                continue
            found = self.notice(mutant, words)
            if title not in done:
                done.append(title)
            if found and found[0] == "fail":
                return record(mutant, found, title, done)
            broken = broken or (found and (*found, title))
        if broken:
            return record(mutant, broken[:3], broken[3], done)
        return record(mutant, ("unnoticed", None, None), None, done)


def record(mutant, found, title, done):
    verdict, run, reason = found
    return {"number": mutant.number, "text": identity(mutant),
            "verdict": verdict, "run": run, "reason": reason, "step": title,
            "steps": done}


def identity(mutant):
    """What decides whether an earlier result still holds."""
    return [mutant.file, mutant.function, mutant.within, mutant.expression,
            mutant.replacement]
