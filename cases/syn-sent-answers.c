/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Segments that arrive in SYN-SENT instead of the SYN-ACK, which the wire holds:
 * tcp_rcv_synsent_state_process(). A RST has a case of its own, rst-states.
 *
 * - An ACK with the right acknowledgement number but without SYN is dropped.
 * - A SYN-ACK whose TSecr is none of this attempt's timestamps belongs to an old
 *   one: it is answered with a RST (PAWSActive).
 * - A SYN-ACK that acknowledges something else is answered with a RST, too, and
 *   the SYN is sent again at once instead of after a second: 9603d47bad46.
 *
 * In each case the genuine SYN-ACK establishes the connection afterwards. The wire
 * drops the client's RSTs: the one that answers a foreign TSecr would reset the
 * server's request.
 */
#include "case.h"

enum { PAUSE = 60, FAR = 100000 };

#define SYNS FRAMES(FROM("client"), KIND(WIRE_SYN))
#define RSTS FRAMES(FROM("client"), KIND(WIRE_RST))

static const struct plan {
	const char *variant;
	bool syn; /* a SYN-ACK; otherwise an ACK */
	int ack, tsecr; /* minus the genuine ones */
	unsigned int resets, paws, syns; /* the client's reaction */
} plans[] = {
	{ "ack", false, 0, 0, 0, 0, 1 },
	{ "foreign-tsecr", true, 0, -FAR, 1, 1, 1 },
	{ "foreign-ack", true, FAR, 0, 1, 0, 2 },
};

static void script(struct run *run)
{
	const struct plan *plan = VARIANT_ROW(run, plans);
	struct sock *listener = sock_listen(probe_start(run, "server"), 1);
	struct probe *probe = probe_start(run, "client");
	struct wire_rule *held = fault_hold(
		run, FRAMES(FROM("server"), KIND(WIRE_SYN_ACK)));
	struct wire_rule *lost = fault_drop(run, RSTS);
	struct mark asked = mark_now(run), injected;
	struct sock *client = sock_post_connect(probe, listener);
	struct finding got;
	struct frame frame =
		frames_first(run, asked, "server", WIRE_SYN_ACK)->frame;

	if (!expect_state(client, DIAG_SYN_SENT))
		return;
	frame.tcp.ack += (uint32_t)plan->ack;
	frame.tcp.tsecr += (uint32_t)plan->tsecr;
	if (!plan->syn)
		frame.tcp.flags = SEGMENT_ACK;
	injected = fault_inject(run, "client", &frame, NULL);
	run_pass(run, MSEC(PAUSE));
	expect_frames(run, injected, "RSTs of the client", RSTS, plan->resets);
	expect_counter(run, "client", "PAWSActive", plan->paws);
	expect_frames(run, asked, "SYNs", SYNS, plan->syns);
	expect_state(client, DIAG_SYN_SENT);

	fault_disarm(run, lost);
	fault_release(run, held);
	got = sock_reap(client, soon);
	expect_success(&got);
	expect_state(client, DIAG_ESTABLISHED);
}

CASE(syn_sent_answers) = {
	.name = "syn-sent-answers",
	.claim = "in SYN-SENT only a SYN-ACK of this attempt counts: others are "
		 "dropped, or answered with a RST",
	.topic = TOPIC_HANDSHAKE,
	.why = "the acknowledgement number and the echoed timestamp prove that a "
	       "SYN-ACK answers this SYN",
	.sources = "RFC 9293 3.10.7.3; RFC 7323 5.3; net/ipv4/tcp_input.c:"
		   "tcp_rcv_synsent_state_process()",
	.steps = STEPS("the client connects, and the wire holds the SYN-ACK",
		       "a forged one arrives: without SYN, with a foreign TSecr, "
		       "or with a foreign acknowledgement number",
		       "the wire releases the genuine SYN-ACK"),
	.expect = "ack: nothing; foreign-tsecr: a RST and PAWSActive; "
		  "foreign-ack: a RST, and another SYN at once; then the "
		  "connection is established",
	.world = &world_pair,
	.settings = SYSCTLS({ NULL, "net.ipv4.tcp_timestamps", 1 }),
	.variants = VARIANTS(
		{ "ack",
		  "the forged segment is an ACK without SYN, with the right "
		  "acknowledgement number: it is dropped without an answer" },
		{ "foreign-tsecr",
		  "the forged SYN-ACK has a TSecr 100000 less than the genuine "
		  "one: it is answered with RST and counted as PAWSActive" },
		{ "foreign-ack", "the forged SYN-ACK acknowledges 100000 more "
				 "than the SYN: it is answered with RST, and "
				 "the SYN is sent again at once" }),
	.changes = CHANGES({ KERNEL_VERSION(5, 7, 0), "9603d47bad46",
			     "a wrong acknowledgement number causes another SYN "
			     "at once" }),
	.duration = MSEC(200),
	.script = script,
};
