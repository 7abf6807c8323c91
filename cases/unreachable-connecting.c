/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The client that connects, in the four ways (see unreachable.h). Here they are
 * as far apart as can be.
 *
 * path: SYN and its copies go out; ETIMEDOUT by tcp_write_timeout().
 *
 * cable: the same by the kernel's count and clock, and not one frame. A route
 * without carrier is a route, so connect() finds one.
 *
 * interface: without a route there is no SYN: tcp_v4_connect() returns
 * ENETUNREACH as connect() is called.
 *
 * neighbour: the SYN waits in the client's own arp_queue. For an established
 * connection host unreachable would be a soft error; in SYN-SENT tcp_v4_err()
 * ends connect() by it, as soon as mcast_solicit questions, retrans_time apart,
 * have not been answered: EHOSTUNREACH. The retransmission timer fires
 * meanwhile and is counted, but makes no copy at all: the SYN is still in the
 * host's own queue, skb_still_in_host_queue() (TCPSpuriousRtxHostQueues).
 *
 * Where the RTO has been doubled, the report first takes a doubling back and,
 * that time being over, sets off one more round: tcp_ld_RTO_revert(). By then
 * the SYN has been thrown out of the arp_queue (the report went by way of the
 * loopback interface), and the round makes a copy, which asks for the address
 * again. Before 6.5 each round of a SYN doubles the RTO; and if that round is
 * the one too many for tcp_syn_retries, the error is ETIMEDOUT after all. Hence
 * more of them here.
 * Since 6.5 four rounds go by without doubling (tcp_syn_linear_timeouts), and
 * the report finds nothing to take back.
 */
#include "unreachable.h"

enum { SYN_RETRIES = 2, MORE_SYN_RETRIES = 4, BACKLOG = 16 };

#define SYNS FRAMES(FROM("client"), KIND(WIRE_SYN))

static long neighbour_sysctl(struct run *run, const char *name)
{
	char full[80];

	snprintf(full, sizeof(full), "net.ipv%d.neigh.eth0.%s",
		 unreachable_over_v6(run) ? 6 : 4, name);
	return run_sysctl(run, "client", full);
}

/* neigh_timer_handler(): one timer after each question. */
static struct range forecast_questions(struct run *run, unsigned int *ret_n)
{
	nsec_t apart = MSEC(neighbour_sysctl(run, "retrans_time_ms"));
	struct range timer = predict_timer(apart, nsec_hz());

	*ret_n = (unsigned int)neighbour_sysctl(run, "mcast_solicit");
	return (struct range){ *ret_n * timer.min, *ret_n * timer.max };
}

/* The rounds that come before `end`, for certain and perhaps. */
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

/* The round that the report itself sets off: where the RTO was doubled. */
static struct range reverted(struct run *run, struct range rounds)
{
	static const char name[] = "net.ipv4.tcp_syn_linear_timeouts";
	nsec_t linear =
		kernel_has_sysctl(name) ? run_sysctl(run, "client", name) : 0;

	return (struct range){ rounds.min > linear, rounds.max > linear };
}

static void gives_up(struct run *run, const struct finding *got,
		     struct mark dialled, const struct prediction *p)
{
	bool path = run_is_variant(run, "path");
	int64_t rounds = counter_change(run, "client", "TCPTimeouts") - 1;
	unsigned int frames = path ? 1 + (unsigned int)rounds : 0;

	expect_error(got, ETIMEDOUT);
	expect_took(dialled, got, p->elapsed);
	expect_number(run, "rto_retransmissions", rounds,
		      p->retransmissions_min, p->retransmissions_max);
	expect_number(run, "copies_counted",
		      counter_change(run, "client", "RetransSegs"), rounds,
		      rounds);
	unreachable_frames(run, dialled, frames, frames);
	expect_counter(run, "client", "TCPAbortOnTimeout", 1);
}

static void is_refused(struct run *run, const struct finding *got,
		       struct mark dialled)
{
	expect_error(got, ENETUNREACH);
	expect_took(dialled, got, at_once);
	expect_number(run, "rto_retransmissions",
		      counter_change(run, "client", "TCPTimeouts"), 0, 0);
	unreachable_frames(run, dialled, 0, 0);
	expect_counter(run, "client", "ActiveOpens", 0);
}

static void is_unknown(struct run *run, const struct finding *got,
		       struct mark dialled, const struct prediction *p)
{
	int64_t rounds = counter_change(run, "client", "TCPTimeouts");
	unsigned int questions;
	struct range end = forecast_questions(run, &questions);
	struct range before = rounds_before(p, end);
	struct range last = reverted(run, before);
	int64_t copies = counter_change(run, "client", "RetransSegs");

	before = range_add(before, last);
	expect_error(got, EHOSTUNREACH);
	expect_took(dialled, got, end);
	expect_number(run, "rto_retransmissions", rounds, before.min,
		      before.max);
	expect_number(run, "copies_counted", copies, last.min, last.max);
	if (last.min == last.max)
		run_predicted_text(run, "report_sets_off",
				   last.min ? "a copy" : "nothing");
	run_measured_text(run, "report_sets_off",
			  copies ? "a copy" : "nothing");
	expect_counter(run, "client", "TCPSpuriousRtxHostQueues",
		       rounds - copies);
	unreachable_frames(run, dialled, 0, 0);
	expect_frames(run, dialled, "questions instead",
		      FRAMES(FROM("client"), KIND(WIRE_NEIGHBOUR)),
		      questions + (unsigned int)copies);
}

static void script(struct run *run)
{
	struct sock *listener =
		sock_listen(probe_start(run, "server"), BACKLOG);
	struct probe *probe = probe_start(run, "client");
	const struct prediction *p = forecast_connect(run, "client");
	struct finding got;
	struct mark dialled;
	struct sock *client;

	unreachable_begin(run);
	dialled = mark_now(run);
	client = sock_post_connect(probe, listener);
	mark_done(run, &dialled);
	got = sock_reap(client, p->elapsed.max + SEC(1));
	if (run_is_variant(run, "interface"))
		is_refused(run, &got, dialled);
	else if (run_is_variant(run, "neighbour"))
		is_unknown(run, &got, dialled, p);
	else
		gives_up(run, &got, dialled, p);
	expect_state(client, DIAG_CLOSE);
	expect_frames(run, dialled, "answers",
		      FRAMES(FROM("server"), KIND(WIRE_TCP)), 0);
}

CASE(unreachable_connecting) = {
	.name = "unreachable-connecting",
	.claim = "connecting client, its cable, interface, path or neighbour "
		 "gone: SYNs, none at all, or not even a connect()",
	.why = "connect() needs a route, and a SYN an address to be sent to; "
	       "in SYN-SENT a report of the own kernel is the end",
	.sources = "RFC 1122 4.2.3.9; net/ipv4/tcp_ipv4.c:tcp_v4_connect(), "
		   "tcp_v4_err(); net/ipv4/tcp_timer.c:tcp_write_timeout(); "
		   "net/core/neighbour.c:neigh_timer_handler(); "
		   "net/ipv4/tcp_output.c:skb_still_in_host_queue()",
	.steps = STEPS("the server listens; the client does not know its "
		       "address' MAC in one variant",
		       "the client's cable is pulled; or its interface set "
		       "down; or the path is cut; or nobody answers its "
		       "questions",
		       "the client connects"),
	.expect = "ETIMEDOUT after 7 s with path and cable, the SYNs on the "
		  "wire or none of them; ENETUNREACH at once with the "
		  "interface; EHOSTUNREACH after 3 questions and 3 s with the "
		  "neighbour, with time-outs counted and nothing copied",
	.world = &world_pair,
	.settings = SYSCTLS({ "client", "net.ipv4.tcp_syn_retries",
			      SYN_RETRIES }),
	.variants = VARIANTS(
		{ "cable" }, { "interface", .duration = SEC(1) }, { "path" },
		{ "neighbour", .world = &world_pair_ageing,
		  .settings = SYSCTLS({ "client", "net.ipv4.tcp_syn_retries",
					MORE_SYN_RETRIES }),
		  .duration = SEC(4) }),
	.changes = CHANGES(CHANGE_SYN_LINEAR),
	.duration = SEC(8),
	.script = script,
};
