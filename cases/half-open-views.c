/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Both kernels are asked at the same moment, and disagree. TCP has no shared
 * state: ESTABLISHED is a note that one kernel made for itself when the
 * handshake was over. Only a segment that arrives, a timer of its own or a call
 * of its own process makes it write another (tcp_set_state()).
 *
 * Three ways to the same picture, an ESTABLISHED client and no socket at the
 * server at all:
 * - the server's machine died, and is still off;
 * - it died and is back, without memory;
 * - only its process died, but its FIN was lost on the way, again and again.
 *   Then there is a picture in between, ESTABLISHED here and FIN-WAIT-1 there,
 *   until tcp_orphan_retries are used up: tcp_write_timeout() takes them for a
 *   socket that no process holds any more, and it is gone without a RST.
 *
 * What the client sends in the end shows that its peer is really gone: a host
 * that is up answers with RST, tcp_v4_send_reset().
 */
#include "case.h"

enum { ORPHAN_RETRIES = 1 };

/* How long to look out for an answer, which takes no timer. */
static const nsec_t soon = MSEC(500);

/*
 * The client is looked at before the server and after it: no state comes twice
 * in a connection's life, so it was in that one at the moment between as well.
 */
static void expect_views(struct pair *tcp, enum diag_state client,
			 enum diag_state server)
{
	expect_state(tcp->client, client);
	expect_state(tcp->server, server);
	expect_state(tcp->client, client);
}

/* The process dies, and no word of its kernel gets through. */
static void fin_is_lost(struct run *run, struct pair *tcp)
{
	const struct prediction *p = forecast_orphan(tcp->server);
	struct mark killed = mark_now(run);
	struct range life;

	fault_cut_from(run, "server");
	fault_kill(tcp->server_probe);
	/* When it died, to the moment; and its end is asked for, not told of:
	 * after 1/50 of the time already waited. */
	life = range_add(p->elapsed,
			 (struct range){ 0, mark_now(run).at - killed.at +
						    p->elapsed.max / 50 });
	if (!expect_state_within(tcp->server, DIAG_FIN_WAIT1, soon))
		return;
	expect_views(tcp, DIAG_ESTABLISHED, DIAG_FIN_WAIT1);
	expect_state_within(tcp->server, DIAG_CLOSE, life.max + SEC(1));
	expect_span(run, "the orphan's life", mark_now(run).at - killed.at,
		    life);
	expect_frames_between(run, killed, "FINs that nobody got",
			      FRAMES(FROM("server"), KIND(WIRE_FIN)),
			      1 + p->probes + p->retransmissions_min,
			      1 + p->probes + p->retransmissions_max);
	expect_frames(run, killed, "RST of the orphan",
		      FRAMES(FROM("server"), KIND(WIRE_RST)), 0);
	fault_mend(run, "server");
}

static void break_it(struct run *run, struct pair *tcp)
{
	if (run_is_variant(run, "host-off"))
		fault_crash(run, "server");
	else if (run_is_variant(run, "host-rebooted"))
		fault_reboot(run, "server");
	else
		fin_is_lost(run, tcp);
}

static void script(struct run *run)
{
	bool answers = !run_is_variant(run, "host-off");
	struct pair tcp = sock_pair(run);
	struct finding got;
	struct mark sent;

	sock_post_recv(tcp.client);
	expect_views(&tcp, DIAG_ESTABLISHED, DIAG_ESTABLISHED);
	break_it(run, &tcp);
	expect_views(&tcp, DIAG_ESTABLISHED, DIAG_CLOSE);
	expect_timer(tcp.client, DIAG_TIMER_NONE);

	sent = mark_now(run);
	sock_send(tcp.client, 1);
	got = sock_reap(tcp.client, soon);
	if (answers)
		expect_error(&got, ECONNRESET);
	else
		expect_open(&got);
	expect_frames(run, sent, "answers",
		      FRAMES(FROM("server"), KIND(WIRE_TCP)), answers);
	expect_frames(run, sent, "RST among them",
		      FRAMES(FROM("server"), KIND(WIRE_RST)), answers);
}

CASE(half_open_views) = {
	.name = "half-open-views",
	.claim = "ESTABLISHED at one end says nothing about the other: it may "
		 "have no socket at all",
	.judgements = CLAIMS({ "A15", DOCUMENT_RIGHT,
			       "each kernel keeps a state of its own, which "
			       "only a segment or a timer changes: "
			       "tcp_set_state()" }),
	.why = "a state is what one kernel last heard, not what the other is",
	.sources =
		"RFC 9293 3.5.1 (half-open connections); "
		"net/ipv4/tcp.c:tcp_set_state(); net/ipv4/tcp_timer.c:"
		"tcp_orphan_retries(); net/ipv4/tcp_ipv4.c:tcp_v4_send_reset()",
	.steps = STEPS("a connection, idle: both kernels say ESTABLISHED",
		       "the server's machine dies, or reboots, or its process "
		       "dies and its FIN is lost",
		       "both kernels are asked again: client, server, client",
		       "the client sends a byte"),
	.expect = "ESTABLISHED at the client, no socket at the server; the "
		  "byte is answered with RST, or not at all by a dead host",
	.world = &world_pair,
	.settings = SYSCTLS({ "server", "net.ipv4.tcp_orphan_retries",
			      ORPHAN_RETRIES }),
	.variants = VARIANTS({ "host-off", .duration = MSEC(500) },
			     { "host-rebooted", .duration = MSEC(50) },
			     { "fin-lost", .duration = MSEC(1500) }),
	.duration = SEC(2),
	.script = script,
};
