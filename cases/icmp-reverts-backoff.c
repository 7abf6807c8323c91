/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A router answers each transmission with network unreachable (IPv6: no route).
 * Such an error about the oldest segment reverts the doubling of its last
 * retransmission: tcp_ld_RTO_revert(), RFC 6069. So the retransmissions are one
 * RTO apart, where port unreachable leaves the doubling as it is. The error about
 * the first transmission reverts nothing, because nothing was doubled. What is
 * left of the reverted RTO is rounded down to a jiffy.
 */
#include "case.h"

enum { BYTES = 100, ROUNDS = 4 };

#define AGAIN FRAMES(FROM("client"), KIND(WIRE_RETRANSMISSION))

static void script(struct run *run)
{
	bool reverts = run_is_variant(run, "net");
	struct pair tcp = sock_pair(run);
	struct predict_tcp in;
	const struct prediction *p;
	struct mark sent, last, before;
	char name[16];

	for (int i = 0; i < 4; i++)
		sock_deliver(tcp.client, tcp.server, BYTES);
	in = forecast_inputs(tcp.client);
	p = forecast_give_up(tcp.client);
	fault_reject(run, FRAMES(FROM("client"),
				 KIND(WIRE_DATA | WIRE_RETRANSMISSION)),
		     reverts ? WIRE_ANSWER_NET : WIRE_ANSWER_PORT);
	sent = mark_now(run);
	sock_send(tcp.client, BYTES);
	mark_done(run, &sent);
	last = expect_frame(run, sent, "first retransmission", AGAIN, 1,
			    p->rounds[0].at);
	for (unsigned int i = 1; i < ROUNDS && !last.missing; i++) {
		struct range timer = predict_timer(in.rto, in.hz);

		if (reverts)
			timer.min -= predict_nsec(1, in.hz);
		else
			timer = predict_timer(in.rto << i, in.hz);
		run_note(run, "predicted: next retransmission after %.3f .. "
			      "%.3f s",
			 nsec_seconds(timer.min), nsec_seconds(timer.max));
		before = last;
		last = expect_frame(run, last, "next retransmission", AGAIN, 2,
				    timer);
		snprintf(name, sizeof(name), "rto_%u_s", i + 1);
		run_predicted(run, name, nsec_seconds(timer.min));
		run_measured(run, name, nsec_seconds(last.at - before.at));
	}
	expect_state(tcp.client, DIAG_ESTABLISHED);
}

CASE(icmp_reverts_backoff) = {
	.name = "icmp-reverts-backoff",
	.claim = "a network-unreachable error reverts the doubling of the RTO; "
		 "port unreachable does not",
	.topic = TOPIC_RETRANSMISSION,
	.why = "the error proves that the path is broken and not congested, for "
	       "which the RTO is doubled",
	.sources = "RFC 6069; net/ipv4/tcp_ipv4.c:tcp_ld_RTO_revert(), "
		   "tcp_v4_err(); net/ipv6/tcp_ipv6.c:tcp_v6_err()",
	.steps = STEPS("the client sends, and the wire answers each of its "
		       "transmissions with an ICMP error"),
	.expect = "net: retransmissions one RTO apart; port: each RTO is twice "
		  "as long as the one before",
	.shows = SHOWS("rto_2_s", "rto_3_s", "rto_4_s"),
	.world = &world_pair,
	.settings = SYSCTLS({ "client", "net.ipv4.tcp_early_retrans", 0 }),
	.variants = VARIANTS(
		{ "net",
		  "the errors are network unreachable (IPv6: no route), which "
		  "revert the doubling: retransmissions are one RTO apart" },
		{ "port",
		  "the errors are port unreachable, which revert nothing: each "
		  "RTO is twice the one before, as the control",
		  .duration = SEC(3) }),
	.duration = SEC(1),
	.script = script,
};
