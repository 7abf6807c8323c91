/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The story of the late RST. A client asks a port on which nobody listens yet;
 * the RST is stuck in the network; the repeated SYN finds the service. One
 * exchange later the client, which has tcp_tw_reuse, takes its own TIME_WAIT
 * over, and the RST arrives in the new connection.
 *
 * Told like that, it ends nothing. The RST that answers a SYN has the number 0
 * (tcp_v4_send_reset(), RFC 9293 3.10.7.1), the new connection is somewhere
 * else in the sequence space, and tcp_sequence() throws the RST away. It
 * carries no timestamp either, so that PAWS is not even asked. In SYN-SENT the
 * acknowledgement number decides, and it acknowledges a SYN of old:
 * tcp_rcv_synsent_state_process() does not take it; but it does send the SYN
 * again at once, two jiffies later, since 9603d47bad46 (5.6).
 *
 * A number in the window is not enough since RFC 5961 (Linux 3.6): the answer
 * is a challenge ACK. It must be RCV.NXT exactly. Then a RST ends the
 * connection, its timestamp may be as old as it likes.
 *
 * number-reached does that without forging anything: the server's initial
 * numbers for one four-tuple go round in 274.9 s (secure_tcp_seq_and_ts_off(),
 * 64 ns each), so it waits until the new connection will begin just below 2^32,
 * and lets the server send so many bytes that RCV.NXT is 0 when the RST comes.
 */
#include "case.h"

enum { PORT = 8080, REQUEST = 100, ANSWER = 1000, RECV_MAX = 1 << 16 };

/* Of the number that the last variant aims at: 67 ms for the machine. */
enum { AIM = 1 << 20, CHUNK = 1 << 15 };
#define BELOW_2_32 (UINT32_MAX - AIM + 1)

enum way { AS_TOLD, CONNECTING, IN_WINDOW, EXACT, REACHED };

/* TCP_TIMEOUT_INIT; TCP_TIMEOUT_MIN in jiffies; 2^32 steps of 64 ns. */
static const nsec_t first_rto = SEC(1);
enum { SOONEST = 2 };
static const nsec_t isn_step = 64, isn_round = INT64_C(64) << 32;

/* What the story takes before its second connection, and some more. */
static const nsec_t prelude = SEC(3);

/* Until a segment is received, also on a busy machine. */
static const nsec_t settle = MSEC(100);

struct story {
	struct probe *client_probe, *server_probe;
	struct sock *listener, *client, *server;
	struct wire_rule *rst; /* that is stuck */
	struct frame stale; /* the server's FIN of the old connection */
	nsec_t born; /* the RST */
	nsec_t rtt;
	nsec_t age; /* the least that the TIME_WAIT must have */
};

/* The whole of what has been sent to it. */
static void receive(struct sock *sock, size_t bytes)
{
	while (bytes) {
		struct finding got = sock_recv(sock, soon);

		if (got.open || got.value <= 0) {
			expect_data(&got, MIN(bytes, (size_t)RECV_MAX));
			return;
		}
		bytes -= MIN((size_t)got.value, bytes);
	}
}

static void exchange(struct story *story)
{
	sock_send(story->client, REQUEST);
	receive(story->server, REQUEST);
	sock_send(story->server, ANSWER);
	receive(story->client, ANSWER);
}

/* A SYN to nobody, its RST, and the repeated SYN. False: the RST got through.
 */
static bool too_early(struct run *run, struct story *story)
{
	const nsec_t late = predict_timer(first_rto, nsec_hz()).max;
	struct mark asked = mark_now(run);
	struct finding got;

	story->client =
		sock_post_connect_to(story->client_probe, "server", PORT);
	story->born = frames_first(run, asked, "server", WIRE_RST)->at;
	story->listener = sock_listen_on(story->server_probe, PORT, 16);
	got = sock_reap(story->client, late + story->rtt + SEC(1));
	/* How late is no question here. */
	expect_took(asked, &got,
		    (struct range){ first_rto + story->rtt, NSEC_NEVER });
	expect_frames(run, asked, "SYN", FRAMES(FROM("client"), KIND(WIRE_SYN)),
		      2);
	if (!expect_success(&got))
		return false;
	story->server = sock_accept(story->listener);
	return true;
}

/* The exchange, the client's close, and its TIME_WAIT, until it is old enough.
 */
static void one_exchange(struct run *run, struct story *story)
{
	struct mark asked = mark_now(run);
	struct range entered, from;

	exchange(story);
	entered.min = nsec_now();
	sock_close_both(story->client, story->server);
	entered.max = nsec_now();
	run_measured(run, "exchange_s", nsec_seconds(entered.max - asked.at));
	story->stale = frames_first(run, asked, "server", WIRE_FIN)->frame;
	expect_state(story->client, DIAG_TIME_WAIT);
	from = forecast_tw_reuse(run, "client", entered);
	story->age = MAX(from.min - entered.max, 0);
	run_pass_until(run, (struct mark){ .at = from.max }, 0);
}

/* On the old four-tuple. Says what number the server begins with. */
static uint32_t connect_again(struct run *run, struct story *story)
{
	struct mark asked = mark_now(run);
	struct sock *old = story->client;

	story->client = sock_connect(story->client_probe, story->listener);
	story->server = sock_accept(story->listener);
	expect_number(run, "local_port", sock_local_port(story->client),
		      sock_local_port(old), sock_local_port(old));
	expect_counter(run, "client", "TWRecycled", 1);
	return frames_first(run, asked, "server", WIRE_SYN_ACK)->frame.tcp.seq;
}

static void expect_old_rst(struct run *run, struct mark since)
{
	const struct frame *rst =
		&frames_first(run, since, "server", WIRE_RST)->frame;

	expect_number(run, "rst_seq", rst->tcp.seq, 0, 0);
	expect_that(run, !rst->tcp.has_timestamps, "the RST has no timestamp",
		    "%s", rst->tcp.has_timestamps ? "it has" : "none");
}

static void expect_lives(struct run *run, struct story *story)
{
	exchange(story);
	expect_state(story->client, DIAG_ESTABLISHED);
	expect_state(story->server, DIAG_ESTABLISHED);
	expect_counter(run, "client", "EstabResets", 0);
	expect_counter(run, "client", "AttemptFails", 0);
}

static void tell_age(struct run *run, struct story *story)
{
	const nsec_t least = first_rto + story->rtt * 3 + story->age;

	run_predicted(run, "rst_age_s", nsec_seconds(least));
	expect_span(run, "the RST was under way", nsec_now() - story->born,
		    (struct range){ least, NSEC_NEVER });
	run_measured(run, "rst_age_s", nsec_seconds(nsec_now() - story->born));
}

/* One chance in 2^32 that it fits, one in 2^15 or so that it is in the window:
 * rather no answer then than a wrong one. */
static void as_told(struct run *run, struct story *story, struct mark told)
{
	const uint32_t next = connect_again(run, story) + 1;
	struct mark released;
	int64_t before;

	if ((uint32_t)(0 - next) <= AIM)
		run_skip(run, "by chance the number 0 is in the window");
	expect_old_rst(run, told);
	before = counter_change(run, "client", "InSegs");
	released = mark_now(run);
	fault_release(run, story->rst);
	tell_age(run, story);
	run_pass(run, story->rtt + settle);
	expect_number(run, "rst_received",
		      counter_change(run, "client", "InSegs") - before, 1, 1);
	expect_exchange(run, released, "answers to the RST", "");
	expect_counter(run, "client", "TCPChallengeACK", 0);
	expect_lives(run, story);
}

/* The new SYN-ACK is held back, so that the RST finds SYN-SENT. */
static void connecting(struct run *run, struct story *story, struct mark told)
{
	struct range again =
		predict_timer(predict_nsec(SOONEST, nsec_hz()), nsec_hz());
	struct mark asked = mark_now(run), released;
	struct finding got;

	fault_hold(run, FRAMES(FROM("server"), KIND(WIRE_SYN_ACK), .count = 1));
	story->client = sock_post_connect(story->client_probe, story->listener);
	frames_first(run, asked, "server", WIRE_SYN_ACK);
	expect_state(story->client, DIAG_SYN_SENT);
	expect_old_rst(run, told);
	released = mark_now(run);
	fault_release(run, story->rst);
	expect_frame(run, released, "SYN again",
		     FRAMES(FROM("client"), KIND(WIRE_SYN)), 1, again);
	got = sock_reap(story->client, soon);
	expect_success(&got);
	story->server = sock_accept(story->listener);
	expect_counter(run, "client", "TWRecycled", 1);
	expect_lives(run, story);
}

/* A RST with this number, and with the time stamp of an earlier connection. */
static void forge(struct run *run, struct story *story, uint32_t seq)
{
	struct frame rst = story->stale;

	rst.tcp.flags = SEGMENT_RST;
	rst.tcp.seq = seq;
	rst.tcp.ack = 0;
	rst.tcp.window = 0;
	fault_inject(run, "client", &rst, NULL);
}

static void expect_reset(struct run *run, struct story *story)
{
	struct finding got = sock_reap(story->client, soon);

	expect_error(&got, ECONNRESET);
	expect_state(story->client, DIAG_CLOSE);
	expect_state(story->server, DIAG_ESTABLISHED);
	/* One more is that of aim(). */
	expect_counter(run, "client", "EstabResets",
		       run_value(run) == REACHED ? 2 : 1);
	expect_counter(run, "client", "TCPChallengeACK", 0);
}

static void forged(struct run *run, struct story *story)
{
	const uint32_t next = connect_again(run, story) + 1;
	const bool exact = run_value(run) == EXACT;
	struct mark told = mark_now(run);

	sock_post_recv(story->client);
	forge(run, story, exact ? next : next + 1);
	if (exact) {
		expect_reset(run, story);
		return;
	}
	expect_frame(run, told, "challenge ACK",
		     FRAMES(FROM("client"), KIND(WIRE_PURE_ACK)), 1, at_once);
	expect_counter(run, "client", "TCPChallengeACK", 1);
	sock_send(story->server, ANSWER);
	sock_reap(story->client, soon);
	expect_lives(run, story);
}

/* When a connection on this four-tuple gets an initial number AIM below 2^32;
 * one that is made for it, and leaves nothing behind, tells the number now. */
static nsec_t aim(struct run *run, struct story *story)
{
	struct sock *listener = sock_listen_on(story->server_probe, PORT, 16);
	struct mark asked = mark_now(run);
	struct sock *client = sock_connect(story->client_probe, listener);
	const struct wire_capture *frame =
		frames_first(run, asked, "server", WIRE_SYN_ACK);
	nsec_t at = frame->at +
		    (uint32_t)(BELOW_2_32 - frame->frame.tcp.seq) * isn_step;

	sock_accept(listener);
	sock_abort(client);
	sock_close(listener);
	if (at < nsec_now() + prelude)
		at += isn_round;
	run_pass_until(run, (struct mark){ .at = at }, -prelude);
	return at;
}

static void reached(struct run *run, struct story *story, nsec_t at)
{
	uint32_t next, missing;

	run_pass_until(run, (struct mark){ .at = at }, 0);
	next = connect_again(run, story) + 1;
	missing = 0 - next;
	if (missing > AIM)
		run_skip(run, "too late for the number 0 by %u bytes", next);
	run_measured_count(run, "bytes_to_number_0", missing);
	for (uint32_t left = missing, n; left; left -= n) {
		n = MIN(left, (uint32_t)CHUNK);
		sock_send(story->server, n);
		receive(story->client, n);
	}
	sock_post_recv(story->client);
	fault_release(run, story->rst);
	tell_age(run, story);
	expect_reset(run, story);
}

static void script(struct run *run)
{
	struct story story = { .client_probe = probe_start(run, "client"),
			       .server_probe = probe_start(run, "server") };
	const enum way way = (enum way)run_value(run);
	struct mark told;
	nsec_t at = 0;

	if (run_is_variant(run, "rtt=50ms")) {
		story.rtt = MSEC(50);
		path_delay(run, "client", story.rtt / 2);
	}
	story.rst = fault_hold(
		run, FRAMES(FROM("server"), KIND(WIRE_RST), .count = 1));
	/* Without the fault there is nothing to wait for. */
	if (way == REACHED && story.rst)
		at = aim(run, &story);
	told = mark_now(run);
	if (!too_early(run, &story))
		return;
	one_exchange(run, &story);
	switch (way) {
	case AS_TOLD:
		as_told(run, &story, told);
		break;
	case CONNECTING:
		connecting(run, &story, told);
		break;
	case IN_WINDOW:
	case EXACT:
		forged(run, &story);
		break;
	case REACHED:
		reached(run, &story, at);
		break;
	}
}

CASE(tw_reuse_stale_rst) = {
	.name = "tw-reuse-stale-rst",
	.claim = "a RST of an earlier connection attempt arrives in the "
		 "connection that took the TIME_WAIT over: it ends nothing, "
		 "unless its number is RCV.NXT",
	.judgements = CLAIMS({ "C13", DOCUMENT_WRONG,
			       "the RST that answers a SYN has the number 0 "
			       "(tcp_v4_send_reset()), which is not in the "
			       "window of the new connection: tcp_sequence() "
			       "throws it away" }),
	.why = "a RST is judged by its number alone, and the number of this "
	       "one is always 0",
	.sources =
		"net/ipv4/tcp_ipv4.c:tcp_v4_send_reset(); "
		"net/ipv4/tcp_input.c:tcp_validate_incoming(), tcp_sequence(), "
		"tcp_rcv_synsent_state_process(); RFC 9293 3.10.7; RFC 5961 "
		"3.2",
	.steps = STEPS("the client connects to a port without a listener; the "
		       "RST is held on the wire",
		       "a server listens; the repeated SYN connects; request, "
		       "answer, and the client closes first",
		       "a second later the client takes its TIME_WAIT over",
		       "the RST arrives; or a forged one with the number and "
		       "the timestamp that the variant says",
		       "number-reached: the same with real segments, at the "
		       "moment when the new connection's numbers pass 0"),
	.expect = "the RST is ignored, without an answer; in SYN-SENT it makes "
		  "the client repeat its SYN after two jiffies; in the window "
		  "it gets a challenge ACK; with RCV.NXT it is ECONNRESET",
	.world = &world_pair,
	.settings = SYSCTLS({ "client", "net.ipv4.ip_local_port_range",
			      .text = "40000 40000" },
			    { "client", "net.ipv4.tcp_tw_reuse", 1 }),
	.variants = VARIANTS(
		{ "as-told", .value = AS_TOLD },
		{ "while-connecting", .value = CONNECTING,
		  .judgements =
			  CLAIMS({ "C13", DOCUMENT_WRONG,
				   "it acknowledges a SYN of old, which "
				   "tcp_rcv_synsent_state_process() does not "
				   "accept" }) },
		{ "forged-in-window", .value = IN_WINDOW,
		  .judgements = CLAIMS(
			  { .claim = "C13",
			    .document = DOCUMENT_OUTDATED,
			    .note = "in the window is not enough: challenge "
				    "ACK, RFC 5961 3.2, "
				    "tcp_validate_incoming()",
			    .since = "3.6" }) },
		{ "forged-exact", .value = EXACT,
		  .judgements = CLAIMS(
			  { "C13", DOCUMENT_CONDITIONAL,
			    "a RST with the number RCV.NXT ends it, however "
			    "old its timestamp: tcp_validate_incoming()" }) },
		{ "rtt=50ms", .value = AS_TOLD, .duration = SEC(2) + MSEC(600),
		  .judgements = CLAIMS(
			  { "C14", DOCUMENT_CONDITIONAL,
			    "the exchange takes 0.2 s, but the RST must live "
			    "for 2 s more: the SYN is repeated after "
			    "TCP_TIMEOUT_INIT, and the TIME_WAIT taken over "
			    "after tcp_tw_reuse_delay" }) },
		{ "number-reached", .value = REACHED, .slow = true,
		  .duration = SEC(280),
		  .judgements = CLAIMS(
			  { "C13", DOCUMENT_CONDITIONAL,
			    "only where RCV.NXT is 0 when it comes, one number "
			    "in 2^32: tcp_v4_send_reset(), "
			    "tcp_validate_incoming()" }) }),
	.duration = SEC(2) + MSEC(100),
	.script = script,
};
