/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An idle client with SO_KEEPALIVE while the server is unreachable in one of
 * four ways (see unreachable.h). The document names them in one sentence with
 * the dead host: the probes stay unanswered. That is so, and the end is the
 * same up to the errno, for different reasons:
 *
 * cable: a probe that noop_qdisc drops counts as sent.
 *
 * interface: a probe without a route counts as well: tcp_keepalive_timer()
 * treats only a positive result as a failure, and EHOSTUNREACH is negative.
 * Over IPv6 the reason is stored, though, and becomes the errno:
 * inet6_csk_xmit() sets sk_err_soft.
 *
 * neighbour: the client's own kernel reports host unreachable, and its TCP
 * ignores it. A probe's sequence number is one below SND.UNA
 * (tcp_xmit_probe_skb()), and tcp_v4_err() accepts an ICMP error only for a
 * sequence number between SND.UNA and SND.NXT: OutOfWindowIcmps. Data leads to
 * EHOSTUNREACH.
 */
#include "unreachable.h"

enum { TIME = 2, INTVL = 1, PROBES = 3, TOTAL = TIME + INTVL * PROBES };

/* The probes and the final RST that leave the client. */
static void expect_on_wire(struct run *run, struct mark armed,
			   unsigned int probes)
{
	bool path = run_is_variant(run, "path");
	bool neighbour = run_is_variant(run, "neighbour");
	/* The first probe is sent while the neighbour entry is only stale. */
	unsigned int sent = path ? probes : neighbour;

	expect_frames(run, armed, "probes on the wire",
		      FRAMES(FROM("client"), KIND(WIRE_KEEPALIVE_PROBE)), sent);
	expect_frames(run, armed, "RSTs on the wire",
		      FRAMES(FROM("client"), KIND(WIRE_RST)), path);
	unreachable_frames(run, armed, sent + path, sent + path);
	if (neighbour) {
		expect_counter(run, "client", "OutOfWindowIcmps", probes - 1);
		expect_frames_between(
			run, armed, "address resolution requests",
			FRAMES(FROM("client"), KIND(WIRE_NEIGHBOUR)), probes,
			UINT32_MAX);
	}
}

static void script(struct run *run)
{
	bool stored = run_is_variant(run, "interface") &&
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
	expect_error(&got, stored ? ENETUNREACH : ETIMEDOUT);
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
		  "tcp_write_wakeup() was called, even if it never left" },
		{ "A10", DOCUMENT_RIGHT,
		  "unreachable for other reasons is the same as dead: "
		  "tcp_keepalive_timer() counts the probes, and the ICMP error "
		  "of the own kernel is out of the window: tcp_v4_err()" }),
	.why = "keepalive counts the probes that were tried and concludes from "
	       "silence, which is the same in all four",
	.sources = "net/ipv4/tcp_timer.c:tcp_keepalive_timer(); net/ipv4/"
		   "tcp_output.c:tcp_xmit_probe_skb(); net/ipv4/tcp_ipv4.c:"
		   "tcp_v4_err()",
	.steps = STEPS("a connection, idle; the client blocks in recv()",
		       "the client's cable is pulled; or its interface is set "
		       "down; or the path is cut; or nobody answers its "
		       "address resolution",
		       "SO_KEEPALIVE is set at the client"),
	.expect = "ETIMEDOUT after 2 + 3 * 1 s, and three probes by the "
		  "kernel's counter (over IPv6 ENETUNREACH with the interface "
		  "down); all probes are on the wire only where the path is "
		  "cut",
	.world = &world_pair,
	.settings = SYSCTLS(KEEPALIVE_SYSCTLS("client", TIME, INTVL, PROBES)),
	.variants = VARIANTS(
		{ "cable", "the client's cable is pulled: its own kernel drops "
			   "the probes and counts them as sent" },
		{ "interface", "the client's interface is set down: the probes "
			       "have no route and count as sent, and over IPv6 "
			       "the error is ENETUNREACH" },
		{ "path", "the path is cut: the probes and the final RST are "
			  "on the wire" },
		{ "neighbour",
		  "the path is cut, and the client's neighbour entry ages: "
		  "only the first probe is on the wire, and the kernel ignores "
		  "the ICMP errors for the other two",
		  UNREACHABLE_AGEING }),
	.duration = SEC(TOTAL) + MSEC(UNREACHABLE_QUIET_MS),
	.script = script,
};
