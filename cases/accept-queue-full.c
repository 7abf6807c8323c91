/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The accept queue is full when a SYN comes. The server's process does not get
 * to run, so accept() is late; backlog + 1 connections wait in the queue.
 *
 * Those in the queue are well: ESTABLISHED at both ends, and what their clients
 * send is acknowledged by the kernel and kept for the process.
 *
 * The next SYN is dropped: tcp_conn_request() finds sk_acceptq_is_full(),
 * counts ListenOverflows and ListenDrops, and says nothing. No request is made,
 * so nothing of that client is at the server, and tcp_abort_on_overflow, which
 * belongs to the third ACK, is not asked. But what is dropped is a segment, and
 * no connection: the client's kernel sends the SYN again after a second, and
 * again; the first copy that finds room makes the connection as if nothing had
 * been. The client's program sees a connect() that takes seconds.
 */
#include "case.h"

enum { BACKLOG = 2, FIT = BACKLOG + 1, BYTES = 18, QUIET_MS = 50 };

static const char request[] = "GET / HTTP/1.1\r\n\r\n";
/* How long to look out for what takes no timer. */
static const nsec_t soon = MSEC(500);

#define SYNS FRAMES(FROM("client"), KIND(WIRE_SYN))

/* The kernel takes a request for a connection that nobody has accepted. */
static void sends_into_queue(struct run *run, struct sock *queued)
{
	struct sock *far = sock_peer(queued, "server");
	struct diag_socket seen;
	struct mark sent = mark_now(run);

	expect_state(far, DIAG_ESTABLISHED);
	sock_send_text(queued, request);
	frames_wait(run, sent, FRAMES(FROM("server"), KIND(WIRE_PURE_ACK)), 1,
		    soon);
	sock_look(far, &seen);
	expect_number(run, "unread_bytes", seen.receive_queue, BYTES, BYTES);
	sock_post_recv(queued);
}

/* NULL: they are taken out at once. */
static struct sock *fill(struct run *run, struct probe *client,
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

static void expect_dropped(struct run *run, struct sock *late,
			   struct mark dialled, int64_t n)
{
	run_pass(run, MSEC(QUIET_MS));
	expect_state(late, DIAG_SYN_SENT);
	expect_state(sock_peer(late, "server"), DIAG_CLOSE);
	expect_frames(run, dialled, "a word of the server",
		      FRAMES(FROM("server"), KIND(WIRE_TCP)), 0);
	expect_counter(run, "server", "ListenOverflows", n);
	expect_counter(run, "server", "ListenDrops", n);
}

static void expect_answer(struct run *run, struct sock *sock)
{
	struct finding got = sock_reap(sock, soon);

	expect_that(run, strncmp(got.data, "HTTP/1.1 200", 12) == 0,
		    "an answer", "%s", finding_outcome(&got));
}

/* The process runs again, and the next copy of the SYN finds room. */
static void gets_in(struct run *run, struct sock *listener, struct sock *late,
		    struct mark dialled, struct range at)
{
	struct finding got;

	expect_queue(listener, 0, BACKLOG, soon);
	got = sock_reap(late, at.max + SEC(1));
	expect_success(&got);
	expect_took(dialled, &got, at);
	expect_counter(run, "server", "ListenOverflows", 2);
	sock_send_text(late, request);
	sock_post_recv(late);
	expect_answer(run, late);
}

static void script(struct run *run)
{
	struct probe *client = probe_start(run, "client");
	struct sock *listener =
		sock_listen(probe_start(run, "server"), BACKLOG);
	const struct prediction *syns = forecast_connect(run, "client");
	struct sock *queued, *late;
	struct mark dialled;

	sock_serve_http(listener, SEC(600));
	fault_freeze(run, "server");
	queued = fill(run, client, listener);
	if (!queued)
		return;
	sends_into_queue(run, queued);

	dialled = mark_now(run);
	late = sock_post_connect(client, listener);
	frames_wait(run, dialled, SYNS, 1, soon);
	mark_done(run, &dialled);
	expect_dropped(run, late, dialled, 1);
	expect_frame(run, dialled, "the first copy of the SYN", SYNS, 2,
		     syns->rounds[0].at);
	expect_dropped(run, late, dialled, 2);

	fault_thaw(run, "server");
	expect_answer(run, queued);
	gets_in(run, listener, late, dialled, syns->rounds[1].at);
}

static const struct judgement judgements[] = {
	{ "B9", DOCUMENT_CONDITIONAL,
	  "tcp_conn_request() drops a SYN, which is not the end of the "
	  "connection: a copy of it gets in once accept() has made room" },
	{ "B1", DOCUMENT_CONDITIONAL,
	  "to the limit only where there is never any room: tcp_conn_request() "
	  "answers the first copy that comes after an accept()" },
	{ .claim = NULL },
};

CASE(accept_queue_full) = {
	.name = "accept-queue-full",
	.claim = "the accept queue is full when a SYN comes: it is dropped "
		 "without a word, and a copy of it gets in once there is room",
	.judgements = judgements,
	.why = "a SYN that meets a full accept queue leaves nothing at the "
	       "server; the client's own timer brings it back",
	.sources =
		"net/ipv4/tcp_input.c:tcp_conn_request(); include/net/sock.h:"
		"sk_acceptq_is_full()",
	.steps = STEPS("a server with a backlog of 2 is frozen; three clients "
		       "connect, and one of them sends a request",
		       "one more calls connect(): its SYN and the first copy "
		       "are dropped",
		       "the server is thawed, and accepts what waits",
		       "the next copy comes; that client sends a request too"),
	.expect = "length 3 of 2 and no drop, the request acknowledged; then "
		  "one ListenOverflows and one ListenDrops for each SYN, and "
		  "nothing of that client at the server; connect() = 0 with "
		  "the second copy, and both requests answered",
	.world = &world_pair,
	.variants = VARIANTS(
		{ "abort-on-overflow=0" },
		{ "abort-on-overflow=1",
		  SYSCTLS({ "server", "net.ipv4.tcp_abort_on_overflow", 1 }) }),
	.changes = CHANGES(CHANGE_SYN_LINEAR),
	.duration = SEC(2),
	.script = script,
};
