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
	const struct prediction *p;
	struct diag_socket seen = { .retransmits = 0 };
	struct zero_window stage;

	if (!zero_window_reach(run, &stage))
		return;
	p = orphan ? forecast_zero_window_orphan(stage.tcp.client) :
		     forecast_zero_window(stage.tcp.client,
					  PREDICT_PEER_SILENT);
	fault_cut(run, "server");
	if (orphan)
		sock_close(stage.tcp.client);
	else
		sock_post_recv(stage.tcp.client);

	for (unsigned int i = 1; i <= probes; i++) {
		if (expect_frame(run, stage.stalled, "window probe",
				 ZERO_WINDOW_PROBE, i, p->rounds[i - 1].at)
			    .missing)
			return;
		expect_timer(stage.tcp.client, DIAG_TIMER_PROBE);
		sock_look(stage.tcp.client, &seen);
		expect_number(run, "probes_shown", seen.retransmits, i, i);
	}
	if (orphan)
		run_elapsed(run, p->elapsed,
			    expect_lifetime(stage.tcp.client, DIAG_FIN_WAIT1,
					    stage.stalled, p->elapsed));
	else
		expect_end(&stage, p->elapsed);
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
	.shows = SHOWS("outcome", "elapsed_s", "probes"),
	.world = &world_pair,
	.settings = SYSCTLS(ZERO_WINDOW_SYSCTLS,
			    { "client", "net.ipv4.tcp_retries2", RETRIES2 },
			    { "client", "net.ipv4.tcp_orphan_retries",
			      ORPHAN_RETRIES }),
	.variants = VARIANTS({ "open",
			       "the client's process waits in recv(), and "
			       "tcp_retries2 is 2: two probes, and ETIMEDOUT" },
			     { "orphan",
			       "the client's process has closed the socket, "
			       "and tcp_orphan_retries is 1: one probe, and "
			       "the orphan is deleted silently",
			       .duration = MSEC(700) }),
	.duration = MSEC(1500),
	.script = script,
};
