/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The reader reads again. Its kernel announces the window with an ACK
 * (tcp_cleanup_rbuf(), __tcp_select_window()); that ends the persist timer
 * (tcp_ack_probe()), and the client sends at once. The update is a pure ACK,
 * which nobody acknowledges or retransmits: where it is lost, only the next
 * window probe finds the window open. That is what the probes are for.
 */
#include "zero-window.h"

enum { PROBES = 2, USER_TIMEOUT_MS = 1000 };

#define DATA FRAMES(FROM("client"), KIND(WIRE_DATA))

static void expect_transfer(struct zero_window *stage)
{
	struct finding got = sock_reap(stage->tcp.server, SEC(2));

	expect_stream(&got, ZERO_WINDOW_BYTES, 0);
	expect_state(stage->tcp.client, DIAG_ESTABLISHED);
}

/* Nothing is left of the first zero window: neither its backoff nor the start of
 * TCP_USER_TIMEOUT, which is shorter than both together. */
static void expect_fresh_schedule(struct run *run, struct zero_window *stage)
{
	struct mark probed;

	if (!zero_window_fill(run, stage))
		return;
	probed = stage->stalled;
	for (unsigned int i = 1; i <= PROBES; i++)
		probed = expect_frame(run, probed, "window probe",
				      ZERO_WINDOW_PROBE, i == 1 ? 1 : 2,
				      zero_window_timer(run, &stage->inputs, i));
	fault_thaw(run, "server");
	expect_transfer(stage);
}

static void script(struct run *run)
{
	bool lost = run_is_variant(run, "update-lost");
	struct wire_rule *drop = NULL;
	struct zero_window stage;
	struct mark probed, update, resumed;
	struct range next;

	if (!zero_window_reach(run, &stage))
		return;
	if (run_is_variant(run, "again"))
		sock_set(stage.tcp.client, IPPROTO_TCP, TCP_USER_TIMEOUT,
			 USER_TIMEOUT_MS);
	probed = stage.stalled;
	for (unsigned int i = 1; i <= PROBES; i++)
		probed = expect_frame(run, probed, "window probe",
				      ZERO_WINDOW_PROBE, i == 1 ? 1 : 2,
				      zero_window_timer(run, &stage.inputs, i));
	if (probed.missing)
		return;
	next = zero_window_timer(run, &stage.inputs, PROBES + 1);

	if (lost)
		drop = fault_drop(run, ZERO_WINDOW_UPDATE);
	update = mark_now(run);
	fault_thaw(run, "server");
	update = expect_frame(run, update, "window update", ZERO_WINDOW_UPDATE,
			      1, (struct range){ 0, soon });
	if (lost) {
		run_pass(run, MSEC(50));
		fault_disarm(run, drop);
		expect_frames(run, stage.stalled, "data without the update",
			      DATA, 0);
		update = expect_frame(run, probed, "next probe",
				      ZERO_WINDOW_PROBE, 2, next);
	}
	resumed = expect_frame(run, update, "data", DATA, 1, at_once);
	run_elapsed(run, lost ? next : at_once,
		    resumed.at - (lost ? probed : update).at);
	expect_transfer(&stage);
	expect_number(run, "probes",
		      frames_count(run, stage.stalled, ZERO_WINDOW_PROBE),
		      PROBES + lost, PROBES + lost);
	expect_counter(run, "client", "TCPWinProbe", PROBES + lost);
	expect_counter(run, "client", "TCPTimeouts", 0);
	expect_counter(run, "server", "TCPToZeroWindowAdv", 1);
	expect_counter(run, "server", "TCPFromZeroWindowAdv", 1);
	if (run_is_variant(run, "again"))
		expect_fresh_schedule(run, &stage);
}

CASE(zero_window_reopens) = {
	.name = "zero-window-reopens",
	.claim = "the window opens: the update resumes the transfer at once; "
		 "where it is lost, the next window probe does",
	.topic = TOPIC_ZERO_WINDOW,
	.why = "a window update is a pure ACK and is not retransmitted",
	.sources = "RFC 9293 3.8.6.1; net/ipv4/tcp.c:__tcp_cleanup_rbuf(); "
		   "net/ipv4/tcp_input.c:tcp_ack_probe(); "
		   "net/ipv4/tcp_timer.c:tcp_probe_timer()",
	.steps = STEPS("the server's host is frozen, and the client sends "
		       "until the window is zero",
		       "after two window probes the server is thawed and reads",
		       "update-lost: the wire drops the window updates; again: "
		       "a second zero window on the same connection"),
	.expect = "data right after the window update; update-lost: nothing "
		  "until the third probe, 4 RTO after the second, and data "
		  "right after its answer; again: the second schedule is that "
		  "of the first. All bytes arrive",
	.shows = SHOWS("elapsed_s", "probes"),
	.world = &world_pair,
	.settings = SYSCTLS(ZERO_WINDOW_SYSCTLS),
	.variants = VARIANTS(
		{ "update", "the window update arrives: data follows at once" },
		{ "again",
		  "the window update arrives, and the window closes a second "
		  "time, with TCP_USER_TIMEOUT of 1 s: the persist timer "
		  "starts anew, and the connection lives",
		  .duration = MSEC(1600) },
		{ "update-lost",
		  "the window updates are lost: data follows only after the "
		  "third probe, whose answer shows the open window",
		  .duration = MSEC(1700) }),
	.duration = MSEC(800),
	.script = script,
};
