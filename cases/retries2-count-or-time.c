/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Is tcp_retries2 a number of times? Two rules are asked beforehand: the count
 * (N retransmissions, then the end) and the time (tcp_model_timeout() for N,
 * compared by retransmits_timed_out() with the time since the first RTO
 * retransmission). With 15 and a short path they agree and decide nothing. They
 * part
 *
 * - with a small N and the smallest RTO there is. The comparison leaves out the
 *   first RTO, so that the firing after N rounds is too early: 3 stands for
 *   3.0 s, and the firing after the third round comes at 14 * 0.204 s = 2.86 s.
 *   Even 0 sends once, for the first firing asks nothing (icsk_retransmits is 0
 *   then);
 * - with a large RTO: the same 3.0 s are over after 2 rounds;
 * - with a user time-out, which takes the place of the computed one.
 *
 * In between they meet: 14 * 0.22 s are more than 3.0. That is 20 ms of RTT; or
 * a larger N, for the rounds are always a bit longer than the model's 200 ms (an
 * RTO has the RTT in it, and is rounded up to a jiffy), and after enough
 * doublings that bit is as much as the first RTO that was left out.
 */
#include "case.h"

/* Delays one way. */
enum { MIDDLE_MS = 10, LARGE_MS = 167 };
enum { USER_TIMEOUT_MS = 2000, DEFAULT_RETRIES2 = 15 };

/* What the count says, beside what the time says. */
static void tell_rules(struct run *run, const struct prediction *p)
{
	long n = run_sysctl(run, "client", "net.ipv4.tcp_retries2");

	run_predicted(run, "retransmissions_by_count", (double)n);
	run_predicted(run, "timeout_s", nsec_seconds(p->timeout));
	run_note(run,
		 "tcp_retries2 = %ld: by count %ld retransmissions, by a "
		 "time-out of %.3f s %u to %u: the rules %s",
		 n, n, nsec_seconds(p->timeout), p->retransmissions_min,
		 p->retransmissions_max,
		 p->retransmissions_min > n || p->retransmissions_max < n ?
			 "part" :
			 "agree");
}

static void script(struct run *run)
{
	struct prediction *prediction;
	struct finding got;
	struct mark sent;
	struct pair tcp;

	path_delay(run, "server", MSEC(run_value(run)));
	tcp = sock_pair(run);
	if (run_is_variant(run, "user-timeout"))
		sock_set(tcp.client, IPPROTO_TCP, TCP_USER_TIMEOUT,
			 USER_TIMEOUT_MS);
	prediction = forecast_give_up(tcp.client);
	tell_rules(run, prediction);
	sock_post_recv(tcp.client);

	fault_crash(run, "server");
	sent = mark_now(run);
	sock_send(tcp.client, 100);
	mark_done(run, &sent);
	got = sock_reap(tcp.client, prediction->elapsed.max + SEC(1));
	expect_gives_up(&got, sent, prediction);
}

#define RETRIES2(n_) SYSCTLS({ "client", "net.ipv4.tcp_retries2", n_ })

/* Where the rules agree, nothing is decided. */
static const struct judgement none[] = { { .claim = NULL } };

CASE(retries2_count_or_time) = {
	.name = "retries2-count-or-time",
	.claim = "tcp_retries2 is no number of retransmissions: it stands for "
		 "a time, and more or fewer may fit",
	.judgements = CLAIMS({ "A17", DOCUMENT_WRONG,
			       "retransmits_timed_out() compares a time that "
			       "tcp_model_timeout() makes of tcp_retries2, and "
			       "no count" }),
	.why = "the time-out starts from an RTO of 200 ms and from the first "
	       "RTO retransmission; a connection's own RTO is larger",
	.sources = "net/ipv4/tcp_timer.c:retransmits_timed_out(), "
		   "tcp_model_timeout(); RFC 5482",
	.steps =
		STEPS("a connection, over a path without delay, of 20 ms there "
		      "and back, or of 334 ms",
		      "the two rules say how many retransmissions they expect",
		      "the server's machine dies, and the client sends",
		      "the rounds are counted"),
	.expect = "as many rounds as fit into the time: for the same "
		  "tcp_retries2 of 3 four, three or two, as the RTT says",
	.world = &world_pair,
	.variants = VARIANTS({ "0-means-1", RETRIES2(0), .duration = SEC(1) },
			     { "3-means-4", RETRIES2(3),
			       .duration = MSEC(6700) },
			     { "3-means-2", RETRIES2(3), .value = LARGE_MS,
			       .duration = SEC(8) },
			     { "3-means-3", RETRIES2(3), .value = MIDDLE_MS,
			       .duration = MSEC(3600), .judgements = none },
			     { "user-timeout", RETRIES2(DEFAULT_RETRIES2),
			       .duration = MSEC(2500) }),
	.duration = SEC(7),
	.script = script,
};
