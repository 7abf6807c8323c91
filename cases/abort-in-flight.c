/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The client aborts while its data is lost. The RST has the next sequence number
 * (tcp_acceptable_seq()), which is beyond what the server has received: in its
 * window, but not exact. So the server answers with a challenge ACK
 * (tcp_validate_incoming()), and because the client has no socket any more, that
 * is answered with a RST which is exact: tcp_v4_send_reset().
 */
#include "case.h"

enum { BYTES = 100 };

static void script(struct run *run)
{
	struct pair tcp = sock_pair(run);
	struct finding got;
	struct mark begin;

	fault_drop(run, FRAMES(FROM("client"), KIND(WIRE_DATA)));
	sock_post_recv(tcp.server);
	begin = mark_now(run);
	sock_send(tcp.client, BYTES);
	sock_abort(tcp.client);
	got = sock_reap(tcp.server, soon);
	if (!expect_error(&got, ECONNRESET))
		return;
	expect_exchange(run, begin, "lost data, two RSTs and a challenge ACK",
			"client P. 1:101(100) ack 1, client R. 101:101(0) ack "
			"1, server . 1:1(0) ack 1, client R 1:1(0)");
	expect_counter(run, "server", "TCPChallengeACK", 1);
	expect_counter(run, "client", "OutRsts", 2);
}

CASE(abort_in_flight) = {
	.name = "abort-in-flight",
	.claim = "an abort with lost data needs a challenge ACK and a second RST "
		 "to end the peer's connection",
	.topic = TOPIC_RESET,
	.why = "the RST follows the lost data, so its sequence number is not the "
	       "one that the peer expects",
	.sources = "RFC 5961 3.2; net/ipv4/tcp_output.c:tcp_send_active_reset(), "
		   "tcp_acceptable_seq(); net/ipv4/tcp_input.c:"
		   "tcp_validate_incoming()",
	.steps = STEPS("the client sends 100 bytes, which are lost",
		       "it aborts the connection"),
	.expect = "a RST with sequence number 101, a challenge ACK, a RST with "
		  "1, and ECONNRESET at the server",
	.world = &world_pair,
	.duration = MSEC(20),
	.script = script,
};
