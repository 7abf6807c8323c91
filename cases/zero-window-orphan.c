/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * close() at a zero window whose probes the peer answers. The socket is an
 * orphan in FIN-WAIT-1 with unsent data, and each answer resets the count of
 * probes, so that tcp_orphan_retries alone would let it live for ever: a peer
 * could pile such sockets up. So tcp_probe_timer() also compares the backoff,
 * once it has reached tcp_rto_max(): b248230c3497. With the default maximum of
 * 120 s that takes minutes.
 */
#include "zero-window.h"

enum { RTO_MAX_MS = 1000, ORPHAN_RETRIES = 1 };

/* inet_csk_rto_backoff() < rto_max */
static bool is_alive(const struct predict_tcp *tcp, unsigned int backoff)
{
	return tcp->rto << backoff < tcp->rto_max;
}

static void script(struct run *run)
{
	struct zero_window stage;
	struct range expected;
	struct mark answered;
	unsigned int n = 1;

	if (!zero_window_reach(run, &stage))
		return;
	sock_close(stage.tcp.client);
	expected = zero_window_timer(run, &stage.inputs, 1);
	answered = stage.stalled;
	/* The nth expiry has a backoff of n - 1. */
	for (; is_alive(&stage.inputs, n - 1); n++) {
		struct mark probed = expect_frame(
			run, answered, "window probe", ZERO_WINDOW_PROBE, 1,
			zero_window_timer(run, &stage.inputs, n));

		answered = expect_frame(run, probed, "answer", ZERO_WINDOW_ACK,
					1, at_once);
		if (answered.missing)
			return;
		expected = range_add(
			expected, zero_window_timer(run, &stage.inputs, n + 1));
	}
	run_elapsed(run, expected,
		    expect_lifetime(stage.tcp.client, DIAG_FIN_WAIT1,
				    stage.stalled, expected));
	expect_counter(run, "client", "TCPWinProbe", n - 1);
	expect_counter(run, "client", "TCPAbortOnTimeout", 1);
}

CASE(zero_window_orphan) = {
	.name = "zero-window-orphan",
	.claim = "close() at a zero window: the orphan ends when the persist "
		 "timer has reached its maximum, also where every probe is "
		 "answered",
	.topic = TOPIC_ZERO_WINDOW,
	.why = "no program holds the socket, and answers would keep it alive "
	       "for ever",
	.sources = "net/ipv4/tcp_timer.c:tcp_probe_timer(), "
		   "tcp_orphan_retries()",
	.steps = STEPS("the server's host is frozen, and the client sends "
		       "until the window is zero",
		       "the client closes"),
	.expect = "rto-max=1s: three probes, each answered, and no socket at "
		  "the next expiry, 1 s after the third: RTO << 3 is above "
		  "tcp_rto_max_ms; rto-max=120s: ten probes",
	.world = &world_pair,
	.settings = SYSCTLS(ZERO_WINDOW_SYSCTLS,
			    { "client", "net.ipv4.tcp_retries2", 15 },
			    { "client", "net.ipv4.tcp_orphan_retries",
			      ORPHAN_RETRIES }),
	.variants = VARIANTS(
		{ "rto-max=1s",
		  "tcp_rto_max_ms is 1 s: the orphan ends 1 s after its third "
		  "probe, although each one was answered",
		  SYSCTLS({ "client", "net.ipv4.tcp_rto_max_ms",
			    RTO_MAX_MS }) },
		{ "rto-max=120s",
		  "tcp_rto_max_ms has the kernel's default, 120 s: the orphan "
		  "ends only after ten answered probes and several minutes",
		  .duration = SEC(330), .defaults = true }),
	.duration = MSEC(2500),
	.script = script,
};
