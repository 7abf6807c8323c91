/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The server's process dies, and there is no FIN. Three ways to that:
 *
 * unread-bytes: the client had sent what the process had not read. __tcp_close()
 * finds the receive queue not empty and sends RST instead (RFC 2525 2.17, RFC
 * 1122 4.2.2.13): FIN would say that all had arrived. Both ends are gone at once,
 * without any of the close's states.
 *
 * not-accepted: the connection was ESTABLISHED at both ends and waited in the
 * accept queue. inet_csk_listen_stop() can only abort what is in there
 * (inet_child_forget(), tcp_disconnect()): RST.
 *
 * child-holds-it: a child of the process has the socket as well. A socket is
 * closed with its last file (__fput()), not with a process: not a word goes over
 * the wire, and the kernel acknowledges data that nobody reads. When the child
 * dies too, that data makes it RST again.
 */
#include "case.h"

enum { BYTES = 100 };

/* How long to look out for what takes no timer. */
static const nsec_t soon = MSEC(500);

static void expect_reset(struct run *run, struct sock *client,
			 struct sock *server, struct mark dead,
			 const char *exchange)
{
	struct finding got = sock_reap(client, soon);

	expect_error(&got, ECONNRESET);
	expect_took(dead, &got, at_once);
	expect_exchange(run, dead, "RST, and no FIN", exchange);
	expect_state(server, DIAG_CLOSE);
	expect_state(client, DIAG_CLOSE);
}

static void unread(struct run *run, struct pair *tcp)
{
	struct mark dead;

	sock_send(tcp->client, BYTES);
	sock_post_recv(tcp->client);
	dead = mark_now(run);
	fault_kill(tcp->server_probe);
	expect_reset(run, tcp->client, tcp->server, dead,
		     "server R. 1:1(0) ack 101");
	expect_counter(run, "server", "TCPAbortOnClose", 1);
}

static void not_accepted(struct run *run)
{
	struct probe *server = probe_start(run, "server");
	struct sock *listener = sock_listen(server, 16);
	struct sock *client =
		sock_connect(probe_start(run, "client"), listener);
	struct sock *queued = sock_peer(client, "server");
	struct mark dead;

	expect_state_within(queued, DIAG_ESTABLISHED, soon);
	sock_post_recv(client);
	dead = mark_now(run);
	fault_kill(server);
	expect_reset(run, client, queued, dead, "server R. 1:1(0) ack 1");
	expect_counter(run, "server", "TCPAbortOnClose", 0);
}

static void child_holds(struct run *run, struct pair *tcp)
{
	struct mark dead = mark_now(run), orphaned;
	struct diag_socket seen;

	probe_fork(tcp->server_probe);
	sock_post_recv(tcp->client);
	fault_kill(tcp->server_probe);
	expect_that(run, !probe_is_running(tcp->server_probe),
		    "the process is dead", "it runs");
	run_pass(run, soon);
	expect_exchange(run, dead, "not a word", "");

	/* Acknowledged by the kernel, and kept for nobody. */
	sock_send(tcp->client, BYTES);
	run_pass(run, soon);
	expect_exchange(run, dead, "data, and its ACK",
			"client P. 1:101(100) ack 1, server . 1:1(0) ack 101");
	sock_look(tcp->server, &seen);
	expect_number(run, "unread_bytes", seen.receive_queue, BYTES, BYTES);
	expect_state(tcp->server, DIAG_ESTABLISHED);
	expect_state(tcp->client, DIAG_ESTABLISHED);

	orphaned = mark_now(run);
	fault_kill_child(tcp->server_probe);
	expect_reset(run, tcp->client, tcp->server, orphaned,
		     "server R. 1:1(0) ack 101");
}

static void script(struct run *run)
{
	struct pair tcp;

	if (run_is_variant(run, "not-accepted")) {
		not_accepted(run);
		return;
	}
	tcp = sock_pair(run);
	if (run_is_variant(run, "child-holds-it"))
		child_holds(run, &tcp);
	else
		unread(run, &tcp);
}

CASE(server_process_crash_no_fin) = {
	.name = "server-process-crash-no-fin",
	.claim = "server process dies with bytes unread or before accept(): "
		 "RST; while its child holds the socket: nothing at all",
	.why = "FIN comes from __tcp_close() with an empty receive queue, on "
	       "an "
	       "accepted socket, for its last holder; else it is RST, or no "
	       "close at all",
	.sources = "RFC 2525 2.17; RFC 1122 4.2.2.13; net/ipv4/tcp.c:"
		   "__tcp_close(); net/ipv4/inet_connection_sock.c:"
		   "inet_csk_listen_stop()",
	.steps = STEPS("a connection, keepalive off; the client had sent what "
		       "the server did not read; or it is not accepted yet; or "
		       "the server has a child that holds the socket",
		       "the server's process dies (kill -9)",
		       "the client sends to what the child holds",
		       "the child dies too"),
	.expect = "RST at once and ECONNRESET, both ends gone; with the child: "
		  "no segment, then data acknowledged and read by nobody, and "
		  "RST at the child's death",
	.world = &world_pair,
	.variants = VARIANTS(
		{ "unread-bytes",
		  .judgements = CLAIMS(
			  { "A1", DOCUMENT_CONDITIONAL,
			    "with unread bytes it is RST and no FIN, and no "
			    "four-way close: __tcp_close(), RFC 2525 2.17" }) },
		{ "not-accepted",
		  .judgements =
			  CLAIMS({ "A1", DOCUMENT_CONDITIONAL,
				   "what waits in the accept queue gets RST: "
				   "inet_csk_listen_stop()" }) },
		{ "child-holds-it", .duration = SEC(1),
		  .judgements = CLAIMS(
			  { "A1", DOCUMENT_CONDITIONAL,
			    "no FIN while any other process holds the socket: "
			    "__fput() comes with the last one" }) }),
	.duration = MSEC(10),
	.script = script,
};
