/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Data arrives although the window is zero: tcp_data_queue() drops it
 * (TCPZeroWindowDrop) and answers with an ACK that repeats the zero window. The
 * segment is forged, with the next sequence number, so the stream that the server
 * reads after the thaw shows whether it was kept. Since 6.17 tcp_sequence() drops
 * it already, because it ends beyond the window, and counts it as BeyondWindow.
 */
#include "zero-window.h"

enum { BYTES = 10, PAUSE = 20 };

static void script(struct run *run)
{
	const struct wire_capture *ack;
	struct zero_window stage;
	struct mark injected;
	struct finding got;
	struct frame frame;

	if (!zero_window_reach(run, &stage))
		return;
	/* With a TSval that PAWS accepts, which may be that of a tail loss
	 * probe. */
	frame = frames_last(run, FRAMES(FROM("client"),
					KIND(WIRE_DATA | WIRE_RETRANSMISSION)))
			->frame;
	ack = frames_last(run, ZERO_WINDOW_ACK);
	frame.tcp.seq = ack->frame.tcp.ack;
	frame.tcp.length = BYTES;
	injected = fault_inject(run, "server", &frame, NULL);
	run_pass(run, MSEC(PAUSE));
	expect_frames(run, injected, "ACKs with a zero window", ZERO_WINDOW_ACK,
		      1);
	expect_counter(run, "server",
		       kernel_version() < KERNEL_VERSION(6, 17, 0) ?
			       "TCPZeroWindowDrop" :
			       "BeyondWindow",
		       1);

	fault_thaw(run, "server");
	got = sock_reap(stage.tcp.server, SEC(2));
	expect_stream(&got, ZERO_WINDOW_BYTES, 0);
}

CASE(zero_window_data) = {
	.name = "zero-window-data",
	.claim = "data that arrives at a zero window is dropped, and answered "
		 "with the zero window",
	.topic = TOPIC_ZERO_WINDOW,
	.why = "the receiver has no room for it, and its sender must find out",
	.sources = "RFC 9293 3.10.7.4; net/ipv4/tcp_input.c:tcp_data_queue()",
	.steps = STEPS("the server's host is frozen, and the client sends until "
		       "the window is zero",
		       "a forged segment of 10 bytes arrives",
		       "the server is thawed and reads"),
	.expect = "one ACK with a zero window, TCPZeroWindowDrop (6.17: "
		  "BeyondWindow); the server reads what the client sent",
	.world = &world_pair,
	.settings = SYSCTLS(ZERO_WINDOW_SYSCTLS),
	.changes = CHANGES({ KERNEL_VERSION(6, 17, 0), "9ca48d616ed7",
			     "a segment that ends beyond the window is dropped "
			     "and counted as BeyondWindow" }),
	.duration = MSEC(300),
	.script = script,
};
