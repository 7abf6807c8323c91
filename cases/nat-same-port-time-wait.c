/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is left of the trouble with timestamps behind a NAT. The server has
 * closed A's connection and holds it in TIME_WAIT. The gateway forgets it
 * sooner and gives A's old port to B, so that B's SYN has the very four-tuple
 * of the TIME_WAIT: tcp_timewait_state_process() decides. (By another port B is
 * nobody that the server knows: that is the control.)
 *
 *  - B's timestamp is higher than A's last: TCP_TW_SYN, a new connection, whose
 *    server side begins 65537 above where the old one ended (since 6.10;
 *    isn.h). Without timestamps
 *    in the SYN the sequence number decides in the same way, and that is a
 * throw of the dice.
 *  - It is lower: PAWS. The SYN is answered with the ACK of the old connection
 *    (PAWSTimewait, in newer kernels), and the TIME_WAIT starts its 60 s anew.
 * B's kernel finds that ACK unacceptable and says RST with the number that the
 *    ACK asked for (tcp_rcv_synsent_state_process()). It carries no timestamp,
 *    so that no PAWS stops it, and it is exactly what ends a TIME_WAIT
 *    (RFC 1337). The next SYN finds nobody in its way.
 *
 * So B loses what its next SYN takes: 1 s, and 2 jiffies since 5.6, where the
 * unacceptable ACK shortens the timer (9603d47bad46). With tcp_rfc1337 set the
 * RST ends nothing: B gets in only after the TIME_WAIT, and each of its SYNs
 * makes that a minute longer.
 *
 * Who plays A and who B is chosen as in nat-tw-recycle: client-b shows the
 * clock that all hosts here share, client has an offset, which is looked up.
 */
#include "case.h"

enum { PORT = 40000, MINUTE = 60, BLOCKED_MS = 2500 };

static const nsec_t soon = MSEC(500);

struct roles {
	struct probe *a, *b;
};

static struct sock *dial(struct probe *probe, const struct sock *listener)
{
	struct sock *sock = sock_open(probe);

	sock_bind(sock, PORT);
	sock_start_connect(sock, listener);
	return sock;
}

/* Of a connection from the very port. A RST ends it, and the gateway, whose
 * time-out for that is 0, has the port for somebody else. */
static bool is_ahead(struct run *run, struct probe *probe,
		     struct sock *listener)
{
	struct mark dialled = mark_now(run);
	struct sock *sock = dial(probe, listener);
	const struct wire_capture *syn =
		frames_first(run, dialled, probe_host(probe), WIRE_SYN);
	int32_t ms =
		(int32_t)(syn->frame.tcp.tsval - (uint32_t)(syn->at / MSEC(1)));
	struct finding got = sock_reap(sock, soon);

	expect_success(&got);
	sock_accept(listener);
	sock_abort(sock);
	return ms > 0;
}

static struct roles choose_roles(struct run *run, struct sock *listener)
{
	struct probe *random = probe_start(run, "client");
	struct probe *plain = probe_start(run, "client-b");
	bool a_is_random = is_ahead(run, random, listener);

	if (run_is_variant(run, "newer"))
		a_is_random = !a_is_random;
	return a_is_random ? (struct roles){ random, plain } :
			     (struct roles){ plain, random };
}

static struct frame to_server(struct run *run, struct mark since,
			      enum wire_kind kind)
{
	const struct wire_capture *seen = frames_wait(
		run, since, FRAMES(TO("server"), KIND(kind)), 1, soon);

	return seen ? seen->frame : (struct frame){ 0 };
}

static struct frame from_server(struct run *run, struct mark since,
				unsigned int kinds)
{
	const struct wire_capture *seen = frames_wait(
		run, since, FRAMES(FROM("server"), KIND(kinds)), 1, soon);

	return seen ? seen->frame : (struct frame){ 0 };
}

/* Where the old connection ended: A's last segment, and the server's end. */
struct old {
	struct mark began;
	struct sock *server;
	struct frame last;
	uint32_t next; /* of the server */
	uint16_t port;
};

static struct old a_comes_and_goes(struct run *run, struct probe *a,
				   struct sock *listener)
{
	struct mark dialled = mark_now(run);
	struct sock *client = dial(a, listener);
	struct finding got = sock_reap(client, soon);
	struct old old = { .began = dialled };

	expect_success(&got);
	old.server = sock_accept(listener);
	sock_close_both(old.server, client);
	expect_state(old.server, DIAG_TIME_WAIT);
	old.last = to_server(run, dialled, WIRE_FIN);
	old.next = from_server(run, dialled, WIRE_FIN).tcp.seq + 1;
	old.port = old.last.tcp.source_port;
	return old;
}

/* --- what B meets
 * -----------------------------------------------------------*/

static bool is_older(const struct old *old, const struct frame *syn)
{
	return (int32_t)(syn->tcp.tsval - old->last.tcp.tsval) < 0;
}

/* tcp_timewait_state_process(), of a SYN. */
static bool is_accepted(const struct old *old, const struct frame *syn)
{
	uint32_t next = old->last.tcp.seq + 1;

	if (!syn->tcp.has_timestamps)
		return sequence_before(next, syn->tcp.seq);
	return !is_older(old, syn);
}

static void is_taken_over(struct run *run, const struct old *old,
			  struct sock *sock, struct mark dialled)
{
	struct finding got = sock_reap(sock, SEC(2));

	expect_success(&got);
	expect_took(dialled, &got, (struct range){ 0, SEC(1) });
	expect_frames(run, dialled, "SYNs",
		      FRAMES(TO("server"), KIND(WIRE_SYN)), 1);
	expect_isn_after_time_wait(run, "server", old->began, dialled);
	/* No state for the report, where a throw of the dice leads here. */
	expect_that(run, sock_wait_state(old->server, DIAG_ESTABLISHED, soon),
		    "a connection in the TIME_WAIT's place", "%s",
		    diag_state_text(sock_state(old->server)));
}

/* TCP_TIMEOUT_MIN, or the initial RTO. What tells the two apart is a second, so
 * the former has all of that on a busy machine. */
static struct range next_syn(void)
{
	const nsec_t rto = SEC(1);

	if (kernel_version() < KERNEL_VERSION(5, 6, 0))
		return predict_timer(rto, nsec_hz());
	return (struct range){ SEC(2) / nsec_hz(), rto / 2 };
}

static void expect_old_ack(struct run *run, const struct old *old,
			   struct mark dialled)
{
	struct frame answer =
		from_server(run, dialled, WIRE_PURE_ACK | WIRE_SYN_ACK);
	struct frame reset = to_server(run, dialled, WIRE_RST);

	expect_that(run,
		    answer.tcp.flags == SEGMENT_ACK &&
			    answer.tcp.seq == old->next &&
			    answer.tcp.ack == old->last.tcp.seq + 1,
		    "the answer is the ACK of the old connection",
		    "flags %#x, %u from its end", answer.tcp.flags,
		    answer.tcp.seq - old->next);
	expect_that(run,
		    reset.tcp.seq == old->last.tcp.seq + 1 &&
			    !reset.tcp.has_timestamps,
		    "B says RST by that number, without a timestamp", "%s",
		    reset.tcp.flags & SEGMENT_RST ? "RST" : "no RST");
}

static void expect_paws(struct run *run, const struct frame *syn,
			unsigned int times)
{
	if (syn->tcp.has_timestamps &&
	    counter_exists(run, "server", "PAWSTimewait"))
		expect_counter(run, "server", "PAWSTimewait", times);
}

static void is_late(struct run *run, const struct old *old, struct sock *sock,
		    struct mark dialled, const struct frame *syn)
{
	struct range later = next_syn();
	struct finding got = sock_reap(sock, SEC(3));

	expect_success(&got);
	expect_took(dialled, &got, later);
	expect_old_ack(run, old, dialled);
	expect_frames(run, dialled, "SYNs",
		      FRAMES(TO("server"), KIND(WIRE_SYN)), 2);
	expect_paws(run, syn, 1);
}

/* Begun anew by the last SYN, if it was PAWS that refused it: a SYN that is
 * only older by its number may be a good one, and does not make it longer. */
static void expect_time_wait(struct run *run, const struct old *old, bool anew)
{
	const nsec_t since_b = MSEC(BLOCKED_MS), whole = SEC(MINUTE);
	struct diag_socket seen = { .expires = 0 };
	bool there = sock_look(old->server, &seen);

	expect_that(run,
		    there && seen.state == DIAG_TIME_WAIT &&
			    (seen.expires > whole - since_b) == anew,
		    anew ? "the TIME_WAIT began anew" : "the TIME_WAIT goes on",
		    "%.1f s are left", nsec_seconds(seen.expires));
}

/* Its SYNs are answered twice a second at most: tcp_invalid_ratelimit. */
static void is_blocked(struct run *run, const struct old *old,
		       struct sock *sock, struct mark dialled,
		       const struct frame *syn)
{
	struct finding got;
	unsigned int syns;

	run_pass_until(run, dialled, MSEC(BLOCKED_MS));
	got = sock_reap(sock, 0);
	expect_open(&got);
	expect_old_ack(run, old, dialled);
	syns = frames_count(run, dialled, FRAMES(TO("server"), KIND(WIRE_SYN)));
	expect_that(run, syns >= 3, "B's SYNs", "%u", syns);
	expect_frames(run, dialled, "SYN-ACKs",
		      FRAMES(FROM("server"), KIND(WIRE_SYN_ACK)), 0);
	expect_time_wait(run, old, syn->tcp.has_timestamps);
	expect_paws(run, syn, syns);
}

static void b_comes(struct run *run, struct roles roles, struct old *old,
		    struct sock *listener)
{
	struct mark dialled = mark_now(run);
	struct sock *sock = dial(roles.b, listener);
	struct frame syn = to_server(run, dialled, WIRE_SYN);
	bool same = syn.tcp.source_port == old->port &&
		    address_equal(&syn.source, &old->last.source);

	if (syn.tcp.has_timestamps)
		run_measured(run, "tsval_difference_s",
			     (int32_t)(syn.tcp.tsval - old->last.tcp.tsval) /
				     1e3);
	run_note(run, "B's SYN has A's %s, and is %s to the TIME_WAIT",
		 same ? "four-tuple" : "address",
		 is_accepted(old, &syn) ? "newer" : "older");
	expect_that(run, same, "B has A's four-tuple at the server",
		    "port %u after %u", syn.tcp.source_port, old->port);
	if (is_accepted(old, &syn))
		is_taken_over(run, old, sock, dialled);
	else if (run_sysctl(run, "server", "net.ipv4.tcp_rfc1337"))
		is_blocked(run, old, sock, dialled, &syn);
	else
		is_late(run, old, sock, dialled, &syn);
}

static void script(struct run *run)
{
	struct probe *server = probe_start(run, "server");
	struct sock *listener = sock_listen(server, 4);
	struct roles roles = choose_roles(run, listener);
	struct old old = a_comes_and_goes(run, roles.a, listener);

	if (run_is_variant(run, "no-timestamps"))
		run_set_sysctl(run, probe_host(roles.b),
			       "net.ipv4.tcp_timestamps", 0);
	fault_forget(run, "gateway");
	b_comes(run, roles, &old, listener);
}

static const struct setting rfc1337[] = {
	{ "server", "net.ipv4.tcp_rfc1337", 1 },
	{ .name = NULL },
};

static const struct judgement of_rfc1337[] = {
	{ "B6", DOCUMENT_CONDITIONAL,
	  "where tcp_rfc1337 is set, B is kept out by A's TIME_WAIT, which "
	  "each of its SYNs starts anew: tcp_timewait_state_process()" },
	{ .claim = NULL },
};

static const struct judgement of_control[] = { { .claim = NULL } };

CASE(nat_same_port_time_wait) = {
	.name = "nat-same-port-time-wait",
	.claim = "the gateway gives B the old port of A, whose connection is "
		 "in TIME_WAIT at the server: B's SYN with a lower timestamp "
		 "is refused, and the next one taken",
	.judgements = CLAIMS(
		{ "B6", DOCUMENT_CONDITIONAL,
		  "not where the gateway gives B the old port of A: then B "
		  "meets A's TIME_WAIT, and tcp_timewait_state_process() "
		  "rejects a SYN with a lower timestamp" }),
	.why = "a TIME_WAIT is found by its four-tuple, and checks the "
	       "timestamps of whoever comes by it; the RST of B's kernel, "
	       "which has none, ends it",
	.sources = "RFC 6191; RFC 1337; net/ipv4/tcp_minisocks.c:"
		   "tcp_timewait_state_process(); net/ipv4/tcp_input.c:"
		   "tcp_rcv_synsent_state_process(); 9603d47bad46",
	.steps = STEPS(
		"A connects through the gateway from port 40000; the server "
		"closes first, and is in TIME_WAIT",
		"the gateway forgets all connections",
		"B, whose timestamps are behind A's (newer: ahead; "
		"no-timestamps: without any), connects from its own port "
		"40000, and is given that of A"),
	.expect = "older: ACK of the old connection, RST, and a SYN-ACK for "
		  "the second SYN, 2 jiffies later (1 s before 5.6); with "
		  "tcp_rfc1337 none, and a TIME_WAIT that begins anew; newer: "
		  "a SYN-ACK at once, 65537 above the old numbers (the "
		  "clock's before 6.10); without "
		  "timestamps one of the two, by the sequence number",
	.world = &world_nat,
	.settings = SYSCTLS({ "client", "net.ipv4.tcp_timestamps", 1 },
			    { "client-b", "net.ipv4.tcp_timestamps", 2 },
			    { "gateway",
			      "net.netfilter.nf_conntrack_tcp_timeout_close",
			      0 }),
	.variants = VARIANTS({ "older" },
			     { "older-rfc1337", .settings = rfc1337,
			       .duration = MSEC(BLOCKED_MS),
			       .judgements = of_rfc1337 },
			     { "newer", .judgements = of_control },
			     { "no-timestamps", .judgements = of_control }),
	.changes = CHANGES(CHANGE_ISN_AFTER_TIME_WAIT),
	.duration = MSEC(50),
	.script = script,
};
