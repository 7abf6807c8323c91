/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TCP_RTO_MAX_MS wins over tcp_rto_max_ms: tcp_rto_max() limits the doubling,
 * and tcp_model_timeout() the time that tcp_retries2 stands for. Both follow
 * the socket's option (54a378f43425).
 */
#include "case.h"

#ifndef TCP_RTO_MAX_MS
#define TCP_RTO_MAX_MS 44
#endif

enum { BYTES = 100, RETRIES2 = 2, OPTION_MS = 1000 };

static void script(struct run *run)
{
	struct pair tcp = sock_pair(run);
	struct predict_tcp inputs;
	struct prediction forecast;
	struct finding got;
	struct mark sent;

	sock_set(tcp.client, IPPROTO_TCP, TCP_RTO_MAX_MS, OPTION_MS);
	inputs = forecast_inputs(tcp.client);
	inputs.rto_max =
		MSEC(sock_get(tcp.client, IPPROTO_TCP, TCP_RTO_MAX_MS));
	predict_give_up(&forecast, &inputs);
	run_note(run, "predicted: timeout %.3f s, end after %.3f .. %.3f s",
		 nsec_seconds(forecast.timeout),
		 nsec_seconds(forecast.elapsed.min),
		 nsec_seconds(forecast.elapsed.max));
	fault_crash(run, "server");
	sock_post_recv(tcp.client);
	sent = mark_now(run);
	sock_send(tcp.client, BYTES);
	mark_done(run, &sent);
	got = sock_reap(tcp.client, forecast.elapsed.max + SEC(1));
	expect_gives_up(&got, sent, &forecast);
	expect_rounds(tcp.client, sent, &forecast);
}

CASE(option_rto) = {
	.name = "option-rto",
	.claim = "TCP_RTO_MAX_MS wins over tcp_rto_max_ms",
	.topic = TOPIC_SOCKET_OPTIONS,
	.why = "the sysctl is only the value with which a socket starts",
	.sources = "include/net/tcp.h:tcp_rto_max(); "
		   "net/ipv4/tcp_timer.c:tcp_model_timeout()",
	.steps = STEPS("TCP_RTO_MAX_MS is set to 1 s; tcp_rto_max_ms is 120 s",
		       "the server's host crashes, and the client sends"),
	.expect = "retransmissions at most 1 s apart, and ETIMEDOUT as "
		  "predicted for that maximum",
	.world = &world_pair,
	.needs = NEEDS({ .sysctl = "net.ipv4.tcp_rto_max_ms" }),
	.settings = SYSCTLS({ "client", "net.ipv4.tcp_rto_max_ms", 120000 },
			    { "client", "net.ipv4.tcp_retries2", RETRIES2 }),
	.duration = MSEC(2400),
	.script = script,
};
