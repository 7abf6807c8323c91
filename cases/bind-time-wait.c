/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bind() to a port on which a connection is in TIME-WAIT: EADDRINUSE, unless
 * both sockets have SO_REUSEADDR, the new one and that of the old connection
 * (inet_bind_conflict(); a connection inherits the option from its listener,
 * and the timewait socket from the connection). 6.1 introduced a second hash
 * table for bind() that did not contain timewait sockets, so that bind()
 * succeeded without the option: repaired by 936a192f9740.
 */
#include "case.h"

static const struct change changes[] = {
	{ KERNEL_VERSION(6, 2, 0), "936a192f9740",
	  "bind() finds sockets in TIME-WAIT again, which 6.1 did not",
	  .stable = true, .present = { KERNEL_VERSION(6, 1, 5) },
	  .absent = { KERNEL_VERSION(6, 0, 0) } },
	{ .what = NULL },
};

/* A connection of the server that is in TIME-WAIT; no listener any more. */
static uint16_t leave_time_wait(struct run *run, struct probe *server,
				bool reuse)
{
	struct probe *client = probe_start(run, "client");
	struct sock *listener = sock_listen(server, 1);
	struct sock *closing, *other;
	uint16_t port = sock_local_port(listener);

	if (!reuse)
		sock_set(listener, SOL_SOCKET, SO_REUSEADDR, 0);
	other = sock_connect(client, listener);
	closing = sock_accept(listener);
	sock_close_both(closing, other);
	expect_state(closing, DIAG_TIME_WAIT);
	sock_close(listener);
	return port;
}

static void script(struct run *run)
{
	bool both = run_is_variant(run, "both-reuse");
	bool old = both || run_is_variant(run, "old-reuses");
	bool new = both || run_is_variant(run, "new-reuses");
	struct probe *server = probe_start(run, "server");
	uint16_t port = leave_time_wait(run, server, old);
	struct sock *sock = sock_open(server);
	bool checked = kernel_version() < KERNEL_VERSION(6, 1, 0) ||
		       run_has_change(run, changes);
	struct finding got;

	if (new)
		sock_set(sock, SOL_SOCKET, SO_REUSEADDR, 1);
	got = sock_bind(sock, port);
	if (both || !checked)
		expect_success(&got);
	else
		expect_error(&got, EADDRINUSE);
}

CASE(bind_time_wait) = {
	.name = "bind-time-wait",
	.claim = "bind() to the port of a connection in TIME-WAIT fails unless "
		 "both sockets have SO_REUSEADDR",
	.topic = TOPIC_PORTS,
	.why = "whoever reuses the port must not take a connection over; the "
	       "option says that the program knows that",
	.sources = "net/ipv4/inet_connection_sock.c:inet_bind_conflict(), "
		   "inet_csk_bind_conflict()",
	.steps = STEPS("the server closes a connection first, and then its "
		       "listener, with or without SO_REUSEADDR",
		       "a new socket is bound to the port, with or without "
		       "SO_REUSEADDR"),
	.expect = "success with both; EADDRINUSE with one or none (6.1 before "
		  "936a192f9740: success)",
	.world = &world_pair,
	.variants = VARIANTS(
		{ "neither-reuses",
		  "neither the old listener nor the new socket has "
		  "SO_REUSEADDR: bind() fails with EADDRINUSE" },
		{ "old-reuses", "only the listener of the old connection has "
				"SO_REUSEADDR: bind() fails with EADDRINUSE" },
		{ "new-reuses", "only the new socket has SO_REUSEADDR: bind() "
				"fails with EADDRINUSE" },
		{ "both-reuse", "the old listener and the new socket have "
				"SO_REUSEADDR: bind() succeeds" }),
	.changes = changes,
	.duration = MSEC(30),
	.no_fault = true,
	.script = script,
};
