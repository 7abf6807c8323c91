/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A client that closes first leaves a TIME_WAIT on the local port of each
 * connection. When every port of ip_local_port_range has one, connect() says
 * EADDRNOTAVAIL, at once and without any segment: __inet_hash_connect() has
 * gone through the range and __inet_check_established() refused each port.
 *
 * What it refuses is the four-tuple, not the port: the TIME_WAIT has the same
 * local port, and the same remote address and port. To any other destination
 * the same port is as good as new. bind() is different, since it does not know
 * the destination yet: inet_csk_get_port() sees a conflict with whoever has the
 * port, to wherever. A program that binds its source address (with port 0) runs
 * out of ports for all destinations together, with EADDRINUSE, unless it sets
 * IP_BIND_ADDRESS_NO_PORT, which leaves the port to connect().
 *
 * The ports come back one by one, each TCP_TIMEWAIT_LEN after its close.
 *
 * Nothing of it happens to a client whose server closes first: the TIME_WAIT is
 * the server's then, and takes no port there (all are the listener's). It does
 * not even stand in the way of the next connection on the same four-tuple:
 * tcp_timewait_state_process() gives way to a SYN with a newer number or
 * timestamp.
 */
#include <netinet/in.h>

#include "case.h"

#ifndef IP_BIND_ADDRESS_NO_PORT
#define IP_BIND_ADDRESS_NO_PORT 24
#endif

enum { PORTS_MAX = 64 };

/* TCP_TIMEWAIT_LEN, which no setting changes. */
static const nsec_t time_wait = SEC(60);

static const nsec_t soon = MSEC(500);

struct story {
	struct probe *client;
	struct sock *listener, *other; /* two destinations */
	long low, n; /* of ports that connect() uses */
	struct sock *ends[PORTS_MAX]; /* the client's */
	struct mark first; /* of them to be in TIME_WAIT */
};

/* Of an odd range each connect() misses one port: see local-port-range. */
static void plan(struct run *run, struct story *story)
{
	const char *name = "net.ipv4.ip_local_port_range";
	long high = run_sysctl_nth(run, "client", name, 1);

	story->low = run_sysctl_nth(run, "client", name, 0);
	story->n = high + 1 - story->low;
	if (story->n % 2 || story->n > PORTS_MAX)
		run_skip(run, "wants an even number of ports, at most %d",
			 PORTS_MAX);
	run_predicted_count(run, "ports", story->n);
}

static void use_up(struct run *run, struct story *story)
{
	long low = 65535, high = 0;
	uint64_t seen = 0;

	story->first = mark_now(run);
	for (long i = 0; i < story->n; i++) {
		struct sock *client =
			sock_connect(story->client, story->listener);
		long port = sock_local_port(client);

		sock_close_both(client, sock_accept(story->listener));
		if (!i)
			mark_done(run, &story->first);
		story->ends[i] = client;
		low = MIN(low, port);
		high = MAX(high, port);
		seen |= UINT64_C(1) << ((port - story->low) & 63);
	}
	expect_number(run, "ports", __builtin_popcountll(seen), story->n,
		      story->n);
	expect_number(run, "lowest_port", low, story->low, story->low);
	expect_number(run, "highest_port", high, story->low + story->n - 1,
		      story->low + story->n - 1);
	expect_counter(run, "client", "ActiveOpens", story->n);
	for (long i = 0; i < story->n; i++)
		expect_timer(story->ends[i], DIAG_TIMER_TIME_WAIT);
}

static void expect_refused(struct run *run, struct story *story)
{
	struct mark asked = mark_now(run);
	struct sock *sock = sock_post_connect(story->client, story->listener);
	struct finding got = sock_reap(sock, soon);

	expect_error(&got, EADDRNOTAVAIL);
	expect_took(asked, &got, at_once);
	expect_frames(run, asked, "segments for it",
		      FRAMES(FROM("client"), KIND(WIRE_TCP)), 0);
	sock_close(sock);
}

/* The TIME_WAIT of whose port a connection to elsewhere has. */
static void other_destination(struct run *run, struct story *story)
{
	struct sock *sock = sock_connect(story->client, story->other);
	long port = sock_local_port(sock), i = 0;

	expect_state(sock, DIAG_ESTABLISHED);
	while (i < story->n - 1 && sock_local_port(story->ends[i]) != port)
		i++;
	expect_number(run, "shared_port", port, sock_local_port(story->ends[i]),
		      sock_local_port(story->ends[i]));
	expect_state(story->ends[i], DIAG_TIME_WAIT);
}

static void binds_first(struct run *run, struct story *story)
{
	struct sock *bound = sock_open(story->client);
	struct sock *late = sock_open(story->client);
	struct finding got = sock_bind(bound, 0);

	expect_error(&got, EADDRINUSE);
	got = sock_bind(bound, (uint16_t)story->low);
	expect_error(&got, EADDRINUSE);

	sock_set(late, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
	got = sock_bind(late, 0);
	expect_success(&got);
	expect_number(run, "port_after_bind", sock_local_port(late), 0, 0);
	sock_start_connect(late, story->other);
	got = sock_reap(late, soon);
	expect_success(&got);
	expect_state(late, DIAG_ESTABLISHED);
}

static void come_back(struct run *run, struct story *story)
{
	struct range range = predict_timer(time_wait, nsec_hz());
	struct mark first = story->first;
	struct sock *again;

	range.max += first.done - first.at;
	run_pass_until(run, first, range.min - MSEC(50));
	expect_refused(run, story);
	expect_state_within(story->ends[0], DIAG_CLOSE, range.max);
	expect_span(run, "the first TIME_WAIT lasted",
		    mark_now(run).at - first.at, range);
	again = sock_connect(story->client, story->listener);
	expect_number(run, "port_that_came_back", sock_local_port(again),
		      story->low, story->low + story->n - 1);
	expect_state(again, DIAG_ESTABLISHED);
}

/* The control: twice as many connections as there are ports. */
static void server_closes_first(struct run *run, struct story *story)
{
	for (long i = 0; i < 2 * story->n; i++) {
		struct sock *client =
			sock_connect(story->client, story->listener);
		struct sock *server = sock_accept(story->listener);

		sock_close_both(server, client);
		expect_state(server, DIAG_TIME_WAIT);
		expect_state(client, DIAG_CLOSE);
	}
	expect_counter(run, "client", "ActiveOpens", 2 * story->n);
	expect_time_waits(run, "client", 0);
}

static void script(struct run *run)
{
	struct probe *server = probe_start(run, "server");
	struct story story = { .client = probe_start(run, "client"),
			       .listener = sock_listen(server, 16),
			       .other = sock_listen(server, 16) };

	plan(run, &story);
	if (run_is_variant(run, "server-closes-first")) {
		server_closes_first(run, &story);
		return;
	}
	use_up(run, &story);
	expect_refused(run, &story);
	if (run_is_variant(run, "client-binds-first"))
		binds_first(run, &story);
	else if (run_is_variant(run, "ports-come-back"))
		come_back(run, &story);
	else
		other_destination(run, &story);
}

CASE(port_exhaustion) = {
	.name = "port-exhaustion",
	.claim = "every local port has a TIME_WAIT: no new connection to the "
		 "same destination, EADDRNOTAVAIL",
	.judgements = CLAIMS({ "B2", DOCUMENT_CONDITIONAL,
			       "only to the same address and port: "
			       "__inet_check_established() compares the "
			       "four-tuple, and connect() to any other "
			       "destination has all the ports" }),
	.why = "connect() takes a local port whose four-tuple no socket has; a "
	       "TIME_WAIT is one that has",
	.sources = "net/ipv4/inet_hashtables.c:__inet_hash_connect(), "
		   "__inet_check_established(); "
		   "net/ipv4/inet_connection_sock.c:inet_csk_get_port(); "
		   "include/net/tcp.h:TCP_TIMEWAIT_LEN",
	.steps = STEPS("the client may use four local ports",
		       "it connects and closes first, once for each of them",
		       "it connects once more: to the same destination, to "
		       "another port of the server, after bind(), or 60 s "
		       "later",
		       "server-closes-first: eight connections, closed by the "
		       "server"),
	.expect = "all ports of the range are used, both edges too; then "
		  "EADDRNOTAVAIL at once, without a segment; to another "
		  "destination one of the same ports serves; after bind(), "
		  "which asks for a port without knowing the destination, "
		  "EADDRINUSE; nothing of it where the server closes first",
	.world = &world_pair,
	.settings = SYSCTLS({ "client", "net.ipv4.ip_local_port_range",
			      .text = "40000 40003" },
			    { "client", "net.ipv4.tcp_tw_reuse", 0 }),
	.variants = VARIANTS(
		{ "client-closes-first" },
		{ "client-binds-first",
		  .judgements = CLAIMS(
			  { "B2", DOCUMENT_RIGHT,
			    "so the port itself is taken, for all "
			    "destinations, where bind() chooses it: "
			    "inet_csk_get_port() knows no destination" }) },
		{ "server-closes-first",
		  .judgements = CLAIMS(
			  { "B2", DOCUMENT_CONDITIONAL,
			    "the port is taken where the client closes first: "
			    "tcp_time_wait() of a server leaves the client's "
			    "ports alone, and tcp_timewait_state_process() "
			    "gives way to a new SYN" }) },
		{ "ports-come-back", .slow = true, .duration = SEC(63),
		  .judgements = CLAIMS(
			  { "B2", DOCUMENT_RIGHT,
			    "the port is free again after TCP_TIMEWAIT_LEN, 60 "
			    "s and a granule of the timer wheel" }) }),
	.duration = MSEC(50),
	.no_fault = true,
	.script = script,
};
