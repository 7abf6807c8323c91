/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How often a SYN-ACK that nobody acknowledges is sent again. TCP_SYNCNT of the
 * listener replaces tcp_synack_retries. And a SYN queue that is half full has
 * less patience: reqsk_timer_handler() lowers the number, down to 2, as long as
 * fewer than half of the requests are young, that is, not retransmitted yet.
 * Five requests are more than half of eight. When their third timers fire, none
 * is young: one of them ends after two retransmissions, and the other four, with
 * which the queue is not half full any more, get a third one.
 */
#include "case.h"

enum { RETRIES = 3, FEWER = 2, FEW = 1, HALF_FULL = 2, BACKLOG = 8 };
enum { CLIENTS = 5, LEFT = 4 };

static const char sysctl[] = "net.ipv4.tcp_synack_retries";

#define SYN_ACKS FRAMES(FROM("server"), KIND(WIRE_SYN_ACK))

/* One of the requests is gone when a request with two retransmissions is. */
static void expect_one_less(struct run *run, struct sock *const *servers,
			    struct mark asked, const struct prediction *p)
{
	int left = 0;

	run_pass_until(run, asked, p->elapsed.max + MSEC(100));
	for (int i = 0; i < CLIENTS; i++)
		left += sock_state(servers[i]) == DIAG_SYN_RECV;
	expect_number(run, "requests", left, LEFT, LEFT);
	expect_counter(run, "server", "TCPSynRetrans",
		       HALF_FULL + LEFT * RETRIES);
}

static void script(struct run *run)
{
	bool crowd = run_is_variant(run, "half-full");
	int clients = crowd ? CLIENTS : 1;
	int limit = (int)run_sysctl(run, "server", sysctl);
	int retries = crowd			      ? HALF_FULL :
		      run_is_variant(run, "syncnt") ? FEW :
						      limit;
	struct sock *listener = sock_listen(probe_start(run, "server"), BACKLOG);
	struct probe *probe = probe_start(run, "client");
	struct diag_socket seen = { .retransmits = 0 };
	struct sock *servers[CLIENTS];
	struct prediction *p;
	struct mark asked;

	/* The timers of the five requests expire together only if the requests
	 * were made together. */
	if (crowd)
		run_delay_decides(run);
	if (run_is_variant(run, "syncnt"))
		sock_set(listener, IPPROTO_TCP, TCP_SYNCNT, FEW);
	run_set_sysctl(run, "server", sysctl, retries);
	p = forecast_syn_ack(run, "server");
	run_set_sysctl(run, "server", sysctl, limit);
	fault_drop(run, FRAMES(FROM("client"), KIND(WIRE_PURE_ACK)));
	asked = mark_now(run);
	for (int i = 0; i < clients; i++)
		servers[i] = sock_peer(sock_connect(probe, listener), "server");
	mark_done(run, &asked);
	if (!expect_state(servers[0], DIAG_SYN_RECV))
		return;
	if (crowd) {
		expect_one_less(run, servers, asked, p);
		return;
	}
	run_pass_until(run, asked, (p->rounds[0].at.max + p->rounds[1].at.min) /
					   2);
	sock_look(servers[0], &seen);
	expect_number(run, "retransmits", seen.retransmits, 1, 1);
	run_elapsed(run, p->elapsed,
		    expect_lifetime(servers[0], DIAG_SYN_RECV, asked,
				    p->elapsed));
	expect_number(run, "syn_acks", frames_count(run, asked, SYN_ACKS),
		      1 + retries, 1 + retries);
	expect_counter(run, "server", "TCPSynRetrans", retries);
}

CASE(syn_ack_retries) = {
	.name = "syn-ack-retries",
	.claim = "tcp_synack_retries limits SYN-ACKs; TCP_SYNCNT of a listener "
		 "replaces it, and a half full SYN queue lowers it to 2",
	.topic = TOPIC_HANDSHAKE,
	.why = "requests that nobody completes take the place of new ones",
	.sources = "net/ipv4/inet_connection_sock.c:reqsk_timer_handler(), "
		   "syn_ack_recalc()",
	.steps = STEPS("a client connects (half-full: five), and every third ACK "
		       "is lost",
		       "the request is watched until it is deleted"),
	.expect = "three retransmissions and 15 s, or two and 7 s; syncnt: one "
		  "and 3 s; half-full: one request ends after two and 7 s",
	.shows = SHOWS("elapsed_s", "syn_acks", "requests", "server_state"),
	.world = &world_pair,
	.settings = SYSCTLS({ "server", "net.ipv4.tcp_synack_retries",
			      RETRIES }),
	.variants = VARIANTS(
		{ "sysctl=2",
		  "one client, and tcp_synack_retries is 2: two "
		  "retransmissions, and the request is deleted after 7 s",
		  SYSCTLS({ "server", "net.ipv4.tcp_synack_retries", FEWER }),
		  .duration = SEC(7) },
		{ "sysctl=3",
		  "one client, and tcp_synack_retries is 3: three "
		  "retransmissions, and the request is deleted after 15 s",
		  .duration = SEC(15), .slow = true },
		{ "syncnt",
		  "one client, and the listener has TCP_SYNCNT of 1: one "
		  "retransmission, and the request is deleted after 3 s",
		  .duration = SEC(3) },
		{ "half-full",
		  "five clients fill more than half of a queue of eight: one "
		  "request is deleted after two retransmissions, and the other "
		  "four get a third one",
		  .duration = SEC(7) }),
	.script = script,
};
