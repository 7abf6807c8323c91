/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The last ACK of a close is lost, and the client passes over its TIME_WAIT by
 * tcp_tw_reuse. The server is still in LAST-ACK then, and the new SYN meets it:
 * it is no SYN for that state, and gets a challenge ACK (RFC 5961 4.2,
 * tcp_validate_incoming()), which acknowledges the old connection. To the
 * client in SYN-SENT that is no answer, so it sends RST with just that number
 * (tcp_rcv_synsent_state_process()), and the SYN again after two jiffies; the
 * RST ends LAST-ACK, and the second SYN finds the listener.
 *
 * So the server's end is reset. A process that has closed it never hears of it;
 * one that only shut it down and still holds it finds ECONNRESET.
 *
 * One lost ACK is not enough for that, though. The FIN is sent again after an
 * RTO, the TIME_WAIT answers it, and all is well long before the TIME_WAIT may
 * be taken over. Either all answers must be lost for so long, or the FIN must
 * come again later than tcp_tw_reuse_delay: with a very large RTT.
 */
#include <sys/socket.h>

#include "case.h"

/* TCP_TIMEOUT_MIN, in jiffies. */
enum { SOONEST = 2 };

enum loss { ONE, ALL };

/* Each way: the tail loss probe waits for two RTTs, the TIME_WAIT for one
 * second and is entered half an RTT later. */
static const nsec_t large_one_way = MSEC(600);

struct story {
	struct pair tcp;
	nsec_t rtt;
	struct wire_rule *loss;
	struct prediction *orphan; /* when the FIN comes again */
	struct mark closed; /* by the server */
	struct range entered, from; /* TIME-WAIT; when it may be taken over */
};

/*
 * Before 6.14 it is whole seconds that are compared, and the first to begin after
 * TIME-WAIT did is old enough, were it a millisecond later: then the SYN comes
 * before the FIN does, and one lost ACK is enough. So begin with a second.
 */
static void await_second(struct run *run)
{
	nsec_t now = nsec_now();

	if (!kernel_has_sysctl("net.ipv4.tcp_tw_reuse_delay"))
		run_pass(run, SEC(1) - now % SEC(1) + MSEC(20));
}

/* False: the ACK was not lost. */
static bool close_badly(struct run *run, struct story *story)
{
	struct pair *tcp = &story->tcp;

	sock_close(tcp->client);
	sock_wait_state(tcp->client, DIAG_FIN_WAIT2, soon + story->rtt);
	story->loss =
		fault_drop(run, FRAMES(FROM("client"), KIND(WIRE_PURE_ACK),
				       .count = run_value(run) == ONE));
	story->orphan = forecast_orphan(tcp->server);
	if (run_is_variant(run, "one-lost"))
		await_second(run);
	story->closed = mark_now(run);
	if (run_is_variant(run, "all-lost-still-held"))
		sock_shutdown(tcp->server, SHUT_WR);
	else
		sock_close(tcp->server);
	mark_done(run, &story->closed);
	expect_state_within(tcp->client, DIAG_TIME_WAIT, soon + story->rtt);
	run_pass(run, story->rtt);
	story->entered.min = story->closed.at + story->rtt / 2;
	story->entered.max =
		frames_first(run, story->closed, "client", WIRE_PURE_ACK)->at;
	story->from = forecast_tw_reuse(run, "client", story->entered);
	return expect_state(tcp->server, DIAG_LAST_ACK);
}

/* The FIN arrives again, and is answered, while there is a TIME_WAIT. */
static bool comes_in_time(const struct story *story)
{
	return story->closed.done + story->orphan->rounds[0].at.max +
		       story->rtt / 2 <
	       story->from.min;
}

static void expect_in_time(struct run *run, struct story *story)
{
	struct mark answered;

	answered = expect_frame(run, story->closed, "FIN again",
				FRAMES(FROM("server"), KIND(WIRE_FIN)), 2,
				story->orphan->rounds[0].at);
	run_measured(run, "fin_again_before_reuse_s",
		     nsec_seconds(story->from.min - answered.at));
	expect_state_within(story->tcp.server, DIAG_CLOSE, soon + story->rtt);
	expect_state(story->tcp.client, DIAG_TIME_WAIT);
}

static void pass_until_old(struct run *run, struct story *story)
{
	run_pass_until(run, (struct mark){ .at = story->from.max }, 0);
}

static void one_lost(struct run *run, struct story *story)
{
	expect_in_time(run, story);
	pass_until_old(run, story);
	sock_connect(story->tcp.client_probe, story->tcp.listener);
	run_pass(run, story->rtt / 2);
	expect_state(sock_accept(story->tcp.listener), DIAG_ESTABLISHED);
	expect_counter(run, "server", "TCPSYNChallenge", 0);
	expect_counter(run, "client", "OutRsts", 0);
	expect_counter(run, "client", "TWRecycled", 1);
}

static void expect_challenged(struct run *run, struct story *story,
			      struct mark asked)
{
	const uint32_t old = frames_first(run, asked, "server", WIRE_PURE_ACK)
				     ->frame.tcp.ack;
	const uint32_t fin =
		frames_first(run, (struct mark){ .at = 0 }, "client", WIRE_FIN)
			->frame.tcp.seq;
	const uint32_t rst =
		frames_first(run, asked, "client", WIRE_RST)->frame.tcp.seq;

	expect_number(run, "challenge_above_fin", (uint32_t)(old - fin), 1, 1);
	expect_number(run, "rst_above_fin", (uint32_t)(rst - fin), 1, 1);
	expect_that(
		run, counter_change(run, "server", "TCPSYNChallenge") > 0,
		"the server challenged the SYN", "%lld times",
		(long long)counter_change(run, "server", "TCPSYNChallenge"));
	expect_counter(run, "client", "TWRecycled", 1);
	if (run_is_variant(run, "all-lost-still-held"))
		expect_number(run, "so_error", sock_error(story->tcp.server),
			      ECONNRESET, ECONNRESET);
}

/* The new connection comes about over the old one's end. */
static void taken_over(struct run *run, struct story *story)
{
	const struct range soonest =
		predict_timer(predict_nsec(SOONEST, nsec_hz()), nsec_hz());
	struct sock *server, *client;
	struct finding got;
	struct mark asked;

	pass_until_old(run, story);
	expect_state(story->tcp.server, DIAG_LAST_ACK);
	fault_disarm(run, story->loss);
	asked = mark_now(run);
	client =
		sock_post_connect(story->tcp.client_probe, story->tcp.listener);
	/* With a large RTT the SYN's own timer is the first. */
	if (!story->rtt)
		expect_frame(run, asked, "SYN again",
			     FRAMES(FROM("client"), KIND(WIRE_SYN)), 2,
			     soonest);
	got = sock_reap(client, soon + story->rtt * 4);
	expect_success(&got);
	server = sock_accept(story->tcp.listener);
	expect_challenged(run, story, asked);
	expect_state(client, DIAG_ESTABLISHED);
	expect_state(server, DIAG_ESTABLISHED);
}

/* The control: what the TIME_WAIT is for. */
static void not_taken_over(struct run *run, struct story *story)
{
	const struct predict_round *next = story->orphan->rounds;
	struct sock *sock;
	struct finding got;

	pass_until_old(run, story);
	expect_state(story->tcp.server, DIAG_LAST_ACK);
	fault_disarm(run, story->loss);
	sock = sock_post_connect(story->tcp.client_probe, story->tcp.listener);
	got = sock_reap(sock, soon);
	expect_error(&got, EADDRNOTAVAIL);
	while (story->closed.at + next->at.max < got.returned)
		next++;
	expect_state_within(story->tcp.server, DIAG_CLOSE,
			    next->at.max - (got.returned - story->closed.at) +
				    soon);
	expect_state(story->tcp.client, DIAG_TIME_WAIT);
	expect_counter(run, "client", "OutRsts", 0);
	expect_counter(run, "server", "TCPSYNChallenge", 0);
}

static void script(struct run *run)
{
	struct story story = { .rtt = 0 };

	if (run_is_variant(run, "one-lost-large-rtt")) {
		story.rtt = 2 * large_one_way;
		path_delay(run, "client", large_one_way);
	}
	story.tcp = sock_pair(run);
	if (!close_badly(run, &story))
		return;
	if (run_is_variant(run, "all-lost-reuse-off"))
		not_taken_over(run, &story);
	else if (run_value(run) == ONE && comes_in_time(&story))
		one_lost(run, &story);
	else
		taken_over(run, &story);
}

CASE(tw_reuse_last_ack_lost) = {
	.name = "tw-reuse-last-ack-lost",
	.claim = "last ACK lost and TIME_WAIT taken over: the passive end is "
		 "reset instead of closed",
	.judgements = CLAIMS({ "C15", DOCUMENT_RIGHT,
			       "in LAST-ACK the new SYN gets a challenge ACK, "
			       "and the client's RST ends that end: "
			       "tcp_validate_incoming(), "
			       "tcp_rcv_synsent_state_process()" }),
	.why = "the TIME_WAIT that would have acknowledged the FIN is gone, "
	       "and who is there in its place knows nothing of the FIN",
	.sources =
		"net/ipv4/tcp_input.c:tcp_validate_incoming(), "
		"tcp_rcv_synsent_state_process(), tcp_reset(); RFC 5961 4.2; "
		"RFC 9293 3.10.7.3",
	.steps = STEPS("a client with a single local port closes first, then "
		       "the server; the last ACK is lost, or all of them",
		       "a second later the client connects again",
		       "all-lost-reuse-off: without tcp_tw_reuse"),
	.expect =
		"one lost: the FIN comes again and is answered before the "
		"TIME_WAIT may be taken over; all lost (or an RTT so large "
		"that the FIN comes later): challenge ACK, RST, the SYN again "
		"after two jiffies, ECONNRESET for who still holds the "
		"server's end; without the sysctl EADDRNOTAVAIL, and an "
		"orderly end",
	.world = &world_pair,
	.settings = SYSCTLS({ "client", "net.ipv4.ip_local_port_range",
			      .text = "40000 40000" },
			    { "client", "net.ipv4.tcp_tw_reuse", 1 }),
	.variants = VARIANTS(
		{ "one-lost", .value = ONE,
		  .judgements = CLAIMS(
			  { "C15", DOCUMENT_CONDITIONAL,
			    "one lost ACK is not enough: the FIN comes again "
			    "after an RTO (tcp_retransmit_timer()), and is "
			    "answered before the TIME_WAIT may be taken over, "
			    "tcp_twsk_unique()" }) },
		{ "one-lost-large-rtt", .value = ONE, .duration = SEC(8),
		  .judgements = CLAIMS(
			  { "C15", DOCUMENT_CONDITIONAL,
			    "with one lost ACK only where the FIN comes again "
			    "later than tcp_tw_reuse_delay after the TIME_WAIT "
			    "began" }) },
		{ "all-lost", .value = ALL },
		{ "all-lost-still-held", .value = ALL },
		{ "all-lost-reuse-off", .value = ALL, .duration = SEC(2),
		  .settings = SYSCTLS({ "client", "net.ipv4.tcp_tw_reuse",
					0 }) }),
	.duration = SEC(1) + MSEC(50),
	.script = script,
};
