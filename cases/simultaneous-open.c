/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Both ends call connect() with each other's port, and the SYNs cross. Each end
 * receives a SYN in SYN-SENT, goes to SYN-RECV and answers with a SYN-ACK
 * (tcp_rcv_synsent_state_process()), whose ACK makes it ESTABLISHED: one
 * connection, two active opens and no listener. The wire holds both SYNs until
 * both are sent.
 */
#include "case.h"

enum { PORT = 40000, BYTES = 100 };

#define SYNS FRAMES(KIND(WIRE_SYN), .count = 2)

static void script(struct run *run)
{
	struct probe *client_probe = probe_start(run, "client");
	struct probe *server_probe = probe_start(run, "server");
	struct wire_rule *held = fault_hold(run, SYNS);
	struct mark asked = mark_now(run);
	struct sock *client, *server;
	struct finding got;

	client = sock_post_connect_to(client_probe, "server", PORT);
	server = sock_post_connect_to(server_probe, "client", PORT);
	if (!expect_that(run, frames_wait(run, asked, SYNS, 2, soon),
			 "both ends send a SYN", "%u SYNs",
			 frames_count(run, asked, SYNS)))
		return;
	if (!expect_state(client, DIAG_SYN_SENT) ||
	    !expect_state(server, DIAG_SYN_SENT))
		return;
	fault_release(run, held);
	got = sock_reap(client, soon);
	if (!expect_success(&got))
		return;
	got = sock_reap(server, soon);
	if (!expect_success(&got))
		return;
	expect_state(client, DIAG_ESTABLISHED);
	expect_state(server, DIAG_ESTABLISHED);
	expect_delivery(client, server, BYTES);
	expect_delivery(server, client, BYTES);
	expect_frames(run, asked, "SYN-ACKs", FRAMES(KIND(WIRE_SYN_ACK)), 2);
	expect_frames(run, asked, "RSTs", FRAMES(KIND(WIRE_RST)), 0);
	expect_counter(run, "client", "ActiveOpens", 1);
	expect_counter(run, "server", "ActiveOpens", 1);
	expect_counter(run, "client", "PassiveOpens", 0);
	expect_counter(run, "server", "PassiveOpens", 0);
}

CASE(simultaneous_open) = {
	.name = "simultaneous-open",
	.claim = "two ends that connect to each other at the same time get one "
		 "connection",
	.topic = TOPIC_HANDSHAKE,
	.why = "a SYN in SYN-SENT is as good as one in LISTEN",
	.sources = "RFC 9293 3.5; net/ipv4/tcp_input.c:"
		   "tcp_rcv_synsent_state_process(), tcp_rcv_state_process()",
	.steps = STEPS("both ends connect, each from and to port 40000",
		       "the wire holds both SYNs and releases them"),
	.expect = "both connect() succeed, each end sends a SYN-ACK, and data "
		  "arrives both ways",
	.shows = SHOWS("outcome", "client_state", "server_state"),
	.world = &world_pair,
	.settings = SYSCTLS(ONE_LOCAL_PORT_SYSCTL(NULL)),
	.duration = MSEC(50),
	.script = script,
};
