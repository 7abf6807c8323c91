/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The cable is unplugged, and neither end has data to send. Each end notices
 * only by its own keepalive: the timer belongs to its socket, and its RST at
 * the end (tcp_send_active_reset()) is lost like the probes.
 *
 * The client's probes do not even leave the host: noop_enqueue() of the
 * replaced queue drops them and returns NET_XMIT_CN, which
 * tcp_keepalive_timer() treats as sent (net_xmit_eval()), so they are counted.
 * The same holds for an interface that is down: then there is no route, and
 * __ip_queue_xmit() returns EHOSTUNREACH; a negative result counts as sent,
 * too. Only a positive one would make the timer try again in half a second.
 * IPv4 does not store the error, and the end is ETIMEDOUT; inet6_csk_xmit()
 * stores it as sk_err_soft, which tcp_write_err() prefers: ENETUNREACH.
 *
 * An end without keepalive stays ESTABLISHED, whether the cable is back or
 * not.
 */
#include "case.h"

enum { TIME = 1, INTVL = 1, PROBES = 2, TOTAL = TIME + INTVL * PROBES };
enum { QUIET_MS = 300 };

/* The ends that have keepalive on: the variants' values. */
enum { CLIENT = 1, SERVER = 2, BOTH = CLIENT | SERVER };

/* The socket's kernel stores that there is no route: IPv6 only. */
static bool stores_no_route(struct run *run, struct sock *sock)
{
	const char *host = sock_host(sock);

	return run_is_variant(run, "interface-down") &&
	       strcmp(host, "client") == 0 &&
	       run_address(run, host).family == AF_INET6;
}

static void expect_end(struct run *run, struct sock *sock, struct mark armed,
		       const struct prediction *p)
{
	struct finding got = sock_reap(sock, p->elapsed.max + soon);

	expect_error(&got,
		     stores_no_route(run, sock) ? ENETUNREACH : ETIMEDOUT);
	expect_took(armed, &got, p->elapsed);
	expect_state(sock, DIAG_CLOSE);
	expect_counter(run, sock_host(sock), "TCPKeepAlive", p->probes);
}

static void expect_unaware(struct run *run, struct sock *sock)
{
	struct finding got = sock_reap(sock, 0);

	expect_open(&got);
	expect_state(sock, DIAG_ESTABLISHED);
	expect_timer(sock, DIAG_TIMER_NONE);
	expect_counter(run, sock_host(sock), "TCPKeepAlive", 0);
}

/* The server's segments reach the wire; those of the client, which has no
 * carrier, do not. */
static void expect_on_wire(struct run *run, struct mark armed, long ends,
			   const struct prediction *of_server)
{
	expect_frames(run, armed, "probes of the server on the wire",
		      FRAMES(FROM("server"), KIND(WIRE_KEEPALIVE_PROBE)),
		      ends & SERVER ? of_server->probes : 0);
	expect_frames(run, armed, "RSTs of the server on the wire",
		      FRAMES(FROM("server"), KIND(WIRE_RST)),
		      ends & SERVER ? 1 : 0);
	expect_frames(run, armed, "segments of the client on the wire",
		      FRAMES(FROM("client"), KIND(WIRE_TCP)), 0);
}

/* The end without keepalive stays, also when the cable is back. */
static void plug_in(struct run *run, struct pair *tcp, long ends)
{
	struct mark plugged = mark_now(run);

	fault_plug(run, "client");
	run_pass(run, MSEC(QUIET_MS));
	expect_frames(run, plugged, "segments since the cable is back",
		      FRAMES(KIND(WIRE_TCP)), 0);
	expect_unaware(run, ends & CLIENT ? tcp->server : tcp->client);
}

static void script(struct run *run)
{
	struct pair tcp = sock_pair(run);
	long ends = run_value(run);
	struct prediction *of_client = forecast_keepalive(tcp.client);
	struct prediction *of_server = forecast_keepalive(tcp.server);
	struct mark armed;

	sock_post_recv(tcp.client);
	sock_post_recv(tcp.server);
	armed = mark_now(run);
	if (ends & CLIENT)
		sock_keepalive(tcp.client, true);
	if (ends & SERVER)
		sock_keepalive(tcp.server, true);
	mark_done(run, &armed);
	if (run_is_variant(run, "interface-down"))
		fault_down(run, "client");
	else
		fault_unplug(run, "client");

	run_pass_until(run, armed, of_server->rounds[0].at.max + soon);
	expect_state(tcp.client, DIAG_ESTABLISHED);
	expect_state(tcp.server, DIAG_ESTABLISHED);
	if (!expect_frames(run, armed, "answers", FRAMES(KIND(WIRE_PURE_ACK)),
			   0))
		return;
	if (ends & CLIENT)
		expect_end(run, tcp.client, armed, of_client);
	if (ends & SERVER)
		expect_end(run, tcp.server, armed, of_server);
	run_pass_until(run, armed, of_server->elapsed.max + soon);
	if (!(ends & CLIENT))
		expect_unaware(run, tcp.client);
	if (!(ends & SERVER))
		expect_unaware(run, tcp.server);
	expect_on_wire(run, armed, ends, of_server);
	if (ends != BOTH)
		plug_in(run, &tcp, ends);
}

static const struct judgement of_one_end[] = {
	{ "D9", DOCUMENT_CONDITIONAL,
	  "each end only by its own keepalive: the end without SO_KEEPALIVE "
	  "stays ESTABLISHED, because the other's RST is lost like its probes: "
	  "tcp_send_active_reset()" },
	{ "D14", DOCUMENT_WRONG,
	  "it finds out that the peer does not answer; the peer's connection "
	  "is ESTABLISHED all the time, until its own timer expires: "
	  "tcp_keepalive_timer()" },
	{ .claim = NULL },
};

CASE(unplug_keepalive) = {
	.name = "unplug-keepalive",
	.claim = "cable pulled, no data, keepalive at both ends: both notice; "
		 "at one end: the other stays ESTABLISHED",
	.judgements = CLAIMS({ "D9", DOCUMENT_RIGHT,
			       "each end's probes stay unanswered, also those "
			       "that its own kernel drops because it has no "
			       "carrier: tcp_keepalive_timer()" }),
	.why = "a probe counts as sent unless the local queue is full; "
	       "unanswered probes end the connection",
	.sources = "RFC 9293 3.8.4; net/ipv4/tcp_timer.c:"
		   "tcp_keepalive_timer(); net/sched/sch_generic.c:"
		   "noop_enqueue()",
	.steps = STEPS("a connection, idle; both ends block in recv()",
		       "SO_KEEPALIVE is set at both ends, or at one",
		       "the client's cable is pulled (or its interface set "
		       "down)",
		       "where only one end has keepalive, the cable is plugged "
		       "in again after its end"),
	.expect = "ETIMEDOUT after 1 + 2 * 1 s at each end with keepalive, "
		  "with two probes, of which the client's do not reach the "
		  "wire; ESTABLISHED at the end without keepalive, also when "
		  "the cable is back",
	.shows = SHOWS("outcome", "elapsed_s", "client_state", "server_state"),
	.world = &world_pair,
	.settings = SYSCTLS(KEEPALIVE_SYSCTLS(NULL, TIME, INTVL, PROBES)),
	.variants = VARIANTS(
		{ "both",
		  "both ends have SO_KEEPALIVE, and the client's cable is "
		  "pulled: both get ETIMEDOUT",
		  .value = BOTH },
		{ "interface-down",
		  "both ends have SO_KEEPALIVE, and the client's interface is "
		  "set down: both get ETIMEDOUT, over IPv6 the client "
		  "ENETUNREACH",
		  .value = BOTH },
		{ "server-only",
		  "only the server has SO_KEEPALIVE, and the client's cable is "
		  "pulled: the client stays ESTABLISHED, also when the cable "
		  "is back",
		  .value = SERVER, .judgements = of_one_end },
		{ "client-only",
		  "only the client has SO_KEEPALIVE, and its cable is pulled: "
		  "the server stays ESTABLISHED, also when the cable is back",
		  .value = CLIENT, .judgements = of_one_end }),
	.duration = SEC(TOTAL) + MSEC(800),
	.script = script,
};
