#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Checks lib/predict.c against a simulation of the kernel's timers.

The model computes with sets of phases; this program has none of that. It
simulates one timer wheel with its buckets (kernel/time/timer.c) and one TCP
socket that calls mod_timer() (net/ipv4/tcp_timer.c, tcp_output.c,
inet_connection_sock.c), event by event, from one value of jiffies. Random
settings, and for each of them random values of jiffies: no outcome may lie
outside the prediction. For the settings in EXACT the prediction may also be at
most 1.2 times as wide as the outcomes.

usage: timer-simulation.py PREDICTIONS [--seed N] [--settings N] [--phases N]
                           [--exact-phases N]

PREDICTIONS is build/harness/test/predictions. The seed is printed.
"""
import argparse
import os
import random
import shlex
import subprocess
import sys

MS, SECOND, NEVER = 10**6, 10**9, 2**63 - 1
TLP, RETRANSMISSION, KEEPALIVE, WINDOW, GIVE_UP = range(5)
ROUNDS_MAX = 300  # PREDICT_ROUNDS_MAX

# --- the timer wheel ---------------------------------------------------------

LVL_CLK_SHIFT, LVL_BITS = 3, 6
LVL_SIZE = 1 << LVL_BITS


class Base:
    """struct timer_base, with buckets for one timer, and jiffies."""

    def __init__(self, hz, jiffies, clk_ahead):
        self.depth = 9 if hz > 100 else 8
        self.jiffies = jiffies
        # One ahead between the callbacks of a tick and the next tick.
        self.clk = jiffies + clk_ahead
        self.pending = {}  # (level, index): callback

    def mod_timer(self, expires, callback):
        self.pending.clear()
        if self.clk < self.jiffies:  # forward_timer_base()
            self.clk = self.jiffies
        delta = expires - self.clk
        if delta < 0:
            level, expires = 0, self.clk - 1
        else:
            level = 0
            while (level < self.depth - 1 and
                   delta >= (LVL_SIZE - 1) << (level * LVL_CLK_SHIFT)):
                level += 1
        index = ((expires >> (level * LVL_CLK_SHIFT)) + 1) % LVL_SIZE
        self.pending[level, index] = callback

    def run(self):
        """Ticks until the timer has expired; its callback. Time without a
        pending bucket is skipped, as with NO_HZ."""
        (level, index), callback = next(iter(self.pending.items()))
        # next_pending_bucket(): a bucket of a level is looked at when the
        # digits of all finer levels are zero.
        granule = 1 << (level * LVL_CLK_SHIFT)
        at = -(-self.clk // granule)
        at += (index - at) % LVL_SIZE
        self.pending.clear()
        self.jiffies = at * granule
        self.clk = self.jiffies + 1  # __run_timers()
        callback()


# --- a socket ----------------------------------------------------------------

def ceil_div(a, b):
    return -(-a // b)


class Ended(Exception):
    pass


class Socket:
    """One connection from a send, a connect() or an arriving SYN on. `events`
    are (kind, ns since then); the last one is the end."""

    rounds_max = 10**6

    def __init__(self, s, draw):
        self.s = s
        self.hz = s["hz"]
        self.tick = (SECOND + self.hz // 2) // self.hz  # TICK_NSEC
        # jiffies at the start, in which the system call happens; ticks are
        # aligned with the clock since 6.4 (e9523a0d8189), not before.
        jiffies = draw.randrange(1 << 27, 1 << 28)
        self.origin = 0 if draw.random() < .5 else draw.randrange(SECOND)
        self.base = Base(self.hz, jiffies, draw.randrange(2))
        self.start = jiffies * self.tick + draw.randrange(self.tick)
        self.now = self.start
        self.events = []
        self.draw = draw

    # time
    def msecs_to_jiffies(self, ms):
        return ceil_div(ms * self.hz, 1000)

    def usecs_to_jiffies(self, us):
        return ceil_div(us * self.hz, 10**6)

    def tcp_time_stamp(self):
        return (self.now + self.origin) // MS

    def reset_timer(self, length, callback):
        self.base.mod_timer(self.base.jiffies + length, callback)

    def wait(self, ns):
        """Lets the tick count on while a segment is on its way."""
        self.now += ns
        self.base.jiffies = self.now // self.tick
        self.base.clk = max(self.base.clk, self.base.jiffies)

    def run(self):
        try:
            while len(self.events) < self.rounds_max:
                self.base.run()
        except Ended:
            pass
        return self

    def expired(self):
        self.now = self.base.jiffies * self.tick

    def event(self, kind):
        self.events.append((kind, self.now - self.start))

    def end(self):
        self.event(GIVE_UP)
        raise Ended

    # values
    def rto_max(self):
        ms = self.s["rto_max_ms"] if self.s["kernel"] >= (6, 15) else 120000
        return self.msecs_to_jiffies(ms)

    def rto_min(self):
        us = self.s["rto_min_us"] if self.s["kernel"] >= (6, 11) else 200000
        return self.usecs_to_jiffies(us)

    def first_rto(self):
        if self.s["rto_ms"]:
            return min(self.msecs_to_jiffies(self.s["rto_ms"]), self.rto_max())
        rttvar = ceil_div(self.rto_min() * 10**6, self.hz)
        return max(1, min(self.usecs_to_jiffies(self.s["rtt_us"] + rttvar),
                          self.rto_max()))

    def linear(self):
        return self.s["syn_linear"] if self.s["kernel"] >= (6, 5) else 0

    def model_timeout(self, boundary, rto_base):
        rto_max = self.rto_max()
        threshold = (rto_max // rto_base).bit_length() - 1  # ilog2()
        if boundary <= threshold:
            jiffies = ((2 << boundary) - 1) * rto_base
        else:
            jiffies = (((2 << threshold) - 1) * rto_base +
                       (boundary - threshold) * rto_max)
        return ceil_div(jiffies * 1000, self.hz)

    def orphan_retries(self, alive):
        return self.s["orphan_retries"] or (8 if alive else 0)


class Sender(Socket):
    """Data or a FIN in flight, or a SYN."""

    def __init__(self, s, draw, state):
        super().__init__(s, draw)
        self.state = state
        self.retransmits = self.total_rto = 0
        self.retrans_stamp = None
        if state == "SYN_SENT":
            self.rto = self.hz
            self.retrans_stamp = self.tcp_time_stamp()
            self.reset_timer(self.rto, self.retransmit_timer)
            return
        self.rto = self.first_rto()
        if state == "DROPPED":
            # The original's time stamp; retransmissions do not leave the host.
            self.retrans_stamp = self.tcp_time_stamp()
        elif s["early_retrans"] in (3, 4) and s["sack"]:
            self.reset_timer(self.loss_probe_timeout(), self.send_loss_probe)
            return
        self.reset_timer(self.rto, self.retransmit_timer)

    def has_timeout_min_us(self):
        k = self.s["kernel"]
        return (k >= (6, 6) or (6, 5, 9) <= k < (6, 6) or
                (6, 1, 60) <= k < (6, 2) or (5, 15, 137) <= k < (5, 16) or
                (5, 10, 199) <= k < (5, 11))

    def loss_probe_timeout(self):
        us = 2 * self.s["rtt_us"]
        if self.s["packets"] == 1:
            timeout = self.usecs_to_jiffies(
                us + ceil_div(self.rto_min() * 10**6, self.hz))
        elif self.has_timeout_min_us():
            timeout = self.usecs_to_jiffies(us + 2000)
        else:
            timeout = self.usecs_to_jiffies(us) + 2
        return min(timeout, self.rto)

    def send_loss_probe(self):
        self.expired()
        self.event(TLP)
        self.reset_timer(self.rto, self.retransmit_timer)

    def timed_out(self, boundary):
        if not self.retransmits:
            return False
        timeout = self.s["user_timeout_ms"]
        if not timeout:
            base = (self.hz if self.state == "SYN_SENT" else self.hz // 5)
            timeout = self.model_timeout(boundary, base)
        return self.tcp_time_stamp() - self.retrans_stamp - timeout >= 0

    def write_timeout(self):
        if self.state == "SYN_SENT":
            retries = self.s["syn_retries"]
            if self.retransmits >= retries + self.linear():
                return True
        elif self.state == "ORPHAN":
            retries = self.orphan_retries(self.rto < self.rto_max())
        else:
            retries = self.s["retries2"]
        return self.timed_out(retries)

    def clamp_rto_to_user_timeout(self):
        if not self.s["user_timeout_ms"]:
            return self.rto
        elapsed = self.tcp_time_stamp() - self.retrans_stamp
        remaining = self.s["user_timeout_ms"] - elapsed
        if remaining <= 0:
            return 1
        return min(self.rto, self.msecs_to_jiffies(remaining))

    def retransmit_timer(self):
        self.expired()
        if self.write_timeout():
            self.end()
        self.retransmits += 1
        self.total_rto += 1
        if self.retrans_stamp is None:
            self.retrans_stamp = self.tcp_time_stamp()
        self.event(RETRANSMISSION)
        if self.state != "SYN_SENT" or self.total_rto > self.linear():
            self.rto = min(self.rto << 1, self.rto_max())
        self.reset_timer(self.clamp_rto_to_user_timeout(),
                         self.retransmit_timer)
        if self.state == "REVERTED":
            self.ld_rto_revert()

    def ld_rto_revert(self):
        """host unreachable arrives at a random time within the RTO"""
        sent = self.now
        self.rto = self.first_rto()
        self.wait(self.draw.randrange(1, max(2, (self.rto - 1) * self.tick)))
        delta_us = (self.now - sent) // 1000
        remaining = self.rto - self.usecs_to_jiffies(delta_us)
        if remaining > 0:
            self.reset_timer(remaining, self.retransmit_timer)
        else:
            self.retransmit_timer()


class Request(Socket):
    """reqsk_timer_handler()"""

    def __init__(self, s, draw):
        super().__init__(s, draw)
        self.retransmits = 0
        self.reset_timer(self.hz, self.handler)

    def handler(self):
        self.expired()
        if self.retransmits >= self.s["synack_retries"]:
            self.end()
        self.event(RETRANSMISSION)
        self.retransmits += 1
        self.reset_timer(min(self.hz << self.retransmits, self.rto_max()),
                         self.handler)


class Idle(Socket):
    """tcp_keepalive_timer(), from SO_KEEPALIVE or from a segment that arrives
    while the timer runs"""

    def __init__(self, s, draw, activity):
        super().__init__(s, draw)
        self.retransmits = self.probes_out = 0
        self.time = s["keepalive_time"] * self.hz
        self.reset_timer(self.time, self.handler)
        if activity:
            limit = draw.choice((2, 20, self.time))
            self.wait(draw.randrange(min(limit, self.time) * self.tick))
            self.start = self.now
        self.rcv_tstamp = self.base.jiffies

    def handler(self):
        self.expired()
        elapsed = self.base.jiffies - self.rcv_tstamp
        if elapsed < self.time:
            self.reset_timer(self.time - elapsed, self.handler)
            return
        user_timeout = self.msecs_to_jiffies(self.s["user_timeout_ms"])
        if user_timeout:
            over = elapsed >= user_timeout and self.probes_out > 0
        else:
            over = self.probes_out >= self.s["keepalive_probes"]
        if over:
            self.end()
        self.event(KEEPALIVE)
        self.probes_out += 1
        self.reset_timer(self.s["keepalive_intvl"] * self.hz, self.handler)


class Full(Socket):
    """tcp_probe_timer()"""

    def __init__(self, s, draw, answered, orphan):
        super().__init__(s, draw)
        self.answered, self.orphan = answered, orphan
        if not s["user_timeout_ms"]:
            self.rounds_max = 400  # some never end; more than are predicted
        self.retransmits = self.probes_out = self.backoff = 0
        self.probes_tstamp = None
        self.rto = self.first_rto()
        self.probe0_base = max(self.rto, self.hz // 5)
        self.reset_timer(self.probe0_base, self.handler)

    def probe0_when(self):
        most = (120 * self.hz // (self.hz // 5)).bit_length() - 1 + 1
        when = min(self.probe0_base << min(most, self.backoff),
                   self.rto_max())
        user_timeout = self.msecs_to_jiffies(self.s["user_timeout_ms"])
        if not user_timeout or self.probes_tstamp is None:
            return when
        remaining = user_timeout - (self.base.jiffies - self.probes_tstamp)
        return min(when, max(remaining, 2))

    def handler(self):
        self.expired()
        user_timeout = self.msecs_to_jiffies(self.s["user_timeout_ms"])
        if self.probes_tstamp is None:
            self.probes_tstamp = self.base.jiffies
        elif (user_timeout and
              self.base.jiffies - self.probes_tstamp >= user_timeout):
            self.end()
        max_probes = self.s["retries2"]
        if self.orphan:
            alive = min(self.rto << self.backoff,
                        self.rto_max()) < self.rto_max()
            max_probes = self.orphan_retries(alive)
            if not alive and self.backoff >= max_probes:
                self.end()
        if self.probes_out >= max_probes:
            self.end()
        self.event(WINDOW)
        self.probes_out += 1
        if self.backoff < self.s["retries2"]:
            self.backoff += 1
        self.reset_timer(self.probe0_when(), self.handler)
        if self.answered:
            self.wait(self.s["rtt_us"] * 1000)
            self.probes_out = 0
            self.reset_timer(self.probe0_when(), self.handler)


MODELS = {
    "data": lambda s, d: Sender(s, d, "ESTABLISHED"),
    "orphan": lambda s, d: Sender(s, d, "ORPHAN"),
    "reverted": lambda s, d: Sender(s, d, "REVERTED"),
    "dropped": lambda s, d: Sender(s, d, "DROPPED"),
    "connect": lambda s, d: Sender(s, d, "SYN_SENT"),
    "syn-ack": Request,
    "keepalive": lambda s, d: Idle(s, d, False),
    "keepalive-activity": lambda s, d: Idle(s, d, True),
    "zero-window": lambda s, d: Full(s, d, False, False),
    "zero-window-answered": lambda s, d: Full(s, d, True, False),
    "zero-window-orphan": lambda s, d: Full(s, d, False, True),
    "zero-window-orphan-answered": lambda s, d: Full(s, d, True, True),
}

# --- settings ----------------------------------------------------------------

DEFAULTS = {
    "hz": 250, "kernel": (6, 18, 0), "rtt_us": 100, "rto_ms": 0, "packets": 1,
    "user_timeout_ms": 0, "retries2": 15, "orphan_retries": 0,
    "rto_min_us": 200000, "rto_max_ms": 120000, "early_retrans": 3, "sack": 1,
    "keepalive_time": 7200, "keepalive_intvl": 75, "keepalive_probes": 9,
    "syn_retries": 6, "syn_linear": 4, "synack_retries": 5,
}

KERNELS = ((5, 10, 198), (5, 10, 223), (5, 15, 100), (6, 1, 59), (6, 1, 192),
           (6, 4, 12), (6, 5, 8), (6, 12, 117), (6, 14, 3), (6, 18, 44),
           (7, 3, 4))


def random_settings(draw):
    """Small numbers, which differ, and the limits of the sysctls."""
    def either(*values):
        value = draw.choice(values)
        return value() if callable(value) else value

    def between(a, b):
        return lambda: draw.randint(a, b)

    return {
        "hz": either(100, 250, 250, 300, 1000, 1000, 1024, 24),
        "kernel": draw.choice(KERNELS),
        "rtt_us": either(1, between(1, 5000), between(5000, 800000)),
        "rto_ms": either(0, 0, between(1, 999), between(1000, 60000)),
        "packets": either(1, 1, between(2, 10)),
        "user_timeout_ms": either(0, 0, between(1, 2000),
                                  between(1000, 200000)),
        "retries2": either(15, between(0, 15), between(0, 30)),
        "orphan_retries": either(0, between(0, 10)),
        "rto_min_us": either(200000, between(1000, 400000)),
        "rto_max_ms": either(120000, between(1000, 120000)),
        "early_retrans": either(3, 0), "sack": either(1, 1, 0),
        "keepalive_time": either(7200, between(1, 20), between(1, 3000)),
        "keepalive_intvl": either(75, between(1, 20), between(1, 3000)),
        "keepalive_probes": either(9, between(1, 20)),
        "syn_retries": either(6, between(1, 12)),
        "syn_linear": either(4, between(0, 12)),
        "synack_retries": either(5, between(0, 10)),
    }


def words(s):
    values = {
        "hz": s["hz"], "kernel": ".".join(map(str, s["kernel"])),
        "rtt": f"{s['rtt_us']}us", "packets": s["packets"],
        "user_timeout": s["user_timeout_ms"], "tcp_retries2": s["retries2"],
        "tcp_orphan_retries": s["orphan_retries"],
        "tcp_early_retrans": s["early_retrans"], "tcp_sack": s["sack"],
        "tcp_keepalive_time": s["keepalive_time"],
        "tcp_keepalive_intvl": s["keepalive_intvl"],
        "tcp_keepalive_probes": s["keepalive_probes"],
        "tcp_syn_retries": s["syn_retries"],
        "tcp_synack_retries": s["synack_retries"],
    }
    if s["rto_ms"]:
        values["rto"] = s["rto_ms"]
    if s["kernel"] >= (6, 5):
        values["tcp_syn_linear_timeouts"] = s["syn_linear"]
    if s["kernel"] >= (6, 11):
        values["tcp_rto_min_us"] = s["rto_min_us"]
    if s["kernel"] >= (6, 15):
        values["tcp_rto_max_ms"] = s["rto_max_ms"]
    return " ".join(f"{key}={value}" for key, value in values.items())


# The settings for which the prediction must not be wider than the outcomes: all
# those of the defaults, and the ones for which phases or truncation decide.
EXACT = [(model, {"hz": hz}) for hz in (100, 250, 300, 1000)
         for model in ("data", "orphan", "connect", "syn-ack", "keepalive",
                       "zero-window", "zero-window-orphan")]
EXACT += [
    ("data", {"retries2": 4}),
    ("data", {"retries2": 4, "hz": 1000}),
    ("data", {"user_timeout_ms": 6200}),
    ("data", {"user_timeout_ms": 1000}),
    ("data", {"user_timeout_ms": 1000, "hz": 1000}),
    ("data", {"user_timeout_ms": 2900, "hz": 100, "rtt_us": 1000}),
    ("connect", {"user_timeout_ms": 7139, "syn_linear": 0}),
    ("data", {"rto_ms": 1000}),
    ("dropped", {"retries2": 3}),
    ("data", {"rtt_us": 300000, "retries2": 8}),
    ("data", {"rto_max_ms": 5000, "retries2": 8}),
    ("keepalive", {"keepalive_time": 2, "keepalive_intvl": 1,
                   "user_timeout_ms": 3050}),
    ("keepalive", {"keepalive_time": 1, "keepalive_intvl": 3000}),
    ("zero-window", {"user_timeout_ms": 5000}),
    ("zero-window-answered", {"user_timeout_ms": 60000}),
]

# --- comparison ----------------------------------------------------------------


class Predictor:
    def __init__(self, program):
        # In a cross build, Meson names the emulator.
        emulator = shlex.split(os.environ.get("MESON_EXE_WRAPPER", ""))
        self.process = subprocess.Popen(
            [*emulator, program], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True, bufsize=1)

    def ask(self, model, s):
        self.process.stdin.write(f"{model} {words(s)}\n")
        self.process.stdin.flush()
        numbers = list(map(int, self.process.stdout.readline().split()))
        rounds = numbers[4:]
        return {
            "elapsed": numbers[0:2], "retransmissions": numbers[2:4],
            "rounds": [rounds[i:i + 3] for i in range(0, len(rounds), 3)],
        }


def within(ns, limits):
    return limits[0] <= ns <= limits[1]


def mismatch(prediction, outcome):
    """None, or what of the outcome the prediction does not contain."""
    kind, end = outcome.events[-1]
    if kind != GIVE_UP:
        never = prediction["elapsed"] == [NEVER, NEVER]
        return None if never else "never ends"
    if not within(end, prediction["elapsed"]):
        return f"ends at {end / SECOND:.6f} s"
    if not within(outcome.retransmits, prediction["retransmissions"]):
        return f"{outcome.retransmits} retransmissions"
    if not prediction["rounds"]:
        return None
    # Rounds and ends share a table, which keeps two entries for the last ends.
    if len(prediction["rounds"]) >= ROUNDS_MAX - 2:
        return None
    rounds = [r for r in prediction["rounds"] if r[0] != GIVE_UP]
    for n, (kind, ns) in enumerate(outcome.events[:-1]):
        if (n >= len(rounds) or kind != rounds[n][0] or
                not within(ns, rounds[n][1:])):
            return f"round {n + 1} at {ns / SECOND:.6f} s"
    # An end is listed before the round that other phases lead to.
    passed = 0
    for kind, *limits in prediction["rounds"]:
        if kind != GIVE_UP:
            passed += 1
        elif passed == len(outcome.events) - 1 and within(end, limits):
            return None
    return f"end after {len(outcome.events) - 1} rounds"


def check_random(predictor, draw, settings, phases):
    wrong = 0
    for _ in range(settings):
        s = random_settings(draw)
        for model, simulate in MODELS.items():
            prediction = predictor.ask(model, s)
            for _ in range(phases):
                outcome = simulate(s, draw).run()
                why = mismatch(prediction, outcome)
                if why:
                    print(f"{model} {words(s)}\n  {why}; prediction "
                          f"{prediction}")
                    wrong += 1
                    break
    return wrong


def check_width(predictor, draw, phases):
    wrong = 0
    for model, some in EXACT:
        s = {**DEFAULTS, **some}
        prediction = predictor.ask(model, s)
        outcomes = [MODELS[model](s, draw).run() for _ in range(phases)]
        seen = [outcome.events[-1][1] for outcome in outcomes]
        width = prediction["elapsed"][1] - prediction["elapsed"][0]
        ratio = width / (max(seen) - min(seen))
        outside = next(filter(None, (mismatch(prediction, outcome)
                                     for outcome in outcomes)), None)
        counts = {outcome.retransmits for outcome in outcomes}
        if (outside or ratio > 1.2 or
                counts != set(range(prediction["retransmissions"][0],
                                    prediction["retransmissions"][1] + 1))):
            print(f"{model} {some}: {ratio:.2f} times as wide, {counts} "
                  f"retransmissions, {outside}: {prediction}")
            wrong += 1
    return wrong


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("predictions")
    parser.add_argument("--seed", type=int, default=random.randrange(10**9))
    parser.add_argument("--settings", type=int, default=10000)
    parser.add_argument("--phases", type=int, default=20)
    parser.add_argument("--exact-phases", type=int, default=4000)
    options = parser.parse_args()

    print(f"seed {options.seed}, {options.settings} settings, "
          f"{options.phases} phases each")
    draw = random.Random(options.seed)
    predictor = Predictor(options.predictions)
    wrong = check_width(predictor, draw, options.exact_phases)
    wrong += check_random(predictor, draw, options.settings, options.phases)
    print(f"{wrong} disagreements")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
