/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two clients behind one NAT gateway, A and B, and the order of their
 * timestamps: for the cases nat-same-port-time-wait and nat-tw-recycle.
 *
 * All hosts share one kernel, so they share one clock. client-b sends that
 * clock as it is (tcp_timestamps=2). client adds the random offset that its
 * kernel derives for the connection (tcp_timestamps=1). The sign of the offset
 * shows in a SYN on the wire; it decides which client plays A, whose
 * timestamps are ahead.
 */
#pragma once

#include "case.h"

struct nat_client {
	struct probe *probe;
	uint16_t port; /* local; 0: connect() chooses it */
};

struct nat_clients {
	struct nat_client a, b;
};

/* Of the connections that come before B's, whose outcome is the report's. */
static inline void nat_expect_connected(struct sock *sock)
{
	struct finding got = sock_reap(sock, soon);

	expect_that(sock_run(sock), !got.open && !got.error,
		    "the earlier connection is established", "%s",
		    finding_outcome(&got));
}

/* connect() whose outcome the caller reaps. */
static inline struct sock *nat_dial(const struct nat_client *client,
				    const struct sock *listener)
{
	struct sock *sock = sock_open(client->probe);

	if (client->port)
		sock_bind(sock, client->port);
	sock_start_connect(sock, listener);
	return sock;
}

/*
 * By how many milliseconds the client's timestamps are ahead of the common
 * clock, by which the wire stamps its frames, too (tcp_clock_ms()). The
 * probing connection ends with a RST, so that the gateway deletes its entry
 * soon.
 */
static inline int32_t nat_timestamp_lead(struct run *run,
					 const struct nat_client *client,
					 struct sock *listener)
{
	struct mark dialled = mark_now(run);
	struct sock *sock = nat_dial(client, listener);
	const struct wire_capture *syn =
		frames_first(run, dialled, probe_host(client->probe), WIRE_SYN);
	int32_t ms =
		(int32_t)(syn->frame.tcp.tsval - (uint32_t)(syn->at / MSEC(1)));

	nat_expect_connected(sock);
	sock_accept(listener);
	sock_abort(sock);
	run_note(run, "from port %u the client's timestamps are %s by %.0f s",
		 client->port, ms > 0 ? R_("ahead") : R_("behind"),
		 abs(ms) / 1e3);
	return ms;
}

/* Starts both clients. A's timestamps are ahead of B's, or behind them where
 * `b_ahead` is set. A port of 0 lets connect() choose client-b's port. */
static inline struct nat_clients
nat_start_clients(struct run *run, struct sock *listener, uint16_t client_port,
		  uint16_t client_b_port, bool b_ahead)
{
	struct nat_client offset = { probe_start(run, "client"), client_port };
	struct nat_client plain = { probe_start(run, "client-b"),
				    client_b_port };
	bool offset_is_ahead = nat_timestamp_lead(run, &offset, listener) > 0;

	if (offset_is_ahead != b_ahead)
		return (struct nat_clients){ .a = offset, .b = plain };
	return (struct nat_clients){ .a = plain, .b = offset };
}

/* The first frame of these kinds that reaches the server, so with the address
 * and the port that the gateway chose. All zero where none comes. */
static inline struct frame nat_to_server(struct run *run, struct mark since,
					 unsigned int kinds)
{
	const struct wire_capture *seen = frames_wait(
		run, since, FRAMES(TO("server"), KIND(kinds)), 1, soon);

	return seen ? seen->frame : (struct frame){ 0 };
}

/* A connection of A that the server has closed first. */
struct nat_closed {
	struct mark dialled;
	struct sock *client, *server;
	struct frame fin; /* A's last segment with data or FIN, at the server */
};

static inline struct nat_closed
nat_connect_and_close(struct run *run, const struct nat_client *a,
		      struct sock *listener)
{
	struct nat_closed closed = { .dialled = mark_now(run) };

	closed.client = nat_dial(a, listener);
	nat_expect_connected(closed.client);
	closed.server = sock_accept(listener);
	sock_close_both(closed.server, closed.client);
	expect_state(closed.server, DIAG_TIME_WAIT);
	closed.fin = nat_to_server(run, closed.dialled, WIRE_FIN);
	return closed;
}
