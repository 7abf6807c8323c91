/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ACK of a FIN is delayed. tcp_fin() enters CLOSE-WAIT first and then
 * pingpong mode, in which the kernel expects data that can carry the ACK; after
 * that __tcp_ack_snd_check() arms the delayed ACK, for TCP_ATO_MIN. So the
 * state changes before the ACK is sent, and the FIN of a program that closes
 * within these 40 ms carries the ACK.
 *
 * The 40 ms apply to a connection that has received data: icsk_ack.ato is 0
 * until tcp_event_data_recv(), and without it the ACK is sent at the next
 * jiffy.
 */
#include "case.h"

enum { BYTES = 100, ANSWER = 200, LATER_MS = 150, ATO_MS = 40 };
enum { AT_ONCE, WITH_ANSWER, LATER };

#define SERVER_ACKS FRAMES(FROM("server"), KIND(WIRE_PURE_ACK))

/* The server has received and acknowledged data, so icsk_ack.ato is set. */
static struct pair connect_and_ask(struct run *run)
{
	struct pair tcp = sock_pair(run);
	struct mark asked = mark_now(run);

	sock_deliver(tcp.client, tcp.server, BYTES);
	frames_wait(run, asked, SERVER_ACKS, 1, soon);
	sock_post_recv(tcp.server);
	return tcp;
}

/* If close() is later than the delayed ACK, there are four segments, and the
 * machine was too slow for this variant. */
static void close_at_once(struct run *run, struct pair *tcp, struct mark closed)
{
	bool acked = frames_count(run, closed, SERVER_ACKS);

	sock_close(tcp->server);
	expect_span(run, "from the client's FIN to the server's close()",
		    mark_now(run).at - closed.at,
		    (struct range){ 0, MSEC(ATO_MS) });
	expect_state_within(tcp->client, DIAG_TIME_WAIT, soon);
	expect_state_within(tcp->server, DIAG_CLOSE, soon);
	expect_exchange(run, closed, "the three segments of the close",
			acked ? "client F. 101:101(0) ack 1, "
				"server . 1:1(0) ack 102, "
				"server F. 1:1(0) ack 102, "
				"client . 102:102(0) ack 2" :
				"client F. 101:101(0) ack 1, "
				"server F. 1:1(0) ack 102, "
				"client . 102:102(0) ack 2");
}

/* The client has called shutdown(), not close(), so it reads the answer, which
 * carries the ACK of its FIN. */
static void answer_and_close(struct run *run, struct pair *tcp,
			     struct mark closed)
{
	expect_delivery(tcp->server, tcp->client, ANSWER);
	sock_close(tcp->server);
	expect_state_within(tcp->client, DIAG_TIME_WAIT, soon);
	expect_state_within(tcp->server, DIAG_CLOSE, soon);
	expect_frames(run, closed, "data segments that carry the ACK",
		      FRAMES(FROM("server"), KIND(WIRE_DATA)), 1);
	expect_frames(run, closed, "pure ACKs from the server", SERVER_ACKS,
		      frames_count(run, closed, SERVER_ACKS) > 0);
}

/* CLOSE-WAIT is entered before the delayed ACK is sent. */
static void close_later(struct run *run, struct pair *tcp, struct mark closed)
{
	struct mark seen, ack;

	expect_state(tcp->server, DIAG_CLOSE_WAIT);
	seen = mark_now(run);
	ack = expect_frame(run, closed, "delayed ACK", SERVER_ACKS, 1,
			   predict_timer(MSEC(ATO_MS), nsec_hz()));
	run_predicted(run, "ack_s", nsec_seconds(MSEC(ATO_MS)));
	run_measured(run, "ack_s", nsec_seconds(ack.at - closed.at));
	expect_span(run, "time until CLOSE-WAIT is seen, before the ACK",
		    seen.at - closed.at,
		    (struct range){ 0, ack.at - closed.at });
	expect_state(tcp->client, DIAG_FIN_WAIT2);
	run_pass_until(run, closed, MSEC(LATER_MS));
	sock_close(tcp->server);
	expect_state_within(tcp->client, DIAG_TIME_WAIT, soon);
	expect_state_within(tcp->server, DIAG_CLOSE, soon);
	expect_exchange(run, closed, "the four segments of the close",
			"client F. 101:101(0) ack 1, server . 1:1(0) ack 102, "
			"server F. 1:1(0) ack 102, client . 102:102(0) ack 2");
}

/* The server's first segment after the client's FIN acknowledges it. */
static void record_ack(struct run *run, struct mark closed)
{
	static const char *const expected[] = { [AT_ONCE] = V_("FIN"),
						[WITH_ANSWER] = V_("data"),
						[LATER] = V_("pure ACK") };
	const struct segment *tcp =
		&frames_first(run, closed, "server", WIRE_TCP)->frame.tcp;

	run_predicted_text(run, "fin_acked_by", expected[run_value(run)]);
	run_measured_text(run, "fin_acked_by",
			  tcp->length		   ? V_("data") :
			  tcp->flags & SEGMENT_FIN ? V_("FIN") :
						     V_("pure ACK"));
}

static void script(struct run *run)
{
	struct pair tcp = connect_and_ask(run);
	struct mark closed = mark_now(run);
	struct finding got;

	sock_shutdown(tcp.client, SHUT_WR);
	mark_done(run, &closed);
	got = sock_reap(tcp.server, soon);
	if (!expect_eof(&got))
		return;
	if (run_value(run) == LATER)
		close_later(run, &tcp, closed);
	else if (run_value(run) == WITH_ANSWER)
		answer_and_close(run, &tcp, closed);
	else
		close_at_once(run, &tcp, closed);
	record_ack(run, closed);
}

CASE(four_way_close_in_three) = {
	.name = "four-way-close-in-three",
	.claim = "the other end closes at once: its FIN carries the ACK, and "
		 "the close takes three segments",
	.judgements = CLAIMS(
		{ "C1", DOCUMENT_CONDITIONAL,
		  "four segments if the other end closes after its delayed "
		  "ACK; before that its FIN, or its data, carries the ACK: "
		  "tcp_fin(), inet_csk_enter_pingpong_mode()" },
		{ "C25", DOCUMENT_RIGHT,
		  "in three segments, too: one of them is FIN and ACK at once, "
		  "tcp_fin() and tcp_send_fin()" }),
	.why = "the kernel delays the ACK of a FIN, since a segment that can "
	       "carry it is likely to follow soon",
	.sources = "RFC 9293 3.6, 3.8.6.3; net/ipv4/tcp_input.c:tcp_fin(), "
		   "__tcp_ack_snd_check(); "
		   "net/ipv4/tcp_output.c:tcp_send_delayed_ack()",
	.steps = STEPS(
		"a connection on which the server has received 100 bytes",
		"the client calls shutdown(SHUT_WR); the server reads EOF",
		"the server closes at once; or sends 200 bytes first; or "
		"closes 150 ms later"),
	.expect = "at once: three segments; with an answer: the data carries "
		  "the ACK; later: CLOSE-WAIT at once, the ACK after 40 ms, "
		  "four segments",
	.shows = SHOWS("fin_acked_by", "ack_s", "client_state", "server_state"),
	.world = &world_pair,
	.variants = VARIANTS(
		{ "at-once",
		  "the server closes as soon as it reads EOF: its FIN carries "
		  "the ACK, and the close takes three segments",
		  .value = AT_ONCE },
		{ "with-answer",
		  "the server sends 200 bytes before it closes: the data "
		  "carries the ACK of the client's FIN",
		  .value = WITH_ANSWER },
		{ "later",
		  "the server closes 150 ms after the FIN: it is in CLOSE-WAIT "
		  "at once, the delayed ACK follows after 40 ms, and the close "
		  "takes four segments",
		  .value = LATER, .duration = MSEC(LATER_MS),
		  .judgements = CLAIMS(
			  { "C1", DOCUMENT_WRONG,
			    "the document has the ACK first and CLOSE-WAIT "
			    "after it: tcp_fin() enters CLOSE-WAIT, and the "
			    "ACK follows when tcp_delack_timer() expires" }) }),
	.duration = MSEC(50),
	.no_fault = true,
	.script = script,
};
