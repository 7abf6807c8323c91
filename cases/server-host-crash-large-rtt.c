/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The same crash over a short path and over a long one. The RTO follows the
 * RTT: after the handshake one sample m gives srtt = m and rttvar = 2m, but at
 * least tcp_rto_min() (tcp_rtt_estimator()). So the RTO is 3m on the long path
 * (334 ms: one second), and 200 ms plus the RTT on the short one.
 *
 * The timeout does not follow it: tcp_model_timeout() starts from TCP_RTO_MIN,
 * whatever the connection's RTO is. So a larger first RTO leaves room for
 * fewer retransmissions. The end does not come sooner. Every connection lasts
 * at least for its first RTO (with the tail loss probe before it), which the
 * comparison leaves out, plus the timeout, which is the same for all. Then it
 * lasts until the next expiry of the timer, up to half of the time that has
 * passed. That rest goes up and down with the RTO.
 *
 * tcp_retries2 = 15 takes a quarter of an hour. The model that is measured
 * here with 5 predicts for it: 15 retransmissions for a first RTO from 0.2002
 * to 0.401 s, if timers were exact. The granules of the timer wheel are up to
 * an eighth of each interval, so at HZ 250 only RTOs up to 0.36 s (an RTT of
 * 0.12 s) are certain to have 15; above it may be 14. One second has 13, at HZ
 * 300 perhaps 12. The end comes after 929 s or more for 0.204 s, 993 s for 0.3
 * s, 967 s for one second.
 */
#include "case.h"

/* Delays one way. The short one is long enough that the number of
 * retransmissions is the same for every HZ: without a delay one jiffy decides
 * whether a sixth follows the fifth. */
enum { RETRIES2 = 5, DEFAULT_RETRIES2 = 15, SMALL_MS = 10, LARGE_MS = 167 };

/* What the model predicts for the default, which takes too long to measure. */
static void predict_default(struct run *run, struct sock *client)
{
	struct predict_tcp tcp = forecast_inputs(client);
	static struct prediction p;

	tcp.retries2 = DEFAULT_RETRIES2;
	predict_give_up(&p, &tcp);
	run_predicted(run, "rto_retransmissions_15", p.retransmissions_min);
	run_predicted(run, "elapsed_15_s", nsec_seconds(p.elapsed.min));
	run_note(run,
		 "prediction for tcp_retries2 = 15 and this first RTO of "
		 "%.3f s: %u to %u RTO retransmissions and %u tail loss "
		 "probe, a timeout of %.1f s, the end after %.1f .. %.1f s",
		 nsec_seconds(tcp.rto), p.retransmissions_min,
		 p.retransmissions_max, p.probes, nsec_seconds(p.timeout),
		 nsec_seconds(p.elapsed.min), nsec_seconds(p.elapsed.max));
	if (run_value(run) == LARGE_MS)
		expect_that(run, p.retransmissions_max < DEFAULT_RETRIES2,
			    "the model predicts fewer than 15 retransmissions",
			    "%u", p.retransmissions_max);
	else
		expect_that(run,
			    p.retransmissions_min == DEFAULT_RETRIES2 &&
				    p.retransmissions_max == DEFAULT_RETRIES2,
			    "the model predicts exactly 15 retransmissions",
			    "%u .. %u", p.retransmissions_min,
			    p.retransmissions_max);
}

static void expect_first_rto(struct run *run, struct sock *client)
{
	struct predict_tcp tcp = forecast_inputs(client);
	nsec_t path = 2 * MSEC(run_value(run));
	nsec_t least = path + MAX(2 * path, MSEC(200));

	expect_that(run, tcp.rtt >= path,
		    "the RTT is at least twice the path's delay", "%.3f ms",
		    nsec_seconds(tcp.rtt) * 1e3);
	expect_span(run, "the first RTO", tcp.rto,
		    (struct range){ least, least + predict_nsec(1, tcp.hz) });
}

/* The prediction for the same crash over the short path. */
static const struct prediction *forecast_short_path(struct sock *client)
{
	struct predict_tcp tcp = forecast_inputs(client);
	static struct prediction p;

	tcp.rto = 0; /* to be computed from the RTT */
	tcp.rtt = 2 * MSEC(SMALL_MS);
	tcp.rttvar = tcp.rtt / 2;
	predict_give_up(&p, &tcp);
	return &p;
}

/* At the default the last granules are 2 s long, and the short path's end may
 * be anywhere in its range: then the long path's is only no sooner. */
static void expect_fewer_but_later(struct run *run, struct mark sent,
				   const struct finding *got,
				   const struct prediction *short_path)
{
	int64_t rounds = counter_change(run, "client", "TCPTimeouts") - 1;
	nsec_t end = got->returned - sent.at;
	bool few = run_sysctl(run, "client", "net.ipv4.tcp_retries2") ==
		   RETRIES2;

	expect_that(run, rounds < short_path->retransmissions_min,
		    "fewer retransmissions than over the short path",
		    "%ld, over the short path %u", (long)rounds,
		    short_path->retransmissions_min);
	expect_that(
		run,
		end > (few ? short_path->elapsed.max : short_path->elapsed.min),
		few ? "a later end than over the short path" :
		      "no sooner end than over the short path",
		"%.3f s, over the short path %.3f .. %.3f s", nsec_seconds(end),
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
	predict_default(run, tcp.client);
	prediction = forecast_give_up(tcp.client);
	short_path = forecast_short_path(tcp.client);
	sock_post_recv(tcp.client);

	fault_crash(run, "server");
	sent = mark_now(run);
	sock_send(tcp.client, 100);
	mark_done(run, &sent);
	run_pass_until(run, sent, prediction->rounds[1].at.max + SEC(1));
	if (!expect_frames_between(
		    run, sent, "retransmissions so far",
		    FRAMES(FROM("client"), KIND(WIRE_RETRANSMISSION)), 1,
		    UINT32_MAX))
		return;

	got = sock_reap(tcp.client, prediction->elapsed.max);
	expect_gives_up(&got, sent, prediction);
	if (run_value(run) == LARGE_MS)
		expect_fewer_but_later(run, sent, &got, short_path);
	expect_state(tcp.client, DIAG_CLOSE);
}

static const struct judgement of_large_rtt[] = {
	{ "A6", DOCUMENT_RIGHT,
	  "13 retransmissions for a first RTO of 1 s: the timeout starts from "
	  "TCP_RTO_MIN, tcp_model_timeout()" },
	{ "A16", DOCUMENT_WRONG,
	  "fewer retransmissions, but no sooner end: the intervals are longer, "
	  "and the timeout is the same, which retransmits_timed_out() counts "
	  "only from the first RTO" },
	{ .claim = NULL },
};

#define FEW .settings = SYSCTLS({ "client", "net.ipv4.tcp_retries2", RETRIES2 })

CASE(server_host_crash_large_rtt) = {
	.name = "server-host-crash-large-rtt",
	.claim = "server host crashes, client sends over a long path: fewer "
		 "retransmissions, but no sooner end",
	.judgements = CLAIMS(
		{ "A6", DOCUMENT_CONDITIONAL,
		  "15 RTO retransmissions for a first RTO from 0.2002 to at "
		  "least 0.36 s (HZ 250), tcp_model_timeout(); but 16 "
		  "retransmissions in all, because tcp_send_loss_probe() adds "
		  "one" }),
	.why = "the RTO follows the RTT, and the timeout does not",
	.sources = "RFC 6298; net/ipv4/tcp_input.c:tcp_rtt_estimator(); "
		   "net/ipv4/tcp_timer.c:tcp_model_timeout()",
	.steps = STEPS("a connection over a path with an RTT of 20 ms, or of "
		       "334 ms",
		       "the server host crashes", "the client sends 100 bytes"),
	.expect = "small RTT: 5 retransmissions in 14 s; large RTT: 3 "
		  "retransmissions in 15 s or more; at the kernel's defaults "
		  "15 in 945 s or more, and 13 in 968 s or more",
	.world = &world_pair,
	.variants = VARIANTS(
		{ "small-rtt", .value = SMALL_MS, FEW, .duration = SEC(14) },
		{ "large-rtt", .value = LARGE_MS, FEW, .duration = SEC(17),
		  .judgements = of_large_rtt },
		{ "defaults", .value = SMALL_MS, .defaults = true,
		  .duration = SEC(965) },
		{ "large-rtt-defaults", .value = LARGE_MS, .defaults = true,
		  .duration = SEC(980), .judgements = of_large_rtt }),
	.duration = SEC(17),
	.script = script,
};
