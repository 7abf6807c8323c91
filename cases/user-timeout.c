/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TCP_USER_TIMEOUT in the states of a connection. It arms no timer of its own:
 * each timer that runs anyway compares it.
 *
 * - Data in flight: retransmits_timed_out() compares it instead of the time
 *   computed from tcp_retries2, and tcp_clamp_rto_to_user_timeout() shortens
 *   the last timer to the remainder.
 * - SYN-SENT: the same functions, but the time starts with the first SYN, and
 *   the number of SYNs still counts: tcp_write_timeout().
 * - Idle with keepalive: tcp_keepalive_timer() compares it with the time since
 *   the last segment, instead of the number of probes with TCP_KEEPCNT. Below
 *   TCP_KEEPIDLE it has passed before the first probe is sent, so that one lost
 *   probe ends a connection whose path and peer are sound.
 * - Idle without keepalive: no timer runs, and nothing is compared.
 *
 * A zero window has its own case, zero-window-user-timeout.
 */
#include "case.h"

enum { TIMEOUT_MS = 1000, CONNECT_MS = 1500, LONG_MS = 60000 };
enum { SHORT_MS = 500, BYTES = 100 };
enum { TIME = 1, INTVL = 1, PROBES = 9, IDLE_MS = 1500 };

#define SYNS FRAMES(FROM("client"), KIND(WIRE_SYN))
#define PROBE FROM("client"), KIND(WIRE_KEEPALIVE_PROBE)

static void set_timeout(struct sock *sock, int ms)
{
	sock_set(sock, IPPROTO_TCP, TCP_USER_TIMEOUT, ms);
}

static void expect_busy(struct run *run)
{
	struct pair tcp = sock_pair(run);
	const struct prediction *forecast;
	struct finding got;
	struct mark sent;

	set_timeout(tcp.client, TIMEOUT_MS);
	forecast = forecast_give_up(tcp.client);
	fault_crash(run, "server");
	sock_post_recv(tcp.client);
	sent = mark_now(run);
	sock_send(tcp.client, BYTES);
	mark_done(run, &sent);
	got = sock_reap(tcp.client, forecast->elapsed.max + SEC(1));
	expect_gives_up(&got, sent, forecast);
	expect_counter(run, "client", "TCPAbortOnTimeout", 1);
}

static void expect_connecting(struct run *run, int ms)
{
	struct probe *server = probe_start(run, "server");
	struct sock *listener = sock_listen(server, 1);
	struct sock *client = sock_open(probe_start(run, "client"));
	const struct prediction *forecast;
	struct finding got;
	struct mark asked;

	set_timeout(client, ms);
	forecast = forecast_connect_with(client);
	fault_cut(run, "server");
	asked = mark_now(run);
	sock_start_connect(client, listener);
	frames_wait(run, asked, SYNS, 1, soon);
	mark_done(run, &asked);
	got = sock_reap(client, forecast->elapsed.max + SEC(1));
	expect_error(&got, ETIMEDOUT);
	expect_took(asked, &got, forecast->elapsed);
	expect_number(run, "syns", frames_count(run, asked, SYNS),
		      1 + forecast->retransmissions_min,
		      1 + forecast->retransmissions_max);
}

static void expect_idle(struct run *run)
{
	struct pair tcp = sock_pair(run);
	struct mark crashed;

	set_timeout(tcp.client, TIMEOUT_MS);
	sock_post_recv(tcp.client);
	crashed = mark_now(run);
	fault_crash(run, "server");
	if (!expect_state(tcp.server, DIAG_CLOSE))
		return;
	expect_timer(tcp.client, DIAG_TIMER_NONE);
	run_pass_until(run, crashed, MSEC(IDLE_MS));
	expect_call_blocked(tcp.client);
	expect_state(tcp.client, DIAG_ESTABLISHED);
	expect_timer(tcp.client, DIAG_TIMER_NONE);
}

/* The server lives and answers every probe that arrives. */
static void expect_lost_probe(struct run *run)
{
	struct pair tcp = sock_pair(run);
	const struct prediction *forecast;
	struct finding got;
	struct mark armed;

	set_timeout(tcp.client, SHORT_MS);
	sock_post_recv(tcp.client);
	sock_post_recv(tcp.server);
	forecast = forecast_keepalive(tcp.client);
	fault_drop(run, FRAMES(PROBE, .first = 1, .count = 1));
	armed = mark_now(run);
	sock_keepalive(tcp.client, true);
	got = sock_reap(tcp.client, forecast->elapsed.max + soon);
	expect_error(&got, ETIMEDOUT);
	expect_took(armed, &got, forecast->elapsed);
	expect_number(run, "keepalive_probes",
		      frames_count(run, armed, FRAMES(PROBE)), 1, 1);
	got = sock_reap(tcp.server, soon);
	expect_error(&got, ECONNRESET);
}

static void script(struct run *run)
{
	if (run_is_variant(run, "busy"))
		expect_busy(run);
	else if (run_is_variant(run, "connecting"))
		expect_connecting(run, CONNECT_MS);
	else if (run_is_variant(run, "connecting-long"))
		expect_connecting(run, LONG_MS);
	else if (run_is_variant(run, "idle"))
		expect_idle(run);
	else
		expect_lost_probe(run);
}

CASE(user_timeout) = {
	.name = "user-timeout",
	.claim = "TCP_USER_TIMEOUT ends a connection that sends, connects or "
		 "sends keepalive probes; an idle one without keepalive it "
		 "does not",
	.topic = TOPIC_USER_TIMEOUT,
	.why = "it has no timer: the timers of retransmissions and keepalive "
	       "probes compare it",
	.sources = "RFC 5482; net/ipv4/tcp_timer.c:tcp_write_timeout(), "
		   "tcp_clamp_rto_to_user_timeout(), tcp_keepalive_timer()",
	.steps = STEPS("TCP_USER_TIMEOUT is set to 1 s (connecting: 1.5 s; "
		       "one-lost-probe: 0.5 s)",
		       "the server's host crashes, or the path is cut, and the "
		       "client sends, connects, or does nothing",
		       "one-lost-probe: keepalive after 1 s, and the wire "
		       "drops the first probe of a sound connection"),
	.expect = "busy and connecting: ETIMEDOUT when the time has passed; "
		  "connecting-long, with a minute: after tcp_syn_retries; "
		  "idle: ESTABLISHED beyond it, without a timer; "
		  "one-lost-probe: ETIMEDOUT one interval after one probe, "
		  "and a RST to the server",
	.world = &world_pair,
	.settings = SYSCTLS(KEEPALIVE_SYSCTLS("client", TIME, INTVL, PROBES),
			    { "client", "net.ipv4.tcp_retries2", 15 },
			    { "client", "net.ipv4.tcp_syn_retries", 6 }),
	.variants = VARIANTS(
		{ "busy", "TCP_USER_TIMEOUT is 1 s and data is in flight when "
			  "the server's host is gone: ETIMEDOUT after that "
			  "time, although tcp_retries2 is 15" },
		{ "connecting",
		  "TCP_USER_TIMEOUT is 1.5 s and the path is cut before "
		  "connect(): ETIMEDOUT after that time, although "
		  "tcp_syn_retries is 6",
		  .duration = MSEC(CONNECT_MS) },
		{ "connecting-long",
		  "TCP_USER_TIMEOUT is 60 s, and tcp_syn_retries is 1 without "
		  "linear timeouts: the number of SYNs still counts, and "
		  "ETIMEDOUT comes after 3 s",
		  SYSCTLS({ "client", "net.ipv4.tcp_syn_retries", 1 },
			  { "client", "net.ipv4.tcp_syn_linear_timeouts", 0 }),
		  .duration = SEC(3) },
		{ "idle",
		  "TCP_USER_TIMEOUT is 1 s, the server's host crashes, and the "
		  "client sends nothing and has no keepalive: the connection "
		  "is still ESTABLISHED after 1.5 s, without a timer" },
		{ "one-lost-probe",
		  "TCP_USER_TIMEOUT is 0.5 s, less than the keepalive time of "
		  "1 s, and one probe is lost: ETIMEDOUT on a connection whose "
		  "path and peer are sound",
		  .duration = SEC(TIME + INTVL) }),
	.duration = MSEC(IDLE_MS),
	.script = script,
};
