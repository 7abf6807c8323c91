/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A SYN-ACK of the connection before arrives when the next one is in SYN-SENT.
 * A gateway must not take its numbers for those of the new connection, or it
 * drops the right SYN-ACK: tcp_in_window() starts the reply direction anew with
 * every SYN-ACK in SYN_SENT (82b72cb94666).
 *
 * - An old one acknowledges less than the new SYN. It is ignored and passes
 *   (NFCT_TCP_IGNORE); the client answers with a RST and retransmits its SYN
 *   at once: tcp_rcv_synsent_state_process().
 * - One that acknowledges more is invalid and dropped.
 *
 * The right SYN-ACK is lost until the client sends its second SYN: the server's
 * timer retransmits it after 1 s as well and may be the first of the two. The
 * old one is a copy of a real one.
 * packetdrill: conntrack_synack_old.
 */
#include <string.h>

#include "conntrack.h"

enum { PORT = 40000, FAR = 1 << 20, PAUSE = 100 };

#define SYN_ACK_OF_SERVER FRAMES(FROM("server"), KIND(WIRE_SYN_ACK))
#define SECOND_SYN FRAMES(FROM("client"), KIND(WIRE_RETRANSMISSION))

struct attempt {
	unsigned int *syns; /* of the client so far */
};

/* Sees each frame once, in order, when the wire looks for a rule. */
static bool is_syn_ack_before_second_syn(const struct wire_capture *capture,
					 const void *data)
{
	const struct attempt *attempt = data;

	if (strcmp(capture->from, "client") == 0)
		*attempt->syns += (capture->kinds & WIRE_SYN) != 0;
	return strcmp(capture->from, "server") == 0 &&
	       (capture->kinds & WIRE_SYN_ACK) && *attempt->syns < 2;
}

static bool is_old(const struct wire_capture *capture, const void *data)
{
	const struct frame *old = data;

	return capture->frame.tcp.flags == old->tcp.flags &&
	       capture->frame.tcp.ack == old->tcp.ack;
}

static struct sock *dial(struct probe *probe, struct sock *listener)
{
	struct sock *sock = sock_open(probe);

	sock_bind(sock, PORT);
	sock_start_connect(sock, listener);
	return sock;
}

/* A connection that is reset; its SYN-ACK on the server's cable. */
static struct frame old_syn_ack(struct run *run, struct probe *probe,
				struct sock *listener)
{
	struct mark asked = mark_now(run);
	struct sock *sock = dial(probe, listener);
	struct finding got = sock_reap(sock, soon);

	expect_success(&got);
	sock_close(sock_accept(listener));
	sock_abort(sock);
	/* The clock of the sequence numbers advances by 1.5 MB. */
	run_pass(run, MSEC(PAUSE));
	return frames_first(run, asked, "server", WIRE_SYN_ACK)->frame;
}

static void script(struct run *run)
{
	bool beyond = run_is_variant(run, "ack-beyond");
	struct probe *probe = probe_start(run, "client");
	struct sock *listener = sock_listen(probe_start(run, "server"), 4);
	struct frame frame = old_syn_ack(run, probe, listener);
	struct range syn = predict_timer(
		beyond ? SEC(1) : predict_nsec(2, nsec_hz()), nsec_hz());
	struct mark asked = mark_now(run), injected, seen;
	unsigned int syns = 0;
	const struct attempt attempt = { &syns };
	struct wire_rule *lost;
	struct sock *sock;
	struct finding got;

	lost = fault_drop(run, FRAMES(.where = is_syn_ack_before_second_syn,
				      .data = &attempt));
	sock = dial(probe, listener);
	frames_need(run, asked, SYN_ACK_OF_SERVER);
	if (beyond)
		frame.tcp.ack = frames_first(run, asked, "server", WIRE_SYN_ACK)
					->frame.tcp.ack +
				FAR;
	injected = fault_inject(run, "gateway", &frame, NULL);
	run_pass_until(run, injected, MSEC(2));
	expect_frames(run, injected, "old SYN-ACKs that pass",
		      FRAMES(TO("client"), .where = is_old, .data = &frame),
		      !beyond);
	seen = beyond ? asked : injected;
	expect_frame(run, seen, "retransmission of the SYN", SECOND_SYN, 1,
		     syn);
	fault_disarm(run, lost);
	got = sock_reap(sock, soon);
	if (!expect_success(&got))
		return;
	expect_delivery(sock, sock_accept(listener), 1);
}

CASE(conntrack_old_syn_ack) = {
	.name = "conntrack-old-syn-ack",
	.claim = "a SYN-ACK of an earlier connection does not make a gateway "
		 "drop the right one",
	.topic = TOPIC_CONNTRACK,
	.why = "in SYN_SENT every SYN-ACK starts the state of its direction "
	       "anew",
	.sources = "net/netfilter/nf_conntrack_proto_tcp.c:tcp_in_window(), "
		   "tcp_init_sender(); net/ipv4/tcp_input.c:"
		   "tcp_rcv_synsent_state_process(); test: "
		   "conntrack_synack_old.pkt",
	.steps = STEPS("a connection through the gateway ends with a RST",
		       "the client connects again from the same port, and the "
		       "wire drops the SYN-ACK",
		       "the SYN-ACK of the first connection is forged from the "
		       "server's side; ack-beyond: with an acknowledgement "
		       "number beyond the SYN"),
	.expect = "old: it passes, the client's RST and second SYN follow "
		  "within two jiffies; ack-beyond: it is dropped, and the "
		  "second SYN comes after 1 s. Both connect",
	.world = &conntrack_world,
	.settings = SYSCTLS(CONNTRACK_SYSCTLS),
	.variants = VARIANTS(
		{ "old", "the old SYN-ACK acknowledges less than the new SYN: "
			 "it passes the gateway, and the client answers with "
			 "RST and sends its SYN again two jiffies later" },
		{ "ack-beyond",
		  "the old SYN-ACK acknowledges 1 MiB more than the new SYN: "
		  "the gateway drops it as invalid, and the client sends its "
		  "SYN again after 1 s",
		  .duration = MSEC(1100) }),
	.needs = CONNTRACK_NEEDS,
	.duration = MSEC(150),
	.script = script,
};
