/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What keepalive can find out: one idle connection, two faults.
 *
 * rebooted: the server host has lost its memory. The first probe meets a
 * kernel that does not have the connection and answers it like any segment
 * without a socket, with a RST. So the client gets ECONNRESET after TIME, from
 * one probe (tcp_reset()); INTVL and PROBES do not matter. Here keepalive
 * found out correctly that the peer's connection is gone.
 *
 * path-cut: the server lives, and its end stays ESTABLISHED, but the path
 * loses everything. The probes stay unanswered, and after PROBES of them
 * tcp_keepalive_timer() ends a connection whose other end still exists:
 * ETIMEDOUT. Silence is all that it can observe. Its final RST is lost as
 * well, and the server's end stays, half-open.
 */
#include "case.h"

enum { TIME = 2, INTVL = 1, PROBES = 3 };

static unsigned int probes_since(struct run *run, struct mark since)
{
	return frames_count(run, since,
			    FRAMES(FROM("client"), KIND(WIRE_KEEPALIVE_PROBE)));
}

static void reboot_server(struct run *run, struct pair *tcp, struct mark armed,
			  const struct prediction *prediction)
{
	struct finding got;

	fault_reboot(run, "server");
	if (!expect_state(tcp->server, DIAG_CLOSE))
		return;
	expect_state(tcp->client, DIAG_ESTABLISHED);
	got = sock_reap(tcp->client, prediction->elapsed.max);
	expect_error(&got, ECONNRESET);
	expect_took(armed, &got, prediction->rounds[0].at);
	expect_exchange(run, armed, "one probe, one RST",
			"client . 0:0(0) ack 1, server R 1:1(0)");
	expect_number(run, "keepalive_probes", probes_since(run, armed), 1, 1);
	expect_counter(run, "client", "TCPKeepAlive", 1);
	expect_counter(run, "client", "TCPAbortOnTimeout", 0);
	expect_state(tcp->client, DIAG_CLOSE);
}

static void cut_path(struct run *run, struct pair *tcp, struct mark armed,
		     const struct prediction *prediction)
{
	struct finding got;

	fault_cut(run, "server");
	got = sock_reap(tcp->client, prediction->elapsed.max + SEC(1));
	expect_error(&got, ETIMEDOUT);
	expect_took(armed, &got, prediction->elapsed);
	expect_number(run, "keepalive_probes", probes_since(run, armed),
		      prediction->probes, prediction->probes);
	expect_counter(run, "client", "TCPAbortOnTimeout", 1);
	expect_state(tcp->client, DIAG_CLOSE);
	expect_state(tcp->server, DIAG_ESTABLISHED);
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
	if (run_is_variant(run, "path-cut"))
		cut_path(run, &tcp, armed, prediction);
	else
		reboot_server(run, &tcp, armed, prediction);
}

CASE(server_host_reboot_keepalive) = {
	.name = "server-host-reboot-keepalive",
	.claim = "server host reboots, client idle, keepalive on: ECONNRESET "
		 "after keepalive_time, from one probe",
	.judgements = CLAIMS({ "A18", DOCUMENT_RIGHT,
			       "a kernel without the connection answers the "
			       "first probe with a RST: tcp_v4_send_reset()" }),
	.why = "a probe is a segment: a kernel without the socket answers it "
	       "with a RST; where nothing answers, tcp_keepalive_timer() "
	       "counts",
	.sources = "RFC 9293 3.8.4, 3.5.1; net/ipv4/tcp_timer.c:"
		   "tcp_keepalive_timer(); net/ipv4/tcp_input.c:tcp_reset()",
	.steps = STEPS("a connection, idle; the client blocks in recv()",
		       "SO_KEEPALIVE is set at the client",
		       "the server host reboots and loses its memory (or, for "
		       "comparison, only the path is cut)"),
	.expect = "rebooted: a RST in answer to the first probe after 2 s, and "
		  "ECONNRESET; path-cut: ETIMEDOUT after 2 + 3 * 1 s, while "
		  "the server's end is ESTABLISHED",
	.shows = SHOWS("outcome", "elapsed_s", "keepalive_probes",
		       "server_state"),
	.world = &world_pair,
	.settings = SYSCTLS(KEEPALIVE_SYSCTLS("client", TIME, INTVL, PROBES)),
	.variants = VARIANTS(
		{ "rebooted",
		  "the server's host reboots: its new kernel answers the first "
		  "probe with RST, and the error is ECONNRESET" },
		{ "path-cut",
		  "only the path is cut and the server lives: three probes "
		  "stay unanswered, the error is ETIMEDOUT, and the server's "
		  "end stays ESTABLISHED",
		  .duration = SEC(TIME + INTVL * PROBES),
		  .judgements = CLAIMS(
			  { "A18", DOCUMENT_CONDITIONAL,
			    "only where a kernel answers with a RST; from "
			    "silence tcp_keepalive_timer() concludes the same "
			    "about a connection whose other end is "
			    "ESTABLISHED" }) }),
	.duration = SEC(TIME),
	.script = script,
};
