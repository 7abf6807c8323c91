/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The client has sent its FIN, and the server goes on. Whether anybody listens
 * is not in the FIN: it says only that the client has no more to send.
 *
 * After shutdown(SHUT_WR) the client's process holds the socket and reads. No
 * timer runs in FIN-WAIT-2, so the server may take longer than tcp_fin_timeout.
 *
 * After close() there is nobody. What the orphan has become by the time at
 * which the data comes makes no difference to the server, only to the counters:
 * in FIN-WAIT-1, where the data itself carries the ACK of the FIN,
 * tcp_rcv_state_process() ends it (TCPAbortOnData); in FIN-WAIT-2 it is a small
 * socket, and tcp_timewait_state_process() says TCP_TW_RST. RST, both times,
 * and the server, in CLOSE-WAIT, has EPIPE: tcp_reset().
 */
#include "case.h"

enum { FIN_TIMEOUT = 1, PIECES = 3, PIECE = 1000, PAUSE_MS = 700 };
enum { ATO_MS = 40, ASKED = 100 };
enum { SHUTS_DOWN, CLOSES, CLOSES_AT_ONCE };

static const nsec_t soon = MSEC(500);

static void sends_on(struct run *run, struct pair *tcp, struct mark closed)
{
	struct finding got;

	for (int i = 1; i <= PIECES; i++) {
		run_pass_until(run, closed, MSEC(i * PAUSE_MS));
		sock_send(tcp->server, PIECE);
		got = sock_recv(tcp->client, soon);
		expect_data(&got, PIECE);
		expect_state(tcp->client, DIAG_FIN_WAIT2);
		expect_timer(tcp->client, DIAG_TIMER_NONE);
	}
	sock_close(tcp->server);
	got = sock_recv(tcp->client, soon);
	expect_eof(&got);
	expect_state_within(tcp->client, DIAG_TIME_WAIT, soon);
	expect_state_within(tcp->server, DIAG_CLOSE, soon);
	expect_frames(run, closed, "RST", FRAMES(KIND(WIRE_RST)), 0);
	expect_that(run, mark_now(run).at - closed.at > SEC(FIN_TIMEOUT),
		    "the server took longer than tcp_fin_timeout", "%.3f s",
		    nsec_seconds(mark_now(run).at - closed.at));
}

/* send() itself knows nothing of it: the data has to meet the RST first. */
static void meets_reset(struct run *run, struct pair *tcp)
{
	struct mark sent = mark_now(run);
	struct finding got = sock_send(tcp->server, PIECE);

	expect_that(run, got.value == PIECE, "the first send() succeeds", "%s",
		    finding_outcome(&got));
	expect_state_within(tcp->server, DIAG_CLOSE, soon);
	expect_state(tcp->client, DIAG_CLOSE);
	expect_frames(run, sent, "data", FRAMES(KIND(WIRE_DATA)), 1);
	expect_frames(run, sent, "RST in answer",
		      FRAMES(FROM("client"), KIND(WIRE_RST)), 1);
	got = sock_send(tcp->server, PIECE);
	expect_error(&got, EPIPE);
	expect_counter(run, "client", "TCPAbortOnData",
		       run_value(run) == CLOSES_AT_ONCE);
}

/* The server has had data, so that it acknowledges the FIN only after 40 ms. */
static void ask(struct run *run, struct pair *tcp)
{
	struct mark asked = mark_now(run);

	sock_send(tcp->client, ASKED);
	sock_recv(tcp->server, soon);
	frames_wait(run, asked, FRAMES(FROM("server"), KIND(WIRE_PURE_ACK)), 1,
		    soon);
}

static void script(struct run *run)
{
	struct pair tcp = sock_pair(run);
	struct mark closed;

	ask(run, &tcp);
	closed = mark_now(run);
	if (run_value(run) == SHUTS_DOWN)
		sock_shutdown(tcp.client, SHUT_WR);
	else
		sock_close(tcp.client);
	expect_state_within(tcp.server, DIAG_CLOSE_WAIT, soon);
	if (run_value(run) == CLOSES_AT_ONCE) {
		expect_state(tcp.client, DIAG_FIN_WAIT1);
		expect_span(run, "the server sends before its delayed ACK",
			    mark_now(run).at - closed.at,
			    (struct range){ 0, MSEC(ATO_MS) });
	} else {
		expect_state_within(tcp.client, DIAG_FIN_WAIT2, soon);
	}
	if (run_value(run) == SHUTS_DOWN)
		sends_on(run, &tcp, closed);
	else
		meets_reset(run, &tcp);
}

static const struct judgement of_shutdown[] = {
	{ "C17", DOCUMENT_RIGHT,
	  "who called shutdown() still reads, for as long as it takes: "
	  "tcp_rcv_state_process() queues data in FIN-WAIT-2" },
	{ .claim = NULL },
};

CASE(half_close_data) = {
	.name = "half-close-data",
	.claim = "the client has sent FIN, the server goes on sending: taken "
		 "after shutdown(), met by RST after close()",
	.judgements = CLAIMS(
		{ "C17", DOCUMENT_CONDITIONAL,
		  "the server may go on only if the client's program called "
		  "shutdown(); after close() data meets RST: "
		  "tcp_timewait_state_process(), tcp_rcv_state_process()" }),
	.why = "FIN says that no more is sent, not that no more is read; only "
	       "the client's kernel knows whether anybody is left to read",
	.sources = "RFC 9293 3.6; RFC 1122 4.2.2.13; net/ipv4/tcp_input.c:"
		   "tcp_rcv_state_process(); net/ipv4/tcp_minisocks.c:"
		   "tcp_timewait_state_process()",
	.steps = STEPS("a connection on which the server has received 100 "
		       "bytes; tcp_fin_timeout is 1 s",
		       "the client shuts its side down, or closes",
		       "after shutdown() the server sends three times in 2.1 "
		       "s, and closes",
		       "after close() it sends when the FIN is acknowledged, "
		       "or so soon that its data carries the ACK"),
	.expect = "every byte is read, and the client stays in FIN-WAIT-2 "
		  "without a timer; after close() RST, and EPIPE for the "
		  "second send()",
	.world = &world_pair,
	.settings = SYSCTLS({ "client", "net.ipv4.tcp_fin_timeout",
			      FIN_TIMEOUT }),
	.variants = VARIANTS({ "shutdown", .value = SHUTS_DOWN,
			       .judgements = of_shutdown,
			       .duration = MSEC(PIECES * PAUSE_MS) },
			     { "close", .value = CLOSES },
			     { "close-data-at-once", .value = CLOSES_AT_ONCE }),
	.duration = MSEC(50),
	.no_fault = true,
	.script = script,
};
