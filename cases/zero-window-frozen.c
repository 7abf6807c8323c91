/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The server's host is frozen while the client sends: its kernel acknowledges
 * until the receive buffer is full and then advertises a zero window. The
 * client has nothing in flight any more, so neither the retransmission timer
 * nor keepalive runs (tcp_keepalive_timer() leaves a socket with unsent data
 * alone), but the persist timer: tcp_check_probe_timer() arms it,
 * tcp_probe_timer() and tcp_send_probe0() send a window probe, and each answer
 * arms it again: tcp_ack() -> tcp_ack_probe(). The answer also resets
 * icsk_probes_out, which tcp_probe_timer() compares with tcp_retries2: so the
 * connection never ends.
 */
#include "zero-window.h"

enum { RETRIES2 = 2, TIME = 1, INTVL = 1, KEEPALIVE_PROBES = 2, PROBES = 6 };

/* Several times what the receive buffer and the send buffer hold. */
static const uint64_t bytes = 512 * 1024;

/* By then keepalive and the RTO timer would have ended the connection. */
static nsec_t end_of_a_dead_connection(struct sock *sock)
{
	const struct predict_tcp inputs = forecast_inputs(sock);
	struct prediction give_up, keepalive;

	predict_give_up(&give_up, &inputs);
	predict_keepalive(&keepalive, &inputs);
	return MAX(give_up.elapsed.max, keepalive.elapsed.max);
}

static void script(struct run *run)
{
	const struct wire_match *probe = ZERO_WINDOW_PROBE;
	const struct wire_match *zero = ZERO_WINDOW_ACK;
	struct pair tcp = sock_pair(run);
	const struct prediction *p;
	struct mark sent, stalled, armed, probed;
	struct predict_tcp inputs;
	struct finding got;
	nsec_t limit;

	sock_keepalive(tcp.client, true);
	limit = end_of_a_dead_connection(tcp.client);

	sock_post_recv_stream(tcp.server, bytes);
	fault_freeze(run, "server");

	sent = mark_now(run);
	sock_post_send_stream(tcp.client, bytes);

	/* Where the window ends with less than a segment, the first expiry of
	 * the persist timer sends that (tcp_write_wakeup()): then it is zero.
	 */
	stalled = expect_frame(run, sent, "zero window", zero, 1,
			       (struct range){ 0, soon });
	if (stalled.missing)
		return;

	/* The RTO does not change any more: a probe's answer acknowledges
	 * nothing, so it is no RTT sample. */
	inputs = forecast_inputs(tcp.client);
	p = forecast_zero_window(tcp.client, PREDICT_PEER_ANSWERS);
	armed = stalled;
	for (unsigned int i = 1; i <= PROBES; i++) {
		struct range timer = zero_window_timer(run, &inputs, i);

		probed = expect_frame(run, armed, "window probe", probe, 1,
				      timer);
		armed = expect_frame(run, probed, "answer: window still zero",
				     zero, 1, at_once);
		if (i == 1)
			expect_timer(tcp.client, DIAG_TIMER_PROBE);
	}
	run_elapsed(run, p->rounds[PROBES - 1].at, probed.at - stalled.at);

	expect_span(run, "frozen_s", probed.at - sent.at,
		    (struct range){ limit, NSEC_NEVER });
	expect_number(run, "probes", frames_count(run, stalled, probe), PROBES,
		      PROBES);
	expect_frames(
		run, stalled, "data or retransmissions",
		FRAMES(FROM("client"), KIND(WIRE_DATA | WIRE_RETRANSMISSION)),
		0);
	expect_counter(run, "client", "TCPWinProbe", PROBES);
	expect_counter(run, "client", "TCPKeepAlive", 0);
	expect_counter(run, "client", "TCPTimeouts", 0);
	expect_call_blocked(tcp.client);
	expect_state(tcp.client, DIAG_ESTABLISHED);
	expect_state(tcp.server, DIAG_ESTABLISHED);
	expect_timer(tcp.client, DIAG_TIMER_PROBE);

	frames_count_only(run, true);
	fault_thaw(run, "server");
	got = sock_reap(tcp.server, SEC(2));
	expect_stream(&got, bytes, 0);
	got = sock_reap(tcp.client, soon);
	expect_success(&got);
	expect_state(tcp.client, DIAG_ESTABLISHED);
}

CASE(zero_window_frozen) = {
	.name = "zero-window-frozen",
	.claim = "server host frozen, client sends more than the server "
		 "buffers: "
		 "zero window, answered probes without end; the transfer "
		 "completes after the thaw",
	.topic = TOPIC_ZERO_WINDOW,
	.why = "the answers to window probes reset the count that tcp_retries2 "
	       "limits; with nothing in flight no RTO runs, and with unsent "
	       "data keepalive sends nothing",
	.sources = "RFC 9293 3.8.6.1; RFC 1122 4.2.2.17; "
		   "net/ipv4/tcp_timer.c:tcp_probe_timer(); "
		   "net/ipv4/tcp_output.c:tcp_send_probe0(); "
		   "net/ipv4/tcp_input.c:tcp_ack_probe()",
	.steps = STEPS("SO_KEEPALIVE is set on the client's socket",
		       "the server's host is frozen",
		       "the client sends 512 KiB to a receive buffer of 64 KiB",
		       "the server's kernel advertises a zero window",
		       "the client's kernel sends six window probes",
		       "the server's host is thawed"),
	.expect = "six probes, the RTO apart, then twice, then four times as "
		  "much (tcp_retries2 limits the backoff), each answered with "
		  "a zero window; ESTABLISHED beyond the time in which "
		  "keepalive and tcp_retries2 end a dead connection; all bytes "
		  "after the thaw",
	.shows = SHOWS("outcome", "elapsed_s", "probes"),
	.world = &world_pair,
	/* The answers to probes less than tcp_invalid_ratelimit apart would be
	 * suppressed: tcp_oow_rate_limited(). */
	.settings = SYSCTLS(
		{ "client", "net.ipv4.tcp_retries2", RETRIES2 },
		KEEPALIVE_SYSCTLS("client", TIME, INTVL, KEEPALIVE_PROBES),
		{ "client", "net.ipv4.tcp_wmem", .text = "4096 16384 65536" },
		{ "server", "net.ipv4.tcp_rmem", .text = "4096 65536 65536" },
		{ "server", "net.ipv4.tcp_invalid_ratelimit", 0 }),
	.duration = SEC(5),
	.script = script,
};
