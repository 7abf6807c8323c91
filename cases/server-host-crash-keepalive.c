/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The server's machine dies while the client waits in recv() on an idle
 * connection. Nothing is in flight, so no retransmission timer is running and
 * only keepalive can notice: the kernel stays quiet for TIME seconds, then
 * asks PROBES times, INTVL seconds apart. The connection ends one INTVL after
 * the last unanswered probe, hence PROBES intervals and not PROBES - 1, and it
 * ends with a RST into the void: tcp_keepalive_timer().
 *
 * The contrast is the variant in which only the process dies: its kernel lives
 * and says FIN at once, and no probe is ever sent.
 */
#include "case.h"

enum { TIME = 2, INTVL = 1, PROBES = 3, TOTAL = TIME + INTVL * PROBES };

static void host_dies(struct run *run, struct pair *tcp, struct mark armed,
		      const struct prediction *prediction)
{
	struct finding got;

	fault_crash(run, "server");
	got = sock_reap(tcp->client, prediction->elapsed.max + SEC(1));
	expect_error(&got, ETIMEDOUT);
	expect_took(armed, &got, prediction->elapsed);
	expect_number(run, "keepalive_probes",
		      frames_count(run, armed,
				   FRAMES(FROM("client"),
					  KIND(WIRE_KEEPALIVE_PROBE))),
		      PROBES, PROBES);
	expect_frames(run, armed, "RST into the void",
		      FRAMES(FROM("client"), KIND(WIRE_RST)), 1);
	expect_counter(run, "client", "TCPKeepAlive", PROBES);
	expect_state(tcp->client, DIAG_CLOSE);
}

static void process_dies(struct run *run, struct pair *tcp, struct mark armed)
{
	struct finding got;

	fault_kill(tcp->server_probe);
	got = sock_reap(tcp->client, SEC(TOTAL));
	expect_eof(&got);
	expect_took(armed, &got, (struct range){ 0, SEC(1) });
	expect_frames(run, armed, "FIN of the dead process' kernel",
		      FRAMES(FROM("server"), KIND(WIRE_FIN)), 1);
	expect_counter(run, "client", "TCPKeepAlive", 0);
}

static void script(struct run *run)
{
	struct pair tcp = sock_pair(run);
	struct prediction *prediction;
	struct mark armed;

	sock_post_recv(tcp.client);
	prediction = forecast_keepalive(tcp.client);
	armed = mark_now(run);
	sock_keepalive(tcp.client, true);
	expect_timer(tcp.client, DIAG_TIMER_KEEPALIVE);
	if (run_is_variant(run, "process-dies"))
		process_dies(run, &tcp, armed);
	else
		host_dies(run, &tcp, armed, prediction);
}

CASE(server_host_crash_keepalive) = {
	.name = "server-host-crash-keepalive",
	.claim = "server host crashes, client idle, keepalive on: ETIMEDOUT "
		 "after time + intvl * probes",
	.judgements = CLAIMS({ "A10", DOCUMENT_RIGHT,
			       "PROBES unanswered probes in a row end the "
			       "connection: tcp_keepalive_timer()" }),
	.why = "nothing is in flight, so only the keepalive timer runs; it is "
	       "armed once more after the last probe, so PROBES intervals pass",
	.see = "RFC 9293 3.8.4; net/ipv4/tcp_timer.c:tcp_keepalive_timer()",
	.steps = STEPS("a connection, idle; the client waits in recv()",
		       "SO_KEEPALIVE is set at the client",
		       "the server's machine dies (or, as the contrast, only "
		       "its process)",
		       "the client's probes go unanswered"),
	.expect = "ETIMEDOUT, not before 2 + 3 * 1 s, and three probes on the "
		  "wire; with the process dead: FIN at once and no probe",
	.world = &world_pair,
	.settings = SYSCTLS({ "client", "net.ipv4.tcp_keepalive_time", TIME },
			    { "client", "net.ipv4.tcp_keepalive_intvl", INTVL },
			    { "client", "net.ipv4.tcp_keepalive_probes",
			      PROBES }),
	.variants = VARIANTS({ "host-dies" },
			     { "process-dies", .lasts = MSEC(10) }),
	.lasts = SEC(TOTAL),
	.script = script,
};
