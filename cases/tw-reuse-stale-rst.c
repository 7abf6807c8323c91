/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A client connects to a port without a listener; the RST is delayed in the
 * network; the retransmitted SYN finds the service. One exchange later the
 * client, which has tcp_tw_reuse, takes over its own TIME-WAIT, and the RST
 * arrives in the new connection.
 *
 * The RST ends nothing. In reply to a SYN its sequence number is 0
 * (tcp_v4_send_reset(), RFC 9293 3.10.7.1), the new connection is elsewhere in
 * the sequence space, and tcp_sequence() drops the RST. It has no timestamp
 * either, so PAWS does not apply. In SYN-SENT the acknowledgement number
 * decides, which is that of an old SYN: tcp_rcv_synsent_state_process() does
 * not accept the RST, but sends the SYN again at once, two jiffies later,
 * since 9603d47bad46 (5.6).
 *
 * A sequence number in the window is not enough since RFC 5961 (Linux 3.6):
 * the answer is a challenge ACK. It must be exactly RCV.NXT. Then a RST ends
 * the connection, however old its timestamp is.
 *
 * number-reached produces that without forging anything: the server's initial
 * sequence numbers for one four-tuple wrap in 274.9 s
 * (secure_tcp_seq_and_ts_off(), 64 ns each). The variant waits until the new
 * connection will start just below 2^32, and the server sends as many bytes as
 * make RCV.NXT 0 when the RST arrives.
 */
#include "case.h"

enum { PORT = 8080, REQUEST = 100, ANSWER = 1000 };

/* number-reached aims this far below 2^32: 67 ms for scheduling delays. */
enum { AIM = 1 << 20, CHUNK = 1 << 15 };
#define BELOW_2_32 (UINT32_MAX - AIM + 1)

/* The variants' values. */
enum { HELD, CONNECTING, FORGED_IN_WINDOW, FORGED_EXACT, REACHED };

/* TCP_TIMEOUT_INIT; TCP_TIMEOUT_MIN in jiffies; 2^32 steps of 64 ns. */
static const nsec_t first_rto = SEC(1);
enum { SHORTEST_TIMER = 2 };
static const nsec_t isn_step = 64, isn_wrap = INT64_C(64) << 32;

/* More than the time from the start to the second connection. */
static const nsec_t prelude = SEC(3);

/* Until a segment is received, also on a busy machine. */
static const nsec_t settle = MSEC(100);

struct stage {
	struct probe *client_probe, *server_probe;
	struct sock *listener, *client, *server;
	struct wire_rule *held; /* the RST of the first attempt */
	struct frame old_fin; /* the server's, of the old connection */
	nsec_t rst_sent;
	nsec_t rtt;
	nsec_t time_wait_age; /* at least, when it may be taken over */
};

static void expect_exchange_of_data(struct stage *stage)
{
	expect_delivery(stage->client, stage->server, REQUEST);
	expect_delivery(stage->server, stage->client, ANSWER);
}

/* A SYN before the server listens, its RST, and the retransmitted SYN. False:
 * the RST was not held. */
static bool connect_too_early(struct run *run, struct stage *stage)
{
	const nsec_t late = predict_timer(first_rto, nsec_hz()).max;
	struct mark asked = mark_now(run);
	struct finding got;

	stage->client =
		sock_post_connect_to(stage->client_probe, "server", PORT);
	stage->rst_sent = frames_first(run, asked, "server", WIRE_RST)->at;
	stage->listener = sock_listen_on(stage->server_probe, PORT, 16);
	got = sock_reap(stage->client, late + stage->rtt + SEC(1));
	/* The upper bound does not matter here. */
	expect_took(asked, &got,
		    (struct range){ first_rto + stage->rtt, NSEC_NEVER });
	expect_frames(run, asked, "SYNs",
		      FRAMES(FROM("client"), KIND(WIRE_SYN)), 2);
	if (!expect_success(&got))
		return false;
	stage->server = sock_accept(stage->listener);
	return true;
}

/* Request, answer, the client closes first; until the TIME-WAIT is old enough.
 */
static void use_and_close_old(struct run *run, struct stage *stage)
{
	struct mark began = mark_now(run);
	struct range entered, from;

	expect_exchange_of_data(stage);
	entered = sock_close_both(stage->client, stage->server);
	run_measured(run, "exchange_s", nsec_seconds(entered.max - began.at));
	stage->old_fin = frames_first(run, began, "server", WIRE_FIN)->frame;
	expect_state(stage->client, DIAG_TIME_WAIT);
	from = forecast_tw_reuse(run, "client", entered);
	stage->time_wait_age = MAX(from.min - entered.max, 0);
	run_pass_until_time(run, from.max);
}

/* On the old four-tuple. Returns the server's initial sequence number. */
static uint32_t take_over(struct run *run, struct stage *stage)
{
	struct mark asked = mark_now(run);
	struct sock *old = stage->client;

	stage->client = sock_connect(stage->client_probe, stage->listener);
	stage->server = sock_accept(stage->listener);
	expect_number(run, "local_port", sock_local_port(stage->client),
		      sock_local_port(old), sock_local_port(old));
	expect_counter(run, "client", "TWRecycled", 1);
	return frames_first(run, asked, "server", WIRE_SYN_ACK)->frame.tcp.seq;
}

static void expect_plain_rst(struct run *run, struct mark since)
{
	const struct frame *rst =
		&frames_first(run, since, "server", WIRE_RST)->frame;

	expect_number(run, "rst_seq", rst->tcp.seq, 0, 0);
	expect_that(run, !rst->tcp.has_timestamps, "the RST has no timestamp",
		    "%s",
		    rst->tcp.has_timestamps ? R_("a timestamp") :
					      R_("no timestamp"));
}

static void expect_works(struct run *run, struct stage *stage)
{
	expect_exchange_of_data(stage);
	expect_state(stage->client, DIAG_ESTABLISHED);
	expect_state(stage->server, DIAG_ESTABLISHED);
	expect_counter(run, "client", "EstabResets", 0);
	expect_counter(run, "client", "AttemptFails", 0);
}

static void expect_rst_age(struct run *run, struct stage *stage)
{
	const nsec_t least = first_rto + stage->rtt * 3 + stage->time_wait_age;

	run_predicted(run, "rst_age_s", nsec_seconds(least));
	expect_span(run, "age of the RST", nsec_now() - stage->rst_sent,
		    (struct range){ least, NSEC_NEVER });
	run_measured(run, "rst_age_s",
		     nsec_seconds(nsec_now() - stage->rst_sent));
}

/* By chance the RST fits once in 2^32 runs, and is in the window once in about
 * 2^15: then the run is skipped. */
static void release_into_connection(struct run *run, struct stage *stage,
				    struct mark began)
{
	const uint32_t next = take_over(run, stage) + 1;
	struct mark released;
	int64_t before;

	if ((uint32_t)(0 - next) <= AIM)
		run_skip(run, "sequence number 0 is in the window by chance");
	expect_plain_rst(run, began);
	before = counter_change(run, "client", "InSegs");
	released = mark_now(run);
	fault_release(run, stage->held);
	expect_rst_age(run, stage);
	run_pass(run, stage->rtt + settle);
	expect_number(run, "rst_received",
		      counter_change(run, "client", "InSegs") - before, 1, 1);
	expect_exchange(run, released, "no answer to the RST", "");
	expect_counter(run, "client", "TCPChallengeACK", 0);
	expect_works(run, stage);
}

/* The new SYN-ACK is held, so that the RST arrives in SYN-SENT. */
static void release_into_syn_sent(struct run *run, struct stage *stage,
				  struct mark began)
{
	struct range resent = predict_timer(
		predict_nsec(SHORTEST_TIMER, nsec_hz()), nsec_hz());
	struct mark asked = mark_now(run), released;
	struct finding got;

	fault_hold(run, FRAMES(FROM("server"), KIND(WIRE_SYN_ACK), .count = 1));
	stage->client = sock_post_connect(stage->client_probe, stage->listener);
	frames_first(run, asked, "server", WIRE_SYN_ACK);
	expect_state(stage->client, DIAG_SYN_SENT);
	expect_plain_rst(run, began);
	released = mark_now(run);
	fault_release(run, stage->held);
	expect_frame(run, released, "the second SYN",
		     FRAMES(FROM("client"), KIND(WIRE_SYN)), 1, resent);
	got = sock_reap(stage->client, soon);
	expect_success(&got);
	stage->server = sock_accept(stage->listener);
	expect_counter(run, "client", "TWRecycled", 1);
	expect_works(run, stage);
}

static void expect_reset(struct run *run, struct stage *stage)
{
	struct finding got = sock_reap(stage->client, soon);

	expect_error(&got, ECONNRESET);
	expect_state(stage->client, DIAG_CLOSE);
	expect_state(stage->server, DIAG_ESTABLISHED);
	/* forecast_aimed_connect() resets a connection, too. */
	expect_counter(run, "client", "EstabResets",
		       run_value(run) == REACHED ? 2 : 1);
	expect_counter(run, "client", "TCPChallengeACK", 0);
}

/* A RST with a chosen sequence number and the timestamp of the old connection.
 */
static void inject_forged(struct run *run, struct stage *stage)
{
	const uint32_t next = take_over(run, stage) + 1;
	const bool exact = run_value(run) == FORGED_EXACT;
	struct frame rst = stage->old_fin;
	struct mark injected;

	rst.tcp.flags = SEGMENT_RST;
	rst.tcp.seq = exact ? next : next + 1;
	rst.tcp.ack = 0;
	rst.tcp.window = 0;
	sock_post_recv(stage->client);
	injected = fault_inject(run, "client", &rst, NULL);
	if (exact) {
		expect_reset(run, stage);
		return;
	}
	expect_frame(run, injected, "the challenge ACK",
		     FRAMES(FROM("client"), KIND(WIRE_PURE_ACK)), 1, at_once);
	expect_counter(run, "client", "TCPChallengeACK", 1);
	expect_delivery(stage->server, stage->client, ANSWER);
	expect_works(run, stage);
}

/* When a connection on this four-tuple gets an initial sequence number AIM
 * below 2^32. A connection that is reset at once, and leaves nothing behind,
 * shows the number now. Waits until shortly before the aimed one. */
static nsec_t forecast_aimed_connect(struct run *run, struct stage *stage)
{
	struct sock *listener = sock_listen_on(stage->server_probe, PORT, 16);
	struct mark asked = mark_now(run);
	struct sock *client = sock_connect(stage->client_probe, listener);
	const struct wire_capture *frame =
		frames_first(run, asked, "server", WIRE_SYN_ACK);
	nsec_t at = frame->at +
		    (uint32_t)(BELOW_2_32 - frame->frame.tcp.seq) * isn_step;

	sock_accept(listener);
	sock_abort(client);
	sock_close(listener);
	if (at < nsec_now() + prelude)
		at += isn_wrap;
	run_pass_until_time(run, at - prelude);
	return at;
}

/* The server sends until RCV.NXT is 0; then the RST is released. */
static void send_until_number_fits(struct run *run, struct stage *stage,
				   nsec_t at)
{
	uint32_t next, missing;

	run_pass_until_time(run, at);
	next = take_over(run, stage) + 1;
	missing = 0 - next;
	/* The aim is 67 ms ahead: a slower machine makes the run inconclusive. */
	if (!expect_that(run, missing <= AIM,
			 "the clock of initial sequence numbers is where it "
			 "was forecast: RCV.NXT is 1 MiB or less below 2^32",
			 "%u bytes below, or %u bytes too late", missing, next))
		return;
	run_measured_count(run, "bytes_to_number_0", missing);
	for (uint32_t left = missing, n; left; left -= n) {
		n = MIN(left, (uint32_t)CHUNK);
		sock_deliver(stage->server, stage->client, n);
	}
	sock_post_recv(stage->client);
	fault_release(run, stage->held);
	expect_rst_age(run, stage);
	expect_reset(run, stage);
}

static void script(struct run *run)
{
	struct stage stage = { .client_probe = probe_start(run, "client"),
			       .server_probe = probe_start(run, "server") };
	struct mark began;
	nsec_t at = 0;

	if (run_is_variant(run, "rtt=50ms")) {
		stage.rtt = MSEC(50);
		path_delay(run, "client", stage.rtt / 2);
	}
	stage.held = fault_hold(
		run, FRAMES(FROM("server"), KIND(WIRE_RST), .count = 1));
	/* NULL with --without-faults: nothing to wait for. */
	if (run_value(run) == REACHED && stage.held)
		at = forecast_aimed_connect(run, &stage);
	began = mark_now(run);
	if (!connect_too_early(run, &stage))
		return;
	use_and_close_old(run, &stage);
	switch (run_value(run)) {
	case HELD:
		release_into_connection(run, &stage, began);
		break;
	case CONNECTING:
		release_into_syn_sent(run, &stage, began);
		break;
	case REACHED:
		send_until_number_fits(run, &stage, at);
		break;
	default:
		inject_forged(run, &stage);
		break;
	}
}

CASE(tw_reuse_stale_rst) = {
	.name = "tw-reuse-stale-rst",
	.claim = "a RST of an earlier connection attempt arrives in the "
		 "connection that took the TIME-WAIT over: it ends nothing, "
		 "unless its sequence number is RCV.NXT",
	.judgements =
		CLAIMS({ "C13", DOCUMENT_WRONG,
			 "the RST in reply to a SYN has sequence number 0 "
			 "(tcp_v4_send_reset()), which is outside the "
			 "window of the new connection: tcp_sequence() "
			 "drops it" }),
	.why = "the sequence number alone decides about a RST, and the "
	       "sequence number of this one is always 0",
	.sources = "net/ipv4/tcp_ipv4.c:tcp_v4_send_reset(); "
		   "net/ipv4/tcp_input.c:tcp_validate_incoming(), "
		   "tcp_sequence(), tcp_rcv_synsent_state_process(); RFC 9293 "
		   "3.10.7; RFC 5961 3.2",
	.steps =
		STEPS("the client connects to a port without a listener; the "
		      "RST is held on the wire",
		      "a server listens; the retransmitted SYN connects; "
		      "request, answer, and the client closes first",
		      "a second later the client takes over its TIME-WAIT",
		      "the RST is released; or one is forged with the sequence "
		      "number that the variant names and an old timestamp",
		      "number-reached: the held RST is released when the new "
		      "connection has reached sequence number 0"),
	.expect = "the RST is ignored without an answer; in SYN-SENT it makes "
		  "the client send its SYN again after two jiffies; in the "
		  "window it gets a challenge ACK; with RCV.NXT the client "
		  "gets ECONNRESET",
	.shows = SHOWS("client_state", "server_state", "rst_seq", "rst_age_s"),
	.world = &world_pair,
	.settings = SYSCTLS(ONE_LOCAL_PORT_SYSCTL("client"),
			    { "client", "net.ipv4.tcp_tw_reuse", 1 }),
	.variants = VARIANTS(
		{ "as-told",
		  "the RST arrives in the ESTABLISHED connection, as the "
		  "document describes: it is ignored without an answer",
		  .value = HELD },
		{ "while-connecting",
		  "the RST arrives in SYN-SENT of the new connection, and "
		  "acknowledges an old SYN: it ends nothing, and the SYN is "
		  "sent again two jiffies later",
		  .value = CONNECTING,
		  .judgements =
			  CLAIMS({ "C13", DOCUMENT_WRONG,
				   "it acknowledges an old SYN, so "
				   "tcp_rcv_synsent_state_process() does not "
				   "accept it" }) },
		{ "forged-in-window",
		  "a forged RST is 1 beyond RCV.NXT, with the timestamp of the "
		  "old connection: a challenge ACK answers it",
		  .value = FORGED_IN_WINDOW,
		  .judgements = CLAIMS({ "C13", DOCUMENT_OUTDATED,
					 "a sequence number in the window is "
					 "not enough: challenge ACK, RFC 5961 "
					 "3.2, tcp_validate_incoming()",
					 "3.6" }) },
		{ "forged-exact",
		  "a forged RST has RCV.NXT, with the timestamp of the old "
		  "connection: ECONNRESET at the client",
		  .value = FORGED_EXACT,
		  .judgements = CLAIMS(
			  { "C13", DOCUMENT_CONDITIONAL,
			    "a RST with sequence number RCV.NXT ends it, "
			    "however old its timestamp: "
			    "tcp_validate_incoming()" }) },
		{ "rtt=50ms",
		  "the path has an RTT of 50 ms, as in the document's example: "
		  "the exchange is short, but the RST must be in flight for 2 "
		  "s more, and it is ignored",
		  .value = HELD, .duration = SEC(2) + MSEC(600),
		  .shows = SHOWS("exchange_s", "rst_age_s", "client_state"),
		  .judgements = CLAIMS(
			  { "C14", DOCUMENT_CONDITIONAL,
			    "the exchange takes 0.2 s, but the RST must be in "
			    "flight for 2 s more: the SYN is retransmitted "
			    "after TCP_TIMEOUT_INIT, and the TIME-WAIT taken "
			    "over after tcp_tw_reuse_delay" }) },
		{ "number-reached",
		  "nothing is forged: the server's sequence numbers have "
		  "reached 2^32 when the RST arrives, whose sequence number, "
		  "0, is then RCV.NXT: ECONNRESET at the client",
		  .value = REACHED, .slow = true, .duration = SEC(280),
		  .judgements = CLAIMS(
			  { "C13", DOCUMENT_CONDITIONAL,
			    "only where RCV.NXT is 0 when it arrives, one "
			    "sequence number in 2^32: tcp_v4_send_reset(), "
			    "tcp_validate_incoming()" }) }),
	.duration = SEC(2) + MSEC(100),
	.script = script,
};
