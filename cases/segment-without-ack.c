/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Data with the right sequence number but without the ACK flag. Each segment of
 * an established connection has that flag; tcp_rcv_established() drops one
 * without it, and neither reads nor acknowledges its data. The control is the
 * same segment with the flag.
 */
#include "case.h"

enum { BYTES = 100, PAUSE = 60 };

static void script(struct run *run)
{
	struct pair tcp = sock_pair(run);
	struct mark injected;
	struct finding got;
	struct frame frame;

	sock_deliver(tcp.client, tcp.server, BYTES);
	/* With a TSval that PAWS accepts, which may be that of a tail loss
	 * probe. */
	frame = frames_last(run, FRAMES(FROM("client"),
					KIND(WIRE_DATA | WIRE_RETRANSMISSION)))
			->frame;
	frame.tcp.seq += BYTES;
	frame.tcp.flags = SEGMENT_PSH;
	sock_post_recv(tcp.server);
	injected = fault_inject(run, "server", &frame, NULL);
	run_pass(run, MSEC(PAUSE));
	expect_frames(run, injected, "answers",
		      FRAMES(FROM("server"), KIND(WIRE_TCP)), 0);
	if (!expect_call_blocked(tcp.server))
		return;
	frame.tcp.flags = SEGMENT_PSH | SEGMENT_ACK;
	fault_inject(run, "server", &frame, NULL);
	got = sock_reap(tcp.server, soon);
	expect_data(&got, BYTES);
}

CASE(segment_without_ack) = {
	.name = "segment-without-ack",
	.claim = "data without the ACK flag is dropped",
	.topic = TOPIC_RETRANSMISSION,
	.why = "without an acknowledgement number nothing proves that the segment "
	       "belongs to the connection",
	.sources = "RFC 9293 3.10.7.4; "
		   "net/ipv4/tcp_input.c:tcp_rcv_established()",
	.steps = STEPS("a segment of the client arrives without the ACK flag",
		       "the same segment arrives with it"),
	.expect = "neither data nor an answer; then the data",
	.world = &world_pair,
	.duration = MSEC(80),
	.script = script,
};
