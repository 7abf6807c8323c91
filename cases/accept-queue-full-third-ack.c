/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The accept queue has room when the SYN arrives, and is full when the third
 * segment of the handshake, the client's ACK, arrives: the wire holds that ACK
 * while other clients fill the queue.
 *
 * tcp_check_req() then cannot create a socket for the request
 * (tcp_v4_syn_recv_sock() finds sk_acceptq_is_full() and counts ListenOverflows
 * and ListenDrops). The ACK is dropped and the request stays in SYN-RECV, while
 * the client is ESTABLISHED already. What follows depends on the variant:
 *
 * - client-silent: reqsk_timer_handler() retransmits the SYN-ACK although the
 *   third ACK was received. The client answers each one with a challenge ACK
 *   (tcp_validate_incoming()), which completes the handshake as well and finds
 *   the queue full again. After tcp_synack_retries the request is deleted and
 *   nothing is sent: the connection is half-open, and the client's first data
 *   is answered with RST.
 * - room-in-time: the client's answer to the next SYN-ACK finds room.
 * - client-sends: every segment of the client carries an ACK, so its data
 *   completes the handshake as well. The server drops all of it while the queue
 *   is full; the first retransmission that finds room creates the connection
 *   and delivers the data.
 * - abort-on-overflow: with tcp_abort_on_overflow = 1 tcp_check_req() sends RST
 *   and deletes the request.
 * - syn-cookie: the SYN-ACK was a cookie, so the server keeps no request and
 *   runs no timer. tcp_get_cookie_sock() drops the third ACK, and only data
 *   from the client, whose ACK still carries the cookie, creates the
 *   connection.
 */
#include "case.h"

enum { BACKLOG = 2, FIT = BACKLOG + 1, SYNACK_RETRIES = 1, QUIET_MS = 50 };

static const char request[] = "GET / HTTP/1.1\r\n\r\n";

#define FROM_SERVER FRAMES(FROM("server"), KIND(WIRE_TCP))

struct overflow {
	struct run *run;
	struct sock *listener, *client;
	struct sock *peer; /* the server's side of the client's connection */
	struct wire_rule *third_ack; /* held */
	struct mark syn, released; /* SYN sent; third ACK released */
	const struct prediction *syn_ack;
};

static void expect_drops(struct overflow *o, int64_t n)
{
	expect_counter(o->run, "server", "ListenOverflows", n);
	expect_counter(o->run, "server", "ListenDrops", n);
}

static void expect_answer(struct overflow *o)
{
	struct finding got = sock_recv(o->client, soon);

	expect_that(o->run, strncmp(got.data, "HTTP/1.1 200", 12) == 0,
		    "the server answers the request", "%s",
		    finding_outcome(&got));
}

static void expect_reset(struct overflow *o, struct mark since)
{
	struct finding got = sock_reap(o->client, soon);

	expect_error(&got, ECONNRESET);
	expect_took(since, &got, at_once);
	expect_state(o->client, DIAG_CLOSE);
	expect_state(o->peer, DIAG_CLOSE);
}

/* The nth SYN-ACK retransmission, which the client acknowledges. */
static void expect_syn_ack_retransmission(struct overflow *o, unsigned int n)
{
	struct mark syn_ack =
		expect_frame(o->run, o->syn, "SYN-ACK retransmission",
			     FRAMES(FROM("server"), KIND(WIRE_RETRANSMISSION)),
			     n, o->syn_ack->rounds[n - 1].at);

	expect_frame(o->run, syn_ack, "the client's ACK of the SYN-ACK",
		     FRAMES(FROM("client"), KIND(WIRE_PURE_ACK)), 1, at_once);
	run_pass(o->run, MSEC(QUIET_MS));
}

static void client_silent(struct overflow *o)
{
	struct mark sent;

	for (unsigned int i = 1; i <= o->syn_ack->retransmissions_min; i++) {
		expect_syn_ack_retransmission(o, i);
		expect_drops(o, 1 + i);
		expect_counter(o->run, "client", "TCPSYNChallenge", i);
	}
	expect_lifetime(o->peer, DIAG_SYN_RECV, o->syn, o->syn_ack->elapsed);
	expect_state(o->client, DIAG_ESTABLISHED);
	expect_frames(o->run, o->released, "FINs and RSTs",
		      FRAMES(KIND(WIRE_FIN | WIRE_RST)), 0);

	sock_post_recv(o->client);
	sent = mark_now(o->run);
	sock_send_text(o->client, request);
	expect_reset(o, sent);
}

static void room_in_time(struct overflow *o)
{
	fault_thaw(o->run, "server");
	expect_queue(o->listener, 0, BACKLOG, soon);
	expect_state(o->peer, DIAG_SYN_RECV);
	expect_syn_ack_retransmission(o, 1);
	expect_state(o->peer, DIAG_ESTABLISHED);
	expect_drops(o, 1);
	sock_send_text(o->client, request);
	expect_answer(o);
}

/* The data and two retransmissions of it are dropped, the third retransmission
 * finds room: all before the SYN-ACK's timer expires. */
static void client_sends(struct overflow *o)
{
	const struct prediction *data = forecast_give_up(o->client);
	const struct predict_round *rounds = data->rounds;
	struct mark sent = mark_now(o->run);
	const struct wire_match *retransmissions =
		FRAMES(FROM("client"), KIND(WIRE_RETRANSMISSION));

	sock_send_text(o->client, request);
	mark_done(o->run, &sent);
	expect_frame(o->run, sent, "first retransmission", retransmissions, 1,
		     rounds[0].at);
	expect_frame(o->run, sent, "second retransmission", retransmissions, 2,
		     rounds[1].at);
	run_pass(o->run, MSEC(QUIET_MS));
	expect_drops(o, 1 + 3);
	expect_state(o->peer, DIAG_SYN_RECV);
	expect_frames(o->run, o->released,
		      "segments from the server while the queue is full",
		      FROM_SERVER, 0);

	fault_thaw(o->run, "server");
	expect_frame(o->run, sent, "third retransmission", retransmissions, 3,
		     rounds[2].at);
	expect_answer(o);
	expect_state(o->peer, DIAG_ESTABLISHED);
	expect_drops(o, 1 + 3);
}

static void syn_cookie(struct overflow *o)
{
	run_pass_until(o->run, o->syn, o->syn_ack->rounds[0].at.max + soon);
	expect_frames(o->run, o->released, "segments from the server",
		      FROM_SERVER, 0);
	expect_state(o->client, DIAG_ESTABLISHED);
	fault_thaw(o->run, "server");
	expect_queue(o->listener, 0, BACKLOG, soon);
	sock_send_text(o->client, request);
	expect_answer(o);
	expect_state(o->peer, DIAG_ESTABLISHED);
	/* ACKs of the queued clients, the dropped ACK, and the data. */
	expect_counter(o->run, "server", "SyncookiesRecv", FIT + 2);
}

static void abort_on_overflow(struct overflow *o)
{
	expect_reset(o, o->released);
	expect_exchange(o->run, o->released, "RST in reply to the third ACK",
			"server R 1:1(0)");
	expect_counter(o->run, "server", "EmbryonicRsts", 1);
}

/* The client connects, its third ACK is held, and others fill the queue. */
static void set_stage(struct overflow *o)
{
	struct probe *probe = probe_start(o->run, "client");

	o->third_ack = fault_hold(
		o->run,
		FRAMES(FROM("client"), KIND(WIRE_PURE_ACK), .count = 1));
	o->listener = sock_listen(probe_start(o->run, "server"), BACKLOG);
	o->syn_ack = forecast_syn_ack(o->run, "server");
	sock_serve_http(o->listener, SEC(600));
	fault_freeze(o->run, "server");
	o->syn = mark_now(o->run);
	o->client = sock_connect(probe, o->listener);
	o->syn.at = frames_nth(o->run, o->syn, FRAMES(KIND(WIRE_SYN)), 1)->at;
	o->peer = sock_peer(o->client, "server");
	for (int i = 0; i < FIT; i++)
		sock_connect(probe, o->listener);
}

static void script(struct run *run)
{
	struct overflow o = { .run = run };
	bool cookie = run_is_variant(run, "syn-cookie");
	bool abort = run_is_variant(run, "abort-on-overflow");
	enum diag_state before = cookie ? DIAG_CLOSE : DIAG_SYN_RECV;

	set_stage(&o);
	if (!expect_queue(o.listener, FIT, BACKLOG, soon))
		return;
	expect_state(o.client, DIAG_ESTABLISHED);
	expect_state(o.peer, before);
	if (abort)
		sock_post_recv(o.client);
	o.released = mark_now(run);
	fault_release(run, o.third_ack);
	run_pass(run, MSEC(QUIET_MS));
	expect_drops(&o, 1);
	if (abort) {
		abort_on_overflow(&o);
		return;
	}
	expect_state(o.client, DIAG_ESTABLISHED);
	expect_state(o.peer, before);
	expect_queue(o.listener, FIT, BACKLOG, 0);
	if (cookie)
		syn_cookie(&o);
	else if (run_is_variant(run, "room-in-time"))
		room_in_time(&o);
	else if (run_is_variant(run, "client-sends"))
		client_sends(&o);
	else
		client_silent(&o);
}

static const struct judgement of_silence[] = {
	{ "B9", DOCUMENT_CONDITIONAL,
	  "dropped at the server only, by reqsk_timer_handler() after "
	  "tcp_synack_retries; the client stays ESTABLISHED until it sends" },
	{ .claim = NULL },
};

static const struct judgement of_later_room[] = {
	{ "B9", DOCUMENT_CONDITIONAL,
	  "the third ACK is dropped, but the connection survives: the client's "
	  "next segment lets tcp_check_req() create it once there is room" },
	{ .claim = NULL },
};

#define FEW_SYNACKS                                                            \
	{                                                                      \
		"server", "net.ipv4.tcp_synack_retries", SYNACK_RETRIES        \
	}

CASE(accept_queue_full_third_ack) = {
	.name = "accept-queue-full-third-ack",
	.claim = "accept queue full when the third ACK arrives: the server "
		 "drops the ACK, and the client is ESTABLISHED while the "
		 "server is in SYN-RECV",
	.why = "the SYN-ACK completes the handshake for the client; a "
	       "connection that does not fit into the server's queue stays a "
	       "request until a later segment of the client finds room or the "
	       "request's timer deletes it",
	.sources = "net/ipv4/tcp_minisocks.c:tcp_check_req(); "
		   "net/ipv4/tcp_ipv4.c:tcp_v4_syn_recv_sock(); "
		   "net/ipv4/inet_connection_sock.c:reqsk_timer_handler(); "
		   "net/ipv4/syncookies.c:tcp_get_cookie_sock()",
	.steps = STEPS("a server with a backlog of 2 is frozen; a client "
		       "connects, and the wire holds its third ACK",
		       "three more connections fill the accept queue; the wire "
		       "releases the third ACK",
		       "depending on the variant, the client stays silent; or "
		       "the server is thawed in time; or the client sends a "
		       "request while the queue is full; or "
		       "tcp_abort_on_overflow is 1; or tcp_syncookies is 2"),
	.expect = "ListenOverflows and ListenDrops grow by 1, the client is "
		  "ESTABLISHED, the server in SYN-RECV; client silent: SYN-ACK "
		  "retransmissions at the predicted times, then no request, "
		  "and ECONNRESET for the client's first data; room in time, "
		  "or data: the first segment that finds room creates the "
		  "connection, and no data is lost; abort on overflow: RST at "
		  "once; SYN cookie: the server sends nothing until the client "
		  "sends data",
	.world = &world_pair,
	.variants = VARIANTS(
		{ "client-silent",
		  "the client sends nothing, and tcp_synack_retries is 1: the "
		  "server deletes the request after one SYN-ACK "
		  "retransmission, and the client's later data is answered "
		  "with RST",
		  SYSCTLS(FEW_SYNACKS), .duration = SEC(3),
		  .judgements = of_silence },
		{ "room-in-time",
		  "the server's process runs again before the SYN-ACK is "
		  "retransmitted: the client's ACK of that retransmission "
		  "finds room and creates the connection",
		  SYSCTLS(FEW_SYNACKS), .judgements = of_later_room },
		{ "client-sends",
		  "the client sends a request at once: the server drops it and "
		  "two retransmissions of it, and the third one finds room, "
		  "creates the connection and delivers the data",
		  SYSCTLS(FEW_SYNACKS), .judgements = of_later_room },
		{ "abort-on-overflow",
		  "net.ipv4.tcp_abort_on_overflow is 1: the server answers the "
		  "third ACK with RST and deletes the request",
		  SYSCTLS(FEW_SYNACKS,
			  { "server", "net.ipv4.tcp_abort_on_overflow", 1 }),
		  .duration = MSEC(10),
		  .judgements =
			  CLAIMS({ "B9", DOCUMENT_RIGHT,
				   "with tcp_abort_on_overflow = 1 the "
				   "connection is dropped, and the client "
				   "receives RST: tcp_check_req()" }) },
		{ "syn-cookie",
		  "net.ipv4.tcp_syncookies is 2, so that the server stores no "
		  "request and sends nothing more; the client's data carries "
		  "the cookie and creates the connection once there is room",
		  SYSCTLS(FEW_SYNACKS,
			  { "server", "net.ipv4.tcp_syncookies", 2 }),
		  .duration = MSEC(1600),
		  .judgements = CLAIMS(
			  { "B9", DOCUMENT_CONDITIONAL,
			    "after a SYN cookie the server keeps nothing of "
			    "the client, but the ACK in the client's first "
			    "data carries the cookie and creates the "
			    "connection: tcp_get_cookie_sock()" }) },
		{ "defaults",
		  "like client-silent, at the kernel's default values: the "
		  "server deletes the request about 63 s after the SYN, when "
		  "five SYN-ACK retransmissions have found the queue full",
		  .defaults = true, .duration = SEC(64),
		  .judgements = of_silence }),
	.duration = SEC(1),
	.script = script,
};
