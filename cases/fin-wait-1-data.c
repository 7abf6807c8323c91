/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The client has called close(), and its FIN is lost. The server, which knows
 * nothing of it, sends data: no process can read that any more, and the orphan
 * in FIN-WAIT-1 answers with a RST (TCPAbortOnData) instead of an ACK for what
 * is thrown away: tcp_rcv_state_process(). After shutdown() instead of close()
 * the data is acknowledged and read.
 */
#include "case.h"

enum { BYTES = 100 };

static void script(struct run *run)
{
	bool closed = run_is_variant(run, "closed");
	struct pair tcp = sock_pair(run);
	struct finding got;
	struct mark sent;

	fault_drop(run, FRAMES(FROM("client"), KIND(WIRE_FIN)));
	if (closed)
		sock_close(tcp.client);
	else
		sock_shutdown(tcp.client, SHUT_WR);
	if (!expect_state_within(tcp.client, DIAG_FIN_WAIT1, soon) ||
	    !expect_state(tcp.server, DIAG_ESTABLISHED))
		return;
	sent = mark_now(run);
	if (!closed) {
		expect_delivery(tcp.server, tcp.client, BYTES);
		expect_state(tcp.client, DIAG_FIN_WAIT1);
		expect_frames(run, sent, "RSTs", FRAMES(KIND(WIRE_RST)), 0);
		return;
	}
	sock_post_recv(tcp.server);
	sock_send(tcp.server, BYTES);
	got = sock_reap(tcp.server, soon);
	expect_error(&got, ECONNRESET);
	expect_frames(run, sent, "RSTs of the client",
		      FRAMES(FROM("client"), KIND(WIRE_RST)), 1);
	expect_counter(run, "client", "TCPAbortOnData", 1);
	expect_state(tcp.client, DIAG_CLOSE);
}

CASE(fin_wait_1_data) = {
	.name = "fin-wait-1-data",
	.claim = "data for a closed socket whose FIN is not acknowledged is "
		 "answered with RST; after shutdown() it is read",
	.topic = TOPIC_CLOSE,
	.why = "an ACK would say that the data arrived, although no process can "
	       "read it",
	.sources = "RFC 1122 4.2.2.13; net/ipv4/tcp_input.c:"
		   "tcp_rcv_state_process()",
	.steps = STEPS("the client calls close(), or shutdown(), and its FIN is "
		       "lost",
		       "the server sends"),
	.expect = "closed: ECONNRESET at the server, and TCPAbortOnData; shut: "
		  "the client reads the data",
	.world = &world_pair,
	.variants = VARIANTS({ "closed", "the client has called close(): the "
					 "server's data is answered with RST" },
			     { "shut",
			       "the client has called shutdown(SHUT_WR): the "
			       "server's data is acknowledged and read" }),
	.duration = MSEC(50),
	.script = script,
};
