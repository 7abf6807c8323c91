/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A FIN is not acknowledged at once. tcp_fin() first goes to CLOSE-WAIT and
 * enters pingpong mode, in the hope that there will be something to send which
 * can carry the ACK; only then __tcp_ack_snd_check() arms the delayed ACK, for
 * TCP_ATO_MIN. So the state comes first and the ACK later, and a program that
 * closes within these 40 ms makes one segment of ACK and FIN.
 *
 * The 40 ms are of a connection that has received data: icsk_ack.ato is 0 until
 * tcp_event_data_recv(), and the ACK of an idle one waits for the next jiffy.
 */
#include "case.h"

enum { BYTES = 100, ANSWER = 200, LATER_MS = 150, ATO_MS = 40 };
enum { AT_ONCE, WITH_ANSWER, LATER };

static const nsec_t soon = MSEC(500);

/* The server has had data, so that icsk_ack.ato is set; and the ACK of it has
 * left. */
static struct pair connect_and_ask(struct run *run)
{
	struct pair tcp = sock_pair(run);
	struct mark asked = mark_now(run);

	sock_send(tcp.client, BYTES);
	sock_recv(tcp.server, soon);
	frames_wait(run, asked, FRAMES(FROM("server"), KIND(WIRE_PURE_ACK)), 1,
		    soon);
	sock_post_recv(tcp.server);
	return tcp;
}

static bool ack_is_out(struct run *run, struct mark closed)
{
	return frames_count(run, closed,
			    FRAMES(FROM("server"), KIND(WIRE_PURE_ACK)));
}

/* The close() must be faster than the ACK's timer, or there are four segments
 * all the same, and the machine was too slow to show anything. */
static void closes_at_once(struct run *run, struct pair *tcp,
			   struct mark closed)
{
	bool out = ack_is_out(run, closed);

	sock_close(tcp->server);
	expect_span(run, "the server closed", mark_now(run).at - closed.at,
		    (struct range){ 0, MSEC(ATO_MS) });
	expect_state_within(tcp->client, DIAG_TIME_WAIT, soon);
	expect_state_within(tcp->server, DIAG_CLOSE, soon);
	expect_exchange(run, closed, "three segments",
			out ? "client F. 101:101(0) ack 1, "
			      "server . 1:1(0) ack 102, "
			      "server F. 1:1(0) ack 102, "
			      "client . 102:102(0) ack 2" :
			      "client F. 101:101(0) ack 1, "
			      "server F. 1:1(0) ack 102, "
			      "client . 102:102(0) ack 2");
}

/* The answer carries the ACK of the client's FIN, and could be met by a RST if
 * the client had closed its socket, not only shut it down. */
static void answers_and_closes(struct run *run, struct pair *tcp,
			       struct mark closed)
{
	struct finding got;

	sock_send(tcp->server, ANSWER);
	got = sock_recv(tcp->client, soon);
	expect_data(&got, ANSWER);
	sock_close(tcp->server);
	expect_state_within(tcp->client, DIAG_TIME_WAIT, soon);
	expect_state_within(tcp->server, DIAG_CLOSE, soon);
	expect_frames(run, closed, "data that carries the ACK",
		      FRAMES(FROM("server"), KIND(WIRE_DATA)), 1);
	expect_frames(run, closed, "ACKs of the server's that carry nothing",
		      FRAMES(FROM("server"), KIND(WIRE_PURE_ACK)),
		      ack_is_out(run, closed));
}

/* Until the delayed ACK, CLOSE-WAIT is unacknowledged. */
static void expect_state_before_ack(struct run *run, struct sock *server,
				    struct mark closed)
{
	struct mark looked, ack;

	expect_state(server, DIAG_CLOSE_WAIT);
	looked = mark_now(run);
	ack = expect_frame(run, closed, "the delayed ACK",
			   FRAMES(FROM("server"), KIND(WIRE_PURE_ACK)), 1,
			   predict_timer(MSEC(ATO_MS), nsec_hz()));
	run_predicted(run, "ack_s", nsec_seconds(MSEC(ATO_MS)));
	run_measured(run, "ack_s", nsec_seconds(ack.at - closed.at));
	expect_span(run, "CLOSE-WAIT was seen, before the ACK",
		    looked.at - closed.at,
		    (struct range){ 0, ack.at - closed.at });
}

static void closes_later(struct run *run, struct pair *tcp, struct mark closed)
{
	expect_state_before_ack(run, tcp->server, closed);
	expect_state(tcp->client, DIAG_FIN_WAIT2);
	run_pass_until(run, closed, MSEC(LATER_MS));
	sock_close(tcp->server);
	expect_state_within(tcp->client, DIAG_TIME_WAIT, soon);
	expect_state_within(tcp->server, DIAG_CLOSE, soon);
	expect_exchange(run, closed, "four segments",
			"client F. 101:101(0) ack 1, server . 1:1(0) ack 102, "
			"server F. 1:1(0) ack 102, client . 102:102(0) ack 2");
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
		closes_later(run, &tcp, closed);
	else if (run_value(run) == WITH_ANSWER)
		answers_and_closes(run, &tcp, closed);
	else
		closes_at_once(run, &tcp, closed);
}

static const struct judgement of_order[] = {
	{ "C1", DOCUMENT_WRONG,
	  "the text has the ACK first and CLOSE-WAIT after it: tcp_fin() "
	  "enters CLOSE-WAIT, and the ACK follows when tcp_delack_timer() "
	  "fires" },
	{ .claim = NULL },
};

CASE(four_way_close_in_three) = {
	.name = "four-way-close-in-three",
	.claim = "the other end closes at once: its FIN carries the ACK, and "
		 "three segments do",
	.judgements = CLAIMS(
		{ "C1", DOCUMENT_CONDITIONAL,
		  "four segments, when the other end closes later than its "
		  "delayed ACK; before that its FIN, or its data, carries it: "
		  "tcp_fin(), inet_csk_enter_pingpong_mode()" }),
	.why = "the ACK of a FIN is a delayed one, for it is likely that there "
	       "will soon be something to carry it",
	.sources = "RFC 9293 3.6, 3.8.6.3; net/ipv4/tcp_input.c:tcp_fin(), "
		   "__tcp_ack_snd_check(); net/ipv4/tcp_output.c:"
		   "tcp_send_delayed_ack()",
	.steps = STEPS("a connection on which the server has received 100 "
		       "bytes",
		       "the client shuts its side down; the server reads EOF",
		       "the server closes at once; or sends its answer first; "
		       "or closes 150 ms later"),
	.expect = "three segments; with an answer the data carries the ACK; "
		  "later: CLOSE-WAIT at once, the ACK after 40 ms, four "
		  "segments",
	.world = &world_pair,
	.variants = VARIANTS({ "at-once", .value = AT_ONCE },
			     { "with-answer", .value = WITH_ANSWER },
			     { "later", .value = LATER,
			       .duration = MSEC(LATER_MS),
			       .judgements = of_order }),
	.duration = MSEC(50),
	.no_fault = true,
	.script = script,
};
