/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Both ends close before either has received the other's FIN. Each is in
 * FIN-WAIT-1 when the FIN arrives: tcp_fin() acknowledges it at once (this end
 * has nothing more to send that could carry the ACK) and enters CLOSING. With
 * the ACK of its own FIN tcp_rcv_state_process() enters TIME-WAIT, at both
 * ends.
 *
 * The wire holds both FINs until both are in flight, and then both ACKs, so
 * that CLOSING can be observed. The handshake takes 0.4 s, so that the RTO is
 * above a second and nothing is retransmitted meanwhile. The second FIN leaves
 * after the ACK of the first, because an ICMPv6 report that a host sent during the
 * handshake is still on its slow path, and a FIN of that host stays behind it.
 */
#include "case.h"

static const nsec_t slow_path = MSEC(200);

static struct wire_rule *hold_first(struct run *run, const char *host,
				    unsigned int kind)
{
	return fault_hold(run, FRAMES(FROM(host), KIND(kind), .count = 1));
}

static void expect_both(const struct pair *tcp, enum diag_state state)
{
	expect_state_within(tcp->client, state, soon);
	expect_state_within(tcp->server, state, soon);
}

static void wait_for(struct run *run, struct mark since, const char *host,
		     unsigned int kind)
{
	frames_wait(run, since, FRAMES(FROM(host), KIND(kind)), 1, soon);
}

static void script(struct run *run)
{
	struct wire_rule *fins[2], *acks[2];
	struct mark closed, released;
	struct pair tcp;

	path_delay(run, "client", slow_path);
	tcp = sock_pair(run);
	path_delay(run, "client", 0); /* accepted, so nothing is in flight */
	fins[0] = hold_first(run, "client", WIRE_FIN);
	fins[1] = hold_first(run, "server", WIRE_FIN);
	acks[0] = hold_first(run, "client", WIRE_PURE_ACK);
	acks[1] = hold_first(run, "server", WIRE_PURE_ACK);

	closed = mark_now(run);
	sock_close(tcp.client);
	sock_close(tcp.server);
	wait_for(run, closed, "client", WIRE_FIN);
	wait_for(run, closed, "server", WIRE_FIN);
	expect_both(&tcp, DIAG_FIN_WAIT1);
	fault_release(run, fins[0]);
	wait_for(run, closed, "server", WIRE_PURE_ACK);
	fault_release(run, fins[1]);
	wait_for(run, closed, "client", WIRE_PURE_ACK);
	expect_both(&tcp, DIAG_CLOSING);
	released = mark_now(run);
	fault_release(run, acks[0]);
	fault_release(run, acks[1]);
	expect_both(&tcp, DIAG_TIME_WAIT);
	mark_done(run, &released);

	expect_timer_armed(tcp.client, DIAG_TIMER_TIME_WAIT,
			   "client_time_wait_s", released, time_wait_length);
	expect_timer_armed(tcp.server, DIAG_TIMER_TIME_WAIT,
			   "server_time_wait_s", released, time_wait_length);
	expect_exchange(run, closed, "two FINs, then two ACKs",
			"client F. 1:1(0) ack 1, server F. 1:1(0) ack 1, "
			"server . 2:2(0) ack 2, client . 2:2(0) ack 2");
	expect_time_waits(run, "client", 1);
	expect_time_waits(run, "server", 1);
}

CASE(simultaneous_close) = {
	.name = "simultaneous-close",
	.claim =
		"both ends close, and the FINs cross: CLOSING, then TIME-WAIT, "
		"at both ends",
	.judgements = CLAIMS(
		{ "C1", DOCUMENT_CONDITIONAL,
		  "the seven steps are those of an end that closes and an end "
		  "that answers; when the FINs cross, tcp_fin() goes from "
		  "FIN-WAIT-1 to CLOSING, which the document does not "
		  "mention" },
		{ "C2", DOCUMENT_RIGHT,
		  "both have TIME-WAIT, and both have closed actively: "
		  "tcp_rcv_state_process() in CLOSING" }),
	.why = "each end has sent its FIN before it receives the other's, so "
	       "each must stay in case its ACK is lost",
	.sources = "RFC 9293 3.6 figure 13; net/ipv4/tcp_input.c:tcp_fin(), "
		   "tcp_rcv_state_process()",
	.steps = STEPS("a connection, idle; the wire will hold the first FIN "
		       "and the first ACK of either host",
		       "client and server close; both FINs are on the wire",
		       "both FINs are released; both ACKs are on the wire",
		       "both ACKs are released"),
	.expect = "both ends in FIN-WAIT-1, then in CLOSING, then in TIME-WAIT "
		  "with a timer of 60 s",
	.world = &world_pair,
	.duration = SEC(1),
	.script = script,
};
