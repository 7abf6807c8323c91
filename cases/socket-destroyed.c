/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An administrator ends a connection with `ss -K`: SOCK_DESTROY of sock_diag
 * calls tcp_abort(), which sends a RST and reports ECONNABORTED to the process.
 */
#include "case.h"

static void script(struct run *run)
{
	struct pair tcp = sock_pair(run);
	struct mark destroyed;
	struct finding got;

	sock_post_recv(tcp.client);
	sock_post_recv(tcp.server);
	destroyed = mark_now(run);
	sock_destroy(tcp.client);
	got = sock_reap(tcp.client, soon);
	expect_error(&got, ECONNABORTED);
	got = sock_reap(tcp.server, soon);
	expect_error(&got, ECONNRESET);
	expect_exchange(run, destroyed, "a RST", "client R. 1:1(0) ack 1");
	expect_counter(run, "client", "OutRsts", 1);
	expect_counter(run, "client", "EstabResets", 1);
	expect_state(tcp.client, DIAG_CLOSE);
}

CASE(socket_destroyed) = {
	.name = "socket-destroyed",
	.claim = "ss -K ends a connection: ECONNABORTED for its process, and a "
		 "RST to the peer",
	.topic = TOPIC_RESET,
	.why = "half-open connections need a way to end them without their "
	       "process",
	.sources = "net/ipv4/tcp_diag.c:tcp_diag_destroy(); "
		   "net/ipv4/tcp.c:tcp_abort()",
	.steps = STEPS("both ends wait in recv()",
		       "the client's socket is destroyed with sock_diag"),
	.expect = "ECONNABORTED at the client, ECONNRESET at the server",
	.world = &world_pair,
	.duration = MSEC(10),
	.no_fault = true,
	.script = script,
};
