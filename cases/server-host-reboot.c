/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The server host crashes and is back at once, with the same addresses and
 * without memory. The client sends. The new kernel has no socket for the
 * segment (tcp_v4_rcv(), no_tcp_socket) and answers with a RST, whose sequence
 * number is the segment's acknowledgement number. That is what
 * tcp_validate_incoming() requires of a RST.
 *
 * A service that listens on the port again changes nothing: a LISTEN socket
 * answers a segment with ACK with a RST, too (tcp_rcv_state_process()).
 *
 * A blocking call gets ECONNRESET. The error is reported once; after that
 * send() returns EPIPE. A program that only writes sees the results one call
 * later: its first send() succeeds (it provokes the RST), the second fails
 * with ECONNRESET, the third with EPIPE (sk_stream_wait_connect()).
 *
 * A segment that is sent while the host is down is lost; a retransmission
 * reaches the new kernel. So the client learns of the reboot not when it
 * happens, but with the next retransmission.
 */
#include "case.h"

enum { BYTES = 100, LOST_ROUNDS = 3 };

static void expect_broken_pipe(struct sock *client)
{
	struct finding got = sock_send(client, BYTES);

	expect_error(&got, EPIPE);
	expect_state(client, DIAG_CLOSE);
}

static void expect_one_reset(struct run *run, struct mark sent)
{
	expect_exchange(run, sent, "a RST answers the unknown segment",
			"client P. 1:101(100) ack 1, server R 1:1(0)");
	expect_counter(run, "server", "OutRsts", 1);
	expect_counter(run, "client", "EstabResets", 1);
}

static void send_while_blocking_in_recv(struct run *run, struct pair *tcp)
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
	expect_broken_pipe(tcp->client);
}

static void only_send(struct run *run, struct pair *tcp)
{
	struct mark sent = mark_now(run);
	struct finding got = sock_send(tcp->client, BYTES);

	expect_that(run, got.value == BYTES, "the first send() succeeds", "%s",
		    finding_outcome(&got));
	expect_state_within(tcp->client, DIAG_CLOSE, soon);
	got = sock_send(tcp->client, BYTES);
	expect_error(&got, ECONNRESET);
	expect_one_reset(run, sent);
	expect_broken_pipe(tcp->client);
}

/* The service is back on its port: only a new connection works. */
static void listen_again(struct run *run, struct pair *tcp)
{
	struct probe *server = probe_start(run, "server");
	struct sock *listener =
		sock_listen_on(server, sock_local_port(tcp->listener), 16);
	struct sock *next;

	send_while_blocking_in_recv(run, tcp);
	next = sock_connect(tcp->client_probe, listener);
	sock_accept(listener);
	expect_state(next, DIAG_ESTABLISHED);
}

/* The tail loss probe and two RTO retransmissions are lost, the third RTO
 * retransmission finds the host up again. */
static void send_while_down(struct run *run, struct pair *tcp)
{
	struct prediction *prediction = forecast_give_up(tcp->client);
	const struct predict_round *arrives = &prediction->rounds[LOST_ROUNDS];
	struct mark sent, rebooted;
	struct finding got;

	sock_post_recv(tcp->client);
	fault_crash(run, "server");
	sent = mark_now(run);
	sock_send(tcp->client, BYTES);
	/* In the middle between two retransmissions, since either may be
	 * late. */
	run_pass_until(run, sent, (arrives[-1].at.max + arrives->at.min) / 2);
	rebooted = mark_now(run);
	fault_reboot(run, "server");

	got = sock_reap(tcp->client, arrives->at.max + SEC(1));
	expect_error(&got, ECONNRESET);
	expect_took(sent, &got, arrives->at);
	expect_number(
		run, "retransmissions",
		frames_count(run, sent,
			     FRAMES(FROM("client"), KIND(WIRE_RETRANSMISSION))),
		LOST_ROUNDS + 1, LOST_ROUNDS + 1);
	expect_exchange(run, rebooted,
			"the retransmission that reaches the new kernel",
			"client P. 1:101(100) ack 1, server R 1:1(0)");
	expect_counter(run, "server", "OutRsts", 1);
	expect_counter(run, "client", "TCPAbortOnTimeout", 0);
	expect_broken_pipe(tcp->client);
}

static void script(struct run *run)
{
	struct pair tcp = sock_pair(run);

	if (run_is_variant(run, "sends-while-down")) {
		send_while_down(run, &tcp);
		return;
	}
	fault_reboot(run, "server");
	expect_state(tcp.client, DIAG_ESTABLISHED);
	if (!expect_state(tcp.server, DIAG_CLOSE))
		return;
	if (run_is_variant(run, "listener"))
		listen_again(run, &tcp);
	else if (run_is_variant(run, "only-sends"))
		only_send(run, &tcp);
	else
		send_while_blocking_in_recv(run, &tcp);
}

CASE(server_host_reboot) = {
	.name = "server-host-reboot",
	.claim = "server host crashes and reboots at once, client sends: RST, "
		 "and the connection ends with ECONNRESET",
	.judgements = CLAIMS({ "A14", DOCUMENT_RIGHT,
			       "a segment without a socket is answered with a "
			       "RST: tcp_v4_rcv(), tcp_v4_send_reset()" }),
	.why = "the new kernel has no such connection; its RST has the "
	       "sequence number that the client expects, so "
	       "tcp_validate_incoming() accepts it",
	.sources = "RFC 9293 3.5.1, 3.10.7; net/ipv4/tcp_ipv4.c:"
		   "tcp_v4_send_reset(); net/ipv4/tcp_input.c:tcp_reset(), "
		   "tcp_rcv_state_process()",
	.steps = STEPS("a connection, idle, keepalive off",
		       "the server host reboots and loses its memory",
		       "the client sends (or has sent while the host was down)",
		       "the client sends again"),
	.expect = "one RST; ECONNRESET for the call that blocks, or for the "
		  "second send(), and EPIPE after that; the same with a new "
		  "listener on the port; what was sent while the host was down "
		  "is answered when a retransmission finds the host up",
	.world = &world_pair,
	.variants = VARIANTS(
		{ "no-listener",
		  "no service listens after the reboot, and the client blocks "
		  "in recv() when it sends: ECONNRESET from recv(), EPIPE from "
		  "the next send()" },
		{ "listener",
		  "a new process listens on the port after the reboot: the old "
		  "connection is reset all the same, and a new one succeeds" },
		{ "only-sends",
		  "the client calls only send(): the first call succeeds, the "
		  "second returns ECONNRESET and the third EPIPE" },
		{ "sends-while-down",
		  "the client sends while the host is down: the tail loss "
		  "probe and two RTO retransmissions are lost, and the third "
		  "RTO retransmission is answered with RST",
		  .duration = SEC(2) }),
	.duration = MSEC(100),
	.script = script,
};
