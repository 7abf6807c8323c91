/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which local ports connect() chooses. inet_init_net() sets the range of a new
 * namespace to 32768-60999, both included. Until 4.1 it ended with 61000.
 * 07f4c90062f8 (4.2) made the default number of ports even, when
 * __inet_hash_connect() began to prefer ports with the parity of the range's
 * first port and to leave the others to bind().
 *
 * Within the range it starts at an offset (a keyed hash of the destination plus
 * table_perturb, which each connect() advances by a random step) and tries
 * every second port from there, wrapping around; it tries the other parity only
 * when all ports of the first are taken. bind() with port 0 starts with the
 * other parity, inet_csk_find_open_port().
 *
 * If the number of ports is odd, each connect() misses one of them, because the
 * number is rounded down ("remaining &= ~1U") for the steps of two. Which one
 * depends on the offset; of three ports it is always the last.
 *
 * ip_local_reserved_ports excludes ports of the range. Excluded ports, and
 * those outside the range, remain available to a bind() with that port.
 */
#include "case.h"

enum { FIRST = 32768, LAST = 60999, PORTS_MAX = 16, ODD = 3 };

enum way { CONNECTS, BINDS, EDGE_LOW, EDGE_HIGH, NAMED };

#define RANGE "net.ipv4.ip_local_port_range"
#define RESERVED "net.ipv4.ip_local_reserved_ports"

struct port_range {
	long low, high; /* the sysctl */
	long n; /* ports that connect() uses */
};

/* Of a range that the variant has set; with --set it may be another. */
static struct port_range read_range(struct run *run)
{
	struct port_range range = {
		.low = run_sysctl_nth(run, "client", RANGE, 0),
		.high = run_sysctl_nth(run, "client", RANGE, 1),
	};

	range.n = range.high + 1 - range.low;
	if (range.n == ODD)
		range.n--;
	if (range.n % 2)
		run_skip(run,
			 "unpredictable: which of %ld ports connect() misses "
			 "is random; use an even number of ports, or %d",
			 range.n, ODD);
	return range;
}

static void expect_none_left(struct probe *client, struct sock *listener)
{
	struct finding got = sock_try_connect(client, listener, soon);

	expect_error(&got, EADDRNOTAVAIL);
}

/* The kernel's default range, of which all ports but one are reserved. */
static void use_only_port(struct run *run, struct probe *client,
			  struct sock *listener, long port)
{
	long low = run_sysctl_nth(run, "client", RANGE, 0);
	long high = run_sysctl_nth(run, "client", RANGE, 1);
	struct sock *sock;

	expect_number(run, "range_first", low, FIRST, FIRST);
	expect_number(run, "range_last", high, LAST, LAST);
	sock = sock_connect(client, listener);
	expect_number(run, "edge", sock_local_port(sock), port, port);
	expect_none_left(client, listener);
}

static uint16_t take_port(struct run *run, struct probe *client,
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

/* First all ports with the parity of the range's first port (bind(): with the
 * other parity), then the others. */
static void use_all_ports(struct run *run, struct probe *client,
			  struct sock *listener)
{
	struct port_range range = read_range(run);
	const long other = run_value(run) == BINDS;
	unsigned int taken = 0, of_parity = 0, outside = 0;

	if (range.n > PORTS_MAX)
		run_skip(run,
			 RANGE " has %ld ports: this variant needs at most %d",
			 range.n, PORTS_MAX);
	for (long i = 0; i < range.n; i++) {
		long at = take_port(run, client, listener) - range.low;

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

/* bind() and connect() with a port that connect() alone never chooses. */
static void use_named_port(struct run *run, struct probe *client,
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

static void avoid_reserved_port(struct run *run, struct probe *client,
				struct sock *listener)
{
	struct port_range range = read_range(run);
	const long port = run_sysctl(run, "client", RESERVED);

	for (long i = 0; i < range.n - 1; i++) {
		uint16_t got = sock_local_port(sock_connect(client, listener));

		expect_that(run, got != port,
			    "connect() avoids the reserved port", "port %u",
			    got);
	}
	expect_none_left(client, listener);
	use_named_port(run, client, listener, (uint16_t)port);
}

static void script(struct run *run)
{
	struct probe *server = probe_start(run, "server");
	struct probe *client = probe_start(run, "client");
	struct sock *listener = sock_listen(server, 2 * PORTS_MAX);

	switch ((enum way)run_value(run)) {
	case EDGE_LOW:
		use_only_port(run, client, listener, FIRST);
		break;
	case EDGE_HIGH:
		use_only_port(run, client, listener, LAST);
		break;
	case NAMED:
		avoid_reserved_port(run, client, listener);
		break;
	case CONNECTS:
	case BINDS:
		use_all_ports(run, client, listener);
		break;
	}
	if (run_is_variant(run, "odd-size"))
		use_named_port(run, client, listener,
			       (uint16_t)read_range(run).high);
}

static const struct judgement of_order[] = {
	{ "B2", DOCUMENT_RIGHT,
	  "__inet_hash_connect() takes local ports from ip_local_port_range "
	  "only" },
	{ .claim = NULL },
};

CASE(local_port_range) = {
	.name = "local-port-range",
	.claim = "connect() takes its local port from ip_local_port_range, by "
		 "default 32768 to 60999",
	.judgements = CLAIMS(
		{ .claim = "B2",
		  .document = DOCUMENT_OUTDATED,
		  .note = "the last port is 60999, not 61000: 07f4c90062f8 "
			  "made the number of ports even, inet_init_net()",
		  .since = "4.2" }),
	.why = "connect() prefers ports with the parity of the range's first "
	       "port, and for that the range needs an even number of ports",
	.sources = "net/ipv4/inet_hashtables.c:__inet_hash_connect(); "
		   "net/ipv4/inet_connection_sock.c:inet_csk_find_open_port(); "
		   "net/ipv4/af_inet.c:inet_init_net()",
	.steps = STEPS(
		"first, last: all ports of the default range except the first "
		"or the last are reserved; the client connects twice",
		"order: as many connections (order-of-bind: bind() with port "
		"0) as a small range has ports, and one more",
		"odd-size, reserved: connections until no port is left, then "
		"bind() and connect() with the port that connect() never "
		"chooses"),
	.expect = "ports 32768 and 60999 are used, 61000 is not; first all "
		  "ports with the parity of the range's first port, then the "
		  "others (bind(): in the other order), then EADDRNOTAVAIL; of "
		  "three ports never the last, and no reserved port, but both "
		  "after bind() with that port",
	.shows = SHOWS("range_first", "range_last", "edge", "outcome", "ports",
		       "outside", "first_half_of_the_parity", "named"),
	.world = &world_pair,
	.variants = VARIANTS(
		{ "first",
		  "every port of the default range but the first is reserved: "
		  "connect() uses 32768",
		  .value = EDGE_LOW,
		  .settings = SYSCTLS({ "client", RESERVED,
					.text = "32769-60999" }) },
		{ "last",
		  "every port of the default range but the last is reserved: "
		  "connect() uses 60999",
		  .value = EDGE_HIGH,
		  .settings = SYSCTLS({ "client", RESERVED,
					.text = "32768-60998" }) },
		{ "order",
		  "the range is 40000-40007 and connect() chooses: first the "
		  "four even ports, then the odd ones",
		  .value = CONNECTS, .judgements = of_order,
		  .settings = SYSCTLS({ "client", RANGE,
					.text = "40000 40007" }) },
		{ "order-odd-start",
		  "the range is 40001-40008 and connect() chooses: first the "
		  "four odd ports, as the first port is odd",
		  .value = CONNECTS, .judgements = of_order,
		  .settings = SYSCTLS({ "client", RANGE,
					.text = "40001 40008" }) },
		{ "order-of-bind",
		  "the range is 40000-40007 and bind() with port 0 chooses: "
		  "first the four odd ports, then the even ones",
		  .value = BINDS, .judgements = of_order,
		  .settings = SYSCTLS({ "client", RANGE,
					.text = "40000 40007" }) },
		{ "odd-size",
		  "the range is 40000-40002, an odd number of ports: connect() "
		  "never chooses 40002, which a bind() to it can use",
		  .value = CONNECTS,
		  .settings = SYSCTLS({ "client", RANGE,
					.text = "40000 40002" }),
		  .judgements = CLAIMS(
			  { "B2", DOCUMENT_CONDITIONAL,
			    "of a range with an odd number of ports connect() "
			    "misses one: __inet_hash_connect() rounds the "
			    "number down to an even one" }) },
		{ "reserved",
		  "the range is 40000-40003, and ip_local_reserved_ports has "
		  "40002: connect() never chooses it, which a bind() to it can "
		  "use",
		  .value = NAMED,
		  .settings = SYSCTLS({ "client", RANGE,
					.text = "40000 40003" },
				      { "client", RESERVED, 40002 }),
		  .judgements = CLAIMS(
			  { "B2", DOCUMENT_CONDITIONAL,
			    "except the ports in ip_local_reserved_ports: "
			    "inet_is_local_reserved_port()" }) }),
	.duration = MSEC(10),
	.no_fault = true,
	.script = script,
};
