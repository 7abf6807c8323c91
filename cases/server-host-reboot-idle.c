/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The control of server-host-reboot: the same fault, and a client that sends
 * nothing and has no keepalive. The new kernel does not know of the connection,
 * so it has nothing to say about it; the client's has no timer running
 * (DIAG_TIMER_NONE), so nothing will ever make it ask. Waiting longer than
 * IDLE would not show more: there is no event left that could end it.
 *
 * That the server's end was gone all the time shows the client's first segment,
 * at the end.
 */
#include "case.h"

enum { IDLE = 3, BYTES = 100 };

static void script(struct run *run)
{
	struct pair tcp = sock_pair(run);
	struct mark back, sent;
	struct finding got;

	sock_post_recv(tcp.client);
	fault_reboot(run, "server");
	back = mark_now(run);
	if (!expect_state(tcp.server, DIAG_CLOSE))
		return;
	expect_timer(tcp.client, DIAG_TIMER_NONE);
	got = sock_reap(tcp.client, SEC(IDLE));
	expect_open(&got);
	expect_state(tcp.client, DIAG_ESTABLISHED);
	expect_timer(tcp.client, DIAG_TIMER_NONE);
	expect_exchange(run, back, "not a word", "");

	sent = mark_now(run);
	sock_send(tcp.client, BYTES);
	got = sock_reap(tcp.client, SEC(1));
	expect_error(&got, ECONNRESET);
	expect_exchange(run, sent, "the first segment finds out",
			"client P. 1:101(100) ack 1, server R 1:1(0)");
}

CASE(server_host_reboot_idle) = {
	.name = "server-host-reboot-idle",
	.claim = "server host dies and is back at once, client idle, keepalive "
		 "off: ESTABLISHED at one end, nothing at the other",
	.judgements =
		CLAIMS({ "A14", DOCUMENT_RIGHT,
			 "the RST only answers: without a segment from "
			 "the client there is none, tcp_v4_send_reset()" },
		       { "A15", DOCUMENT_RIGHT,
			 "the client's kernel says ESTABLISHED of a "
			 "connection that the server's does not have" }),
	.why = "a kernel says nothing about a connection that it does not "
	       "know, "
	       "and the client has no timer that would make it ask",
	.sources = "RFC 9293 3.5.1 (half-open connections); "
		   "net/ipv4/tcp_ipv4.c:tcp_v4_send_reset()",
	.steps =
		STEPS("a connection; the client waits in recv(), keepalive off",
		      "the server's machine dies and is back, without memory",
		      "nobody sends for 3 s", "the client sends"),
	.expect = "not one frame, no timer, ESTABLISHED; then RST for the "
		  "first segment, and ECONNRESET",
	.world = &world_pair,
	.duration = SEC(IDLE),
	.script = script,
};
