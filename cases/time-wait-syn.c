/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A SYN that arrives in TIME-WAIT, at the boundary between a new connection and
 * an old duplicate: tcp_timewait_state_process().
 *
 * - A sequence number above RCV.NXT, or a timestamp above ts_recent, is that of
 *   a new connection: the listener gets the SYN, and the TIME-WAIT is gone.
 *   Where there is no listener, TIME-WAIT answers with an ACK instead of a RST:
 *   tcp_v4_rcv(), tcp_v6_rcv(). RCV.NXT itself, or ts_recent itself, is not
 *   enough. The TIME-WAIT answers such a SYN with an ACK, and its timer
 *   continues.
 * - A timestamp below ts_recent is rejected by PAWS, with any sequence number:
 *   an ACK, and the TIME-WAIT starts again.
 *
 * ts_recent is the timestamp of the last segment: that of the FIN.
 *
 * FIN-WAIT-2 of an orphan is a timewait socket, too, but the peer's connection
 * still exists there: a SYN in the window is answered with a RST, and the
 * socket is gone.
 *
 * The SYN is forged. The wire drops the answers, because the server has no
 * socket for them, and the RST that it would send ends TIME-WAIT.
 */
#include "case.h"

enum { TIME_WAIT = 60, WAIT = 1, PAUSE = 30, OLD = 1000 };

/* What the client's end does. */
enum effect { OPENS, ANSWERS, RESTARTS, RESETS };

static const struct plan {
	const char *variant;
	int seq;   /* minus RCV.NXT */
	int tsval; /* minus ts_recent */
	bool timestamp;
	bool fin_wait_2, no_listener;
	enum effect effect;
} plans[] = {
	{ "sequence-equal", .seq = 0, .effect = ANSWERS },
	{ "sequence-plus-1", .seq = 1, .effect = OPENS },
	{ "timestamp-equal", -OLD, 0, true, .effect = ANSWERS },
	{ "timestamp-plus-1", -OLD, 1, true, .effect = OPENS },
	{ "timestamp-1", 1, -1, true, .effect = RESTARTS },
	{ "no-listener", 1, .no_listener = true, .effect = ANSWERS },
	{ "fin-wait-2", 1, .fin_wait_2 = true, .effect = RESETS },
};

#define FROM_CLIENT(kind_) FRAMES(FROM("client"), KIND(kind_))

struct stage {
	struct pair tcp;
	struct frame last; /* of the server */
	struct mark closed;
};

/* The client first. The server's FIN comes in a later millisecond than its ACK,
 * and so has another timestamp. */
static void close_client_first(struct run *run, const struct plan *plan,
			       struct stage *stage)
{
	struct pair *tcp = &stage->tcp;
	const struct mark start = { 0 };

	sock_deliver(tcp->server, tcp->client, OLD);
	sock_close(tcp->client);
	expect_state_within(tcp->client, DIAG_FIN_WAIT2, soon);
	run_pass(run, MSEC(PAUSE));
	stage->closed = mark_now(run);
	if (!plan->fin_wait_2) {
		sock_close(tcp->server);
		expect_state_within(tcp->client, DIAG_TIME_WAIT, soon);
	}
	mark_done(run, &stage->closed);
	stage->last = plan->fin_wait_2 ?
			      frames_last(run, FRAMES(FROM("server"),
						      KIND(WIRE_TCP)))
				      ->frame :
			      frames_first(run, start, "server", WIRE_FIN)
				      ->frame;
}

static struct mark inject_syn(struct run *run, const struct plan *plan,
			      const struct stage *stage)
{
	struct frame syn = stage->last;
	uint32_t rcv_nxt = syn.tcp.seq + frame_sequence_length(&syn);
	struct mark injected;

	syn.tcp.seq = rcv_nxt + (uint32_t)plan->seq;
	syn.tcp.ack = 0;
	syn.tcp.flags = SEGMENT_SYN;
	syn.tcp.length = 0;
	syn.tcp.has_timestamps = plan->timestamp;
	syn.tcp.tsval += (uint32_t)plan->tsval;
	syn.tcp.tsecr = 0;
	injected = fault_inject(run, "client", &syn, NULL);
	mark_done(run, &injected);
	frames_wait(run, injected, FROM_CLIENT(WIRE_TCP), 1, soon);
	run_pass(run, MSEC(PAUSE));
	return injected;
}

static void expect_effect(struct run *run, enum effect effect,
			  const struct stage *stage, struct mark injected)
{
	static const enum diag_state states[] = {
		[OPENS] = DIAG_SYN_RECV,
		[ANSWERS] = DIAG_TIME_WAIT,
		[RESTARTS] = DIAG_TIME_WAIT,
		[RESETS] = DIAG_CLOSE,
	};
	struct sock *client = stage->tcp.client;

	expect_frames(run, injected, "SYN-ACKs", FROM_CLIENT(WIRE_SYN_ACK),
		      effect == OPENS);
	expect_frames(run, injected, "ACKs", FROM_CLIENT(WIRE_PURE_ACK),
		      effect == ANSWERS || effect == RESTARTS);
	expect_frames(run, injected, "RSTs", FROM_CLIENT(WIRE_RST),
		      effect == RESETS);
	expect_state(client, states[effect]);
	if (states[effect] == DIAG_TIME_WAIT)
		expect_timer_armed(client, DIAG_TIMER_TIME_WAIT, "time_wait_s",
				   effect == RESTARTS ? injected :
							stage->closed,
				   SEC(TIME_WAIT));
	expect_counter(run, "client",
		       counter_exists(run, "client", "PAWSTimewait") ?
			       "PAWSTimewait" :
			       "PAWSEstab",
		       effect == RESTARTS);
}

static void script(struct run *run)
{
	const struct plan *plan = VARIANT_ROW(run, plans);
	struct stage stage = { .tcp = sock_pair(run) };

	close_client_first(run, plan, &stage);
	if (!plan->no_listener)
		sock_listen_on(stage.tcp.client_probe,
			       sock_local_port(stage.tcp.client), 1);
	run_pass(run, SEC(WAIT));
	fault_drop(run, FRAMES(FROM("client"), KIND(WIRE_TCP)));
	expect_effect(run, plan->effect, &stage,
		      inject_syn(run, plan, &stage));
}

CASE(time_wait_syn) = {
	.name = "time-wait-syn",
	.claim = "a SYN replaces TIME-WAIT only if its sequence number or its "
		 "timestamp is above the last one",
	.topic = TOPIC_CLOSE,
	.why = "an old duplicate of a SYN is not newer than the connection "
	       "that followed it",
	.sources = "RFC 9293 3.6.1; RFC 6191; "
		   "net/ipv4/tcp_minisocks.c:tcp_timewait_state_process(); "
		   "net/ipv4/tcp_ipv4.c:tcp_v4_rcv()",
	.steps = STEPS("a connection is closed, the client first",
		       "the client listens on the same port",
		       "a second later a forged SYN of the server arrives"),
	.expect = "RCV.NXT + 1, or ts_recent + 1: a SYN-ACK; RCV.NXT, or "
		  "ts_recent: an ACK, and the timer continues; ts_recent - 1: "
		  "an ACK, and TIME-WAIT has 60 s left again; in FIN-WAIT-2: a "
		  "RST",
	.world = &world_pair,
	.settings = SYSCTLS({ NULL, "net.ipv4.tcp_timestamps", 1 }),
	.variants = VARIANTS(
		{ "sequence-equal",
		  "the SYN has the next sequence number and no timestamp: an "
		  "ACK, and TIME-WAIT does not start again" },
		{ "sequence-plus-1",
		  "the SYN has 1 more than the next sequence number and no "
		  "timestamp: a SYN-ACK" },
		{ "timestamp-equal",
		  "the SYN has an old sequence number and the timestamp of the "
		  "FIN: an ACK, and TIME-WAIT does not start again" },
		{ "timestamp-plus-1",
		  "the SYN has an old sequence number and a timestamp 1 tick "
		  "greater than that of the FIN: a SYN-ACK" },
		{ "timestamp-1",
		  "the SYN has a new sequence number and a timestamp 1 tick "
		  "less than that of the FIN: an ACK, and TIME-WAIT has 60 s "
		  "left again" },
		{ "no-listener",
		  "the SYN has a new sequence number, and nobody listens: an "
		  "ACK, not a RST, and TIME-WAIT does not start again" },
		{ "fin-wait-2",
		  "the SYN arrives in FIN-WAIT-2 after close(), 1 above the "
		  "next sequence number: a RST, and the timewait socket is "
		  "gone" }),
	.duration = SEC(WAIT),
	.script = script,
};
