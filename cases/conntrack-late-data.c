/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A copy of data that was acknowledged long ago reaches a gateway that drops
 * invalid segments. Its sequence number is more than the receiver's largest
 * window below the highest one. For the gateway that is below its window, but
 * for the receiver an old segment, which it answers with an ACK; and where the
 * ACKs before were lost, that ACK is what the sender waits for. So it passes
 * (NFCT_TCP_IGNORE), since 6e250dcbff1d; before it was invalid, and a
 * connection that had lost its ACKs behind the gateway stalled.
 *
 * packetdrill: conntrack_ack_loss_stall.
 */
#include "conntrack.h"

enum { BYTES = 100, MORE = 512 * 1024, LATE_MS = 400, PAUSE = 30 };

static const struct change changes[] = {
	{ KERNEL_VERSION(6, 1, 0), "6e250dcbff1d",
	  "conntrack passes data far below the window" },
	{ .what = NULL },
};

static bool is_first(const struct wire_capture *capture, const void *data)
{
	const struct frame *first = data;

	return capture->frame.tcp.seq == first->tcp.seq &&
	       capture->frame.tcp.length == BYTES;
}

static void script(struct run *run)
{
	struct pair tcp = sock_pair(run);
	bool passes = run_has_change(run, changes);
	struct frame first;
	struct mark sent, moved;
	struct finding got;
	int64_t dsacks;

	fault_duplicate(
		run,
		FRAMES(FROM("client"), KIND(WIRE_DATA), .first = 1, .count = 1),
		MSEC(LATE_MS));
	sent = mark_now(run);
	expect_delivery(tcp.client, tcp.server, BYTES);
	first = frames_first(run, sent, "client", WIRE_DATA)->frame;
	frames_count_only(run, true);
	got = sock_stream(tcp.client, tcp.server, MORE, SEC(1));
	frames_count_only(run, false);
	expect_stream(&got, MORE, 0);
	if (!expect_that(run, nsec_now() < sent.at + MSEC(LATE_MS),
			 "the transfer ends before the copy", "later"))
		return;
	moved = mark_now(run);
	dsacks = counter_change(run, "server", "TCPDSACKOldSent");
	run_pass_until(run, sent, MSEC(LATE_MS + PAUSE));
	expect_frames(run, moved, "late copies that pass the gateway",
		      FRAMES(TO("server"), .where = is_first, .data = &first),
		      passes);
	expect_frames(run, moved, "answers of the server",
		      FRAMES(TO("client"), KIND(WIRE_PURE_ACK)), passes);
	expect_number(run, "dsacks",
		      counter_change(run, "server", "TCPDSACKOldSent") - dsacks,
		      passes, passes);
	expect_delivery(tcp.client, tcp.server, BYTES);
}

CASE(conntrack_late_data) = {
	.name = "conntrack-late-data",
	.claim = "a gateway passes data far below the window, and the answer "
		 "to it",
	.topic = TOPIC_CONNTRACK,
	.why = "the answer may be what ends a stall after lost ACKs",
	.sources = "net/netfilter/nf_conntrack_proto_tcp.c:tcp_in_window(); "
		   "test: conntrack_ack_loss_stall.pkt",
	.steps = STEPS("the client sends 100 bytes through the gateway, and "
		       "the wire makes a copy that arrives 400 ms later",
		       "meanwhile 512 KiB follow, with a window of at most 64 "
		       "KiB"),
	.expect = "the copy passes the gateway, and the server answers it with "
		  "a D-SACK (before 6e250dcbff1d: it is dropped)",
	.world = &conntrack_world,
	.settings = SYSCTLS(CONNTRACK_SYSCTLS, { NULL, "net.ipv4.tcp_rmem",
						 .text = "4096 65536 65536" }),
	.changes = changes,
	.duration = MSEC(500),
	.script = script,
};
