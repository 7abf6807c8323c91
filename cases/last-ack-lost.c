/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The last ACK of a close is lost. The server, in LAST-ACK, cannot know, and
 * sends its FIN again: first as a tail loss probe, then at each RTO. To the
 * client in TIME-WAIT that FIN is below what it expects, and for any such
 * segment that has an ACK tcp_timewait_state_process() does two things: it
 * answers, and it arms the timer of TIME-WAIT anew, for the whole 60 s. So
 * TIME-WAIT is counted from the last FIN, not from the first. (The answer is
 * not rate-limited: tcp_oow_rate_limited() lets a segment pass that takes
 * sequence space, as a FIN does.)
 *
 * How long is it from the ACK that is lost to the FIN that tells of it? The RTO
 * decides, with the RTT in it, and no lifetime of segments: here some 0.2 s.
 * The 60 s are a number that was chosen to be enough for a few of these; the
 * kernel's own comment in __inet_twsk_schedule() would have 3.5 RTO. It is not
 * always enough: last-ack-always-lost has the end of that.
 *
 * The control is a second connection, whose last ACK arrives: nothing is sent
 * again, and the timer runs on.
 */
#include "case.h"

enum { TIME_WAIT = 60 }; /* TCP_TIMEWAIT_LEN */
enum { ONE = 1, THREE = 3, FIVE = 5 }; /* ACKs that are lost */

static const nsec_t soon = MSEC(500);

#define LAST_ACK FROM("client"), KIND(WIRE_PURE_ACK)
#define FIN_AGAIN FROM("server"), KIND(WIRE_RETRANSMISSION)

/* Up to the server's FIN: the client waits for it. */
static void half_close(struct run *run, struct sock *client,
		       struct sock *server)
{
	struct mark closed = mark_now(run);

	sock_close(client);
	expect_state_within(client, DIAG_FIN_WAIT2, soon);
	expect_state(server, DIAG_CLOSE_WAIT);
	expect_frames(run, closed, "the server's ACK",
		      FRAMES(FROM("server"), KIND(WIRE_PURE_ACK)), 1);
}

/* The FIN comes again, is answered, and TIME-WAIT starts anew. */
static struct mark expect_again(struct run *run, struct pair *tcp,
				struct mark closed, unsigned int nth,
				const struct predict_round *round)
{
	struct mark fin = expect_frame(run, closed, "FIN again",
				       FRAMES(FIN_AGAIN), nth, round->at);

	expect_frame(run, fin, "its answer", FRAMES(LAST_ACK), 1, at_once);
	mark_done(run, &fin);
	expect_timer_armed(tcp->client, DIAG_TIMER_TIME_WAIT, "time_wait_s",
			   fin, SEC(TIME_WAIT));
	return fin;
}

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
		fin = expect_again(run, tcp, closed, i + 1,
				   &forecast->rounds[i]);
	}
	expect_state_within(tcp->server, DIAG_CLOSE, soon);
	expect_frames(run, closed, "FINs that came again", FRAMES(FIN_AGAIN),
		      lost);
	run_predicted(run, "elapsed_s",
		      nsec_seconds(forecast->rounds[0].at.min));
	run_predicted(run, "elapsed_max_s",
		      nsec_seconds(forecast->rounds[0].at.max));
	return fin;
}

/* From the first FIN, whose ACK is lost at once, to the second. */
static void tell_there_and_back(struct run *run, struct mark since)
{
	const struct wire_capture *first =
		frames_nth(run, since, FRAMES(LAST_ACK), 1);
	const struct wire_capture *again =
		frames_nth(run, since, FRAMES(FIN_AGAIN), 1);

	if (!first || !again)
		return;
	run_measured(run, "elapsed_s", nsec_seconds(again->at - first->at));
	run_note(run,
		 "from the lost ACK to the FIN that came again: %.3f s; "
		 "two MSL would be %d s",
		 nsec_seconds(again->at - first->at), TIME_WAIT);
	expect_that(run, again->at - first->at < SEC(TIME_WAIT) / 2,
		    "not even one MSL has passed", "%.3f s",
		    nsec_seconds(again->at - first->at));
}

static void expect_counts(struct run *run, struct mark begun)
{
	int64_t probes = counter_change(run, "server", "TCPLossProbes");
	int64_t rounds = counter_change(run, "server", "TCPTimeouts");

	expect_that(run, probes + rounds == run_value(run),
		    "the server's kernel counts as many",
		    "%ld tail loss probes, %ld time-outs", (long)probes,
		    (long)rounds);
	expect_counter(run, "client", "TCPACKSkippedTimeWait", 0);
	expect_frames(run, begun, "RST", FRAMES(KIND(WIRE_RST)), 0);
}

/* The control: nothing is lost, and the timer is not touched any more. */
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
	expect_frames(run, closed, "FIN and ACK, and nothing else",
		      FRAMES(KIND(WIRE_TCP)), 2);
	expect_timer_armed(client, DIAG_TIMER_TIME_WAIT,
			   "time_wait_of_control_s", closed, SEC(TIME_WAIT));
}

static void expect_end(struct run *run, struct sock *client, struct mark fin)
{
	struct range range = predict_timer(SEC(TIME_WAIT), nsec_hz());
	nsec_t lasted;

	run_pass_until(run, fin, range.min - MSEC(50));
	expect_state(client, DIAG_TIME_WAIT);
	expect_state_within(client, DIAG_CLOSE, range.max);
	lasted = mark_now(run).at - fin.at;
	range.max += fin.done - fin.at;
	run_measured(run, "from_last_fin_s", nsec_seconds(lasted));
	expect_span(run, "TIME-WAIT lasted, from the last FIN", lasted, range);
}

static void script(struct run *run)
{
	struct pair tcp = sock_pair(run);
	struct sock *other = sock_connect(tcp.client_probe, tcp.listener);
	struct sock *other_end = sock_accept(tcp.listener);
	struct mark begun, fin;

	begun = mark_now(run);
	fin = lose_last_acks(run, &tcp);
	tell_there_and_back(run, begun);
	expect_counts(run, begun);
	if (run_is_variant(run, "defaults"))
		expect_end(run, tcp.client, fin);
	else
		lose_nothing(run, other, other_end);
}

CASE(last_ack_lost) = {
	.name = "last-ack-lost",
	.claim = "the last ACK is lost: the FIN comes again, TIME-WAIT answers "
		 "it and starts anew",
	.judgements = CLAIMS(
		{ "C7", DOCUMENT_RIGHT,
		  "the server's FIN is sent again (tcp_send_loss_probe(), "
		  "tcp_retransmit_timer()), and tcp_timewait_state_process() "
		  "answers: the server is closed" },
		{ "C18", DOCUMENT_WRONG,
		  "from the lost ACK to the next FIN is one time-out of the "
		  "server's, by its RTT (tcp_schedule_loss_probe(), "
		  "tcp_rearm_rto()), 0.2 s here and no two MSL; and "
		  "tcp_timewait_state_process() arms all 60 s anew then" }),
	.why = "who is in LAST-ACK has an unacknowledged FIN, and a timer; who "
	       "is in TIME-WAIT is there to answer it",
	.sources =
		"RFC 9293 3.6, 3.10.7.4; net/ipv4/tcp_minisocks.c:"
		"tcp_timewait_state_process(); net/ipv4/inet_timewait_sock.c:"
		"__inet_twsk_schedule()",
	.steps = STEPS("two connections, idle",
		       "the first: the client closes, then the server; the "
		       "wire loses the client's last ACK, once or three times",
		       "the second: the same, and nothing is lost"),
	.expect = "the FIN again after the tail loss probe's time-out, and "
		  "after each RTO; an ACK for each; a timer of 60 s from each; "
		  "no socket at the server; on the second connection no "
		  "second FIN, and the timer of the first",
	.world = &world_pair,
	.variants = VARIANTS(
		{ "tail-loss-probe", .value = ONE },
		{ "no-tail-loss-probe", .value = ONE,
		  .settings = SYSCTLS({ "server", "net.ipv4.tcp_early_retrans",
					0 }) },
		{ "three-lost", .value = THREE, .duration = SEC(2) },
		{ "defaults", .value = FIVE, .defaults = true,
		  .duration = SEC(TIME_WAIT + 7) }),
	.duration = SEC(1),
	.script = script,
};
