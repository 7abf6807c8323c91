/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tcp_tw_reuse applies to connect(), and to the host that calls it. A server
 * that closes first holds the TIME-WAIT. When the client's next connection
 * comes from the same port, its SYN meets the TIME-WAIT, and
 * tcp_timewait_state_process() accepts it (TCP_TW_SYN) because its sequence
 * number or timestamp is newer. That function checks no sysctl and no age: the
 * result is the same with 0 and with 1, and at once.
 *
 * On the listening side the sysctl does not help bind() either: a server that
 * is restarted gets EADDRINUSE as long as there is a TIME-WAIT on its port,
 * inet_csk_get_port(), unless it sets SO_REUSEADDR (and the old one did, too).
 *
 * And the server's tcp_tw_reuse has no effect on the client's TIME-WAIT: a
 * client that closes first has no port.
 */
#include "case.h"

/* Closes and waits until tcp_tw_reuse would allow reuse. */
static void close_and_wait(struct run *run, struct sock *first,
			   struct sock *second)
{
	struct range entered = sock_close_both(first, second);

	run_pass_until_time(
		run, forecast_tw_reuse(run, sock_host(first), entered).max);
}

static void server_closes_first(struct run *run, struct pair *tcp,
				struct mark began)
{
	struct sock *next;
	struct mark asked;

	sock_close_both(tcp->server, tcp->client);
	expect_state(tcp->client, DIAG_CLOSE);
	asked = mark_now(run);
	next = sock_connect(tcp->client_probe, tcp->listener);
	expect_number(run, "local_port", sock_local_port(next),
		      sock_local_port(tcp->client),
		      sock_local_port(tcp->client));
	expect_isn_after_time_wait(run, "server", began, asked);
	expect_frames(run, asked, "SYNs",
		      FRAMES(FROM("client"), KIND(WIRE_SYN)), 1);
	/* The new connection has replaced the TIME-WAIT. */
	expect_state_within(tcp->server, DIAG_ESTABLISHED, soon);
	expect_counter(run, "server", "TWRecycled", 0);
}

/* The sysctl is on at the server only. */
static void client_closes_first(struct run *run, struct pair *tcp)
{
	struct finding got;

	close_and_wait(run, tcp->client, tcp->server);
	got = sock_try_connect(tcp->client_probe, tcp->listener, soon);
	expect_error(&got, EADDRNOTAVAIL);
	expect_state(tcp->client, DIAG_TIME_WAIT);
	expect_counter(run, "client", "TWRecycled", 0);
}

static void restart_server(struct run *run, struct pair *tcp)
{
	const uint16_t port = sock_local_port(tcp->listener);
	struct sock *plain, *reuse;
	struct finding got;

	sock_close(tcp->listener);
	close_and_wait(run, tcp->server, tcp->client);
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
		client_closes_first(run, &tcp);
	else if (run_is_variant(run, "server-restarts"))
		restart_server(run, &tcp);
	else
		server_closes_first(run, &tcp, began);
}

#define REUSE "net.ipv4.tcp_tw_reuse"
#define AT_SERVER_ONLY SYSCTLS({ "server", REUSE, 1 }, { "client", REUSE, 0 })

CASE(tw_reuse_connect_only) = {
	.name = "tw-reuse-connect-only",
	.claim = "tcp_tw_reuse applies to connect() only: on the listening "
		 "side it changes nothing",
	.judgements =
		CLAIMS({ "B3", DOCUMENT_RIGHT,
			 "only tcp_twsk_unique() reads it, for connect(); a "
			 "TIME-WAIT that meets a new SYN accepts it with 0 and "
			 "with 1: tcp_timewait_state_process()" }),
	.why = "connect() and an arriving SYN end a TIME-WAIT in different "
	       "functions, and only the first reads the sysctl",
	.sources = "net/ipv4/tcp_ipv4.c:tcp_twsk_unique(), tcp_v4_rcv(); "
		   "net/ipv4/tcp_minisocks.c:tcp_timewait_state_process(); "
		   "RFC 9293 3.6.1; RFC 6191",
	.steps = STEPS("a client with only one local port connects",
		       "the server closes first; its tcp_tw_reuse is 0, or 1",
		       "the client connects again at once",
		       "client-closes-first: tcp_tw_reuse is 1 at the server "
		       "and 0 at the client",
		       "server-restarts: a new socket binds the server's port"),
	.expect =
		"with 0 and with 1 the SYN is answered at once, the TIME-WAIT "
		"is gone, and the server's initial sequence number is 65537 "
		"above the last one (before 6.10: from the clock); the client "
		"that closes first gets EADDRNOTAVAIL; bind() without "
		"SO_REUSEADDR gets EADDRINUSE",
	.world = &world_pair,
	.settings = SYSCTLS(ONE_LOCAL_PORT_SYSCTL("client")),
	.variants = VARIANTS(
		{ "server-closes-first-0",
		  "the server closes first, and its tcp_tw_reuse is 0: the "
		  "client's SYN replaces the TIME-WAIT at once",
		  .settings = SYSCTLS({ "server", REUSE, 0 }) },
		{ "server-closes-first-1",
		  "the server closes first, and its tcp_tw_reuse is 1: the "
		  "client's SYN replaces the TIME-WAIT at once, as with 0",
		  .settings = SYSCTLS({ "server", REUSE, 1 }) },
		{ "client-closes-first",
		  "the client closes first, and tcp_tw_reuse is 1 only at the "
		  "server: the client's connect() fails with EADDRNOTAVAIL",
		  .settings = AT_SERVER_ONLY, .duration = SEC(1) },
		{ "server-restarts",
		  "the server closes first and restarts, and tcp_tw_reuse is 1 "
		  "at the server: bind() fails with EADDRINUSE, and succeeds "
		  "only with SO_REUSEADDR",
		  .settings = AT_SERVER_ONLY, .duration = SEC(1) }),
	.changes = CHANGES(CHANGE_ISN_AFTER_TIME_WAIT),
	.duration = MSEC(10),
	.no_fault = true,
	.script = script,
};
