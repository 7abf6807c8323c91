/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests per second under a growing load. The server's process polls its
 * listener ten times a second, and in each phase twice as many clients arrive
 * between two polls. A connected client sends a request; a client whose SYN is
 * dropped closes, so that its retransmissions do not add to the next load.
 *
 * short-queue: each poll accepts all that is queued, at most backlog + 1
 * connections, and further SYNs are dropped (sk_acceptq_is_full()). The rate
 * stops growing at backlog + 1 per poll although the process has time left.
 *
 * long-queue: the same process with a queue that is never full. The rate grows
 * with the load.
 *
 * slow-server: the long queue, but each poll accepts at most four connections.
 * The rate stops growing and no SYN is dropped: the queue grows instead, and
 * with it the time that each client waits. A longer queue does not help here.
 */
#include "case.h"

enum { PHASES = 4, POLLS = 4, POLL_MS = 100 };
enum { SHORT = 4, LONG = 128, PER_POLL = 4, CLIENTS = 256 };

static const unsigned int loads[PHASES] = { 2, 4, 8, 16 }; /* per poll */

/* Timeout for many events that no timer delays. */
static const nsec_t timeout = SEC(5);

struct load {
	struct run *run;
	struct probe *client;
	struct sock *listener;
	unsigned int limit; /* of the accept queue */
	unsigned int per_poll; /* accepted at most in one poll */
	struct sock *connected[CLIENTS]; /* in the order of the queue */
	unsigned int head, tail; /* connected[head .. tail - 1] are queued */
	int64_t dropped; /* SYNs, by the model */
};

/* A client arrives. False if the model of the queue fails. */
static bool client_arrives(struct load *l)
{
	struct mark connecting = mark_now(l->run);
	struct sock *sock = sock_post_connect(l->client, l->listener);
	struct finding got;

	if (l->tail - l->head > l->limit) {
		frames_wait(l->run, connecting,
			    FRAMES(FROM("client"), KIND(WIRE_SYN)), 1, timeout);
		sock_close(sock);
		l->dropped++;
		return true;
	}
	got = sock_reap(sock, timeout);
	if (!expect_that(l->run, !got.open && !got.error, "connect() succeeds",
			 "%s", finding_outcome(&got)))
		return false;
	sock_send_text(sock, "?");
	l->connected[l->tail++] = sock;
	return true;
}

/* Accepts and answers the oldest queued connection. */
static bool answer_one(struct load *l)
{
	struct sock *connection = sock_accept(l->listener);
	struct finding got = sock_recv(connection, timeout);

	if (got.value == 1)
		sock_send_text(connection, "!");
	sock_close(connection);
	got = sock_recv(l->connected[l->head], timeout);
	sock_close(l->connected[l->head++]);
	return got.value == 1;
}

/* Returns the number of requests that were answered. */
static unsigned int poll_listener(struct load *l)
{
	unsigned int waiting = l->tail - l->head, answered = 0;
	struct queue queue;

	queue = sock_wait_queue(l->listener, waiting, timeout);
	expect_that(l->run, queue.length == waiting,
		    "the accept queue has the length that the model predicts",
		    "%u, predicted %u", queue.length, waiting);
	for (unsigned int i = 0; i < MIN(waiting, l->per_poll); i++)
		answered += answer_one(l);
	return answered;
}

/* One load, for POLLS polls. */
static bool run_phase(struct load *l, unsigned int load)
{
	unsigned int want = MIN(load, MIN(l->per_poll, l->limit + 1));
	unsigned int answered = 0, scale = 1000 / POLL_MS;
	char name[32];

	for (unsigned int i = 0; i < POLLS; i++) {
		for (unsigned int n = 0; n < load; n++)
			if (!client_arrives(l))
				return false;
		run_pass(l->run, MSEC(POLL_MS));
		answered += poll_listener(l);
	}
	snprintf(name, sizeof(name), V_("at_%u_per_s"), load * scale);
	run_note(l->run, "load %u/s: %u/s answered, %lld SYNs dropped so far",
		 load * scale, answered * scale / POLLS,
		 (long long)counter_change(l->run, "server", "ListenDrops"));
	expect_counter(l->run, "server", "ListenOverflows", l->dropped);
	expect_counter(l->run, "server", "ListenDrops", l->dropped);
	return expect_number(l->run, name, answered * scale / POLLS,
			     want * scale, want * scale);
}

static void script(struct run *run)
{
	bool slow = run_is_variant(run, "slow-server");
	long somaxconn = run_sysctl(run, "server", "net.core.somaxconn");
	struct load l = { .run = run };

	l.limit = (unsigned int)MIN(run_value(run), somaxconn);
	l.per_poll = slow ? PER_POLL : CLIENTS;
	l.client = probe_start(run, "client");
	l.listener =
		sock_listen(probe_start(run, "server"), (int)run_value(run));
	for (unsigned int i = 0; i < PHASES; i++)
		if (!run_phase(&l, loads[i]))
			return;
	expect_number(run, "dropped_syns",
		      counter_change(run, "server", "ListenDrops"), l.dropped,
		      l.dropped);
}

static const struct setting large_somaxconn[] = {
	{ "server", "net.core.somaxconn", LONG },
	{ .name = NULL },
};

CASE(accept_queue_load) = {
	.name = "accept-queue-load",
	.claim = "accept() comes late: requests per second stop growing if the "
		 "queue is short, with drops, or if the server is slow, "
		 "without drops",
	.why = "one poll can accept at most limit + 1 connections, and at most "
	       "what the process handles; the smaller number times the polls "
	       "per second is the rate",
	.sources = "include/net/sock.h:sk_acceptq_is_full(); "
		   "net/ipv4/tcp_input.c:tcp_conn_request()",
	.steps = STEPS("a server polls its listener every 100 ms; its backlog "
		       "is 4 or 128",
		       "20, 40, 80 and 160 clients per second arrive, each "
		       "with a request",
		       "each poll accepts all queued connections, or "
		       "(slow-server) at most four"),
	.expect = "short queue: 20, 40, 50 and 50 requests per second are "
		  "answered and the other SYNs dropped; long queue: 20, 40, 80 "
		  "and 160; slow server: 20, 40, 40 and 40, and no SYN is "
		  "dropped",
	.world = &world_pair,
	.needs = NEEDS({ .sysctl = "net.core.somaxconn" }),
	.variants = VARIANTS(
		{ "short-queue",
		  "the backlog is 4: five requests per poll are answered at "
		  "most, and the SYNs beyond them are dropped",
		  large_somaxconn, .value = SHORT,
		  .judgements =
			  CLAIMS({ "B9", DOCUMENT_RIGHT,
				   "the process empties the queue at regular "
				   "intervals; per interval at most backlog + "
				   "1 connections fit, and further SYNs are "
				   "dropped: sk_acceptq_is_full()" }) },
		{ "long-queue",
		  "the backlog is 128: no SYN is dropped, and the requests per "
		  "second grow with the load, to 160",
		  large_somaxconn, .value = LONG,
		  .judgements =
			  CLAIMS({ "B11", DOCUMENT_RIGHT,
				   "the process is the same, but with a limit "
				   "that sk_acceptq_is_full() never finds "
				   "exceeded the rate grows with the load" }) },
		{ "slow-server",
		  "the backlog is 128, but the process accepts at most four "
		  "connections per poll: 40 requests per second are answered "
		  "at most, and no SYN is dropped",
		  large_somaxconn, .value = LONG,
		  .judgements = CLAIMS(
			  { "B9", DOCUMENT_CONDITIONAL,
			    "a slow accept() alone limits the rate, long "
			    "before sk_acceptq_is_full() causes a drop" },
			  { "B11", DOCUMENT_CONDITIONAL,
			    "if accept() is the bottleneck, a longer queue "
			    "adds waiting time and no request per second: "
			    "inet_csk_accept() takes one connection at a "
			    "time" }) }),
	.duration = MSEC(PHASES * POLLS * POLL_MS),
	.no_fault = true,
	.script = script,
};
