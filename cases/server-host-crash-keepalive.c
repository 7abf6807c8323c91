/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The server's machine dies while the client waits in recv() on an idle
 * connection. Nothing is in flight, so no retransmission timer is running and
 * only keepalive can notice: the kernel stays quiet for TIME seconds, then
 * asks PROBES times, INTVL seconds apart. The connection ends one INTVL after
 * the last unanswered probe, hence PROBES intervals and not PROBES - 1, and it
 * ends with a RST into the void: tcp_keepalive_timer().
 *
 * With TCP_USER_TIMEOUT on the socket the same function does not look at the
 * number of probes at all: it ends at the first expiry of the timer at which
 * so much time has passed since the last segment from the peer, and one probe
 * has been sent. So a long one makes more probes than TCP_KEEPCNT says, and a
 * short one ends with a single probe; never before the first.
 *
 * The contrast is the variant in which only the process dies: its kernel lives
 * and says FIN at once (RST, where bytes were left unread), and no probe is
 * ever sent.
 */
#include "case.h"

enum { TIME = 2, INTVL = 1, PROBES = 3, TOTAL = TIME + INTVL * PROBES };
/* In ms, and between two expiries of the timer, so that its granules do not
 * decide: ends at the 7th second, and at the 3rd. */
enum { LONGER = 6500, SHORTER = 500 };

static void expect_probes(struct run *run, struct mark armed,
			  const struct prediction *prediction)
{
	unsigned int certain = 0;

	for (size_t i = 0; i < prediction->n_rounds; i++) {
		const struct predict_round *round = &prediction->rounds[i];

		if (!round->certain || round->kind != PREDICT_KEEPALIVE_PROBE)
			continue;
		expect_frame(run, armed, "probe",
			     FRAMES(FROM("client"), KIND(WIRE_KEEPALIVE_PROBE)),
			     ++certain, round->at);
	}
}

static void host_dies(struct run *run, struct pair *tcp, struct mark armed,
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

	probes = frames_count(
		run, armed, FRAMES(FROM("client"), KIND(WIRE_KEEPALIVE_PROBE)));
	expect_number(run, "keepalive_probes", probes, prediction->probes,
		      prediction->probes);
	expect_frames(run, armed, "RST into the void",
		      FRAMES(FROM("client"), KIND(WIRE_RST)), 1);
	expect_frames(run, armed, "answers of the dead",
		      FRAMES(FROM("server"), KIND(WIRE_TCP)), 0);
	expect_counter(run, "client", "TCPKeepAlive", probes);
	expect_counter(run, "client", "TCPAbortOnTimeout", 1);
	expect_counter(run, "client", "RetransSegs", 0);
	expect_state(tcp->client, DIAG_CLOSE);
}

static void process_dies(struct run *run, struct pair *tcp, struct mark armed)
{
	struct mark killed = mark_now(run);
	struct finding got;

	fault_kill(tcp->server_probe);
	got = sock_reap(tcp->client, SEC(1));
	expect_eof(&got);
	expect_took(killed, &got, at_once);
	expect_frames(run, armed, "FIN of the dead process' kernel",
		      FRAMES(FROM("server"), KIND(WIRE_FIN)), 1);
	expect_state(tcp->client, DIAG_CLOSE_WAIT);
	expect_state_within(tcp->server, DIAG_FIN_WAIT2, SEC(1));
	sock_close(tcp->client);
	expect_state_within(tcp->client, DIAG_CLOSE, SEC(1));
	expect_state_within(tcp->server, DIAG_TIME_WAIT, SEC(1));
	expect_frames(run, armed, "probes",
		      FRAMES(FROM("client"), KIND(WIRE_KEEPALIVE_PROBE)), 0);
	expect_counter(run, "client", "TCPKeepAlive", 0);
}

static void leaves_unread(struct run *run, struct pair *tcp, struct mark armed)
{
	struct mark killed;
	struct finding got;

	sock_send(tcp->client, 1);
	killed = mark_now(run);
	fault_kill(tcp->server_probe);
	got = sock_reap(tcp->client, SEC(1));
	expect_error(&got, ECONNRESET);
	expect_took(killed, &got, at_once);
	expect_frames(run, armed, "RST of the dead process' kernel",
		      FRAMES(FROM("server"), KIND(WIRE_RST)), 1);
	expect_frames(run, armed, "FIN", FRAMES(KIND(WIRE_FIN)), 0);
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
		process_dies(run, &tcp, armed);
	else if (run_is_variant(run, "process-dies-unread"))
		leaves_unread(run, &tcp, armed);
	else
		host_dies(run, &tcp, armed, prediction);
}

static const struct judgement of_user_timeout[] = {
	{ "A10", DOCUMENT_CONDITIONAL,
	  "with TCP_USER_TIMEOUT on the socket tcp_keepalive_timer() compares "
	  "the time without a segment, and the number of probes is ignored" },
	{ .claim = NULL },
};

static const struct judgement of_process[] = {
	{ "D13", DOCUMENT_RIGHT,
	  "the dying process' kernel says FIN at once (do_exit(), "
	  "tcp_close()), "
	  "and no probe is sent; a dead host says nothing" },
	{ .claim = NULL },
};

static const struct judgement of_unread[] = {
	{ "D13", DOCUMENT_CONDITIONAL,
	  "a process's death announces itself, but by RST and no FIN where it "
	  "left bytes unread: __tcp_close()" },
	{ .claim = NULL },
};

#define SOON                                                                   \
	.settings =                                                            \
		SYSCTLS({ "client", "net.ipv4.tcp_keepalive_time", TIME },     \
			{ "client", "net.ipv4.tcp_keepalive_intvl", INTVL },   \
			{ "client", "net.ipv4.tcp_keepalive_probes", PROBES })

CASE(server_host_crash_keepalive) = {
	.name = "server-host-crash-keepalive",
	.claim = "server host crashes, client idle, keepalive on: ETIMEDOUT "
		 "after time + intvl * probes",
	.judgements = CLAIMS({ "A10", DOCUMENT_RIGHT,
			       "so many unanswered probes in a row end the "
			       "connection: tcp_keepalive_timer()" },
			     { "D13", DOCUMENT_RIGHT,
			       "of the host's death nothing tells but the "
			       "probes that stay unanswered: "
			       "tcp_keepalive_timer()" }),
	.why = "nothing is in flight, so only the keepalive timer runs; it is "
	       "armed once more after the last probe, so PROBES intervals pass",
	.sources = "RFC 9293 3.8.4; net/ipv4/tcp_timer.c:tcp_keepalive_timer()",
	.steps = STEPS(
		"a connection, idle; the client waits in recv()",
		"SO_KEEPALIVE is set at the client (and TCP_USER_TIMEOUT, "
		"in two variants)",
		"the server's machine dies (or, as the contrast, only "
		"its process)",
		"the client's probes go unanswered"),
	.expect = "ETIMEDOUT, not before 2 + 3 * 1 s, and three probes on the "
		  "wire; with a user time-out of 6.5 s five probes and 7 s, of "
		  "0.5 s one probe and 3 s; with only the process dead: FIN at "
		  "once (or RST) and no probe; at the kernel's own values nine "
		  "probes, and 7875 s or more",
	.world = &world_pair,
	.variants = VARIANTS(
		{ "host-dies", SOON },
		{ "process-dies", SOON, .duration = MSEC(10),
		  .judgements = of_process },
		{ "process-dies-unread", SOON, .duration = MSEC(10),
		  .judgements = of_unread },
		{ "user-timeout-longer", SOON, .value = LONGER,
		  .duration = SEC(7), .judgements = of_user_timeout },
		{ "user-timeout-shorter", SOON, .value = SHORTER,
		  .duration = SEC(3), .judgements = of_user_timeout },
		{ "defaults", .defaults = true, .duration = SEC(8040) }),
	.duration = SEC(TOTAL),
	.script = script,
};
