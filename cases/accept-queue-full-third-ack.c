/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * There is room when the SYN comes, and none when the third ACK does: the wire
 * holds that ACK while others fill the queue.
 *
 * tcp_check_req() cannot make a socket of the request (tcp_v4_syn_recv_sock()
 * finds sk_acceptq_is_full(), and counts ListenOverflows and ListenDrops): the
 * ACK is dropped, and the request stays, in SYN-RECV. The client is ESTABLISHED
 * already. What comes of that:
 *
 * - client-silent: reqsk_timer_handler() sends the SYN-ACK again, though the
 *   third ACK was seen. The client answers each with a challenge ACK
 *   (tcp_validate_incoming()), which is a third ACK once more, and meets the
 *   full queue once more. After tcp_synack_retries the request is dropped,
 *   without a word: a half-open connection. The client's first data then gets
 *   RST.
 * - room-in-time: the answer to the next SYN-ACK finds room.
 * - client-sends: every segment of the client has an ACK, so its data is a
 *   third ACK as well, but the server's kernel drops all of it, until there is
 *   room: then one copy brings connection and data at once.
 * - abort-on-overflow: with tcp_abort_on_overflow 1 tcp_check_req() answers RST
 *   instead, and drops the request.
 * - syn-cookie: the SYN-ACK was a cookie, and the server keeps no request.
 *   There is no timer, and no SYN-ACK again. tcp_get_cookie_sock() drops the
 *   third ACK. Only the client can end the silence, by sending; the ACK in its
 *   first data still is the cookie.
 */
#include "case.h"

enum { BACKLOG = 2, FIT = BACKLOG + 1, SYNACK_RETRIES = 1, QUIET_MS = 50 };

static const char request[] = "GET / HTTP/1.1\r\n\r\n";
/* How long to look out for what takes no timer. */
static const nsec_t soon = MSEC(500);

#define THIRD_ACK FRAMES(FROM("client"), KIND(WIRE_PURE_ACK), .count = 1)
#define SYN_ACKS_AGAIN FRAMES(FROM("server"), KIND(WIRE_RETRANSMISSION))

struct story {
	struct run *run;
	struct sock *listener, *client;
	struct sock *far; /* the server's side of it */
	struct mark syn, released;
	const struct prediction *syn_ack;
};

static void expect_drops(struct story *s, int64_t n)
{
	expect_counter(s->run, "server", "ListenOverflows", n);
	expect_counter(s->run, "server", "ListenDrops", n);
}

static void expect_answer(struct story *s)
{
	struct finding got = sock_recv(s->client, soon);

	expect_that(s->run, strncmp(got.data, "HTTP/1.1 200", 12) == 0,
		    "an answer", "%s", finding_outcome(&got));
}

static void expect_reset(struct story *s, struct mark since)
{
	struct finding got = sock_reap(s->client, soon);

	expect_error(&got, ECONNRESET);
	expect_took(since, &got, at_once);
	expect_state(s->client, DIAG_CLOSE);
	expect_state(s->far, DIAG_CLOSE);
}

/* The nth copy of the SYN-ACK, and that it is answered by an ACK. */
static void syn_ack_again(struct story *s, unsigned int n)
{
	struct mark again =
		expect_frame(s->run, s->syn, "the SYN-ACK once more",
			     SYN_ACKS_AGAIN, n, s->syn_ack->rounds[n - 1].at);

	expect_frame(s->run, again, "the client's answer to it",
		     FRAMES(FROM("client"), KIND(WIRE_PURE_ACK)), 1, at_once);
	run_pass(s->run, MSEC(QUIET_MS));
}

static void client_silent(struct story *s)
{
	struct range end = s->syn_ack->elapsed;
	struct mark sent;

	for (unsigned int i = 1; i <= s->syn_ack->retransmissions_min; i++) {
		syn_ack_again(s, i);
		expect_drops(s, 1 + i);
		expect_counter(s->run, "client", "TCPSYNChallenge", i);
	}
	run_pass_until(s->run, s->syn, end.min - MSEC(50));
	expect_state(s->far, DIAG_SYN_RECV);
	expect_state_within(s->far, DIAG_CLOSE, end.max - end.min + soon);
	expect_span(s->run, "the request lived",
		    mark_now(s->run).at - s->syn.at, end);
	expect_state(s->client, DIAG_ESTABLISHED);
	expect_frames(s->run, s->released, "FIN or RST",
		      FRAMES(KIND(WIRE_FIN | WIRE_RST)), 0);

	sock_post_recv(s->client);
	sent = mark_now(s->run);
	sock_send_text(s->client, request);
	expect_reset(s, sent);
}

static void room_in_time(struct story *s)
{
	fault_thaw(s->run, "server");
	expect_queue(s->listener, 0, BACKLOG, soon);
	expect_state(s->far, DIAG_SYN_RECV);
	syn_ack_again(s, 1);
	expect_state(s->far, DIAG_ESTABLISHED);
	expect_drops(s, 1);
	sock_send_text(s->client, request);
	expect_answer(s);
}

/* Two copies are dropped, the third gets in: all before the SYN-ACK's timer. */
static void client_sends(struct story *s)
{
	const struct prediction *data = forecast_give_up(s->client);
	const struct predict_round *rounds = data->rounds;
	struct mark sent = mark_now(s->run);
	const struct wire_match *copies =
		FRAMES(FROM("client"), KIND(WIRE_RETRANSMISSION));

	sock_send_text(s->client, request);
	mark_done(s->run, &sent);
	expect_frame(s->run, sent, "the first copy", copies, 1, rounds[0].at);
	expect_frame(s->run, sent, "the second copy", copies, 2, rounds[1].at);
	run_pass(s->run, MSEC(QUIET_MS));
	expect_drops(s, 1 + 3);
	expect_state(s->far, DIAG_SYN_RECV);
	expect_frames(s->run, s->released, "an answer to any of it",
		      FRAMES(FROM("server"), KIND(WIRE_TCP)), 0);

	fault_thaw(s->run, "server");
	expect_frame(s->run, sent, "the third copy", copies, 3, rounds[2].at);
	expect_answer(s);
	expect_state(s->far, DIAG_ESTABLISHED);
	expect_drops(s, 1 + 3);
}

static void syn_cookie(struct story *s)
{
	run_pass_until(s->run, s->syn, s->syn_ack->rounds[0].at.max + soon);
	expect_frames(s->run, s->released, "a word of the server",
		      FRAMES(FROM("server"), KIND(WIRE_TCP)), 0);
	expect_state(s->client, DIAG_ESTABLISHED);
	fault_thaw(s->run, "server");
	expect_queue(s->listener, 0, BACKLOG, soon);
	sock_send_text(s->client, request);
	expect_answer(s);
	expect_state(s->far, DIAG_ESTABLISHED);
	/* The three that fill the queue, the ACK that was dropped, the data. */
	expect_counter(s->run, "server", "SyncookiesRecv", FIT + 2);
}

static void is_aborted(struct story *s)
{
	expect_reset(s, s->released);
	expect_exchange(s->run, s->released, "RST for the third ACK",
			"server R 1:1(0)");
	expect_counter(s->run, "server", "EmbryonicRsts", 1);
}

static void tell_story(struct story *s)
{
	struct run *run = s->run;

	if (run_is_variant(run, "client-silent") ||
	    run_is_variant(run, "defaults"))
		client_silent(s);
	else if (run_is_variant(run, "room-in-time"))
		room_in_time(s);
	else if (run_is_variant(run, "client-sends"))
		client_sends(s);
	else
		syn_cookie(s);
}

/* The third ACK is held, and the queue fills behind its back. */
static struct wire_rule *set_stage(struct story *s)
{
	struct probe *probe = probe_start(s->run, "client");
	struct wire_rule *third = fault_hold(s->run, THIRD_ACK);

	s->listener = sock_listen(probe_start(s->run, "server"), BACKLOG);
	s->syn_ack = forecast_syn_ack(s->run, "server");
	sock_serve_http(s->listener, SEC(600));
	fault_freeze(s->run, "server");
	s->syn = mark_now(s->run);
	s->client = sock_connect(probe, s->listener);
	s->syn.at = frames_nth(s->run, s->syn, FRAMES(KIND(WIRE_SYN)), 1)->at;
	s->far = sock_peer(s->client, "server");
	for (int i = 0; i < FIT; i++)
		sock_connect(probe, s->listener);
	return third;
}

static void script(struct run *run)
{
	bool cookie = run_is_variant(run, "syn-cookie");
	struct story s = { .run = run };
	struct wire_rule *third = set_stage(&s);

	if (!expect_queue(s.listener, FIT, BACKLOG, soon))
		return;
	expect_state(s.client, DIAG_ESTABLISHED);
	expect_state(s.far, cookie ? DIAG_CLOSE : DIAG_SYN_RECV);
	if (run_is_variant(run, "abort-on-overflow"))
		sock_post_recv(s.client);
	s.released = mark_now(run);
	fault_release(run, third);
	run_pass(run, MSEC(QUIET_MS));
	expect_drops(&s, 1);
	if (run_is_variant(run, "abort-on-overflow")) {
		is_aborted(&s);
		return;
	}
	expect_state(s.client, DIAG_ESTABLISHED);
	expect_state(s.far, cookie ? DIAG_CLOSE : DIAG_SYN_RECV);
	expect_queue(s.listener, FIT, BACKLOG, 0);
	tell_story(&s);
}

static const struct judgement forgotten[] = {
	{ "B9", DOCUMENT_CONDITIONAL,
	  "dropped at the server only, by reqsk_timer_handler() after "
	  "tcp_synack_retries; the client stays ESTABLISHED until it sends" },
	{ .claim = NULL },
};

static const struct judgement not_dropped[] = {
	{ "B9", DOCUMENT_CONDITIONAL,
	  "a third ACK is dropped, which is not the end of the connection: by "
	  "the client's next segment tcp_check_req() makes it, once there is "
	  "room" },
	{ .claim = NULL },
};

static const struct judgement reset[] = {
	{ "B9", DOCUMENT_RIGHT,
	  "with tcp_abort_on_overflow 1 the connection is dropped, and the "
	  "client told so by RST: tcp_check_req()" },
	{ .claim = NULL },
};

static const struct judgement of_cookie[] = {
	{ "B9", DOCUMENT_CONDITIONAL,
	  "after a SYN cookie the server forgets the client but can be "
	  "reminded: its first data makes the connection: "
	  "tcp_get_cookie_sock()" },
	{ .claim = NULL },
};

#define FEW_SYNACKS                                                            \
	{ "server", "net.ipv4.tcp_synack_retries", SYNACK_RETRIES }

CASE(accept_queue_full_third_ack) = {
	.name = "accept-queue-full-third-ack",
	.claim = "the accept queue is full when the third ACK comes: it is "
		 "dropped, and the client is ESTABLISHED with a server that is "
		 "not",
	.why = "the handshake is done for the client with the SYN-ACK; what "
	       "the server then cannot put into its queue stays a request, "
	       "until a later segment of the client finds room or its timer "
	       "drops it",
	.sources = "net/ipv4/tcp_minisocks.c:tcp_check_req(); "
		   "net/ipv4/tcp_ipv4.c:tcp_v4_syn_recv_sock(); "
		   "net/ipv4/inet_connection_sock.c:reqsk_timer_handler(); "
		   "net/ipv4/syncookies.c:tcp_get_cookie_sock()",
	.steps = STEPS("a server with a backlog of 2 is frozen; a client "
		       "connects, and the wire holds its third ACK",
		       "three others fill the accept queue; the third ACK is "
		       "let go",
		       "the client stays silent; or the server is thawed in "
		       "time; or the client sends a request meanwhile; or "
		       "tcp_abort_on_overflow is 1; or tcp_syncookies is 2"),
	.expect =
		"ListenOverflows and ListenDrops 1, ESTABLISHED and SYN-RECV; "
		"then SYN-ACKs at the predicted times, the request gone, and "
		"ECONNRESET for the first data; or a connection with the "
		"first segment that finds room, its data not lost; or RST at "
		"once; or, with a cookie, silence until the client sends",
	.world = &world_pair,
	.variants = VARIANTS(
		{ "client-silent", SYSCTLS(FEW_SYNACKS), .duration = SEC(3),
		  .judgements = forgotten },
		{ "room-in-time", SYSCTLS(FEW_SYNACKS),
		  .judgements = not_dropped },
		{ "client-sends", SYSCTLS(FEW_SYNACKS),
		  .judgements = not_dropped },
		{ "abort-on-overflow",
		  SYSCTLS(FEW_SYNACKS,
			  { "server", "net.ipv4.tcp_abort_on_overflow", 1 }),
		  .duration = MSEC(10), .judgements = reset },
		{ "syn-cookie",
		  SYSCTLS(FEW_SYNACKS,
			  { "server", "net.ipv4.tcp_syncookies", 2 }),
		  .duration = MSEC(1600), .judgements = of_cookie },
		{ "defaults", .defaults = true, .duration = SEC(64),
		  .judgements = forgotten }),
	.duration = SEC(1),
	.script = script,
};
