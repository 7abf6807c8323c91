/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The last ACK of a close is lost, and the client's connect() takes over its
 * TIME-WAIT by tcp_tw_reuse. The server is still in LAST-ACK, and the new SYN
 * meets it. That state answers a SYN with a challenge ACK (RFC 5961 4.2,
 * tcp_validate_incoming()), which acknowledges the old connection. In SYN-SENT
 * the client cannot accept it, so it sends a RST with exactly that sequence
 * number (tcp_rcv_synsent_state_process()), and the SYN again after two
 * jiffies. The RST ends LAST-ACK, and the second SYN finds the listener.
 *
 * So the server's end is reset. A process that has closed it does not notice;
 * one that only shut it down and still holds it finds ECONNRESET.
 *
 * One lost ACK is not enough for that, though. The FIN is retransmitted after
 * an RTO, and the TIME-WAIT answers it long before it may be taken over.
 * Either all answers are lost for so long, or the FIN is retransmitted later
 * than tcp_tw_reuse_delay, with a very large RTT.
 */
#include <sys/socket.h>

#include "case.h"

/* TCP_TIMEOUT_MIN, in jiffies. */
enum { SHORTEST_TIMER = 2 };

/* How many last ACKs are lost: the variants' values. */
enum { ONE, ALL };

/* Each way: the tail loss probe waits for two RTTs; the TIME-WAIT may be taken
 * over after one second and is entered half an RTT later. */
static const nsec_t large_one_way = MSEC(600);

struct stage {
	struct pair tcp;
	nsec_t rtt;
	struct wire_rule *loss;
	struct prediction *orphan; /* retransmissions of the server's FIN */
	struct mark closed; /* the server's close() */
	struct range from; /* when the TIME-WAIT may be taken over */
};

/*
 * Before 6.14 whole seconds are compared, and a TIME-WAIT is old enough in the
 * next second, even a millisecond later: then the SYN is sent before the FIN
 * is retransmitted, and one lost ACK is enough. So the close starts with a
 * second.
 */
static void wait_for_second(struct run *run)
{
	nsec_t now = nsec_now();

	if (!kernel_has_sysctl("net.ipv4.tcp_tw_reuse_delay"))
		run_pass(run, SEC(1) - now % SEC(1) + MSEC(20));
}

/* False: the last ACK was not lost. */
static bool close_with_loss(struct run *run, struct stage *stage)
{
	struct pair *tcp = &stage->tcp;
	struct range entered;

	sock_close(tcp->client);
	sock_wait_state(tcp->client, DIAG_FIN_WAIT2, soon + stage->rtt);
	stage->loss =
		fault_drop(run, FRAMES(FROM("client"), KIND(WIRE_PURE_ACK),
				       .count = run_value(run) == ONE));
	stage->orphan = forecast_orphan(tcp->server);
	if (run_is_variant(run, "one-lost"))
		wait_for_second(run);
	stage->closed = mark_now(run);
	if (run_is_variant(run, "all-lost-still-held"))
		sock_shutdown(tcp->server, SHUT_WR);
	else
		sock_close(tcp->server);
	mark_done(run, &stage->closed);
	expect_state_within(tcp->client, DIAG_TIME_WAIT, soon + stage->rtt);
	run_pass(run, stage->rtt);
	entered.min = stage->closed.at + stage->rtt / 2;
	entered.max =
		frames_first(run, stage->closed, "client", WIRE_PURE_ACK)->at;
	stage->from = forecast_tw_reuse(run, "client", entered);
	return expect_state(tcp->server, DIAG_LAST_ACK);
}

/* The retransmitted FIN reaches the TIME-WAIT before it may be taken over. */
static bool fin_comes_first(const struct stage *stage)
{
	return stage->closed.done + stage->orphan->rounds[0].at.max +
		       stage->rtt / 2 <
	       stage->from.min;
}

static void expect_fin_answered(struct run *run, struct stage *stage)
{
	struct mark fin = expect_frame(run, stage->closed,
				       "the retransmitted FIN",
				       FRAMES(FROM("server"), KIND(WIRE_FIN)),
				       2, stage->orphan->rounds[0].at);

	run_measured(run, "fin_again_before_reuse_s",
		     nsec_seconds(stage->from.min - fin.at));
	expect_state_within(stage->tcp.server, DIAG_CLOSE, soon + stage->rtt);
	expect_state(stage->tcp.client, DIAG_TIME_WAIT);

	run_pass_until_time(run, stage->from.max);
	sock_connect(stage->tcp.client_probe, stage->tcp.listener);
	run_pass(run, stage->rtt / 2);
	expect_state(sock_accept(stage->tcp.listener), DIAG_ESTABLISHED);
	expect_counter(run, "server", "TCPSYNChallenge", 0);
	expect_counter(run, "client", "OutRsts", 0);
	expect_counter(run, "client", "TWRecycled", 1);
}

/* Challenge ACK and RST have the number after the client's old FIN. */
static void expect_challenge_and_reset(struct run *run, struct stage *stage,
				       struct mark asked)
{
	const struct mark start = { .at = 0 };
	const uint32_t acked = frames_first(run, asked, "server", WIRE_PURE_ACK)
				       ->frame.tcp.ack;
	const uint32_t fin =
		frames_first(run, start, "client", WIRE_FIN)->frame.tcp.seq;
	const uint32_t rst =
		frames_first(run, asked, "client", WIRE_RST)->frame.tcp.seq;
	int64_t challenges = counter_change(run, "server", "TCPSYNChallenge");

	expect_number(run, "challenge_above_fin", (uint32_t)(acked - fin), 1,
		      1);
	expect_number(run, "rst_above_fin", (uint32_t)(rst - fin), 1, 1);
	expect_that(run, challenges > 0,
		    "the server answers the SYN with a challenge ACK",
		    "TCPSYNChallenge %lld", (long long)challenges);
	expect_counter(run, "client", "TWRecycled", 1);
	if (run_is_variant(run, "all-lost-still-held"))
		expect_number(run, "so_error", sock_error(stage->tcp.server),
			      ECONNRESET, ECONNRESET);
}

static void take_over(struct run *run, struct stage *stage)
{
	const struct range soonest = predict_timer(
		predict_nsec(SHORTEST_TIMER, nsec_hz()), nsec_hz());
	struct sock *server, *client;
	struct finding got;
	struct mark asked;

	run_pass_until_time(run, stage->from.max);
	expect_state(stage->tcp.server, DIAG_LAST_ACK);
	fault_disarm(run, stage->loss);
	asked = mark_now(run);
	client =
		sock_post_connect(stage->tcp.client_probe, stage->tcp.listener);
	/* With a large RTT the SYN's own timer fires first. */
	if (!stage->rtt)
		expect_frame(run, asked, "the second SYN",
			     FRAMES(FROM("client"), KIND(WIRE_SYN)), 2,
			     soonest);
	got = sock_reap(client, soon + stage->rtt * 4);
	expect_success(&got);
	server = sock_accept(stage->tcp.listener);
	expect_challenge_and_reset(run, stage, asked);
	expect_state(client, DIAG_ESTABLISHED);
	expect_state(server, DIAG_ESTABLISHED);
}

/* The control: without tcp_tw_reuse the TIME-WAIT answers the FIN. */
static void expect_orderly_end(struct run *run, struct stage *stage)
{
	const struct predict_round *next = stage->orphan->rounds;
	struct finding got;

	run_pass_until_time(run, stage->from.max);
	expect_state(stage->tcp.server, DIAG_LAST_ACK);
	fault_disarm(run, stage->loss);
	got = sock_try_connect(stage->tcp.client_probe, stage->tcp.listener,
			       soon);
	expect_error(&got, EADDRNOTAVAIL);
	while (stage->closed.at + next->at.max < got.returned)
		next++;
	expect_state_within(stage->tcp.server, DIAG_CLOSE,
			    next->at.max - (got.returned - stage->closed.at) +
				    soon);
	expect_state(stage->tcp.client, DIAG_TIME_WAIT);
	expect_counter(run, "client", "OutRsts", 0);
	expect_counter(run, "server", "TCPSYNChallenge", 0);
}

static void script(struct run *run)
{
	struct stage stage = { .rtt = 0 };

	if (run_is_variant(run, "one-lost-large-rtt")) {
		stage.rtt = 2 * large_one_way;
		path_delay(run, "client", large_one_way);
	}
	stage.tcp = sock_pair(run);
	if (!close_with_loss(run, &stage))
		return;
	if (run_is_variant(run, "all-lost-reuse-off"))
		expect_orderly_end(run, &stage);
	else if (run_value(run) == ONE && fin_comes_first(&stage))
		expect_fin_answered(run, &stage);
	else
		take_over(run, &stage);
}

CASE(tw_reuse_last_ack_lost) = {
	.name = "tw-reuse-last-ack-lost",
	.claim = "last ACK lost and TIME-WAIT taken over: the passive end is "
		 "reset instead of closed",
	.judgements = CLAIMS({ "C15", DOCUMENT_RIGHT,
			       "in LAST-ACK the new SYN gets a challenge ACK, "
			       "and the client's RST ends that end: "
			       "tcp_validate_incoming(), "
			       "tcp_rcv_synsent_state_process()" }),
	.why = "the TIME-WAIT that would have acknowledged the FIN is gone, "
	       "and the connection that replaces it has no record of the FIN",
	.sources = "net/ipv4/tcp_input.c:tcp_validate_incoming(), "
		   "tcp_rcv_synsent_state_process(), tcp_reset(); RFC 5961 "
		   "4.2; RFC 9293 3.10.7.3",
	.steps = STEPS("a client with only one local port closes first, then "
		       "the server; the last ACK is lost, or all of them",
		       "a second later the client connects again",
		       "all-lost-reuse-off: without tcp_tw_reuse"),
	.expect = "one lost ACK: the FIN is retransmitted and answered before "
		  "the TIME-WAIT may be taken over. All lost (or an RTT so "
		  "large that the FIN comes later): challenge ACK, RST, the "
		  "SYN again after two jiffies, and ECONNRESET for a process "
		  "that still holds the server's end. Without the sysctl "
		  "EADDRNOTAVAIL, and an orderly end",
	.shows = SHOWS("outcome", "client_state", "server_state",
		       "fin_again_before_reuse_s", "rst_above_fin"),
	.world = &world_pair,
	.settings = SYSCTLS(ONE_LOCAL_PORT_SYSCTL("client"),
			    { "client", "net.ipv4.tcp_tw_reuse", 1 }),
	.variants = VARIANTS(
		{ "one-lost",
		  "only the first last ACK is lost: the FIN is retransmitted "
		  "and answered before the TIME-WAIT may be taken over, and "
		  "the server's end closes in order",
		  .value = ONE,
		  .judgements = CLAIMS(
			  { "C15", DOCUMENT_CONDITIONAL,
			    "one lost ACK is not enough: the FIN is "
			    "retransmitted after an RTO "
			    "(tcp_retransmit_timer()) and answered before the "
			    "TIME-WAIT may be taken over, "
			    "tcp_twsk_unique()" }) },
		{ "one-lost-large-rtt",
		  "only the first last ACK is lost, and the RTT is 1.2 s: the "
		  "TIME-WAIT is taken over before the FIN is retransmitted, "
		  "and the server's end is reset",
		  .value = ONE, .duration = SEC(8),
		  .judgements = CLAIMS(
			  { "C15", DOCUMENT_CONDITIONAL,
			    "with one lost ACK only where the FIN is "
			    "retransmitted later than tcp_tw_reuse_delay after "
			    "the TIME-WAIT began" }) },
		{ "all-lost",
		  "every last ACK is lost until the client connects again, and "
		  "the server's process has closed: its end is reset, and no "
		  "process gets an error",
		  .value = ALL },
		{ "all-lost-still-held",
		  "every last ACK is lost until the client connects again, and "
		  "the server's process holds the socket after "
		  "shutdown(SHUT_WR): it gets ECONNRESET",
		  .value = ALL },
		{ "all-lost-reuse-off",
		  "every last ACK is lost for as long, but tcp_tw_reuse is 0, "
		  "the control: connect() fails with EADDRNOTAVAIL, and the "
		  "TIME-WAIT answers the next FIN",
		  .value = ALL, .duration = SEC(2),
		  .settings = SYSCTLS({ "client", "net.ipv4.tcp_tw_reuse",
					0 }) }),
	.duration = SEC(1) + MSEC(50),
	.script = script,
};
