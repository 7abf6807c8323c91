/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An ICMP error for data in flight is a soft error (sk_err_soft, tcp_v4_err()):
 * it becomes the errno where the connection ends by timeout (tcp_write_err()).
 * An ACK clears it (tcp_ack()): a connection that has recovered and later ends
 * for another reason ends with ETIMEDOUT.
 */
#include "case.h"

enum { BYTES = 100, RETRIES2 = 1 };

#define ORIGINAL FRAMES(FROM("client"), KIND(WIRE_DATA), .first = 1, .count = 1)
/* All that the client sends after that. */
#define LATER(recovers_)                                                       \
	FRAMES(FROM("client"),                                                 \
	       KIND((recovers_) ? WIRE_DATA | WIRE_RETRANSMISSION :            \
				  WIRE_RETRANSMISSION))

/* The retransmission is acknowledged; false: there was none. */
static bool recover(struct run *run, struct pair *tcp)
{
	struct mark sent = mark_now(run);
	struct finding got;

	sock_post_recv(tcp->server);
	sock_send(tcp->client, BYTES);
	got = sock_reap(tcp->server, SEC(1));
	expect_data(&got, BYTES);
	frames_wait(run, sent, FRAMES(FROM("server"), KIND(WIRE_PURE_ACK)), 1,
		    soon);
	return expect_frames(run, sent, "retransmissions",
			     FRAMES(KIND(WIRE_RETRANSMISSION)), 1);
}

static void script(struct run *run)
{
	bool recovers = run_is_variant(run, "recovered");
	struct pair tcp = sock_pair(run);
	const struct prediction *forecast;
	struct finding got;
	struct mark sent;

	fault_reject(run, ORIGINAL, WIRE_ANSWER_HOST);
	if (recovers && !recover(run, &tcp))
		return;
	forecast = forecast_give_up(tcp.client);
	fault_drop(run, LATER(recovers));
	sock_post_recv(tcp.client);
	sent = mark_now(run);
	sock_send(tcp.client, BYTES);
	mark_done(run, &sent);
	got = sock_reap(tcp.client, forecast->elapsed.max + SEC(1));
	expect_error(&got, recovers ? ETIMEDOUT : EHOSTUNREACH);
	expect_took(sent, &got, forecast->elapsed);
	expect_counter(run, "client", "TCPAbortOnTimeout", 1);
}

CASE(soft_error_cleared) = {
	.name = "soft-error-cleared",
	.claim = "an ICMP error is the errno of a timeout that follows, unless "
		 "an ACK has arrived in between",
	.topic = TOPIC_RETRANSMISSION,
	.why = "an ACK shows that the error is over",
	.sources = "RFC 1122 4.2.3.9; net/ipv4/tcp_ipv4.c:tcp_v4_err(); "
		   "net/ipv4/tcp_input.c:tcp_ack(); "
		   "net/ipv4/tcp_timer.c:tcp_write_err()",
	.steps = STEPS("the wire answers the first transmission of data with "
		       "host unreachable",
		       "recovered: the retransmission arrives and is "
		       "acknowledged, and more data is sent",
		       "the wire drops everything that follows"),
	.expect = "not-recovered: EHOSTUNREACH at the predicted time; "
		  "recovered: ETIMEDOUT",
	.world = &world_pair,
	/* A tail loss probe that was acknowledged may prevent the next one:
	 * tcp_process_tlp_ack(). */
	.settings = SYSCTLS({ "client", "net.ipv4.tcp_retries2", RETRIES2 },
			    { "client", "net.ipv4.tcp_early_retrans", 0 }),
	.variants = VARIANTS(
		{ "recovered",
		  "the retransmission after the ICMP error is acknowledged, "
		  "and later data is lost: the error of the timeout is "
		  "ETIMEDOUT",
		  .duration = MSEC(1700) },
		{ "not-recovered",
		  "everything after the ICMP error is lost, the control: the "
		  "error of the timeout is EHOSTUNREACH" }),
	.duration = MSEC(1500),
	.script = script,
};
