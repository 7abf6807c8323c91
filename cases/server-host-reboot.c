/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The server's machine dies and is back at once, with the same addresses and no
 * memory. The client knows nothing of it and sends. The new kernel has no
 * socket for that segment (tcp_v4_rcv(), no_tcp_socket) and answers with RST,
 * whose sequence number is the one that the client acknowledged last: just what
 * tcp_validate_incoming() wants before it believes a RST.
 *
 * A service that listens on the port again changes nothing: a segment with ACK
 * is no business of a LISTEN socket (tcp_rcv_state_process()), RST all the same.
 *
 * A call that waits gets ECONNRESET. It is told once: whoever asks after that
 * gets EPIPE from send(). A program that only writes sees the order shifted by
 * one: its first send() succeeds (it is what provokes the RST), the second is
 * ECONNRESET, the third EPIPE (sk_stream_error()).
 *
 * Sent while the machine is still down, the segment is lost; a retransmission
 * finds the new kernel. The client then learns of the reboot not when it
 * happens, but at its next RTO round.
 */
#include "case.h"

enum { BYTES = 100, LOST_ROUNDS = 3 };

/* How long to look out for what takes no timer. */
static const nsec_t soon = MSEC(500);

static void expect_pipe_broken(struct sock *client)
{
	struct finding got = sock_send(client, BYTES);

	expect_error(&got, EPIPE);
	expect_state(client, DIAG_CLOSE);
}

static void expect_one_reset(struct run *run, struct mark sent)
{
	expect_exchange(run, sent, "RST for an unknown connection",
			"client P. 1:101(100) ack 1, server R 1:1(0)");
	expect_counter(run, "server", "OutRsts", 1);
	expect_counter(run, "client", "EstabResets", 1);
}

static void client_sends(struct run *run, struct pair *tcp)
{
	struct mark sent;
	struct finding got;

	sock_post_recv(tcp->client);
	sent = mark_now(run);
	sock_send(tcp->client, BYTES);
	got = sock_reap(tcp->client, soon);
	expect_error(&got, ECONNRESET);
	expect_took(sent, &got, at_once);
	expect_one_reset(run, sent);
	expect_pipe_broken(tcp->client);
}

static void client_only_sends(struct run *run, struct pair *tcp)
{
	struct mark sent = mark_now(run);
	struct finding got = sock_send(tcp->client, BYTES);

	expect_that(run, got.value == BYTES, "the first send() succeeds",
		    "%s", finding_outcome(&got));
	expect_state_within(tcp->client, DIAG_CLOSE, soon);
	got = sock_send(tcp->client, BYTES);
	expect_error(&got, ECONNRESET);
	expect_one_reset(run, sent);
	expect_pipe_broken(tcp->client);
}

/* The same service on the same port: a new connection works, the old is gone. */
static void listens_again(struct run *run, struct pair *tcp)
{
	struct probe *server = probe_start(run, "server");
	struct sock *listener = sock_listen_on(
		server, sock_local_port(tcp->listener), 16);
	struct sock *again;

	client_sends(run, tcp);
	again = sock_connect(tcp->client_probe, listener);
	sock_accept(listener);
	expect_state(again, DIAG_ESTABLISHED);
}

/* Rounds, from 0: the tail loss probe and two RTOs are lost, the third finds
 * the machine up. Each sends one copy. */
static void sends_while_down(struct run *run, struct pair *tcp)
{
	struct prediction *prediction = forecast_give_up(tcp->client);
	const struct predict_round *found = &prediction->rounds[LOST_ROUNDS];
	struct mark sent, back;
	struct finding got;

	sock_post_recv(tcp->client);
	fault_crash(run, "server");
	sent = mark_now(run);
	sock_send(tcp->client, BYTES);
	/* Far from both, since either may be late. */
	run_pass_until(run, sent, (found[-1].at.max + found->at.min) / 2);
	back = mark_now(run);
	fault_reboot(run, "server");

	got = sock_reap(tcp->client, found->at.max + SEC(1));
	expect_error(&got, ECONNRESET);
	expect_took(sent, &got, found->at);
	expect_number(run, "retransmissions",
		      frames_count(run, sent,
				   FRAMES(FROM("client"),
					  KIND(WIRE_RETRANSMISSION))),
		      LOST_ROUNDS + 1, LOST_ROUNDS + 1);
	expect_exchange(run, back, "the round that found the new kernel",
			"client P. 1:101(100) ack 1, server R 1:1(0)");
	expect_counter(run, "server", "OutRsts", 1);
	expect_counter(run, "client", "TCPAbortOnTimeout", 0);
	expect_pipe_broken(tcp->client);
}

static void script(struct run *run)
{
	struct pair tcp = sock_pair(run);

	if (run_is_variant(run, "sends-while-down")) {
		sends_while_down(run, &tcp);
		return;
	}
	fault_reboot(run, "server");
	expect_state(tcp.client, DIAG_ESTABLISHED);
	if (!expect_state(tcp.server, DIAG_CLOSE))
		return;
	if (run_is_variant(run, "listener"))
		listens_again(run, &tcp);
	else if (run_is_variant(run, "only-sends"))
		client_only_sends(run, &tcp);
	else
		client_sends(run, &tcp);
}

CASE(server_host_reboot) = {
	.name = "server-host-reboot",
	.claim = "server host dies and is back at once, client sends: RST, and "
		 "the connection ends with ECONNRESET",
	.judgements = CLAIMS({ "A14", DOCUMENT_RIGHT,
			       "a segment without a socket is answered with "
			       "RST: tcp_v4_rcv(), tcp_v4_send_reset()" }),
	.why = "the new kernel has no such connection; its RST carries the "
	       "sequence number that the client waits for, so "
	       "tcp_validate_incoming() takes it",
	.sources = "RFC 9293 3.5.1, 3.10.7; net/ipv4/tcp_ipv4.c:"
		   "tcp_v4_send_reset(); net/ipv4/tcp_input.c:tcp_reset(), "
		   "tcp_rcv_state_process()",
	.steps = STEPS("a connection, idle, keepalive off",
		       "the server's machine dies and is back, without memory",
		       "the client sends (or had sent while it was down)",
		       "the client sends again"),
	.expect = "one RST; ECONNRESET for the call that waits, or for the "
		  "second send(); EPIPE after that; the same with a new "
		  "listener on the port; while the machine is down, not before "
		  "the first RTO round that finds it up",
	.world = &world_pair,
	.variants = VARIANTS({ "no-listener" }, { "listener" },
			     { "only-sends" },
			     { "sends-while-down", .duration = SEC(2) }),
	.duration = MSEC(100),
	.script = script,
};
