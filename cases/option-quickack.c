/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TCP_QUICKACK. With 0 the socket is in pingpong mode, as one that answers
 * requests (inet_csk_enter_pingpong_mode()): __tcp_ack_snd_check() delays the
 * ACK of a single segment by TCP_ATO_MIN, 40 ms, in the hope of an answer that
 * can carry it: tcp_send_delayed_ack(). A second full segment is acknowledged at
 * once in each mode. With 1 every ACK is sent at once.
 * tcp_delack_max() limits the delay: by TCP_DELACK_MAX_US (6.19), and by the
 * minimum of the RTO.
 */
#include "case.h"

enum { BYTES = 100, ATO_MIN_MS = 40, RTO_MIN_US = 12000 };

#define ACK FRAMES(FROM("server"), KIND(WIRE_PURE_ACK))

static struct range forecast(struct run *run)
{
	unsigned int hz = nsec_hz();
	nsec_t delay = MSEC(ATO_MIN_MS);

	if (run_is_variant(run, "on") || run_is_variant(run, "two-segments"))
		return at_once;
	if (run_is_variant(run, "rto-min"))
		delay = predict_nsec(predict_jiffies(USEC(RTO_MIN_US), hz) - 1,
				     hz);
	return predict_timer(delay, hz);
}

static void script(struct run *run)
{
	bool two = run_is_variant(run, "two-segments");
	struct pair tcp = sock_pair(run);
	struct range range = forecast(run);
	struct mark sent, data;

	sock_set(tcp.server, IPPROTO_TCP, TCP_QUICKACK, 0);
	if (run_is_variant(run, "on"))
		sock_set(tcp.server, IPPROTO_TCP, TCP_QUICKACK, 1);
	run_note(run, "predicted: ACK after %.3f .. %.3f s",
		 nsec_seconds(range.min), nsec_seconds(range.max));
	sent = mark_now(run);
	sock_send(tcp.client,
		  two ? 2 * (size_t)sock_get(tcp.client, IPPROTO_TCP,
					     TCP_MAXSEG) :
			BYTES);
	data = expect_frame(run, sent, "data",
			    FRAMES(FROM("client"), KIND(WIRE_DATA)), 1 + two,
			    at_once);
	sent = expect_frame(run, data, "ACK", ACK, 1, range);
	run_elapsed(run, range, sent.at - data.at);
	expect_counter(run, "server", "DelayedACKs",
		       !run_is_variant(run, "on") && !two);
	expect_frames(run, data, "retransmissions",
		      FRAMES(KIND(WIRE_RETRANSMISSION)), 0);
}

CASE(option_quickack) = {
	.name = "option-quickack",
	.claim = "TCP_QUICKACK 0 delays the ACK of a segment by 40 ms, 1 sends "
		 "it at once; the minimum of the RTO limits the delay",
	.topic = TOPIC_SOCKET_OPTIONS,
	.why = "an answer within the delay carries the ACK; a delay as long as "
	       "the peer's RTO would cause retransmissions",
	.sources = "RFC 9293 3.8.6.3; "
		   "net/ipv4/tcp_output.c:tcp_send_delayed_ack(), "
		   "tcp_delack_max(); net/ipv4/tcp.c:__tcp_sock_set_quickack()",
	.steps = STEPS("TCP_QUICKACK is set on the server's socket",
		       "the client sends one segment"),
	.expect = "on, and two full segments: an ACK at once; off: after "
		  "TCP_ATO_MIN, 40 ms, and DelayedACKs; rto-min: a jiffy less "
		  "than tcp_rto_min_us, 12 ms",
	.world = &world_pair,
	.needs = NEEDS({ .sysctl = "net.ipv4.tcp_rto_min_us" }),
	/* No tail loss probe after 8 ms, which a late ACK would cause. */
	.settings = SYSCTLS({ "client", "net.ipv4.tcp_early_retrans", 0 }),
	.variants = VARIANTS(
		{ "on",
		  "TCP_QUICKACK is 1: the ACK of one segment is sent at once" },
		{ "off", "TCP_QUICKACK is 0: the ACK of one segment is delayed "
			 "by 40 ms" },
		{ "two-segments", "TCP_QUICKACK is 0, and the client sends two "
				  "full segments: their ACK is sent at once" },
		{ "rto-min",
		  "TCP_QUICKACK is 0, and tcp_rto_min_us is 12 ms at the "
		  "server: the ACK of one segment is delayed by a jiffy less "
		  "than that",
		  .settings = SYSCTLS({ "server", "net.ipv4.tcp_rto_min_us",
					RTO_MIN_US }) }),
	.duration = MSEC(100),
	.no_fault = true,
	.script = script,
};
