/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which TIME_WAIT does tcp_tw_reuse take? The kernel looks for none:
 * __inet_hash_connect() goes through the ports, as it always does, those with
 * the parity of the range's first one first, from a start that is a keyed hash
 * and a random step, and takes the first port that will do. A free one does,
 * and so does one with a TIME_WAIT that tcp_twsk_unique() gives up. So chance
 * decides where the round begins, and the order of the ports decides the rest:
 * not the age, as long as it is enough, and not whether there is a free port.
 *
 * With two ports there is no chance left: the first one is alone in its parity,
 * and is asked first.
 */
#include "case.h"

enum { LOW = 40000, HIGH = 40001, BOTH = 2, MANY = 8 };

enum stage {
	OLDER_SECOND, /* both old enough, the second one the older */
	YOUNG_FIRST,
	YOUNG_SECOND,
	FREE_FIRST,
	FREE_SECOND,
	ALL_OLD, /* of many */
};

struct story {
	struct pair tcp; /* only its probes and the listener */
	struct sock *clients[MANY], *servers[MANY]; /* in the ports' order */
};

static void open_all(struct run *run, struct story *story, long n)
{
	long low = run_sysctl_nth(run, "client", "net.ipv4.ip_local_port_range",
				  0);

	story->tcp.server_probe = probe_start(run, "server");
	story->tcp.client_probe = probe_start(run, "client");
	story->tcp.listener = sock_listen(story->tcp.server_probe, 16);
	for (long i = 0; i < n; i++) {
		struct sock *client = sock_connect(story->tcp.client_probe,
						   story->tcp.listener);
		long at = sock_local_port(client) - low;

		if (at < 0 || at >= n || story->clients[at])
			run_broken_because(run, "port %ld is not of the %ld",
					   low + at, n);
		story->clients[at] = client;
		story->servers[at] = sock_accept(story->tcp.listener);
	}
}

/* Leaves a TIME_WAIT; says from when on it may be taken over. */
static struct range finish(struct run *run, struct story *story, long i)
{
	struct range entered = { .min = nsec_now() };

	sock_close_both(story->clients[i], story->servers[i]);
	entered.max = nsec_now();
	return forecast_tw_reuse(run, "client", entered);
}

static void grow_old(struct run *run, struct range from)
{
	run_pass_until(run, (struct mark){ .at = from.max }, 0);
}

/* Nothing of it stays in the client. */
static void set_free(struct story *story, long i)
{
	sock_abort(story->clients[i]);
	expect_state(story->clients[i], DIAG_CLOSE);
}

static struct sock *connect_again(struct story *story)
{
	struct sock *sock =
		sock_post_connect(story->tcp.client_probe, story->tcp.listener);
	struct finding got = sock_reap(sock, soon);

	expect_success(&got);
	return sock;
}

static void set_stage(struct run *run, struct story *story, enum stage stage)
{
	const bool second = stage == OLDER_SECOND || stage == YOUNG_FIRST ||
			    stage == FREE_FIRST;
	struct range from = finish(run, story, second);

	if (stage == OLDER_SECOND)
		from = finish(run, story, 0);
	if (stage == FREE_FIRST || stage == FREE_SECOND)
		set_free(story, !second);
	grow_old(run, from);
	if (stage == YOUNG_FIRST || stage == YOUNG_SECOND)
		finish(run, story, !second);
}

/* The first port, unless the TIME_WAIT on it is too young. */
static void of_two(struct run *run, struct story *story, enum stage stage)
{
	const long expected = stage == YOUNG_FIRST;
	const bool reused = stage != FREE_FIRST;
	struct sock *sock, *other;
	const enum diag_state stays = stage == FREE_SECOND ? DIAG_CLOSE :
							     DIAG_TIME_WAIT;

	open_all(run, story, BOTH);
	set_stage(run, story, stage);
	other = story->clients[!expected];
	sock = connect_again(story);
	expect_number(run, "local_port", sock_local_port(sock), LOW + expected,
		      LOW + expected);
	expect_state(sock, DIAG_ESTABLISHED);
	expect_state(other, stays);
	expect_counter(run, "client", "TWRecycled", reused);
}

/* First one half of them, then the other; who is first is chance. */
static void of_many(struct run *run, struct story *story)
{
	char order[MANY * 8] = "";
	unsigned int first_half = 0;

	open_all(run, story, MANY);
	for (long i = 0; i < MANY - 1; i++)
		finish(run, story, i);
	grow_old(run, finish(run, story, MANY - 1));
	for (long i = 0; i < MANY; i++) {
		uint16_t port = sock_local_port(connect_again(story));
		size_t at = strlen(order);

		first_half += i < MANY / 2 && (port - LOW) % 2 == 0;
		snprintf(order + at, sizeof(order) - at, "%s%u", i ? " " : "",
			 port);
	}
	run_note(run, "in this order: %s", order);
	expect_number(run, "first_half_of_the_parity", first_half, MANY / 2,
		      MANY / 2);
	expect_counter(run, "client", "TWRecycled", MANY);
}

static void script(struct run *run)
{
	struct story story = { .tcp = { 0 } };

	if (run_value(run) == ALL_OLD)
		of_many(run, &story);
	else
		of_two(run, &story, (enum stage)run_value(run));
}

static const struct judgement of_order[] = {
	{ "B3", DOCUMENT_WRONG,
	  "no TIME_WAIT is chosen: __inet_hash_connect() takes the first port "
	  "that will do, in the ports' order, those of one parity first; only "
	  "where that round begins is left to chance" },
	{ .claim = NULL },
};

static const struct judgement of_free[] = {
	{ "B3", DOCUMENT_CONDITIONAL,
	  "only where no free port comes before it in the round: "
	  "__inet_hash_connect() takes the first port that will do" },
	{ .claim = NULL },
};

CASE(tw_reuse_which) = {
	.name = "tw-reuse-which",
	.claim = "which TIME_WAIT connect() takes over: the first in the "
		 "ports' order that is old enough, a free port being as good",
	.judgements = CLAIMS({ "B3", DOCUMENT_RIGHT,
			       "never a younger one: the round passes over "
			       "what tcp_twsk_unique() refuses" }),
	.why = "connect() goes through the ports for the first that will do, "
	       "and asks for the TIME_WAIT of the port in hand only",
	.sources = "net/ipv4/inet_hashtables.c:__inet_hash_connect(); "
		   "net/ipv4/tcp_ipv4.c:tcp_twsk_unique()",
	.steps = STEPS("a client with two local ports connects from both",
		       "one of them, or both, become TIME_WAITs, old or young; "
		       "or one is free",
		       "it connects again",
		       "all-old: the same with eight ports, eight times"),
	.expect = "the first port, whether its TIME_WAIT is the older one or "
		  "not, whether the other port is free or not, or itself free; "
		  "the second only when the first is too young; of eight first "
		  "the four of one parity, in an order of chance",
	.world = &world_pair,
	.settings = SYSCTLS({ "client", "net.ipv4.ip_local_port_range",
			      .text = "40000 40001" },
			    { "client", "net.ipv4.tcp_tw_reuse", 1 }),
	.variants = VARIANTS(
		{ "young-first", .value = YOUNG_FIRST },
		{ "young-second", .value = YOUNG_SECOND },
		{ "older-second", .value = OLDER_SECOND,
		  .judgements = of_order },
		{ "free-second", .value = FREE_SECOND, .judgements = of_order },
		{ "free-first", .value = FREE_FIRST, .judgements = of_free },
		{ "all-old", .value = ALL_OLD, .judgements = of_order,
		  .settings = SYSCTLS({ "client",
					"net.ipv4.ip_local_port_range",
					.text = "40000 40007" }) }),
	.duration = SEC(1) + MSEC(100),
	.no_fault = true,
	.script = script,
};
