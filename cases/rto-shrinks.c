/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Some slow round trips raise the RTO for a while: tcp_rtt_estimator() adds a
 * quarter of each deviation to mdev, and rttvar follows a larger mdev at once.
 * Later samples without deviation lower rttvar by a quarter of the difference for
 * each window (the ACK of rtt_seq), down to tcp_rto_min, and srtt approaches them
 * by an eighth. After 40 of them rttvar is the minimum to a microsecond, and the
 * RTO is that of a connection that never saw a slow round trip: __tcp_set_rto().
 */
#include "case.h"

enum { ONE_WAY = 75, SLOW_SAMPLES = 4, FAST_SAMPLES = 40 };
enum { BYTES = 100, PAUSE = 2 };

static struct tcp_info read_info(struct sock *sock)
{
	struct diag_socket seen = { .has_info = false };

	sock_look(sock, &seen);
	return seen.info;
}

/* __tcp_set_rto() with rttvar at its minimum. */
static nsec_t smallest_rto(struct sock *sock)
{
	struct predict_tcp in = forecast_inputs(sock);
	nsec_t rto = USEC(read_info(sock).tcpi_rtt) + in.rto_min;

	return predict_nsec(predict_jiffies(rto, in.hz), in.hz);
}

static void exchange(struct run *run, struct pair *tcp, nsec_t wait)
{
	sock_deliver(tcp->client, tcp->server, BYTES);
	run_pass(run, wait);
}

static void expect_smallest(struct run *run, const char *name, struct sock *sock)
{
	int64_t rto = smallest_rto(sock) / USEC(1);

	expect_number(run, name, read_info(sock).tcpi_rto, rto, rto);
}

static void script(struct run *run)
{
	struct pair tcp = sock_pair(run);

	for (int i = 0; i < FAST_SAMPLES; i++)
		exchange(run, &tcp, MSEC(PAUSE));
	expect_smallest(run, "rto_before_us", tcp.client);

	/* Less than the RTO passes until each ACK: nothing is sent again. */
	path_delay(run, "server", MSEC(ONE_WAY));
	for (int i = 0; i < SLOW_SAMPLES; i++)
		exchange(run, &tcp, MSEC(2 * ONE_WAY));
	path_delay(run, "server", 0);
	expect_number(run, "rto_after_slow_us", read_info(tcp.client).tcpi_rto,
		      smallest_rto(tcp.client) / USEC(1) + 1, INT64_MAX);

	for (int i = 0; i < FAST_SAMPLES; i++)
		exchange(run, &tcp, MSEC(PAUSE));
	expect_smallest(run, "rto_at_last_us", tcp.client);
	expect_counter(run, "client", "TCPTimeouts", 0);
}

CASE(rto_shrinks) = {
	.name = "rto-shrinks",
	.claim = "slow round trips raise the RTO; some fast ones bring it back "
		 "to its minimum",
	.topic = TOPIC_RETRANSMISSION,
	.why = "the variation shrinks by a quarter per window, down to the "
	       "minimum of the RTO",
	.sources = "RFC 6298 2; net/ipv4/tcp_input.c:tcp_rtt_estimator(), "
		   "tcp_set_rto()",
	.steps = STEPS("40 short exchanges over a fast path",
		       "4 over a slow path, of 75 ms each way",
		       "40 over the fast path"),
	.expect = "before and at last the RTO is RTT + 200 ms, in between it is "
		  "more",
	.world = &world_pair,
	.duration = SEC(1),
	.no_fault = true,
	.script = script,
};
