/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A zero window whose probes stay unanswered. tcp_probe_timer() compares
 * icsk_probes_out, which tcp_send_probe0() increases and every ACK resets
 * (tcp_ack()), with tcp_retries2: here the number is a number of probes, unlike
 * for data in flight. The timer after the last probe ends the connection.
 *
 * An orphan has tcp_orphan_retries instead. Its unsent data and FIN are lost,
 * and nobody is told.
 */
#include "zero-window.h"

enum { RETRIES2 = 2, ORPHAN_RETRIES = 1 };

static void expect_end(struct zero_window *stage, struct range expected)
{
	struct finding got =
		sock_reap(stage->tcp.client, expected.max + SEC(1));

	expect_error(&got, ETIMEDOUT);
	expect_took(stage->stalled, &got, expected);
	expect_state(stage->tcp.client, DIAG_CLOSE);
}

static void script(struct run *run)
{
	bool orphan = run_is_variant(run, "orphan");
	unsigned int probes = orphan ? ORPHAN_RETRIES : RETRIES2;
	struct range expected = { 0, 0 };
	struct zero_window stage;
	struct mark probed;

	if (!zero_window_reach(run, &stage))
		return;
	fault_cut(run, "server");
	if (orphan)
		sock_close(stage.tcp.client);
	else
		sock_post_recv(stage.tcp.client);

	probed = stage.stalled;
	for (unsigned int i = 1; i <= probes; i++) {
		struct range timer = zero_window_timer(run, &stage.inputs, i);

		expected = range_add(expected, timer);
		probed = expect_frame(run, probed, "window probe",
				      ZERO_WINDOW_PROBE, i == 1 ? 1 : 2, timer);
		if (probed.missing)
			return;
		expect_timer(stage.tcp.client, DIAG_TIMER_PROBE);
	}
	expected = range_add(expected,
			     zero_window_timer(run, &stage.inputs, probes + 1));
	if (orphan)
		run_elapsed(run, expected,
			    expect_lifetime(stage.tcp.client, DIAG_FIN_WAIT1,
					    stage.stalled, expected));
	else
		expect_end(&stage, expected);
	expect_number(run, "probes",
		      frames_count(run, stage.stalled, ZERO_WINDOW_PROBE),
		      probes, probes);
	expect_counter(run, "client", "TCPWinProbe", probes);
	expect_counter(run, "client", "TCPTimeouts", 0);
	expect_counter(run, "client", "TCPAbortOnTimeout", 1);
	expect_frames(run, stage.stalled, "RSTs", FRAMES(KIND(WIRE_RST)), 0);
}

CASE(zero_window_gives_up) = {
	.name = "zero-window-gives-up",
	.claim = "zero window, probes unanswered: the connection ends after "
		 "tcp_retries2 probes, an orphan after tcp_orphan_retries",
	.topic = TOPIC_ZERO_WINDOW,
	.why = "nothing is in flight, so a number of probes is compared and no "
	       "time",
	.sources = "RFC 1122 4.2.2.17; net/ipv4/tcp_timer.c:tcp_probe_timer(), "
		   "tcp_orphan_retries(); "
		   "net/ipv4/tcp_output.c:tcp_send_probe0()",
	.steps = STEPS("the server's host is frozen, and the client sends "
		       "until the window is zero",
		       "the path to the server is cut",
		       "the client waits in recv(), or closes its socket"),
	.expect = "two probes, 1 and 2 RTO apart, and ETIMEDOUT 4 RTO after "
		  "the second; the orphan is gone 2 RTO after its one probe. "
		  "No RST",
	.world = &world_pair,
	.settings = SYSCTLS(ZERO_WINDOW_SYSCTLS,
			    { "client", "net.ipv4.tcp_retries2", RETRIES2 },
			    { "client", "net.ipv4.tcp_orphan_retries",
			      ORPHAN_RETRIES }),
	.variants = VARIANTS({ "open" }, { "orphan", .duration = MSEC(700) }),
	.duration = MSEC(1500),
	.script = script,
};
