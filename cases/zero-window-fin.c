/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A FIN without data that arrives at a zero window. It occupies a sequence
 * number beyond the window, but no memory. Linux accepts it since 2bd99aef1b19:
 * tcp_data_queue() lets it pass, because some stacks send it in a loop. 6.17
 * stopped that by accident, with a stricter tcp_sequence() (9ca48d616ed7), and
 * 1e3bb184e941 repaired it.
 *
 * Linux itself sends no such FIN: tcp_snd_wnd_test() keeps it back like data.
 * So it is forged, a copy of the client's last segment. Data at the same place
 * is the control: it is dropped (TCPZeroWindowDrop, or before
 * tcp_data_queue()).
 */
#include "zero-window.h"

enum { PAUSE = 30 };

#define ANSWER FRAMES(FROM("server"), KIND(WIRE_PURE_ACK))

static const struct change changes[] = {
	{ KERNEL_VERSION(6, 10, 0), "2bd99aef1b19",
	  "a FIN without data is accepted at a zero window", .stable = true,
	  .absent = { KERNEL_VERSION(5, 10, 223), KERNEL_VERSION(6, 1, 192) } },
	{ KERNEL_VERSION(7, 0, 0), "1e3bb184e941",
	  "and again, after 6.17 did not", .stable = true,
	  .present = { KERNEL_VERSION(6, 18, 33) } },
	{ .what = NULL },
};

static bool is_accepted(struct run *run)
{
	if (kernel_version() >= KERNEL_VERSION(6, 17, 0))
		return run_has_change(run, &changes[1]);
	return run_has_change(run, &changes[0]);
}

/* The client's next segment, with a TSval that PAWS accepts, which may be that
 * of a tail loss probe. */
static struct frame next_segment(struct run *run)
{
	struct frame frame =
		frames_last(run, FRAMES(FROM("client"),
					KIND(WIRE_DATA | WIRE_RETRANSMISSION)))
			->frame;

	frame.tcp.seq = frames_last(run, ZERO_WINDOW_ACK)->frame.tcp.ack;
	return frame;
}

static void script(struct run *run)
{
	bool accepted = is_accepted(run);
	struct zero_window stage;
	struct frame frame;
	struct mark injected;
	uint32_t next;

	if (!zero_window_reach(run, &stage))
		return;
	frame = next_segment(run);
	next = frame.tcp.seq;
	frame.tcp.length = 1;
	injected = fault_inject(run, "server", &frame, NULL);
	run_pass_until(run, injected, MSEC(PAUSE));
	expect_that(run,
		    frames_last(run, ZERO_WINDOW_ACK)->frame.tcp.ack == next,
		    "the byte beyond the window is not acknowledged", "ack %u",
		    frames_last(run, ZERO_WINDOW_ACK)->frame.tcp.ack);

	frame.tcp.flags = SEGMENT_FIN | SEGMENT_ACK;
	frame.tcp.length = 0;
	injected = fault_inject(run, "server", &frame, NULL);
	/* Where tcp_prune_queue() finds memory for the FIN, the ACK is delayed,
	 * and the window is open again. */
	expect_frame(run, injected, "answer to the FIN", ANSWER, 1,
		     (struct range){ 0, soon });
	next += accepted;
	expect_that(run, frames_last(run, ANSWER)->frame.tcp.ack == next,
		    accepted ? "the FIN is acknowledged" :
			       "the FIN is not acknowledged",
		    "ack %u, expected %u",
		    frames_last(run, ANSWER)->frame.tcp.ack, next);
	expect_state(stage.tcp.server,
		     accepted ? DIAG_CLOSE_WAIT : DIAG_ESTABLISHED);
}

CASE(zero_window_fin) = {
	.name = "zero-window-fin",
	.claim = "a FIN without data is accepted at a zero window; data is not",
	.topic = TOPIC_ZERO_WINDOW,
	.why = "it needs no memory, and a peer that repeats it would never "
	       "stop",
	.sources = "RFC 9293 3.10.7.4; net/ipv4/tcp_input.c:tcp_data_queue(), "
		   "tcp_sequence()",
	.steps = STEPS("the server's host is frozen, and the client sends "
		       "until the window is zero",
		       "the control: the next byte is forged",
		       "a FIN at the same sequence number is forged"),
	.expect = "the byte is not acknowledged; the FIN is, and the server is "
		  "in CLOSE-WAIT (before 2bd99aef1b19, and from 6.17 to "
		  "1e3bb184e941: neither)",
	.world = &world_pair,
	.settings = SYSCTLS(ZERO_WINDOW_SYSCTLS),
	.changes = changes,
	.duration = MSEC(100),
	.script = script,
};
