/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The accept queue is full when a SYN arrives: the server's process is stopped,
 * so nothing calls accept(), and backlog + 1 connections wait in the queue.
 * These are ESTABLISHED at both ends, and the kernel acknowledges and stores
 * what their clients send.
 *
 * The next SYN is dropped: tcp_conn_request() finds sk_acceptq_is_full(),
 * counts ListenOverflows and ListenDrops, and sends nothing. It creates no
 * request, and does not read tcp_abort_on_overflow, which concerns the third
 * segment of the handshake only. The client's kernel retransmits the SYN after
 * a second; the first retransmission that finds room creates the connection.
 * For the client's program connect() takes seconds.
 */
#include "case.h"

enum { BACKLOG = 2, FIT = BACKLOG + 1, BYTES = 18, QUIET_MS = 50 };

static const char request[] = "GET / HTTP/1.1\r\n\r\n";

#define SYNS FRAMES(FROM("client"), KIND(WIRE_SYN))

/* Fills the queue. Returns the last connection, or NULL without faults, when
 * the server accepts each connection at once. */
static struct sock *fill_queue(struct run *run, struct probe *client,
			       struct sock *listener)
{
	struct sock *last = NULL;

	for (unsigned int i = 1; i <= FIT; i++) {
		last = sock_connect(client, listener);
		if (!expect_queue(listener, i, BACKLOG, soon))
			return NULL;
	}
	expect_counter(run, "server", "ListenOverflows", 0);
	return last;
}

/* The kernel stores data of a connection that the process has not accepted. */
static void send_into_queue(struct run *run, struct sock *queued)
{
	struct sock *peer = sock_peer(queued, "server");
	struct diag_socket seen;
	struct mark sent = mark_now(run);

	expect_state(peer, DIAG_ESTABLISHED);
	sock_send_text(queued, request);
	frames_wait(run, sent, FRAMES(FROM("server"), KIND(WIRE_PURE_ACK)), 1,
		    soon);
	sock_look(peer, &seen);
	expect_number(run, "unread_bytes", seen.receive_queue, BYTES, BYTES);
	sock_post_recv(queued);
}

static void expect_dropped(struct run *run, struct sock *late,
			   struct mark connecting, int64_t n)
{
	run_pass(run, MSEC(QUIET_MS));
	expect_state(late, DIAG_SYN_SENT);
	expect_state(sock_peer(late, "server"), DIAG_CLOSE);
	expect_frames(run, connecting, "segments from the server",
		      FRAMES(FROM("server"), KIND(WIRE_TCP)), 0);
	expect_counter(run, "server", "ListenOverflows", n);
	expect_counter(run, "server", "ListenDrops", n);
}

static void expect_answer(struct run *run, struct sock *sock)
{
	struct finding got = sock_reap(sock, soon);

	expect_that(run, strncmp(got.data, "HTTP/1.1 200", 12) == 0,
		    "the server answers the request", "%s",
		    finding_outcome(&got));
}

static void script(struct run *run)
{
	struct probe *client = probe_start(run, "client");
	struct sock *listener =
		sock_listen(probe_start(run, "server"), BACKLOG);
	const struct prediction *syns = forecast_connect(run, "client");
	struct sock *queued, *late;
	struct mark connecting;
	struct finding got;

	sock_serve_http(listener, SEC(600));
	fault_freeze(run, "server");
	queued = fill_queue(run, client, listener);
	if (!queued)
		return;
	send_into_queue(run, queued);

	connecting = mark_now(run);
	late = sock_post_connect(client, listener);
	frames_wait(run, connecting, SYNS, 1, soon);
	mark_done(run, &connecting);
	expect_dropped(run, late, connecting, 1);
	expect_frame(run, connecting, "first SYN retransmission", SYNS, 2,
		     syns->rounds[0].at);
	expect_dropped(run, late, connecting, 2);

	/* The process runs again; the next SYN retransmission finds room. */
	fault_thaw(run, "server");
	expect_answer(run, queued);
	expect_queue(listener, 0, BACKLOG, soon);
	got = sock_reap(late, syns->rounds[1].at.max + SEC(1));
	expect_success(&got);
	expect_took(connecting, &got, syns->rounds[1].at);
	expect_counter(run, "server", "ListenOverflows", 2);
	sock_send_text(late, request);
	sock_post_recv(late);
	expect_answer(run, late);
}

CASE(accept_queue_full) = {
	.name = "accept-queue-full",
	.claim = "accept queue full when a SYN arrives: the server drops the "
		 "SYN and sends nothing; a retransmission of it connects once "
		 "there is room",
	.judgements =
		CLAIMS({ "B9", DOCUMENT_CONDITIONAL,
			 "tcp_conn_request() drops a SYN, but the connection "
			 "attempt survives: a retransmission succeeds once "
			 "accept() has made room" },
		       { "B1", DOCUMENT_CONDITIONAL,
			 "up to the largest number of times only if there is "
			 "never room: tcp_conn_request() answers the first "
			 "retransmission that arrives after an accept()" }),
	.why = "a SYN that finds the accept queue full leaves no state at the "
	       "server; the client's retransmission timer repeats it",
	.sources = "net/ipv4/tcp_input.c:tcp_conn_request(); "
		   "include/net/sock.h:sk_acceptq_is_full()",
	.steps = STEPS(
		"a server with a backlog of 2 is frozen; three clients "
		"connect, and one of them sends a request",
		"a fourth client calls connect(): its SYN and the first "
		"retransmission are dropped",
		"the server is thawed and accepts the waiting connections",
		"the second retransmission arrives; the fourth client sends a "
		"request too"),
	.expect = "three connections in the queue (limit 2), no drop, the "
		  "request acknowledged; then ListenOverflows and ListenDrops "
		  "grow by 1 for each SYN, and the server has no socket for "
		  "the fourth client; its connect() succeeds with the second "
		  "retransmission; both requests are answered",
	.world = &world_pair,
	.variants = VARIANTS(
		{ "abort-on-overflow=0",
		  "net.ipv4.tcp_abort_on_overflow is 0, the default: the SYN "
		  "is dropped, and no RST is sent" },
		{ "abort-on-overflow=1",
		  "net.ipv4.tcp_abort_on_overflow is 1, which concerns the "
		  "third ACK only: the SYN is dropped without RST all the same",
		  SYSCTLS({ "server", "net.ipv4.tcp_abort_on_overflow", 1 }) }),
	.changes = CHANGES(CHANGE_SYN_LINEAR),
	.duration = SEC(2),
	.script = script,
};
