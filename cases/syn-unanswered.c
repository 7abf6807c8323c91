/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A SYN that comes to the server's machine and is not answered. Its accept
 * queue is full, since its process does not call accept(): tcp_conn_request()
 * counts ListenOverflows and ListenDrops, and drops the SYN, and so each of the
 * copies. To the client that is the same as a path that swallows all it sends,
 * or one that loses all the answers: those are variants, and only the server's
 * counters and its half-open requests tell the three apart.
 *
 * When the client gives up is no plain count. Each firing of its timer asks
 * tcp_write_timeout(): first a count, of tcp_syn_retries and, since 6.5, of
 * tcp_syn_linear_timeouts (4) besides, whose SYNs come 1 s apart, before the
 * doubling begins (ccce324dabfe). Then a time: what tcp_syn_retries doublings
 * of 1 s come to, which knows nothing of those SYNs. With the default of 6 the
 * count is first: 10 copies, 131 s (before 6.5: 6 copies, 127 s). With few
 * retries the time is: 2 copies where the count says 5.
 *
 * The controls: where no socket listens the answer is RST, and the end comes at
 * once. Where no machine is, the client's own kernel says so, as soon as
 * nobody has answered its ARP questions: neigh_timer_handler(),
 * arp_error_report(), and in SYN-SENT tcp_v4_err() ends connect() by that.
 */
#include "case.h"

enum { BACKLOG = 1, FIT = BACKLOG + 1, ARP_MS = 100, ARPS = 3 };

#define SYNS FRAMES(FROM("client"), KIND(WIRE_SYN))
#define ANSWERS FRAMES(FROM("server"), KIND(WIRE_SYN_ACK))

/* The process serves, but does not get to run: accept() is late. */
static void fill_queue(struct run *run, struct probe *client,
		       struct sock *listener)
{
	sock_serve_http(listener, SEC(600));
	fault_freeze(run, "server");
	for (int i = 0; i < FIT; i++)
		sock_connect(client, listener);
	expect_queue(listener, FIT, BACKLOG, soon);
}

static void break_it(struct run *run, struct probe *server,
		     struct probe *client, struct sock *listener)
{
	if (run_is_variant(run, "path-cut"))
		fault_cut_to(run, "server");
	else if (run_is_variant(run, "answers-lost"))
		fault_drop(run, ANSWERS);
	else if (run_is_variant(run, "port-closed"))
		fault_kill(server);
	else if (run_is_variant(run, "no-machine"))
		fault_crash(run, "server");
	else
		fill_queue(run, client, listener);
}

/* What the server's machine knows of it. */
static void expect_of_server(struct run *run, struct sock *client,
			     struct mark dialled, int64_t in_before)
{
	unsigned int syns = frames_count(run, dialled, SYNS);
	int64_t in = counter_change(run, "server", "InSegs") - in_before;
	bool lost = run_is_variant(run, "answers-lost");
	bool cut = run_is_variant(run, "path-cut");

	if (lost) {
		expect_frames_between(run, dialled, "an answer to every SYN",
				      ANSWERS, syns, UINT32_MAX);
		expect_state(sock_peer(client, "server"), DIAG_SYN_RECV);
	} else {
		expect_frames(run, dialled, "answers",
			      FRAMES(FROM("server"), KIND(WIRE_TCP)), 0);
	}
	expect_number(run, "syns_received", in, cut ? 0 : syns, cut ? 0 : syns);
	expect_counter(run, "server", "ListenOverflows",
		       cut || lost ? 0 : syns);
	expect_counter(run, "server", "ListenDrops", cut || lost ? 0 : syns);
}

static void is_unanswered(struct run *run, struct sock *client,
			  struct mark dialled, int64_t in_before,
			  const struct prediction *prediction)
{
	struct finding got;

	expect_state(client, DIAG_SYN_SENT);
	expect_timer(client, DIAG_TIMER_RETRANSMIT);
	got = sock_reap(client, prediction->elapsed.min - soon);
	if (!expect_that(run, got.open, "connect() still waits", "%s",
			 finding_outcome(&got)))
		return;
	got = sock_reap(client, prediction->elapsed.max + SEC(1));
	if (!expect_gives_up(&got, dialled, prediction))
		return;
	expect_number(run, "syns", frames_count(run, dialled, SYNS),
		      1 + prediction->retransmissions_min,
		      1 + prediction->retransmissions_max);
	expect_of_server(run, client, dialled, in_before);
	expect_state(client, DIAG_CLOSE);
}

static void is_refused(struct run *run, struct sock *client,
		       struct mark dialled)
{
	struct finding got = sock_reap(client, soon);

	expect_error(&got, ECONNREFUSED);
	expect_took(dialled, &got, at_once);
	expect_exchange(run, dialled, "SYN and RST",
			"client S 0:0(0), server R. 0:0(0) ack 1");
	expect_counter(run, "server", "OutRsts", 1);
	expect_counter(run, "client", "AttemptFails", 1);
}

static void is_unreachable(struct run *run, struct sock *client,
			   struct mark dialled)
{
	struct range question = predict_timer(MSEC(ARP_MS), nsec_hz());
	struct range end = { ARPS * question.min, ARPS * question.max };
	struct finding got;

	run_note(run, "predicted: %d questions, and the end at %.3f .. %.3f s",
		 ARPS, nsec_seconds(end.min), nsec_seconds(end.max));
	got = sock_reap(client, end.max + soon);
	expect_error(&got, EHOSTUNREACH);
	expect_took(dialled, &got, end);
	expect_frames(run, dialled, "ARP questions",
		      FRAMES(FROM("client"), KIND(WIRE_NEIGHBOUR)), ARPS);
	expect_frames(run, dialled, "SYNs on the wire", SYNS, 0);
	expect_counter(run, "client", "InDestUnreachs", 1);
}

static void script(struct run *run)
{
	struct probe *server = probe_start(run, "server");
	struct probe *client = probe_start(run, "client");
	struct sock *listener = sock_listen(server, BACKLOG), *sock;
	const struct prediction *prediction = forecast_connect(run, "client");
	struct mark dialled;
	int64_t in_before;

	break_it(run, server, client, listener);
	in_before = counter_change(run, "server", "InSegs");
	dialled = mark_now(run);
	sock = sock_post_connect(client, listener);
	if (!run_is_variant(run, "no-machine"))
		frames_wait(run, dialled, SYNS, 1, soon);
	mark_done(run, &dialled);
	if (run_is_variant(run, "port-closed"))
		is_refused(run, sock, dialled);
	else if (run_is_variant(run, "no-machine"))
		is_unreachable(run, sock, dialled);
	else
		is_unanswered(run, sock, dialled, in_before, prediction);
}

static const struct judgement by_count[] = {
	{ "B1", DOCUMENT_RIGHT,
	  "dropped without an answer, and sent again until the count of "
	  "tcp_write_timeout() is full" },
	{ .claim = NULL },
};

static const struct judgement by_time[] = {
	{ "B1", DOCUMENT_CONDITIONAL,
	  "since 6.5 a small tcp_syn_retries ends it by time, with the count "
	  "not full: tcp_write_timeout(), ccce324dabfe" },
	{ .claim = NULL },
};

static const struct judgement of_elsewhere[] = {
	{ "B1", DOCUMENT_CONDITIONAL,
	  "that the server ignored a SYN only its own capture or counters "
	  "tell: tcp_retransmit_timer() repeats one that never arrived just "
	  "the same" },
	{ .claim = NULL },
};

static const struct judgement of_none[] = { { .claim = NULL } };

/* Linear SYNs as by default, and so few others that the time ends it. */
static const struct setting linear[] = {
	{ "client", "net.ipv4.tcp_syn_retries", 1 },
	{ "client", "net.ipv4.tcp_syn_linear_timeouts", 4 },
	{ .name = NULL },
};

/* The others as this kernel has them. */
static const struct setting few[] = {
	{ "client", "net.ipv4.tcp_syn_retries", 1 },
	{ .name = NULL },
};

/* The neighbour is asked for three times, 100 ms apart. */
static const struct setting asks_quickly[] = {
	{ "client", "net.ipv4.neigh.eth0.retrans_time_ms", ARP_MS },
	{ "client", "net.ipv4.neigh.eth0.mcast_solicit", ARPS },
	{ .name = NULL },
};

CASE(syn_unanswered) = {
	.name = "syn-unanswered",
	.claim = "the server's machine gets a SYN and does not answer: the "
		 "client repeats it until its retries, or their time, are used "
		 "up, and gets ETIMEDOUT",
	.why = "a full accept queue drops the SYN without a word; the client "
	       "cannot tell that from a loss, and only its own timer ends it",
	.sources = "RFC 9293 3.8.3; net/ipv4/tcp_input.c:tcp_conn_request(); "
		   "net/ipv4/tcp_timer.c:tcp_write_timeout(); "
		   "net/ipv4/tcp_ipv4.c:tcp_v4_err()",
	.steps = STEPS("a server with a backlog of 1 is frozen, and two "
		       "connections fill its accept queue (or the path to it "
		       "is cut, or its answers are lost; or its process is "
		       "dead, or its machine)",
		       "the client calls connect()",
		       "its SYNs are seen on the wire and in the server's "
		       "counters"),
	.expect = "SYNs and ETIMEDOUT at the predicted times, ListenOverflows "
		  "and ListenDrops one for each SYN; by count without linear "
		  "SYNs, by time with them; nothing counted where the path is "
		  "cut, SYN-RECV where the answers are lost; ECONNREFUSED at "
		  "once from a closed port, EHOSTUNREACH where no machine is",
	.world = &world_pair,
	.variants = VARIANTS(
		{ "queue-full", linear, .judgements = by_time },
		{ "queue-full-retries=2",
		  SYSCTLS({ "client", "net.ipv4.tcp_syn_retries", 2 },
			  { "client", "net.ipv4.tcp_syn_linear_timeouts", 4 }),
		  .duration = SEC(7), .judgements = by_time },
		{ "queue-full-linear=0",
		  SYSCTLS({ "client", "net.ipv4.tcp_syn_retries", 1 },
			  { "client", "net.ipv4.tcp_syn_linear_timeouts", 0 }),
		  .judgements = by_count },
		{ "path-cut", few, .judgements = of_elsewhere },
		{ "answers-lost", few, .judgements = of_elsewhere },
		{ "port-closed", .duration = MSEC(10), .judgements = of_none },
		{ "no-machine", asks_quickly, .duration = MSEC(300),
		  .judgements = of_none, .world = &world_pair_ageing,
		  .ipv4_only = "ARP's sysctls make its questions quick" },
		{ "defaults", .duration = SEC(131), .judgements = by_count,
		  .defaults = true }),
	.changes = CHANGES(CHANGE_SYN_LINEAR),
	.duration = SEC(3),
	.script = script,
};
