/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The last ACK of a close is lost. The server, in LAST-ACK, retransmits its
 * FIN: first as a tail loss probe, then at each RTO. For the client in
 * TIME-WAIT that FIN is below the expected sequence number. To any such segment
 * with an ACK tcp_timewait_state_process() answers, and restarts the TIME-WAIT
 * timer for the whole 60 s, so TIME-WAIT counts from the last FIN. (The answer
 * is not rate-limited: tcp_oow_rate_limited() ignores segments that occupy
 * sequence space, as a FIN does.)
 *
 * The time from the lost ACK to the next FIN depends on the RTO, and so on the
 * RTT, not on the lifetime of segments: here some 0.2 s. The 60 s are meant to
 * suffice for a few retransmissions; the comment in __inet_twsk_schedule()
 * derives 3.5 RTO. They do not always suffice: see last-ack-always-lost.
 *
 * The control is a second connection, whose last ACK arrives: no FIN is
 * retransmitted, and the timer is not restarted.
 */
#include "case.h"

enum { TIME_WAIT = 60 }; /* TCP_TIMEWAIT_LEN */

#define LAST_ACK FROM("client"), KIND(WIRE_PURE_ACK)
#define FIN_RETRANSMISSION FROM("server"), KIND(WIRE_RETRANSMISSION)

/* The client's half of the close: it waits for the server's FIN. */
static void half_close(struct run *run, struct sock *client,
		       struct sock *server)
{
	struct mark closed = mark_now(run);

	sock_close(client);
	expect_state_within(client, DIAG_FIN_WAIT2, soon);
	expect_state(server, DIAG_CLOSE_WAIT);
	expect_frames(run, closed, "ACKs from the server",
		      FRAMES(FROM("server"), KIND(WIRE_PURE_ACK)), 1);
}

/* The nth FIN retransmission is acknowledged, and TIME-WAIT restarts. */
static struct mark expect_fin_again(struct run *run, struct pair *tcp,
				    struct mark closed, unsigned int nth,
				    const struct predict_round *round)
{
	struct mark fin = expect_frame(run, closed, "FIN retransmission",
				       FRAMES(FIN_RETRANSMISSION), nth,
				       round->at);

	expect_frame(run, fin, "ACK in reply to the FIN", FRAMES(LAST_ACK), 1,
		     at_once);
	mark_done(run, &fin);
	expect_timer_armed(tcp->client, DIAG_TIMER_TIME_WAIT, "time_wait_s",
			   fin, SEC(TIME_WAIT));
	return fin;
}

/* Returns the moment of the last FIN. */
static struct mark lose_last_acks(struct run *run, struct pair *tcp)
{
	unsigned int lost = (unsigned int)run_value(run);
	struct prediction *forecast;
	struct mark closed, fin;

	half_close(run, tcp->client, tcp->server);
	forecast = forecast_orphan(tcp->server);
	fault_drop(run, FRAMES(LAST_ACK, .count = lost));
	fin = closed = mark_now(run);
	sock_close(tcp->server);
	expect_state_within(tcp->client, DIAG_TIME_WAIT, soon);
	mark_done(run, &closed);
	expect_timer_armed(tcp->client, DIAG_TIMER_TIME_WAIT,
			   "first_time_wait_s", closed, SEC(TIME_WAIT));
	for (unsigned int i = 0; i < lost; i++) {
		expect_state(tcp->server, DIAG_LAST_ACK);
		fin = expect_fin_again(run, tcp, closed, i + 1,
				       &forecast->rounds[i]);
	}
	expect_state_within(tcp->server, DIAG_CLOSE, soon);
	expect_frames(run, closed, "FIN retransmissions",
		      FRAMES(FIN_RETRANSMISSION), lost);
	run_predicted(run, "elapsed_s",
		      nsec_seconds(forecast->rounds[0].at.min));
	run_predicted(run, "elapsed_max_s",
		      nsec_seconds(forecast->rounds[0].at.max));
	return fin;
}

/* From the lost ACK of the first FIN to the second FIN. */
static void expect_shorter_than_msl(struct run *run, struct mark since)
{
	const struct wire_capture *ack =
		frames_nth(run, since, FRAMES(LAST_ACK), 1);
	const struct wire_capture *fin =
		frames_nth(run, since, FRAMES(FIN_RETRANSMISSION), 1);

	if (!ack || !fin)
		return;
	run_measured(run, "elapsed_s", nsec_seconds(fin->at - ack->at));
	run_note(run,
		 "from the lost ACK to the FIN retransmission: %.3f s; two MSL "
		 "are %d s",
		 nsec_seconds(fin->at - ack->at), TIME_WAIT);
	expect_that(run, fin->at - ack->at < SEC(TIME_WAIT) / 2,
		    "less than one MSL passes from the lost ACK to the FIN "
		    "retransmission",
		    "%.3f s", nsec_seconds(fin->at - ack->at));
}

static void expect_counts(struct run *run, struct mark begun)
{
	int64_t probes = counter_change(run, "server", "TCPLossProbes");
	int64_t timeouts = counter_change(run, "server", "TCPTimeouts");

	expect_that(
		run, probes + timeouts == run_value(run),
		"the server's kernel counts one timer per FIN retransmission",
		"%ld tail loss probes, %ld timeouts", (long)probes,
		(long)timeouts);
	expect_counter(run, "client", "TCPACKSkippedTimeWait", 0);
	expect_frames(run, begun, "RSTs", FRAMES(KIND(WIRE_RST)), 0);
}

/* The control: the ACK arrives, and the timer is not restarted. */
static void lose_nothing(struct run *run, struct sock *client,
			 struct sock *server)
{
	struct mark closed;

	half_close(run, client, server);
	closed = mark_now(run);
	sock_close(server);
	expect_state_within(server, DIAG_CLOSE, soon);
	mark_done(run, &closed);
	run_pass_until(run, closed, MSEC(500));
	expect_frames(run, closed, "segments: FIN and ACK",
		      FRAMES(KIND(WIRE_TCP)), 2);
	expect_timer_armed(client, DIAG_TIMER_TIME_WAIT,
			   "time_wait_of_control_s", closed, SEC(TIME_WAIT));
}

static void expect_time_wait_ends(struct run *run, struct sock *client,
				  struct mark fin)
{
	nsec_t lasted =
		expect_lifetime(client, DIAG_TIME_WAIT, fin,
				predict_timer(SEC(TIME_WAIT), nsec_hz()));

	run_measured(run, "from_last_fin_s", nsec_seconds(lasted));
}

static void script(struct run *run)
{
	struct pair tcp = sock_pair(run);
	struct sock *other = sock_connect(tcp.client_probe, tcp.listener);
	struct sock *other_end = sock_accept(tcp.listener);
	struct mark begun, fin;

	begun = mark_now(run);
	fin = lose_last_acks(run, &tcp);
	expect_shorter_than_msl(run, begun);
	expect_counts(run, begun);
	if (run_is_variant(run, "defaults"))
		expect_time_wait_ends(run, tcp.client, fin);
	else
		lose_nothing(run, other, other_end);
}

CASE(last_ack_lost) = {
	.name = "last-ack-lost",
	.claim = "the last ACK is lost: the FIN is retransmitted, TIME-WAIT "
		 "answers it and restarts",
	.judgements = CLAIMS(
		{ "C7", DOCUMENT_RIGHT,
		  "the server's FIN is retransmitted (tcp_send_loss_probe(), "
		  "tcp_retransmit_timer()), and tcp_timewait_state_process() "
		  "answers: the server's end closes" },
		{ "C18", DOCUMENT_CONDITIONAL,
		  "as the worst case, in which both segments take a whole MSL. "
		  "Measured, the next FIN comes after one timeout of the "
		  "server, 0.2 s here (tcp_schedule_loss_probe(), "
		  "tcp_rearm_rto()), and TIME-WAIT starts again from it: "
		  "tcp_timewait_state_process()" }),
	.why = "an end in LAST-ACK has an unacknowledged FIN, and so a "
	       "retransmission timer; the end in TIME-WAIT is there to answer "
	       "it",
	.sources = "RFC 9293 3.6, 3.10.7.4; "
		   "net/ipv4/tcp_minisocks.c:tcp_timewait_state_process(); "
		   "net/ipv4/inet_timewait_sock.c:__inet_twsk_schedule()",
	.steps = STEPS("two idle connections",
		       "the first one: the client closes, then the server; the "
		       "wire drops the client's last ACK once, three times or "
		       "(defaults) five times",
		       "the second one, the control: the same without loss"),
	.expect = "FIN retransmissions after the tail loss probe's timeout and "
		  "after each RTO; an ACK for each; a timer of 60 s from each; "
		  "no socket at the server; control: one FIN, and the timer "
		  "runs from it",
	.shows = SHOWS("elapsed_s", "time_wait_s", "server_state"),
	.world = &world_pair,
	/* .value: the number of ACKs that are lost */
	.variants = VARIANTS(
		{ "tail-loss-probe",
		  "one ACK is lost, and the server retransmits its FIN as a "
		  "tail loss probe",
		  .value = 1 },
		{ "no-tail-loss-probe",
		  "one ACK is lost, and tcp_early_retrans is 0 at the server, "
		  "which retransmits its FIN when the RTO expires",
		  .value = 1,
		  .settings = SYSCTLS({ "server", "net.ipv4.tcp_early_retrans",
					0 }) },
		{ "three-lost",
		  "three ACKs are lost: the server retransmits its FIN as a "
		  "tail loss probe and after two RTOs, and TIME-WAIT starts "
		  "again each time",
		  .value = 3, .duration = SEC(2) },
		{ "defaults",
		  "five ACKs are lost, and the run waits until TIME-WAIT ends, "
		  "60 s after the last FIN",
		  .value = 5, .defaults = true,
		  .duration = SEC(TIME_WAIT + 7) }),
	.duration = SEC(1),
	.script = script,
};
