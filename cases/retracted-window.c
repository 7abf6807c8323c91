/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The peer retracts its window to zero while data is in flight. From then on the
 * retransmission timer does not count towards tcp_retries2, because the peer
 * lives: its retransmissions serve as window probes, and only four minutes
 * without any ACK end the connection: tcp_retransmit_timer(),
 * tcp_rtx_probe0_timed_out(). TCP_USER_TIMEOUT counts from the first
 * retransmission all the same, and ACKs that keep the window closed do not
 * prolong it (97a9063518f1).
 *
 * The retraction is forged: an ACK of the server with window 0. Up to 6.5 an ACK
 * that acknowledges nothing new could not close the window
 * (tcp_may_update_window(), 800a666141de).
 */
#include "case.h"

enum { RETRIES2 = 2, BYTES = 100, TIMEOUT_MS = 2000, LATER_MS = 1000 };
enum { BEYOND = 5 };

static struct frame zero_window(struct run *run)
{
	struct frame frame =
		frames_last(run, FRAMES(FROM("server"), KIND(WIRE_PURE_ACK)))
			->frame;

	frame.tcp.window = 0;
	return frame;
}

/* The connection outlives tcp_retries2. */
static void expect_alive(struct run *run, struct pair *tcp, struct mark sent,
			 const struct prediction *p)
{
	run_pass_until(run, sent, p->elapsed.max + SEC(BEYOND));
	expect_call_blocked(tcp->client);
	expect_state(tcp->client, DIAG_ESTABLISHED);
	expect_timer(tcp->client, DIAG_TIMER_RETRANSMIT);
}

/* From the first retransmission by RTO, and one granule of the last timer, which
 * tcp_clamp_rto_to_user_timeout() has shortened. The comparison is strict. */
static struct range user_timeout(const struct prediction *p, unsigned int hz)
{
	struct range left = predict_timer(MSEC(TIMEOUT_MS), hz);
	nsec_t jiffy = predict_nsec(1, hz);

	return (struct range){ p->rounds[1].at.min + MSEC(TIMEOUT_MS) - MSEC(1),
			       p->rounds[1].at.max + left.max + 2 * jiffy };
}

static void script(struct run *run)
{
	bool limited = run_is_variant(run, "user-timeout");
	struct pair tcp = sock_pair(run);
	const struct prediction *p;
	struct finding got;
	struct frame closed;
	struct mark sent;

	sock_deliver(tcp.client, tcp.server, BYTES);
	sock_deliver(tcp.client, tcp.server, BYTES);
	p = forecast_give_up(tcp.client);
	closed = zero_window(run);
	if (limited)
		sock_set(tcp.client, IPPROTO_TCP, TCP_USER_TIMEOUT, TIMEOUT_MS);
	fault_drop(run, FRAMES(FROM("client"), KIND(WIRE_TCP)));
	sock_post_recv(tcp.client);
	sent = mark_now(run);
	sock_send(tcp.client, BYTES);
	mark_done(run, &sent);
	fault_inject(run, "client", &closed, NULL);
	if (!limited) {
		expect_alive(run, &tcp, sent, p);
		return;
	}
	run_pass_until(run, sent, MSEC(LATER_MS));
	fault_inject(run, "client", &closed, NULL);
	got = sock_reap(tcp.client, SEC(6));
	expect_error(&got, ETIMEDOUT);
	expect_took(sent, &got, user_timeout(p, nsec_hz()));
}

CASE(retracted_window) = {
	.name = "retracted-window",
	.claim = "a window that is retracted to zero suspends tcp_retries2, but "
		 "not TCP_USER_TIMEOUT",
	.topic = TOPIC_ZERO_WINDOW,
	.why = "retransmissions into a zero window are probes of a peer that "
	       "lives",
	.sources = "RFC 9293 3.8.6; net/ipv4/tcp_timer.c:tcp_retransmit_timer(), "
		   "tcp_rtx_probe0_timed_out()",
	.steps = STEPS("the client sends, and its data is lost",
		       "an ACK of the server closes the window; with the user "
		       "timeout a second one follows after a second"),
	.expect = "ESTABLISHED seconds after tcp_retries2 would have ended it; "
		  "with TCP_USER_TIMEOUT: ETIMEDOUT after its time, counted "
		  "from the first retransmission",
	.world = &world_pair,
	.settings = SYSCTLS({ "client", "net.ipv4.tcp_retries2", RETRIES2 },
			    { "client", "net.ipv4.tcp_early_retrans", 3 }),
	.needs = NEEDS({ .kernel = KERNEL_VERSION(6, 6, 0) }),
	.variants = VARIANTS(
		{ "retries2",
		  "tcp_retries2 is 2, and no other limit is set: the "
		  "connection is still ESTABLISHED 5 s after its "
		  "retransmissions would have ended it",
		  .duration = SEC(9) },
		{ "user-timeout",
		  "the client's socket has TCP_USER_TIMEOUT of 2 s: ETIMEDOUT "
		  "2 s after the first retransmission by RTO, in spite of a "
		  "second ACK that keeps the window closed" }),
	.duration = SEC(3),
	.script = script,
};
