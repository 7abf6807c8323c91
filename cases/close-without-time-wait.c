/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Four ways in which the end that closes first has no TIME-WAIT:
 *
 * SO_LINGER with a time of 0: __tcp_close() calls tcp_disconnect(), which sends
 * RST and deletes the connection.
 *
 * Unread bytes: __tcp_close() sends RST and no FIN (RFC 2525 2.17).
 *
 * TCP_LINGER2 below 0: FIN is sent, but its ACK makes tcp_rcv_state_process()
 * end the connection instead of entering FIN-WAIT-2, and tcp_v4_do_rcv()
 * answers that ACK with RST. At the server, in CLOSE-WAIT, tcp_reset() sets
 * EPIPE.
 *
 * tcp_max_tw_buckets = 0: inet_twsk_alloc() cannot allocate the timewait socket
 * that replaces an orphan in FIN-WAIT-2, and tcp_time_wait() just closes
 * (TCPTimeWaitOverflow). No RST is sent until the peer's FIN or data arrives.
 */
#include "case.h"

enum { BYTES = 100 };
enum { LINGER, UNREAD, LINGER2, NO_BUCKETS };

/* The client sends RST at once, and the server's recv() fails. */
static void close_with_rst(struct run *run, struct pair *tcp)
{
	struct mark closed = mark_now(run);
	struct finding got;

	if (run_value(run) == UNREAD) {
		sock_send(tcp->server, BYTES);
		frames_wait(run, closed,
			    FRAMES(FROM("client"), KIND(WIRE_PURE_ACK)), 1,
			    soon);
	}
	sock_post_recv(tcp->server);
	closed = mark_now(run);
	if (run_value(run) == LINGER)
		sock_abort(tcp->client);
	else
		sock_close(tcp->client);
	got = sock_reap(tcp->server, soon);
	expect_error(&got, ECONNRESET);
	expect_took(closed, &got, at_once);
	expect_frames(run, closed, "RSTs from the client",
		      FRAMES(FROM("client"), KIND(WIRE_RST)), 1);
	expect_frames(run, closed, "FINs", FRAMES(KIND(WIRE_FIN)), 0);
	expect_counter(run, "client",
		       run_value(run) == LINGER ? "TCPAbortOnData" :
						  "TCPAbortOnClose",
		       1);
}

/* The client sends FIN, and has no socket as soon as the ACK arrives. */
static void close_with_fin(struct pair *tcp, struct mark closed)
{
	struct finding got;

	sock_post_recv(tcp->server);
	sock_close(tcp->client);
	got = sock_reap(tcp->server, soon);
	expect_eof(&got);
	expect_took(closed, &got, at_once);
	expect_state_within(tcp->client, DIAG_CLOSE, soon);
}

static void close_with_linger2(struct run *run, struct pair *tcp)
{
	struct mark closed = mark_now(run);

	sock_set(tcp->client, IPPROTO_TCP, TCP_LINGER2, -1);
	close_with_fin(tcp, closed);
	expect_state_within(tcp->server, DIAG_CLOSE, soon);
	expect_pending_error(tcp->server, EPIPE);
	expect_exchange(run, closed,
			"FIN, its ACK, and RST in reply to the ACK",
			"client F. 1:1(0) ack 1, server . 1:1(0) ack 2, "
			"client R 2:2(0)");
	expect_counter(run, "client", "TCPAbortOnData", 1);
}

static void close_without_buckets(struct run *run, struct pair *tcp)
{
	struct mark closed = mark_now(run);

	close_with_fin(tcp, closed);
	expect_state(tcp->server, DIAG_CLOSE_WAIT);
	sock_close(tcp->server);
	expect_state_within(tcp->server, DIAG_CLOSE, soon);
	expect_exchange(run, closed,
			"FIN, its ACK, the server's FIN, and RST in reply",
			"client F. 1:1(0) ack 1, server . 1:1(0) ack 2, "
			"server F. 1:1(0) ack 2, client R 2:2(0)");
	expect_counter(run, "client", "TCPTimeWaitOverflow", 1);
}

static void script(struct run *run)
{
	struct pair tcp = sock_pair(run);

	if (run_value(run) == NO_BUCKETS)
		close_without_buckets(run, &tcp);
	else if (run_value(run) == LINGER2)
		close_with_linger2(run, &tcp);
	else
		close_with_rst(run, &tcp);
	expect_state(tcp.client, DIAG_CLOSE);
	expect_state(tcp.server, DIAG_CLOSE);
	expect_time_waits(run, "client", 0);
	expect_time_waits(run, "server", 0);
}

CASE(close_without_time_wait) = {
	.name = "close-without-time-wait",
	.claim = "one end closes first, and neither has a TIME-WAIT: the close "
		 "was a RST, or the kernel kept no orphan",
	.judgements =
		CLAIMS({ "C2", DOCUMENT_CONDITIONAL,
			 "TIME-WAIT is the last state of the end that closes "
			 "first only after an orderly close with room for it: "
			 "with SO_LINGER 0 or unread bytes __tcp_close() sends "
			 "RST, with TCP_LINGER2 below 0 or tcp_max_tw_buckets "
			 "= 0 the kernel deletes the orphan" }),
	.why = "a connection that ends with RST needs no last ACK, and so no "
	       "socket that could repeat it",
	.sources = "RFC 9293 3.10.4, 3.10.5; RFC 2525 2.17; "
		   "net/ipv4/tcp.c:__tcp_close(), tcp_disconnect(); "
		   "net/ipv4/tcp_minisocks.c:tcp_time_wait(); "
		   "net/ipv4/inet_timewait_sock.c:inet_twsk_alloc()",
	.steps =
		STEPS("an idle connection",
		      "the client closes: with SO_LINGER 0; with unread bytes; "
		      "with TCP_LINGER2 -1; or with tcp_max_tw_buckets = 0",
		      "with tcp_max_tw_buckets = 0 the server closes too"),
	.expect = "SO_LINGER 0, unread bytes: RST, and ECONNRESET at the "
		  "server; TCP_LINGER2: EOF, then RST in reply to the server's "
		  "ACK; tcp_max_tw_buckets: EOF, then RST in reply to the "
		  "server's FIN; TIME-WAIT at neither end",
	.shows = SHOWS("outcome", "elapsed_s", "client_state", "server_state"),
	.world = &world_pair,
	.variants = VARIANTS(
		{ "linger-0",
		  "the client closes with SO_LINGER and a time of 0: its "
		  "kernel sends RST at once",
		  .value = LINGER },
		{ "unread-bytes",
		  "the client closes with 100 bytes unread: its kernel sends "
		  "RST and no FIN",
		  .value = UNREAD },
		{ "linger2-negative",
		  "the client's socket has TCP_LINGER2 of -1: its kernel sends "
		  "FIN, and answers the server's ACK of it with RST",
		  .value = LINGER2 },
		{ "max-tw-buckets=0",
		  "net.ipv4.tcp_max_tw_buckets is 0 at the client: its socket "
		  "is deleted when its FIN is acknowledged, and the server's "
		  "later FIN is answered with RST",
		  .value = NO_BUCKETS,
		  .settings = SYSCTLS({ "client", "net.ipv4.tcp_max_tw_buckets",
					0 }) }),
	.duration = MSEC(10),
	.no_fault = true,
	.script = script,
};
