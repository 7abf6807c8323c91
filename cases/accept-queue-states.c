/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The two queues of a listener, one step at a time: the wire holds the third
 * ACK, lets it go, and the process calls accept().
 *
 * - SYN: tcp_conn_request() makes a small request socket and answers. The
 *   client is ESTABLISHED with that answer; the server's kernel has a request
 *   in NEW_SYN_RECV, which sock_diag shows as SYN-RECV, with the timer of the
 *   SYN-ACK. What the text calls a queue is no list since 4.4 (079096f103fa):
 *   the request lies in the table of all connections, and is found there by its
 *   four ends, as any connection is; the listener keeps a count of them.
 * - The third ACK: tcp_check_req() makes a whole socket of it first
 *   (tcp_v4_syn_recv_sock()), which is ESTABLISHED and takes the request's
 *   place; then inet_csk_reqsk_queue_add() appends it to the accept queue,
 * which is a list, and whose length sock_diag shows as the LISTEN socket's
 * Recv-Q. Nobody has called accept(): it takes no process to be ESTABLISHED.
 * - accept() takes it out: inet_csk_accept().
 *
 * Each step is looked at from both ends. With TCP_DEFER_ACCEPT on the listener
 * the third ACK moves nothing: tcp_check_req() drops it (TCPDeferAcceptDrop),
 * and the connection goes on with the first data.
 */
#include "case.h"

enum { BACKLOG = 4, DEFER_S = 10, BYTES = 100, QUIET_MS = 50 };

/* How long to look out for what takes no timer. */
static const nsec_t soon = MSEC(500);

#define THIRD_ACK FRAMES(FROM("client"), KIND(WIRE_PURE_ACK), .count = 1)

static bool defers(const struct run *run)
{
	return run_is_variant(run, "defer-accept");
}

/* Half-open at the server, though the client may think it is done. */
static void is_half_open(struct run *run, struct sock *listener,
			 struct sock *client, struct sock *request)
{
	struct diag_socket seen;

	expect_state(client, DIAG_ESTABLISHED);
	sock_look(request, &seen);
	expect_that(run,
		    seen.state == DIAG_SYN_RECV &&
			    seen.timer == DIAG_TIMER_RETRANSMIT &&
			    seen.inode == 0,
		    "the server has a request in SYN-RECV, its SYN-ACK's timer "
		    "runs, and no process holds it",
		    "%s, timer %s, inode %u", diag_state_text(seen.state),
		    diag_timer_text(seen.timer), seen.inode);
	expect_queue(listener, 0, BACKLOG, 0);
	expect_counter(run, "server", "PassiveOpens", 0);
}

/* ESTABLISHED, and nobody's. */
static void is_queued(struct run *run, struct sock *listener,
		      struct sock *queued)
{
	struct diag_socket seen;

	expect_queue(listener, 1, BACKLOG, soon);
	expect_state(queued, DIAG_ESTABLISHED);
	sock_look(queued, &seen);
	expect_that(run, seen.inode == 0, "no process holds it", "inode %u",
		    seen.inode);
	expect_timer(queued, DIAG_TIMER_NONE);
	expect_counter(run, "server", "PassiveOpens", 1);
}

static void is_accepted(struct run *run, struct sock *listener,
			struct sock *accepted)
{
	struct diag_socket seen;

	expect_queue(listener, 0, BACKLOG, soon);
	expect_state(accepted, DIAG_ESTABLISHED);
	sock_look(accepted, &seen);
	expect_that(run, seen.inode != 0, "the process holds it", "inode %u",
		    seen.inode);
}

/* The first data does what the ACK alone did not. */
static void defer(struct run *run, struct sock *listener, struct sock *client,
		  struct sock *request)
{
	run_pass(run, MSEC(QUIET_MS));
	expect_counter(run, "server", "TCPDeferAcceptDrop", 1);
	is_half_open(run, listener, client, request);
	sock_send(client, BYTES);
}

static void script(struct run *run)
{
	struct probe *server = probe_start(run, "server");
	struct sock *listener = sock_listen(server, BACKLOG);
	struct wire_rule *third = fault_hold(run, THIRD_ACK);
	struct sock *client, *far, *accepted;
	struct finding got;

	if (defers(run))
		sock_set(listener, IPPROTO_TCP, TCP_DEFER_ACCEPT, DEFER_S);
	accepted = sock_post_accept(listener);
	client = sock_connect(probe_start(run, "client"), listener);
	far = sock_peer(client, "server");
	got = sock_reap(listener, MSEC(QUIET_MS));
	if (!expect_that(run, got.open, "accept() waits for the third ACK",
			 "%s", finding_outcome(&got)))
		return;
	is_half_open(run, listener, client, far);
	/* Held, and not only deferred, which looks the same from outside. */
	expect_counter(run, "server", "TCPDeferAcceptDrop", 0);
	/* Out of the way, so that what comes stays in the queue. */
	fault_freeze(run, "server");
	fault_release(run, third);
	if (defers(run))
		defer(run, listener, client, far);
	is_queued(run, listener, far);
	fault_thaw(run, "server");
	got = sock_reap(listener, soon);
	expect_that(run, !got.open && !got.error, "accept() = 0", "%s",
		    finding_outcome(&got));
	is_accepted(run, listener, accepted);
	if (!defers(run))
		return;
	got = sock_recv(accepted, soon);
	expect_that(run, got.value == BYTES, "the data is there", "%s",
		    finding_outcome(&got));
}

static const struct judgement of_defer[] = {
	{ "B8", DOCUMENT_CONDITIONAL,
	  "with TCP_DEFER_ACCEPT the third ACK moves nothing, only data does: "
	  "tcp_check_req()" },
	{ .claim = NULL },
};

CASE(accept_queue_states) = {
	.name = "accept-queue-states",
	.claim = "a SYN makes a half-open request, the third ACK a connection "
		 "in the accept queue, and accept() takes it out of that",
	.judgements = CLAIMS(
		{ "B8", DOCUMENT_RIGHT,
		  "SYN-RECV until the third ACK, then ESTABLISHED and in the "
		  "accept queue (misspelt accepet once), until accept(): "
		  "tcp_check_req(), inet_csk_reqsk_queue_add(), "
		  "inet_csk_accept()" },
		{ "B8", DOCUMENT_OUTDATED,
		  "the half-open requests are no queue of the listener any "
		  "more, but lie in the table of all connections, as "
		  "inet_csk_reqsk_queue_hash_add() puts them (079096f103fa)",
		  "4.4" }),
	.why = "the third ACK makes a whole socket of the request; the kernel "
	       "does that alone, and the accept queue is where it then waits "
	       "for a process",
	.sources =
		"net/ipv4/tcp_minisocks.c:tcp_check_req(); "
		"net/ipv4/inet_connection_sock.c:inet_csk_reqsk_queue_add(), "
		"inet_csk_accept()",
	.steps = STEPS("the wire holds the third ACK of a client's handshake; "
		       "accept() waits",
		       "the server's process is frozen, so that accept() "
		       "cannot take anything",
		       "the third ACK is let go (with TCP_DEFER_ACCEPT: then "
		       "the client sends 100 bytes)",
		       "the process is thawed"),
	.expect = "SYN-RECV and an empty accept queue while the client is "
		  "ESTABLISHED; then ESTABLISHED, length 1, held by nobody; "
		  "then length 0, held by the process",
	.world = &world_pair,
	.variants = VARIANTS({ "third-ack" },
			     { "defer-accept", .judgements = of_defer }),
	.duration = MSEC(100),
	.script = script,
};
