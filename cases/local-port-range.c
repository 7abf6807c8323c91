/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which local ports connect() takes. The range of a new namespace is 32768 to
 * 60999, inet_init_net() says so: both edges belong to it, and 61000 does not.
 * Until 4.1 it ended with 61000. An even number of ports became the default
 * when __inet_hash_connect() began to prefer the ports with the parity of the
 * range's first one and to leave the others to bind(), 07f4c90062f8 (4.2).
 *
 * Within the range it takes no particular port: it starts anywhere (a keyed
 * hash of the destination, and table_perturb, which each connect() moves on by
 * a random step), and goes up by two from there, round the range; only when all
 * of that parity are taken does it turn to the other one. bind() with port 0
 * starts with the other parity, inet_csk_find_open_port().
 *
 * Of a range with an odd number of ports each connect() misses one, since the
 * number is rounded down ("remaining &= ~1U") to go through it in steps of two.
 * Which one depends on where it starts; of three ports it is always the last.
 *
 * ip_local_reserved_ports takes ports out of the range. What it takes, and what
 * lies outside, is still to be had by bind() with that number.
 */
#include "case.h"

enum { FIRST = 32768, LAST = 60999, PORTS_MAX = 16, ODD = 3 };

enum way { CONNECTS, BINDS, EDGE_LOW, EDGE_HIGH, NAMED };

#define RANGE "net.ipv4.ip_local_port_range"
#define RESERVED "net.ipv4.ip_local_reserved_ports"

static const nsec_t soon = MSEC(500);

struct range_of_ports {
	long low, high; /* the sysctl */
	long n; /* of those that connect() uses */
};

static struct range_of_ports ask(struct run *run)
{
	struct range_of_ports range = {
		.low = run_sysctl_nth(run, "client", RANGE, 0),
		.high = run_sysctl_nth(run, "client", RANGE, 1),
	};

	range.n = range.high + 1 - range.low;
	if (range.n == ODD)
		range.n--;
	if (range.n % 2)
		run_skip(run, "which one of %ld ports is missed is chance",
			 range.n);
	return range;
}

static void expect_none_left(struct probe *client, struct sock *listener)
{
	struct sock *sock = sock_post_connect(client, listener);
	struct finding got = sock_reap(sock, soon);

	expect_error(&got, EADDRNOTAVAIL);
}

/* The kernel's own range, of which only one port is not reserved. */
static void edge(struct run *run, struct probe *client, struct sock *listener,
		 long port)
{
	struct range_of_ports range = ask(run);
	struct sock *sock;

	expect_number(run, "range_first", range.low, FIRST, FIRST);
	expect_number(run, "range_last", range.high, LAST, LAST);
	sock = sock_connect(client, listener);
	expect_number(run, "edge", sock_local_port(sock), port, port);
	expect_none_left(client, listener);
}

static uint16_t take(struct run *run, struct probe *client,
		     struct sock *listener)
{
	struct finding got;
	struct sock *sock;

	if (run_value(run) != BINDS)
		return sock_local_port(sock_connect(client, listener));
	sock = sock_open(client);
	got = sock_bind(sock, 0);
	expect_success(&got);
	return sock_local_port(sock);
}

/* First all with the parity of the range's first (bind(): the other one). */
static void order(struct run *run, struct probe *client, struct sock *listener)
{
	struct range_of_ports range = ask(run);
	const long other = run_value(run) == BINDS;
	unsigned int taken = 0, of_parity = 0, outside = 0;

	if (range.n > PORTS_MAX)
		run_skip(run, "at most %d ports, please", PORTS_MAX);
	for (long i = 0; i < range.n; i++) {
		long at = take(run, client, listener) - range.low;

		of_parity += i < range.n / 2 && at % 2 == other;
		outside += at < 0 || at >= range.n;
		taken |= 1U << (at & 31);
	}
	expect_number(run, "first_half_of_the_parity", of_parity, range.n / 2,
		      range.n / 2);
	expect_number(run, "outside", outside, 0, 0);
	expect_number(run, "ports", __builtin_popcount(taken), range.n,
		      range.n);
	if (!other)
		expect_none_left(client, listener);
}

/* One that connect() would never take by itself. */
static void by_name(struct run *run, struct probe *client,
		    struct sock *listener, uint16_t port)
{
	struct sock *sock = sock_open(client);
	struct finding got = sock_bind(sock, port);

	expect_success(&got);
	sock_start_connect(sock, listener);
	got = sock_reap(sock, soon);
	expect_success(&got);
	expect_number(run, "named", sock_local_port(sock), port, port);
	expect_state(sock, DIAG_ESTABLISHED);
}

static void reserved(struct run *run, struct probe *client,
		     struct sock *listener)
{
	struct range_of_ports range = ask(run);
	const long port = run_sysctl(run, "client", RESERVED);

	for (long i = 0; i < range.n - 1; i++) {
		uint16_t got = sock_local_port(sock_connect(client, listener));

		expect_that(run, got != port, "not the reserved port", "%u",
			    got);
	}
	expect_none_left(client, listener);
	by_name(run, client, listener, (uint16_t)port);
}

static void script(struct run *run)
{
	struct probe *server = probe_start(run, "server");
	struct probe *client = probe_start(run, "client");
	struct sock *listener = sock_listen(server, 2 * PORTS_MAX);

	switch ((enum way)run_value(run)) {
	case EDGE_LOW:
		edge(run, client, listener, FIRST);
		break;
	case EDGE_HIGH:
		edge(run, client, listener, LAST);
		break;
	case NAMED:
		reserved(run, client, listener);
		break;
	case CONNECTS:
	case BINDS:
		order(run, client, listener);
		break;
	}
	if (run_is_variant(run, "odd-size"))
		by_name(run, client, listener, (uint16_t)ask(run).high);
}

static const struct judgement of_order[] = {
	{ "B2", DOCUMENT_RIGHT,
	  "__inet_hash_connect() takes local ports from ip_local_port_range "
	  "and nowhere else" },
	{ .claim = NULL },
};

CASE(local_port_range) = {
	.name = "local-port-range",
	.claim = "connect() takes its local port from ip_local_port_range, "
		 "32768 to 60999 by default",
	.judgements = CLAIMS({ .claim = "B2",
			       .document = DOCUMENT_OUTDATED,
			       .note = "the last port is 60999, not 61000: "
				       "07f4c90062f8 made the number of ports "
				       "even, inet_init_net()",
			       .since = "4.2" }),
	.why = "connect() prefers the ports with the parity of the range's "
	       "first one, for which the range must have an even number",
	.sources = "net/ipv4/inet_hashtables.c:__inet_hash_connect(); "
		   "net/ipv4/inet_connection_sock.c:inet_csk_find_open_port(); "
		   "net/ipv4/af_inet.c:inet_init_net()",
	.steps = STEPS("edges: of the kernel's own range, all ports are "
		       "reserved but the first or the last",
		       "order: as many connections (or bind() with port 0) as "
		       "a small range has ports, and one more",
		       "odd-size, reserved: what connect() never takes is "
		       "asked for by name"),
	.expect = "32768 and 60999 are used, 61000 is not; first all ports of "
		  "the first one's parity, then the others (bind(): the other "
		  "way round), then EADDRNOTAVAIL; of three ports never the "
		  "last, of reserved ports none, but both by name",
	.world = &world_pair,
	.variants = VARIANTS(
		{ "first", .value = EDGE_LOW,
		  .settings = SYSCTLS({ "client", RESERVED,
					.text = "32769-60999" }) },
		{ "last", .value = EDGE_HIGH,
		  .settings = SYSCTLS({ "client", RESERVED,
					.text = "32768-60998" }) },
		{ "order", .value = CONNECTS, .judgements = of_order,
		  .settings = SYSCTLS({ "client", RANGE,
					.text = "40000 40007" }) },
		{ "order-odd-start", .value = CONNECTS, .judgements = of_order,
		  .settings = SYSCTLS({ "client", RANGE,
					.text = "40001 40008" }) },
		{ "order-of-bind", .value = BINDS, .judgements = of_order,
		  .settings = SYSCTLS({ "client", RANGE,
					.text = "40000 40007" }) },
		{ "odd-size", .value = CONNECTS,
		  .settings = SYSCTLS({ "client", RANGE,
					.text = "40000 40002" }),
		  .judgements = CLAIMS(
			  { "B2", DOCUMENT_CONDITIONAL,
			    "of a range with an odd number of ports connect() "
			    "misses one: __inet_hash_connect() rounds down to "
			    "an even one" }) },
		{ "reserved", .value = NAMED,
		  .settings = SYSCTLS({ "client", RANGE,
					.text = "40000 40003" },
				      { "client", RESERVED, 40002 }),
		  .judgements = CLAIMS(
			  { "B2", DOCUMENT_CONDITIONAL,
			    "without the ports in ip_local_reserved_ports: "
			    "inet_is_local_reserved_port()" }) }),
	.duration = MSEC(10),
	.no_fault = true,
	.script = script,
};
