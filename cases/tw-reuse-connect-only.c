/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tcp_tw_reuse is for connect(), and for the host that calls it. A server that
 * closes first has the TIME_WAIT; when the client's next connection comes from
 * the same port, its SYN meets it, and tcp_timewait_state_process() gives way
 * (TCP_TW_SYN) because the SYN has a newer number, or a newer timestamp. It
 * asks for no sysctl and for no age: the same with 0 and with 1, at once.
 *
 * On the side that listens the sysctl does not help with bind() either: a
 * server that is started anew gets EADDRINUSE for its port as long as there is
 * a TIME_WAIT on it, inet_csk_get_port(), unless it says SO_REUSEADDR (as the
 * old one must have done).
 *
 * And the client's TIME_WAIT is none of the server's business: a tcp_tw_reuse
 * at the server leaves a client that closes first without a port.
 */
#include "case.h"

/* Finishes, waits until tcp_tw_reuse would do. */
static void finish_and_wait(struct run *run, struct sock *first,
			    struct sock *second)
{
	struct range entered = { .min = nsec_now() }, from;

	sock_close_both(first, second);
	entered.max = nsec_now();
	from = forecast_tw_reuse(run, sock_host(first), entered);
	run_pass_until(run, (struct mark){ .at = from.max }, 0);
}

static void server_first(struct run *run, struct pair *tcp, struct mark began)
{
	struct sock *again;
	struct mark asked;

	sock_close_both(tcp->server, tcp->client);
	expect_state(tcp->client, DIAG_CLOSE);
	asked = mark_now(run);
	again = sock_connect(tcp->client_probe, tcp->listener);
	expect_number(run, "local_port", sock_local_port(again),
		      sock_local_port(tcp->client),
		      sock_local_port(tcp->client));
	expect_isn_after_time_wait(run, "server", began, asked);
	expect_frames(run, asked, "SYN", FRAMES(FROM("client"), KIND(WIRE_SYN)),
		      1);
	/* In the TIME_WAIT's place. */
	expect_state_within(tcp->server, DIAG_ESTABLISHED, soon);
	expect_counter(run, "server", "TWRecycled", 0);
}

/* The sysctl is on, but in the wrong place. */
static void client_first(struct run *run, struct pair *tcp)
{
	struct sock *sock;
	struct finding got;

	finish_and_wait(run, tcp->client, tcp->server);
	sock = sock_post_connect(tcp->client_probe, tcp->listener);
	got = sock_reap(sock, soon);
	expect_error(&got, EADDRNOTAVAIL);
	expect_state(tcp->client, DIAG_TIME_WAIT);
	expect_counter(run, "client", "TWRecycled", 0);
}

static void server_restarts(struct run *run, struct pair *tcp)
{
	const uint16_t port = sock_local_port(tcp->listener);
	struct sock *plain, *reuse;
	struct finding got;

	sock_close(tcp->listener);
	finish_and_wait(run, tcp->server, tcp->client);
	plain = sock_open(tcp->server_probe);
	got = sock_bind(plain, port);
	expect_error(&got, EADDRINUSE);
	reuse = sock_open(tcp->server_probe);
	sock_set(reuse, SOL_SOCKET, SO_REUSEADDR, 1);
	got = sock_bind(reuse, port);
	expect_success(&got);
	expect_state(tcp->server, DIAG_TIME_WAIT);
}

static void script(struct run *run)
{
	struct mark began = mark_now(run);
	struct pair tcp = sock_pair(run);

	if (run_is_variant(run, "client-closes-first"))
		client_first(run, &tcp);
	else if (run_is_variant(run, "server-restarts"))
		server_restarts(run, &tcp);
	else
		server_first(run, &tcp, began);
}

#define REUSE "net.ipv4.tcp_tw_reuse"

static const struct setting at_server[] = { { "server", REUSE, 1, NULL },
					    { "client", REUSE, 0, NULL },
					    { .name = NULL } };

CASE(tw_reuse_connect_only) = {
	.name = "tw-reuse-connect-only",
	.claim = "tcp_tw_reuse is for connect() only: at the side that listens "
		 "it changes nothing",
	.judgements =
		CLAIMS({ "B3", DOCUMENT_RIGHT,
			 "only tcp_twsk_unique() reads it, for connect(); a "
			 "TIME_WAIT that meets a new SYN gives way with 0 and "
			 "with 1: tcp_timewait_state_process()" }),
	.why = "the two ways out of TIME_WAIT, by connect() and by a SYN, are "
	       "different functions, and only the first asks for the sysctl",
	.sources = "net/ipv4/tcp_ipv4.c:tcp_twsk_unique(), tcp_v4_rcv(); "
		   "net/ipv4/tcp_minisocks.c:tcp_timewait_state_process(); RFC "
		   "9293 3.6.1; RFC 6191",
	.steps = STEPS("a client with a single local port connects",
		       "the server closes first; tcp_tw_reuse is 0, or 1, "
		       "there",
		       "the client connects again, at once",
		       "client-closes-first: with tcp_tw_reuse 1 at the server "
		       "and 0 at the client",
		       "server-restarts: a new bind() of the server's port"),
	.expect =
		"with 0 and with 1 the SYN is answered at once, the TIME_WAIT "
		"is gone and the new number is 65537 above the last (the "
		"clock's "
		"number before 6.10); the "
		"client that closes first gets EADDRNOTAVAIL; bind() gets "
		"EADDRINUSE without SO_REUSEADDR",
	.world = &world_pair,
	.settings = SYSCTLS({ "client", "net.ipv4.ip_local_port_range",
			      .text = "40000 40000" }),
	.variants = VARIANTS({ "server-closes-first-0",
			       .settings = SYSCTLS({ "server", REUSE, 0 }) },
			     { "server-closes-first-1",
			       .settings = SYSCTLS({ "server", REUSE, 1 }) },
			     { "client-closes-first", .settings = at_server,
			       .duration = SEC(1) },
			     { "server-restarts", .settings = at_server,
			       .duration = SEC(1) }),
	.changes = CHANGES(CHANGE_ISN_AFTER_TIME_WAIT),
	.duration = MSEC(10),
	.no_fault = true,
	.script = script,
};
