/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The server's machine dies, and at that moment the client's kernel does
 * nothing: nobody tells it, and no timer of its own is running. Then the client
 * sends.
 *
 * - The first copy is as a rule no RTO round but the tail loss probe:
 *   tcp_schedule_loss_probe() arms it in the place of the RTO, and
 *   tcp_send_loss_probe() counts it in TCPLossProbes and RetransSegs, but as no
 *   round (icsk_retransmits). It looks like any retransmission; that the next
 *   timer is as long again, instead of twice as long, tells it from one.
 * - Every firing of the RTO timer (TCPTimeouts) first asks whether it is over:
 *   tcp_write_timeout() -> retransmits_timed_out(). It compares no count. It
 *   compares the time since the first RTO retransmission (retrans_stamp) with
 *   tcp_model_timeout(): what tcp_retries2 doublings of TCP_RTO_MIN come to,
 *   whatever this connection's RTO is. If it is not over, the segment goes out
 *   once more, and the RTO is doubled.
 *
 * So 15 counts the rounds of a model connection with an RTO of 200 ms, and the
 * end comes with the first firing after the time-out, not at the time-out.
 *
 * With ageing neighbours (as on any real LAN) the client's kernel also finds
 * out that nobody answers its ARP questions. Each failed question turns the
 * segment that waited for its answer into an ICMP host unreachable, from the
 * client to itself (neigh_invalidate() -> arp_error_report() ->
 * ipv4_link_failure()). tcp_v4_err() keeps it as sk_err_soft, which ends
 * nothing, but is the errno in the end: tcp_write_err(). And, a surprise,
 * tcp_ld_RTO_revert() takes the doubling back each time (RFC 6069: it was no
 * congestion). So the RTO stays what it was, no copy but the first gets as far
 * as the wire, and 15 rounds fit where doubled ones had room for 4.
 */
#include "case.h"

/* QUIET is longer than the first RTO and than a delayed ACK. */
enum { BYTES = 100, ARP_MS = 100, QUIET_MS = 500 };

#define COPIES FRAMES(FROM("client"), KIND(WIRE_RETRANSMISSION))

static void notices_nothing(struct run *run, struct pair *tcp, struct mark died)
{
	struct finding waiting;

	run_pass_until(run, died, MSEC(QUIET_MS));
	waiting = sock_reap(tcp->client, 0);
	expect_that(run, waiting.open, "the client's recv() still waits", "%s",
		    finding_outcome(&waiting));
	expect_state(tcp->client, DIAG_ESTABLISHED);
	expect_state(tcp->server, DIAG_CLOSE);
	expect_timer(tcp->client, DIAG_TIMER_NONE);
	expect_frames(run, died, "TCP frames at the death",
		      FRAMES(KIND(WIRE_TCP)), 0);
}

/*
 * After each copy, and well before the next: the kernel's own count has all
 * copies but the tail loss probe.
 */
static bool look_after_each(struct run *run, struct sock *client,
			    struct mark sent, const struct prediction *p)
{
	bool ok = true;

	for (size_t i = 0; ok && p->rounds[i].kind != PREDICT_GIVE_UP; i++) {
		const struct predict_round *round = &p->rounds[i];
		struct diag_socket seen;

		run_pass_until(run, sent,
			       (round[0].at.max + round[1].at.min) / 2);
		sock_look(client, &seen);
		ok = expect_that(run,
				 seen.info.tcpi_total_retrans > 0 &&
					 seen.info.tcpi_total_retrans ==
						 seen.info.tcpi_retransmits +
							 p->probes &&
					 seen.info.tcpi_backoff ==
						 seen.info.tcpi_retransmits,
				 "every copy is a round, but for the tail loss "
				 "probe",
				 "%u copies, tcpi_retransmits %u, "
				 "tcpi_backoff %u, tcpi_rto %.3f s",
				 seen.info.tcpi_total_retrans,
				 seen.info.tcpi_retransmits,
				 seen.info.tcpi_backoff,
				 seen.info.tcpi_rto / 1e6);
	}
	return ok;
}

/* What the time-out was compared with, and when. */
static void tell_comparison(struct run *run, struct mark sent,
			    const struct prediction *p,
			    const struct finding *got)
{
	const struct wire_capture *first =
		frames_nth(run, sent, COPIES, p->probes + 1);
	nsec_t start = first ? first->at : got->returned;

	run_predicted(run, "timeout_s", nsec_seconds(p->timeout));
	run_measured(run, "end_since_first_rto_s",
		     nsec_seconds(got->returned - start));
	run_note(run,
		 "tcp_retries2 = %ld stands for a time-out of %.3f s; the time "
		 "since the first RTO retransmission was compared with it at "
		 "each firing: %.3f s at the last, which ended it",
		 run_sysctl(run, "client", "net.ipv4.tcp_retries2"),
		 nsec_seconds(p->timeout), nsec_seconds(got->returned - start));
}

/*
 * A rule that compared each interval with the time-out, and not their total,
 * would let this connection live on; but for tcp_retries2 = 3, where the last
 * interval is longer than the time-out as well, and decides nothing.
 */
static void expect_no_long_interval(struct run *run, struct mark sent,
				    const struct prediction *p,
				    const struct finding *got)
{
	const struct wire_capture *last =
		frames_nth(run, sent, COPIES, frames_count(run, sent, COPIES));
	nsec_t interval = last ? got->returned - last->at : 0;

	if (p->rounds[p->n_rounds - 1].interval >= p->timeout)
		return;
	expect_that(run, last && interval < p->timeout,
		    "the last interval, the longest, is shorter than the "
		    "time-out",
		    "%.3f s, the time-out %.3f s", nsec_seconds(interval),
		    nsec_seconds(p->timeout));
}

static void expect_rounds_counted(struct run *run, const struct prediction *p)
{
	int64_t probes = counter_change(run, "client", "TCPLossProbes");
	int64_t rounds = counter_change(run, "client", "RetransSegs") - probes;

	expect_number(run, "rto_retransmissions", rounds,
		      p->retransmissions_min, p->retransmissions_max);
	expect_counter(run, "client", "TCPLossProbes", p->probes);
	/* The last firing of the timer sends nothing. */
	expect_counter(run, "client", "TCPTimeouts", rounds + 1);
}

static void times_out(struct run *run, struct pair *tcp, struct mark sent,
		      const struct prediction *p)
{
	struct finding got;

	if (!look_after_each(run, tcp->client, sent, p))
		return;
	got = sock_reap(tcp->client, p->elapsed.max + SEC(1));
	expect_error(&got, ETIMEDOUT);
	expect_took(sent, &got, p->elapsed);
	expect_rounds(tcp->client, sent, p);
	expect_rounds_counted(run, p);
	tell_comparison(run, sent, p, &got);
	expect_no_long_interval(run, sent, p, &got);
}

static void is_unreachable(struct run *run, struct pair *tcp, struct mark sent,
			   struct range end, struct range rounds)
{
	struct finding got = sock_reap(tcp->client, end.max + SEC(1));

	expect_error(&got, EHOSTUNREACH);
	expect_took(sent, &got, end);
	expect_number(run, "rto_retransmissions",
		      counter_change(run, "client", "TCPTimeouts") - 1,
		      rounds.min, rounds.max);
	expect_frames(run, sent, "data on the wire",
		      FRAMES(FROM("client"), KIND(WIRE_DATA)), 1);
	expect_frames(run, sent, "copies on the wire", COPIES, 0);
	expect_frames_between(run, sent, "ARP questions instead",
			      FRAMES(FROM("client"), KIND(WIRE_NEIGHBOUR)),
			      (unsigned int)rounds.min, UINT32_MAX);
	expect_that(run, counter_change(run, "client", "InDestUnreachs") > 0,
		    "the client's kernel told itself: host unreachable",
		    "InDestUnreachs %ld",
		    (long)counter_change(run, "client", "InDestUnreachs"));
}

static void script(struct run *run)
{
	struct pair tcp = sock_pair(run);
	struct prediction *prediction = forecast_give_up(tcp.client);
	struct predict_tcp inputs = forecast_inputs(tcp.client);
	struct range rounds,
		end = predict_reverted(prediction, &inputs, &rounds);
	struct mark died, sent;

	if (run_is_variant(run, "ageing-neighbours"))
		run_note(run,
			 "predicted with every doubling taken back: the "
			 "end at %.3f .. %.3f s",
			 nsec_seconds(end.min), nsec_seconds(end.max));
	sock_post_recv(tcp.client);
	died = mark_now(run);
	fault_crash(run, "server");
	notices_nothing(run, &tcp, died);

	sent = mark_now(run);
	sock_send(tcp.client, BYTES);
	mark_done(run, &sent);
	if (run_is_variant(run, "ageing-neighbours"))
		is_unreachable(run, &tcp, sent, end, rounds);
	else
		times_out(run, &tcp, sent, prediction);
	expect_counter(run, "client", "TCPAbortOnTimeout", 1);
	expect_frames(run, died, "farewell of any kind",
		      FRAMES(KIND(WIRE_FIN | WIRE_RST)), 0);
	expect_state(tcp.client, DIAG_CLOSE);
}

/* Unused for 50 to 150 ms, an entry is stale; the next frame makes the kernel
 * ask, once by unicast and, from then on, once by broadcast for each copy. */
static const struct setting quick_to_forget[] = {
	{ "client", "net.ipv4.tcp_retries2", 3 },
	{ "client", "net.ipv4.neigh.eth0.base_reachable_time_ms", ARP_MS },
	{ "client", "net.ipv4.neigh.eth0.delay_first_probe_time", 0 },
	{ "client", "net.ipv4.neigh.eth0.retrans_time_ms", ARP_MS },
	{ "client", "net.ipv4.neigh.eth0.ucast_solicit", 1 },
	{ "client", "net.ipv4.neigh.eth0.mcast_solicit", 1 },
	{ .name = NULL },
};

static const struct judgement not_doubled[] = {
	{ "A2", DOCUMENT_RIGHT,
	  "no frame, no timer and no change of state tells the client" },
	{ "A3", DOCUMENT_RIGHT,
	  "the error is EHOSTUNREACH: tcp_write_err() prefers sk_err_soft to "
	  "ETIMEDOUT" },
	{ "A5", DOCUMENT_CONDITIONAL,
	  "nothing is doubled while the client's own kernel reports host "
	  "unreachable: tcp_ld_RTO_revert()" },
	{ "A17", DOCUMENT_WRONG,
	  "15 rounds where tcp_retries2 is 3: retransmits_timed_out() compares "
	  "a time" },
	{ .claim = NULL },
};

CASE(server_host_crash_data) = {
	.name = "server-host-crash-data",
	.claim = "server host crashes, client sends: nothing at first, then "
		 "retransmissions, then an error after a computed time-out",
	.judgements = CLAIMS(
		{ "A2", DOCUMENT_RIGHT,
		  "no frame, no timer and no change of state tells the "
		  "client" },
		{ "A3", DOCUMENT_RIGHT,
		  "tcp_write_err() reports the error and ends the connection" },
		{ "A4", DOCUMENT_CONDITIONAL,
		  "the total counts from the first RTO retransmission, and is "
		  "compared only when the timer fires, so the end comes later "
		  "than the time-out: retransmits_timed_out()" },
		{ "A4", DOCUMENT_WRONG,
		  "no single interval is compared, as the text says first; "
		  "none would ever pass 924.6 s, for tcp_rto_max() ends them "
		  "at 120 s" },
		{ "A5", DOCUMENT_RIGHT,
		  "tcp_retransmit_timer() doubles icsk_rto, up to "
		  "tcp_rto_max()" }),
	.why = "tcp_retries2 is turned into a time-out for a model RTO of "
	       "200 ms; the timer that fires after it ends the connection",
	.sources =
		"RFC 1122 4.2.3.5; RFC 8985 7; RFC 6069; net/ipv4/tcp_timer.c:"
		"retransmits_timed_out(), tcp_write_err(); "
		"net/ipv4/tcp_ipv4.c:tcp_ld_RTO_revert()",
	.steps = STEPS("a connection, idle; the client waits in recv()",
		       "the server's machine dies: the client notices nothing",
		       "the client sends 100 bytes",
		       "each copy is seen on the wire and in the kernel's "
		       "counters"),
	.expect = "copies and end at the predicted times (at the kernel's own "
		  "values 15 rounds, the time-out of 924.6 s, and the end "
		  "after 926 s or more); ETIMEDOUT, or EHOSTUNREACH where "
		  "address resolution fails before",
	.world = &world_pair,
	.variants = VARIANTS(
		{ "retries2=3",
		  SYSCTLS({ "client", "net.ipv4.tcp_retries2", 3 }),
		  .duration = MSEC(7200) },
		{ "retries2=5",
		  SYSCTLS({ "client", "net.ipv4.tcp_retries2", 5 }),
		  .duration = MSEC(13600) },
		{ "retries2=6",
		  SYSCTLS({ "client", "net.ipv4.tcp_retries2", 6 }),
		  .duration = MSEC(26700) },
		{ "no-tail-loss-probe",
		  SYSCTLS({ "client", "net.ipv4.tcp_retries2", 3 },
			  { "client", "net.ipv4.tcp_early_retrans", 0 }),
		  .duration = MSEC(7000) },
		{ "defaults", .defaults = true, .duration = SEC(944) },
		{ "ageing-neighbours", quick_to_forget, .duration = MSEC(4000),
		  .judgements = not_doubled, .world = &world_pair_ageing,
		  .ipv4_only = "ARP's sysctls make its entries age" }),
	.duration = SEC(7),
	.script = script,
};
