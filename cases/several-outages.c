/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Three outages on one connection. Whatever the first two leave behind would
 * change the third: the count of retransmissions, which tcp_ack() resets when
 * data is acknowledged; the doubled RTO, which ends with the next RTT sample
 * (tcp_ack_update_rtt(), RFC 6298 5.7); the time of the first retransmission,
 * from which tcp_retries2 counts (retrans_stamp, reset in
 * tcp_try_to_open() and tcp_enter_loss()); the backoff. So each outage follows
 * the forecast that is made before it from the RTO alone, and only the last
 * one, which lasts, ends the connection.
 *
 * During an outage sock_diag and TCP_INFO show the round: icsk_retransmits,
 * icsk_backoff and an RTO that is doubled as often.
 */
#include "case.h"

enum { OUTAGES = 3, ROUNDS = 2, BYTES = 100, PAUSE = 100 };

#define SENT FRAMES(FROM("client"), KIND(WIRE_DATA | WIRE_RETRANSMISSION))

/* The nth retransmission by RTO among the rounds: the tail loss probe is none. */
static const struct predict_round *
rto_round(const struct prediction *p, unsigned int n)
{
	const struct predict_round *round = p->rounds;

	for (;; round++)
		if (round->kind == PREDICT_RETRANSMISSION && --n == 0)
			return round;
}

static void expect_diag(struct run *run, struct sock *sock, uint32_t rto)
{
	struct diag_socket seen;

	if (!expect_that(run, sock_look(sock, &seen), "the socket exists", "%s",
			 "no"))
		return;
	expect_number(run, "retransmits", seen.retransmits, ROUNDS, ROUNDS);
	expect_number(run, "tcpi_retransmits", seen.info.tcpi_retransmits,
		      ROUNDS, ROUNDS);
	expect_number(run, "tcpi_backoff", seen.info.tcpi_backoff, ROUNDS,
		      ROUNDS);
	expect_number(run, "tcpi_rto_us", seen.info.tcpi_rto, rto << ROUNDS,
		      rto << ROUNDS);
	expect_number(run, "tcpi_unacked", seen.info.tcpi_unacked, 1, 1);
	expect_number(run, "send_queue", seen.send_queue, BYTES, BYTES);
	expect_timer(sock, DIAG_TIMER_RETRANSMIT);
}

static uint32_t rto_of(struct sock *sock)
{
	struct diag_socket seen = { .has_info = false };

	sock_look(sock, &seen);
	return seen.info.tcpi_rto;
}

/* The path is cut for ROUNDS retransmissions. False: an expectation failed that
 * the next outage rests on. */
static bool expect_recovery(struct run *run, struct pair *tcp)
{
	const struct prediction *p = forecast_give_up(tcp->client);
	const struct predict_round *last = rto_round(p, ROUNDS);
	const struct predict_round *next = rto_round(p, ROUNDS + 1);
	unsigned int n = (unsigned int)(last - p->rounds) + 2;
	uint32_t rto = rto_of(tcp->client);
	struct finding got;
	struct mark sent;

	fault_cut(run, "server");
	sock_post_recv(tcp->server);
	sent = mark_now(run);
	sock_send(tcp->client, BYTES);
	mark_done(run, &sent);
	if (expect_frame(run, sent, "last retransmission of the outage", SENT,
			 n, last->at)
		    .missing)
		return false;
	run_pass_until(run, sent, (last->at.max + next->at.min) / 2);
	expect_diag(run, tcp->client, rto);
	fault_mend(run, "server");
	got = sock_reap(tcp->server, next->at.max + soon);
	if (!expect_data(&got, BYTES))
		return false;
	expect_span(run, "delivery", got.returned - sent.at, next->at);
	/* An RTT sample ends the backoff, whether timestamps gave one before or
	 * not. */
	sock_deliver(tcp->client, tcp->server, BYTES);
	run_pass(run, MSEC(PAUSE));
	return true;
}

static void script(struct run *run)
{
	struct pair tcp = sock_pair(run);
	const struct prediction *p;
	struct finding got;
	struct mark sent;

	/* The first segments of a connection are acknowledged at once; the RTT's
	 * variation is at its minimum after a few. */
	for (int i = 0; i < 4; i++)
		sock_deliver(tcp.client, tcp.server, BYTES);
	for (int i = 1; i < OUTAGES; i++)
		if (!expect_recovery(run, &tcp))
			return;
	p = forecast_give_up(tcp.client);
	fault_cut(run, "server");
	sock_post_recv(tcp.client);
	sent = mark_now(run);
	sock_send(tcp.client, BYTES);
	mark_done(run, &sent);
	got = sock_reap(tcp.client, p->elapsed.max + SEC(1));
	expect_error(&got, ETIMEDOUT);
	expect_took(sent, &got, p->elapsed);
	expect_rounds(tcp.client, sent, p);
	expect_counter(run, "client", "TCPAbortOnTimeout", 1);
}

CASE(several_outages) = {
	.name = "several-outages",
	.claim = "outages that end leave nothing behind: the next one starts "
		 "with a fresh RTO, count and time limit",
	.topic = TOPIC_RETRANSMISSION,
	.why = "an acknowledgement of new data resets the count, an RTT sample "
	       "the backoff",
	.sources = "RFC 6298 5.7; net/ipv4/tcp_input.c:tcp_ack(), "
		   "tcp_ack_update_rtt(); net/ipv4/tcp_timer.c:"
		   "retransmits_timed_out()",
	.steps = STEPS("the path is cut, the client sends, and the path is "
		       "mended after two retransmissions",
		       "the same again on the same connection",
		       "the path is cut for good, and the client sends"),
	.expect = "the rounds of each outage come at the times of a first one, "
		  "and sock_diag shows them; the third ends with ETIMEDOUT after "
		  "tcp_retries2",
	.world = &world_pair,
	.settings = SYSCTLS({ "client", "net.ipv4.tcp_retries2", 3 },
			    { "client", "net.ipv4.tcp_early_retrans", 3 }),
	.variants = VARIANTS(
		{ "timestamps",
		  "tcp_timestamps is 1 at the client: the ACK of a "
		  "retransmission gives an RTT sample, which ends the backoff",
		  SYSCTLS({ "client", "net.ipv4.tcp_timestamps", 1 }) },
		{ "no-timestamps",
		  "tcp_timestamps is 0 at the client: only the ACK of the next "
		  "original data gives an RTT sample, which ends the backoff",
		  SYSCTLS({ "client", "net.ipv4.tcp_timestamps", 0 }) }),
	.duration = SEC(6),
	.script = script,
};
