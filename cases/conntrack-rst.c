/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RSTs through a gateway that drops invalid segments. What it passes must be
 * what the receiver may need, and what it concludes must be what the receiver
 * concludes: nf_conntrack_tcp_packet(), TCP_CONNTRACK_CLOSE.
 *
 * - below the highest acknowledged number, or beyond the window: invalid.
 * - inside the window, but not exact: passes, and the entry stays ESTABLISHED,
 *   with a timeout that lets it live (be0502a3f2e9), because the receiver
 *   answers with a challenge ACK.
 * - exact: passes; both have closed.
 * - When one end has closed already, its entry proves nothing: a RST below the
 *   highest acknowledged number passes (tcp_can_early_drop()). Such a RST
 *   answers data that was sent before the FIN arrived. Here the client's data
 *   is held between gateway and server, while the server closes, and the client
 *   closes with unread data.
 *
 * packetdrill: conntrack_rst_invalid, conntrack_inexact_rst.
 */
#include "conntrack.h"

enum { BYTES = 100, PAUSE = 30, FAR = 8 << 20, CLOSE_TIMEOUT = 1 };

#define RESET_TO_CLIENT FRAMES(TO("client"), KIND(WIRE_RST))

static const struct plan {
	const char *variant;
	int seq; /* relative to RCV.NXT */
	bool passes, ends;
} plans[] = {
	{ "before", -BYTES / 2, false, false }, { "beyond", FAR, false, false },
	{ "inside", 1, true, false },		{ "exact", 0, true, true },
	{ "closing", 0, true, true },
};

static void expect_forged(struct run *run, struct pair *tcp,
			  const struct plan *plan)
{
	struct frame frame =
		frames_last(run, FRAMES(FROM("server"), KIND(WIRE_DATA)))
			->frame;
	struct mark injected;

	frame.tcp.seq += frame.tcp.length + (uint32_t)plan->seq;
	frame.tcp.length = 0;
	frame.tcp.flags = SEGMENT_RST;
	frame.tcp.ack = 0;
	frame.tcp.has_timestamps = false;
	injected = fault_inject(run, "gateway", &frame, NULL);
	run_pass_until(run, injected, MSEC(PAUSE));
	expect_frames(run, injected, "RSTs that reach the gateway",
		      FRAMES(TO("gateway"), KIND(WIRE_RST)), 1);
	expect_frames(run, injected, "RSTs that pass the gateway",
		      RESET_TO_CLIENT, plan->passes);
	expect_state(tcp->client, plan->ends ? DIAG_CLOSE : DIAG_ESTABLISHED);
	expect_counter(run, "client", "TCPChallengeACK",
		       plan->passes && !plan->ends);
	if (plan->ends)
		return;
	/* An entry that the RST had closed would be deleted by then. */
	if (plan->passes)
		run_pass_until(run, injected, SEC(CLOSE_TIMEOUT) + MSEC(PAUSE));
	expect_delivery(tcp->server, tcp->client, BYTES);
	expect_delivery(tcp->client, tcp->server, BYTES);
}

static void expect_closing(struct run *run, struct pair *tcp)
{
	struct mark held;
	struct wire_rule *rule = fault_hold(run, FRAMES(TO("server")));
	struct mark closed;

	sock_send(tcp->client, BYTES);
	sock_send(tcp->server, BYTES);
	sock_close(tcp->server);
	sock_wait_state(tcp->client, DIAG_CLOSE_WAIT, soon);
	closed = mark_now(run);
	sock_close(tcp->client);
	mark_done(run, &closed);
	/* Left unread: a RST. */
	expect_frame(run, closed, "the client's RST",
		     FRAMES(FROM("client"), KIND(WIRE_RST)), 1, at_once);
	held = mark_now(run);
	fault_release(run, rule);
	frames_wait(run, held, FRAMES(FROM("server"), KIND(WIRE_RST)), 1, soon);
	run_pass(run, MSEC(PAUSE));
	expect_frames_between(run, held, "RSTs of the server",
			      FRAMES(FROM("server"), KIND(WIRE_RST)), 1,
			      UINT32_MAX);
	expect_number(
		run, "passed", frames_count(run, held, RESET_TO_CLIENT),
		frames_count(run, held, FRAMES(FROM("server"), KIND(WIRE_RST))),
		frames_count(run, held,
			     FRAMES(FROM("server"), KIND(WIRE_RST))));
}

static void script(struct run *run)
{
	const struct plan *plan = VARIANT_ROW(run, plans);
	struct pair tcp = sock_pair(run);

	expect_delivery(tcp.client, tcp.server, BYTES);
	expect_delivery(tcp.server, tcp.client, BYTES);
	run_pass(run, MSEC(PAUSE + 30)); /* the last, delayed ACK */
	if (run_is_variant(run, "closing"))
		expect_closing(run, &tcp);
	else
		expect_forged(run, &tcp, plan);
}

CASE(conntrack_rst) = {
	.name = "conntrack-rst",
	.claim = "a gateway drops a RST outside the window, passes one inside "
		 "it without forgetting the connection, and any of a "
		 "connection that is closing",
	.topic = TOPIC_CONNTRACK,
	.why = "it must neither help a forged RST nor keep an honest one back",
	.sources = "net/netfilter/nf_conntrack_proto_tcp.c:"
		   "nf_conntrack_tcp_packet(), tcp_in_window(), "
		   "tcp_can_early_drop(); tests: conntrack_rst_invalid.pkt, "
		   "conntrack_inexact_rst.pkt",
	.steps = STEPS("client and server exchange data through the gateway",
		       "a RST of the server is forged: 50 bytes below RCV.NXT, "
		       "8 MiB beyond it, one beyond it, or exact",
		       "closing: the wire holds the client's data behind the "
		       "gateway; the server closes; the client closes with "
		       "unread data; the data arrives"),
	.expect = "before and beyond: dropped; inside: a challenge ACK; after "
		  "these data still goes both ways; exact: the client's end "
		  "is gone; closing: the server's RST, below what the client "
		  "has acknowledged, passes",
	.world = &conntrack_world,
	/* A connection that the gateway has forgotten is invalid. */
	.settings = SYSCTLS(
		CONNTRACK_SYSCTLS,
		{ "gateway", "net.netfilter.nf_conntrack_tcp_loose", 0 },
		{ "gateway", "net.netfilter.nf_conntrack_tcp_timeout_close",
		  CLOSE_TIMEOUT }),
	.variants = VARIANTS(
		{ "before",
		  "the forged RST is 50 bytes below RCV.NXT: the gateway drops "
		  "it as invalid, and the connection goes on" },
		{ "beyond", "the forged RST is 8 MiB beyond RCV.NXT and so "
			    "beyond the window: the gateway drops it as "
			    "invalid, and the connection goes on" },
		{ "inside",
		  "the forged RST is 1 beyond RCV.NXT, inside the window: it "
		  "passes, the client answers with a challenge ACK, and the "
		  "gateway keeps its entry",
		  .duration = MSEC(1200) },
		{ "exact", "the forged RST has exactly RCV.NXT: it passes and "
			   "ends the client's end of the connection" },
		{ "closing", "the RST is the server's own and below what the "
			     "client has acknowledged, after both ends have "
			     "closed: the gateway passes it" }),
	.needs = CONNTRACK_NEEDS,
	.duration = MSEC(120),
	.script = script,
};
