/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The server has closed A's connection and holds it in TIME-WAIT. The gateway
 * deletes its entry sooner and gives A's port to B, so that B's SYN has the
 * four-tuple of the TIME-WAIT: tcp_timewait_state_process() decides.
 *
 *  - B's timestamp is higher than A's last one: TCP_TW_SYN, a new connection.
 *    Its server side starts 65537 above the end of the old one (since 6.10;
 *    isn.h). Without timestamps in the SYN the sequence number decides in the
 *    same way; that is a matter of chance.
 *  - B's timestamp is lower: PAWS rejects the SYN. The server answers with the
 *    ACK of the old connection (counted as PAWSTimewait in newer kernels), and
 *    the TIME-WAIT starts its 60 s again. B's kernel finds that ACK
 *    unacceptable and sends a RST with the sequence number that the ACK asks
 *    for (tcp_rcv_synsent_state_process()). The RST has no timestamp, so PAWS
 *    does not apply, and it ends the TIME-WAIT (RFC 1337). B's next SYN finds
 *    no TIME-WAIT.
 *
 * So B loses the time until its next SYN: 1 s, or 2 jiffies since 5.6, where
 * the unacceptable ACK shortens the timer (9603d47bad46). With tcp_rfc1337 the
 * RST ends nothing: B cannot connect before the TIME-WAIT is over, and each of
 * its SYNs restarts that minute.
 */
#include "nat-timestamps.h"

enum { PORT = 40000, BLOCKED_MS = 2500 };

#define SYNS FRAMES(TO("server"), KIND(WIRE_SYN))

/* A's connection, which the server holds in TIME-WAIT. */
struct old {
	struct nat_closed closed;
	uint32_t client_next, server_next; /* sequence numbers after the FINs */
};

/* B's attempt to connect. */
struct attempt {
	struct mark dialled;
	struct sock *sock;
	struct frame syn; /* at the server */
};

static struct frame from_server(struct run *run, struct mark since,
				unsigned int kinds)
{
	const struct wire_capture *seen = frames_wait(
		run, since, FRAMES(FROM("server"), KIND(kinds)), 1, soon);

	return seen ? seen->frame : (struct frame){ 0 };
}

static int32_t tsval_difference(const struct old *old,
				const struct attempt *attempt)
{
	return (int32_t)(attempt->syn.tcp.tsval - old->closed.fin.tcp.tsval);
}

/* Whether tcp_timewait_state_process() accepts the SYN. */
static bool is_acceptable(const struct old *old, const struct attempt *attempt)
{
	if (!attempt->syn.tcp.has_timestamps)
		return sequence_before(old->client_next, attempt->syn.tcp.seq);
	return tsval_difference(old, attempt) >= 0;
}

static void expect_accepted(struct run *run, const struct old *old,
			    const struct attempt *attempt)
{
	struct finding got = sock_reap(attempt->sock, SEC(2));

	expect_success(&got);
	expect_took(attempt->dialled, &got, at_once);
	expect_frames(run, attempt->dialled, "SYNs", SYNS, 1);
	expect_isn_after_time_wait(run, "server", old->closed.dialled,
				   attempt->dialled);
	/* Not expect_state(): where chance leads here, the state must not be
	 * one of the report's numbers. */
	expect_that(run,
		    sock_wait_state(old->closed.server, DIAG_ESTABLISHED, soon),
		    "a new connection replaces the TIME-WAIT", "%s",
		    diag_state_text(sock_state(old->closed.server)));
}

/* The answer to a rejected SYN, and B's reply to that answer. */
static void expect_old_ack_and_reset(struct run *run, const struct old *old,
				     const struct attempt *attempt)
{
	struct frame answer = from_server(run, attempt->dialled,
					  WIRE_PURE_ACK | WIRE_SYN_ACK);
	struct frame reset = nat_to_server(run, attempt->dialled, WIRE_RST);

	expect_that(run,
		    answer.tcp.flags == SEGMENT_ACK &&
			    answer.tcp.seq == old->server_next &&
			    answer.tcp.ack == old->client_next,
		    "the answer is the ACK of the old connection",
		    "flags %#x, %u from the end of the old connection",
		    answer.tcp.flags, answer.tcp.seq - old->server_next);
	expect_that(run,
		    reset.tcp.seq == old->client_next &&
			    !reset.tcp.has_timestamps,
		    "B's RST has the acknowledged sequence number and no "
		    "timestamp",
		    "%s",
		    !(reset.tcp.flags & SEGMENT_RST) ? "no RST" :
		    reset.tcp.has_timestamps	     ? "RST with a timestamp" :
						       "RST");
}

static void expect_paws(struct run *run, const struct attempt *attempt,
			unsigned int times)
{
	if (attempt->syn.tcp.has_timestamps &&
	    counter_exists(run, "server", "PAWSTimewait"))
		expect_counter(run, "server", "PAWSTimewait", times);
}

/* The timer of B's second SYN: the initial RTO, or TCP_TIMEOUT_MIN since 5.6. */
static struct range next_syn(void)
{
	unsigned int hz = nsec_hz();

	if (kernel_version() < KERNEL_VERSION(5, 6, 0))
		return predict_timer(SEC(1), hz);
	return predict_timer(predict_nsec(2, hz), hz);
}

static void expect_second_syn_accepted(struct run *run, const struct old *old,
				       const struct attempt *attempt)
{
	struct range later = next_syn();
	struct finding got = sock_reap(attempt->sock, SEC(3));

	expect_success(&got);
	expect_took(attempt->dialled, &got, later);
	expect_old_ack_and_reset(run, old, attempt);
	expect_frames(run, attempt->dialled, "SYNs", SYNS, 2);
	expect_paws(run, attempt, 1);
}

/* A SYN that PAWS rejects restarts the timer. One that only has a lower
 * sequence number may be genuine, and leaves the timer alone. */
static void expect_time_wait(struct run *run, const struct old *old,
			     bool restarted)
{
	const nsec_t fresh = time_wait_length - MSEC(BLOCKED_MS);
	struct diag_socket seen = { .expires = 0 };
	bool there = sock_look(old->closed.server, &seen);

	expect_that(run,
		    there && seen.state == DIAG_TIME_WAIT &&
			    (seen.expires > fresh) == restarted,
		    restarted ? "the TIME-WAIT timer is restarted" :
				"the TIME-WAIT timer is not restarted",
		    "%s, %.1f s left", diag_state_text(seen.state),
		    nsec_seconds(seen.expires));
}

static void expect_blocked(struct run *run, const struct old *old,
			   const struct attempt *attempt)
{
	unsigned int syns;

	run_pass_until(run, attempt->dialled, MSEC(BLOCKED_MS));
	expect_call_blocked(attempt->sock);
	expect_old_ack_and_reset(run, old, attempt);
	/* Two answers a second at most: tcp_invalid_ratelimit. */
	syns = frames_count(run, attempt->dialled, SYNS);
	expect_that(run, syns >= 3, "B sends 3 SYNs or more", "%u", syns);
	expect_frames(run, attempt->dialled, "SYN-ACKs",
		      FRAMES(FROM("server"), KIND(WIRE_SYN_ACK)), 0);
	expect_time_wait(run, old, attempt->syn.tcp.has_timestamps);
	expect_paws(run, attempt, syns);
}

static void script(struct run *run)
{
	struct probe *server = probe_start(run, "server");
	struct sock *listener = sock_listen(server, 4);
	struct nat_clients clients = nat_start_clients(
		run, listener, PORT, PORT, run_is_variant(run, "newer"));
	struct old old = { nat_connect_and_close(run, &clients.a, listener) };
	struct attempt b;
	bool same_tuple;

	old.client_next = old.closed.fin.tcp.seq + 1;
	old.server_next =
		from_server(run, old.closed.dialled, WIRE_FIN).tcp.seq + 1;
	if (run_is_variant(run, "no-timestamps"))
		run_set_sysctl(run, probe_host(clients.b.probe),
			       "net.ipv4.tcp_timestamps", 0);
	fault_forget(run, "gateway");

	b.dialled = mark_now(run);
	b.sock = nat_dial(&clients.b, listener);
	b.syn = nat_to_server(run, b.dialled, WIRE_SYN);
	same_tuple = b.syn.tcp.source_port == old.closed.fin.tcp.source_port &&
		     address_equal(&b.syn.source, &old.closed.fin.source);
	if (b.syn.tcp.has_timestamps)
		run_measured(run, "tsval_difference_s",
			     tsval_difference(&old, &b) / 1e3);
	run_note(run,
		 "B's SYN has A's %s; compared with the TIME-WAIT it is %s",
		 same_tuple ? R_("four-tuple") : R_("address"),
		 is_acceptable(&old, &b) ? R_("newer") : R_("older"));
	expect_that(run, same_tuple, "B has A's four-tuple at the server",
		    "port %u after %u", b.syn.tcp.source_port,
		    old.closed.fin.tcp.source_port);

	if (is_acceptable(&old, &b))
		expect_accepted(run, &old, &b);
	else if (run_sysctl(run, "server", "net.ipv4.tcp_rfc1337"))
		expect_blocked(run, &old, &b);
	else
		expect_second_syn_accepted(run, &old, &b);
}

/* The controls judge no claim. */
static const struct judgement none[] = { { .claim = NULL } };

CASE(nat_same_port_time_wait) = {
	.name = "nat-same-port-time-wait",
	.claim = "a NAT gateway gives B the old port of A, whose connection is "
		 "in TIME-WAIT at the server: B's SYN with a lower timestamp "
		 "is rejected, and its next SYN is accepted",
	.judgements = CLAIMS(
		{ "B6", DOCUMENT_CONDITIONAL,
		  "not where the gateway gives B the old port of A: then B's "
		  "SYN meets A's TIME-WAIT, and tcp_timewait_state_process() "
		  "rejects a SYN with a lower timestamp" }),
	.why = "the server finds the TIME-WAIT by the four-tuple and compares "
	       "the SYN's timestamp with the last one of the old connection; "
	       "the RST of B's kernel has no timestamp and ends the TIME-WAIT",
	.sources = "RFC 6191; RFC 1337; net/ipv4/tcp_minisocks.c:"
		   "tcp_timewait_state_process(); net/ipv4/tcp_input.c:"
		   "tcp_rcv_synsent_state_process(); 9603d47bad46",
	.steps = STEPS(
		"A connects through the gateway from port 40000; the server "
		"closes first and holds the TIME-WAIT",
		"the gateway deletes all its connection entries",
		"B connects from its own port 40000 and gets A's port at the "
		"gateway; its timestamps are behind A's (newer: ahead of A's; "
		"no-timestamps: it sends none)"),
	.expect =
		"older: the server answers with the ACK of the old "
		"connection, B sends a RST, and B's second SYN gets a SYN-ACK, "
		"2 jiffies later (1 s before 5.6). older-rfc1337: no SYN-ACK, "
		"and the TIME-WAIT timer is restarted. newer: a SYN-ACK at "
		"once, with a sequence number 65537 above the old connection's "
		"(before 6.10: from the clock). no-timestamps: one of the two, "
		"depending on the sequence number of the SYN",
	.shows = SHOWS("outcome", "elapsed_s", "tsval_difference_s",
		       "server_state", "isn_from"),
	.world = &world_nat,
	.settings = SYSCTLS({ "client", "net.ipv4.tcp_timestamps", 1 },
			    { "client-b", "net.ipv4.tcp_timestamps", 2 },
			    { "gateway",
			      "net.netfilter.nf_conntrack_tcp_timeout_close",
			      0 }),
	.variants = VARIANTS(
		{ "older", "B's timestamp is lower than A's last one: B's "
			   "first SYN is rejected, its RST ends the TIME-WAIT, "
			   "and its second SYN is accepted" },
		{ "older-rfc1337",
		  "B's timestamp is lower, and tcp_rfc1337 is 1 at the server: "
		  "B's RST ends nothing, so that B cannot connect, and each of "
		  "its SYNs restarts the TIME-WAIT",
		  .settings = SYSCTLS({ "server", "net.ipv4.tcp_rfc1337", 1 }),
		  .duration = MSEC(BLOCKED_MS),
		  .judgements = CLAIMS(
			  { "B6", DOCUMENT_CONDITIONAL,
			    "where tcp_rfc1337 is set, A's TIME-WAIT keeps B "
			    "out, and each SYN of B restarts it: "
			    "tcp_timewait_state_process()" }) },
		{ "newer",
		  "B's timestamp is higher than A's last one, the control: B's "
		  "first SYN is accepted in place of the TIME-WAIT",
		  .judgements = none },
		{ "no-timestamps",
		  "B sends no timestamps: the sequence number of its SYN "
		  "decides, by chance, between the results of older and newer",
		  .judgements = none }),
	.changes = CHANGES(CHANGE_ISN_AFTER_TIME_WAIT),
	.duration = MSEC(50),
	.script = script,
};
