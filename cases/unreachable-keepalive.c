/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The idle client with SO_KEEPALIVE, in the four ways (see unreachable.h). The
 * text has them all in one sentence, with the dead host: its probes stay
 * unanswered. So it is, and the end is the same to the errno, for reasons of
 * its own in each:
 *
 * cable: a probe that noop_qdisc throws away counts as sent.
 * interface: one that finds no route counts as well: tcp_keepalive_timer() asks
 * for more than 0, and EHOSTUNREACH is below. Over IPv6 the reason is kept,
 * though, and is the errno in the end: inet6_csk_xmit() sets sk_err_soft.
 * neighbour: the client's own kernel says that the host is unreachable, and its
 * TCP does not listen. A probe's number is one below SND.UNA
 * (tcp_xmit_probe_skb()), and tcp_v4_err() takes an ICMP for a number between
 * SND.UNA and SND.NXT only: OutOfWindowIcmps. Data has EHOSTUNREACH there.
 */
#include "unreachable.h"

enum { TIME = 2, INTVL = 1, PROBES = 3, TOTAL = TIME + INTVL * PROBES };

#define PROBE FROM("client"), KIND(WIRE_KEEPALIVE_PROBE)

/* The client's probes and the RST at the end, as far as they leave it. */
static void expect_on_wire(struct run *run, struct mark armed,
			   unsigned int probes)
{
	bool path = run_is_variant(run, "path");
	bool neighbour = run_is_variant(run, "neighbour");

	/* The first one is sent while the neighbour is merely suspected. */
	expect_frames(run, armed, "probes on the wire", FRAMES(PROBE),
		      path ? probes : neighbour);
	expect_frames(run, armed, "RST on the wire",
		      FRAMES(FROM("client"), KIND(WIRE_RST)), path);
	unreachable_frames(run, armed, path ? probes + 1 : neighbour,
			   path ? probes + 1 : neighbour);
	if (neighbour) {
		expect_counter(run, "client", "OutOfWindowIcmps", probes - 1);
		expect_frames_between(
			run, armed, "ARP questions",
			FRAMES(FROM("client"), KIND(WIRE_NEIGHBOUR)), probes,
			UINT32_MAX);
	}
}

static void script(struct run *run)
{
	bool kept = run_is_variant(run, "interface") &&
		    unreachable_over_v6(run);
	struct pair tcp = sock_pair(run);
	struct prediction *forecast = forecast_keepalive(tcp.client);
	struct finding got;
	struct mark armed;

	sock_post_recv(tcp.client);
	unreachable_begin(run);
	armed = mark_now(run);
	sock_keepalive(tcp.client, true);
	expect_timer(tcp.client, DIAG_TIMER_KEEPALIVE);
	got = sock_reap(tcp.client, forecast->elapsed.max + SEC(1));
	expect_error(&got, kept ? ENETUNREACH : ETIMEDOUT);
	expect_took(armed, &got, forecast->elapsed);
	expect_number(run, "keepalive_probes",
		      counter_change(run, "client", "TCPKeepAlive"),
		      forecast->probes, forecast->probes);
	expect_on_wire(run, armed, forecast->probes);
	expect_counter(run, "client", "TCPAbortOnTimeout", 1);
	expect_state(tcp.client, DIAG_CLOSE);
	expect_state(tcp.server, DIAG_ESTABLISHED);
}

CASE(unreachable_keepalive) = {
	.name = "unreachable-keepalive",
	.claim = "keepalive client, its cable, interface, path or neighbour "
		 "gone: the same end after the same time in all four",
	.judgements = CLAIMS(
		{ "D9", DOCUMENT_RIGHT,
		  "whatever makes the peer unreachable: a probe counts when "
		  "tcp_write_wakeup() was called, also where it never left" },
		{ "A10", DOCUMENT_RIGHT,
		  "unreachable for other reasons is the same as dead: "
		  "tcp_keepalive_timer() counts the probes, and what the own "
		  "kernel says of them is out of the window: tcp_v4_err()" }),
	.why = "the count is of probes that were tried, and ends by silence, "
	       "which is the same in all four",
	.sources = "net/ipv4/tcp_timer.c:tcp_keepalive_timer(); net/ipv4/"
		   "tcp_output.c:tcp_xmit_probe_skb(); net/ipv4/tcp_ipv4.c:"
		   "tcp_v4_err()",
	.steps = STEPS("a connection, idle; the client waits in recv()",
		       "the client's cable is pulled; or its interface set "
		       "down; or the path is cut; or nobody answers its ARP "
		       "questions",
		       "SO_KEEPALIVE is set at the client"),
	.expect = "ETIMEDOUT, not before 2 + 3 * 1 s, three probes by the "
		  "kernel's count (over IPv6 ENETUNREACH with the interface "
		  "down); on the wire all of them only where the path is cut",
	.world = &world_pair,
	.settings = SYSCTLS({ "client", "net.ipv4.tcp_keepalive_time", TIME },
			    { "client", "net.ipv4.tcp_keepalive_intvl", INTVL },
			    { "client", "net.ipv4.tcp_keepalive_probes",
			      PROBES }),
	.variants = VARIANTS({ "cable" }, { "interface" }, { "path" },
			     { "neighbour", UNREACHABLE_AGEING }),
	.duration = SEC(TOTAL) + MSEC(UNREACHABLE_QUIET_MS),
	.script = script,
};
