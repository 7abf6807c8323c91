/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A client that connects while the server is unreachable in one of four ways
 * (see unreachable.h). For connect() all four differ.
 *
 * path: the SYN and its retransmissions leave the host; ETIMEDOUT by
 * tcp_write_timeout().
 *
 * cable: the same by the kernel's counters and at the same time, without a
 * single frame on the wire. A route without carrier is a route, so connect()
 * finds one.
 *
 * interface: without a route there is no SYN: tcp_v4_connect() returns
 * ENETUNREACH when connect() is called.
 *
 * neighbour: the SYN waits in the client's own arp_queue. For an ESTABLISHED
 * connection host unreachable is a soft error; in SYN-SENT it makes
 * tcp_v4_err() end the connect() with EHOSTUNREACH, as soon as mcast_solicit
 * requests, retrans_time apart, are unanswered. The retransmission timer fires
 * meanwhile and is counted, but sends nothing: the SYN is still in the host's
 * own queue, skb_still_in_host_queue() (TCPSpuriousRtxHostQueues).
 *
 * Where the RTO has been doubled, the ICMP error first takes one doubling back
 * and, because that time has passed, starts another retransmission:
 * tcp_ld_RTO_revert(). By then the SYN has left the arp_queue (the ICMP error
 * came through the loopback interface), so a copy is made, which leads to
 * another address resolution. Before 6.5 each retransmission of a SYN doubles
 * the RTO; and if this one exceeds tcp_syn_retries, the error is ETIMEDOUT
 * after all. Hence this variant allows more of them. Since 6.5 four
 * retransmissions are not doubled (tcp_syn_linear_timeouts), and there is
 * nothing to take back.
 */
#include "unreachable.h"

enum { SYN_RETRIES = 2, MORE_SYN_RETRIES = 4, BACKLOG = 16 };

static long neighbour_sysctl(struct run *run, const char *name)
{
	char full[80];

	snprintf(full, sizeof(full), "net.ipv%d.neigh.eth0.%s",
		 unreachable_over_v6(run) ? 6 : 4, name);
	return run_sysctl(run, "client", full);
}

/* neigh_timer_handler(): one timer after each request. */
static struct range forecast_resolution(struct run *run,
					unsigned int *ret_requests)
{
	nsec_t apart = MSEC(neighbour_sysctl(run, "retrans_time_ms"));
	struct range timer = predict_timer(apart, nsec_hz());

	*ret_requests = (unsigned int)neighbour_sysctl(run, "mcast_solicit");
	return (struct range){ *ret_requests * timer.min,
			       *ret_requests * timer.max };
}

/* How many retransmission timers fire before `end`, at least and at most. */
static struct range rounds_before(const struct prediction *p, struct range end)
{
	struct range rounds = { 0, 0 };

	for (size_t i = 0; i < p->n_rounds; i++) {
		if (p->rounds[i].kind == PREDICT_GIVE_UP)
			continue;
		rounds.min += p->rounds[i].at.max < end.min;
		rounds.max += p->rounds[i].at.min <= end.max;
	}
	return rounds;
}

/* The retransmission that the ICMP error starts, if the RTO was doubled. */
static struct range started_by_error(struct run *run, struct range rounds)
{
	static const char name[] = "net.ipv4.tcp_syn_linear_timeouts";
	nsec_t linear =
		kernel_has_sysctl(name) ? run_sysctl(run, "client", name) : 0;

	return (struct range){ rounds.min > linear, rounds.max > linear };
}

static void expect_timeout(struct run *run, const struct finding *got,
			   struct mark asked, const struct prediction *p)
{
	int64_t rounds = counter_change(run, "client", "TCPTimeouts") - 1;
	unsigned int frames =
		run_is_variant(run, "path") ? 1 + (unsigned int)rounds : 0;

	expect_error(got, ETIMEDOUT);
	expect_took(asked, got, p->elapsed);
	expect_number(run, "rto_retransmissions", rounds,
		      p->retransmissions_min, p->retransmissions_max);
	expect_number(run, "copies_counted",
		      counter_change(run, "client", "RetransSegs"), rounds,
		      rounds);
	unreachable_frames(run, asked, frames, frames);
	expect_counter(run, "client", "TCPAbortOnTimeout", 1);
}

static void expect_no_route(struct run *run, const struct finding *got,
			    struct mark asked)
{
	expect_error(got, ENETUNREACH);
	expect_took(asked, got, at_once);
	expect_number(run, "rto_retransmissions",
		      counter_change(run, "client", "TCPTimeouts"), 0, 0);
	unreachable_frames(run, asked, 0, 0);
	expect_counter(run, "client", "ActiveOpens", 0);
}

static void expect_no_neighbour(struct run *run, const struct finding *got,
				struct mark asked, const struct prediction *p)
{
	int64_t rounds = counter_change(run, "client", "TCPTimeouts");
	int64_t retransmissions = counter_change(run, "client", "RetransSegs");
	unsigned int requests;
	struct range end = forecast_resolution(run, &requests);
	struct range before = rounds_before(p, end);
	struct range last = started_by_error(run, before);

	before = range_add(before, last);
	expect_error(got, EHOSTUNREACH);
	expect_took(asked, got, end);
	expect_number(run, "rto_retransmissions", rounds, before.min,
		      before.max);
	expect_number(run, "copies_counted", retransmissions, last.min,
		      last.max);
	if (last.min == last.max)
		run_predicted_text(run, "report_sets_off",
				   last.min ? V_("a copy") : V_("nothing"));
	run_measured_text(run, "report_sets_off",
			  retransmissions ? "a copy" : "nothing");
	expect_counter(run, "client", "TCPSpuriousRtxHostQueues",
		       rounds - retransmissions);
	unreachable_frames(run, asked, 0, 0);
	expect_frames(run, asked, "address resolution requests",
		      FRAMES(FROM("client"), KIND(WIRE_NEIGHBOUR)),
		      requests + (unsigned int)retransmissions);
}

static void script(struct run *run)
{
	struct sock *listener =
		sock_listen(probe_start(run, "server"), BACKLOG);
	struct probe *probe = probe_start(run, "client");
	const struct prediction *p = forecast_connect(run, "client");
	struct finding got;
	struct mark asked;
	struct sock *client;

	unreachable_begin(run);
	asked = mark_now(run);
	client = sock_post_connect(probe, listener);
	mark_done(run, &asked);
	got = sock_reap(client, p->elapsed.max + SEC(1));
	if (run_is_variant(run, "interface"))
		expect_no_route(run, &got, asked);
	else if (run_is_variant(run, "neighbour"))
		expect_no_neighbour(run, &got, asked, p);
	else
		expect_timeout(run, &got, asked, p);
	expect_state(client, DIAG_CLOSE);
	expect_frames(run, asked, "answers",
		      FRAMES(FROM("server"), KIND(WIRE_TCP)), 0);
}

CASE(unreachable_connecting) = {
	.name = "unreachable-connecting",
	.claim = "connecting client, its cable, interface, path or neighbour "
		 "gone: SYNs, no SYN on the wire, or connect() fails at once",
	.topic = TOPIC_HANDSHAKE,
	.why = "connect() needs a route, and a SYN needs the neighbour's "
	       "address; in SYN-SENT an ICMP error of the own kernel ends the "
	       "attempt",
	.sources = "RFC 1122 4.2.3.9; net/ipv4/tcp_ipv4.c:tcp_v4_connect(), "
		   "tcp_v4_err(); net/ipv4/tcp_timer.c:tcp_write_timeout(); "
		   "net/core/neighbour.c:neigh_timer_handler(); "
		   "net/ipv4/tcp_output.c:skb_still_in_host_queue()",
	.steps = STEPS("the server listens; in the variant neighbour the "
		       "client has no neighbour entry for it",
		       "the client's cable is pulled; or its interface is set "
		       "down; or the path is cut; or nobody answers its "
		       "address resolution",
		       "the client connects"),
	.expect =
		"path and cable: ETIMEDOUT after 7 s, with all SYNs on the "
		"wire or none; interface: ENETUNREACH at once; neighbour: "
		"EHOSTUNREACH after 3 requests and 3 s, with timeouts counted "
		"and nothing retransmitted",
	.world = &world_pair,
	.settings = SYSCTLS({ "client", "net.ipv4.tcp_syn_retries",
			      SYN_RETRIES }),
	.variants = VARIANTS(
		{ "cable", "the client's cable is pulled, with tcp_syn_retries "
			   "of 2: the SYNs count as sent and none reaches the "
			   "wire, and ETIMEDOUT comes after 7 s" },
		{ "interface",
		  "the client's interface is set down: there is no route, and "
		  "connect() fails with ENETUNREACH at once",
		  .duration = SEC(1) },
		{ "path",
		  "the path is cut, with tcp_syn_retries of 2: all SYNs are on "
		  "the wire, and ETIMEDOUT comes after 7 s" },
		{ "neighbour",
		  "the path is cut, neighbour entries age, and tcp_syn_retries "
		  "is 4: three address resolution requests, and EHOSTUNREACH "
		  "after 3 s",
		  .world = &world_pair_ageing,
		  .settings = SYSCTLS({ "client", "net.ipv4.tcp_syn_retries",
					MORE_SYN_RETRIES }),
		  .duration = SEC(4) }),
	.changes = CHANGES(CHANGE_SYN_LINEAR),
	.duration = SEC(8),
	.script = script,
};
