/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two segments, of which the first is lost and sent again; one ACK acknowledges
 * both. Without SACK and timestamps the time of that ACK says nothing about the
 * second segment, which has waited for the retransmission of the first:
 * tcp_clean_rtx_queue() takes no RTT sample where FLAG_RETRANS_DATA_ACKED is
 * set, so that the RTO stays doubled and the RTT what it was.
 */
#include "case.h"

enum { SIZE = 1000, PAUSE = 50 };

#define DATA FROM("client"), KIND(WIRE_DATA)
#define RETRANSMISSION FROM("client"), KIND(WIRE_RETRANSMISSION)

static struct tcp_info read_info(struct sock *sock)
{
	struct diag_socket seen = { .has_info = false };

	sock_look(sock, &seen);
	return seen.info;
}

static void script(struct run *run)
{
	struct pair tcp = sock_pair(run);
	struct tcp_info before, after;
	struct range timer;
	struct mark sent;

	sock_set(tcp.client, IPPROTO_TCP, TCP_NODELAY, 1);
	sock_deliver(tcp.client, tcp.server, SIZE);
	sock_deliver(tcp.client, tcp.server, SIZE);
	before = read_info(tcp.client);
	timer = forecast_give_up(tcp.client)->rounds[0].at;

	fault_drop(run, FRAMES(DATA, .first = 1, .count = 1));
	sent = mark_now(run);
	sock_send(tcp.client, SIZE);
	sock_send(tcp.client, SIZE);
	mark_done(run, &sent);
	if (expect_frame(run, sent, "retransmission of the first segment",
			 FRAMES(RETRANSMISSION), 1, timer)
		    .missing)
		return;
	run_pass(run, MSEC(PAUSE));
	after = read_info(tcp.client);
	expect_number(run, "unacked", after.tcpi_unacked, 0, 0);
	expect_frames(run, sent, "retransmissions", FRAMES(RETRANSMISSION), 1);
	expect_number(run, "rtt_us", after.tcpi_rtt, before.tcpi_rtt,
		      before.tcpi_rtt);
	expect_number(run, "rto_us", after.tcpi_rto, 2 * before.tcpi_rto,
		      2 * before.tcpi_rto);
}

CASE(karn_several) = {
	.name = "karn-several",
	.claim = "an ACK of several segments gives no RTT sample if one of them "
		 "was retransmitted",
	.topic = TOPIC_RETRANSMISSION,
	.why = "the segments after a lost one are acknowledged only when it has "
	       "arrived, an RTO later",
	.sources = "RFC 6298 3 (Karn); net/ipv4/tcp_input.c:"
		   "tcp_clean_rtx_queue(), tcp_ack_update_rtt()",
	.steps = STEPS("a connection without SACK and timestamps",
		       "the client sends two segments; the first is lost",
		       "its retransmission arrives, and one ACK acknowledges "
		       "both"),
	.expect = "srtt is the same as before, and the RTO stays doubled",
	.world = &world_pair,
	.settings = SYSCTLS({ "client", "net.ipv4.tcp_sack", 0 },
			    { "client", "net.ipv4.tcp_timestamps", 0 }),
	.duration = MSEC(300),
	.script = script,
};
