/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A client that sends while the server is unreachable in one of four ways (see
 * unreachable.h). They differ in the errno, in time and in the number of
 * retransmissions.
 *
 * path: retransmissions on the wire, with doubled intervals, until
 * retransmits_timed_out().
 *
 * cable: the same by the kernel's counters, to the errno and the millisecond,
 * without a single frame on the wire. RetransSegs and OutSegs count what
 * noop_qdisc drops.
 *
 * neighbour: each retransmission fails with host unreachable. tcp_v4_err()
 * stores it as sk_err_soft, which becomes the errno at the end
 * (tcp_write_err()), and takes the doubling back each time,
 * tcp_ld_RTO_revert(): many more retransmissions than with the path, in half
 * the time. tcp_v6_err() takes it back for "no route" only, and
 * ip6_link_failure() reports "address unreachable": over IPv6 the errno is the
 * same, and the time is that of the path.
 *
 * cable-no-neighbour: where the neighbour entry is learned, and not permanent
 * as in the variant cable, the loss of the carrier deletes it
 * (neigh_carrier_down()). No request leaves the host, so none is answered, and
 * the end is that of the variant neighbour.
 *
 * neighbour-defaults-*: the variant neighbour has sysctls that make its entry
 * fail within a second. By default an entry that was REACHABLE when the client
 * sent stays so for 15 to 45 s after the last answer (neigh_rand_reach_time()).
 * From the next retransmission on it takes 5 s in DELAY and 3 s in PROBE, and
 * until then retransmissions leave the host; one that comes later waits for 3
 * requests, and its error comes after 3 s. So tcp_retries2 = 5 ends before
 * anything of that, with ETIMEDOUT. For 8 and more the client first waits for
 * AGE, so that at most 25 s are left, and the retransmission at 25.6 s or later
 * finds the entry STALE: it fails 8 s after that, and the next retransmission
 * reports it. (An entry that was REACHABLE until then would be found STALE
 * twice as late, and for 8 the end would come before the next one.) The
 * intervals stay as long as they were at the first error, at most 26.1 s, and
 * the end is the first expiry after the timeout, sooner or later than with the
 * path as it happens.
 *
 * interface: data without a route is not sent, so nothing is in flight. No
 * retransmission timer runs, but the timer for a closed window, which tries
 * again (tcp_check_probe_timer(), tcp_probe_timer()) and ends the connection
 * by count, after tcp_retries2 tries. IPv4 does not store the reason:
 * ETIMEDOUT; IPv6 does, in inet6_csk_xmit(): ENETUNREACH.
 *
 * interface-in-flight: the same while the data is on the wire. Now it is
 * retransmitted, and each retransmission fails in inet_sk_rebuild_header(),
 * which does store ENETUNREACH. It also ends after half the time: the clock
 * starts with the time stamp of the first retransmission that was tried
 * (tcp_retransmit_skb()), and a retransmission that never reached
 * __tcp_transmit_skb() still has the time stamp of the original.
 */
#include "unreachable.h"

/* One segment, even at the MTU of blackhole_netdev, to which dst_dev_put()
 * moves the route of an interface that went down. LOOK is before the first
 * timer. */
enum { BYTES = 20, RETRIES2 = 3, LOOK_MS = 100, AGE_MS = 20000 };

/* Doublings of the first RTO in the longest interval while the errors come. */
enum { DOUBLINGS = 7 };

/* ucast_solicit, and mcast_solicit of each retransmission. */
enum { REQUESTS = 3 };

/* The variants' values. */
enum { STAGED, DEFAULTS_REACHABLE, DEFAULTS_FAILING };

/* What happens to the data and to the connection. */
struct outcome {
	int error;
	struct range end;
	struct range rounds; /* RTO retransmissions by the kernel's counters */
	bool rounds_counted; /* in RetransSegs, with the tail loss probe */
	bool original_leaves; /* the host */
	bool retransmissions_leave;
	bool some_leave; /* the first ones, and no number is predicted */
	bool asks; /* requests for the neighbour's address leave the host */
	enum diag_timer timer;
};

static struct outcome forecast_path(const struct prediction *p)
{
	return (struct outcome){
		.error = ETIMEDOUT,
		.end = p->elapsed,
		.rounds = { p->retransmissions_min, p->retransmissions_max },
		.rounds_counted = true,
		.original_leaves = true,
		.retransmissions_leave = true,
		.timer = DIAG_TIMER_RETRANSMIT,
	};
}

/* Nothing is in flight: the persist timer tries to send the data. */
static struct outcome forecast_interface(struct run *run, struct sock *client)
{
	const struct prediction *p =
		forecast_zero_window(client, PREDICT_PEER_SILENT);

	return (struct outcome){
		.error = unreachable_over_v6(run) ? ENETUNREACH : ETIMEDOUT,
		.end = p->elapsed,
		.timer = DIAG_TIMER_PROBE,
	};
}

static struct outcome forecast_in_flight(struct sock *client)
{
	const struct prediction *p = forecast_dropped(client);

	return (struct outcome){
		.error = ENETUNREACH,
		.end = p->elapsed,
		.rounds = { p->retransmissions_min, p->retransmissions_max },
		.original_leaves = true,
		.timer = DIAG_TIMER_RETRANSMIT,
	};
}

static struct outcome forecast_neighbour(struct run *run,
					 const struct prediction *p,
					 const struct predict_tcp *tcp)
{
	struct outcome outcome = forecast_path(p);

	outcome.error = EHOSTUNREACH;
	outcome.retransmissions_leave = false;
	outcome.asks = true;
	if (!unreachable_over_v6(run))
		outcome.end = predict_reverted(tcp, &outcome.rounds);
	return outcome;
}

/* The first expiry after the timeout, which counts from the first RTO
 * retransmission. */
static struct outcome forecast_failing(struct run *run,
				       const struct prediction *p,
				       const struct predict_tcp *tcp)
{
	struct outcome outcome = forecast_path(p);
	struct range interval =
		predict_timer(tcp->rto << DOUBLINGS, tcp->hz);
	struct range first = p->rounds[p->probes].at;

	outcome.error = EHOSTUNREACH;
	outcome.some_leave = true;
	outcome.asks = true;
	if (unreachable_over_v6(run))
		return outcome;
	outcome.end.min = first.min + p->timeout - MSEC(1);
	outcome.end.max = first.max + p->timeout + interval.max;
	outcome.rounds.max = INT64_MAX;
	return outcome;
}

static struct outcome forecast_outcome(struct run *run, struct sock *client)
{
	const struct prediction *p = forecast_give_up(client);
	struct predict_tcp tcp = forecast_inputs(client);
	struct outcome outcome = forecast_path(p);

	if (run_is_variant(run, "cable")) {
		outcome.original_leaves = false;
		outcome.retransmissions_leave = false;
	} else if (run_is_variant(run, "neighbour")) {
		outcome = forecast_neighbour(run, p, &tcp);
	} else if (run_is_variant(run, "cable-no-neighbour")) {
		outcome = forecast_neighbour(run, p, &tcp);
		outcome.original_leaves = false;
		outcome.asks = false;
	} else if (run_value(run) == DEFAULTS_FAILING) {
		outcome = forecast_failing(run, p, &tcp);
	} else if (run_is_variant(run, "interface")) {
		outcome = forecast_interface(run, client);
	} else if (run_is_variant(run, "interface-in-flight")) {
		outcome = forecast_in_flight(client);
	}
	run_note(run, "prediction: %s at %.3f .. %.3f s",
		 strerrorname_np(outcome.error), nsec_seconds(outcome.end.min),
		 nsec_seconds(outcome.end.max));
	return outcome;
}

/* The interface goes down while the data is in flight, in one variant. There
 * the path is cut before, so that no ACK arrives first. */
static struct mark send_data(struct run *run, struct sock *client)
{
	struct mark sent;

	if (run_value(run) == DEFAULTS_FAILING)
		run_pass(run, MSEC(AGE_MS));
	unreachable_begin(run);
	sent = mark_now(run);
	sock_send(client, BYTES);
	mark_done(run, &sent);
	if (run_is_variant(run, "interface-in-flight")) {
		frames_wait(run, sent, FRAMES(KIND(WIRE_DATA)), 1,
			    MSEC(LOOK_MS));
		fault_down(run, "client");
	}
	return sent;
}

/* Before the first timer fires: is the data in flight for the kernel? */
static bool expect_in_flight(struct run *run, struct sock *client,
			     struct mark sent, const struct outcome *outcome)
{
	bool in_flight = outcome->timer == DIAG_TIMER_RETRANSMIT;
	struct diag_socket seen;

	run_pass_until(run, sent, MSEC(LOOK_MS));
	sock_look(client, &seen);
	expect_timer(client, outcome->timer);
	return expect_that(
		run,
		seen.info.tcpi_unacked == in_flight &&
			seen.info.tcpi_notsent_bytes == (in_flight ? 0 : BYTES),
		in_flight ? "the kernel counts the data as in flight" :
			    R_("the kernel counts the data as not sent"),
		"%u segments in flight, %u bytes not sent",
		seen.info.tcpi_unacked, seen.info.tcpi_notsent_bytes);
}

static void expect_counts(struct run *run, struct mark sent,
			  const struct outcome *outcome)
{
	int64_t probes = counter_change(run, "client", "TCPLossProbes");
	int64_t timeouts = counter_change(run, "client", "TCPTimeouts");
	int64_t rounds = MAX(timeouts - 1, 0);
	int64_t counted = outcome->rounds_counted ? probes + rounds : 0;
	int64_t left = outcome->retransmissions_leave ? probes + rounds : 0;
	unsigned int frames = outcome->original_leaves + (unsigned int)left;

	expect_number(run, "rto_retransmissions", rounds, outcome->rounds.min,
		      outcome->rounds.max);
	expect_frames_between(
		run, sent, "address resolution requests",
		FRAMES(FROM("client"), KIND(WIRE_NEIGHBOUR)),
		!outcome->asks	    ? 0 :
		outcome->some_leave ? 2 * REQUESTS :
				      (unsigned int)outcome->rounds.min,
		outcome->asks ? UINT32_MAX : 0);
	if (outcome->some_leave)
		return;
	expect_number(run, "copies_counted",
		      counter_change(run, "client", "RetransSegs"), counted,
		      counted);
	unreachable_frames(run, sent, frames, frames);
}

static void script(struct run *run)
{
	struct pair tcp = sock_pair(run);
	struct outcome outcome = forecast_outcome(run, tcp.client);
	struct finding got;
	struct mark sent;

	sock_post_recv(tcp.client);
	sent = send_data(run, tcp.client);
	if (!expect_in_flight(run, tcp.client, sent, &outcome))
		return;
	got = sock_reap(tcp.client, outcome.end.max + SEC(1));
	expect_error(&got, outcome.error);
	expect_took(sent, &got, outcome.end);
	expect_counts(run, sent, &outcome);
	expect_counter(run, "client", "TCPAbortOnTimeout", 1);
	expect_state(tcp.client, DIAG_CLOSE);
	expect_state(tcp.server, DIAG_ESTABLISHED);
}

static const struct judgement of_failing[] = {
	{ "D4", DOCUMENT_RIGHT,
	  "with the kernel's neighbour sysctls the error is EHOSTUNREACH where "
	  "the entry fails before the end, as for 8 (102.2 s) and 15; over "
	  "IPv4 the intervals stop growing at the first error, "
	  "tcp_ld_RTO_revert(), and the end comes up to an interval after "
	  "the timeout, sooner or later than without errors" },
	{ .claim = NULL },
};

CASE(unreachable_sending) = {
	.name = "unreachable-sending",
	.claim =
		"sending client, its cable, interface, path or neighbour gone: "
		"errno, time and retransmissions differ in each",
	.judgements = CLAIMS(
		{ "D4", DOCUMENT_RIGHT,
		  "an error ends it, ETIMEDOUT by tcp_write_err(), whether the "
		  "retransmissions leave the host (path) or not (the sender's "
		  "own cable)" }),
	.why = "what fails decides: the path, the queue, the route or the "
	       "neighbour table; TCP treats the error of each differently",
	.sources = "RFC 6069; net/ipv4/tcp_output.c:tcp_write_xmit(), "
		   "tcp_retransmit_skb(); "
		   "net/ipv4/tcp_timer.c:tcp_write_timeout(), "
		   "tcp_probe_timer(); net/ipv4/tcp_ipv4.c:tcp_v4_err(); "
		   "net/sched/sch_generic.c:noop_enqueue()",
	.steps = STEPS("a connection, idle; the client blocks in recv()",
		       "the client's cable is pulled; or its interface is set "
		       "down; or the path is cut, and nobody answers its "
		       "address resolution either",
		       "the client sends 20 bytes; in one variant the "
		       "interface is set down after that"),
	.expect = "path and cable: ETIMEDOUT after 6.5 s and 4 RTO "
		  "retransmissions, of which the wire sees all or none; "
		  "neighbour: EHOSTUNREACH after 3.4 s and 15 (over IPv6 6.5 "
		  "s and 4); with the kernel's neighbour sysctls ETIMEDOUT for "
		  "tcp_retries2 = 5 and EHOSTUNREACH for 8 and 15; interface: "
		  "ETIMEDOUT after 3.1 s and none; interface-in-flight: "
		  "ENETUNREACH after 3.1 s and 3",
	.world = &world_pair,
	.settings = SYSCTLS({ "client", "net.ipv4.tcp_retries2", RETRIES2 }),
	.variants = VARIANTS(
		{ "cable", "the client's cable is pulled before it sends: four "
			   "RTO retransmissions are counted, none reaches the "
			   "wire, and ETIMEDOUT comes after 6.5 s" },
		{ "interface",
		  "the client's interface is set down before it sends: nothing "
		  "is in flight, the persist timer tries three times, and "
		  "ETIMEDOUT (IPv6: ENETUNREACH) comes after 3.1 s",
		  .duration = SEC(4),
		  .judgements = CLAIMS(
			  { "D4", DOCUMENT_CONDITIONAL,
			    "nothing is retransmitted where the sender's own "
			    "interface is down before it sends; the error then "
			    "comes from tcp_probe_timer(), after tcp_retries2 "
			    "tries" }) },
		{ "interface-in-flight",
		  "the client's interface is set down while the data is in "
		  "flight, with tcp_early_retrans of 0: each retransmission "
		  "fails, and ENETUNREACH comes after 3.1 s",
		  .settings = SYSCTLS({ "client", "net.ipv4.tcp_early_retrans",
					0 }),
		  .duration = SEC(4),
		  .judgements = CLAIMS(
			  { "D4", DOCUMENT_RIGHT,
			    "ENETUNREACH with the sender's own interface down, "
			    "and sooner: the clock starts with the original, "
			    "tcp_retransmit_skb()" }) },
		{ "path", "the path is cut: four RTO retransmissions are on "
			  "the wire, and ETIMEDOUT comes after 6.5 s" },
		{ "neighbour",
		  "the path is cut, and the client's neighbour entry ages: "
		  "EHOSTUNREACH after 15 retransmissions and 3.4 s (over IPv6 "
		  "four and 6.5 s), none of them on the wire",
		  UNREACHABLE_AGEING, .duration = SEC(5),
		  .judgements = CLAIMS(
			  { "D4", DOCUMENT_RIGHT,
			    "where the neighbour is gone and its entry has "
			    "failed before, the error is EHOSTUNREACH: "
			    "tcp_write_err() prefers sk_err_soft; over IPv4 "
			    "it comes sooner, because tcp_ld_RTO_revert() "
			    "takes each doubling back" },
			  { "D6", DOCUMENT_WRONG,
			    "no fixed number: 15 retransmissions over IPv4 and "
			    "4 over IPv6 where tcp_retries2 is 3: "
			    "retransmits_timed_out() compares a time, and "
			    "tcp_ld_RTO_revert() shortens the intervals" }) },
		{ "cable-no-neighbour",
		  "the client's cable is pulled, and its neighbour entry was "
		  "learned: the loss of the carrier deletes it, and the end is "
		  "that of neighbour, without a request on the wire",
		  UNREACHABLE_AGEING, .duration = SEC(5),
		  .judgements = CLAIMS(
			  { "D4", DOCUMENT_RIGHT,
			    "with the cable of the sender itself unplugged the "
			    "error is EHOSTUNREACH where its neighbour entry "
			    "was learned: neigh_carrier_down() deletes it, and "
			    "nobody answers" }) },
		{ "neighbour-defaults-retries2=5",
		  "the path is cut, the neighbour sysctls have the kernel's "
		  "defaults, and tcp_retries2 is 5: the end comes before the "
		  "entry fails, with ETIMEDOUT",
		  .settings = SYSCTLS({ "client", "net.ipv4.tcp_retries2", 5 }),
		  .value = DEFAULTS_REACHABLE, .world = &world_pair_ageing,
		  .duration = SEC(14),
		  .judgements = CLAIMS(
			  { "D4", DOCUMENT_RIGHT,
			    "with the kernel's neighbour sysctls the error is "
			    "ETIMEDOUT where the end comes before the entry "
			    "fails, which takes 15 + 8 s or more: "
			    "neigh_timer_handler()" }) },
		{ "neighbour-defaults-retries2=8",
		  "the path is cut, the neighbour sysctls have the kernel's "
		  "defaults, and tcp_retries2 is 8 (102.2 s): the entry fails "
		  "before the end, with EHOSTUNREACH",
		  .settings = SYSCTLS({ "client", "net.ipv4.tcp_retries2", 8 }),
		  .value = DEFAULTS_FAILING, .defaults = true,
		  .world = &world_pair_ageing, .duration = SEC(150),
		  .judgements = of_failing },
		{ "neighbour-defaults",
		  "the path is cut, and the neighbour sysctls and "
		  "tcp_retries2, 15 (924.6 s), have the kernel's defaults: the "
		  "entry fails before the end, with EHOSTUNREACH",
		  .settings = SYSCTLS({ "client", "net.ipv4.tcp_retries2",
					15 }),
		  .value = DEFAULTS_FAILING, .defaults = true,
		  .world = &world_pair_ageing, .duration = SEC(970),
		  .judgements = of_failing }),
	.duration = SEC(7) + MSEC(UNREACHABLE_QUIET_MS),
	.script = script,
};
