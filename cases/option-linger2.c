/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A negative TCP_LINGER2 means no FIN-WAIT-2 after close(). Where the peer has
 * acknowledged the FIN before close(), __tcp_close() sends a RST
 * (TCPAbortOnLinger); where the ACK comes after close(),
 * tcp_rcv_state_process() deletes the orphan (TCPAbortOnData), and
 * tcp_v4_do_rcv() answers the ACK with a RST. The peer is in CLOSE-WAIT, where
 * recv() returns 0 and the RST leaves EPIPE: tcp_reset(). The control is
 * tcp_fin_timeout: the case fin-wait-2-duration, which also has a positive
 * value.
 */
#include "case.h"

enum { DELAY_MS = 20 };

static void script(struct run *run)
{
	bool acked = run_is_variant(run, "fin-acked");
	struct pair tcp = sock_pair(run);
	struct mark closed;
	struct finding got;

	sock_set(tcp.client, IPPROTO_TCP, TCP_LINGER2, -1);
	path_delay(run, "server", MSEC(DELAY_MS));
	closed = mark_now(run);
	sock_shutdown(tcp.client, SHUT_WR);
	if (acked) {
		expect_state_within(tcp.client, DIAG_FIN_WAIT2, soon);
		closed = mark_now(run);
	}
	sock_close(tcp.client);
	if (!acked)
		expect_state(tcp.client, DIAG_FIN_WAIT1);
	expect_state_within(tcp.client, DIAG_CLOSE, soon);
	expect_counter(run, "client", "TCPAbortOnLinger", acked);
	expect_counter(run, "client", "TCPAbortOnData", !acked);
	frames_wait(run, closed, FRAMES(TO("server"), KIND(WIRE_RST)), 1, soon);
	expect_exchange(
		run, closed,
		acked ? "close() sends a RST" :
			"the ACK of the FIN is answered with RST",
		acked ? "client R. 2:2(0) ack 1" :
			"client F. 1:1(0) ack 1, server . 1:1(0) ack 2, "
			"client R 2:2(0)");
	expect_state_within(tcp.server, DIAG_CLOSE, soon);
	got = sock_recv(tcp.server, soon);
	expect_eof(&got);
	expect_pending_error(tcp.server, EPIPE);
}

CASE(option_linger2) = {
	.name = "option-linger2",
	.claim = "a negative TCP_LINGER2: close() does not leave FIN-WAIT-2 "
		 "behind, but a RST",
	.topic = TOPIC_SOCKET_OPTIONS,
	.why = "the option says that the program does not want to wait for the "
	       "peer's FIN",
	.sources = "net/ipv4/tcp.c:__tcp_close(); "
		   "net/ipv4/tcp_input.c:tcp_rcv_state_process()",
	.steps = STEPS("TCP_LINGER2 is set to -1",
		       "the client calls shutdown(SHUT_WR) and close(), before "
		       "or after the FIN is acknowledged",
		       "the server reads"),
	.expect = "a RST, from close() where the FIN is acknowledged, and in "
		  "reply to the ACK otherwise; the server reads the FIN and "
		  "then has EPIPE",
	.shows = SHOWS("outcome", "client_state", "server_state"),
	.world = &world_pair,
	.settings = SYSCTLS({ "client", "net.ipv4.tcp_fin_timeout", 60 }),
	.variants = VARIANTS(
		{ "fin-acked", "the FIN is acknowledged before close(): "
			       "close() sends RST at once (TCPAbortOnLinger)" },
		{ "fin-in-flight",
		  "close() comes before the ACK of the FIN: the client answers "
		  "that ACK with RST (TCPAbortOnData)" }),
	.duration = MSEC(100),
	.no_fault = true,
	.script = script,
};
