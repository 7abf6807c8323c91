/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TCP_SYNCNT wins over tcp_syn_retries, in both comparisons of
 * tcp_write_timeout(): the number of retransmissions, and the time computed
 * from it. The sysctl would allow 127 s.
 */
#include "case.h"

enum { COUNT = 1, SYN_RETRIES = 6 };

#define SYNS FRAMES(FROM("client"), KIND(WIRE_SYN))

static void script(struct run *run)
{
	struct probe *server = probe_start(run, "server");
	struct sock *listener = sock_listen(server, 1);
	struct sock *client = sock_open(probe_start(run, "client"));
	const struct prediction *forecast;
	struct finding got;
	struct mark asked;

	sock_set(client, IPPROTO_TCP, TCP_SYNCNT, COUNT);
	forecast = forecast_connect_with(client);
	fault_cut(run, "server");
	asked = mark_now(run);
	sock_start_connect(client, listener);
	frames_wait(run, asked, SYNS, 1, soon);
	mark_done(run, &asked);
	got = sock_reap(client, forecast->elapsed.max + soon);
	if (!expect_gives_up(&got, asked, forecast))
		return;
	expect_number(run, "syns", frames_count(run, asked, SYNS), 1 + COUNT,
		      1 + COUNT);
}

CASE(option_connect) = {
	.name = "option-connect",
	.claim = "TCP_SYNCNT wins over tcp_syn_retries",
	.topic = TOPIC_SOCKET_OPTIONS,
	.why = "the sysctl is used only where the option was never set",
	.sources = "net/ipv4/tcp_timer.c:tcp_write_timeout()",
	.steps = STEPS("TCP_SYNCNT is set to 1; tcp_syn_retries is 6",
		       "the path to the server is cut",
		       "the client calls connect()"),
	.expect = "one retransmission of the SYN, and ETIMEDOUT after 3 s",
	.world = &world_pair,
	.needs = NEEDS({ .sysctl = "net.ipv4.tcp_syn_linear_timeouts" }),
	.settings =
		SYSCTLS({ "client", "net.ipv4.tcp_syn_retries", SYN_RETRIES },
			{ "client", "net.ipv4.tcp_syn_linear_timeouts", 0 }),
	.duration = SEC(3),
	.script = script,
};
