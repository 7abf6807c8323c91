/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The server host crashes while the client blocks in recv() on an idle
 * connection. Nothing is in flight, so no retransmission timer runs, and only
 * keepalive can notice: tcp_keepalive_timer(). It waits TIME seconds, then
 * sends PROBES probes, INTVL seconds apart. The connection ends one INTVL
 * after the last unanswered probe, so after PROBES intervals, and with a RST
 * that nobody receives.
 *
 * With TCP_USER_TIMEOUT on the socket the function ignores the number of
 * probes. It ends the connection at the first expiry of the timer at which one
 * probe has been sent and the time since the peer's last segment exceeds the
 * option. So a long timeout leads to more probes than TCP_KEEPCNT allows, and
 * a short one to a single probe; never to none.
 *
 * The control is the death of the process alone: its kernel sends a FIN at
 * once (a RST where bytes were left unread), and no probe is ever sent.
 */
#include "case.h"

enum { TIME = 2, INTVL = 1, PROBES = 3, TOTAL = TIME + INTVL * PROBES };

/* TCP_USER_TIMEOUT in ms, in the middle between two expiries of the timer, so
 * that its granularity does not decide. They end the connection after 7 s and
 * after 3 s. */
enum { LONGER = 6500, SHORTER = 500 };

#define PROBE FRAMES(FROM("client"), KIND(WIRE_KEEPALIVE_PROBE))

static void expect_probes(struct run *run, struct mark armed,
			  const struct prediction *prediction)
{
	unsigned int certain = 0;

	for (size_t i = 0; i < prediction->n_rounds; i++) {
		const struct predict_round *round = &prediction->rounds[i];

		if (!round->certain || round->kind != PREDICT_KEEPALIVE_PROBE)
			continue;
		expect_frame(run, armed, "probe", PROBE, ++certain, round->at);
	}
}

static void crash_host(struct run *run, struct pair *tcp, struct mark armed,
		       const struct prediction *prediction)
{
	struct finding got;
	unsigned int probes;

	fault_crash(run, "server");
	expect_state(tcp->client, DIAG_ESTABLISHED);
	expect_probes(run, armed, prediction);
	got = sock_reap(tcp->client, prediction->elapsed.max + SEC(1));
	expect_error(&got, ETIMEDOUT);
	expect_took(armed, &got, prediction->elapsed);

	probes = frames_count(run, armed, PROBE);
	expect_number(run, "keepalive_probes", probes, prediction->probes,
		      prediction->probes);
	expect_frames(run, armed, "RSTs of the client",
		      FRAMES(FROM("client"), KIND(WIRE_RST)), 1);
	expect_frames(run, armed, "segments of the crashed server",
		      FRAMES(FROM("server"), KIND(WIRE_TCP)), 0);
	expect_counter(run, "client", "TCPKeepAlive", probes);
	expect_counter(run, "client", "TCPAbortOnTimeout", 1);
	expect_counter(run, "client", "RetransSegs", 0);
	expect_state(tcp->client, DIAG_CLOSE);
}

static void kill_process(struct run *run, struct pair *tcp, struct mark armed)
{
	struct mark killed = mark_now(run);
	struct finding got;

	fault_kill(tcp->server_probe);
	got = sock_reap(tcp->client, SEC(1));
	expect_eof(&got);
	expect_took(killed, &got, at_once);
	expect_frames(run, armed, "FINs of the server",
		      FRAMES(FROM("server"), KIND(WIRE_FIN)), 1);
	expect_state(tcp->client, DIAG_CLOSE_WAIT);
	expect_state_within(tcp->server, DIAG_FIN_WAIT2, SEC(1));
	sock_close(tcp->client);
	expect_state_within(tcp->client, DIAG_CLOSE, SEC(1));
	expect_state_within(tcp->server, DIAG_TIME_WAIT, SEC(1));
	expect_frames(run, armed, "probes", PROBE, 0);
	expect_counter(run, "client", "TCPKeepAlive", 0);
}

static void kill_process_with_unread_data(struct run *run, struct pair *tcp,
					  struct mark armed)
{
	struct mark killed;
	struct finding got;

	sock_send(tcp->client, 1);
	killed = mark_now(run);
	fault_kill(tcp->server_probe);
	got = sock_reap(tcp->client, SEC(1));
	expect_error(&got, ECONNRESET);
	expect_took(killed, &got, at_once);
	expect_frames(run, armed, "RSTs of the server",
		      FRAMES(FROM("server"), KIND(WIRE_RST)), 1);
	expect_frames(run, armed, "FINs", FRAMES(KIND(WIRE_FIN)), 0);
	expect_counter(run, "client", "TCPKeepAlive", 0);
	expect_state(tcp->client, DIAG_CLOSE);
}

static void script(struct run *run)
{
	struct pair tcp = sock_pair(run);
	struct prediction *prediction;
	struct mark armed;

	sock_post_recv(tcp.client);
	if (run_value(run))
		sock_set(tcp.client, IPPROTO_TCP, TCP_USER_TIMEOUT,
			 (int)run_value(run));
	prediction = forecast_keepalive(tcp.client);
	expect_timer(tcp.client, DIAG_TIMER_NONE);
	armed = mark_now(run);
	sock_keepalive(tcp.client, true);
	expect_timer(tcp.client, DIAG_TIMER_KEEPALIVE);
	if (run_is_variant(run, "process-dies"))
		kill_process(run, &tcp, armed);
	else if (run_is_variant(run, "process-dies-unread"))
		kill_process_with_unread_data(run, &tcp, armed);
	else
		crash_host(run, &tcp, armed, prediction);
}

static const struct judgement of_user_timeout[] = {
	{ "A10", DOCUMENT_CONDITIONAL,
	  "with TCP_USER_TIMEOUT on the socket tcp_keepalive_timer() compares "
	  "the time without a segment and ignores the number of probes" },
	{ .claim = NULL },
};

#define SHORT_KEEPALIVE                                                        \
	.settings =                                                            \
		SYSCTLS({ "client", "net.ipv4.tcp_keepalive_time", TIME },     \
			{ "client", "net.ipv4.tcp_keepalive_intvl", INTVL },   \
			{ "client", "net.ipv4.tcp_keepalive_probes", PROBES })

CASE(server_host_crash_keepalive) = {
	.name = "server-host-crash-keepalive",
	.claim = "server host crashes, client idle, keepalive on: ETIMEDOUT "
		 "after time + intvl * probes",
	.judgements = CLAIMS({ "A10", DOCUMENT_RIGHT,
			       "that many unanswered probes in a row end the "
			       "connection: tcp_keepalive_timer()" },
			     { "A22", DOCUMENT_CONDITIONAL,
			       "of data, or of keepalive probes, which carry "
			       "none: tcp_keepalive_timer()" },
			     { "D13", DOCUMENT_RIGHT,
			       "only the unanswered probes show that the host "
			       "is dead: tcp_keepalive_timer()" }),
	.why = "nothing is in flight, so only the keepalive timer runs; it is "
	       "armed once more after the last probe, so tcp_keepalive_probes "
	       "intervals pass",
	.sources = "RFC 9293 3.8.4; net/ipv4/tcp_timer.c:tcp_keepalive_timer()",
	.steps = STEPS("a connection, idle; the client blocks in recv()",
		       "SO_KEEPALIVE is set at the client (and "
		       "TCP_USER_TIMEOUT, in two variants)",
		       "the server host crashes (or, as the control, only the "
		       "server process dies)",
		       "the client's probes stay unanswered"),
	.expect = "ETIMEDOUT after 2 + 3 * 1 s and three probes; with a user "
		  "timeout of 6.5 s after 7 s and five probes, of 0.5 s after "
		  "3 s and one probe; when only the process dies, a FIN (or a "
		  "RST) at once and no probe; at the kernel's defaults nine "
		  "probes, and 7875 s or more",
	.world = &world_pair,
	.variants = VARIANTS(
		{ "host-dies",
		  "the server's host crashes: ETIMEDOUT after 2 + 3 * 1 s and "
		  "three probes",
		  SHORT_KEEPALIVE },
		{ "process-dies",
		  "only the server's process is killed, the control: its "
		  "kernel sends FIN at once, and no probe is sent",
		  SHORT_KEEPALIVE, .duration = MSEC(10),
		  .judgements = CLAIMS(
			  { "D13", DOCUMENT_RIGHT,
			    "the dying process' kernel sends a FIN at once "
			    "(do_exit(), tcp_close()), and no probe is sent; a "
			    "dead host sends nothing" }) },
		{ "process-dies-unread",
		  "only the server's process is killed, with a byte unread: "
		  "its kernel sends RST at once, and no probe is sent",
		  SHORT_KEEPALIVE, .duration = MSEC(10),
		  .judgements = CLAIMS(
			  { "D13", DOCUMENT_CONDITIONAL,
			    "the death of a process is announced, but by a RST "
			    "instead of a FIN where it left bytes unread: "
			    "__tcp_close()" }) },
		{ "user-timeout-longer",
		  "the client's socket has TCP_USER_TIMEOUT of 6.5 s, so that "
		  "the number of probes does not count: ETIMEDOUT after 7 s "
		  "and five probes",
		  SHORT_KEEPALIVE, .value = LONGER, .duration = SEC(7),
		  .judgements = of_user_timeout },
		{ "user-timeout-shorter",
		  "the client's socket has TCP_USER_TIMEOUT of 0.5 s: "
		  "ETIMEDOUT after 3 s, when one probe has stayed unanswered",
		  SHORT_KEEPALIVE, .value = SHORTER, .duration = SEC(3),
		  .judgements = of_user_timeout },
		{ "defaults",
		  "the server's host crashes, at the kernel's default values: "
		  "ETIMEDOUT after 7875 s and nine probes",
		  .defaults = true, .duration = SEC(8040) }),
	.duration = SEC(TOTAL),
	.script = script,
};
