/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Intervals of 2, 4 and 8 seconds belong to a connection whose first RTO is 2
 * seconds. As long as there is only one RTT sample, the RTO is three times the
 * RTT (tcp_rtt_estimator() uses half of it as the variance, and
 * __tcp_set_rto() adds four times that): so the path takes two thirds of a
 * second there and back, or the host's smallest RTO, tcp_rto_min_us, is that
 * large. On a LAN the first RTO is 0.2 s.
 *
 * The timeout depends on neither: tcp_model_timeout() starts from TCP_RTO_MIN.
 * For tcp_retries2 = 4 it is 6.2 s, and the connection ends after two
 * retransmissions, before the count is reached. But it does not end after 6.2
 * s. The time is compared only when a timer fires: the 4 s of the second
 * interval are less, and the 12 s of the second and the third are more. So the
 * end comes after 14 s, long after the timeout, whatever it is counted from.
 *
 * The tail loss probe is off, because it would come first and is no RTO
 * retransmission.
 */
#include "case.h"

enum { RETRIES2 = 4, RTO_S = 2, BYTES = 100 };

/* One way, and in microseconds. */
enum { DELAY_MS = 333, RTO_MIN_US = 1999000 };

#define RETRANSMISSIONS FRAMES(FROM("server"), KIND(WIRE_RETRANSMISSION))

/* Two seconds, plus what this machine added to the RTT. */
static void expect_first_rto(struct run *run, struct predict_tcp tcp)
{
	nsec_t jiffy = predict_nsec(1, tcp.hz), rto = tcp.rto;

	tcp.rto = 0; /* to be computed from the RTT */
	expect_span(run, "the first RTO", rto,
		    (struct range){ SEC(RTO_S) - MSEC(2),
				    predict_rto(&tcp) + jiffy });
}

/* Waits until the timeout has passed since the first retransmission, and so
 * since the first transmission, too. */
static void expect_timeout_exceeded(struct run *run, struct sock *server,
				    struct mark sent,
				    const struct prediction *p)
{
	nsec_t last = p->rounds[p->n_rounds - 2].at.max;
	struct diag_socket seen;

	run_pass_until(run, sent, p->rounds[0].at.max + p->timeout + soon);
	expect_that(run, last < nsec_now() - sent.at,
		    "the last retransmission has been sent", "%.3f s ago",
		    nsec_seconds(nsec_now() - sent.at - last));
	sock_look(server, &seen);
	expect_that(run,
		    seen.state == DIAG_ESTABLISHED &&
			    seen.timer == DIAG_TIMER_RETRANSMIT,
		    "the timeout of 6.2 s has passed, and the server still "
		    "waits for its retransmission timer",
		    "%s, timer %s, %.3f s left", diag_state_text(seen.state),
		    diag_timer_text(seen.timer), nsec_seconds(seen.expires));
}

static void script(struct run *run)
{
	struct predict_tcp inputs;
	const struct prediction *p;
	struct finding got;
	struct mark sent;
	struct pair tcp;

	path_delay(run, "client", MSEC(run_value(run)));
	tcp = sock_pair(run);
	inputs = forecast_inputs(tcp.server);
	expect_first_rto(run, inputs);
	p = forecast_give_up(tcp.server);
	run_predicted_count(run, "rounds_by_count", inputs.retries2);
	run_predicted(run, "timeout_s", nsec_seconds(p->timeout));
	sock_post_recv(tcp.server);

	fault_unplug(run, "client");
	sent = mark_now(run);
	sock_send(tcp.server, BYTES);
	mark_done(run, &sent);
	run_pass_until(run, sent, p->rounds[0].at.max + soon);
	if (!expect_frames(run, sent, "retransmissions so far", RETRANSMISSIONS,
			   1))
		return;
	expect_timeout_exceeded(run, tcp.server, sent, p);
	got = sock_reap(tcp.server, p->elapsed.max + soon);
	expect_gives_up(&got, sent, p);
	expect_that(run, p->retransmissions_max < inputs.retries2,
		    "the count is not reached", "%u of %u retransmissions",
		    p->retransmissions_max, inputs.retries2);
	expect_state(tcp.server, DIAG_CLOSE);
	expect_state(tcp.client, DIAG_ESTABLISHED);
}

CASE(unplug_data_rto_2s) = {
	.name = "unplug-data-rto-2s",
	.claim =
		"cable pulled, server sends with a first RTO of 2 s: intervals "
		"of 2, 4 and 8 s, ended by time before the count is reached",
	.judgements = CLAIMS(
		{ "D6", DOCUMENT_CONDITIONAL,
		  "2, 4 and 8 s need a first RTO of 2 s, so an RTT of 0.67 s "
		  "(tcp_rtt_estimator()) or a tcp_rto_min_us; with one near "
		  "200 ms as many retransmissions as tcp_retries2 says are "
		  "sent before the computed time is over" },
		{ "D7", DOCUMENT_CONDITIONAL,
		  "the computed time decides, but the end comes later: after "
		  "14 s for 6.2 s, because tcp_write_timeout() compares only "
		  "when the timer fires" }),
	.why = "the intervals follow the RTT or tcp_rto_min_us, the timeout "
	       "does not; it is compared only when the timer fires",
	.sources = "RFC 6298 2.2, 2.4; net/ipv4/tcp_input.c:"
		   "tcp_rtt_estimator(); net/ipv4/tcp_timer.c:"
		   "tcp_model_timeout(), tcp_write_timeout()",
	.steps = STEPS("a connection over a path with an RTT of 0.67 s; or the "
		       "server's tcp_rto_min_us is 2 s",
		       "the client's cable is pulled, and the server sends",
		       "when 6.2 s have passed since the first retransmission, "
		       "the server's state and timer are read"),
	.expect = "retransmissions 2 and 6 s after the data, and ETIMEDOUT "
		  "after 14 s: two retransmissions, where the count would "
		  "allow four",
	.shows = SHOWS("outcome", "elapsed_s", "rto_retransmissions", "rto_1_s",
		       "rto_2_s", "timeout_s", "rounds_by_count"),
	.world = &world_pair,
	.settings = SYSCTLS({ "server", "net.ipv4.tcp_retries2", RETRIES2 },
			    { "server", "net.ipv4.tcp_early_retrans", 0 }),
	.variants = VARIANTS(
		{ "large-rtt",
		  "the path has an RTT of 0.67 s, three times which is the "
		  "first RTO of 2 s",
		  .value = DELAY_MS, .duration = MSEC(14700), .slow = true },
		{ "rto-min",
		  "the path has no delay, and tcp_rto_min_us at the server is "
		  "1.999 s, which makes a first RTO of 2 s",
		  SYSCTLS({ "server", "net.ipv4.tcp_rto_min_us",
			    RTO_MIN_US }) }),
	.changes = CHANGES(CHANGE_RTO_MIN),
	.duration = SEC(14),
	.script = script,
};
