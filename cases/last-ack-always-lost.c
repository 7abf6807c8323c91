/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every last ACK is lost. The server's FIN is sent again and again, each one is
 * answered by TIME-WAIT, which starts anew each time, and no answer arrives.
 * How does it end?
 *
 * After close() the server is an orphan, and tcp_write_timeout() asks
 * tcp_orphan_retries() how long: at the kernel's own values eight retries, some
 * 105 s. The orphan goes without a RST and without anybody who is told.
 * TIME-WAIT outlives it, by 60 s from the last FIN.
 *
 * While a process holds the socket, in LAST-ACK after shutdown(), tcp_retries2
 * is asked, and the end is ETIMEDOUT. At the kernel's own values it does not
 * come to that: the time between two FINs is doubled, and between the 51 s and
 * the 103 s TIME-WAIT, with its 60 s, has ended. The next FIN meets RST:
 * ECONNRESET after some 210 s. TIME-WAIT is as long as it takes to lose so many
 * ACKs, and no longer.
 */
#include "case.h"

enum { TIME_WAIT = 60, ORPHAN_RETRIES = 2, RETRIES2 = 2 };
enum { CLOSES, HOLDS };

static const nsec_t soon = MSEC(500);

#define FIN_AGAIN FROM("server"), KIND(WIRE_RETRANSMISSION)

static void half_close(struct pair *tcp)
{
	sock_close(tcp->client);
	expect_state_within(tcp->client, DIAG_FIN_WAIT2, soon);
	expect_state(tcp->server, DIAG_CLOSE_WAIT);
}

/* TIME-WAIT is counted from the last FIN, and so is still there. */
static void expect_time_wait(struct run *run, struct sock *client,
			     struct mark closed)
{
	unsigned int n = frames_count(run, closed, FRAMES(FIN_AGAIN));
	const struct wire_capture *fin =
		frames_nth(run, closed, FRAMES(FIN_AGAIN), n);
	struct mark last;

	expect_frames(run, closed, "answers, all lost",
		      FRAMES(FROM("client"), KIND(WIRE_PURE_ACK)), n + 1);
	if (!fin)
		return;
	last = (struct mark){ .at = fin->at };
	expect_timer_armed(client, DIAG_TIMER_TIME_WAIT, "time_wait_s", last,
			   SEC(TIME_WAIT));
}

/* No answer ever: the FIN's rounds, and their end. */
static void gives_up(struct run *run, struct pair *tcp, struct mark closed,
		     const struct prediction *forecast)
{
	struct range end = forecast->elapsed;
	nsec_t lasted;

	/* Asked from just before it can be gone: then asking is dense. */
	run_pass_until(run, closed, end.min - MSEC(50));
	expect_state(tcp->server, DIAG_LAST_ACK);
	expect_state_within(tcp->server, DIAG_CLOSE,
			    end.max - end.min + SEC(1));
	lasted = mark_now(run).at - closed.at;
	run_predicted(run, "elapsed_s", nsec_seconds(end.min));
	run_predicted(run, "elapsed_max_s", nsec_seconds(end.max));
	run_measured(run, "elapsed_s", nsec_seconds(lasted));
	end.max += closed.done - closed.at;
	expect_span(run, "LAST-ACK lasted", lasted, end);
	expect_rounds(tcp->server, closed, forecast);
	expect_frames(run, closed, "RST", FRAMES(KIND(WIRE_RST)), 0);
	expect_counter(run, "server", "TCPAbortOnTimeout", 1);
	if (run_value(run) == HOLDS)
		expect_pending_error(tcp->server, ETIMEDOUT);
}

/* The first round that TIME-WAIT does not live to see. */
static const struct predict_round *too_late(const struct prediction *forecast,
					    unsigned int *ret_nth)
{
	struct range time_wait = predict_timer(SEC(TIME_WAIT), nsec_hz());

	for (size_t i = 0; i < forecast->n_rounds; i++) {
		const struct predict_round *round = &forecast->rounds[i];

		if (round->kind == PREDICT_GIVE_UP)
			break;
		*ret_nth = (unsigned int)i + 1;
		if (round->interval > time_wait.max)
			return round;
	}
	return NULL;
}

/* TIME-WAIT ends before the next FIN; that one is answered by nobody. */
static void meets_reset(struct run *run, struct pair *tcp, struct mark closed,
			const struct predict_round *round, unsigned int nth)
{
	struct mark fin;

	run_predicted(run, "elapsed_s", nsec_seconds(round->at.min));
	run_predicted(run, "elapsed_max_s", nsec_seconds(round->at.max));
	fin = expect_frame(run, closed, "the FIN that is too late",
			   FRAMES(FIN_AGAIN), nth, round->at);
	run_measured(run, "elapsed_s", nsec_seconds(fin.at - closed.at));
	expect_frame(run, fin, "RST", FRAMES(FROM("client"), KIND(WIRE_RST)), 1,
		     at_once);
	expect_frames(run, closed, "RST, before and after",
		      FRAMES(KIND(WIRE_RST)), 1);
	expect_state(tcp->client, DIAG_CLOSE);
	expect_state_within(tcp->server, DIAG_CLOSE, soon);
	expect_pending_error(tcp->server, ECONNRESET);
}

static void script(struct run *run)
{
	struct pair tcp = sock_pair(run);
	bool holds = run_value(run) == HOLDS;
	const struct predict_round *late;
	struct prediction *forecast;
	struct mark closed;
	unsigned int nth;

	half_close(&tcp);
	forecast = holds ? forecast_give_up(tcp.server) :
			   forecast_orphan(tcp.server);
	late = too_late(forecast, &nth);
	fault_drop(run, FRAMES(FROM("client"), KIND(WIRE_PURE_ACK)));
	closed = mark_now(run);
	if (holds)
		sock_shutdown(tcp.server, SHUT_WR);
	else
		sock_close(tcp.server);
	mark_done(run, &closed);
	expect_state_within(tcp.client, DIAG_TIME_WAIT, soon);
	if (!expect_state(tcp.server, DIAG_LAST_ACK))
		return;
	if (late) {
		meets_reset(run, &tcp, closed, late, nth);
		return;
	}
	gives_up(run, &tcp, closed, forecast);
	expect_time_wait(run, tcp.client, closed);
}

static const struct judgement of_held[] = {
	{ "C19", DOCUMENT_RIGHT,
	  "a server that holds its socket gets ETIMEDOUT, by tcp_retries2: "
	  "tcp_write_timeout()" },
	{ .claim = NULL },
};

static const struct judgement of_held_defaults[] = {
	{ "C7", DOCUMENT_CONDITIONAL,
	  "TIME-WAIT sees to an orderly end only while the FINs come less than "
	  "TCP_TIMEWAIT_LEN apart: an RTO may be twice as long, TCP_RTO_MAX" },
	{ "C19", DOCUMENT_RIGHT,
	  "the FIN that comes over 100 s after the one before finds no "
	  "TIME-WAIT any more, and meets RST: TCP_TIMEWAIT_LEN is less than "
	  "TCP_RTO_MAX" },
	{ .claim = NULL },
};

CASE(last_ack_always_lost) = {
	.name = "last-ack-always-lost",
	.claim = "no last ACK ever arrives: the server gives up its FIN in the "
		 "end, in spite of TIME-WAIT",
	.judgements = CLAIMS(
		{ "C19", DOCUMENT_RIGHT,
		  "each FIN is answered in vain, and tcp_orphan_retries() ends "
		  "the server's end; TIME-WAIT could do no more" }),
	.why = "TIME-WAIT answers only what comes, and what it answers can be "
	       "lost as well",
	.sources = "RFC 9293 3.6; net/ipv4/tcp_timer.c:tcp_write_timeout(), "
		   "tcp_orphan_retries(); net/ipv4/tcp_minisocks.c:"
		   "tcp_timewait_state_process()",
	.steps = STEPS("a connection, idle",
		       "the client closes; the server's kernel has its FIN",
		       "the server closes, or shuts its side down and holds "
		       "the socket; the wire loses every ACK of the client's"),
	.expect = "the FIN's rounds as predicted, an answer to each, TIME-WAIT "
		  "counted from the last one; the orphan gone without a RST "
		  "after tcp_orphan_retries, the held socket with ETIMEDOUT "
		  "after tcp_retries2, or with ECONNRESET where TIME-WAIT ends "
		  "before the next FIN",
	.world = &world_pair,
	.variants = VARIANTS(
		{ "server-has-closed", .value = CLOSES,
		  .settings = SYSCTLS({ "server", "net.ipv4.tcp_orphan_retries",
					ORPHAN_RETRIES }) },
		{ "server-holds", .value = HOLDS, .judgements = of_held,
		  .settings = SYSCTLS({ "server", "net.ipv4.tcp_retries2",
					RETRIES2 }) },
		{ "defaults", .value = CLOSES, .defaults = true,
		  .duration = SEC(107) },
		{ "holds-defaults", .value = HOLDS, .defaults = true,
		  .duration = SEC(215), .judgements = of_held_defaults }),
	.duration = SEC(4),
	.script = script,
};
