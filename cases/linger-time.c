/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SO_LINGER with a time. close() sends a FIN as usual and waits until it is
 * acknowledged, but not longer than the time (sk_stream_wait_close()); then the
 * socket is an orphan like any other. Only a time of 0 makes it a RST. The peer may
 * delay that ACK by 40 ms (tcp_fin() enters pingpong mode).
 */
#include "case.h"

enum { SECONDS = 1, BYTES = 100, ATO_MIN_MS = 40 };

static void script(struct run *run)
{
	bool cut = run_is_variant(run, "unacknowledged");
	struct pair tcp = sock_pair(run);
	unsigned int hz = nsec_hz();
	struct range range = {
		.max = predict_timer(MSEC(ATO_MIN_MS), hz).max,
	};
	struct mark closed;

	sock_deliver(tcp.client, tcp.server, BYTES);
	sock_linger(tcp.client, SECONDS);
	if (cut) {
		range = predict_timer(SEC(SECONDS), hz);
		fault_cut(run, "server");
	}
	closed = mark_now(run);
	sock_close(tcp.client);
	expect_span(run, "close()", mark_now(run).at - closed.at, range);
	run_elapsed(run, range, mark_now(run).at - closed.at);
	expect_frames(run, closed, "RSTs", FRAMES(KIND(WIRE_RST)), 0);
	if (!expect_state(tcp.client, cut ? DIAG_FIN_WAIT1 : DIAG_FIN_WAIT2))
		return;
	expect_held(tcp.client, false);
}

CASE(linger_time) = {
	.name = "linger-time",
	.claim = "SO_LINGER with a time: close() waits for the ACK of the FIN, at "
		 "most so long, and sends no RST",
	.topic = TOPIC_CLOSE,
	.why = "a program that waits knows whether the peer received everything",
	.sources = "net/ipv4/tcp.c:__tcp_close(); "
		   "net/core/stream.c:sk_stream_wait_close()",
	.steps = STEPS("SO_LINGER is set to 1 s",
		       "the client closes; unacknowledged: the path is cut"),
	.expect = "acknowledged: close() returns with the ACK, FIN-WAIT-2; "
		  "unacknowledged: after 1 s, FIN-WAIT-1 without a process",
	.world = &world_pair,
	.variants = VARIANTS(
		{ "acknowledged", "the server acknowledges the FIN: close() "
				  "returns with the ACK, in FIN-WAIT-2" },
		{ "unacknowledged", "the path is cut before close(): close() "
				    "returns after 1 s, in FIN-WAIT-1" }),
	.duration = SEC(SECONDS),
	.no_fault = true,
	.script = script,
};
