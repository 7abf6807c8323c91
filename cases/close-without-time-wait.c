/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ends that close first and have no TIME-WAIT, in four ways:
 *
 * SO_LINGER with a time of 0: __tcp_close() calls tcp_disconnect(), which sends
 * RST and forgets the connection.
 *
 * Bytes that nobody has read: __tcp_close() sends RST and no FIN (RFC 2525
 * 2.17).
 *
 * TCP_LINGER2 below 0: FIN goes out, but with its ACK tcp_rcv_state_process()
 * ends the connection, where FIN-WAIT-2 would be, and tcp_v4_do_rcv() answers
 * that ACK with RST. In CLOSE-WAIT that is EPIPE: tcp_reset().
 *
 * tcp_max_tw_buckets of 0: inet_twsk_alloc() finds no room for the small socket
 * that an orphan in FIN-WAIT-2 becomes, and tcp_time_wait() then just closes
 * (TCPTimeWaitOverflow). No RST; the peer's own FIN meets one, or its data.
 *
 * In all of them the other end has no TIME-WAIT either.
 */
#include "case.h"

enum { BYTES = 100 };
enum { LINGER, UNREAD, LINGER2, NO_BUCKETS };

static const nsec_t soon = MSEC(500);

/* RST at once: the peer's program is told. */
static void resets(struct run *run, struct pair *tcp)
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
	expect_frames(run, closed, "RST",
		      FRAMES(FROM("client"), KIND(WIRE_RST)), 1);
	expect_frames(run, closed, "FIN", FRAMES(KIND(WIRE_FIN)), 0);
	expect_counter(run, "client",
		       run_value(run) == LINGER ? "TCPAbortOnData" :
						  "TCPAbortOnClose",
		       1);
}

static void closes(struct pair *tcp, struct mark closed)
{
	struct finding got;

	sock_post_recv(tcp->server);
	sock_close(tcp->client);
	got = sock_reap(tcp->server, soon);
	expect_eof(&got);
	expect_took(closed, &got, at_once);
	expect_state_within(tcp->client, DIAG_CLOSE, soon);
}

/* RST as soon as the FIN is acknowledged; EOF was before. */
static void aborts(struct run *run, struct pair *tcp)
{
	struct mark closed = mark_now(run);

	sock_set(tcp->client, IPPROTO_TCP, TCP_LINGER2, -1);
	closes(tcp, closed);
	expect_state_within(tcp->server, DIAG_CLOSE, soon);
	expect_pending_error(tcp->server, EPIPE);
	expect_exchange(run, closed, "the ACK meets RST",
			"client F. 1:1(0) ack 1, server . 1:1(0) ack 2, "
			"client R 2:2(0)");
	expect_counter(run, "client", "TCPAbortOnData", 1);
}

/* FIN and ACK; then there is nobody any more for the peer's FIN. */
static void forgets(struct run *run, struct pair *tcp)
{
	struct mark closed = mark_now(run);

	closes(tcp, closed);
	expect_state(tcp->server, DIAG_CLOSE_WAIT);
	sock_close(tcp->server);
	expect_state_within(tcp->server, DIAG_CLOSE, soon);
	expect_exchange(run, closed, "the peer's FIN meets RST",
			"client F. 1:1(0) ack 1, server . 1:1(0) ack 2, "
			"server F. 1:1(0) ack 2, client R 2:2(0)");
	expect_counter(run, "client", "TCPTimeWaitOverflow", 1);
}

static void script(struct run *run)
{
	struct pair tcp = sock_pair(run);

	if (run_value(run) == NO_BUCKETS)
		forgets(run, &tcp);
	else if (run_value(run) == LINGER2)
		aborts(run, &tcp);
	else
		resets(run, &tcp);
	expect_state(tcp.client, DIAG_CLOSE);
	expect_state(tcp.server, DIAG_CLOSE);
	expect_time_waits(run, "client", 0);
	expect_time_waits(run, "server", 0);
}

CASE(close_without_time_wait) = {
	.name = "close-without-time-wait",
	.claim = "one end closes first, and neither has a TIME-WAIT: the close "
		 "was a RST, or nobody kept the orphan",
	.judgements = CLAIMS(
		{ "C2", DOCUMENT_CONDITIONAL,
		  "TIME-WAIT is the last state of who closes first only after "
		  "an orderly close with room for it: SO_LINGER 0 and unread "
		  "bytes make RST of it in __tcp_close(), TCP_LINGER2 below 0 "
		  "and tcp_max_tw_buckets forget the orphan" }),
	.why = "a connection that is ended by RST needs no last ACK, and so "
	       "nobody who could repeat it",
	.sources = "RFC 9293 3.10.4, 3.10.5; RFC 2525 2.17; net/ipv4/tcp.c:"
		   "__tcp_close(), tcp_disconnect(); net/ipv4/tcp_minisocks.c:"
		   "tcp_time_wait(); net/ipv4/inet_timewait_sock.c:"
		   "inet_twsk_alloc()",
	.steps =
		STEPS("a connection, idle",
		      "the client closes: with SO_LINGER 0; with unread bytes; "
		      "with TCP_LINGER2 -1; where tcp_max_tw_buckets is 0",
		      "where the server saw EOF, it closes too"),
	.expect = "RST and ECONNRESET with the first two; EOF, then RST in "
		  "answer to the ACK or to the server's FIN, with the others; "
		  "and no TIME-WAIT anywhere",
	.world = &world_pair,
	.variants = VARIANTS(
		{ "linger-0", .value = LINGER },
		{ "unread-bytes", .value = UNREAD },
		{ "linger2-negative", .value = LINGER2 },
		{ "max-tw-buckets=0", .value = NO_BUCKETS,
		  .settings = SYSCTLS({ "client", "net.ipv4.tcp_max_tw_buckets",
					0 }) }),
	.duration = MSEC(10),
	.no_fault = true,
	.script = script,
};
