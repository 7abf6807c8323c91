/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The two queues of a listener, one step at a time: the wire holds the third
 * segment of the handshake, releases it, and then the process calls accept().
 *
 * - SYN: tcp_conn_request() creates a request socket and sends the SYN-ACK,
 *   with which the client is ESTABLISHED. At the server the request is in
 *   NEW_SYN_RECV, which sock_diag reports as SYN-RECV with the SYN-ACK's timer.
 *   The SYN queue is no list since 4.4 (079096f103fa): the request is in the
 *   hash table of all connections, found by its 4-tuple, and the listener
 *   only counts its requests.
 * - Third ACK: tcp_check_req() creates a full socket (tcp_v4_syn_recv_sock()),
 *   which is ESTABLISHED and replaces the request in the table;
 *   inet_csk_reqsk_queue_add() appends it to the accept queue, a list whose
 *   length sock_diag reports as Recv-Q of the LISTEN socket.
 * - accept(): inet_csk_accept() takes it out of the queue.
 *
 * With TCP_DEFER_ACCEPT on the listener tcp_check_req() drops the third ACK
 * (TCPDeferAcceptDrop), and the first data continues the handshake.
 */
#include "case.h"

enum { BACKLOG = 4, DEFER_S = 10, BYTES = 100, QUIET_MS = 50 };

/* Half-open: the client is ESTABLISHED, the server has a request only. */
static void expect_request(struct run *run, struct sock *listener,
			   struct sock *client, struct sock *request)
{
	struct diag_socket seen;

	expect_state(client, DIAG_ESTABLISHED);
	sock_look(request, &seen);
	expect_that(run,
		    seen.state == DIAG_SYN_RECV &&
			    seen.timer == DIAG_TIMER_RETRANSMIT &&
			    seen.inode == 0,
		    "the server has a request in SYN-RECV with a running "
		    "SYN-ACK timer, held by no process",
		    "%s, timer %s, inode %u", diag_state_text(seen.state),
		    diag_timer_text(seen.timer), seen.inode);
	expect_queue(listener, 0, BACKLOG, 0);
	expect_counter(run, "server", "PassiveOpens", 0);
}

/* In the accept queue: ESTABLISHED and held by no process. */
static void expect_queued(struct run *run, struct sock *listener,
			  struct sock *queued)
{
	expect_queue(listener, 1, BACKLOG, soon);
	expect_state(queued, DIAG_ESTABLISHED);
	expect_held(queued, false);
	expect_timer(queued, DIAG_TIMER_NONE);
	expect_counter(run, "server", "PassiveOpens", 1);
}

static void expect_accepted(struct sock *listener, struct sock *accepted)
{
	expect_queue(listener, 0, BACKLOG, soon);
	expect_state(accepted, DIAG_ESTABLISHED);
	expect_held(accepted, true);
}

static void script(struct run *run)
{
	bool defer = run_is_variant(run, "defer-accept");
	struct probe *server = probe_start(run, "server");
	struct sock *listener = sock_listen(server, BACKLOG);
	struct wire_rule *third_ack = fault_hold(
		run, FRAMES(FROM("client"), KIND(WIRE_PURE_ACK), .count = 1));
	struct sock *client, *peer, *accepted;
	struct finding got;

	if (defer)
		sock_set(listener, IPPROTO_TCP, TCP_DEFER_ACCEPT, DEFER_S);
	accepted = sock_post_accept(listener);
	client = sock_connect(probe_start(run, "client"), listener);
	peer = sock_peer(client, "server");
	got = sock_reap(listener, MSEC(QUIET_MS));
	if (!expect_that(run, got.open, "accept() blocks until the third ACK",
			 "%s", finding_outcome(&got)))
		return;
	expect_request(run, listener, client, peer);
	/* The ACK is held, not dropped by the deferring kernel. */
	expect_counter(run, "server", "TCPDeferAcceptDrop", 0);

	/* Freeze the process, so that the connection stays in the queue. */
	fault_freeze(run, "server");
	fault_release(run, third_ack);
	if (defer) {
		run_pass(run, MSEC(QUIET_MS));
		expect_counter(run, "server", "TCPDeferAcceptDrop", 1);
		expect_request(run, listener, client, peer);
		sock_send(client, BYTES);
	}
	expect_queued(run, listener, peer);

	fault_thaw(run, "server");
	got = sock_reap(listener, soon);
	expect_that(run, !got.open && !got.error, "accept() succeeds", "%s",
		    finding_outcome(&got));
	expect_accepted(listener, accepted);
	if (!defer)
		return;
	got = sock_recv(accepted, soon);
	expect_that(run, got.value == BYTES,
		    "the server reads the client's 100 bytes", "%s",
		    finding_outcome(&got));
}

CASE(accept_queue_states) = {
	.name = "accept-queue-states",
	.claim = "a SYN creates a half-open request, the third ACK turns it "
		 "into a connection in the accept queue, accept() takes it out",
	.judgements = CLAIMS(
		{ "B8", DOCUMENT_RIGHT,
		  "SYN-RECV until the third ACK, then ESTABLISHED and in the "
		  "accept queue (misspelt accepet once), until accept(): "
		  "tcp_check_req(), inet_csk_reqsk_queue_add(), "
		  "inet_csk_accept()" },
		{ "B8", DOCUMENT_OUTDATED,
		  "the half-open requests are no longer a queue of the "
		  "listener: inet_csk_reqsk_queue_hash_add() puts them into "
		  "the hash table of all connections (079096f103fa)",
		  "4.4" }),
	.why = "the kernel alone turns the request into a full socket when the "
	       "third ACK arrives; in the accept queue that socket waits for a "
	       "process",
	.sources =
		"net/ipv4/tcp_minisocks.c:tcp_check_req(); "
		"net/ipv4/inet_connection_sock.c:inet_csk_reqsk_queue_add(), "
		"inet_csk_accept()",
	.steps = STEPS("the wire holds the third ACK of a client's handshake; "
		       "the server blocks in accept()",
		       "the server's process is frozen, so that accept() takes "
		       "nothing out of the queue",
		       "the wire releases the third ACK (with TCP_DEFER_ACCEPT "
		       "the client then sends 100 bytes)",
		       "the process is thawed"),
	.expect = "while the ACK is held: client ESTABLISHED, server SYN-RECV, "
		  "accept queue empty; after the release (or the data): server "
		  "ESTABLISHED, accept queue of length 1, no process holds the "
		  "connection; after the thaw: length 0, the process holds the "
		  "connection",
	.world = &world_pair,
	.variants = VARIANTS(
		{ "third-ack", "an ordinary listener: the third ACK moves the "
			       "connection into the accept queue" },
		{ "defer-accept",
		  "the listener has TCP_DEFER_ACCEPT of 10 s: the third ACK is "
		  "dropped, and the client's first data moves the connection "
		  "into the accept queue",
		  .judgements = CLAIMS(
			  { "B8", DOCUMENT_CONDITIONAL,
			    "with TCP_DEFER_ACCEPT the third ACK changes "
			    "nothing, only data does: tcp_check_req()" }) }),
	.duration = MSEC(100),
	.script = script,
};
