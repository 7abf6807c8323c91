/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The control of server-host-reboot: the same fault, and a client that sends
 * nothing and has no keepalive. The new kernel sends nothing either, because
 * it only answers segments. The client has no timer (DIAG_TIMER_NONE), so a
 * longer wait could show no other event. The client's first segment, at the
 * end, shows that the server's end was gone all the time.
 */
#include "case.h"

enum { IDLE = 3, BYTES = 100 };

static void script(struct run *run)
{
	struct pair tcp = sock_pair(run);
	struct mark rebooted, sent;
	struct finding got;

	sock_post_recv(tcp.client);
	fault_reboot(run, "server");
	rebooted = mark_now(run);
	if (!expect_state(tcp.server, DIAG_CLOSE))
		return;
	expect_timer(tcp.client, DIAG_TIMER_NONE);
	got = sock_reap(tcp.client, SEC(IDLE));
	expect_open(&got);
	expect_state(tcp.client, DIAG_ESTABLISHED);
	expect_timer(tcp.client, DIAG_TIMER_NONE);
	expect_exchange(run, rebooted, "no segment after the reboot", "");

	sent = mark_now(run);
	sock_send(tcp.client, BYTES);
	got = sock_reap(tcp.client, SEC(1));
	expect_error(&got, ECONNRESET);
	expect_exchange(run, sent, "the first segment is answered with a RST",
			"client P. 1:101(100) ack 1, server R 1:1(0)");
}

CASE(server_host_reboot_idle) = {
	.name = "server-host-reboot-idle",
	.claim = "server host crashes and reboots at once, client idle, "
		 "keepalive off: ESTABLISHED at one end, nothing at the other",
	.judgements = CLAIMS({ "A14", DOCUMENT_RIGHT,
			       "the RST is only an answer: without a segment "
			       "from the client there is none, "
			       "tcp_v4_send_reset()" },
			     { "A15", DOCUMENT_RIGHT,
			       "the client's kernel reports ESTABLISHED for a "
			       "connection that the server's kernel does not "
			       "have" }),
	.why = "a kernel sends nothing for a connection that it does not have, "
	       "and the client has no timer that would make it send",
	.sources = "RFC 9293 3.5.1 (half-open connections); "
		   "net/ipv4/tcp_ipv4.c:tcp_v4_send_reset()",
	.steps = STEPS("a connection, keepalive off; the client blocks in "
		       "recv()",
		       "the server host reboots and loses its memory",
		       "nobody sends for 3 s", "the client sends"),
	.expect = "no frame, no timer, ESTABLISHED at the client; then a RST "
		  "in answer to the first segment, and ECONNRESET",
	.shows = SHOWS("outcome", "client_state", "server_state"),
	.world = &world_pair,
	.duration = SEC(IDLE),
	.script = script,
};
