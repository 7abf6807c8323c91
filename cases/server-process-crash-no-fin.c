/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Three ways in which the server process dies and its kernel sends no FIN:
 *
 * unread-bytes: the process has not read what the client sent. __tcp_close()
 * finds data in the receive queue and sends a RST (RFC 2525 2.17, RFC 1122
 * 4.2.2.13), because a FIN would mean that all data arrived. Both ends are
 * gone at once, without any of the states of a close.
 *
 * not-accepted: the connection is ESTABLISHED at both ends and waits in the
 * accept queue. inet_csk_listen_stop() can only abort it (inet_child_forget(),
 * tcp_disconnect()): a RST.
 *
 * child-holds-it: a child process has the socket, too. A socket is closed with
 * its last file (__fput()), not with a process: nothing is sent, and the
 * kernel acknowledges data that nobody reads. When the child dies, that unread
 * data leads to a RST.
 */
#include "case.h"

enum { BYTES = 100 };

static void expect_reset(struct run *run, struct sock *client,
			 struct sock *server, struct mark killed,
			 const char *exchange)
{
	struct finding got = sock_reap(client, soon);

	expect_error(&got, ECONNRESET);
	expect_took(killed, &got, at_once);
	expect_exchange(run, killed, "a RST and no FIN", exchange);
	expect_state(server, DIAG_CLOSE);
	expect_state(client, DIAG_CLOSE);
}

static void kill_with_unread_bytes(struct run *run, struct pair *tcp)
{
	struct mark killed;

	sock_send(tcp->client, BYTES);
	sock_post_recv(tcp->client);
	killed = mark_now(run);
	fault_kill(tcp->server_probe);
	expect_reset(run, tcp->client, tcp->server, killed,
		     "server R. 1:1(0) ack 101");
	expect_counter(run, "server", "TCPAbortOnClose", 1);
}

static void kill_before_accept(struct run *run)
{
	struct probe *server = probe_start(run, "server");
	struct sock *listener = sock_listen(server, 16);
	struct sock *client =
		sock_connect(probe_start(run, "client"), listener);
	struct sock *queued = sock_peer(client, "server");
	struct mark killed;

	expect_state_within(queued, DIAG_ESTABLISHED, soon);
	sock_post_recv(client);
	killed = mark_now(run);
	fault_kill(server);
	expect_reset(run, client, queued, killed, "server R. 1:1(0) ack 1");
	expect_counter(run, "server", "TCPAbortOnClose", 0);
}

static void kill_parent_then_child(struct run *run, struct pair *tcp)
{
	struct mark killed = mark_now(run), child_killed;
	struct diag_socket seen;

	probe_fork(tcp->server_probe);
	sock_post_recv(tcp->client);
	fault_kill(tcp->server_probe);
	expect_that(run, !probe_is_running(tcp->server_probe),
		    "the server process is dead", "it runs");
	run_pass(run, soon);
	expect_exchange(run, killed, "no segment", "");

	sock_send(tcp->client, BYTES);
	run_pass(run, soon);
	expect_exchange(run, killed, "data and its ACK",
			"client P. 1:101(100) ack 1, server . 1:1(0) ack 101");
	sock_look(tcp->server, &seen);
	expect_number(run, "unread_bytes", seen.receive_queue, BYTES, BYTES);
	expect_state(tcp->server, DIAG_ESTABLISHED);
	expect_state(tcp->client, DIAG_ESTABLISHED);

	child_killed = mark_now(run);
	fault_kill_child(tcp->server_probe);
	expect_reset(run, tcp->client, tcp->server, child_killed,
		     "server R. 1:1(0) ack 101");
}

static void script(struct run *run)
{
	struct pair tcp;

	if (run_is_variant(run, "not-accepted")) {
		kill_before_accept(run);
		return;
	}
	tcp = sock_pair(run);
	if (run_is_variant(run, "child-holds-it"))
		kill_parent_then_child(run, &tcp);
	else
		kill_with_unread_bytes(run, &tcp);
}

CASE(server_process_crash_no_fin) = {
	.name = "server-process-crash-no-fin",
	.claim = "server process dies with bytes unread or before accept(): "
		 "RST; while its child holds the socket: no segment at all",
	.why = "__tcp_close() sends a FIN only for an accepted socket with an "
	       "empty receive queue, when its last holder closes it; else "
	       "there is a RST, or no close yet",
	.sources = "RFC 2525 2.17; RFC 1122 4.2.2.13; net/ipv4/tcp.c:"
		   "__tcp_close(); net/ipv4/inet_connection_sock.c:"
		   "inet_csk_listen_stop()",
	.steps = STEPS("a connection, keepalive off: with data that the server "
		       "has not read; or not accepted yet; or held by a child "
		       "of the server process as well",
		       "the server process dies (SIGKILL)",
		       "child-holds-it: the client sends; then the child dies "
		       "too"),
	.expect = "a RST and ECONNRESET at once, and both ends are gone; with "
		  "the child: no segment, then data that is acknowledged and "
		  "not read, and a RST when the child dies",
	.world = &world_pair,
	.variants = VARIANTS(
		{ "unread-bytes",
		  "the process dies with 100 bytes unread: its kernel sends "
		  "RST instead of FIN",
		  .judgements = CLAIMS(
			  { "A1", DOCUMENT_CONDITIONAL,
			    "with unread bytes it is a RST instead of a FIN "
			    "and a four-way close: __tcp_close(), RFC 2525 "
			    "2.17" }) },
		{ "not-accepted",
		  "the process dies before it has called accept(): its kernel "
		  "sends RST for the connection in the accept queue",
		  .judgements = CLAIMS(
			  { "A1", DOCUMENT_CONDITIONAL,
			    "a connection in the accept queue gets a RST: "
			    "inet_csk_listen_stop()" }) },
		{ "child-holds-it",
		  "a child of the process holds the socket too: no segment is "
		  "sent when the parent dies, and RST when the child dies, "
		  "with 100 bytes unread",
		  .duration = SEC(1),
		  .judgements = CLAIMS(
			  { "A1", DOCUMENT_CONDITIONAL,
			    "no FIN while another process holds the socket: "
			    "__fput() comes with the last one" }) }),
	.duration = MSEC(10),
	.script = script,
};
