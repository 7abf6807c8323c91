/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A window update is believed only if it is not older than the last one:
 * tcp_may_update_window() compares its sequence number with snd_wl1, that of
 * the segment from which the window was last taken. The fast path of
 * tcp_rcv_established() takes no window from data. Until 18ded910b589 it also
 * left snd_wl1 alone, so that after 2 GiB of received data every sequence
 * number was below it, and a window that opened was never seen: the transfer in
 * the other direction hung for ever.
 *
 * The client's window is zero while it receives. The answers to its window
 * probes would move snd_wl1 as well, so the probes are lost.
 */
#include "case.h"

static const uint64_t upload = 8 << 20;
static const uint64_t bulk = (2ULL << 30) + (64 << 20);

#define PROBES FRAMES(FROM("client"), KIND(WIRE_KEEPALIVE_PROBE))

static const struct change changes[] = {
	{ KERNEL_VERSION(5, 10, 0), "18ded910b589",
	  "received data moves snd_wl1 in the fast path, too" },
	{ .what = NULL },
};

static bool is_closed(const struct wire_capture *capture,
		      const void *data MACRO_UNUSED)
{
	return capture->frame.tcp.window == 0;
}

static bool is_open(const struct wire_capture *capture,
		    const void *data MACRO_UNUSED)
{
	return capture->frame.tcp.window > 0;
}

#define ACK_OF_SERVER(where_)                                                  \
	FRAMES(FROM("server"), KIND(WIRE_PURE_ACK), .where = (where_))

static void script(struct run *run)
{
	struct pair tcp = sock_pair(run);
	bool resumes = run_has_change(run, changes);
	struct mark sent = mark_now(run), read;
	struct finding got;

	fault_drop(run, PROBES);
	sock_post_send_stream(tcp.client, upload);
	if (!expect_that(
		    run,
		    frames_wait(run, sent, ACK_OF_SERVER(is_closed), 1, soon),
		    "zero window", "none"))
		return;
	frames_count_only(run, true);
	got = sock_stream(tcp.server, tcp.client, bulk, SEC(60));
	frames_count_only(run, false);
	expect_stream(&got, bulk, 0);
	/* Each segment of the server says that the window is zero, and arms the
	 * persist timer again (tcp_ack_probe()): a fast transfer is over before
	 * the first probe. */
	if (!expect_that(run, frames_wait(run, sent, PROBES, 1, SEC(2)),
			 "a window probe, lost", "none"))
		return;
	expect_call_blocked(tcp.client);

	read = mark_now(run);
	sock_post_recv_stream(tcp.server, upload);
	read = expect_frame(run, read, "window update", ACK_OF_SERVER(is_open),
			    1, (struct range){ 0, soon });
	expect_frames_between(run, read, "data in reply",
			      FRAMES(FROM("client"), KIND(WIRE_DATA)), resumes,
			      UINT32_MAX);
	got = sock_reap(tcp.server, SEC(5));
	if (resumes)
		expect_stream(&got, upload, 0);
	else
		expect_open(&got);
}

CASE(snd_wl1_bulk) = {
	.name = "snd-wl1-bulk",
	.claim = "a window that opens is seen also after 2 GiB were received "
		 "at a zero window",
	.topic = TOPIC_ZERO_WINDOW,
	.why = "sequence numbers are compared within 2 GiB; what the update is "
	       "compared with must keep up",
	.sources = "RFC 9293 3.10.7.4; net/ipv4/tcp_input.c:"
		   "tcp_may_update_window(), tcp_rcv_established()",
	.steps = STEPS("the client sends until the server's window is zero; "
		       "its window probes are lost",
		       "the server sends 2 GiB and 64 MiB", "the server reads"),
	.expect = "data right after the window update; all 8 MiB arrive "
		  "(before 18ded910b589: never)",
	.world = &world_pair_bulk,
	/* A larger buffer of the server may refuse the last large frame in its
	 * window (tcp_prune_queue()), which is then retransmitted, and no window
	 * probe is sent. */
	.settings = SYSCTLS({ "server", "net.ipv4.tcp_rmem",
			      .text = "4096 65536 65536" },
			    { "client", "net.ipv4.tcp_wmem",
			      .text = "4096 1048576 1048576" }),
	.changes = changes,
	.duration = SEC(5),
	/* Gigabytes need a whole processor and would delay other runs. */
	.slow = true,
	.exclusive = true,
	.script = script,
};
