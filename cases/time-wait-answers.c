/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ACKs that arrive in TIME-WAIT: tcp_timewait_state_process().
 *
 * - The exact sequence number: nothing is answered, and TIME-WAIT starts again,
 *   because the peer may still be in LAST-ACK.
 * - An old sequence number: the segment is outside the window, so it is answered
 *   and TIME-WAIT starts again, too; but a second one within
 *   tcp_invalid_ratelimit, half a second, is not answered
 *   (TCPACKSkippedTimeWait), so that two ends cannot answer each other for ever:
 *   4fb17a609167. FINs are never limited: tcp_oow_rate_limited().
 *
 * The wire drops the answers, because the server has no socket any more, and the
 * RST that it would send ends TIME-WAIT.
 */
#include "case.h"

enum { TIME_WAIT = 60, WAIT = 1, PAUSE = 30, OLD = 1000, LIMIT = 500 };

#define ACKS FRAMES(FROM("client"), KIND(WIRE_PURE_ACK))

static struct mark inject(struct run *run, const struct frame *frame)
{
	struct mark injected = fault_inject(run, "client", frame, NULL);

	mark_done(run, &injected);
	run_pass(run, MSEC(PAUSE));
	return injected;
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
	ack.tcp.flags = SEGMENT_ACK;
	run_pass(run, SEC(WAIT));
	fault_drop(run, ACKS);

	injected = inject(run, &ack);
	if (!expect_frames(run, injected, "answers", ACKS, old))
		return;
	expect_timer_armed(tcp.client, DIAG_TIMER_TIME_WAIT, "time_wait_s",
			   injected, SEC(TIME_WAIT));
	if (!old)
		return;
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
		       "the next sequence number, or three times with an old "
		       "one"),
	.expect = "TIME-WAIT has 60 s left again; the old ACK is answered, not "
		  "again at once, and again after half a second",
	.world = &world_pair,
	.settings = SYSCTLS({ "client", "net.ipv4.tcp_invalid_ratelimit",
			      LIMIT }),
	.variants = VARIANTS(
		{ "exact-ack",
		  "the ACK has the next sequence number: it is not answered, "
		  "and TIME-WAIT has 60 s left again" },
		{ "old-ack",
		  "the ACK has an old sequence number, 1000 below that of the "
		  "FIN, and arrives three times: it is answered, not again "
		  "within 0.5 s (tcp_invalid_ratelimit), and again after that",
		  .duration = MSEC(1700) }),
	.duration = SEC(WAIT),
	.script = script,
};
