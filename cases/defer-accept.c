/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TCP_DEFER_ACCEPT: the server's end stays in SYN-RECV, a request and no
 * socket, until data arrives. tcp_check_req() drops the bare third ACK
 * (TCPDeferAcceptDrop); the client is ESTABLISHED and does not know.
 *
 * The seconds of the option become a number of SYN-ACK timeouts
 * (secs_to_retrans()): 3 s are two, of 1 and 2 s. At the last of them, and not
 * before, because the handshake is acknowledged, reqsk_timer_handler() sends the
 * SYN-ACK once more, so that the client's ACK gives the connection a last
 * chance; that ACK is accepted: syn_ack_recalc(), tcp_check_req().
 */
#include "case.h"

enum { SECONDS = 1, LONGER = 3, BYTES = 100 };

#define SYN_ACKS FRAMES(FROM("server"), KIND(WIRE_SYN_ACK))

static void script(struct run *run)
{
	bool data = run_is_variant(run, "data");
	struct probe *server = probe_start(run, "server");
	struct probe *client_probe = probe_start(run, "client");
	struct sock *listener = sock_listen(server, 1), *client;
	struct mark syn_ack, last;
	struct finding got;
	struct range timer = predict_timer(SEC(SECONDS), nsec_hz());
	bool longer = run_is_variant(run, "silent-longer");

	if (longer)
		timer = range_add(timer,
				  predict_timer(SEC(2 * SECONDS), nsec_hz()));
	sock_set(listener, IPPROTO_TCP, TCP_DEFER_ACCEPT,
		 longer ? LONGER : SECONDS);
	sock_post_accept(listener);
	syn_ack = mark_now(run);
	client = sock_connect(client_probe, listener);
	syn_ack.at = frames_first(run, syn_ack, "server", WIRE_SYN_ACK)->at;
	run_pass(run, MSEC(50));
	expect_state(client, DIAG_ESTABLISHED);
	expect_state(sock_peer(client, "server"), DIAG_SYN_RECV);
	expect_call_blocked(listener);
	expect_counter(run, "server", "TCPDeferAcceptDrop", 1);

	if (data) {
		last = mark_now(run);
		sock_send(client, BYTES);
		mark_done(run, &last);
	} else {
		run_note(run, "predicted: SYN-ACK after %.3f .. %.3f s",
			 nsec_seconds(timer.min), nsec_seconds(timer.max));
		last = expect_frame(run, syn_ack, "last SYN-ACK", SYN_ACKS, 2,
				    timer);
	}
	got = sock_reap(listener, soon);
	expect_success(&got);
	expect_took(last, &got, at_once);
	expect_frames(run, syn_ack, "SYN-ACKs", SYN_ACKS, data ? 1 : 2);
	expect_state(sock_peer(client, "server"), DIAG_ESTABLISHED);
}

CASE(defer_accept) = {
	.name = "defer-accept",
	.claim = "TCP_DEFER_ACCEPT: accept() returns when data arrives, or "
		 "when the time has passed and a last SYN-ACK is acknowledged",
	.topic = TOPIC_SOCKET_OPTIONS,
	.why = "the third ACK is dropped until then, and the server has a "
	       "request and no socket",
	.sources = "net/ipv4/tcp_minisocks.c:tcp_check_req(); "
		   "net/ipv4/inet_connection_sock.c:reqsk_timer_handler(), "
		   "syn_ack_recalc()",
	.steps = STEPS("TCP_DEFER_ACCEPT is set to 1 s on the listener "
		       "(silent-longer: 3 s)",
		       "the client connects",
		       "data: it sends after 50 ms; silent: it does not"),
	.expect = "ESTABLISHED at the client, SYN-RECV at the server; data: "
		  "accept() returns at once; silent: it returns with the ACK "
		  "of the second SYN-ACK, after 1 s (3 s)",
	.world = &world_pair,
	.variants =
		VARIANTS({ "data",
			   "the client sends 100 bytes after 50 ms: accept() "
			   "returns at once, after a single SYN-ACK",
			   .duration = MSEC(50) },
			 { "silent", "TCP_DEFER_ACCEPT is 1 s and the client "
				     "sends nothing: accept() returns after 1 "
				     "s, with the ACK of a second SYN-ACK" },
			 { "silent-longer",
			   "TCP_DEFER_ACCEPT is 3 s and the client sends "
			   "nothing: the second SYN-ACK comes only at the "
			   "second timeout, after 1 + 2 s",
			   .duration = SEC(LONGER) }),
	.duration = SEC(1),
	.no_fault = true,
	.script = script,
};
