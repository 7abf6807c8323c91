/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A RST in every state of a connection but ESTABLISHED (stale-rst-passes-paws)
 * and TIME-WAIT (stale-rst-in-time-wait).
 *
 * - SYN-SENT: the sequence number means nothing; the acknowledgement number
 *   must be that of the SYN. A RST without ACK is dropped, also with the right
 *   sequence number: tcp_rcv_synsent_state_process().
 * - SYN-RECV: a request has no tcp_validate_incoming() but tcp_check_req(),
 *   which took any RST in the window before a28c4fcbf774; now it checks as
 *   RFC 5961 wants.
 * - The states of a full socket: RFC 5961 as in ESTABLISHED. RCV.NXT ends it,
 *   elsewhere in the window it is challenged, outside it is dropped:
 *   tcp_validate_incoming(). After the peer's FIN RCV.NXT - 1 ends it as well:
 *   tcp_reset_check(). The errno depends on the state: tcp_reset().
 * - FIN-WAIT-2 of an orphan is a timewait socket: any RST in the window ends
 *   it, and one outside it is answered with an ACK, as every segment there:
 *   tcp_timewait_state_process(), tcp_timewait_check_oow_rate_limit().
 *
 * The RSTs are forged.
 */
#include "case.h"

enum { PAUSE = 20, FAR = 1 << 20 };

enum stage {
	SYN_SENT,
	SYN_RECV,
	FIN_WAIT_1,
	FIN_WAIT_2,
	ORPHAN,
	CLOSE_WAIT,
	CLOSING,
	LAST_ACK
};

/* The RST's sequence number, relative to RCV.NXT and the window; in SYN-SENT
 * its acknowledgement number, relative to that of the SYN. */
enum place { EXACT, INSIDE, OUTSIDE, BEFORE_FIN, WITHOUT_ACK };

enum effect { RESETS, CHALLENGED, IGNORED, ACKNOWLEDGED };

static const char *const effect_text[] = { V_("ends it"), V_("challenge ACK"),
					   V_("nothing"), "ACK" };

static const struct plan {
	const char *variant;
	enum stage stage;
	enum place place;
	enum effect effect;
	int error; /* that the program gets */
} plans[] = {
	{ "syn-sent-right-ack", SYN_SENT, EXACT, RESETS, ECONNREFUSED },
	{ "syn-sent-wrong-ack", SYN_SENT, OUTSIDE, IGNORED },
	{ "syn-sent-without-ack", SYN_SENT, WITHOUT_ACK, IGNORED },
	{ "syn-recv-exact", SYN_RECV, EXACT, RESETS },
	{ "syn-recv-inside", SYN_RECV, INSIDE, CHALLENGED },
	{ "syn-recv-outside", SYN_RECV, OUTSIDE, IGNORED },
	{ "fin-wait-1-exact", FIN_WAIT_1, EXACT, RESETS, ECONNRESET },
	{ "fin-wait-1-inside", FIN_WAIT_1, INSIDE, CHALLENGED },
	{ "fin-wait-1-outside", FIN_WAIT_1, OUTSIDE, IGNORED },
	{ "fin-wait-2-exact", FIN_WAIT_2, EXACT, RESETS, ECONNRESET },
	{ "fin-wait-2-inside", FIN_WAIT_2, INSIDE, CHALLENGED },
	{ "fin-wait-2-outside", FIN_WAIT_2, OUTSIDE, IGNORED },
	{ "orphan-exact", ORPHAN, EXACT, RESETS },
	{ "orphan-inside", ORPHAN, INSIDE, RESETS },
	{ "orphan-outside", ORPHAN, OUTSIDE, ACKNOWLEDGED },
	{ "close-wait-exact", CLOSE_WAIT, EXACT, RESETS, EPIPE },
	{ "close-wait-before-fin", CLOSE_WAIT, BEFORE_FIN, RESETS, EPIPE },
	{ "close-wait-inside", CLOSE_WAIT, INSIDE, CHALLENGED },
	{ "close-wait-outside", CLOSE_WAIT, OUTSIDE, IGNORED },
	{ "closing-exact", CLOSING, EXACT, RESETS, ECONNRESET },
	{ "closing-inside", CLOSING, INSIDE, CHALLENGED },
	{ "closing-outside", CLOSING, OUTSIDE, IGNORED },
	{ "last-ack-exact", LAST_ACK, EXACT, RESETS },
	{ "last-ack-inside", LAST_ACK, INSIDE, CHALLENGED },
	{ "last-ack-outside", LAST_ACK, OUTSIDE, IGNORED },
};

static const struct change changes[] = {
	{ KERNEL_VERSION(7, 2, 0), "a28c4fcbf774",
	  "in SYN-RECV, too, a RST inside the window is challenged",
	  .stable = true,
	  .present = { KERNEL_VERSION(6, 1, 192), KERNEL_VERSION(6, 12, 117),
		       KERNEL_VERSION(6, 18, 44) },
	  .absent = { KERNEL_VERSION(5, 10, 223) } },
	{ .what = NULL },
};

static const enum diag_state states[] = {
	[SYN_SENT] = DIAG_SYN_SENT,    [SYN_RECV] = DIAG_SYN_RECV,
	[FIN_WAIT_1] = DIAG_FIN_WAIT1, [FIN_WAIT_2] = DIAG_FIN_WAIT2,
	[ORPHAN] = DIAG_FIN_WAIT2,     [CLOSE_WAIT] = DIAG_CLOSE_WAIT,
	[CLOSING] = DIAG_CLOSING,      [LAST_ACK] = DIAG_LAST_ACK,
};

struct victim {
	struct sock *sock;
	const char *host;
	struct frame reset; /* a RST with RCV.NXT */
};

static struct frame turned_around(const struct frame *frame)
{
	struct frame back = *frame;

	memcpy(back.destination_mac, frame->source_mac, FRAME_MAC);
	memcpy(back.source_mac, frame->destination_mac, FRAME_MAC);
	back.source = frame->destination;
	back.destination = frame->source;
	back.tcp = (struct segment){
		.source_port = frame->tcp.destination_port,
		.destination_port = frame->tcp.source_port,
		.ack = frame->tcp.seq + frame_sequence_length(frame),
	};
	return back;
}

/* From the peer's last segment that has arrived. */
static struct frame next_reset(struct run *run, const char *peer)
{
	struct frame frame =
		frames_last(run, FRAMES(FROM(peer), KIND(WIRE_TCP)))->frame;

	frame.tcp.seq += frame_sequence_length(&frame);
	frame.tcp.length = 0;
	frame.tcp.flags = SEGMENT_RST | SEGMENT_ACK;
	frame.tcp.has_timestamps = false;
	return frame;
}

static struct victim connecting(struct run *run)
{
	struct sock *listener = sock_listen(probe_start(run, "server"), 1);
	struct probe *client = probe_start(run, "client");
	struct victim victim = { .host = "client" };
	struct mark asked;

	fault_drop(run, FRAMES(FROM("client"), KIND(WIRE_SYN)));
	asked = mark_now(run);
	victim.sock = sock_post_connect(client, listener);
	victim.reset = turned_around(
		&frames_first(run, asked, "client", WIRE_SYN)->frame);
	victim.reset.tcp.flags = SEGMENT_RST | SEGMENT_ACK;
	return victim;
}

/* The third ACK is lost. */
static struct victim requested(struct run *run)
{
	struct sock *listener = sock_listen(probe_start(run, "server"), 1);
	struct probe *client = probe_start(run, "client");
	struct victim victim = { .host = "server" };

	fault_drop(run, FRAMES(FROM("client"), KIND(WIRE_PURE_ACK)));
	victim.sock = sock_peer(sock_connect(client, listener), "server");
	victim.reset = next_reset(run, "client");
	return victim;
}

/* The client is the victim. Where the state needs it, its FIN is lost. */
static struct victim closing(struct run *run, enum stage stage)
{
	struct pair tcp = sock_pair(run);
	struct victim victim = { .host = "client", .sock = tcp.client };

	if (stage == FIN_WAIT_1 || stage == CLOSING || stage == LAST_ACK)
		fault_drop(run, FRAMES(FROM("client"), KIND(WIRE_FIN)));
	if (stage == CLOSE_WAIT || stage == LAST_ACK) {
		sock_shutdown(tcp.server, SHUT_WR);
		sock_wait_state(tcp.client, DIAG_CLOSE_WAIT, soon);
	}
	if (stage == FIN_WAIT_1 || stage == FIN_WAIT_2 || stage == CLOSING)
		sock_shutdown(tcp.client, SHUT_WR);
	if (stage == ORPHAN || stage == LAST_ACK)
		sock_close(tcp.client);
	if (stage == CLOSING)
		sock_shutdown(tcp.server, SHUT_WR);
	sock_wait_state(tcp.client, states[stage], soon);
	/* The ACK of the FIN, which may be delayed. */
	run_pass(run, MSEC(PAUSE));
	victim.reset = next_reset(run, "server");
	return victim;
}

static void put(struct frame *reset, const struct plan *plan)
{
	switch (plan->place) {
	case EXACT:
		break;
	case INSIDE:
		reset->tcp.seq += 1;
		break;
	case OUTSIDE:
		reset->tcp.seq += FAR;
		if (plan->stage == SYN_SENT)
			reset->tcp.ack += 1;
		break;
	case BEFORE_FIN:
		reset->tcp.seq -= 1;
		break;
	case WITHOUT_ACK:
		reset->tcp.flags = SEGMENT_RST;
		break;
	}
}

static enum effect predict_effect(struct run *run, const struct plan *plan)
{
	if (plan->stage == SYN_RECV && plan->place == INSIDE &&
	    !run_has_change(run, changes))
		return RESETS;
	return plan->effect;
}

static void expect_effect(struct run *run, struct victim *victim,
			  const struct plan *plan, struct mark injected)
{
	enum effect effect = predict_effect(run, plan);
	const struct wire_match *acks =
		FRAMES(FROM(victim->host), KIND(WIRE_PURE_ACK));

	run_pass_until(run, injected, MSEC(PAUSE));
	run_predicted_text(run, "rst", effect_text[effect]);
	expect_state(victim->sock,
		     effect == RESETS ? DIAG_CLOSE : states[plan->stage]);
	expect_frames(run, injected, "ACKs in reply", acks,
		      effect == CHALLENGED || effect == ACKNOWLEDGED);
	expect_counter(run, victim->host, "TCPChallengeACK",
		       effect == CHALLENGED);
	expect_frames(run, injected, "RSTs in reply",
		      FRAMES(FROM(victim->host), KIND(WIRE_RST)), 0);
}

static void script(struct run *run)
{
	const struct plan *plan = VARIANT_ROW(run, plans);
	struct victim victim = plan->stage == SYN_SENT ?
				       connecting(run) :
			       plan->stage == SYN_RECV ?
				       requested(run) :
				       closing(run, plan->stage);
	struct mark injected;
	struct finding got;
	int64_t before;

	if (!expect_that(run, sock_state(victim.sock) == states[plan->stage],
			 "the state is reached", "%s",
			 diag_state_text(sock_state(victim.sock))))
		return;
	put(&victim.reset, plan);
	before = counter_change(run, victim.host, "InSegs");
	injected = fault_inject(run, victim.host, &victim.reset, NULL);
	expect_effect(run, &victim, plan, injected);
	expect_that(run, counter_change(run, victim.host, "InSegs") > before,
		    "the RST has arrived", "InSegs %+lld",
		    (long long)(counter_change(run, victim.host, "InSegs") -
				before));
	if (plan->error && plan->stage == SYN_SENT) {
		got = sock_reap(victim.sock, soon);
		expect_error(&got, plan->error);
	} else if (plan->error) {
		expect_pending_error(victim.sock, plan->error);
	}
}

CASE(rst_states) = {
	.name = "rst-states",
	.claim = "a RST ends a connection in every state at the exact number; "
		 "inside the window it is challenged, but ends an orphan in "
		 "FIN-WAIT-2",
	.topic = TOPIC_RESET,
	.why = "a socket and a request check as RFC 5961 demands; a timewait "
	       "socket as RFC 793 did",
	.sources = "RFC 5961 3.2; RFC 9293 3.10.7; net/ipv4/tcp_input.c:"
		   "tcp_validate_incoming(), tcp_rcv_synsent_state_process(), "
		   "tcp_reset(); net/ipv4/tcp_minisocks.c:tcp_check_req(), "
		   "tcp_timewait_state_process()",
	.steps = STEPS("a connection is brought into a state; where the state "
		       "needs it, the wire drops SYNs, the third ACK or FINs",
		       "a RST is forged: at RCV.NXT, one beyond it, 1 MiB "
		       "beyond it (SYN-SENT: with the right acknowledgement "
		       "number, a wrong one, or none)"),
	.expect = "exact: the connection is gone, with ECONNREFUSED, EPIPE or "
		  "ECONNRESET according to the state; inside: one challenge "
		  "ACK (orphan: gone; SYN-RECV before a28c4fcbf774: gone); "
		  "outside: nothing (orphan: an "
		  "ACK)",
	.world = &world_pair,
	.variants = VARIANTS(
		{ "syn-sent-right-ack",
		  "in SYN-SENT, a RST that acknowledges the SYN: connect() "
		  "fails with ECONNREFUSED" },
		{ "syn-sent-wrong-ack",
		  "in SYN-SENT, a RST that acknowledges 1 more than the SYN: "
		  "it has no effect" },
		{ "syn-sent-without-ack",
		  "in SYN-SENT, a RST without ACK: it has no effect" },
		{ "syn-recv-exact",
		  "in SYN-RECV, a RST with RCV.NXT: the request is gone" },
		{ "syn-recv-inside",
		  "in SYN-RECV, a RST 1 beyond RCV.NXT: a challenge ACK; "
		  "before a28c4fcbf774 the request is gone" },
		{ "syn-recv-outside",
		  "in SYN-RECV, a RST 1 MiB beyond RCV.NXT: it has no effect" },
		{ "fin-wait-1-exact", "in FIN-WAIT-1, a RST with RCV.NXT: the "
				      "socket is closed with ECONNRESET" },
		{ "fin-wait-1-inside",
		  "in FIN-WAIT-1, a RST 1 beyond RCV.NXT: a challenge ACK" },
		{ "fin-wait-1-outside", "in FIN-WAIT-1, a RST 1 MiB beyond "
					"RCV.NXT: it has no effect" },
		{ "fin-wait-2-exact",
		  "in FIN-WAIT-2 after shutdown(), a RST with RCV.NXT: the "
		  "socket is closed with ECONNRESET" },
		{ "fin-wait-2-inside", "in FIN-WAIT-2 after shutdown(), a RST "
				       "1 beyond RCV.NXT: a challenge ACK" },
		{ "fin-wait-2-outside",
		  "in FIN-WAIT-2 after shutdown(), a RST 1 MiB beyond RCV.NXT: "
		  "it has no effect" },
		{ "orphan-exact",
		  "in FIN-WAIT-2 after close(), where a timewait socket is "
		  "left, a RST with RCV.NXT: it is gone" },
		{ "orphan-inside",
		  "in FIN-WAIT-2 after close(), a RST 1 beyond RCV.NXT: the "
		  "timewait socket is gone, without a challenge ACK" },
		{ "orphan-outside",
		  "in FIN-WAIT-2 after close(), a RST 1 MiB beyond RCV.NXT: "
		  "the timewait socket stays and answers with an ACK" },
		{ "close-wait-exact", "in CLOSE-WAIT, a RST with RCV.NXT: the "
				      "socket is closed with EPIPE" },
		{ "close-wait-before-fin",
		  "in CLOSE-WAIT, a RST with RCV.NXT - 1, the sequence number "
		  "of the peer's FIN: the socket is closed with EPIPE all the "
		  "same" },
		{ "close-wait-inside",
		  "in CLOSE-WAIT, a RST 1 beyond RCV.NXT: a challenge ACK" },
		{ "close-wait-outside", "in CLOSE-WAIT, a RST 1 MiB beyond "
					"RCV.NXT: it has no effect" },
		{ "closing-exact", "in CLOSING, a RST with RCV.NXT: the socket "
				   "is closed with ECONNRESET" },
		{ "closing-inside",
		  "in CLOSING, a RST 1 beyond RCV.NXT: a challenge ACK" },
		{ "closing-outside",
		  "in CLOSING, a RST 1 MiB beyond RCV.NXT: it has no effect" },
		{ "last-ack-exact",
		  "in LAST-ACK, a RST with RCV.NXT: the orphan is gone" },
		{ "last-ack-inside",
		  "in LAST-ACK, a RST 1 beyond RCV.NXT: a challenge ACK" },
		{ "last-ack-outside", "in LAST-ACK, a RST 1 MiB beyond "
				      "RCV.NXT: it has no effect" }),
	.changes = changes,
	.duration = MSEC(60),
	.script = script,
};
