/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How many connections fit into an accept queue, and what the kernel says of
 * it. For a LISTEN socket tcp_diag_get_info() gives sk_ack_backlog, the length,
 * where others have bytes to read, and sk_max_ack_backlog, the limit, where
 * they have bytes to send: Recv-Q and Send-Q of ss.
 *
 * The limit is the smaller of listen()'s backlog and net.core.somaxconn
 * (__sys_listen()); a negative backlog is a very large one. It is not the
 * largest length: sk_acceptq_is_full() asks whether the length is GREATER than
 * the limit, so limit + 1 connections fit (64a146513f8f says why), and it is
 * full just when ss shows a Recv-Q greater than the Send-Q, and not when they
 * are equal. The first SYN that is refused is that of client limit + 2.
 *
 * The count has only what is in the queue: a connection that the process has
 * accepted is not in it, nor one whose third ACK was dropped.
 */
#include "case.h"

#include <stdio.h>

/* How long to look out for what takes no timer. */
static const nsec_t soon = MSEC(500);
/* Long enough for an answer, and shorter than the SYN's timer. */
static const nsec_t no_answer = MSEC(100);

static unsigned int limit_of(struct run *run, int backlog)
{
	unsigned int somaxconn =
		(unsigned int)run_sysctl(run, "server", "net.core.somaxconn");

	return MIN((unsigned int)backlog, somaxconn);
}

/* The same from the tool that the text looks at. */
static void expect_of_ss(struct run *run, struct sock *listener,
			 unsigned int length, unsigned int limit)
{
	unsigned int recv_q = 0, send_q = 0;
	const char *line;
	char filter[32];

	if (!run_is_variant(run, "ss"))
		return;
	snprintf(filter, sizeof(filter), ":%u", sock_local_port(listener));
	line = program_output(run, "server",
			      ARGV("ss", "-Hltn", "sport", "=", filter));
	expect_that(run,
		    sscanf(line, "LISTEN %u %u", &recv_q, &send_q) == 2 &&
			    recv_q == length && send_q == limit,
		    "ss shows the same", "Recv-Q %u, Send-Q %u", recv_q,
		    send_q);
}

/* True if it got in. One that does not gives up, so that its next SYN does not
 * come when there is room. */
static bool gets_in(struct run *run, struct probe *client,
		    struct sock *listener, bool room, int64_t overflows)
{
	struct mark dialled = mark_now(run);
	struct sock *sock = sock_post_connect(client, listener);
	struct finding got = sock_reap(sock, room ? soon : no_answer);

	if (!got.open)
		return got.error == 0;
	expect_state(sock, DIAG_SYN_SENT);
	expect_frames(run, dialled, "an answer to its SYN",
		      FRAMES(FROM("server"), KIND(WIRE_TCP)), 0);
	expect_counter(run, "server", "ListenOverflows", overflows);
	expect_counter(run, "server", "ListenDrops", overflows);
	sock_close(sock);
	return false;
}

static void script(struct run *run)
{
	int backlog = (int)run_value(run);
	unsigned int limit = limit_of(run, backlog), n = 0;
	struct sock *listener =
		sock_listen(probe_start(run, "server"), backlog);
	struct probe *client = probe_start(run, "client");

	expect_queue(listener, 0, limit, 0);
	while (n < limit + 2 && gets_in(run, client, listener, n <= limit, 1)) {
		n++;
		/* At the limit, where it looks full, and is not. */
		if (n == limit)
			expect_of_ss(run, listener, n, limit);
		if (n >= limit && !expect_queue(listener, n, limit, soon))
			break;
	}
	expect_number(run, "connections", n, (int64_t)limit + 1,
		      (int64_t)limit + 1);
	expect_queue(listener, limit + 1, limit, 0);
	expect_of_ss(run, listener, limit + 1, limit);

	/* One is taken out, and one gets in. */
	sock_accept(listener);
	expect_queue(listener, limit, limit, 0);
	expect_that(run, gets_in(run, client, listener, true, 1),
		    "there is room for one again", "there is none");
	expect_that(run, !gets_in(run, client, listener, false, 2),
		    "and for no more", "there is");
	expect_queue(listener, limit + 1, limit, 0);
}

CASE(accept_queue_limit) = {
	.name = "accept-queue-limit",
	.claim = "Recv-Q and Send-Q of a listening socket are the accept "
		 "queue's length and limit, and one connection more than the "
		 "limit fits",
	.judgements = CLAIMS(
		{ "B10", DOCUMENT_RIGHT,
		  "Recv-Q is the length, and greater than Send-Q exactly when "
		  "the queue is full: tcp_diag_get_info(), "
		  "sk_acceptq_is_full()" },
		{ "B10", DOCUMENT_WRONG,
		  "Send-Q is the limit but not the greatest length: one "
		  "connection more fits, for sk_acceptq_is_full() asks for "
		  "greater (64a146513f8f)" }),
	.why = "sk_acceptq_is_full() compares the length with > and not with "
	       ">=; the limit is min(backlog, somaxconn)",
	.sources = "include/net/sock.h:sk_acceptq_is_full(); net/socket.c:"
		   "__sys_listen_socket(); net/ipv4/tcp_diag.c:"
		   "tcp_diag_get_info()",
	.steps = STEPS("a server listens, and does not call accept()",
		       "clients connect, until one is not answered; the queue "
		       "is looked at (by ss itself too, in a variant)",
		       "the server accepts one; two more clients connect"),
	.expect = "limit + 1 connections, then a SYN without an answer and one "
		  "ListenOverflows; after accept() one more, and no second",
	.world = &world_pair,
	.needs = NEEDS({ .sysctl = "net.core.somaxconn" }),
	.variants = VARIANTS(
		{ "backlog=1", .value = 1 }, { "backlog=5", .value = 5 },
		{ "backlog=128", .value = 128 },
		{ "somaxconn=3", SYSCTLS({ "server", "net.core.somaxconn", 3 }),
		  .value = 8 },
		{ "backlog=-1", SYSCTLS({ "server", "net.core.somaxconn", 3 }),
		  .value = -1 },
		{ "ss", .value = 5, .needs_program = "ss" }),
	.duration = MSEC(200),
	.no_fault = true,
	.script = script,
};
