/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ACKs that arrive in TIME-WAIT: tcp_timewait_state_process().
 *
 * - The exact sequence number: nothing is answered, and TIME-WAIT starts again,
 *   because the peer may still be in LAST-ACK. Its timestamp is the new
 *   ts_recent.
 * - An old sequence number: the segment is outside the window, so it is answered
 *   and TIME-WAIT starts again, too; but a second one within
 *   tcp_invalid_ratelimit, half a second, is not answered
 *   (TCPACKSkippedTimeWait), so that two ends cannot answer each other for ever:
 *   4fb17a609167. FINs are never limited: tcp_oow_rate_limited().
 *
 * The answer has the values of the old connection: ts_recent as TSecr, and the
 * window of the client's last segment, which nothing has filled since
 * (tw_rcv_wnd): tcp_v4_timewait_ack(), tcp_v6_timewait_ack().
 *
 * The wire drops the answers, because the server has no socket any more, and the
 * RST that it would send ends TIME-WAIT.
 */
#include "case.h"

enum { TIME_WAIT = 60, WAIT = 1, PAUSE = 30, OLD = 1000, LIMIT = 500 };
enum { TICKS = 500 }; /* of the exact ACK's timestamp, after the FIN's */

#define ACKS FRAMES(FROM("client"), KIND(WIRE_PURE_ACK))

static struct mark inject(struct run *run, const struct frame *frame)
{
	struct mark injected = fault_inject(run, "client", frame, NULL);

	mark_done(run, &injected);
	run_pass(run, MSEC(PAUSE));
	return injected;
}

static void expect_old_values(struct run *run, struct mark injected,
			      uint32_t ts_recent)
{
	const struct mark start = { 0 };
	const struct segment *fin =
		&frames_first(run, start, "client", WIRE_FIN)->frame.tcp;
	const struct wire_capture *seen =
		frames_wait(run, injected, ACKS, 1, soon);
	struct segment answer = { 0 };

	if (seen)
		answer = seen->frame.tcp;
	expect_that(run, answer.has_timestamps && answer.tsecr == ts_recent,
		    "the answer's TSecr is ts_recent", "%u, expected %u",
		    answer.tsecr, ts_recent);
	expect_number(run, "window", answer.window, fin->window, fin->window);
}

static void script(struct run *run)
{
	bool old = run_is_variant(run, "old-ack");
	struct pair tcp = sock_pair(run);
	struct mark injected;
	struct frame ack;

	sock_deliver(tcp.client, tcp.server, OLD);
	sock_deliver(tcp.server, tcp.client, OLD);
	sock_close_both(tcp.client, tcp.server);
	ack = frames_last(run, FRAMES(FROM("server"), KIND(WIRE_FIN)))->frame;
	ack.tcp.seq += old ? -OLD : 1;
	ack.tcp.tsval += old ? 0 : TICKS;
	ack.tcp.flags = SEGMENT_ACK;
	run_pass(run, SEC(WAIT));
	fault_drop(run, ACKS);

	injected = inject(run, &ack);
	if (!expect_frames(run, injected, "answers", ACKS, old))
		return;
	expect_timer_armed(tcp.client, DIAG_TIMER_TIME_WAIT, "time_wait_s",
			   injected, SEC(TIME_WAIT));
	if (!old) {
		ack.tcp.seq -= OLD;
		injected = inject(run, &ack);
		expect_old_values(run, injected, ack.tcp.tsval);
		return;
	}
	expect_old_values(run, injected, ack.tcp.tsval);
	injected = inject(run, &ack);
	expect_frames(run, injected, "answers within the limit", ACKS, 0);
	expect_counter(run, "client", "TCPACKSkippedTimeWait", 1);
	run_pass(run, MSEC(LIMIT));
	injected = inject(run, &ack);
	expect_frames(run, injected, "answers after the limit", ACKS, 1);
	expect_counter(run, "client", "TCPACKSkippedTimeWait", 1);
}

CASE(time_wait_answers) = {
	.name = "time-wait-answers",
	.claim = "an ACK in TIME-WAIT restarts it; an old one is answered, at "
		 "most twice a second",
	.topic = TOPIC_CLOSE,
	.why = "the peer may still wait for the ACK of its FIN",
	.sources = "RFC 9293 3.10.7.4; "
		   "net/ipv4/tcp_minisocks.c:tcp_timewait_state_process(), "
		   "tcp_timewait_check_oow_rate_limit()",
	.steps = STEPS("a connection is closed, the client first",
		       "a second later a forged ACK of the server arrives: with "
		       "the next sequence number and a later timestamp, or "
		       "three times with an old sequence number"),
	.expect = "TIME-WAIT has 60 s left again; the old ACK is answered, not "
		  "again at once, and again after half a second; the answer "
		  "has the last timestamp and the window of the old connection",
	.world = &world_pair,
	.settings = SYSCTLS({ NULL, "net.ipv4.tcp_timestamps", 1 },
			    { "client", "net.ipv4.tcp_invalid_ratelimit",
			      LIMIT }),
	.variants = VARIANTS(
		{ "exact-ack",
		  "the ACK has the next sequence number: it is not answered, "
		  "TIME-WAIT has 60 s left again, and the next answer echoes "
		  "its timestamp" },
		{ "old-ack",
		  "the ACK has an old sequence number, 1000 below that of the "
		  "FIN, and arrives three times: it is answered, not again "
		  "within 0.5 s (tcp_invalid_ratelimit), and again after that",
		  .duration = MSEC(1700) }),
	.duration = SEC(WAIT),
	.script = script,
};
