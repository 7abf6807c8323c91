/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What does keepalive find out? Two ends of an idle connection, two faults.
 *
 * rebooted: the server's machine is back without memory. The first probe meets
 * a kernel that does not know the connection, and it is answered like any other
 * segment without a socket: RST. So the client learns it after TIME, from one
 * probe, as ECONNRESET (tcp_reset()); neither INTVL nor PROBES come into it.
 * Here keepalive did find that the peer's connection is gone.
 *
 * path-cut: the server lives and its end is ESTABLISHED all the time, but the
 * path swallows everything. The probes go unanswered, and after PROBES of them
 * tcp_keepalive_timer() ends a connection whose other end is still there:
 * ETIMEDOUT. Silence is all it knows of. The RST that it says goodbye with is
 * swallowed as well, and the server's end stays for good: a half-open one.
 */
#include "case.h"

enum { TIME = 2, INTVL = 1, PROBES = 3 };

static unsigned int probes_since(struct run *run, struct mark since)
{
	return frames_count(run, since, FRAMES(FROM("client"),
					       KIND(WIRE_KEEPALIVE_PROBE)));
}

static void rebooted(struct run *run, struct pair *tcp, struct mark armed,
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

static void path_cut(struct run *run, struct pair *tcp, struct mark armed,
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
		path_cut(run, &tcp, armed, prediction);
	else
		rebooted(run, &tcp, armed, prediction);
}

CASE(server_host_reboot_keepalive) = {
	.name = "server-host-reboot-keepalive",
	.claim = "server host back without memory, client idle, keepalive on: "
		 "ECONNRESET after keepalive_time, from one probe",
	.judgements = CLAIMS({ "A18", DOCUMENT_RIGHT,
			       "a kernel without the connection answers the "
			       "first probe with RST: tcp_v4_send_reset()" }),
	.why = "a probe is a segment: where no socket takes it, RST is the "
	       "answer; where nothing answers, tcp_keepalive_timer() counts",
	.sources = "RFC 9293 3.8.4, 3.5.1; net/ipv4/tcp_timer.c:"
		   "tcp_keepalive_timer(); net/ipv4/tcp_input.c:tcp_reset()",
	.steps = STEPS("a connection, idle; the client waits in recv()",
		       "SO_KEEPALIVE is set at the client",
		       "the server's machine dies and is back, without memory "
		       "(or, as the contrast, only the path is cut)"),
	.expect = "rebooted: RST for the first probe, 2 s after, ECONNRESET; "
		  "path cut: ETIMEDOUT after 2 + 3 * 1 s, while the server's "
		  "end is ESTABLISHED",
	.world = &world_pair,
	.settings = SYSCTLS({ "client", "net.ipv4.tcp_keepalive_time", TIME },
			    { "client", "net.ipv4.tcp_keepalive_intvl", INTVL },
			    { "client", "net.ipv4.tcp_keepalive_probes",
			      PROBES }),
	.variants = VARIANTS(
		{ "rebooted" },
		{ "path-cut", .duration = SEC(TIME + INTVL * PROBES),
		  .judgements = CLAIMS(
			  { "A18", DOCUMENT_CONDITIONAL,
			    "only where a kernel answers RST; from silence "
			    "tcp_keepalive_timer() concludes the same of a "
			    "connection whose other end is ESTABLISHED" }) }),
	.duration = SEC(TIME),
	.script = script,
};
