/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The server host crashes while nothing is in flight, and the client neither
 * has data to send nor SO_KEEPALIVE. No run can wait for ever, but it can read
 * the timers: only a timer could end the connection from within, and none is
 * armed. The RTO timer runs while something is unacknowledged
 * (tcp_rearm_rto()), the keepalive timer while SO_KEEPALIVE is set
 * (tcp_set_keepalive()), the zero-window timer while data waits to be sent.
 * Nothing else looks at an idle socket.
 *
 * The control is the same connection before the crash: both silences are alike
 * in every respect. One byte then distinguishes them. The keepalive sysctls
 * are low enough to fire within the wait, but they do not apply to a socket
 * without SO_KEEPALIVE. At the kernel's defaults two hours would be enough;
 * that variant waits a day.
 */
#include "case.h"

/* In seconds; IDLE is longer than keepalive would need. ANSWER is longer than a
 * delayed ACK (40 ms) and shorter than the first RTO, so that nothing has been
 * retransmitted yet. */
enum { IDLE = 3, DAY = 24 * 60 * 60, MONTH = 30 * DAY };
enum { KEEPALIVE = 1, ANSWER_MS = 100 };

#define SHORT_KEEPALIVE                                                        \
	.settings = SYSCTLS(                                                   \
		{ "client", "net.ipv4.tcp_keepalive_time", KEEPALIVE },        \
		{ "client", "net.ipv4.tcp_keepalive_intvl", KEEPALIVE },       \
		{ "client", "net.ipv4.tcp_keepalive_probes", 1 })

static void expect_silence(struct run *run, struct pair *tcp)
{
	struct mark start = mark_now(run);

	run_pass(run, SEC(run_value(run)));
	expect_call_blocked(tcp->client);
	expect_state(tcp->client, DIAG_ESTABLISHED);
	expect_timer(tcp->client, DIAG_TIMER_NONE);
	expect_frames(run, start, "segments while idle", FRAMES(KIND(WIRE_TCP)),
		      0);
}

static void send_byte(struct run *run, struct pair *tcp, unsigned int acks,
		      enum diag_timer timer)
{
	struct mark sent = mark_now(run);

	sock_send(tcp->client, 1);
	run_pass(run, MSEC(ANSWER_MS));
	expect_frames(run, sent, "the byte", FRAMES(KIND(WIRE_DATA)), 1);
	expect_frames(run, sent, "its acknowledgement",
		      FRAMES(FROM("server"), KIND(WIRE_PURE_ACK)), acks);
	expect_timer(tcp->client, timer);
}

static void expect_no_timer_options(struct run *run, struct sock *client)
{
	int keepalive = sock_get(client, SOL_SOCKET, SO_KEEPALIVE);
	int user = sock_get(client, IPPROTO_TCP, TCP_USER_TIMEOUT);

	expect_that(run, !keepalive && !user,
		    "neither SO_KEEPALIVE nor TCP_USER_TIMEOUT is set",
		    "SO_KEEPALIVE %d, TCP_USER_TIMEOUT %d", keepalive, user);
	expect_counter(run, "client", "TCPKeepAlive", 0);
	expect_counter(run, "client", "TCPTimeouts", 0);
}

static void script(struct run *run)
{
	struct pair tcp = sock_pair(run);

	sock_post_recv(tcp.client);
	expect_silence(run, &tcp);
	send_byte(run, &tcp, 1, DIAG_TIMER_NONE);

	fault_crash(run, "server");
	if (!expect_state(tcp.server, DIAG_CLOSE))
		return;
	expect_silence(run, &tcp);
	expect_no_timer_options(run, tcp.client);
	run_note(run, "no timer is armed: nothing in the client's kernel can "
		      "end this connection");
	send_byte(run, &tcp, 0, DIAG_TIMER_RETRANSMIT);
}

CASE(server_host_crash_idle) = {
	.name = "server-host-crash-idle",
	.claim = "server host crashes, client idle, no keepalive: ESTABLISHED "
		 "for ever, because no timer runs",
	.judgements = CLAIMS(
		{ "A2", DOCUMENT_RIGHT,
		  "no frame, no timer and no change of state informs the "
		  "client" },
		{ "A8", DOCUMENT_RIGHT,
		  "an idle socket without SO_KEEPALIVE has no timer that could "
		  "end it: tcp_rearm_rto(), tcp_set_keepalive()" }),
	.why = "only a timer ends a connection whose peer is silent, and none "
	       "is armed",
	.sources = "RFC 9293 3.8.4; net/ipv4/tcp_input.c:tcp_rearm_rto(); "
		   "net/ipv4/tcp_timer.c:tcp_set_keepalive()",
	.steps = STEPS("a connection, idle for 3 s, a day or 30 days; the "
		       "client blocks in recv()",
		       "the client sends a byte, which is acknowledged",
		       "the server host crashes; idle for as long again",
		       "the client sends a byte, and nothing comes back"),
	.expect = "with a live peer and with a dead one the connection has the "
		  "same state, no timer and no segments, until the client "
		  "sends",
	.shows = SHOWS("outcome", "client_state", "server_state"),
	.world = &world_pair,
	.variants = VARIANTS({ "seconds",
			       "idle for 3 s before and after the crash, "
			       "longer than keepalive would need with the "
			       "sysctls of this variant, 1 + 1 * 1 s",
			       .value = IDLE, SHORT_KEEPALIVE },
			     { "defaults",
			       "idle for a day before and after the crash, at "
			       "the kernel's default values: keepalive would "
			       "need a little more than two hours",
			       .value = DAY, .defaults = true,
			       .duration = SEC(2 * DAY) },
			     { "month",
			       "idle for 30 days before and after the crash, "
			       "at the kernel's default values: still no "
			       "timer, no segment and no change of state",
			       .value = MONTH, .defaults = true, .slow = true,
			       .duration = 2 * SEC(MONTH) }),
	.duration = SEC(2 * IDLE) + MSEC(2 * ANSWER_MS),
	.script = script,
};
