/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A burst of clients connects while the server does not call accept(). Three
 * measures make room:
 *
 * A larger backlog together with a larger net.core.somaxconn.
 * __sys_listen_socket() (before 6.11 __sys_listen()) takes the smaller of the
 * two, so raising only one of them has no effect.
 *
 * A second listen(). That call reads somaxconn and copies the limit into the
 * socket (sk_max_ack_backlog), so a sysctl changed later has no effect on a
 * running server. On a socket that listens already, __inet_listen_sk() only
 * sets the limit: queued connections stay, and no restart is needed.
 *
 * accept(). It takes connections out of the queue, and the next SYNs find room
 * under the old limit.
 */
#include "case.h"

enum { SMALL = 2, LARGE = 16, CLIENTS = 6, FIT = SMALL + 1, QUIET_MS = 50 };

struct burst {
	struct run *run;
	struct sock *listener;
	struct sock *clients[CLIENTS];
	unsigned int queued; /* clients[0 ..] in the accept queue */
	struct mark dropped; /* at, done: first and last SYN that was dropped */
	const struct prediction *syns;
};

static void expect_connected(struct sock *client)
{
	struct finding got = sock_reap(client, soon);

	expect_that(sock_run(client), !got.open && !got.error,
		    "connect() succeeds", "%s", finding_outcome(&got));
}

/* Waits for the SYN of client i, and records when it passed the wire. */
static void await_dropped_syn(struct burst *b, unsigned int i,
			      struct mark start)
{
	const struct wire_capture *syn = frames_wait(
		b->run, start, FRAMES(FROM("client"), KIND(WIRE_SYN)), i + 1,
		soon);

	b->dropped.done = syn ? syn->at : nsec_now();
	if (i == b->queued)
		b->dropped.at = b->dropped.done;
}

static void connect_all(struct burst *b, unsigned int limit)
{
	struct probe *client = probe_start(b->run, "client");
	struct mark start = mark_now(b->run);

	b->queued = MIN(limit + 1, (unsigned int)CLIENTS);
	b->syns = forecast_connect(b->run, "client");
	for (unsigned int i = 0; i < CLIENTS; i++) {
		b->clients[i] = sock_post_connect(client, b->listener);
		if (i < b->queued)
			expect_connected(b->clients[i]);
		else
			await_dropped_syn(b, i, start);
	}
	run_pass(b->run, MSEC(QUIET_MS));
	expect_queue(b->listener, b->queued, limit, soon);
	expect_number(b->run, "connections", b->queued, b->queued, b->queued);
	for (unsigned int i = b->queued; i < CLIENTS; i++)
		expect_state(b->clients[i], DIAG_SYN_SENT);
	expect_counter(b->run, "server", "ListenOverflows",
		       CLIENTS - b->queued);
}

/* Every waiting client retransmits its SYN for the nth time. */
static void expect_syn_retransmissions(struct burst *b, unsigned int nth)
{
	struct range range = b->syns->rounds[nth - 1].at;

	range.max += b->dropped.done - b->dropped.at;
	expect_frame(b->run, b->dropped,
		     "the last waiting client's SYN retransmission",
		     FRAMES(FROM("client"), KIND(WIRE_RETRANSMISSION)),
		     nth * (CLIENTS - b->queued), range);
	run_pass(b->run, MSEC(QUIET_MS));
}

static void expect_all_connected(struct burst *b, unsigned int nth)
{
	expect_syn_retransmissions(b, nth);
	for (unsigned int i = b->queued; i < CLIENTS; i++)
		expect_connected(b->clients[i]);
}

/* The raised sysctl alone has no effect; listen() applies it. */
static void listen_again(struct burst *b)
{
	run_set_sysctl(b->run, "server", "net.core.somaxconn", LARGE);
	expect_queue(b->listener, FIT, SMALL, 0);
	expect_syn_retransmissions(b, 1);
	expect_queue(b->listener, FIT, SMALL, 0);
	expect_counter(b->run, "server", "ListenOverflows",
		       2 * (CLIENTS - FIT));

	sock_set_backlog(b->listener, LARGE);
	expect_queue(b->listener, FIT, LARGE, 0);
	expect_all_connected(b, 2);
	expect_queue(b->listener, CLIENTS, LARGE, soon);
}

static void accept_again(struct burst *b)
{
	for (unsigned int i = 0; i < FIT; i++)
		sock_accept(b->listener);
	expect_queue(b->listener, 0, SMALL, 0);
	expect_all_connected(b, 1);
	expect_queue(b->listener, CLIENTS - FIT, SMALL, soon);
}

static void script(struct run *run)
{
	long somaxconn = run_sysctl(run, "server", "net.core.somaxconn");
	struct burst b = { .run = run };

	b.listener =
		sock_listen(probe_start(run, "server"), (int)run_value(run));
	connect_all(&b, (unsigned int)MIN(run_value(run), somaxconn));
	if (run_is_variant(run, "listen-again"))
		listen_again(&b);
	else if (run_is_variant(run, "accept-again"))
		accept_again(&b);
}

static const struct setting small[] = {
	{ "server", "net.core.somaxconn", SMALL },
	{ .name = NULL },
};

static const struct setting large[] = {
	{ "server", "net.core.somaxconn", LARGE },
	{ .name = NULL },
};

static const struct judgement no_judgements[] = { { .claim = NULL } };

CASE(accept_queue_cure) = {
	.name = "accept-queue-cure",
	.claim = "room for a burst takes a larger backlog, a larger somaxconn "
		 "and a listen() that applies them, or an accept()",
	.judgements = CLAIMS({ "B11", DOCUMENT_RIGHT,
			       "both must be larger, since "
			       "__sys_listen_socket() takes the smaller "
			       "one" }),
	.why = "the limit is the smaller of backlog and somaxconn at the time "
	       "of listen(); the kernel does not read somaxconn later",
	.sources = "net/socket.c:__sys_listen_socket(); "
		   "net/ipv4/af_inet.c:__inet_listen_sk()",
	.steps = STEPS("a server listens with a backlog of 2 or 16 and a "
		       "somaxconn of 2 or 16, and does not call accept()",
		       "six clients call connect()",
		       "variant listen-again: somaxconn is raised to 16, later "
		       "listen() is called again; variant accept-again: "
		       "accept() is called three times"),
	.expect = "six clients connect where both are 16, otherwise three; "
		  "after somaxconn is raised the SYN retransmissions are still "
		  "dropped; after listen() or accept() the next SYN "
		  "retransmissions connect",
	.shows = SHOWS("connections", "accept_queue"),
	.world = &world_pair,
	.needs = NEEDS({ .sysctl = "net.core.somaxconn" }),
	.variants = VARIANTS(
		{ "both-small",
		  "backlog and net.core.somaxconn are both 2, so that three of "
		  "the six clients connect",
		  small, .value = SMALL, .judgements = no_judgements },
		{ "backlog-large",
		  "only the backlog is 16: the limit stays at somaxconn, 2, "
		  "and three clients connect",
		  small, .value = LARGE, .judgements = no_judgements },
		{ "somaxconn-large",
		  "only net.core.somaxconn is 16: the limit stays at the "
		  "backlog, 2, and three clients connect",
		  large, .value = SMALL, .judgements = no_judgements },
		{ "both-large",
		  "backlog and net.core.somaxconn are both 16, so that all six "
		  "clients connect at once",
		  large, .value = LARGE },
		{ "listen-again",
		  "the backlog is 16, and somaxconn is raised from 2 to 16 "
		  "while the server runs: the other three clients connect only "
		  "after a second listen()",
		  small, .value = LARGE, .duration = SEC(2),
		  .judgements =
			  CLAIMS({ "B11", DOCUMENT_CONDITIONAL,
				   "a running server keeps its limit until it "
				   "calls listen() again: sk_max_ack_backlog, "
				   "__inet_listen_sk()" }) },
		{ "accept-again",
		  "the limit stays at 2: after three calls of accept() the "
		  "next SYN retransmissions of the other three clients succeed",
		  small, .value = SMALL, .duration = SEC(1),
		  .judgements = CLAIMS({ "B11", DOCUMENT_RIGHT,
					 "accept() makes room under the old "
					 "limit: inet_csk_accept()" }) }),
	.duration = MSEC(QUIET_MS),
	.no_fault = true,
	.script = script,
};
