/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keepalive is off by default; the sysctls only set its times. The timer is
 * armed by tcp_set_keepalive() when SO_KEEPALIVE is set, and by
 * tcp_finish_connect() and tcp_create_openreq_child() when a connection begins
 * whose socket already has the option. Otherwise no timer runs.
 *
 * An accepted socket inherits the options of its listener, so a server can set
 * SO_KEEPALIVE once, on the listener, where it has no effect of its own
 * (tcp_set_keepalive() ignores LISTEN). Keepalive is not negotiated with the
 * peer.
 *
 * SO_KEEPALIVE can be set at any time: on a connection whose peer is dead the
 * time counts from that moment.
 */
#include "case.h"

enum { TIME = 1, INTVL = 1, PROBES = 2, TOTAL = TIME + INTVL * PROBES };

#define PROBES_OF(host_) FRAMES(FROM(host_), KIND(WIRE_KEEPALIVE_PROBE))

static void expect_timeout(struct sock *sock, struct mark since,
			   const struct prediction *forecast)
{
	struct run *run = sock_run(sock);
	struct finding got = sock_reap(sock, forecast->elapsed.max + SEC(1));

	expect_error(&got, ETIMEDOUT);
	expect_took(since, &got, forecast->elapsed);
	expect_number(run, "keepalive_probes",
		      frames_count(run, since, PROBES_OF(sock_host(sock))),
		      forecast->probes, forecast->probes);
	expect_counter(run, sock_host(sock), "TCPKeepAlive", forecast->probes);
	expect_state(sock, DIAG_CLOSE);
}

/* No probe is sent; unacknowledged data then shows that the host is dead. */
static void keepalive_off(struct run *run, struct sock *client)
{
	const struct prediction *forecast = forecast_keepalive(client);
	const struct prediction *data = forecast_give_up(client);
	struct mark dead = mark_now(run), sent;
	struct finding got;

	fault_crash(run, "server");
	got = sock_reap(client, forecast->elapsed.max + SEC(1));
	expect_open(&got);
	expect_state(client, DIAG_ESTABLISHED);
	expect_timer(client, DIAG_TIMER_NONE);
	expect_number(run, "keepalive_probes",
		      frames_count(run, dead, PROBES_OF("client")), 0, 0);
	expect_frames(run, dead, "segments of any kind", FRAMES(KIND(WIRE_TCP)),
		      0);
	expect_counter(run, "client", "TCPKeepAlive", 0);

	sent = mark_now(run);
	sock_send(client, 1);
	expect_frame(run, sent,
		     "retransmission of the byte that nobody acknowledges",
		     FRAMES(FROM("client"), KIND(WIRE_RETRANSMISSION)), 1,
		     data->rounds[0].at);
}

static void keepalive_on(struct run *run, struct sock *client)
{
	const struct prediction *forecast = forecast_keepalive(client);
	struct mark armed = mark_now(run);

	sock_keepalive(client, true);
	expect_timer(client, DIAG_TIMER_KEEPALIVE);
	fault_crash(run, "server");
	expect_timeout(client, armed, forecast);
}

static void keepalive_set_late(struct run *run, struct sock *client)
{
	const struct prediction *forecast = forecast_keepalive(client);
	struct mark dead = mark_now(run), armed;

	fault_crash(run, "server");
	run_pass_until(run, dead, 2 * SEC(TIME));
	expect_timer(client, DIAG_TIMER_NONE);
	armed = mark_now(run);
	sock_keepalive(client, true);
	expect_timeout(client, armed, forecast);
}

static void keepalive_on_listener(struct run *run)
{
	struct probe *server_probe = probe_start(run, "server");
	struct probe *client_probe = probe_start(run, "client");
	struct sock *listener = sock_listen(server_probe, 16);
	const struct prediction *forecast;
	struct sock *client, *server;
	struct mark connected;

	sock_keepalive(listener, true);
	expect_timer(listener, DIAG_TIMER_NONE);
	connected = mark_now(run);
	client = sock_connect(client_probe, listener);
	server = sock_accept(listener);
	sock_post_recv(server);
	expect_number(run, "server_so_keepalive",
		      sock_get(server, SOL_SOCKET, SO_KEEPALIVE), 1, 1);
	expect_number(run, "client_so_keepalive",
		      sock_get(client, SOL_SOCKET, SO_KEEPALIVE), 0, 0);
	expect_timer(server, DIAG_TIMER_KEEPALIVE);
	expect_timer(client, DIAG_TIMER_NONE);
	forecast = forecast_keepalive(server);
	fault_crash(run, "client");
	expect_timeout(server, connected, forecast);
}

static void script(struct run *run)
{
	struct pair tcp;

	if (run_is_variant(run, "listener")) {
		keepalive_on_listener(run);
		return;
	}
	tcp = sock_pair(run);
	sock_post_recv(tcp.client);
	if (run_is_variant(run, "on"))
		keepalive_on(run, tcp.client);
	else if (run_is_variant(run, "set-late"))
		keepalive_set_late(run, tcp.client);
	else
		keepalive_off(run, tcp.client);
}

CASE(keepalive_not_enabled) = {
	.name = "keepalive-not-enabled",
	.claim = "without SO_KEEPALIVE no probe is sent to a dead host, "
		 "whatever the keepalive sysctls are",
	.judgements = CLAIMS(
		{ "A12", DOCUMENT_RIGHT,
		  "only a socket with SO_KEEPALIVE (SOCK_KEEPOPEN) gets the "
		  "timer: tcp_set_keepalive(), and tcp_create_openreq_child() "
		  "for the option inherited from the listener" }),
	.why = "only SO_KEEPALIVE arms the keepalive timer; the sysctls set "
	       "its times",
	.sources = "net/ipv4/tcp_timer.c:tcp_set_keepalive(); "
		   "net/ipv4/tcp_minisocks.c:tcp_create_openreq_child()",
	.steps = STEPS(
		"an idle connection; SO_KEEPALIVE is off; or on; or was set on "
		"the listener; or is set 2 s after the crash",
		"the peer's host crashes",
		"the other end blocks in recv(), longer than keepalive needs",
		"off: finally the client sends a byte"),
	.expect = "off: no timer, no frame, ESTABLISHED, and the byte is "
		  "retransmitted; on: ETIMEDOUT after 1 + 2 * 1 s; set on the "
		  "listener: the same for the accepted socket; set late: the "
		  "same, counted from setsockopt()",
	.world = &world_pair,
	.settings = SYSCTLS(KEEPALIVE_SYSCTLS(NULL, TIME, INTVL, PROBES)),
	.variants = VARIANTS(
		{ "off",
		  "SO_KEEPALIVE is off: no timer runs and no probe is sent, "
		  "and only a byte that the client sends at the end is "
		  "retransmitted",
		  .duration = SEC(TOTAL + 1) },
		{ "on", "the client sets SO_KEEPALIVE before the crash, the "
			"control: ETIMEDOUT after 1 + 2 * 1 s" },
		{ "listener",
		  "the server sets SO_KEEPALIVE on its listener, and the "
		  "client's host crashes: the accepted socket inherits the "
		  "option, and its recv() returns ETIMEDOUT" },
		{ "set-late",
		  "the client sets SO_KEEPALIVE 2 s after the crash: ETIMEDOUT "
		  "1 + 2 * 1 s after setsockopt()",
		  .duration = SEC(TOTAL + 2 * TIME) }),
	.duration = SEC(TOTAL),
	.script = script,
};
