/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tcp_retries2 as a count (N retransmissions, then the end) and as a time: the
 * timeout that tcp_model_timeout() computes for N, which
 * retransmits_timed_out() compares with the time since the first RTO
 * retransmission. For 15 and a short path both rules give the same result.
 * They differ
 *
 * - for a small N and the smallest RTO. The comparison leaves out the first
 *   RTO, so the timer that fires after N retransmissions is too early: 3
 *   stands for 3.0 s, and after the third retransmission the timer fires at
 *   2.86 s (14 times 0.204 s). Even 0 allows one retransmission, because the
 *   first expiry compares nothing (icsk_retransmits is 0 then);
 * - for a large RTO: the same 3.0 s are over after 2 retransmissions;
 * - for TCP_USER_TIMEOUT, which replaces the computed timeout.
 *
 * Between these they agree, because 14 * 0.22 s is more than 3.0 s. That needs
 * an RTT of 20 ms, or a larger N: each interval is a little longer than the
 * model's 200 ms (an RTO includes the RTT and is rounded up to a jiffy), and
 * after enough doublings the difference equals the first RTO that is left out.
 */
#include "case.h"

/* Delays one way. */
enum { MIDDLE_MS = 10, LARGE_MS = 167 };
enum { USER_TIMEOUT_MS = 2000, DEFAULT_RETRIES2 = 15 };

static void predict_by_both_rules(struct run *run, const struct prediction *p)
{
	unsigned int n = (unsigned int)run_sysctl(run, "client",
						  "net.ipv4.tcp_retries2");
	bool differ = p->retransmissions_min > n || p->retransmissions_max < n;

	run_predicted(run, "retransmissions_by_count", n);
	run_predicted(run, "timeout_s", nsec_seconds(p->timeout));
	run_note(run,
		 "tcp_retries2 = %u: %u retransmissions by the count, %u to "
		 "%u by the timeout of %.3f s: the rules %s",
		 n, n, p->retransmissions_min, p->retransmissions_max,
		 nsec_seconds(p->timeout), differ ? R_("differ") : R_("agree"));
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
	predict_by_both_rules(run, prediction);
	expect_that(run, !kernel_has_sysctl("net.ipv4.tcp_retries"),
		    "no sysctl net.ipv4.tcp_retries", "it exists");
	sock_post_recv(tcp.client);

	fault_crash(run, "server");
	sent = mark_now(run);
	sock_send(tcp.client, 100);
	mark_done(run, &sent);
	got = sock_reap(tcp.client, prediction->elapsed.max + SEC(1));
	expect_gives_up(&got, sent, prediction);
}

#define RETRIES2(n_) SYSCTLS({ "client", "net.ipv4.tcp_retries2", n_ })

/* Where both rules agree, the run cannot judge between them. */
static const struct judgement none[] = { { .claim = NULL } };

CASE(retries2_count_or_time) = {
	.name = "retries2-count-or-time",
	.claim = "tcp_retries2 stands for a time, not for a number of "
		 "retransmissions: more or fewer of them may fit",
	.judgements = CLAIMS({ "A17", DOCUMENT_WRONG,
			       "retransmits_timed_out() compares a time, which "
			       "tcp_model_timeout() computes from "
			       "tcp_retries2, and no count" },
			     { "A23", DOCUMENT_WRONG,
			       "there is tcp_retries1 and tcp_retries2 "
			       "(tcp_write_timeout()), and no sysctl "
			       "tcp_retries" }),
	.why = "the timeout is computed from an RTO of 200 ms and starts with "
	       "the first RTO retransmission; the RTO of a connection is "
	       "larger",
	.sources = "net/ipv4/tcp_timer.c:retransmits_timed_out(), "
		   "tcp_model_timeout(); RFC 5482",
	.steps = STEPS("a connection over a path without delay, or with an RTT "
		       "of 20 ms or 334 ms",
		       "both rules predict a number of retransmissions; the "
		       "sysctl tcp_retries is looked for",
		       "the server host crashes, and the client sends",
		       "the retransmissions are counted"),
	.expect = "as many retransmissions as fit into the time: for a "
		  "tcp_retries2 of 3 four, three or two, depending on the RTT",
	.shows = SHOWS("outcome", "elapsed_s", "rto_retransmissions",
		       "retransmissions_by_count"),
	.world = &world_pair,
	.variants = VARIANTS(
		{ "0-means-1",
		  "tcp_retries2 is 0, over a path without delay: one RTO "
		  "retransmission, since the first expiry compares nothing",
		  RETRIES2(0), .duration = SEC(1) },
		{ "3-means-4",
		  "tcp_retries2 is 3, over a path without delay: four RTO "
		  "retransmissions, as the third one's timer fires before the "
		  "3.0 s are over",
		  RETRIES2(3), .duration = MSEC(6700) },
		{ "3-means-2",
		  "tcp_retries2 is 3, over a path with an RTT of 334 ms: the "
		  "RTO is so large that the 3.0 s are over after two RTO "
		  "retransmissions",
		  RETRIES2(3), .value = LARGE_MS, .duration = SEC(8) },
		{ "3-means-3",
		  "tcp_retries2 is 3, over a path with an RTT of 20 ms: three "
		  "RTO retransmissions by either rule, the control",
		  RETRIES2(3), .value = MIDDLE_MS, .duration = MSEC(3600),
		  .judgements = none },
		{ "user-timeout",
		  "tcp_retries2 is 15, and the client's socket has "
		  "TCP_USER_TIMEOUT of 2 s: the time decides, and far fewer "
		  "than 15 retransmissions are sent",
		  RETRIES2(DEFAULT_RETRIES2), .duration = MSEC(2500) }),
	.duration = SEC(7),
	.script = script,
};
