/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests per second under a growing load. The server's process looks at its
 * listener ten times a second only, and more and more clients come in between.
 * Each one that gets a connection sends a request; one whose SYN is not
 * answered gives up (or its copies, a second later, would come on top of the
 * next load).
 *
 * short-queue: each look takes out all that waits, but no more than backlog + 1
 * can wait: the SYNs of the rest are dropped (sk_acceptq_is_full()). So the
 * rate stops growing at (backlog + 1) per look, with a process that had time
 * left.
 *
 * long-queue: the same process, the same looks; the queue is long enough for
 * what comes in between, and the rate grows with the load.
 *
 * slow-server: the process takes out only so many per look, from the same long
 * queue. The rate stops growing as well, and not one SYN is dropped: the length
 * grows instead, and with it the time that each client waits. A longer queue is
 * no cure for that, and a full one not the reason.
 */
#include "case.h"

enum { PHASES = 4, LOOKS = 4, LOOK_MS = 100 };
enum { SHORT = 4, LONG = 128, PER_LOOK = 4, CLIENTS = 256 };

static const unsigned int loads[PHASES] = { 2, 4, 8, 16 };

/* How long to look out for what takes no timer: there is much of it here. */
static const nsec_t patience = SEC(5);

struct load {
	struct run *run;
	struct probe *client;
	struct sock *listener;
	unsigned int limit;
	unsigned int per_look; /* the process takes no more out at once */
	struct sock *served[CLIENTS]; /* have a connection, in their order */
	unsigned int head, tail; /* those in between are in the queue */
	int64_t dropped; /* by the model */
};

static void is_refused(struct load *l, struct sock *client, struct mark dialled)
{
	frames_wait(l->run, dialled, FRAMES(FROM("client"), KIND(WIRE_SYN)), 1,
		    patience);
	sock_close(client);
	l->dropped++;
}

/* False: what the model says of the queue does not hold. */
static bool comes(struct load *l)
{
	struct mark dialled = mark_now(l->run);
	struct sock *sock = sock_post_connect(l->client, l->listener);
	struct finding got;

	if (l->tail - l->head > l->limit) {
		is_refused(l, sock, dialled);
		return true;
	}
	got = sock_reap(sock, patience);
	if (!expect_that(l->run, !got.open && !got.error, "connect() = 0", "%s",
			 finding_outcome(&got)))
		return false;
	sock_send_text(sock, "?");
	l->served[l->tail++] = sock;
	return true;
}

/* One request answered, the oldest: the queue keeps the order. */
static bool answers(struct load *l)
{
	struct sock *connection = sock_accept(l->listener);
	struct finding got = sock_recv(connection, patience);

	if (got.value == 1)
		sock_send_text(connection, "!");
	sock_close(connection);
	got = sock_recv(l->served[l->head], patience);
	sock_close(l->served[l->head++]);
	return got.value == 1;
}

/* The server's process looks. How many requests it answered. */
static unsigned int looks(struct load *l)
{
	unsigned int waiting = l->tail - l->head, n = 0;
	struct queue queue;

	queue = sock_wait_queue(l->listener, waiting, patience);
	expect_that(l->run, queue.length == waiting,
		    "all that came wait, as far as they fit", "%u, and not %u",
		    queue.length, waiting);
	for (unsigned int i = 0; i < MIN(waiting, l->per_look); i++)
		n += answers(l);
	return n;
}

static unsigned int predicted(const struct load *l, unsigned int load)
{
	return MIN(load, MIN(l->per_look, l->limit + 1));
}

/* LOOKS times the load, and what is made of it. */
static bool phase(struct load *l, unsigned int load)
{
	unsigned int answered = 0, want = predicted(l, load);
	unsigned int scale = 1000 / LOOK_MS;
	char name[32];

	for (unsigned int i = 0; i < LOOKS; i++) {
		for (unsigned int n = 0; n < load; n++)
			if (!comes(l))
				return false;
		run_pass(l->run, MSEC(LOOK_MS));
		answered += looks(l);
	}
	snprintf(name, sizeof(name), "at_%u_per_s", load * scale);
	run_note(l->run, "load %u/s: %u/s answered, %lld SYNs dropped so far",
		 load * scale, answered * scale / LOOKS,
		 (long long)counter_change(l->run, "server", "ListenDrops"));
	expect_counter(l->run, "server", "ListenOverflows", l->dropped);
	expect_counter(l->run, "server", "ListenDrops", l->dropped);
	return expect_number(l->run, name, answered * scale / LOOKS,
			     want * scale, want * scale);
}

static void script(struct run *run)
{
	bool slow = run_is_variant(run, "slow-server");
	long somaxconn = run_sysctl(run, "server", "net.core.somaxconn");
	struct load l = { .run = run };

	l.limit = (unsigned int)MIN(run_value(run), somaxconn);
	l.per_look = slow ? PER_LOOK : CLIENTS;
	l.client = probe_start(run, "client");
	l.listener =
		sock_listen(probe_start(run, "server"), (int)run_value(run));
	for (unsigned int i = 0; i < PHASES; i++)
		if (!phase(&l, loads[i]))
			return;
	expect_number(run, "dropped_syns",
		      counter_change(run, "server", "ListenDrops"), l.dropped,
		      l.dropped);
}

static const struct setting room[] = {
	{ "server", "net.core.somaxconn", LONG },
	{ .name = NULL },
};

CASE(accept_queue_load) = {
	.name = "accept-queue-load",
	.claim = "accept() comes late: requests per second stop growing where "
		 "the queue is short, and where the server is slow, with or "
		 "without a drop",
	.why = "no more than limit + 1 can be taken out of the queue at once, "
	       "and no more than the process takes: the smaller one, times "
	       "its looks per second, is the rate",
	.sources =
		"include/net/sock.h:sk_acceptq_is_full(); net/ipv4/tcp_input.c:"
		"tcp_conn_request()",
	.steps = STEPS("a server looks at its listener every 100 ms; its "
		       "backlog is 4, or 128",
		       "20, 40, 80 and 160 clients per second come, each with "
		       "a request",
		       "each look takes out all that waits, or, in a variant, "
		       "four at most"),
	.expect = "short queue: 20, 40, 50 and 50 requests per second, and "
		  "the rest dropped; long queue: 20, 40, 80, 160; slow server: "
		  "20, 40, 40, 40, and nothing dropped",
	.world = &world_pair,
	.needs = NEEDS({ .sysctl = "net.core.somaxconn" }),
	.variants = VARIANTS(
		{ "short-queue", room, .value = SHORT,
		  .judgements = CLAIMS(
			  { "B9", DOCUMENT_RIGHT,
			    "the rate ends at (backlog + 1) per look of the "
			    "process, and the rest is dropped: "
			    "sk_acceptq_is_full()" }) },
		{ "long-queue", room, .value = LONG,
		  .judgements = CLAIMS(
			  { "B11", DOCUMENT_RIGHT,
			    "the process is the same, but with a limit that "
			    "sk_acceptq_is_full() does not reach the rate "
			    "grows with the load" }) },
		{ "slow-server", room, .value = LONG,
		  .judgements = CLAIMS(
			  { "B9", DOCUMENT_CONDITIONAL,
			    "a slow accept() alone holds the rate, long before "
			    "sk_acceptq_is_full() drops anything" },
			  { "B11", DOCUMENT_CONDITIONAL,
			    "where accept() is the slow part a longer queue "
			    "adds waiting, and no request per second: "
			    "inet_csk_accept() takes one at a time" }) }),
	.duration = MSEC(PHASES * LOOKS * LOOK_MS),
	.no_fault = true,
	.script = script,
};
