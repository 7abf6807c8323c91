/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The client has sent FIN, and the server goes on sending. The FIN does not
 * show whether a process of the client still reads.
 *
 * After shutdown(SHUT_WR) the client's process holds the socket and reads. No
 * timer runs in FIN-WAIT-2, so the server may take longer than tcp_fin_timeout.
 *
 * After close() no process reads. If the orphan is still in FIN-WAIT-1 and the
 * data itself carries the ACK of the FIN, tcp_rcv_state_process() ends it
 * (TCPAbortOnData); if it is a timewait socket in FIN-WAIT-2,
 * tcp_timewait_state_process() returns TCP_TW_RST. The server receives RST in
 * both cases, and in CLOSE-WAIT tcp_reset() sets EPIPE.
 */
#include "case.h"

enum { FIN_TIMEOUT = 1, PIECES = 3, PIECE = 1000, PAUSE_MS = 700 };
enum { ATO_MS = 40, REQUEST = 100 };
enum { SHUTS_DOWN, CLOSES, CLOSES_AT_ONCE, CLOSES_LAST_DATA };

/* After data the server's kernel delays the ACK of the FIN by 40 ms. */
static void send_request(struct run *run, struct pair *tcp)
{
	struct mark asked = mark_now(run);

	sock_deliver(tcp->client, tcp->server, REQUEST);
	frames_wait(run, asked, FRAMES(FROM("server"), KIND(WIRE_PURE_ACK)), 1,
		    soon);
}

static void expect_data_is_read(struct run *run, struct pair *tcp,
				struct mark closed)
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
	expect_frames(run, closed, "RSTs", FRAMES(KIND(WIRE_RST)), 0);
	expect_that(run, mark_now(run).at - closed.at > SEC(FIN_TIMEOUT),
		    "the server takes longer than tcp_fin_timeout", "%.3f s",
		    nsec_seconds(mark_now(run).at - closed.at));
}

/* The first send() succeeds; its data is answered with RST. */
static void expect_data_is_reset(struct run *run, struct pair *tcp)
{
	struct mark sent = mark_now(run);
	struct finding got = sock_send(tcp->server, PIECE);

	expect_that(run, got.value == PIECE, "the first send() succeeds", "%s",
		    finding_outcome(&got));
	expect_state_within(tcp->server, DIAG_CLOSE, soon);
	expect_state(tcp->client, DIAG_CLOSE);
	expect_frames(run, sent, "data segments", FRAMES(KIND(WIRE_DATA)), 1);
	expect_frames(run, sent, "RSTs from the client",
		      FRAMES(FROM("client"), KIND(WIRE_RST)), 1);
	got = sock_send(tcp->server, PIECE);
	expect_error(&got, EPIPE);
	expect_counter(run, "client", "TCPAbortOnData",
		       run_value(run) == CLOSES_AT_ONCE);
}

/* TCP_CORK keeps the data until close() adds the FIN to it. */
static void expect_last_data_is_reset(struct run *run, struct pair *tcp)
{
	const struct wire_match *fin = FRAMES(FROM("server"), KIND(WIRE_FIN));
	struct mark sent;
	uint32_t length;

	sock_set(tcp->server, IPPROTO_TCP, TCP_CORK, 1);
	sock_send(tcp->server, PIECE);
	sent = mark_now(run);
	sock_close(tcp->server);
	length = frames_need(run, sent, fin)->frame.tcp.length;
	expect_that(run, length == PIECE,
		    "the data and the FIN are one segment", "%u bytes", length);
	expect_state_within(tcp->server, DIAG_CLOSE, soon);
	expect_state(tcp->client, DIAG_CLOSE);
	expect_frames(run, sent, "RSTs from the client",
		      FRAMES(FROM("client"), KIND(WIRE_RST)), 1);
}

static void script(struct run *run)
{
	struct pair tcp = sock_pair(run);
	struct mark closed;

	send_request(run, &tcp);
	closed = mark_now(run);
	if (run_value(run) == SHUTS_DOWN)
		sock_shutdown(tcp.client, SHUT_WR);
	else
		sock_close(tcp.client);
	expect_state_within(tcp.server, DIAG_CLOSE_WAIT, soon);
	if (run_value(run) == CLOSES_AT_ONCE) {
		expect_state(tcp.client, DIAG_FIN_WAIT1);
		expect_span(
			run,
			"from the close to the data, before the delayed ACK",
			mark_now(run).at - closed.at,
			(struct range){ 0, MSEC(ATO_MS) });
	} else {
		expect_state_within(tcp.client, DIAG_FIN_WAIT2, soon);
	}
	if (run_value(run) == SHUTS_DOWN)
		expect_data_is_read(run, &tcp, closed);
	else if (run_value(run) == CLOSES_LAST_DATA)
		expect_last_data_is_reset(run, &tcp);
	else
		expect_data_is_reset(run, &tcp);
}

CASE(half_close_data) = {
	.name = "half-close-data",
	.claim =
		"the client has sent FIN, the server goes on sending: its data "
		"is read after shutdown(), and answered with RST after close()",
	.judgements = CLAIMS(
		{ "C17", DOCUMENT_CONDITIONAL,
		  "the server may go on only if the client's program called "
		  "shutdown(); after close() its data is answered with RST: "
		  "tcp_timewait_state_process(), tcp_rcv_state_process()" }),
	.why = "FIN means that its sender sends no more, not that it reads no "
	       "more; it does not show whether a process of the client still "
	       "reads",
	.sources = "RFC 9293 3.6; RFC 1122 4.2.2.13; "
		   "net/ipv4/tcp_input.c:tcp_rcv_state_process(); "
		   "net/ipv4/tcp_minisocks.c:tcp_timewait_state_process()",
	.steps = STEPS("a connection on which the server has received 100 "
		       "bytes; tcp_fin_timeout is 1 s",
		       "the client calls shutdown(SHUT_WR), or close()",
		       "after shutdown() the server sends three times in 2.1 "
		       "s, and closes",
		       "after close() it sends once the FIN is acknowledged, "
		       "with its own FIN or without, or so soon that its data "
		       "carries the ACK"),
	.expect = "shutdown(): the client reads every byte, and stays in "
		  "FIN-WAIT-2 without a timer; close(): RST, and EPIPE for the "
		  "second send()",
	.world = &world_pair,
	.settings = SYSCTLS({ "client", "net.ipv4.tcp_fin_timeout",
			      FIN_TIMEOUT }),
	.variants = VARIANTS(
		{ "shutdown",
		  "the client calls shutdown(SHUT_WR): it reads all that the "
		  "server sends in 2.1 s, longer than tcp_fin_timeout of 1 s",
		  .value = SHUTS_DOWN,
		  .judgements =
			  CLAIMS({ "C17", DOCUMENT_RIGHT,
				   "an end that called shutdown() reads for as "
				   "long as it takes: tcp_rcv_state_process() "
				   "queues data in FIN-WAIT-2" }),
		  .duration = MSEC(PIECES * PAUSE_MS) },
		{ "close",
		  "the client calls close(), and the server sends when its ACK "
		  "of the FIN has arrived: the orphan in FIN-WAIT-2 answers "
		  "with RST",
		  .value = CLOSES },
		{ "close-last-data",
		  "the client calls close(), and the server's data and its FIN "
		  "are one segment: the orphan in FIN-WAIT-2 answers with RST",
		  .value = CLOSES_LAST_DATA },
		{ "close-data-at-once",
		  "the client calls close(), and the server sends before its "
		  "delayed ACK: the data carries the ACK of the FIN, and the "
		  "orphan in FIN-WAIT-1 answers with RST",
		  .value = CLOSES_AT_ONCE }),
	.duration = MSEC(50),
	.no_fault = true,
	.script = script,
};
