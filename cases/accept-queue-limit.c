/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How many connections fit into an accept queue, and what the kernel reports.
 * For a LISTEN socket tcp_diag_get_info() reports sk_ack_backlog, the length,
 * as idiag_rqueue and sk_max_ack_backlog, the limit, as idiag_wqueue: Recv-Q
 * and Send-Q of ss.
 *
 * The limit is the smaller of listen()'s backlog and net.core.somaxconn
 * (__sys_listen_socket(), for which a negative backlog is a very large one). It
 * is not the largest length: sk_acceptq_is_full() tests whether the length is
 * greater than the limit, so limit + 1 connections fit (64a146513f8f has the
 * reason). The queue is full when ss shows a Recv-Q greater than the Send-Q;
 * when they are equal, one more connection fits.
 *
 * The length counts queued connections only: accepted connections do not
 * count, nor do those whose third ACK was dropped.
 */
#include "case.h"

/* Long enough for an answer, and shorter than the SYN's timer. */
static const nsec_t no_answer = MSEC(100);

static unsigned int limit_of(struct run *run, int backlog)
{
	unsigned int somaxconn =
		(unsigned int)run_sysctl(run, "server", "net.core.somaxconn");

	return MIN((unsigned int)backlog, somaxconn);
}

/* Variant ss: the tool that the document uses shows the same. */
static void expect_ss(struct run *run, struct sock *listener,
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
		    "ss shows the accept queue's length as Recv-Q and its "
		    "limit as Send-Q",
		    "Recv-Q %u, Send-Q %u", recv_q, send_q);
}

/* True if the client connects. If not, it closes, so that its SYN is not
 * retransmitted when there is room. */
static bool connects(struct run *run, struct probe *client,
		     struct sock *listener, bool room, int64_t overflows)
{
	struct mark connecting = mark_now(run);
	struct finding got =
		sock_try_connect(client, listener, room ? soon : no_answer);

	if (!got.open)
		return got.error == 0;
	expect_state(got.sock, DIAG_SYN_SENT);
	expect_frames(run, connecting, "answers to the SYN",
		      FRAMES(FROM("server"), KIND(WIRE_TCP)), 0);
	expect_counter(run, "server", "ListenOverflows", overflows);
	expect_counter(run, "server", "ListenDrops", overflows);
	sock_close(got.sock);
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
	while (n < limit + 2 &&
	       connects(run, client, listener, n <= limit, 1)) {
		n++;
		if (n == limit)
			expect_ss(run, listener, n, limit);
		if (n >= limit && !expect_queue(listener, n, limit, soon))
			break;
	}
	expect_number(run, "connections", n, (int64_t)limit + 1,
		      (int64_t)limit + 1);
	expect_queue(listener, limit + 1, limit, 0);
	expect_ss(run, listener, limit + 1, limit);

	/* accept() makes room for one connection. */
	sock_accept(listener);
	expect_queue(listener, limit, limit, 0);
	expect_that(run, connects(run, client, listener, true, 1),
		    "the queue has room for one more connection",
		    "connect() fails");
	expect_that(run, !connects(run, client, listener, false, 2),
		    "the queue is full again", "connect() succeeds");
	expect_queue(listener, limit + 1, limit, 0);
}

CASE(accept_queue_limit) = {
	.name = "accept-queue-limit",
	.claim = "Recv-Q and Send-Q of a listening socket are the accept "
		 "queue's length and limit; limit + 1 connections fit",
	.judgements = CLAIMS(
		{ "B10", DOCUMENT_RIGHT,
		  "Recv-Q is the length, and exceeds Send-Q exactly when the "
		  "queue is full: tcp_diag_get_info(), sk_acceptq_is_full()" },
		{ "B10", DOCUMENT_WRONG,
		  "Send-Q is the limit but not the greatest length: limit + 1 "
		  "connections fit, since sk_acceptq_is_full() tests length > "
		  "limit (64a146513f8f)" }),
	.why = "sk_acceptq_is_full() compares the length with >, not with >=; "
	       "the limit is min(backlog, somaxconn)",
	.sources = "include/net/sock.h:sk_acceptq_is_full(); "
		   "net/socket.c:__sys_listen_socket(); "
		   "net/ipv4/tcp_diag.c:tcp_diag_get_info()",
	.steps = STEPS(
		"a server listens and does not call accept()",
		"clients connect until one gets no answer; the kernel (in one "
		"variant also ss) is asked for the queue",
		"the server accepts one connection; two more clients connect"),
	.expect = "limit + 1 connections, then a SYN without an answer and "
		  "ListenOverflows grows by 1; after accept() one client "
		  "connects and the second does not",
	.shows = SHOWS("connections", "accept_queue"),
	.world = &world_pair,
	.needs = NEEDS({ .sysctl = "net.core.somaxconn" }),
	.variants = VARIANTS(
		{ "backlog=1",
		  "listen() has a backlog of 1: two connections fit",
		  .value = 1 },
		{ "backlog=5",
		  "listen() has a backlog of 5: six connections fit",
		  .value = 5 },
		{ "backlog=128",
		  "listen() has a backlog of 128: 129 connections fit",
		  .value = 128 },
		{ "somaxconn=3",
		  "listen() has a backlog of 8, but net.core.somaxconn is 3: "
		  "the smaller one is the limit, and four connections fit",
		  SYSCTLS({ "server", "net.core.somaxconn", 3 }), .value = 8 },
		{ "backlog=minus-1",
		  "listen() has a backlog of -1, which the kernel treats as a "
		  "very large one: net.core.somaxconn, 3, is the limit, and "
		  "four connections fit",
		  SYSCTLS({ "server", "net.core.somaxconn", 3 }), .value = -1 },
		{ "ss",
		  "listen() has a backlog of 5, and ss prints the same length "
		  "and limit as Recv-Q and Send-Q",
		  .value = 5, .needs_program = "ss" }),
	.duration = MSEC(200),
	.no_fault = true,
	.script = script,
};
