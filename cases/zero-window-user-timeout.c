/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TCP_USER_TIMEOUT at a zero window. The clock is icsk_probes_tstamp, which the
 * first expiry of the persist timer starts: tcp_probe_timer(). Only a window
 * that opens stops it (tcp_ack_probe()), so a peer that answers every probe
 * with a zero window is given up as well, and tcp_retries2 does not count.
 * tcp_clamp_probe0_to_user_timeout() shortens the last timer to the remainder
 * (344db93ae3ee).
 *
 * Where the option is set, or lowered, when more than its time has passed, the
 * remainder is negative. It was unsigned from 5.11 on and so a very long time,
 * and each ACK armed the timer for a full interval; since 2b9f6f7065d4 it is
 * TCP_TIMEOUT_MIN, two jiffies. The ACK here is the answer to a probe, held by
 * the wire until the option has been set.
 */
#include "zero-window.h"

enum { TIMEOUT_MS = 1000, LOWERED_MS = 500, TIMEOUT_MIN = 2 };

static const struct change changes[] = {
	{ KERNEL_VERSION(7, 1, 0), "2b9f6f7065d4",
	  "a user timeout that has already passed ends it at the next ACK",
	  .stable = true,
	  .present = { KERNEL_VERSION(6, 12, 91), KERNEL_VERSION(6, 18, 33) },
	  .absent = { KERNEL_VERSION(5, 10, 223), KERNEL_VERSION(6, 1, 192) } },
	{ .what = NULL },
};

static struct mark expect_probe(struct run *run, struct zero_window *stage,
				struct mark since, unsigned int nth)
{
	return expect_frame(run, since, "window probe", ZERO_WINDOW_PROBE,
			    nth == 1 ? 1 : 2,
			    zero_window_timer(run, &stage->inputs, nth));
}

static void expect_end(struct run *run, struct zero_window *stage,
		       struct mark since, struct range expected,
		       unsigned int probes)
{
	struct finding got;

	run_note(run, "predicted: end after %.3f .. %.3f s",
		 nsec_seconds(expected.min), nsec_seconds(expected.max));
	got = sock_reap(stage->tcp.client, expected.max + SEC(1));
	expect_error(&got, ETIMEDOUT);
	expect_took(since, &got, expected);
	expect_number(run, "probes",
		      frames_count(run, stage->stalled, ZERO_WINDOW_PROBE),
		      probes, probes);
	expect_counter(run, "client", "TCPTimeouts", 0);
	expect_counter(run, "client", "TCPAbortOnTimeout", 1);
	expect_state(stage->tcp.client, DIAG_CLOSE);
}

/* The option is set from the start. */
static void expect_timeout(struct run *run, struct zero_window *stage)
{
	const struct prediction *p = forecast_zero_window(
		stage->tcp.client, run_is_variant(run, "unanswered") ?
					   PREDICT_PEER_SILENT :
					   PREDICT_PEER_ANSWERS);

	if (expect_probe(run, stage, stage->stalled, 1).missing)
		return;
	expect_end(run, stage, stage->stalled, p->elapsed, p->probes);
}

/* The option is set after three probes, when its time has passed. */
static void expect_lowered(struct run *run, struct zero_window *stage)
{
	bool ends_at_once = run_has_change(run, changes);
	struct mark probed = stage->stalled, answered;
	struct range timer;
	struct wire_rule *held;

	for (unsigned int i = 1; i <= 2; i++)
		probed = expect_probe(run, stage, probed, i);
	held = fault_hold(run, ZERO_WINDOW_ACK);
	probed = expect_probe(run, stage, probed, 3);
	if (probed.missing)
		return;
	sock_set(stage->tcp.client, IPPROTO_TCP, TCP_USER_TIMEOUT, LOWERED_MS);
	answered = mark_now(run);
	fault_release(run, held);
	mark_done(run, &answered);
	timer = ends_at_once ? predict_timer(predict_nsec(TIMEOUT_MIN,
							  stage->inputs.hz),
					     stage->inputs.hz) :
			       zero_window_timer(run, &stage->inputs, 4);
	expect_end(run, stage, answered, timer, 3);
}

static void script(struct run *run)
{
	bool lowered = run_is_variant(run, "lowered");
	struct zero_window stage;

	if (!zero_window_reach(run, &stage))
		return;
	sock_post_recv(stage.tcp.client);
	if (run_is_variant(run, "unanswered"))
		fault_cut(run, "server");
	if (!lowered)
		sock_set(stage.tcp.client, IPPROTO_TCP, TCP_USER_TIMEOUT,
			 TIMEOUT_MS);
	if (lowered)
		expect_lowered(run, &stage);
	else
		expect_timeout(run, &stage);
}

CASE(zero_window_user_timeout) = {
	.name = "zero-window-user-timeout",
	.claim = "zero window, TCP_USER_TIMEOUT: the connection ends that time "
		 "after the first probe, also where the peer answers each",
	.topic = TOPIC_ZERO_WINDOW,
	.why = "the option limits the time without progress, and a zero window "
	       "is no progress",
	.sources = "RFC 5482 3; net/ipv4/tcp_timer.c:tcp_probe_timer(), "
		   "tcp_clamp_probe0_to_user_timeout(); "
		   "net/ipv4/tcp_input.c:tcp_ack_probe()",
	.steps = STEPS("the server's host is frozen, and the client sends "
		       "until the window is zero",
		       "TCP_USER_TIMEOUT is set to 1 s; the path is cut, or "
		       "the probes are answered",
		       "lowered: the wire holds the answer to the third probe "
		       "until TCP_USER_TIMEOUT has been set to 500 ms"),
	.expect = "ETIMEDOUT 1 s after the first probe, with a second probe "
		  "between; lowered: two jiffies after the held answer "
		  "(without 2b9f6f7065d4: after a full interval)",
	.shows = SHOWS("outcome", "elapsed_s", "probes"),
	.world = &world_pair,
	.settings = SYSCTLS(ZERO_WINDOW_SYSCTLS,
			    { "client", "net.ipv4.tcp_retries2", 15 }),
	.variants = VARIANTS(
		{ "answered", "TCP_USER_TIMEOUT is 1 s, and the peer answers "
			      "each probe with a zero window: ETIMEDOUT 1 s "
			      "after the first probe all the same" },
		{ "unanswered",
		  "TCP_USER_TIMEOUT is 1 s, and the path is cut, so that no "
		  "probe is answered: ETIMEDOUT 1 s after the first probe" },
		{ "lowered",
		  "TCP_USER_TIMEOUT is set to 0.5 s after three probes, when "
		  "more time has passed: the next ACK ends the connection two "
		  "jiffies later, without 2b9f6f7065d4 only an interval later",
		  .duration = MSEC(1500) }),
	.changes = changes,
	.duration = MSEC(1300),
	.script = script,
};
