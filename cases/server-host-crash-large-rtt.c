/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The same death over a short path and over a long one. The RTO comes from the
 * RTT: after the handshake, one sample m gives srtt = m and rttvar = 2m, but
 * not less than tcp_rto_min() (tcp_rtt_estimator()), so the RTO is 3m on the
 * long path (334 ms: one second), and 200 ms and the RTT on the short one.
 *
 * The time-out does not: tcp_model_timeout() starts from TCP_RTO_MIN, whatever
 * the connection's RTO is. So a larger first RTO means that fewer rounds fit.
 * It does not mean that the end comes sooner. No connection ends before its
 * first RTO (with the tail loss probe before it), which is not in the
 * comparison at all, and the time-out, the same for all; then the timer that
 * fires next has to be waited for, for up to half of all that has passed. How
 * long that is goes up and down with the RTO.
 *
 * For tcp_retries2 = 15, which takes a quarter of an hour, the model that is
 * measured here with 5 says: 15 rounds for a first RTO from 0.2002 to 0.401 s,
 * if timers were exact. The granules of the wheel are up to an eighth of each
 * round, so at HZ 250 only up to 0.36 s is sure of its 15 (an RTT of 0.12 s);
 * above it can be 14. One second has 13, at HZ 300 perhaps 12. The end comes
 * after 929 s or more for 0.204 s, 993 s for 0.3 s, 967 s for one second.
 */
#include "case.h"

/* One way. The short one is long enough to make the rounds the same with every
 * HZ: without it the 5th decides by a jiffy whether a 6th is needed. */
enum { RETRIES2 = 5, DEFAULT_RETRIES2 = 15, SMALL_MS = 10, LARGE_MS = 167 };

/* At the default: more than a run can wait for, but not more than the model
 * can tell. */
static void tell_default(struct run *run, struct sock *client)
{
	struct predict_tcp tcp = forecast_inputs(client);
	static struct prediction p;

	tcp.retries2 = DEFAULT_RETRIES2;
	predict_give_up(&p, &tcp);
	run_predicted(run, "rto_retransmissions_15", p.retransmissions_min);
	run_predicted(run, "elapsed_15_s", nsec_seconds(p.elapsed.min));
	run_note(run,
		 "with tcp_retries2 = 15 and this first RTO of %.3f s: %u to "
		 "%u RTO retransmissions and %u tail loss probe, the end after "
		 "%.1f .. %.1f s; the time-out is %.1f s",
		 nsec_seconds(tcp.rto), p.retransmissions_min,
		 p.retransmissions_max, p.probes, nsec_seconds(p.elapsed.min),
		 nsec_seconds(p.elapsed.max), nsec_seconds(p.timeout));
	if (run_value(run) == LARGE_MS)
		expect_that(run, p.retransmissions_max < DEFAULT_RETRIES2,
			    "the model has fewer than 15 rounds", "%u",
			    p.retransmissions_max);
	else
		expect_that(run,
			    p.retransmissions_min == DEFAULT_RETRIES2 &&
				    p.retransmissions_max == DEFAULT_RETRIES2,
			    "the model has exactly 15 rounds", "%u .. %u",
			    p.retransmissions_min, p.retransmissions_max);
}

static void expect_first_rto(struct run *run, struct sock *client)
{
	struct predict_tcp tcp = forecast_inputs(client);
	nsec_t path = 2 * MSEC(run_value(run));
	nsec_t least = path + MAX(2 * path, MSEC(200));

	expect_that(run, tcp.rtt >= path, "the RTT is the path's", "%.3f ms",
		    nsec_seconds(tcp.rtt) * 1e3);
	expect_span(run, "the first RTO", tcp.rto,
		    (struct range){ least, least + predict_nsec(1, tcp.hz) });
}

/* What the short path would make of the same death. */
static const struct prediction *forecast_short_path(struct sock *client)
{
	struct predict_tcp tcp = forecast_inputs(client);
	static struct prediction p;

	tcp.rto = 0; /* to be made of the RTT */
	tcp.rtt = 2 * MSEC(SMALL_MS);
	tcp.rttvar = tcp.rtt / 2;
	predict_give_up(&p, &tcp);
	return &p;
}

/* Where the last granules are as long as 2 s, only no sooner: the short path's
 * end can be anywhere in its range. */
static void expect_fewer_but_later(struct run *run, struct mark sent,
				   const struct finding *got,
				   const struct prediction *short_path)
{
	int64_t rounds = counter_change(run, "client", "TCPTimeouts") - 1;
	nsec_t end = got->returned - sent.at;
	bool few = run_sysctl(run, "client", "net.ipv4.tcp_retries2") ==
		   RETRIES2;
	nsec_t there = few ? short_path->elapsed.max : short_path->elapsed.min;

	expect_that(run, rounds < short_path->retransmissions_min,
		    "fewer rounds than over the short path", "%ld, there %u",
		    (long)rounds, short_path->retransmissions_min);
	expect_that(run, end > there,
		    few ? "a later end than over the short path" :
			  "no sooner end than over the short path",
		    "%.3f s, there %.3f .. %.3f s", nsec_seconds(end),
		    nsec_seconds(short_path->elapsed.min),
		    nsec_seconds(short_path->elapsed.max));
}

static void script(struct run *run)
{
	const struct prediction *prediction, *short_path;
	struct finding got;
	struct mark sent;
	struct pair tcp;

	path_delay(run, "server", MSEC(run_value(run)));
	tcp = sock_pair(run);
	expect_first_rto(run, tcp.client);
	tell_default(run, tcp.client);
	prediction = forecast_give_up(tcp.client);
	short_path = forecast_short_path(tcp.client);
	sock_post_recv(tcp.client);

	fault_crash(run, "server");
	sent = mark_now(run);
	sock_send(tcp.client, 100);
	mark_done(run, &sent);
	run_pass_until(run, sent, prediction->rounds[1].at.max + SEC(1));
	if (!expect_frames_between(
		    run, sent, "copies so far",
		    FRAMES(FROM("client"), KIND(WIRE_RETRANSMISSION)), 1,
		    UINT32_MAX))
		return;

	got = sock_reap(tcp.client, prediction->elapsed.max);
	expect_gives_up(&got, sent, prediction);
	if (run_value(run) == LARGE_MS)
		expect_fewer_but_later(run, sent, &got, short_path);
	expect_state(tcp.client, DIAG_CLOSE);
}

static const struct judgement of_large[] = {
	{ "A6", DOCUMENT_RIGHT,
	  "13 rounds for a first RTO of 1 s: the time-out starts from "
	  "TCP_RTO_MIN, tcp_model_timeout()" },
	{ "A16", DOCUMENT_WRONG,
	  "fewer rounds, but no sooner: the rounds are longer, and the "
	  "time-out is the same, counted by retransmits_timed_out() only after "
	  "the first RTO" },
	{ .claim = NULL },
};

#define FEW .settings = SYSCTLS({ "client", "net.ipv4.tcp_retries2", RETRIES2 })

CASE(server_host_crash_large_rtt) = {
	.name = "server-host-crash-large-rtt",
	.claim = "server host crashes, client sends over a long path: fewer "
		 "retransmissions, but no sooner end",
	.judgements = CLAIMS(
		{ "A6", DOCUMENT_CONDITIONAL,
		  "15 RTO rounds, for a first RTO from 0.2002 to 0.36 s "
		  "at least (HZ 250), tcp_model_timeout(); but 16 copies "
		  "leave, for tcp_send_loss_probe() sends one more" }),
	.why = "the RTO follows the RTT, and the time-out does not",
	.sources = "RFC 6298; net/ipv4/tcp_input.c:tcp_rtt_estimator(); "
		   "net/ipv4/tcp_timer.c:tcp_model_timeout()",
	.steps = STEPS("a connection over a path of 20 ms there and back, or "
		       "of 334 ms",
		       "the server's machine dies",
		       "the client sends 100 bytes"),
	.expect = "small RTT: 5 rounds in 14 s; large RTT: 3 rounds in 15 s or "
		  "more: fewer rounds, more seconds; at the kernel's own "
		  "values 15 rounds in 945 s or more, and 13 in 968 s or more",
	.world = &world_pair,
	.variants = VARIANTS(
		{ "small-rtt", .value = SMALL_MS, FEW, .duration = SEC(14) },
		{ "large-rtt", .value = LARGE_MS, FEW, .duration = SEC(17),
		  .judgements = of_large },
		{ "defaults", .value = SMALL_MS, .defaults = true,
		  .duration = SEC(965) },
		{ "large-rtt-defaults", .value = LARGE_MS, .defaults = true,
		  .duration = SEC(980), .judgements = of_large }),
	.duration = SEC(17),
	.script = script,
};
