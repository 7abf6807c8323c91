/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keepalive is off by default, and the sysctls only say how it goes once it is
 * on: the timer is armed by tcp_set_keepalive() when SO_KEEPALIVE is set, and
 * by tcp_finish_connect() and tcp_create_openreq_child() when a connection
 * begins whose socket has it already. Without it no timer runs at all.
 *
 * An accepted socket is a copy of its listener, options included: a server sets
 * SO_KEEPALIVE once, on the listener, where it does nothing by itself
 * (tcp_set_keepalive() passes over LISTEN). The peer takes no part in this: it
 * is nothing that is negotiated.
 *
 * And it is never too late: set on a connection whose peer has long been dead,
 * it starts to count then.
 */
#include "case.h"

enum { TIME = 1, INTVL = 1, PROBES = 2, TOTAL = TIME + INTVL * PROBES };

#define PROBES_OF(host_) FRAMES(FROM(host_), KIND(WIRE_KEEPALIVE_PROBE))

/* The end of a connection that has it. */
static void expect_death(struct sock *sock, struct mark since,
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

/* Nothing happens; and that the host was dead all the time, data shows. */
static void stays_off(struct run *run, struct sock *client)
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
	expect_frame(run, sent, "nobody acknowledges: it is sent again",
		     FRAMES(FROM("client"), KIND(WIRE_RETRANSMISSION)), 1,
		     data->rounds[0].at);
}

static void is_on(struct run *run, struct sock *client)
{
	const struct prediction *forecast = forecast_keepalive(client);
	struct mark armed = mark_now(run);

	sock_keepalive(client, true);
	expect_timer(client, DIAG_TIMER_KEEPALIVE);
	fault_crash(run, "server");
	expect_death(client, armed, forecast);
}

static void set_late(struct run *run, struct sock *client)
{
	const struct prediction *forecast = forecast_keepalive(client);
	struct mark dead = mark_now(run), armed;

	fault_crash(run, "server");
	run_pass_until(run, dead, 2 * SEC(TIME));
	expect_timer(client, DIAG_TIMER_NONE);
	armed = mark_now(run);
	sock_keepalive(client, true);
	expect_death(client, armed, forecast);
}

static void set_on_the_listener(struct run *run)
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
	expect_death(server, connected, forecast);
}

static void script(struct run *run)
{
	struct pair tcp;

	if (run_is_variant(run, "listener")) {
		set_on_the_listener(run);
		return;
	}
	tcp = sock_pair(run);
	sock_post_recv(tcp.client);
	if (run_is_variant(run, "on"))
		is_on(run, tcp.client);
	else if (run_is_variant(run, "set-late"))
		set_late(run, tcp.client);
	else
		stays_off(run, tcp.client);
}

CASE(keepalive_not_enabled) = {
	.name = "keepalive-not-enabled",
	.claim = "without SO_KEEPALIVE the same dead host is never asked, "
		 "whatever the keepalive sysctls say",
	.judgements =
		CLAIMS({ "A12", DOCUMENT_RIGHT,
			 "only a socket with SO_KEEPALIVE (SOCK_KEEPOPEN) "
			 "gets the timer: tcp_set_keepalive(), and "
			 "tcp_create_openreq_child() for what it has from "
			 "its listener" }),
	.why = "the keepalive timer is armed by SO_KEEPALIVE alone; the "
	       "sysctls are its numbers",
	.sources = "net/ipv4/tcp_timer.c:tcp_set_keepalive(); "
		   "net/ipv4/tcp_minisocks.c:tcp_create_openreq_child()",
	.steps = STEPS("an idle connection; SO_KEEPALIVE is off; or on; or was "
		       "set on the listener; or is set after the death",
		       "the peer's machine dies",
		       "the other end waits in recv(), longer than keepalive "
		       "takes",
		       "off: at last it sends a byte"),
	.expect = "off: no timer, no frame, ESTABLISHED, and the byte is never "
		  "acknowledged; on: ETIMEDOUT after 1 + 2 * 1 s; set on the "
		  "listener: the same for the accepted socket; set late: the "
		  "same, from then on",
	.world = &world_pair,
	.settings = SYSCTLS({ NULL, "net.ipv4.tcp_keepalive_time", TIME },
			    { NULL, "net.ipv4.tcp_keepalive_intvl", INTVL },
			    { NULL, "net.ipv4.tcp_keepalive_probes", PROBES }),
	.variants = VARIANTS({ "off", .duration = SEC(TOTAL + 1) }, { "on" },
			     { "listener" },
			     { "set-late", .duration = SEC(TOTAL + 2 * TIME) }),
	.duration = SEC(TOTAL),
	.script = script,
};
