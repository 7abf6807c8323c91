/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The cable is out, and nobody has anything to send. Each end finds out for
 * itself, and only by its own keepalive: the timer is its socket's, and its RST
 * at the end (tcp_send_active_reset()) is lost as the probes were.
 *
 * The client's probes do not even leave the machine: noop_enqueue(), which has
 * taken the place of the queue, throws them away and says NET_XMIT_CN, which to
 * tcp_keepalive_timer() is as good as sent (net_xmit_eval()), so they are
 * counted. It is the same with the interface set down: there is no route then,
 * and __ip_queue_xmit() says EHOSTUNREACH, which is less than 0 and so counts
 * as sent, too. Only a positive answer would make it try again in half a
 * second. Over IPv4 the error is forgotten, and the end is ETIMEDOUT all the
 * same; inet6_csk_xmit() keeps it as sk_err_soft, which tcp_write_err()
 * prefers: ENETUNREACH.
 *
 * An end that has no keepalive stays ESTABLISHED, with the cable back or not.
 */
#include "case.h"

enum { TIME = 1, INTVL = 1, PROBES = 2, TOTAL = TIME + INTVL * PROBES };
enum { CLIENT = 1, SERVER = 2, BOTH = CLIENT | SERVER, QUIET_MS = 300 };

static const nsec_t soon = MSEC(500);

/* And remembers it. */
static bool knows_no_route(struct run *run, struct sock *sock)
{
	const char *host = sock_host(sock);

	return run_is_variant(run, "interface-down") &&
	       strcmp(host, "client") == 0 &&
	       run_address(run, host).family == AF_INET6;
}

static void finds_out(struct run *run, struct sock *sock, struct mark armed,
		      const struct prediction *p)
{
	struct finding got = sock_reap(sock, p->elapsed.max + soon);

	expect_error(&got, knows_no_route(run, sock) ? ENETUNREACH : ETIMEDOUT);
	expect_took(armed, &got, p->elapsed);
	expect_state(sock, DIAG_CLOSE);
	expect_counter(run, sock_host(sock), "TCPKeepAlive", p->probes);
}

static void finds_nothing(struct run *run, struct sock *sock)
{
	struct finding waiting = sock_reap(sock, 0);

	expect_open(&waiting);
	expect_state(sock, DIAG_ESTABLISHED);
	expect_timer(sock, DIAG_TIMER_NONE);
	expect_counter(run, sock_host(sock), "TCPKeepAlive", 0);
}

/* The server's go into the cable; the client's, who has no carrier, nowhere. */
static void who_was_asked(struct run *run, struct mark armed, long who,
			  const struct prediction *of_server)
{
	expect_frames(run, armed, "probes of the server on the wire",
		      FRAMES(FROM("server"), KIND(WIRE_KEEPALIVE_PROBE)),
		      who & SERVER ? of_server->probes : 0);
	expect_frames(run, armed, "its RST at the end",
		      FRAMES(FROM("server"), KIND(WIRE_RST)),
		      who & SERVER ? 1 : 0);
	expect_frames(run, armed, "segments of the client on the wire",
		      FRAMES(FROM("client"), KIND(WIRE_TCP)), 0);
}

/* The one that is left is told of nothing, and asked nothing. */
static void plugged_again(struct run *run, struct pair *tcp, long who)
{
	struct mark plugged = mark_now(run);

	fault_plug(run, "client");
	run_pass(run, MSEC(QUIET_MS));
	expect_frames(run, plugged, "segments since the cable is back",
		      FRAMES(KIND(WIRE_TCP)), 0);
	if (!(who & CLIENT))
		finds_nothing(run, tcp->client);
	if (!(who & SERVER))
		finds_nothing(run, tcp->server);
}

static void script(struct run *run)
{
	struct pair tcp = sock_pair(run);
	long who = run_value(run);
	struct prediction *of_client = forecast_keepalive(tcp.client);
	struct prediction *of_server = forecast_keepalive(tcp.server);
	struct mark armed;

	sock_post_recv(tcp.client);
	sock_post_recv(tcp.server);
	armed = mark_now(run);
	if (who & CLIENT)
		sock_keepalive(tcp.client, true);
	if (who & SERVER)
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
	if (who & CLIENT)
		finds_out(run, tcp.client, armed, of_client);
	if (who & SERVER)
		finds_out(run, tcp.server, armed, of_server);
	run_pass_until(run, armed, of_server->elapsed.max + soon);
	if (!(who & CLIENT))
		finds_nothing(run, tcp.client);
	if (!(who & SERVER))
		finds_nothing(run, tcp.server);
	who_was_asked(run, armed, who, of_server);
	if (who != BOTH)
		plugged_again(run, &tcp, who);
}

static const struct judgement one_side[] = {
	{ "D9", DOCUMENT_CONDITIONAL,
	  "each end only by its own: the one without SO_KEEPALIVE stays "
	  "ESTABLISHED, for the other's RST is lost as its probes were: "
	  "tcp_send_active_reset()" },
	{ .claim = NULL },
};

CASE(unplug_keepalive) = {
	.name = "unplug-keepalive",
	.claim = "cable pulled, no data, keepalive at both ends: both find "
		 "out; at one end: the other stays",
	.judgements = CLAIMS({ "D9", DOCUMENT_RIGHT,
			       "each end's probes stay unanswered, also those "
			       "that its own kernel throws away for want of a "
			       "carrier: tcp_keepalive_timer()" }),
	.why = "a probe counts as sent as long as nothing says that the local "
	       "queue is full; what is never answered ends the connection",
	.sources =
		"RFC 9293 3.8.4; net/ipv4/tcp_timer.c:tcp_keepalive_timer(); "
		"net/sched/sch_generic.c:noop_enqueue()",
	.steps = STEPS("a connection, idle; both ends wait in recv()",
		       "SO_KEEPALIVE is set at both ends, or at one",
		       "the client's cable is pulled (or its interface set "
		       "down)",
		       "where one end is left, it is plugged in again"),
	.expect = "ETIMEDOUT after 1 + 2 * 1 s at each end that asked, with "
		  "two probes, the client's not on the wire; ESTABLISHED at "
		  "the end that did not, with the cable back, too",
	.world = &world_pair,
	.settings = SYSCTLS({ NULL, "net.ipv4.tcp_keepalive_time", TIME },
			    { NULL, "net.ipv4.tcp_keepalive_intvl", INTVL },
			    { NULL, "net.ipv4.tcp_keepalive_probes", PROBES }),
	.variants = VARIANTS(
		{ "both", .value = BOTH }, { "interface-down", .value = BOTH },
		{ "server-only", .value = SERVER, .judgements = one_side },
		{ "client-only", .value = CLIENT, .judgements = one_side }),
	.duration = SEC(TOTAL) + MSEC(800),
	.script = script,
};
