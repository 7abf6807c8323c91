/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Linear timeouts for thin streams. With tcp_thin_linear_timeouts, or
 * TCP_THIN_LINEAR_TIMEOUTS on the socket, tcp_retransmit_timer() computes the
 * RTO anew from the RTT instead of doubling it, for up to
 * TCP_THIN_LINEAR_RETRIES (6) retransmissions, while fewer than four segments
 * are in flight (tcp_stream_is_thin()). The minimum of the RTO is the lower
 * bound (e4dd0d3a2f64: before, an RTO of 0 was possible). The end is the same
 * time computed from tcp_retries2, which more retransmissions fit into.
 */
#include "case.h"

enum { BYTES = 100, RETRIES2 = 2, LINEAR_RETRIES = 6, RTO_MIN_US = 400000 };

#define RETRANSMISSION FRAMES(FROM("client"), KIND(WIRE_RETRANSMISSION))

/* The timer after n retransmissions. */
static nsec_t interval(const struct predict_tcp *tcp, unsigned int n,
		       bool linear)
{
	if (!linear)
		return tcp->rto << n;
	return n <= LINEAR_RETRIES ? tcp->rto :
				     tcp->rto << (n - LINEAR_RETRIES);
}

static void script(struct run *run)
{
	bool linear = !run_is_variant(run, "off");
	struct pair tcp = sock_pair(run);
	struct predict_tcp inputs;
	struct range total = { 0, 0 }, elapsed = { 0, 0 }, timer;
	struct mark sent, last;
	struct finding got;
	unsigned int n = 0;
	nsec_t timeout;

	if (run_is_variant(run, "option"))
		sock_set(tcp.client, IPPROTO_TCP, TCP_THIN_LINEAR_TIMEOUTS, 1);
	inputs = forecast_inputs(tcp.client);
	timeout = predict_model_timeout(RETRIES2, MSEC(200), inputs.rto_max,
					inputs.hz);
	fault_crash(run, "server");
	sock_post_recv(tcp.client);
	sent = mark_now(run);
	sock_send(tcp.client, BYTES);
	last = expect_frame(run, sent, "data",
			    FRAMES(FROM("client"), KIND(WIRE_DATA)), 1,
			    at_once);

	for (;;) {
		timer = predict_timer(interval(&inputs, n, linear), inputs.hz);
		total = range_add(total, timer);
		if (n > 0)
			elapsed = range_add(elapsed, timer);
		/* retransmits_timed_out(), since the first retransmission */
		if (n > 0 && elapsed.min >= timeout)
			break;
		run_note(run,
			 "predicted: retransmission %u after %.3f .. %.3f s",
			 n + 1, nsec_seconds(timer.min),
			 nsec_seconds(timer.max));
		last = expect_frame(run, last, "retransmission", RETRANSMISSION,
				    n == 0 ? 1 : 2, timer);
		if (last.missing)
			return;
		n++;
	}
	mark_done(run, &sent);
	got = sock_reap(tcp.client, timer.max + soon);
	expect_error(&got, ETIMEDOUT);
	expect_took(last, &got, timer);
	expect_number(run, "rto_retransmissions",
		      frames_count(run, sent, RETRANSMISSION), n, n);
}

#define THIN(on_)                                                              \
	{                                                                      \
		"client", "net.ipv4.tcp_thin_linear_timeouts", on_             \
	}

CASE(thin_linear) = {
	.name = "thin-linear",
	.claim = "with tcp_thin_linear_timeouts the first six retransmissions "
		 "of a thin stream come one RTO apart, without doubling",
	.topic = TOPIC_RETRANSMISSION,
	.why = "a stream of single segments has no fast retransmit and waits "
	       "for timeouts only",
	.sources = "net/ipv4/tcp_timer.c:tcp_retransmit_timer(); "
		   "include/net/tcp.h:tcp_stream_is_thin()",
	.steps = STEPS("tcp_thin_linear_timeouts is set, or the socket's "
		       "option, or neither",
		       "the server's host crashes, and the client sends one "
		       "segment"),
	.expect = "seven retransmissions one RTO apart, and ETIMEDOUT two RTO "
		  "later; rto-min, with tcp_rto_min_us 400 ms: four; off: "
		  "three, each after twice the time",
	.world = &world_pair,
	/* Without tail loss probes. */
	.settings = SYSCTLS({ "client", "net.ipv4.tcp_retries2", RETRIES2 },
			    { "client", "net.ipv4.tcp_early_retrans", 0 }),
	.variants = VARIANTS(
		{ "sysctl",
		  "tcp_thin_linear_timeouts is 1: seven retransmissions, one "
		  "RTO apart",
		  SYSCTLS(THIN(1)) },
		{ "option",
		  "tcp_thin_linear_timeouts is 0, and the socket has "
		  "TCP_THIN_LINEAR_TIMEOUTS: seven retransmissions, one RTO "
		  "apart",
		  SYSCTLS(THIN(0)) },
		{ "rto-min",
		  "tcp_thin_linear_timeouts is 1, and tcp_rto_min_us is 400 "
		  "ms: the RTO is longer, and only four retransmissions fit "
		  "into the time",
		  SYSCTLS(THIN(1), { "client", "net.ipv4.tcp_rto_min_us",
				     RTO_MIN_US }) },
		{ "off",
		  "neither the sysctl nor the option is set, the control: "
		  "three retransmissions, each after twice the time",
		  SYSCTLS(THIN(0)), .duration = MSEC(3100) }),
	.needs = NEEDS({ .sysctl = "net.ipv4.tcp_rto_min_us" }),
	.duration = MSEC(2000),
	.script = script,
};
