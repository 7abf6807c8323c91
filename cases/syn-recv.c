/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The server's end in SYN-RECV. Its timer retransmits the SYN-ACK
 * tcp_synack_retries times, each after twice the time, and then deletes the
 * request: reqsk_timer_handler(). The client may be ESTABLISHED all the while.
 * TCP_SYNCNT on the listener wins over the sysctl (icsk_syn_retries);
 * TCP_USER_TIMEOUT and SO_KEEPALIVE on it have no effect.
 *
 * A third ACK that is lost once costs the server one timeout: the retransmitted
 * SYN-ACK makes the client acknowledge again.
 *
 * A SYN that arrives again is answered at once, and the timer starts again, but
 * does not count; another SYN, in the window, is answered with a RST, and the
 * request is gone: tcp_check_req(). Both are forged.
 */
#include "case.h"

enum { RETRIES = 1, MANY = 5, USER_TIMEOUT_MS = 500 };
enum { EARLY_MS = 300, PAUSE_MS = 30 };

#define SYN_ACKS FRAMES(FROM("server"), KIND(WIRE_SYN_ACK))
#define THIRD_ACKS FROM("client"), KIND(WIRE_PURE_ACK)

static struct sock *listen_with(struct run *run, struct probe *server)
{
	struct sock *listener = sock_listen(server, 1);

	if (run_is_variant(run, "option"))
		sock_set(listener, IPPROTO_TCP, TCP_SYNCNT, RETRIES);
	sock_set(listener, IPPROTO_TCP, TCP_USER_TIMEOUT, USER_TIMEOUT_MS);
	sock_set(listener, SOL_SOCKET, SO_KEEPALIVE, 1);
	sock_set(listener, IPPROTO_TCP, TCP_KEEPIDLE, 1);
	return listener;
}

/* The client's SYN, `ahead` sequence numbers later. */
static struct mark inject_syn(struct run *run, uint32_t ahead)
{
	const struct mark start = { 0 };
	struct frame syn = frames_first(run, start, "client", WIRE_SYN)->frame;

	syn.tcp.seq += ahead;
	return fault_inject(run, "server", &syn, NULL);
}

static void expect_refused(struct run *run, struct sock *server,
			   struct mark injected)
{
	expect_frame(run, injected, "RST",
		     FRAMES(FROM("server"), KIND(WIRE_RST)), 1, at_once);
	run_pass(run, MSEC(PAUSE_MS));
	expect_state(server, DIAG_CLOSE);
	expect_counter(run, "server", "EmbryonicRsts", 1);
}

static void script(struct run *run)
{
	bool once = run_is_variant(run, "ack-lost-once");
	bool again = run_is_variant(run, "syn-again");
	struct predict_tcp inputs =
		predict_defaults(nsec_hz(), kernel_version());
	struct probe *server = probe_start(run, "server");
	struct probe *probe = probe_start(run, "client");
	struct sock *listener = listen_with(run, server), *client;
	struct prediction forecast;
	struct mark asked = mark_now(run), seen;
	struct finding got;

	inputs.synack_retries = RETRIES;
	predict_syn_ack(&forecast, &inputs);
	sock_post_accept(listener);
	fault_drop(run, FRAMES(THIRD_ACKS, .first = 1, .count = once ? 1 : 0));
	client = sock_connect(probe, listener);
	seen = expect_frame(run, asked, "SYN-ACK", SYN_ACKS, 1, at_once);
	if (!expect_state(sock_peer(client, "server"), DIAG_SYN_RECV))
		return;
	expect_state(client, DIAG_ESTABLISHED);
	if (run_is_variant(run, "another-syn")) {
		expect_refused(run, sock_peer(client, "server"),
			       inject_syn(run, 1));
		return;
	}
	if (again) {
		run_pass(run, MSEC(EARLY_MS));
		seen = expect_frame(run, inject_syn(run, 0),
				    "SYN-ACK in reply to the second SYN",
				    SYN_ACKS, 1, at_once);
	}
	expect_frame(run, seen, "retransmission", SYN_ACKS, 2,
		     forecast.rounds[0].at);
	if (once) {
		got = sock_reap(listener, soon);
		expect_success(&got);
		expect_state(sock_peer(client, "server"), DIAG_ESTABLISHED);
		return;
	}
	run_elapsed(run, forecast.elapsed,
		    expect_lifetime(sock_peer(client, "server"), DIAG_SYN_RECV,
				    seen, forecast.elapsed));
	expect_frames(run, asked, "SYN-ACKs", SYN_ACKS, 1 + again + RETRIES);
	expect_call_blocked(listener);
	expect_state(client, DIAG_ESTABLISHED);
}

CASE(syn_recv) = {
	.name = "syn-recv",
	.claim = "a connection in SYN-RECV ends after tcp_synack_retries, or "
		 "TCP_SYNCNT of the listener; one lost third ACK costs a "
		 "timeout",
	.topic = TOPIC_HANDSHAKE,
	.why = "only the SYN-ACK's timer runs; the listener's other timeouts "
	       "concern accepted connections",
	.sources = "net/ipv4/inet_connection_sock.c:reqsk_timer_handler(); "
		   "net/ipv4/tcp_minisocks.c:tcp_check_req()",
	.steps = STEPS("the listener has TCP_USER_TIMEOUT 500 ms and keepalive "
		       "after 1 s",
		       "the client connects, and the wire drops its third ACK "
		       "(ack-lost-once: only the first)",
		       "syn-again, another-syn: a forged SYN of the client "
		       "arrives"),
	.expect = "a second SYN-ACK after 1 s, and no connection at the server "
		  "2 s later, while the client is ESTABLISHED; ack-lost-once: "
		  "accept() returns with the second; syn-again: a SYN-ACK at "
		  "once, and all times count from it; another-syn: a RST",
	.shows = SHOWS("outcome", "elapsed_s", "client_state", "server_state"),
	.world = &world_pair,
	.variants = VARIANTS(
		{ "sysctl",
		  "tcp_synack_retries is 1: the request is deleted 3 s after "
		  "the SYN-ACK",
		  SYSCTLS({ "server", "net.ipv4.tcp_synack_retries",
			    RETRIES }) },
		{ "option",
		  "tcp_synack_retries is 5, and the listener has TCP_SYNCNT of "
		  "1, which wins: the request is deleted 3 s after the SYN-ACK",
		  SYSCTLS({ "server", "net.ipv4.tcp_synack_retries", MANY }) },
		{ "ack-lost-once",
		  "tcp_synack_retries is 5, and only the first third ACK is "
		  "lost: accept() returns after the second SYN-ACK, a second "
		  "later",
		  SYSCTLS({ "server", "net.ipv4.tcp_synack_retries", MANY }),
		  .duration = SEC(1) },
		{ "syn-again",
		  "tcp_synack_retries is 1, and the same SYN arrives again "
		  "300 ms later: it is answered at once, and the request is "
		  "deleted 3 s after that",
		  SYSCTLS({ "server", "net.ipv4.tcp_synack_retries",
			    RETRIES }) },
		{ "another-syn",
		  "a SYN arrives whose sequence number is 1 higher, in the "
		  "window: a RST, and the request is gone",
		  SYSCTLS({ "server", "net.ipv4.tcp_synack_retries", RETRIES }),
		  .duration = MSEC(50) }),
	.duration = SEC(3),
	.script = script,
};
