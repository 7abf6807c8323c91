/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The client's host reboots and connects again from the same port, through a
 * gateway that still has the old connection, or that has lost it. The server
 * answers the SYN with a challenge ACK of the old connection
 * (tcp_validate_incoming()); the client answers that with a RST, which ends the
 * server's old end, and its next SYN succeeds. Three of these segments fit into
 * no connection that the gateway knows, and it must pass them all:
 *
 * - the SYN in ESTABLISHED is ignored, neither invalid nor believed;
 * - the challenge ACK in SYN_SENT is ignored, and its number remembered;
 * - the RST with that number ends the entry, so that the next SYN makes a new
 *   one: nf_conntrack_tcp_packet().
 *
 * packetdrill: conntrack_synack_reuse (the entry is there),
 * conntrack_syn_challenge_ack (it is not).
 */
#include "conntrack.h"

enum { PORT = 40000, BYTES = 100 };

static struct sock *dial(struct probe *probe, struct sock *listener)
{
	struct sock *sock = sock_open(probe);

	sock_bind(sock, PORT);
	sock_start_connect(sock, listener);
	return sock;
}

static void script(struct run *run)
{
	struct probe *probe = probe_start(run, "client");
	struct sock *listener = sock_listen(probe_start(run, "server"), 4);
	struct sock *old = dial(probe, listener), *old_server, *sock;
	struct finding got = sock_reap(old, soon);
	struct mark asked;

	expect_success(&got);
	old_server = sock_accept(listener);
	expect_delivery(old, old_server, BYTES);
	expect_delivery(old_server, old, BYTES);
	run_pass(run, MSEC(60)); /* the last, delayed ACK */
	fault_reboot(run, "client");
	if (run_is_variant(run, "forgotten"))
		fault_forget(run, "gateway");
	probe = probe_start(run, "client");
	sock_post_recv(old_server);
	asked = mark_now(run);
	sock = dial(probe, listener);
	got = sock_reap(sock, soon);
	if (!expect_success(&got))
		return;
	/* tcp_rcv_synsent_state_process() arms the SYN's timer for
	 * TCP_TIMEOUT_MIN after the challenge ACK. */
	expect_took(asked, &got,
		    (struct range){ 0, predict_timer(predict_nsec(2, nsec_hz()),
						     nsec_hz())
					       .max });
	expect_frames(run, asked, "challenge ACKs that pass",
		      FRAMES(TO("client"), KIND(WIRE_PURE_ACK)), 1);
	expect_frames(run, asked, "RSTs that pass",
		      FRAMES(TO("server"), KIND(WIRE_RST)), 1);
	expect_counter(run, "server", "TCPSYNChallenge", 1);
	got = sock_reap(old_server, soon);
	expect_error(&got, ECONNRESET);
	expect_delivery(sock, sock_accept(listener), BYTES);
}

CASE(conntrack_reuse) = {
	.name = "conntrack-reuse",
	.claim = "a client that reboots and reuses its port connects through a "
		 "gateway, whether or not that has the old connection",
	.topic = TOPIC_CONNTRACK,
	.why = "the challenge ACK and the RST in reply must pass, although the "
	       "gateway cannot check them",
	.sources =
		"RFC 5961 4; net/netfilter/nf_conntrack_proto_tcp.c:"
		"nf_conntrack_tcp_packet(); tests: "
		"conntrack_synack_reuse.pkt, conntrack_syn_challenge_ack.pkt",
	.steps = STEPS("client and server exchange data through the gateway",
		       "the client's host reboots; forgotten: the gateway's "
		       "table is flushed",
		       "the client connects from the same port"),
	.expect = "SYN, challenge ACK, RST, and a second SYN two jiffies later "
		  "that is accepted; ECONNRESET at the server's old end",
	.world = &conntrack_world,
	.settings = SYSCTLS(CONNTRACK_SYSCTLS),
	.variants = VARIANTS(
		{ "tracked",
		  "the gateway still has an entry for the old connection when "
		  "the SYN from the same port arrives" },
		{ "forgotten",
		  "the gateway's table is flushed before the client connects "
		  "again, so that the server's challenge ACK belongs to no "
		  "connection that the gateway has seen" }),
	.needs = CONNTRACK_NEEDS,
	.duration = MSEC(120),
	.script = script,
};
