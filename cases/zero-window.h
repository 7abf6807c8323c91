/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A connection whose client has unsent data and nothing in flight, because the
 * server's process does not read: for the cases zero-window-*.
 *
 * The reader's host is frozen, so its kernel acknowledges until the receive
 * buffer is full and then advertises a zero window. The client's persist timer
 * runs from that ACK on: tcp_check_probe_timer(). Its first expiry may have to
 * send the rest of the window, which is less than a segment
 * (tcp_write_wakeup()); then the ACK of that is the one that counts.
 */
#pragma once

#include "case.h"

/* More than the receive buffer, less than the send buffer holds. */
enum { ZERO_WINDOW_BYTES = 192 * 1024 };

/* The answers to probes less than tcp_invalid_ratelimit apart would be
 * suppressed: tcp_oow_rate_limited(). */
#define ZERO_WINDOW_SYSCTLS                                                    \
	{ "client", "net.ipv4.tcp_wmem", .text = "4096 1048576 1048576" },     \
		{ "server", "net.ipv4.tcp_rmem", .text = "4096 65536 65536" }, \
	{                                                                      \
		"server", "net.ipv4.tcp_invalid_ratelimit", 0                  \
	}

struct zero_window {
	struct pair tcp;
	struct mark stalled; /* the ACK with the zero window */
	struct predict_tcp inputs; /* of the client */
};

static inline bool zero_window_is_closed(const struct wire_capture *capture,
					 const void *data MACRO_UNUSED)
{
	return capture->frame.tcp.window == 0;
}

static inline bool zero_window_is_open(const struct wire_capture *capture,
				       const void *data MACRO_UNUSED)
{
	return capture->frame.tcp.window > 0;
}

#define ZERO_WINDOW_PROBE FRAMES(FROM("client"), KIND(WIRE_KEEPALIVE_PROBE))
#define ZERO_WINDOW_ACK                                                        \
	FRAMES(FROM("server"), KIND(WIRE_PURE_ACK),                            \
	       .where = zero_window_is_closed)
#define ZERO_WINDOW_UPDATE                                                     \
	FRAMES(FROM("server"), KIND(WIRE_PURE_ACK),                            \
	       .where = zero_window_is_open)

/* Freezes the server, which is about to read, and fills its buffer. False: the
 * window has not closed. */
static inline bool zero_window_fill(struct run *run, struct zero_window *stage)
{
	struct mark sent;

	sock_post_recv_stream(stage->tcp.server, ZERO_WINDOW_BYTES);
	fault_freeze(run, "server");
	sent = mark_now(run);
	sock_post_send_stream(stage->tcp.client, ZERO_WINDOW_BYTES);
	stage->stalled = expect_frame(run, sent, "zero window", ZERO_WINDOW_ACK,
				      1, (struct range){ 0, soon });
	if (stage->stalled.missing)
		return false;
	/* All of it is in the send buffer. */
	sock_reap(stage->tcp.client, soon);
	/* A probe's answer acknowledges nothing and is no RTT sample, so the
	 * RTO is final. */
	stage->inputs = forecast_inputs(stage->tcp.client);
	return true;
}

/* The same on a new connection. */
static inline bool zero_window_reach(struct run *run, struct zero_window *stage)
{
	stage->tcp = sock_pair(run);
	return zero_window_fill(run, stage);
}

/*
 * The nth persist timer, from 1: tcp_probe0_when() is tcp_probe0_base()
 * (icsk_rto, at least TCP_RTO_MIN) << icsk_backoff, at most tcp_rto_max().
 * tcp_send_probe0() increases icsk_backoff up to tcp_retries2.
 */
static inline nsec_t zero_window_interval(const struct predict_tcp *tcp,
					  unsigned int nth)
{
	const nsec_t rto_min = MSEC(200); /* TCP_RTO_MIN */
	unsigned int backoff = MIN(nth - 1, tcp->retries2);

	return MIN(MAX(tcp->rto, rto_min) << backoff, tcp->rto_max);
}

static inline struct range zero_window_timer(struct run *run,
					     const struct predict_tcp *tcp,
					     unsigned int nth)
{
	struct range timer =
		predict_timer(zero_window_interval(tcp, nth), tcp->hz);

	run_note(run, "predicted: persist timer %u, %.3f .. %.3f s", nth,
		 nsec_seconds(timer.min), nsec_seconds(timer.max));
	return timer;
}
