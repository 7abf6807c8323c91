/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A burst of clients and a server that does not call accept(): what gives them
 * room? Three cures.
 *
 * Both settings: __sys_listen() takes the smaller of listen()'s backlog and
 * net.core.somaxconn. Either one alone leaves the limit where it was.
 *
 * And listen(), again: somaxconn is read in that call, and copied into the
 * socket (sk_max_ack_backlog). A sysctl that is changed later changes nothing
 * for a server that runs: its queue stays full, and the clients' next SYNs are
 * dropped as the first. A second listen() on the living socket only sets the
 * limit (__inet_listen_sk()): nothing in the queue is lost, and no restart is
 * needed, though few programs offer it. Restarted, a program calls it anyway.
 *
 * Or accept(): it takes connections out, and the next SYNs find room under the
 * old limit.
 */
#include "case.h"

enum { SMALL = 2, LARGE = 16, CLIENTS = 6, FIT = SMALL + 1, QUIET_MS = 50 };

/* How long to look out for what takes no timer. */
static const nsec_t soon = MSEC(500);

struct burst {
	struct run *run;
	struct sock *listener;
	struct sock *clients[CLIENTS];
	unsigned int in; /* of them in the queue; the others wait */
	struct mark dialled; /* from the first one that waits to the last */
	const struct prediction *syns;
};

#define COPIES FRAMES(FROM("client"), KIND(WIRE_RETRANSMISSION))

static void gets_in(struct sock *client)
{
	struct finding got = sock_reap(client, soon);

	expect_that(sock_run(client), !got.open && !got.error, "connect() = 0",
		    "%s", finding_outcome(&got));
}

/* The wire has seen its SYN. */
static void waits(struct burst *b, unsigned int i, struct mark start)
{
	const struct wire_capture *syn = frames_wait(
		b->run, start, FRAMES(FROM("client"), KIND(WIRE_SYN)), i + 1,
		soon);

	if (i == b->in)
		b->dialled.at = syn ? syn->at : nsec_now();
	b->dialled.done = syn ? syn->at : nsec_now();
}

static void begin(struct burst *b, unsigned int limit)
{
	struct probe *client = probe_start(b->run, "client");
	struct mark start = mark_now(b->run);

	b->in = MIN(limit + 1, (unsigned int)CLIENTS);
	b->syns = forecast_connect(b->run, "client");
	for (unsigned int i = 0; i < CLIENTS; i++) {
		b->clients[i] = sock_post_connect(client, b->listener);
		if (i < b->in)
			gets_in(b->clients[i]);
		else
			waits(b, i, start);
	}
	run_pass(b->run, MSEC(QUIET_MS));
	expect_queue(b->listener, b->in, limit, soon);
	expect_number(b->run, "connections", b->in, b->in, b->in);
	for (unsigned int i = b->in; i < CLIENTS; i++)
		expect_state(b->clients[i], DIAG_SYN_SENT);
	expect_counter(b->run, "server", "ListenOverflows", CLIENTS - b->in);
}

/* Every waiting client's SYN once more: the nth time. */
static void copies_come(struct burst *b, unsigned int nth)
{
	expect_frame(b->run, b->dialled, "every waiting client's next SYN",
		     COPIES, nth * (CLIENTS - b->in),
		     (struct range){ b->syns->rounds[nth - 1].at.min,
				     b->syns->rounds[nth - 1].at.max +
					     b->dialled.done - b->dialled.at });
	run_pass(b->run, MSEC(QUIET_MS));
}

static void all_get_in(struct burst *b, unsigned int nth)
{
	copies_come(b, nth);
	for (unsigned int i = b->in; i < CLIENTS; i++)
		gets_in(b->clients[i]);
}

/* A changed sysctl, and nothing; listen() again, and room. */
static void listens_again(struct burst *b)
{
	run_set_sysctl(b->run, "server", "net.core.somaxconn", LARGE);
	expect_queue(b->listener, FIT, SMALL, 0);
	copies_come(b, 1);
	expect_queue(b->listener, FIT, SMALL, 0);
	expect_counter(b->run, "server", "ListenOverflows",
		       2 * (CLIENTS - FIT));

	sock_set_backlog(b->listener, LARGE);
	expect_queue(b->listener, FIT, LARGE, 0);
	all_get_in(b, 2);
	expect_queue(b->listener, CLIENTS, LARGE, soon);
}

static void accepts_again(struct burst *b)
{
	for (unsigned int i = 0; i < FIT; i++)
		sock_accept(b->listener);
	expect_queue(b->listener, 0, SMALL, 0);
	all_get_in(b, 1);
	expect_queue(b->listener, CLIENTS - FIT, SMALL, soon);
}

static void script(struct run *run)
{
	long somaxconn = run_sysctl(run, "server", "net.core.somaxconn");
	struct burst b = { .run = run };

	b.listener =
		sock_listen(probe_start(run, "server"), (int)run_value(run));
	begin(&b, (unsigned int)MIN(run_value(run), somaxconn));
	if (run_is_variant(run, "listen-again"))
		listens_again(&b);
	else if (run_is_variant(run, "accept-again"))
		accepts_again(&b);
}

static const struct setting small[] = {
	{ "server", "net.core.somaxconn", SMALL },
	{ .name = NULL },
};

static const struct setting large[] = {
	{ "server", "net.core.somaxconn", LARGE },
	{ .name = NULL },
};

static const struct judgement of_none[] = { { .claim = NULL } };

CASE(accept_queue_cure) = {
	.name = "accept-queue-cure",
	.claim = "more room for a burst takes a larger backlog and a larger "
		 "somaxconn, and listen() to bring them in; or accept()",
	.judgements = CLAIMS({ "B11", DOCUMENT_RIGHT,
			       "both have to be larger, for __sys_listen() "
			       "takes the smaller" }),
	.why = "the limit is the smaller of the two, as it was when listen() "
	       "was called; nothing looks at somaxconn later",
	.sources = "net/socket.c:__sys_listen_socket(); net/ipv4/af_inet.c:"
		   "__inet_listen_sk()",
	.steps = STEPS("a server listens, with a backlog of 2 or 16 and a "
		       "somaxconn of 2 or 16, and does not call accept()",
		       "six clients call connect()",
		       "somaxconn is raised, and listen() called again (or "
		       "accept() is called), in two variants"),
	.expect =
		"six get in where both are 16, else three; a raised somaxconn "
		"changes nothing, and the SYNs' copies are dropped too, until "
		"listen(); then, or after accept(), the next copies get in",
	.world = &world_pair,
	.needs = NEEDS({ .sysctl = "net.core.somaxconn" }),
	.variants = VARIANTS(
		{ "both-small", small, .value = SMALL, .judgements = of_none },
		{ "backlog-large", small, .value = LARGE,
		  .judgements = of_none },
		{ "somaxconn-large", large, .value = SMALL,
		  .judgements = of_none },
		{ "both-large", large, .value = LARGE },
		{ "listen-again", small, .value = LARGE, .duration = SEC(2),
		  .judgements = CLAIMS(
			  { "B11", DOCUMENT_CONDITIONAL,
			    "a server that runs keeps its limit until it calls "
			    "listen() again: sk_max_ack_backlog, "
			    "__inet_listen_sk()" }) },
		{ "accept-again", small, .value = SMALL, .duration = SEC(1),
		  .judgements =
			  CLAIMS({ "B11", DOCUMENT_RIGHT,
				   "accept() makes room under the old limit: "
				   "inet_csk_accept()" }) }),
	.duration = MSEC(QUIET_MS),
	.no_fault = true,
	.script = script,
};
