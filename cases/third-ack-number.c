/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An ACK that acknowledges something else than the SYN-ACK arrives for a
 * half-open request: tcp_check_req() leaves it to the listener, which answers
 * with a RST whose sequence number is the wrong one. The request stays, and the
 * genuine third ACK completes it. The wire holds it, and the challenge ACK with
 * which the client may answer the RST.
 */
#include "case.h"

enum { PAUSE = 30 };

static const struct plan {
	const char *variant;
	int offset; /* of the acknowledgement number */
} plans[] = { { "beyond", 1 }, { "below", -1 }, { "far", 1 << 24 } };

static void script(struct run *run)
{
	const struct plan *plan = VARIANT_ROW(run, plans);
	const struct mark start = { 0 };
	struct sock *listener = sock_listen(probe_start(run, "server"), 1);
	struct probe *probe = probe_start(run, "client");
	struct wire_rule *held = fault_hold(
		run, FRAMES(FROM("client"), KIND(WIRE_PURE_ACK)));
	struct sock *client = sock_connect(probe, listener);
	struct sock *server = sock_peer(client, "server");
	struct frame frame =
		frames_first(run, start, "client", WIRE_PURE_ACK)->frame;
	struct mark injected;

	if (!expect_state(server, DIAG_SYN_RECV))
		return;
	frame.tcp.ack += (uint32_t)plan->offset;
	injected = fault_inject(run, "server", &frame, NULL);
	run_pass(run, MSEC(PAUSE));
	expect_frames(run, injected, "RSTs of the server",
		      FRAMES(FROM("server"), KIND(WIRE_RST)), 1);
	expect_state(server, DIAG_SYN_RECV);
	expect_counter(run, "server", "OutRsts", 1);
	expect_counter(run, "server", "EmbryonicRsts", 0);
	expect_counter(run, "server", "PassiveOpens", 0);

	fault_release(run, held);
	sock_accept(listener);
	expect_state(server, DIAG_ESTABLISHED);
	expect_state(client, DIAG_ESTABLISHED);
}

CASE(third_ack_number) = {
	.name = "third-ack-number",
	.claim = "an ACK of something else than the SYN-ACK gets a RST and leaves "
		 "the half-open request as it is",
	.topic = TOPIC_HANDSHAKE,
	.why = "who did not receive the SYN-ACK cannot complete the handshake, "
	       "and cannot end it",
	.sources = "RFC 9293 3.10.7.4; "
		   "net/ipv4/tcp_minisocks.c:tcp_check_req()",
	.steps = STEPS("the client connects, and the wire holds its third ACK",
		       "an ACK with another acknowledgement number arrives",
		       "the wire releases the third ACK"),
	.expect = "a RST, still SYN-RECV, and ESTABLISHED by the third ACK",
	.world = &world_pair,
	.variants = VARIANTS(
		{ "beyond", "the acknowledgement number is 1 greater than that "
			    "of the genuine third ACK" },
		{ "below",
		  "the acknowledgement number is 1 less than that of the "
		  "genuine third ACK, so that it acknowledges nothing" },
		{ "far", "the acknowledgement number is 16 Mi (2^24) greater "
			 "than that of the genuine third ACK" }),
	.duration = MSEC(50),
	.script = script,
};
