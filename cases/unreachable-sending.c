/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The client that sends, in the four ways (see unreachable.h): four stories.
 *
 * path: copies on the wire, doubled, until retransmits_timed_out().
 *
 * cable: the same by the kernel's count, to the errno and the millisecond, and
 * not one frame. RetransSegs and OutSegs count what noop_qdisc threw away.
 *
 * neighbour: each copy is thrown back with host unreachable. tcp_v4_err() keeps
 * that as sk_err_soft, which is the errno in the end (tcp_write_err()), and
 * takes the doubling back each time, tcp_ld_RTO_revert(): many rounds where the
 * path had few, and half its time.
 *
 * interface: what found no route is not sent, and so not in flight: no
 * retransmission timer runs, but the one for a closed window, which tries
 * again (tcp_check_probe_timer(), tcp_probe_timer()), and ends by count, after
 * tcp_retries2 tries. Nothing of the reason is kept over IPv4: ETIMEDOUT; over
 * IPv6 it is ENETUNREACH, by inet6_csk_xmit().
 *
 * interface-in-flight: the same, a moment later, when the data is on the wire.
 * Now it is retransmission, and each round fails in inet_sk_rebuild_header(),
 * which does keep ENETUNREACH. And, a surprise, it is over after half the time:
 * the clock starts with the first copy that was TRIED, by its time stamp
 * (tcp_retransmit_skb()), and a copy that never got as far as
 * __tcp_transmit_skb() has that of the original.
 */
#include "unreachable.h"

/* One segment also at the MTU of blackhole_netdev, to which dst_dev_put() hands
 * the route of an interface that went down. LOOK: before the first timer. */
enum { BYTES = 20, RETRIES2 = 3, LOOK_MS = 100 };

struct fate {
	int error;
	struct range end;
	struct range rounds; /* RTO rounds by the kernel's count */
	bool copies_count; /* in RetransSegs, with the tail loss probe */
	bool sent; /* the data itself left */
	bool copies_leave;
	enum diag_timer timer;
};

static struct fate fate_of_path(const struct prediction *p)
{
	return (struct fate){
		.error = ETIMEDOUT,
		.end = p->elapsed,
		.rounds = { p->retransmissions_min, p->retransmissions_max },
		.copies_count = true,
		.sent = true,
		.copies_leave = true,
		.timer = DIAG_TIMER_RETRANSMIT,
	};
}

static struct fate fate_of_cable(const struct prediction *p)
{
	struct fate fate = fate_of_path(p);

	fate.sent = fate.copies_leave = false;
	return fate;
}

static struct fate fate_of_neighbour(const struct prediction *p,
				     const struct predict_tcp *tcp)
{
	struct fate fate = fate_of_path(p);

	fate.error = EHOSTUNREACH;
	fate.end = predict_reverted(p, tcp, &fate.rounds);
	fate.copies_leave = false;
	return fate;
}

/* tcp_probe0_base(), tcp_probe0_when(), and one timer more than tries. */
static struct fate fate_of_interface(struct run *run,
				     const struct predict_tcp *tcp)
{
	struct fate fate = {
		.error = unreachable_over_v6(run) ? ENETUNREACH : ETIMEDOUT,
		.timer = DIAG_TIMER_PROBE,
	};

	for (unsigned int i = 0; i <= tcp->retries2; i++) {
		nsec_t base = MAX(tcp->rto, MSEC(200)); /* TCP_RTO_MIN */
		nsec_t timer = MIN(base << MIN(i, 10), tcp->rto_max);

		fate.end = range_add(fate.end, predict_timer(timer, tcp->hz));
	}
	return fate;
}

/* tcp_retransmit_timer() without a tail loss probe, but with a clock that runs
 * since the data was sent. The first firing asks no clock. */
static struct fate fate_in_flight(nsec_t timeout, const struct predict_tcp *tcp)
{
	struct range at = predict_timer(tcp->rto, tcp->hz);
	struct fate fate = { .error = ENETUNREACH,
			     .sent = true,
			     .timer = DIAG_TIMER_RETRANSMIT };

	for (unsigned int i = 1; at.min < timeout; i++) {
		nsec_t timer = MIN(tcp->rto << MIN(i, 10), tcp->rto_max);

		at = range_add(at, predict_timer(timer, tcp->hz));
		if (at.max > timeout - MSEC(1) && fate.rounds.min == 0) {
			fate.end.min = MAX(at.min, timeout - MSEC(1));
			fate.rounds.min = i;
		}
		fate.rounds.max = i;
	}
	fate.end.max = at.max;
	return fate;
}

static struct fate forecast_fate(struct run *run, struct sock *client)
{
	const struct prediction *p = forecast_give_up(client);
	struct predict_tcp tcp = forecast_inputs(client);
	struct fate fate;

	if (run_is_variant(run, "cable"))
		fate = fate_of_cable(p);
	else if (run_is_variant(run, "interface"))
		fate = fate_of_interface(run, &tcp);
	else if (run_is_variant(run, "interface-in-flight"))
		fate = fate_in_flight(p->timeout, &tcp);
	else if (run_is_variant(run, "neighbour"))
		fate = fate_of_neighbour(p, &tcp);
	else
		fate = fate_of_path(p);
	run_note(run, "predicted: %s at %.3f .. %.3f s, %ld to %ld rounds",
		 strerrorname_np(fate.error), nsec_seconds(fate.end.min),
		 nsec_seconds(fate.end.max), (long)fate.rounds.min,
		 (long)fate.rounds.max);
	return fate;
}

/* Down while the data is under way: the path is cut before, so that no ACK is
 * quicker. */
static struct mark send_into_it(struct run *run, struct sock *client)
{
	bool in_flight = run_is_variant(run, "interface-in-flight");
	struct mark sent;

	unreachable_begin(run);
	sent = mark_now(run);
	sock_send(client, BYTES);
	mark_done(run, &sent);
	if (in_flight) {
		frames_wait(run, sent, FRAMES(KIND(WIRE_DATA)), 1,
			    MSEC(LOOK_MS));
		fault_down(run, "client");
	}
	return sent;
}

static bool look(struct run *run, struct sock *client, struct mark sent,
		 const struct fate *fate)
{
	bool flies = fate->timer == DIAG_TIMER_RETRANSMIT;
	struct diag_socket seen;

	run_pass_until(run, sent, MSEC(LOOK_MS));
	sock_look(client, &seen);
	expect_timer(client, fate->timer);
	return expect_that(
		run,
		seen.info.tcpi_unacked == flies &&
			seen.info.tcpi_notsent_bytes == (flies ? 0 : BYTES),
		flies ? "in flight, by the kernel's count" :
			"not sent, by the kernel's count",
		"%u segments in flight, %u bytes not sent",
		seen.info.tcpi_unacked, seen.info.tcpi_notsent_bytes);
}

/* What the kernel counts, and what the wire saw. */
static void expect_counts(struct run *run, struct mark sent,
			  const struct fate *fate)
{
	int64_t probes = counter_change(run, "client", "TCPLossProbes");
	int64_t timeouts = counter_change(run, "client", "TCPTimeouts");
	int64_t rounds = MAX(timeouts - 1, 0);
	unsigned int copies =
		fate->copies_leave ? (unsigned int)(probes + rounds) : 0;

	expect_number(run, "rto_retransmissions", rounds, fate->rounds.min,
		      fate->rounds.max);
	expect_number(run, "copies_counted",
		      counter_change(run, "client", "RetransSegs"),
		      fate->copies_count ? probes + rounds : 0,
		      fate->copies_count ? probes + rounds : 0);
	unreachable_frames(run, sent, fate->sent + copies, fate->sent + copies);
	expect_frames_between(run, sent, "ARP questions",
			      FRAMES(FROM("client"), KIND(WIRE_NEIGHBOUR)),
			      fate->error == EHOSTUNREACH ?
				      (unsigned int)fate->rounds.min :
				      0,
			      fate->error == EHOSTUNREACH ? UINT32_MAX : 0);
}

static void script(struct run *run)
{
	struct pair tcp = sock_pair(run);
	struct fate fate = forecast_fate(run, tcp.client);
	struct finding got;
	struct mark sent;

	sock_post_recv(tcp.client);
	sent = send_into_it(run, tcp.client);
	if (!look(run, tcp.client, sent, &fate))
		return;
	got = sock_reap(tcp.client, fate.end.max + SEC(1));
	expect_error(&got, fate.error);
	expect_took(sent, &got, fate.end);
	expect_counts(run, sent, &fate);
	expect_counter(run, "client", "TCPAbortOnTimeout", 1);
	expect_state(tcp.client, DIAG_CLOSE);
	expect_state(tcp.server, DIAG_ESTABLISHED);
}

static const struct judgement of_neighbour[] = {
	{ "D4", DOCUMENT_RIGHT,
	  "where the client was the server's neighbour, the error is "
	  "EHOSTUNREACH, and sooner: tcp_v4_err(), tcp_write_err()" },
	{ "D6", DOCUMENT_WRONG,
	  "no number of times: 15 rounds where tcp_retries2 is 3, for nothing "
	  "is doubled: tcp_ld_RTO_revert()" },
	{ .claim = NULL },
};

static const struct judgement of_no_route[] = {
	{ "D4", DOCUMENT_CONDITIONAL,
	  "nothing is retransmitted where the sender's own interface is down "
	  "before it sends; the error then comes from tcp_probe_timer(), after "
	  "tcp_retries2 tries" },
	{ .claim = NULL },
};

static const struct judgement of_in_flight[] = {
	{ "D4", DOCUMENT_RIGHT,
	  "ENETUNREACH with the sender's own interface down, and sooner: the "
	  "clock starts with the original, tcp_retransmit_skb()" },
	{ .claim = NULL },
};

CASE(unreachable_sending) = {
	.name = "unreachable-sending",
	.claim =
		"sending client, its cable, interface, path or neighbour gone: "
		"other errno, time and rounds in each",
	.judgements = CLAIMS(
		{ "D4", DOCUMENT_RIGHT,
		  "an error ends it, ETIMEDOUT by tcp_write_err(), whether the "
		  "copies leave (path) or not even that (the sender's own "
		  "cable)" }),
	.why = "who finds out decides: nobody, the queue, the route or the "
	       "neighbour table; and TCP listens to each in another way",
	.sources = "RFC 6069; net/ipv4/tcp_output.c:tcp_write_xmit(), "
		   "tcp_retransmit_skb(); "
		   "net/ipv4/tcp_timer.c:tcp_write_timeout(), "
		   "tcp_probe_timer(); net/ipv4/tcp_ipv4.c:tcp_v4_err(); "
		   "net/sched/sch_generic.c:noop_enqueue()",
	.steps = STEPS("a connection, idle; the client waits in recv()",
		       "the client's cable is pulled; or its interface set "
		       "down; or the path is cut; or nobody answers its ARP "
		       "questions",
		       "the client sends 20 bytes; in one variant the "
		       "interface is set down after that"),
	.expect = "ETIMEDOUT after 6.5 s and 4 rounds with path and cable, of "
		  "which the wire sees all or none; EHOSTUNREACH after 3.4 s "
		  "and 15 rounds with the neighbour; ETIMEDOUT after 3.1 s, "
		  "without a round, with the interface; ENETUNREACH after "
		  "3.1 s and 3 rounds when it goes down later",
	.world = &world_pair,
	.settings = SYSCTLS({ "client", "net.ipv4.tcp_retries2", RETRIES2 }),
	.variants = VARIANTS(
		{ "cable" },
		{ "interface", .duration = SEC(4), .judgements = of_no_route },
		{ "interface-in-flight",
		  .settings = SYSCTLS({ "client", "net.ipv4.tcp_early_retrans",
					0 }),
		  .duration = SEC(4), .judgements = of_in_flight },
		{ "path" },
		{ "neighbour", UNREACHABLE_AGEING, .duration = SEC(5),
		  .judgements = of_neighbour }),
	.duration = SEC(7) + MSEC(UNREACHABLE_QUIET_MS),
	.script = script,
};
