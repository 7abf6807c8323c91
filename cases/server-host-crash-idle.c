/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The server's machine dies while nothing is under way, and the client has
 * neither anything to send nor SO_KEEPALIVE. "For ever" cannot be waited for,
 * but it can be seen: what ends a connection from within is one of its timers,
 * and none is armed. The RTO timer runs while something is unacknowledged
 * (tcp_rearm_rto()), the keepalive timer while SO_KEEPALIVE is set
 * (tcp_set_keepalive()), the zero-window timer while something waits to be
 * sent. Nothing else looks at an idle socket.
 *
 * The control is the same connection a moment before, with its peer alive: the
 * two silences are the same in every respect. One byte then tells them apart.
 * The keepalive sysctls are set so low that they would tell, too; but they are
 * nothing to a socket that did not ask. At the kernel's own values two hours
 * would be enough for them, and it is a day.
 */
#include "case.h"

/* In seconds: longer than keepalive would need. ANSWER is longer than a delayed
 * ACK (40 ms), and shorter than the first RTO, so that no copy is out yet. */
enum { IDLE = 3, DAY = 24 * 60 * 60, MONTH = 30 * DAY };
enum { KEEPALIVE = 1, ANSWER_MS = 100 };

#define IMPATIENT                                                              \
	.settings = SYSCTLS(                                                   \
		{ "client", "net.ipv4.tcp_keepalive_time", KEEPALIVE },        \
		{ "client", "net.ipv4.tcp_keepalive_intvl", KEEPALIVE },       \
		{ "client", "net.ipv4.tcp_keepalive_probes", 1 })

static void is_silent(struct run *run, struct pair *tcp)
{
	struct mark start = mark_now(run);
	struct finding waiting;

	run_pass(run, SEC(run_value(run)));
	waiting = sock_reap(tcp->client, 0);
	expect_open(&waiting);
	expect_state(tcp->client, DIAG_ESTABLISHED);
	expect_timer(tcp->client, DIAG_TIMER_NONE);
	expect_frames(run, start, "segments while idle", FRAMES(KIND(WIRE_TCP)),
		      0);
}

static void asks(struct run *run, struct pair *tcp, unsigned int answers,
		 enum diag_timer timer)
{
	struct mark sent = mark_now(run);

	sock_send(tcp->client, 1);
	run_pass(run, MSEC(ANSWER_MS));
	expect_frames(run, sent, "the byte", FRAMES(KIND(WIRE_DATA)), 1);
	expect_frames(run, sent, "its acknowledgement",
		      FRAMES(FROM("server"), KIND(WIRE_PURE_ACK)), answers);
	expect_timer(tcp->client, timer);
}

static void nothing_is_set(struct run *run, struct sock *client)
{
	int keepalive = sock_get(client, SOL_SOCKET, SO_KEEPALIVE);
	int user = sock_get(client, IPPROTO_TCP, TCP_USER_TIMEOUT);

	expect_that(run, !keepalive && !user,
		    "neither keepalive nor a user time-out is set",
		    "SO_KEEPALIVE %d, TCP_USER_TIMEOUT %d", keepalive, user);
	expect_counter(run, "client", "TCPKeepAlive", 0);
	expect_counter(run, "client", "TCPTimeouts", 0);
}

static void script(struct run *run)
{
	struct pair tcp = sock_pair(run);

	sock_post_recv(tcp.client);
	is_silent(run, &tcp);
	asks(run, &tcp, 1, DIAG_TIMER_NONE);

	fault_crash(run, "server");
	if (!expect_state(tcp.server, DIAG_CLOSE))
		return;
	is_silent(run, &tcp);
	nothing_is_set(run, tcp.client);
	run_note(run, "no timer is armed: there is nothing in the client's "
		      "kernel that could end this");
	asks(run, &tcp, 0, DIAG_TIMER_RETRANSMIT);
}

CASE(server_host_crash_idle) = {
	.name = "server-host-crash-idle",
	.claim = "server host crashes, client idle, no keepalive: ESTABLISHED "
		 "for ever, for no timer runs",
	.judgements = CLAIMS(
		{ "A2", DOCUMENT_RIGHT,
		  "no frame, no timer and no change of state tells the "
		  "client" },
		{ "A8", DOCUMENT_RIGHT,
		  "an idle socket without SO_KEEPALIVE has no timer that could "
		  "end it: tcp_rearm_rto(), tcp_set_keepalive()" }),
	.why = "only a timer ends a connection whose peer says nothing, and "
	       "none is armed",
	.sources = "RFC 9293 3.8.4; net/ipv4/tcp_input.c:tcp_rearm_rto(); "
		   "net/ipv4/tcp_timer.c:tcp_set_keepalive()",
	.steps = STEPS("a connection, idle for 3 s, or a day, or 30 days; the "
		       "client waits in recv()",
		       "the client sends a byte, and it is acknowledged",
		       "the server's machine dies; idle for as long again",
		       "the client sends a byte, and nothing comes back"),
	.expect = "the same silence, state and lack of timers with a live peer "
		  "and with a dead one, until the client sends",
	.world = &world_pair,
	.variants = VARIANTS({ "seconds", .value = IDLE, IMPATIENT },
			     { "defaults", .value = DAY, .defaults = true,
			       .duration = SEC(2 * DAY) },
			     { "month", .value = MONTH, .defaults = true,
			       .slow = true, .duration = 2 * SEC(MONTH) }),
	.duration = SEC(2 * IDLE) + MSEC(2 * ANSWER_MS),
	.script = script,
};
