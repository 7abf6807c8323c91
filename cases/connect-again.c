/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * connect() fails, and the program calls it again on the same socket.
 * __inet_stream_connect() calls tcp_disconnect() when it returns the error, which
 * resets the RTO, the backoff and the counts of the first attempt: the second one
 * sends as many SYNs at the same times. tcp_syn_linear_timeouts counts total_rto,
 * which tcp_clear_retrans() resets as well.
 *
 * The probe's connect() does not block: the probe has read the error with
 * SO_ERROR, and the call that would return it returns ECONNABORTED instead.
 */
#include "case.h"

enum { ATTEMPTS = 2 };

#define SYNS FRAMES(FROM("client"), KIND(WIRE_SYN))

static bool expect_attempt(struct run *run, struct sock *client,
			   const struct sock *listener)
{
	const struct prediction *p = forecast_connect(run, "client");
	struct mark asked = mark_now(run);
	struct finding got;
	bool ok;

	sock_start_connect(client, listener);
	frames_wait(run, asked, SYNS, 1, soon);
	mark_done(run, &asked);
	got = sock_reap(client, p->elapsed.max + SEC(1));
	ok = expect_error(&got, ETIMEDOUT);
	ok &= expect_took(asked, &got, p->elapsed);
	for (unsigned int i = 0; i < p->retransmissions_min; i++)
		expect_frame(run, asked, "SYN", SYNS, 2 + i, p->rounds[i].at);
	expect_number(run, "syns", frames_count(run, asked, SYNS),
		      1 + p->retransmissions_min, 1 + p->retransmissions_max);
	return ok;
}

static void expect_error_taken(struct sock *client, const struct sock *listener)
{
	struct finding got;

	sock_start_connect(client, listener);
	got = sock_reap(client, soon);
	expect_error(&got, ECONNABORTED);
}

static void script(struct run *run)
{
	struct probe *server = probe_start(run, "server");
	struct sock *listener = sock_listen(server, 1);
	struct sock *client = sock_open(probe_start(run, "client"));
	struct finding got;

	fault_cut(run, "server");
	for (int i = 0; i < ATTEMPTS; i++) {
		if (!expect_attempt(run, client, listener))
			return;
		expect_error_taken(client, listener);
	}
	fault_mend(run, "server");
	sock_start_connect(client, listener);
	got = sock_reap(client, soon);
	expect_success(&got);
}

CASE(connect_again) = {
	.name = "connect-again",
	.claim = "a socket whose connect() timed out can connect again, with as "
		 "many SYNs at the same times",
	.topic = TOPIC_HANDSHAKE,
	.why = "the failed attempt ends with tcp_disconnect(), which resets what "
	       "the timers of SYNs depend on",
	.sources = "net/ipv4/af_inet.c:__inet_stream_connect(); "
		   "net/ipv4/tcp.c:tcp_disconnect(); "
		   "net/ipv4/tcp_timer.c:tcp_write_timeout()",
	.steps = STEPS("the path is cut, and connect() times out",
		       "the program reads the error, and calls connect() twice "
		       "on the same socket",
		       "the path is mended, and it calls it again"),
	.expect = "the next call returns ECONNABORTED, because the error was "
		  "read; the one after it ends with ETIMEDOUT after the same "
		  "SYNs; the last succeeds at once",
	.world = &world_pair,
	.settings = SYSCTLS({ "client", "net.ipv4.tcp_syn_retries", 1 }),
	.variants = VARIANTS(
		{ "linear=0",
		  "net.ipv4.tcp_syn_linear_timeouts is 0: the SYN's timeouts "
		  "of both attempts are 1 and 2 s",
		  SYSCTLS({ "client", "net.ipv4.tcp_syn_linear_timeouts", 0 }),
		  .duration = SEC(6) },
		{ "linear=1",
		  "net.ipv4.tcp_syn_linear_timeouts is 1: the SYN's timeouts "
		  "of both attempts are 1, 1 and 2 s",
		  SYSCTLS({ "client", "net.ipv4.tcp_syn_linear_timeouts", 1 }),
		  .duration = SEC(8) }),
	.needs = NEEDS({ .sysctl = "net.ipv4.tcp_syn_linear_timeouts" }),
	.duration = SEC(6),
	.script = script,
};
