/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The same death over a short path and over a long one. The RTO comes from the
 * RTT: after the handshake, one sample m gives srtt = m and rttvar = 2m, but
 * not less than tcp_rto_min() (tcp_rtt_estimator()), so the RTO is 3m on the
 * long path (334 ms: one second) and 200 ms and a little on the short one.
 *
 * The time-out does not: tcp_model_timeout() starts from TCP_RTO_MIN, whatever
 * the connection's RTO is. So a larger first RTO means that fewer rounds fit.
 * It does not mean that the end comes sooner. The rounds are as far apart as
 * the RTO says, the timer that fires after the time-out overshoots it by up to
 * half of all that has passed, and the first RTO (with the tail loss probe
 * before it) is not in the comparison at all: that all is longer, not shorter.
 *
 * For tcp_retries2 = 15, which takes a quarter of an hour, the model that is
 * measured here with 5 says: 15 rounds for a first RTO from 0.2002 to 0.401 s
 * (after the handshake: for every RTT below 0.13 s), and 13 for one second.
 */
#include "case.h"

enum { RETRIES2 = 5, DEFAULT_RETRIES2 = 15, SMALL_MS = 0, LARGE_MS = 167 };

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

static void script(struct run *run)
{
	struct prediction *prediction;
	struct finding got;
	struct mark sent;
	struct pair tcp;

	path_delay(run, "server", MSEC(run_value(run)));
	tcp = sock_pair(run);
	expect_first_rto(run, tcp.client);
	tell_default(run, tcp.client);
	prediction = forecast_give_up(tcp.client);
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
	expect_state(tcp.client, DIAG_CLOSE);
}

CASE(server_host_crash_large_rtt) = {
	.name = "server-host-crash-large-rtt",
	.claim = "server host crashes, client sends over a long path: fewer "
		 "retransmissions, but no earlier end",
	.judgements =
		CLAIMS({ "A6", DOCUMENT_CONDITIONAL,
			 "15 RTO rounds for a first RTO of 0.2002 to 0.401 s, "
			 "tcp_model_timeout(); but 16 copies leave, for "
			 "tcp_send_loss_probe() sends one more" }),
	.why = "the RTO follows the RTT, and the time-out does not",
	.see = "RFC 6298; net/ipv4/tcp_input.c:tcp_rtt_estimator(); "
	       "net/ipv4/tcp_timer.c:tcp_model_timeout()",
	.steps = STEPS("a connection over a path without delay, or with 334 ms "
		       "there and back",
		       "the server's machine dies",
		       "the client sends 100 bytes"),
	.expect = "small RTT: 5 rounds in 13 s; large RTT: 3 rounds in 16 s: "
		  "fewer rounds, more seconds",
	.world = &world_pair,
	.settings = SYSCTLS({ "client", "net.ipv4.tcp_retries2", RETRIES2 }),
	.variants = VARIANTS(
		{ "small-rtt", .value = SMALL_MS, .lasts = SEC(13) },
		{ "large-rtt", .value = LARGE_MS, .lasts = SEC(17),
		  .judgements = CLAIMS(
			  { "A6", DOCUMENT_RIGHT,
			    "13 rounds for a first RTO of 1 s: the time-out "
			    "starts from TCP_RTO_MIN, tcp_model_timeout()" },
			  { "A16", DOCUMENT_WRONG,
			    "fewer rounds, but later: the rounds are longer, "
			    "and retransmits_timed_out() leaves the first RTO "
			    "out" }) }),
	.lasts = SEC(17),
	.script = script,
};
