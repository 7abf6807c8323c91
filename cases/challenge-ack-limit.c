/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two limits for challenge ACKs. tcp_invalid_ratelimit is a time between two of
 * one socket: __tcp_oow_rate_limited(). tcp_challenge_ack_limit is a number for
 * a whole network namespace in each second of jiffies, which
 * tcp_challenge_ack_allowed() draws at random, so that nobody can measure with
 * it (CVE-2016-5696): from half the limit to one and a half. For a limit of 1
 * it is always 1.
 *
 * The requests are forged RSTs inside the window. Those within one second of
 * jiffies cannot be told from those around its end, so that one or two are
 * answered.
 */
#include "case.h"

enum { RESETS = 6, LIMIT = 1, PAUSE = 5 };

#define CLIENT_ACK FRAMES(FROM("client"), KIND(WIRE_PURE_ACK))

/* A RST inside the window: one beyond RCV.NXT. */
static struct frame forged_reset(struct run *run, struct pair *tcp)
{
	struct frame frame;

	expect_delivery(tcp->server, tcp->client, 1);
	frame = frames_last(run, FRAMES(FROM("server"), KIND(WIRE_DATA)))
			->frame;
	frame.tcp.seq += 2;
	frame.tcp.flags = SEGMENT_RST | SEGMENT_ACK;
	frame.tcp.length = 0;
	return frame;
}

static void script(struct run *run)
{
	bool per_socket = run_is_variant(run, "per-socket");
	bool per_host = run_is_variant(run, "per-host");
	struct pair tcp = sock_pair(run);
	struct frame reset = forged_reset(run, &tcp);
	unsigned int answered = per_socket || per_host ? 1 : RESETS;
	struct mark first;

	run_pass(run, MSEC(60)); /* the ACK of the data */
	first = mark_now(run);
	for (int i = 0; i < RESETS; i++) {
		fault_inject(run, "client", &reset, NULL);
		run_pass(run, MSEC(PAUSE));
	}
	expect_frames_between(run, first, "challenge ACKs", CLIENT_ACK,
			      answered, per_host ? 2 : answered);
	expect_counter(run, "client", "TCPACKSkippedChallenge",
		       per_socket ? RESETS - 1 : 0);
	expect_number(run, "challenge_acks",
		      counter_change(run, "client", "TCPChallengeACK"),
		      answered, per_host ? 2 : answered);
	if (!per_host)
		return;

	/* The next second has its own. */
	run_pass_until(run, first, MSEC(2100));
	first = mark_now(run);
	fault_inject(run, "client", &reset, NULL);
	run_pass(run, MSEC(PAUSE));
	expect_frames(run, first, "challenge ACKs in another second",
		      CLIENT_ACK, 1);
	expect_state(tcp.client, DIAG_ESTABLISHED);
}

#define LIMITS(invalid_, challenge_)                                           \
	.settings = SYSCTLS(                                                   \
		{ "client", "net.ipv4.tcp_invalid_ratelimit", invalid_ },      \
		{ "client", "net.ipv4.tcp_challenge_ack_limit", challenge_ })

CASE(challenge_ack_limit) = {
	.name = "challenge-ack-limit",
	.claim = "challenge ACKs are limited for each socket by "
		 "tcp_invalid_ratelimit and for the host by "
		 "tcp_challenge_ack_limit in each second",
	.topic = TOPIC_RESET,
	.why = "an answer to forged segments must not become a flood, nor a "
	       "means to find the right number",
	.sources = "RFC 5961 7; net/ipv4/tcp_input.c:tcp_send_challenge_ack(), "
		   "tcp_challenge_ack_allowed()",
	.steps = STEPS("a connection; six RSTs inside the window are forged "
		       "within 30 ms",
		       "per-host: one more, in another second"),
	.expect = "no-limit: six challenge ACKs; per-socket (500 ms): one, and "
		  "five TCPACKSkippedChallenge; per-host (limit 1): one, or "
		  "two where a second ends meanwhile, and one more later",
	.shows = SHOWS("challenge_acks", "client_state"),
	.world = &world_pair,
	.needs = NEEDS({ .kernel = KERNEL_VERSION(6, 1, 0) }),
	.variants = VARIANTS(
		{ "no-limit",
		  "neither limit applies (tcp_invalid_ratelimit is 0, "
		  "tcp_challenge_ack_limit 2147483647): each of the six RSTs "
		  "is answered",
		  LIMITS(0, 2147483647) },
		{ "per-socket",
		  "tcp_invalid_ratelimit is 500 ms: only the first of the six "
		  "RSTs is answered",
		  LIMITS(500, 2147483647) },
		{ "per-host",
		  "tcp_challenge_ack_limit is 1 per second, without a limit "
		  "per socket: one RST is answered, or two if a second ends "
		  "meanwhile, and one more in a later second",
		  LIMITS(0, LIMIT), .duration = MSEC(2200) }),
	.duration = MSEC(150),
	.script = script,
};
