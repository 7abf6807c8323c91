/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A client that closes first leaves a TIME-WAIT on the local port of each
 * connection. When every port of ip_local_port_range has one, connect() fails
 * with EADDRNOTAVAIL at once and without any segment: __inet_hash_connect()
 * goes through the range, and __inet_check_established() rejects each port.
 *
 * It rejects the four-tuple, not the port: the TIME-WAIT has the same local
 * port and the same remote address and port. For any other destination the
 * port is free. bind() is different because the destination is not known yet:
 * inet_csk_get_port() finds a conflict with any connection on the port. A
 * program that binds its source address (with port 0) runs out of ports for
 * all destinations together, with EADDRINUSE, unless it sets
 * IP_BIND_ADDRESS_NO_PORT, which leaves the choice of the port to connect().
 *
 * The ports become free one by one, each TCP_TIMEWAIT_LEN after its close.
 *
 * The control is a server that closes first: then the TIME-WAITs are the
 * server's, all on the listener's port. They do not even prevent the next
 * connection on the same four-tuple: tcp_timewait_state_process() accepts a
 * SYN with a higher sequence number or timestamp.
 */
#include <netinet/in.h>

#include "case.h"

#ifndef IP_BIND_ADDRESS_NO_PORT
#define IP_BIND_ADDRESS_NO_PORT 24
#endif

enum { PORTS_MAX = 64 };

struct stage {
	struct probe *client;
	struct sock *listener, *other; /* two destinations */
	long low, n; /* the ports that connect() chooses from */
	struct sock *closed[PORTS_MAX]; /* the client's ends in TIME-WAIT */
	struct mark first; /* when the first of them was closed */
};

/* In an odd range each connect() misses one port: see local-port-range. */
static void read_port_range(struct run *run, struct stage *stage)
{
	const char *name = "net.ipv4.ip_local_port_range";
	long high = run_sysctl_nth(run, "client", name, 1);

	stage->low = run_sysctl_nth(run, "client", name, 0);
	stage->n = high + 1 - stage->low;
	if (stage->n % 2 || stage->n > PORTS_MAX)
		run_skip(run,
			 "net.ipv4.ip_local_port_range must have an even "
			 "number of ports, at most %d",
			 PORTS_MAX);
	run_predicted_count(run, "ports", stage->n);
}

static void use_all_ports(struct run *run, struct stage *stage)
{
	const long last = stage->low + stage->n - 1;
	long low = 65535, high = 0;
	uint64_t seen = 0;

	stage->first = mark_now(run);
	for (long i = 0; i < stage->n; i++) {
		struct sock *client =
			sock_connect(stage->client, stage->listener);
		long port = sock_local_port(client);

		sock_close_both(client, sock_accept(stage->listener));
		if (!i)
			mark_done(run, &stage->first);
		stage->closed[i] = client;
		low = MIN(low, port);
		high = MAX(high, port);
		seen |= UINT64_C(1) << ((port - stage->low) & 63);
	}
	expect_number(run, "ports", __builtin_popcountll(seen), stage->n,
		      stage->n);
	expect_number(run, "lowest_port", low, stage->low, stage->low);
	expect_number(run, "highest_port", high, last, last);
	expect_counter(run, "client", "ActiveOpens", stage->n);
	for (long i = 0; i < stage->n; i++)
		expect_timer(stage->closed[i], DIAG_TIMER_TIME_WAIT);
}

static void expect_no_port(struct run *run, struct stage *stage)
{
	struct mark asked = mark_now(run);
	struct sock *sock = sock_post_connect(stage->client, stage->listener);
	struct finding got = sock_reap(sock, soon);

	expect_error(&got, EADDRNOTAVAIL);
	expect_took(asked, &got, at_once);
	expect_frames(run, asked, "segments of the failed connect()",
		      FRAMES(FROM("client"), KIND(WIRE_TCP)), 0);
	sock_close(sock);
}

/* Its connection shares the port of a TIME-WAIT, which stays. */
static void connect_to_other_destination(struct run *run, struct stage *stage)
{
	struct sock *sock = sock_connect(stage->client, stage->other);
	long port = sock_local_port(sock), i = 0;

	expect_state(sock, DIAG_ESTABLISHED);
	while (i < stage->n - 1 && sock_local_port(stage->closed[i]) != port)
		i++;
	expect_number(run, "shared_port", port,
		      sock_local_port(stage->closed[i]),
		      sock_local_port(stage->closed[i]));
	expect_state(stage->closed[i], DIAG_TIME_WAIT);
}

static void bind_before_connect(struct run *run, struct stage *stage)
{
	struct sock *early = sock_open(stage->client);
	struct sock *late = sock_open(stage->client);
	struct finding got = sock_bind(early, 0);

	expect_error(&got, EADDRINUSE);
	got = sock_bind(early, (uint16_t)stage->low);
	expect_error(&got, EADDRINUSE);

	sock_set(late, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
	got = sock_bind(late, 0);
	expect_success(&got);
	expect_number(run, "port_after_bind", sock_local_port(late), 0, 0);
	sock_start_connect(late, stage->other);
	got = sock_reap(late, soon);
	expect_success(&got);
	expect_state(late, DIAG_ESTABLISHED);
}

static void wait_for_first_port(struct run *run, struct stage *stage)
{
	struct range range = predict_timer(time_wait_length, nsec_hz());
	struct sock *next;

	run_pass_until(run, stage->first, range.min - MSEC(50));
	expect_no_port(run, stage);
	expect_lifetime(stage->closed[0], DIAG_TIME_WAIT, stage->first, range);
	next = sock_connect(stage->client, stage->listener);
	expect_number(run, "port_that_came_back", sock_local_port(next),
		      stage->low, stage->low + stage->n - 1);
	expect_state(next, DIAG_ESTABLISHED);
}

/* The control: twice as many connections as there are ports. */
static void server_closes_first(struct run *run, struct stage *stage)
{
	for (long i = 0; i < 2 * stage->n; i++) {
		struct sock *client =
			sock_connect(stage->client, stage->listener);
		struct sock *server = sock_accept(stage->listener);

		sock_close_both(server, client);
		expect_state(server, DIAG_TIME_WAIT);
		expect_state(client, DIAG_CLOSE);
	}
	expect_counter(run, "client", "ActiveOpens", 2 * stage->n);
	expect_time_waits(run, "client", 0);
}

static void script(struct run *run)
{
	struct probe *server = probe_start(run, "server");
	struct stage stage = { .client = probe_start(run, "client"),
			       .listener = sock_listen(server, 16),
			       .other = sock_listen(server, 16) };

	read_port_range(run, &stage);
	if (run_is_variant(run, "server-closes-first")) {
		server_closes_first(run, &stage);
		return;
	}
	use_all_ports(run, &stage);
	expect_no_port(run, &stage);
	if (run_is_variant(run, "client-binds-first"))
		bind_before_connect(run, &stage);
	else if (run_is_variant(run, "ports-come-back"))
		wait_for_first_port(run, &stage);
	else
		connect_to_other_destination(run, &stage);
}

CASE(port_exhaustion) = {
	.name = "port-exhaustion",
	.claim = "every local port has a TIME-WAIT: no new connection to the "
		 "same destination, EADDRNOTAVAIL",
	.judgements = CLAIMS({ "B2", DOCUMENT_CONDITIONAL,
			       "only to the same address and port: "
			       "__inet_check_established() compares the "
			       "four-tuple, and connect() to any other "
			       "destination can use all the ports" }),
	.why = "connect() needs a local port whose four-tuple belongs to no "
	       "socket, and a TIME-WAIT keeps its four-tuple",
	.sources = "net/ipv4/inet_hashtables.c:__inet_hash_connect(), "
		   "__inet_check_established(); "
		   "net/ipv4/inet_connection_sock.c:inet_csk_get_port(); "
		   "include/net/tcp.h:TCP_TIMEWAIT_LEN",
	.steps = STEPS("the client has four local ports to choose from",
		       "it connects and closes first, once for each port",
		       "it connects again: to the same destination; to another "
		       "port of the server; after bind(); or when 60 s have "
		       "passed",
		       "server-closes-first: eight connections, which the "
		       "server closes"),
	.expect = "the connections use all ports of the range, including the "
		  "first and the last. Then connect() fails with EADDRNOTAVAIL "
		  "at once and sends no segment. One of the same ports serves "
		  "a connection to another destination. bind() fails with "
		  "EADDRINUSE, because the destination is not known yet. Where "
		  "the server closes first, no port is taken",
	.shows = SHOWS("outcome", "ports", "shared_port", "port_after_bind",
		       "client_state", "server_state"),
	.world = &world_pair,
	.settings = SYSCTLS({ "client", "net.ipv4.ip_local_port_range",
			      .text = "40000 40003" },
			    { "client", "net.ipv4.tcp_tw_reuse", 0 }),
	.variants = VARIANTS(
		{ "client-closes-first",
		  "the client closes all four connections first: connect() to "
		  "the same destination fails, and to another port of the "
		  "server succeeds with one of the four ports" },
		{ "client-binds-first",
		  "the client closes first and calls bind() before connect(): "
		  "bind() fails with EADDRINUSE for every destination, unless "
		  "IP_BIND_ADDRESS_NO_PORT is set",
		  .judgements = CLAIMS(
			  { "B2", DOCUMENT_RIGHT,
			    "the port itself is taken, for all destinations, "
			    "where bind() chooses it: inet_csk_get_port() "
			    "has no destination to compare" }) },
		{ "server-closes-first",
		  "the server closes first, the control: eight connections "
		  "from the four ports succeed, and the client has no "
		  "TIME-WAIT",
		  .judgements = CLAIMS(
			  { "B2", DOCUMENT_CONDITIONAL,
			    "the port is taken only where the client closes "
			    "first: tcp_time_wait() at the server takes no "
			    "port of the client, and "
			    "tcp_timewait_state_process() accepts a new "
			    "SYN" }) },
		{ "ports-come-back",
		  "the client closes first and waits: after 60 s the first "
		  "port is free again",
		  .slow = true, .duration = SEC(63),
		  .judgements = CLAIMS(
			  { "B2", DOCUMENT_RIGHT,
			    "the port is free again after TCP_TIMEWAIT_LEN, 60 "
			    "s and a granule of the timer wheel" }) }),
	.duration = MSEC(50),
	.no_fault = true,
	.script = script,
};
