/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A SYN cookie is an initial sequence number from which the third ACK alone
 * creates the connection. Nothing is stored, so an ACK with the right number
 * would do at any time, and everyone who sees a cookie could use it later.
 * Hence a listener accepts cookies only while it sends some, for two minutes
 * after the last (tcp_synq_no_recent_overflow()), and with tcp_syncookies 0
 * none: cookie_v4_check(). An ACK that is not accepted gets a RST.
 *
 * The cookie is real: tcp_syncookies 2 sends one for every SYN. The wire holds
 * the third ACK, while the listener is replaced by one that has sent no cookie,
 * or the sysctl is set to 0, or, the control, to 1.
 */
#include "case.h"

enum { ALWAYS = 2, ON_OVERFLOW = 1, OFF = 0 };

enum { FAR = 12345, PAUSE = 20 };

/* A number that is no cookie: a RST, and the listener stays as it is. */
static void expect_wrong_cookie(struct run *run)
{
	const struct mark start = { 0 };
	struct frame frame =
		frames_first(run, start, "client", WIRE_PURE_ACK)->frame;
	struct mark injected;

	frame.tcp.ack += FAR;
	injected = fault_inject(run, "server", &frame, NULL);
	run_pass(run, MSEC(PAUSE));
	expect_frames(run, injected, "RSTs in reply to a wrong cookie",
		      FRAMES(FROM("server"), KIND(WIRE_RST)), 1);
	expect_counter(run, "server", "SyncookiesFailed", 1);
	expect_counter(run, "server", "SyncookiesRecv", 0);
}

/* The options of the SYN are in the cookie's timestamp:
 * cookie_timestamp_decode(). */
static void expect_options(struct run *run, struct sock *server)
{
	struct diag_socket seen = { .has_info = false };

	sock_look(server, &seen);
	expect_that(run,
		    (seen.info.tcpi_options & TCPI_OPT_WSCALE) &&
			    (seen.info.tcpi_options & TCPI_OPT_SACK) &&
			    (seen.info.tcpi_options & TCPI_OPT_TIMESTAMPS),
		    "window scale, SACK and timestamps are negotiated",
		    "tcpi_options %#x", seen.info.tcpi_options);
}

static void script(struct run *run)
{
	static const char sysctl[] = "net.ipv4.tcp_syncookies";
	bool accepted = run_is_variant(run, "sent");
	struct probe *server = probe_start(run, "server");
	struct probe *probe = probe_start(run, "client");
	struct sock *listener = sock_listen(server, 1), *client;
	struct wire_rule *held;
	struct mark released;
	struct finding got;

	held = fault_hold(run, FRAMES(FROM("client"), KIND(WIRE_PURE_ACK)));
	client = sock_connect(probe, listener);
	if (!expect_that(
		    run, sock_state(sock_peer(client, "server")) == DIAG_CLOSE,
		    "the server stores nothing", "%s",
		    diag_state_text(sock_state(sock_peer(client, "server")))))
		return;
	expect_counter(run, "server", "SyncookiesSent", 1);

	run_set_sysctl(run, "server", sysctl,
		       run_is_variant(run, "disabled") ? OFF : ON_OVERFLOW);
	if (run_is_variant(run, "other-listener")) {
		uint16_t port = sock_local_port(listener);

		sock_close(listener);
		listener = sock_listen_on(server, port, 1);
	}
	if (run_is_variant(run, "sent"))
		expect_wrong_cookie(run);
	released = mark_now(run);
	fault_release(run, held);
	if (accepted)
		sock_accept(listener);
	run_pass(run, MSEC(20));
	expect_counter(run, "server", "SyncookiesRecv", accepted);
	expect_frames(run, released, "RSTs",
		      FRAMES(FROM("server"), KIND(WIRE_RST)), !accepted);
	expect_state(sock_peer(client, "server"),
		     accepted ? DIAG_ESTABLISHED : DIAG_CLOSE);
	if (accepted)
		expect_options(run, sock_peer(client, "server"));
	got = sock_recv(client, accepted ? 0 : soon);
	if (accepted)
		expect_open(&got);
	else
		expect_error(&got, ECONNRESET);
}

CASE(syn_cookie_none_sent) = {
	.name = "syn-cookie-none-sent",
	.claim = "a listener accepts SYN cookies only while it sends them",
	.topic = TOPIC_HANDSHAKE,
	.why = "a cookie proves nothing about when it was sent",
	.sources = "include/net/tcp.h:tcp_synq_no_recent_overflow(); "
		   "net/ipv4/syncookies.c:cookie_v4_check()",
	.steps = STEPS("the client connects to a server with tcp_syncookies 2, "
		       "and the wire holds the third ACK",
		       "tcp_syncookies is set to 1 (disabled: 0); "
		       "other-listener: the server opens a new listener on the "
		       "port",
		       "sent: an ACK with a wrong cookie arrives first",
		       "the wire releases the ACK"),
	.expect = "sent: accepted, with the options of the SYN, and a RST for "
		  "the wrong one (SyncookiesFailed); other-listener and "
		  "disabled: a RST, although the cookie is right",
	.world = &world_pair,
	.settings = SYSCTLS({ "server", "net.ipv4.tcp_syncookies", ALWAYS }),
	.variants = VARIANTS(
		{ "sent", "the listener that sent the cookie receives the ACK, "
			  "the control: the connection is created, and a wrong "
			  "cookie before it is answered with RST" },
		{ "other-listener", "another listener on the port, which has "
				    "sent no cookie, receives the ACK: RST" },
		{ "disabled",
		  "tcp_syncookies is 0 when the ACK arrives: RST" }),
	.duration = MSEC(50),
	.script = script,
};
