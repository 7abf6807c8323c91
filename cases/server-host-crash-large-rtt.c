/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The same crash over paths of different length. The RTO follows the RTT: after
 * the handshake one sample m gives srtt = m and rttvar = 2m, but at least
 * tcp_rto_min() (tcp_rtt_estimator()). So the first RTO is 200 ms plus the RTT
 * up to an RTT of 100 ms, and 3 RTT beyond.
 *
 * The timeout does not follow it: tcp_model_timeout() starts from TCP_RTO_MIN,
 * whatever the connection's RTO is. So a larger first RTO leaves room for fewer
 * retransmissions. Whether the end comes sooner is a matter of arithmetic. The
 * clock of retransmits_timed_out() starts with the first RTO retransmission, and
 * the end is the first expiry of the timer after the timeout. With a first RTO R
 * and n retransmissions that is about 2R * (2^n - 1) after the first of them. It
 * is just after the timeout for the smallest R that needs only n, and twice as
 * late for the largest. So with growing R the end moves away, jumps back to the
 * timeout where a retransmission fewer suffices, and moves away again.
 *
 * For tcp_retries2 = 15 and HZ 250: 15 retransmissions for a first RTO up to
 * 0.38 s, and the end after 938 s for 0.204 s, 1042 s for 0.38 s; 14 from there
 * on, 927 s for 0.388 s; 13 for 0.8 s, 935 s, and for 1 s, 976 s. That takes a
 * quarter of an hour each (--defaults). tcp_retries2 = 4 with its timeout of 6.2
 * s has the same three cases: 8.7 s for 0.26 s (4 retransmissions), 7.2 s for
 * 0.46 s (3), 12 s for 0.72 s (3).
 */
#include "case.h"

enum { RETRIES2 = 4, DEFAULT_RETRIES2 = 15 };

/*
 * RTTs in ms; the variants' values. The short ones are those of the comparison: an
 * RTO of 264 ms with RETRIES2, and the smallest one by default. With 252 ms the
 * fourth RTO would be 504 jiffies (HZ 250), the first length in level 2 of the
 * timer wheel: a callback that is late by one jiffy takes that level, with a
 * granule of 256 ms instead of 32 (calc_wheel_index()).
 */
enum { SHORT_MS = 60, DEFAULT_SHORT_MS = 0 };
enum { SOONER_MS = 152, LATER_MS = 240 };
enum { SOONER_14_MS = 129, SOONER_13_MS = 266, LATER_13_MS = 333 };

static bool is_short(const struct run *run)
{
	return run_value(run) <= SHORT_MS;
}

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
	if (!is_short(run))
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
	nsec_t path = MSEC(run_value(run));
	nsec_t least = path + MAX(2 * path, MSEC(200));

	expect_that(run, tcp.rtt >= path,
		    "the RTT is at least that of the path", "%.3f ms",
		    nsec_seconds(tcp.rtt) * 1e3);
	expect_span(run, "the first RTO", tcp.rto,
		    (struct range){ least, least + predict_nsec(1, tcp.hz) });
}

/* The prediction for the same crash over the short path. */
static const struct prediction *forecast_short_path(struct run *run,
						    struct sock *client)
{
	struct predict_tcp tcp = forecast_inputs(client);
	static struct prediction p;

	tcp.rto = 0; /* to be computed from the RTT */
	tcp.rtt = tcp.retries2 == RETRIES2 ? MSEC(SHORT_MS) : USEC(100);
	tcp.rttvar = tcp.rtt / 2;
	predict_give_up(&p, &tcp);
	run_note(run, "predicted over the short path: %.3f .. %.3f s",
		 nsec_seconds(p.elapsed.min), nsec_seconds(p.elapsed.max));
	return &p;
}

enum order { SOONER, LATER, NEITHER };

static enum order order_of(struct range end, struct range other)
{
	if (end.max < other.min)
		return SOONER;
	return end.min > other.max ? LATER : NEITHER;
}

/* What the RTTs of the variants lead to. At the default HZ decides as well: for
 * 1000 and 0.8 s the ranges overlap. */
static void require_order(struct run *run, const struct prediction *p,
			  const struct prediction *short_path)
{
	const long rtt = run_value(run);
	enum order order = order_of(p->elapsed, short_path->elapsed);

	if ((rtt == SOONER_MS && order != SOONER) ||
	    (rtt == LATER_MS && order != LATER))
		run_inconclusive(run, "the RTT on this machine is another than "
				      "that of the path");
}

static void expect_order(struct run *run, struct mark sent,
			 const struct finding *got, const struct prediction *p,
			 const struct prediction *short_path)
{
	static const char *const what[] = {
		[SOONER] = R_("a sooner end than over the short path"),
		[LATER] = R_("a later end than over the short path"),
	};
	int64_t rounds = counter_change(run, "client", "TCPTimeouts") - 1;
	enum order order = order_of(p->elapsed, short_path->elapsed);
	nsec_t end = got->returned - sent.at;

	expect_that(run, rounds < short_path->retransmissions_min,
		    "fewer retransmissions than over the short path",
		    "%ld, over the short path %u", (long)rounds,
		    short_path->retransmissions_min);
	if (order == NEITHER)
		return;
	expect_that(run,
		    order == SOONER ? end < short_path->elapsed.min :
				      end > short_path->elapsed.max,
		    what[order], "%.3f s, over the short path %.3f .. %.3f s",
		    nsec_seconds(end), nsec_seconds(short_path->elapsed.min),
		    nsec_seconds(short_path->elapsed.max));
}

static void script(struct run *run)
{
	const struct prediction *prediction, *short_path;
	struct finding got;
	struct mark sent;
	struct pair tcp;

	path_delay(run, "server", MSEC(run_value(run)) / 2);
	tcp = sock_pair(run);
	expect_first_rto(run, tcp.client);
	predict_default(run, tcp.client);
	prediction = forecast_give_up(tcp.client);
	short_path = forecast_short_path(run, tcp.client);
	require_order(run, prediction, short_path);
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
	if (!is_short(run))
		expect_order(run, sent, &got, prediction, short_path);
	expect_state(tcp.client, DIAG_CLOSE);
}

static const struct judgement of_sooner[] = {
	{ "A16", DOCUMENT_CONDITIONAL,
	  "sooner only where one retransmission fewer just suffices: the "
	  "timeout is the same for all (tcp_model_timeout()), and the next "
	  "expiry after it is the end; by default and with HZ 250 after 927 s "
	  "for a first RTO of 0.388 s, 935 s for 0.8 s, 938 s for 0.204 s" },
	{ .claim = NULL },
};

static const struct judgement of_later[] = {
	{ "A6", DOCUMENT_RIGHT,
	  "fewer with a large RTT, 13 for a first RTO of 1 s: the timeout "
	  "starts from TCP_RTO_MIN, tcp_model_timeout()" },
	{ "A16", DOCUMENT_CONDITIONAL,
	  "later where the timeout passes soon after an expiry, because another "
	  "long interval follows: retransmits_timed_out(); by default and with "
	  "HZ 250 after 976 s for a first RTO of 1 s, 938 s for 0.204 s" },
	{ .claim = NULL },
};

#define FEW .settings = SYSCTLS({ "client", "net.ipv4.tcp_retries2", RETRIES2 })

CASE(server_host_crash_large_rtt) = {
	.name = "server-host-crash-large-rtt",
	.claim = "server host crashes, client sends over a long path: fewer "
		 "retransmissions, and the end sooner or later by arithmetic",
	.judgements = CLAIMS(
		{ "A6", DOCUMENT_CONDITIONAL,
		  "15 RTO retransmissions for a first RTO up to 0.38 s (HZ "
		  "250), tcp_model_timeout(); but 16 retransmissions in all, "
		  "because tcp_send_loss_probe() adds one" }),
	.why = "the RTO follows the RTT, and the timeout does not",
	.sources = "RFC 6298; net/ipv4/tcp_input.c:tcp_rtt_estimator(); "
		   "net/ipv4/tcp_timer.c:tcp_model_timeout(), "
		   "retransmits_timed_out()",
	.steps = STEPS("a connection over a path with one of several RTTs",
		       "the server host crashes", "the client sends 100 bytes"),
	.expect = "with tcp_retries2 = 4: 4 retransmissions and the end after "
		  "9 s for a first RTO of 0.26 s, 3 and 7 s for 0.46 s, 3 and "
		  "12 s for 0.72 s; at the kernel's defaults 15 retransmissions "
		  "for 0.204 s, 14 and a sooner end for 0.388 s, 13 and a "
		  "sooner end for 0.8 s, 13 and a later end for 1 s (HZ 250)",
	.shows = SHOWS("outcome", "elapsed_s", "rto_retransmissions",
		       "rto_retransmissions_15"),
	.world = &world_pair,
	.variants = VARIANTS(
		{ "rtt=60ms",
		  "an RTT of 60 ms and a first RTO of 0.26 s, with "
		  "tcp_retries2 of 4: four RTO retransmissions and the end "
		  "after 9 s, the short path for comparison",
		  .value = SHORT_MS, FEW, .duration = SEC(9) },
		{ "rtt=152ms",
		  "an RTT of 152 ms and a first RTO of 0.46 s, with "
		  "tcp_retries2 of 4: three RTO retransmissions just suffice, "
		  "and the end comes sooner, after 7 s",
		  .value = SOONER_MS, FEW, .duration = SEC(8),
		  .judgements = of_sooner },
		{ "rtt=240ms",
		  "an RTT of 240 ms and a first RTO of 0.72 s, with "
		  "tcp_retries2 of 4: three RTO retransmissions and a long last "
		  "interval, and the end comes later, after 12 s",
		  .value = LATER_MS, FEW, .duration = SEC(12),
		  .judgements = of_later },
		{ "defaults",
		  "a path without delay, at the kernel's default values: 15 "
		  "RTO retransmissions and the end after 938 s at HZ 250, the "
		  "short path for comparison",
		  .value = DEFAULT_SHORT_MS, .defaults = true,
		  .duration = SEC(940) },
		{ "rtt=129ms-defaults",
		  "an RTT of 129 ms and a first RTO of 0.388 s, at the "
		  "kernel's default values: 14 RTO retransmissions and the end "
		  "sooner, after 927 s at HZ 250",
		  .value = SOONER_14_MS, .defaults = true, .duration = SEC(930),
		  .judgements = of_sooner },
		{ "rtt=266ms-defaults",
		  "an RTT of 266 ms and a first RTO of 0.8 s, at the kernel's "
		  "default values: 13 RTO retransmissions and the end a little "
		  "sooner, after 935 s at HZ 250",
		  .value = SOONER_13_MS, .defaults = true, .duration = SEC(940),
		  .judgements = of_sooner },
		{ "rtt=333ms-defaults",
		  "an RTT of 333 ms and a first RTO of 1 s, at the kernel's "
		  "default values: 13 RTO retransmissions and the end later, "
		  "after 976 s at HZ 250",
		  .value = LATER_13_MS, .defaults = true, .duration = SEC(980),
		  .judgements = of_later }),
	.duration = SEC(12),
	.script = script,
};
