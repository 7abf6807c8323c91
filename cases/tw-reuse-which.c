/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel does not search for a TIME-WAIT to take over:
 * __inet_hash_connect() goes through the ports as always, those with the
 * parity of the range's first port first, from a start that is a keyed hash
 * plus a random step, and takes the first suitable port. A free port is
 * suitable, and so is one with a TIME-WAIT that tcp_twsk_unique() gives up. So
 * chance decides where the search starts, and the order of the ports decides
 * the rest: not the age, if it is enough, and not whether there is a free
 * port.
 *
 * With two ports nothing is left to chance: the first one is alone in its
 * parity and is tried first.
 */
#include "case.h"

enum { LOW = 40000, TWO = 2, MANY = 8 };

/* The variants' values: the ports before the client connects again. */
enum ports {
	OLDER_SECOND, /* two old TIME-WAITs, the second one is older */
	YOUNG_FIRST, /* one old TIME-WAIT, and a young one */
	YOUNG_SECOND,
	FREE_FIRST, /* one old TIME-WAIT, and a free port */
	FREE_SECOND,
	ALL_OLD, /* eight old TIME-WAITs */
};

struct stage {
	struct probe *client_probe;
	struct sock *listener;
	struct sock *clients[MANY], *servers[MANY]; /* in the ports' order */
};

static bool connect_all(struct run *run, struct stage *stage, long n)
{
	stage->client_probe = probe_start(run, "client");
	stage->listener = sock_listen(probe_start(run, "server"), 16);
	for (long i = 0; i < n; i++) {
		struct sock *client =
			sock_connect(stage->client_probe, stage->listener);
		long at = sock_local_port(client) - LOW;

		if (!expect_that(run,
				 at >= 0 && at < n && !stage->clients[at],
				 "connect() chooses a free port of the range",
				 "port %ld", LOW + at))
			return false;
		stage->clients[at] = client;
		stage->servers[at] = sock_accept(stage->listener);
	}
	return true;
}

/* Leaves a TIME-WAIT on the port; returns when it may be taken over. */
static nsec_t close_port(struct run *run, struct stage *stage, long i)
{
	struct range entered =
		sock_close_both(stage->clients[i], stage->servers[i]);

	return forecast_tw_reuse(run, "client", entered).max;
}

static void free_port(struct stage *stage, long i)
{
	sock_abort(stage->clients[i]);
	expect_state(stage->clients[i], DIAG_CLOSE);
}

static struct sock *connect_again(struct stage *stage)
{
	struct finding got =
		sock_try_connect(stage->client_probe, stage->listener, soon);

	expect_success(&got);
	return got.sock;
}

static void prepare_two_ports(struct run *run, struct stage *stage,
			      enum ports ports)
{
	const bool old = ports == OLDER_SECOND || ports == YOUNG_FIRST ||
			 ports == FREE_FIRST;
	nsec_t from = close_port(run, stage, old);

	if (ports == OLDER_SECOND)
		from = close_port(run, stage, 0);
	if (ports == FREE_FIRST || ports == FREE_SECOND)
		free_port(stage, !old);
	run_pass_until_time(run, from);
	if (ports == YOUNG_FIRST || ports == YOUNG_SECOND)
		close_port(run, stage, !old);
}

/* connect() takes the first port, unless its TIME-WAIT is too young. */
static void choose_of_two(struct run *run, struct stage *stage,
			  enum ports ports)
{
	const long expected = ports == YOUNG_FIRST;
	struct sock *sock;

	if (!connect_all(run, stage, TWO))
		return;
	prepare_two_ports(run, stage, ports);
	sock = connect_again(stage);
	expect_number(run, "local_port", sock_local_port(sock), LOW + expected,
		      LOW + expected);
	expect_state(sock, DIAG_ESTABLISHED);
	expect_state(stage->clients[!expected],
		     ports == FREE_SECOND ? DIAG_CLOSE : DIAG_TIME_WAIT);
	expect_counter(run, "client", "TWRecycled", ports != FREE_FIRST);
}

/* connect() takes all ports of one parity before the others. */
static void choose_of_many(struct run *run, struct stage *stage)
{
	char order[MANY * 8] = "";
	unsigned int first_half = 0;
	nsec_t from = 0;

	if (!connect_all(run, stage, MANY))
		return;
	for (long i = 0; i < MANY; i++)
		from = close_port(run, stage, i);
	run_pass_until_time(run, from);
	for (long i = 0; i < MANY; i++) {
		uint16_t port = sock_local_port(connect_again(stage));
		size_t at = strlen(order);

		first_half += i < MANY / 2 && (port - LOW) % 2 == 0;
		snprintf(order + at, sizeof(order) - at, "%s%u", i ? " " : "",
			 port);
	}
	run_note(run, "order of the ports: %s", order);
	expect_number(run, "first_half_of_the_parity", first_half, MANY / 2,
		      MANY / 2);
	expect_counter(run, "client", "TWRecycled", MANY);
}

static void script(struct run *run)
{
	struct stage stage = { .client_probe = NULL };

	if (run_value(run) == ALL_OLD)
		choose_of_many(run, &stage);
	else
		choose_of_two(run, &stage, (enum ports)run_value(run));
}

static const struct judgement of_order[] = {
	{ "B3", DOCUMENT_CONDITIONAL,
	  "with many ports nearly so, because __inet_hash_connect() starts its "
	  "search at a random port; from there it takes the first suitable "
	  "port, those of one parity first, and does not choose among the "
	  "TIME-WAIT sockets" },
	{ .claim = NULL },
};

CASE(tw_reuse_which) = {
	.name = "tw-reuse-which",
	.claim = "which TIME-WAIT connect() takes over: the first in the "
		 "ports' order that is old enough; a free port is as good",
	.judgements = CLAIMS({ "B3", DOCUMENT_RIGHT,
			       "never a younger one: the search skips what "
			       "tcp_twsk_unique() rejects" }),
	.why = "connect() goes through the ports for the first suitable one, "
	       "and checks only the TIME-WAIT of the port that it tries",
	.sources = "net/ipv4/inet_hashtables.c:__inet_hash_connect(); "
		   "net/ipv4/tcp_ipv4.c:tcp_twsk_unique()",
	.steps = STEPS("a client with two local ports connects from both",
		       "one port or both get a TIME-WAIT, old or young; or one "
		       "becomes free",
		       "the client connects again",
		       "all-old: the same with eight ports, eight times"),
	.expect = "the first port, whichever TIME-WAIT is the older one, and "
		  "whether the second or the first port is free; the second "
		  "only if the TIME-WAIT of the first is too young; of eight "
		  "the four of one parity first, in an order of chance",
	.shows = SHOWS("outcome", "local_port", "first_half_of_the_parity"),
	.world = &world_pair,
	.settings = SYSCTLS({ "client", "net.ipv4.ip_local_port_range",
			      .text = "40000 40001" },
			    { "client", "net.ipv4.tcp_tw_reuse", 1 }),
	.variants = VARIANTS(
		{ "young-first",
		  "the first port has a young TIME-WAIT, the second an old "
		  "one: connect() takes the second port",
		  .value = YOUNG_FIRST },
		{ "young-second",
		  "the first port has an old TIME-WAIT, the second a young "
		  "one: connect() takes the first port",
		  .value = YOUNG_SECOND },
		{ "older-second",
		  "both ports have an old TIME-WAIT, and that of the second is "
		  "older: connect() takes the first port all the same",
		  .value = OLDER_SECOND, .judgements = of_order },
		{ "free-second",
		  "the first port has an old TIME-WAIT, and the second is "
		  "free: connect() takes the first port, the TIME-WAIT",
		  .value = FREE_SECOND, .judgements = of_order },
		{ "free-first",
		  "the first port is free, and the second has an old "
		  "TIME-WAIT: connect() takes the first port, and no TIME-WAIT",
		  .value = FREE_FIRST,
		  .judgements = CLAIMS(
			  { "B3", DOCUMENT_CONDITIONAL,
			    "only where no free port comes before it in the "
			    "search: __inet_hash_connect() takes the first "
			    "suitable port" }) },
		{ "all-old",
		  "eight ports have an old TIME-WAIT, and the client connects "
		  "eight times: first the four ports of one parity, then the "
		  "others",
		  .value = ALL_OLD, .judgements = of_order,
		  .settings = SYSCTLS({ "client",
					"net.ipv4.ip_local_port_range",
					.text = "40000 40007" }) }),
	.duration = SEC(1) + MSEC(100),
	.no_fault = true,
	.script = script,
};
