/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two segments arrive before the first is acknowledged. The ACK of both echoes
 * the timestamp of the first, so that the sender's RTT sample includes the delay
 * of the ACK: only a segment at the last acknowledged sequence number updates
 * ts_recent, tcp_replace_ts_recent() (RFC 7323 4.3). The second segment is a FIN,
 * which tcp_rcv_established() does not handle on its fast path.
 */
#include "case.h"

enum { BYTES = 100, PAUSE = 10 };

static void script(struct run *run)
{
	struct pair tcp = sock_pair(run);
	const struct wire_capture *data, *fin, *ack;
	uint32_t first, second;
	struct mark sent;

	/* The ACK of the data is delayed by 40 ms (TCP_DELACK_MIN). */
	run_delay_decides(run);
	sock_deliver(tcp.client, tcp.server, BYTES);
	run_pass(run, MSEC(2 * PAUSE));
	sock_set(tcp.server, IPPROTO_TCP, TCP_QUICKACK, 0);
	sent = mark_now(run);
	sock_send(tcp.client, BYTES);
	run_pass(run, MSEC(PAUSE));
	sock_close(tcp.client);
	data = frames_first(run, sent, "client", WIRE_DATA);
	first = data->frame.tcp.tsval;
	fin = frames_first(run, sent, "client", WIRE_FIN);
	second = fin->frame.tcp.tsval;
	ack = frames_wait(run, sent, FRAMES(FROM("server")), 1, soon);
	if (!expect_that(run, ack && ack->frame.tcp.ack == data->frame.tcp.seq +
								   BYTES + 1,
			 "one ACK acknowledges data and FIN", "%s",
			 ack ? R_("another one") : "none"))
		return;
	expect_that(run, second != first,
		    "the segments have different timestamps", "both %u", first);
	expect_number(run, "tsecr", ack->frame.tcp.tsecr, first, first);
}

CASE(tsecr_unacknowledged) = {
	.name = "tsecr-unacknowledged",
	.claim = "an ACK of several segments echoes the timestamp of the first",
	.topic = TOPIC_RETRANSMISSION,
	.why = "the sender's RTT sample must include the delay of the ACK",
	.sources = "RFC 7323 4.3; net/ipv4/tcp_input.c:tcp_replace_ts_recent()",
	.steps = STEPS("TCP_QUICKACK is 0 at the server, which delays its ACKs",
		       "the client sends, and closes 10 ms later"),
	.expect = "one ACK for both, with the TSval of the data as TSecr",
	.world = &world_pair,
	.settings = SYSCTLS({ NULL, "net.ipv4.tcp_timestamps", 1 }),
	.duration = MSEC(100),
	.no_fault = true,
	.script = script,
};
