/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The server host crashes. At that moment the client's kernel does nothing: it
 * receives no frame, and none of its timers runs. Then the client sends.
 *
 * - The first retransmission is as a rule no RTO retransmission but the tail
 *   loss probe: tcp_schedule_loss_probe() arms it in place of the RTO, and
 *   tcp_send_loss_probe() counts it in TCPLossProbes and RetransSegs, but not
 *   in icsk_retransmits. It doubles nothing, and tcp_rearm_rto() then arms the
 *   first RTO again. So the wire sees intervals of 0.2, 0.2, 0.4, 0.8 s for
 *   RTOs of 0.2, 0.4, 0.8 s; without the probe (tcp_early_retrans 0) both are
 *   the same.
 * - At every expiry of the RTO timer (TCPTimeouts) the kernel first decides
 *   whether to give up: tcp_write_timeout() -> retransmits_timed_out(). It
 *   compares no count. It compares the time since the first RTO retransmission
 *   (retrans_stamp) with tcp_model_timeout(), the sum of tcp_retries2
 *   doublings of TCP_RTO_MIN, whatever the connection's RTO is. Below it, the
 *   segment is sent again, and the RTO is doubled.
 *
 * So 15 counts the retransmissions of a model connection with an RTO of 200
 * ms, and the end comes with the first expiry after the timeout, not at the
 * timeout.
 *
 * With ageing neighbours, as on any real LAN, the client's kernel also notices
 * that nobody answers its ARP requests. Each failed resolution turns the
 * waiting segment into an ICMP host unreachable from the client to itself
 * (neigh_invalidate() -> arp_error_report() -> ipv4_link_failure()).
 * tcp_v4_err() stores it as sk_err_soft, which ends nothing but becomes the
 * errno at the end: tcp_write_err(). tcp_ld_RTO_revert() also takes the
 * doubling back each time (RFC 6069: the loss is no congestion). So the RTO
 * stays constant, no retransmission reaches the wire, and 15 of them fit where
 * doubled RTOs leave room for 4. Over IPv6 the error is the same, but nothing is
 * taken back (forecast_unreachable()).
 */
#include "case.h"

/* QUIET is longer than the first RTO and than a delayed ACK. */
enum { BYTES = 100, ARP_MS = 100, QUIET_MS = 500 };

#define RETRANSMISSIONS FRAMES(FROM("client"), KIND(WIRE_RETRANSMISSION))

static void expect_unnoticed(struct run *run, struct pair *tcp,
			     struct mark crashed)
{
	struct finding got;

	run_pass_until(run, crashed, MSEC(QUIET_MS));
	got = sock_reap(tcp->client, 0);
	expect_that(run, got.open, "the client's recv() still blocks", "%s",
		    finding_outcome(&got));
	expect_state(tcp->client, DIAG_ESTABLISHED);
	expect_state(tcp->server, DIAG_CLOSE);
	expect_timer(tcp->client, DIAG_TIMER_NONE);
	expect_frames(run, crashed, "TCP segments after the crash",
		      FRAMES(KIND(WIRE_TCP)), 0);
}

/*
 * Reads the socket after each retransmission, well before the next one, by the
 * time of the segment: a busy machine may be late with the call.
 * tcpi_retransmits counts all retransmissions but the tail loss probe.
 */
static bool expect_retransmits_counted(struct run *run, struct sock *client,
				       struct mark sent,
				       const struct prediction *p)
{
	bool ok = true;

	sent.at = frames_first(run, sent, "client", WIRE_DATA)->at;
	for (size_t i = 0; ok && p->rounds[i].kind != PREDICT_GIVE_UP; i++) {
		const struct predict_round *round = &p->rounds[i];
		struct diag_socket seen;

		run_pass_until(run, sent,
			       (round[0].at.max + round[1].at.min) / 2);
		sock_look(client, &seen);
		ok = expect_that(
			run,
			seen.info.tcpi_total_retrans > 0 &&
				seen.info.tcpi_total_retrans ==
					seen.info.tcpi_retransmits +
						p->probes &&
				seen.info.tcpi_backoff ==
					seen.info.tcpi_retransmits,
			"every retransmission but the tail loss probe is an "
			"RTO retransmission",
			"%u retransmissions, tcpi_retransmits %u, "
			"tcpi_backoff %u, tcpi_rto %.3f s",
			seen.info.tcpi_total_retrans,
			seen.info.tcpi_retransmits, seen.info.tcpi_backoff,
			seen.info.tcpi_rto / 1e6);
	}
	return ok;
}

/* The time that was compared with the timeout at the last expiry. */
static void report_comparison(struct run *run, struct mark sent,
			      const struct prediction *p,
			      const struct finding *got)
{
	const struct wire_capture *first =
		frames_nth(run, sent, RETRANSMISSIONS, p->probes + 1);
	nsec_t compared = got->returned - (first ? first->at : got->returned);

	run_predicted(run, "timeout_s", nsec_seconds(p->timeout));
	run_measured(run, "end_since_first_rto_s", nsec_seconds(compared));
	run_note(run,
		 "tcp_retries2 = %ld stands for a timeout of %.3f s; at each "
		 "expiry the kernel compares it with the time since the first "
		 "RTO retransmission; at the last expiry this was %.3f s",
		 run_sysctl(run, "client", "net.ipv4.tcp_retries2"),
		 nsec_seconds(p->timeout), nsec_seconds(compared));
}

/*
 * If the kernel compared each interval with the timeout, and not their total,
 * the connection would live on. For tcp_retries2 = 3 the last interval is
 * longer than the timeout as well, so that variant cannot tell.
 */
static void expect_short_intervals(struct run *run, struct mark sent,
				   const struct prediction *p,
				   const struct finding *got)
{
	const struct wire_capture *last =
		frames_nth(run, sent, RETRANSMISSIONS,
			   frames_count(run, sent, RETRANSMISSIONS));
	nsec_t interval = last ? got->returned - last->at : 0;

	if (p->rounds[p->n_rounds - 1].interval >= p->timeout)
		return;
	expect_that(run, last && interval < p->timeout,
		    "the last and longest interval is shorter than the timeout",
		    "%.3f s, timeout %.3f s", nsec_seconds(interval),
		    nsec_seconds(p->timeout));
}

static void expect_timeout(struct run *run, struct pair *tcp, struct mark sent,
			   const struct prediction *p)
{
	struct finding got;
	int64_t probes, rounds;

	if (!expect_retransmits_counted(run, tcp->client, sent, p))
		return;
	got = sock_reap(tcp->client, p->elapsed.max + SEC(1));
	expect_error(&got, ETIMEDOUT);
	expect_took(sent, &got, p->elapsed);
	expect_rounds(tcp->client, sent, p);

	probes = counter_change(run, "client", "TCPLossProbes");
	rounds = counter_change(run, "client", "RetransSegs") - probes;
	expect_number(run, "rto_retransmissions", rounds,
		      p->retransmissions_min, p->retransmissions_max);
	expect_counter(run, "client", "TCPLossProbes", p->probes);
	/* The last expiry of the timer sends nothing. */
	expect_counter(run, "client", "TCPTimeouts", rounds + 1);
	report_comparison(run, sent, p, &got);
	expect_short_intervals(run, sent, p, &got);
}

/*
 * IPv4 takes each doubling back. tcp_v6_err() does so for "no route" only, and
 * ip6_link_failure() reports "address unreachable": over IPv6 the RTO doubles,
 * and the end comes when it comes without the errors.
 */
static struct range forecast_unreachable(const struct prediction *p,
					 const struct predict_tcp *inputs,
					 bool v6, struct range *ret_rounds)
{
	if (!v6)
		return predict_reverted(inputs, ret_rounds);
	*ret_rounds = (struct range){ p->retransmissions_min,
				      p->retransmissions_max };
	return p->elapsed;
}

static void expect_unreachable(struct run *run, struct pair *tcp,
			       struct mark sent, const struct prediction *p)
{
	const bool v6 = run_address(run, "client").family == AF_INET6;
	const struct predict_tcp inputs = forecast_inputs(tcp->client);
	struct range rounds, end = forecast_unreachable(p, &inputs, v6, &rounds);
	int64_t reports;
	struct finding got;

	run_note(run, "predicted end, %s: %.3f .. %.3f s",
		 v6 ? R_("with doubled RTOs") : R_("without any doubling"),
		 nsec_seconds(end.min), nsec_seconds(end.max));
	got = sock_reap(tcp->client, end.max + SEC(1));
	reports = counter_change(
		run, "client", v6 ? "Icmp6InDestUnreachs" : "InDestUnreachs");

	expect_error(&got, EHOSTUNREACH);
	expect_took(sent, &got, end);
	expect_number(run, "rto_retransmissions",
		      counter_change(run, "client", "TCPTimeouts") - 1,
		      rounds.min, rounds.max);
	expect_frames(run, sent, "data segments on the wire",
		      FRAMES(FROM("client"), KIND(WIRE_DATA)), 1);
	expect_frames(run, sent, "retransmissions on the wire", RETRANSMISSIONS,
		      0);
	expect_frames_between(run, sent, "address resolution requests",
			      FRAMES(FROM("client"), KIND(WIRE_NEIGHBOUR)),
			      (unsigned int)rounds.min, UINT32_MAX);
	expect_that(run, reports > 0,
		    "the client's kernel reports host unreachable to itself",
		    "InDestUnreachs %ld", (long)reports);
}

static void script(struct run *run)
{
	bool ageing = run_is_variant(run, "ageing-neighbours");
	struct pair tcp = sock_pair(run);
	struct prediction *prediction = forecast_give_up(tcp.client);
	struct mark crashed, sent;

	sock_post_recv(tcp.client);
	crashed = mark_now(run);
	fault_crash(run, "server");
	expect_unnoticed(run, &tcp, crashed);

	sent = mark_now(run);
	sock_send(tcp.client, BYTES);
	mark_done(run, &sent);
	if (ageing)
		expect_unreachable(run, &tcp, sent, prediction);
	else
		expect_timeout(run, &tcp, sent, prediction);
	expect_counter(run, "client", "TCPAbortOnTimeout", 1);
	expect_frames(run, crashed, "FINs and RSTs",
		      FRAMES(KIND(WIRE_FIN | WIRE_RST)), 0);
	expect_state(tcp.client, DIAG_CLOSE);
}

/* A neighbour entry is stale after 50 to 150 ms without use. The next frame
 * leads to one unicast request; from then on each retransmission leads to one
 * broadcast request. */
static const struct setting ageing_neighbours[] = {
	{ "client", "net.ipv4.tcp_retries2", 3 },
	{ "client", "net.ipv4.neigh.eth0.base_reachable_time_ms", ARP_MS },
	{ "client", "net.ipv4.neigh.eth0.delay_first_probe_time", 0 },
	{ "client", "net.ipv4.neigh.eth0.retrans_time_ms", ARP_MS },
	{ "client", "net.ipv4.neigh.eth0.ucast_solicit", 1 },
	{ "client", "net.ipv4.neigh.eth0.mcast_solicit", 1 },
	{ .name = NULL },
};

#define COMPUTED_TIMEOUT                                                       \
	{ "A3", DOCUMENT_RIGHT,                                                \
	  "tcp_write_err() reports the error and ends the connection" },       \
		{ "A4", DOCUMENT_CONDITIONAL,                                  \
		  "the total is compared with it, but it counts from the "     \
		  "first RTO retransmission, and only when the timer fires, "  \
		  "so the connection ends later: retransmits_timed_out()" },   \
	{                                                                      \
		"A4", DOCUMENT_WRONG,                                          \
			"no single interval is compared, as the document "     \
			"says first; none could exceed 924.6 s, because "      \
			"tcp_rto_max() limits them to 120 s"                   \
	}

#define UNNOTICED                                                              \
	{                                                                      \
		"A2", DOCUMENT_RIGHT,                                          \
			"no frame, no timer and no change of state informs "   \
			"the client"                                           \
	}

CASE(server_host_crash_data) = {
	.name = "server-host-crash-data",
	.claim = "server host crashes, client sends: nothing at first, then "
		 "retransmissions, then an error after a computed timeout",
	.judgements = CLAIMS(
		UNNOTICED,
		COMPUTED_TIMEOUT,
		{ "A5", DOCUMENT_RIGHT,
		  "tcp_retransmit_timer() doubles icsk_rto, up to "
		  "tcp_rto_max(); the wire shows 0.2, 0.2, 0.4 s, because the "
		  "first retransmission is the tail loss probe, which doubles "
		  "nothing: tcp_send_loss_probe() arms the first RTO again" }),
	.why = "tcp_retries2 is turned into a timeout for a model RTO of "
	       "200 ms; the first timer that fires after it ends the "
	       "connection",
	.sources =
		"RFC 1122 4.2.3.5; RFC 8985 7; RFC 6069; net/ipv4/tcp_timer.c:"
		"retransmits_timed_out(), tcp_write_err(); "
		"net/ipv4/tcp_ipv4.c:tcp_ld_RTO_revert()",
	.steps = STEPS("a connection, idle; the client blocks in recv()",
		       "the server host crashes; the client notices nothing",
		       "the client sends 100 bytes",
		       "each retransmission is checked on the wire and in the "
		       "kernel's counters"),
	.expect = "retransmissions and end at the predicted times (at the "
		  "kernel's defaults 15 RTO retransmissions, a timeout of "
		  "924.6 s, and the end at the next expiry, after 937.7 s at "
		  "HZ 250); ETIMEDOUT, or EHOSTUNREACH where address "
		  "resolution fails before",
	.shows = SHOWS("outcome", "elapsed_s", "rto_retransmissions",
		       "timeout_s", "end_since_first_rto_s", "rto_1_s",
		       "rto_2_s", "rto_3_s"),
	.world = &world_pair,
	.variants = VARIANTS(
		{ "retries2=3",
		  "tcp_retries2 is 3 and stands for a timeout of 3.0 s",
		  SYSCTLS({ "client", "net.ipv4.tcp_retries2", 3 }),
		  .duration = MSEC(7200) },
		{ "retries2=5",
		  "tcp_retries2 is 5 and stands for a timeout of 12.6 s, so "
		  "that the last interval is shorter than the timeout",
		  SYSCTLS({ "client", "net.ipv4.tcp_retries2", 5 }),
		  .duration = MSEC(13600) },
		{ "retries2=6",
		  "tcp_retries2 is 6 and stands for a timeout of 25.4 s",
		  SYSCTLS({ "client", "net.ipv4.tcp_retries2", 6 }),
		  .duration = MSEC(26700), .slow = true },
		{ "no-tail-loss-probe",
		  "tcp_early_retrans is 0, with tcp_retries2 of 3: the first "
		  "retransmission is that of the RTO, and the wire shows 0.2, "
		  "0.4, 0.8 s",
		  SYSCTLS({ "client", "net.ipv4.tcp_retries2", 3 },
			  { "client", "net.ipv4.tcp_early_retrans", 0 }),
		  .duration = MSEC(7000),
		  .judgements = CLAIMS(
			  UNNOTICED, COMPUTED_TIMEOUT,
			  { "A5", DOCUMENT_RIGHT,
			    "without a tail loss probe the wire shows what "
			    "the timer does: 0.2, 0.4, 0.8 s, "
			    "tcp_retransmit_timer()" }) },
		{ "defaults",
		  "the kernel's default tcp_retries2 of 15, which stands for a "
		  "timeout of 924.6 s: ETIMEDOUT after more than 15 minutes",
		  .defaults = true, .duration = SEC(944) },
		{ "ageing-neighbours",
		  "the client's neighbour entry for the server ages, with "
		  "tcp_retries2 of 3: address resolution fails, no "
		  "retransmission reaches the wire, and the error is "
		  "EHOSTUNREACH",
		  ageing_neighbours, .duration = MSEC(4000),
		  .judgements = CLAIMS(
			  UNNOTICED,
			  { "A3", DOCUMENT_RIGHT,
			    "the error is EHOSTUNREACH: tcp_write_err() "
			    "prefers sk_err_soft to ETIMEDOUT" },
			  { "A5", DOCUMENT_CONDITIONAL,
			    "over IPv4 nothing is doubled while the client's "
			    "own kernel reports host unreachable: "
			    "tcp_ld_RTO_revert()" },
			  { "A17", DOCUMENT_WRONG,
			    "15 retransmissions (over IPv6 4) where "
			    "tcp_retries2 is 3: retransmits_timed_out() "
			    "compares a time" }),
		  .world = &world_pair_ageing }),
	.duration = SEC(7),
	.script = script,
};
