/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Both kernels are asked for the connection's state at the same moment, and
 * differ. ESTABLISHED is a state that each kernel keeps for itself since the
 * handshake. Only an arriving segment, a timer of its own or a call of its own
 * process changes it (tcp_set_state()).
 *
 * Three ways to an ESTABLISHED client and no socket at the server:
 * - the server's host crashed and is down;
 * - it crashed and has rebooted;
 * - only its process died, but each FIN is lost on the path. Meanwhile the
 *   server is in FIN-WAIT-1, until tcp_orphan_retries are used up:
 *   tcp_write_timeout() then deletes the orphan and sends no RST.
 *
 * Finally the client sends a byte: a host that is up and has no socket answers
 * with RST, tcp_v4_send_reset().
 */
#include "case.h"

enum { ORPHAN_RETRIES = 1 };

/*
 * The client's state is read before and after the server's. A connection enters
 * no state twice, so the client was in that state when the server's was read.
 */
static void expect_states(struct pair *tcp, enum diag_state client,
			  enum diag_state server)
{
	expect_state(tcp->client, client);
	expect_state(tcp->server, server);
	expect_state(tcp->client, client);
}

/* The process dies, and nothing from its kernel arrives. */
static void lose_fins(struct run *run, struct pair *tcp)
{
	const struct prediction *p = forecast_orphan(tcp->server);
	struct mark killed = mark_now(run);

	fault_cut_from(run, "server");
	fault_kill(tcp->server_probe);
	mark_done(run, &killed);
	if (!expect_state_within(tcp->server, DIAG_FIN_WAIT1, soon))
		return;
	expect_states(tcp, DIAG_ESTABLISHED, DIAG_FIN_WAIT1);
	expect_lifetime(tcp->server, DIAG_FIN_WAIT1, killed, p->elapsed);
	expect_frames_between(run, killed, "FINs, all lost",
			      FRAMES(FROM("server"), KIND(WIRE_FIN)),
			      1 + p->probes + p->retransmissions_min,
			      1 + p->probes + p->retransmissions_max);
	expect_frames(run, killed, "RSTs from the orphan",
		      FRAMES(FROM("server"), KIND(WIRE_RST)), 0);
	fault_mend(run, "server");
}

static void script(struct run *run)
{
	bool answers = !run_is_variant(run, "host-off");
	struct pair tcp = sock_pair(run);
	struct finding got;
	struct mark sent;

	sock_post_recv(tcp.client);
	expect_states(&tcp, DIAG_ESTABLISHED, DIAG_ESTABLISHED);
	if (run_is_variant(run, "host-off"))
		fault_crash(run, "server");
	else if (run_is_variant(run, "host-rebooted"))
		fault_reboot(run, "server");
	else
		lose_fins(run, &tcp);
	expect_states(&tcp, DIAG_ESTABLISHED, DIAG_CLOSE);
	expect_timer(tcp.client, DIAG_TIMER_NONE);

	sent = mark_now(run);
	sock_send(tcp.client, 1);
	got = sock_reap(tcp.client, soon);
	if (answers)
		expect_error(&got, ECONNRESET);
	else
		expect_open(&got);
	expect_frames(run, sent, "segments from the server",
		      FRAMES(FROM("server"), KIND(WIRE_TCP)), answers);
	expect_frames(run, sent, "RSTs from the server",
		      FRAMES(FROM("server"), KIND(WIRE_RST)), answers);
}

CASE(half_open_views) = {
	.name = "half-open-views",
	.claim = "ESTABLISHED at one end says nothing about the other end, "
		 "which may have no socket at all",
	.judgements = CLAIMS(
		{ "A15", DOCUMENT_RIGHT,
		  "each kernel keeps a state of its own, which only a segment, "
		  "a timer or its own process changes: tcp_set_state()" }),
	.why = "a state shows what one kernel last received, not what the "
	       "other one does now",
	.sources = "RFC 9293 3.5.1 (half-open connections); "
		   "net/ipv4/tcp.c:tcp_set_state(); "
		   "net/ipv4/tcp_timer.c:tcp_orphan_retries(); "
		   "net/ipv4/tcp_ipv4.c:tcp_v4_send_reset()",
	.steps = STEPS("an idle connection: both kernels report ESTABLISHED",
		       "the server's host crashes, or reboots, or its process "
		       "dies and its FINs are lost",
		       "the states are read again: client, server, client",
		       "the client sends a byte"),
	.expect =
		"ESTABLISHED at the client, no socket at the server; the byte "
		"is answered with RST, or not at all if the host is down",
	.shows = SHOWS("outcome", "client_state", "server_state"),
	.world = &world_pair,
	.settings = SYSCTLS({ "server", "net.ipv4.tcp_orphan_retries",
			      ORPHAN_RETRIES }),
	.variants = VARIANTS(
		{ "host-off",
		  "the server's host crashes and stays down: it has no socket, "
		  "and the client's byte is not answered",
		  .duration = MSEC(500) },
		{ "host-rebooted",
		  "the server's host crashes and reboots: it has no socket, "
		  "and answers the client's byte with RST",
		  .duration = MSEC(50) },
		{ "fin-lost",
		  "the server's process is killed and every FIN of its kernel "
		  "is lost: the orphan in FIN-WAIT-1 is deleted silently, and "
		  "the client's byte is answered with RST",
		  .duration = MSEC(1500) }),
	.duration = SEC(2),
	.script = script,
};
