/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A SYN arrives at the server host and is not answered. The accept queue is
 * full, because the server process does not call accept(): tcp_conn_request()
 * counts ListenOverflows and ListenDrops and drops the SYN and each
 * retransmission. The client cannot distinguish that from a path that loses
 * all SYNs, or all answers. Those are variants, and only the server's counters
 * and requests distinguish the three.
 *
 * The client does not simply give up by count. Each expiry of its timer calls
 * tcp_write_timeout(), which compares a count first: tcp_syn_retries and,
 * since 6.5, also tcp_syn_linear_timeouts (4), whose SYNs come 1 s apart
 * before the doubling starts (ccce324dabfe). Then it compares a time: the sum
 * of tcp_syn_retries doublings of 1 s, without the linear SYNs. For the
 * default of 6 the count comes first: 10 retransmissions, 131 s (before 6.5: 6
 * in 127 s). For few retries the time comes first: 2 retransmissions where the
 * count allows 5.
 *
 * The controls: where no socket listens, the answer is a RST and the end comes
 * at once. Where no host exists, the client's own kernel reports it as soon as
 * nobody has answered its ARP requests: neigh_timer_handler(),
 * arp_error_report(); in SYN-SENT tcp_v4_err() ends connect(). (NDISC and
 * tcp_v6_err() do the same.)
 */
#include "case.h"

enum { BACKLOG = 1, QUEUED = BACKLOG + 1, ARP_MS = 100, ARPS = 3 };

#define SYNS FRAMES(FROM("client"), KIND(WIRE_SYN))
#define SYN_ACKS FRAMES(FROM("server"), KIND(WIRE_SYN_ACK))

/* A server that accepts is frozen, so two connections fill its queue. */
static void fill_accept_queue(struct run *run, struct probe *client,
			      struct sock *listener)
{
	sock_serve_http(listener, SEC(600));
	fault_freeze(run, "server");
	for (int i = 0; i < QUEUED; i++)
		sock_connect(client, listener);
	expect_queue(listener, QUEUED, BACKLOG, soon);
}

static void prevent_answers(struct run *run, struct probe *server,
			    struct probe *client, struct sock *listener)
{
	if (run_is_variant(run, "path-cut"))
		fault_cut_to(run, "server");
	else if (run_is_variant(run, "answers-lost"))
		fault_drop(run, SYN_ACKS);
	else if (run_is_variant(run, "port-closed"))
		fault_kill(server);
	else if (run_is_variant(run, "no-machine"))
		fault_crash(run, "server");
	else
		fill_accept_queue(run, client, listener);
}

/* What the server's kernel counts and stores. */
static void expect_server_view(struct run *run, struct sock *client,
			       struct mark asked, int64_t in_before)
{
	unsigned int syns = frames_count(run, asked, SYNS);
	int64_t in = counter_change(run, "server", "InSegs") - in_before;
	bool lost = run_is_variant(run, "answers-lost");
	bool cut = run_is_variant(run, "path-cut");
	unsigned int received = cut ? 0 : syns;
	unsigned int dropped = cut || lost ? 0 : syns;

	if (lost) {
		expect_frames_between(run, asked, "SYN-ACKs, one for each SYN",
				      SYN_ACKS, syns, UINT32_MAX);
		expect_state(sock_peer(client, "server"), DIAG_SYN_RECV);
	} else {
		expect_frames(run, asked, "answers",
			      FRAMES(FROM("server"), KIND(WIRE_TCP)), 0);
	}
	expect_number(run, "syns_received", in, received, received);
	expect_counter(run, "server", "ListenOverflows", dropped);
	expect_counter(run, "server", "ListenDrops", dropped);
}

static void expect_unanswered(struct run *run, struct sock *client,
			      struct mark asked, int64_t in_before,
			      const struct prediction *prediction)
{
	struct finding got;

	expect_state(client, DIAG_SYN_SENT);
	expect_timer(client, DIAG_TIMER_RETRANSMIT);
	got = sock_reap(client, prediction->elapsed.min - soon);
	if (!expect_that(run, got.open, "connect() still blocks", "%s",
			 finding_outcome(&got)))
		return;
	got = sock_reap(client, prediction->elapsed.max + SEC(1));
	if (!expect_gives_up(&got, asked, prediction))
		return;
	expect_number(run, "syns", frames_count(run, asked, SYNS),
		      1 + prediction->retransmissions_min,
		      1 + prediction->retransmissions_max);
	expect_server_view(run, client, asked, in_before);
	expect_state(client, DIAG_CLOSE);
}

static void expect_refused(struct run *run, struct sock *client,
			   struct mark asked)
{
	struct finding got = sock_reap(client, soon);

	expect_error(&got, ECONNREFUSED);
	expect_took(asked, &got, at_once);
	expect_exchange(run, asked, "SYN and RST",
			"client S 0:0(0), server R. 0:0(0) ack 1");
	expect_counter(run, "server", "OutRsts", 1);
	expect_counter(run, "client", "AttemptFails", 1);
}

static void expect_unreachable(struct run *run, struct sock *client,
			       struct mark asked)
{
	struct range request = predict_timer(MSEC(ARP_MS), nsec_hz());
	struct range end = { ARPS * request.min, ARPS * request.max };
	struct finding got;

	run_note(run,
		 "prediction: %d address resolution requests, and the end at "
		 "%.3f .. %.3f s",
		 ARPS, nsec_seconds(end.min), nsec_seconds(end.max));
	got = sock_reap(client, end.max + soon);
	expect_error(&got, EHOSTUNREACH);
	expect_took(asked, &got, end);
	expect_frames(run, asked, "address resolution requests",
		      FRAMES(FROM("client"), KIND(WIRE_NEIGHBOUR)), ARPS);
	expect_frames(run, asked, "SYNs on the wire", SYNS, 0);
	expect_counter(run, "client",
		       run_address(run, "client").family == AF_INET6 ?
			       "Icmp6InDestUnreachs" :
			       "InDestUnreachs",
		       1);
}

static void script(struct run *run)
{
	struct probe *server = probe_start(run, "server");
	struct probe *client = probe_start(run, "client");
	struct sock *listener = sock_listen(server, BACKLOG), *sock;
	const struct prediction *prediction = forecast_connect(run, "client");
	struct mark asked;
	int64_t in_before;

	prevent_answers(run, server, client, listener);
	in_before = counter_change(run, "server", "InSegs");
	asked = mark_now(run);
	sock = sock_post_connect(client, listener);
	if (!run_is_variant(run, "no-machine"))
		frames_wait(run, asked, SYNS, 1, soon);
	mark_done(run, &asked);
	if (run_is_variant(run, "port-closed"))
		expect_refused(run, sock, asked);
	else if (run_is_variant(run, "no-machine"))
		expect_unreachable(run, sock, asked);
	else
		expect_unanswered(run, sock, asked, in_before, prediction);
}

static const struct judgement by_count[] = {
	{ "B1", DOCUMENT_RIGHT,
	  "dropped without an answer, and retransmitted until the count of "
	  "tcp_write_timeout() is reached" },
	{ .claim = NULL },
};

static const struct judgement by_time[] = {
	{ "B1", DOCUMENT_CONDITIONAL,
	  "since 6.5 a small tcp_syn_retries ends it by time, before the count "
	  "is reached: tcp_write_timeout(), ccce324dabfe" },
	{ .claim = NULL },
};

static const struct judgement of_loss[] = {
	{ "B1", DOCUMENT_CONDITIONAL,
	  "only the server's own capture or counters show that it ignored a "
	  "SYN: tcp_retransmit_timer() retransmits one that never arrived just "
	  "the same" },
	{ .claim = NULL },
};

static const struct judgement none[] = { { .claim = NULL } };

#define RETRIES(n_)                                                            \
	{                                                                      \
		"client", "net.ipv4.tcp_syn_retries", n_                       \
	}
#define LINEAR(n_)                                                             \
	{                                                                      \
		"client", "net.ipv4.tcp_syn_linear_timeouts", n_               \
	}

CASE(syn_unanswered) = {
	.name = "syn-unanswered",
	.claim = "the server host receives a SYN and does not answer: the "
		 "client retransmits it until its retries, or their time, are "
		 "used up, and gets ETIMEDOUT",
	.why = "a full accept queue drops the SYN silently; the client cannot "
	       "distinguish that from a loss, and only its own timer ends it",
	.sources = "RFC 9293 3.8.3; net/ipv4/tcp_input.c:tcp_conn_request(); "
		   "net/ipv4/tcp_timer.c:tcp_write_timeout(); "
		   "net/ipv4/tcp_ipv4.c:tcp_v4_err()",
	.steps = STEPS("a server with a backlog of 1 is frozen, and two "
		       "connections fill its accept queue (or the path to it "
		       "is cut; or its answers are lost; or its process is "
		       "killed; or its host crashes)",
		       "the client calls connect()",
		       "its SYNs are counted on the wire and by the server's "
		       "kernel"),
	.expect = "SYNs and ETIMEDOUT at the predicted times, one "
		  "ListenOverflows and one ListenDrops for each SYN; the end "
		  "by count without linear SYNs, by time with them. Where the "
		  "path is cut nothing is counted; where the answers are lost "
		  "the server is in SYN-RECV; a closed port gives ECONNREFUSED "
		  "at once, and a missing host EHOSTUNREACH",
	.shows = SHOWS("outcome", "elapsed_s", "syns", "syns_received"),
	.world = &world_pair,
	.variants = VARIANTS(
		/* Linear SYNs as by default, and so few others that the time
		 * ends it. */
		{ "queue-full",
		  "the accept queue is full, with tcp_syn_retries of 1 and "
		  "tcp_syn_linear_timeouts of 4: connect() ends by time, after "
		  "3 s, before the count is reached",
		  SYSCTLS(RETRIES(1), LINEAR(4)), .judgements = by_time },
		{ "queue-full-retries=2",
		  "the accept queue is full, with tcp_syn_retries of 2 and "
		  "tcp_syn_linear_timeouts of 4: connect() ends by time, after "
		  "7 s, before the count is reached",
		  SYSCTLS(RETRIES(2), LINEAR(4)), .duration = SEC(7),
		  .judgements = by_time },
		{ "queue-full-linear=0",
		  "the accept queue is full, with tcp_syn_retries of 1 and "
		  "tcp_syn_linear_timeouts of 0: connect() ends by count, "
		  "after one retransmission and 3 s",
		  SYSCTLS(RETRIES(1), LINEAR(0)), .judgements = by_count },
		/* Linear SYNs as this kernel has them. */
		{ "path-cut",
		  "the path to the server is cut, with tcp_syn_retries of 1: "
		  "no SYN arrives, and the server counts nothing",
		  SYSCTLS(RETRIES(1)), .judgements = of_loss },
		{ "answers-lost",
		  "every SYN-ACK is lost, with tcp_syn_retries of 1: the "
		  "server answers each SYN and is in SYN-RECV",
		  SYSCTLS(RETRIES(1)), .judgements = of_loss },
		{ "port-closed",
		  "no socket listens on the port, a control: RST and "
		  "ECONNREFUSED at once",
		  .duration = MSEC(10), .judgements = none },
		{ "no-machine",
		  "the server's host is gone and neighbour entries age, a "
		  "control: three address resolution requests 0.1 s apart, and "
		  "EHOSTUNREACH from the client's own kernel",
		  SYSCTLS({ "client", "net.ipv4.neigh.eth0.retrans_time_ms",
			    ARP_MS },
			  { "client", "net.ipv4.neigh.eth0.mcast_solicit",
			    ARPS }),
		  .duration = MSEC(300), .judgements = none,
		  .world = &world_pair_ageing },
		{ "defaults",
		  "the accept queue is full, at the kernel's default values: "
		  "ten retransmissions and the end after 131 s (before 6.5: "
		  "six, and 127 s)",
		  .duration = SEC(131), .judgements = by_count,
		  .defaults = true }),
	.changes = CHANGES(CHANGE_SYN_LINEAR),
	.duration = SEC(3),
	.script = script,
};
