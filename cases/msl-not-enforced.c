/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A segment is held on its way for longer than any MSL, and then arrives. Who
 * would throw it away? Routers take one off its TTL, however long they keep it
 * (ttl-expires). A receiver looks at its number and its timestamp, in
 * tcp_validate_incoming(), and both only beside what it has received: the
 * number must be in the window, the timestamp not lower than the last one in
 * sequence. Nothing in a segment says when it was sent by the receiver's clock.
 *
 * So the data is taken, after 2, 31 or 61 s, if nothing newer has come in its
 * place: the copies that the client sends meanwhile are lost, all of them.
 *
 * The control lets the first copy through. Then the old segment, after the same
 * 2 s, is thrown away; but for what has come, not for its age: its timestamp is
 * lower than the copy's (PAWSEstab), or, without timestamps, its number is
 * below the window.
 *
 * And an old segment outlives its connection: after a whole close with its 60 s
 * of TIME-WAIT it arrives, and is answered with RST, as any segment without a
 * socket. (What a new connection would make of it: time-wait-stale-data.)
 */
#include "case.h"

enum { BYTES = 100, SHORT = 2, MSL = 30, TIME_WAIT = 60 };

static const nsec_t soon = MSEC(500);

static nsec_t hold_time(struct run *run)
{
	return SEC(run_value(run));
}

static void tell_age(struct run *run, struct mark sent)
{
	nsec_t age = mark_now(run).at - sent.at;

	run_predicted(run, "age_s", nsec_seconds(hold_time(run)));
	run_measured(run, "age_s", nsec_seconds(age));
	run_note(run, "the segment was on its way for %.3f s",
		 nsec_seconds(age));
}

/* Nothing newer comes in its place. */
static void taken(struct run *run, struct pair *tcp)
{
	struct wire_rule *old = fault_hold(
		run, FRAMES(FROM("client"), KIND(WIRE_DATA), .count = 1));
	struct mark sent, released;
	struct finding got;

	fault_drop(run, FRAMES(FROM("client"), KIND(WIRE_RETRANSMISSION)));
	sock_post_recv(tcp->server);
	sent = mark_now(run);
	sock_send(tcp->client, BYTES);
	got = sock_reap(tcp->server, hold_time(run));
	if (!expect_that(run, got.open, "nobody has read it so far", "%s",
			 finding_outcome(&got)))
		return;
	expect_frames_between(run, sent, "copies, all lost",
			      FRAMES(KIND(WIRE_RETRANSMISSION)), 2, UINT32_MAX);
	tell_age(run, sent);
	released = mark_now(run);
	fault_release(run, old);
	got = sock_reap(tcp->server, soon);
	expect_data(&got, BYTES);
	expect_took(released, &got, at_once);
	expect_frames(run, released, "the server's ACK",
		      FRAMES(FROM("server"), KIND(WIRE_PURE_ACK)), 1);
	expect_counter(run, "server", "PAWSEstab", 0);
	expect_state(tcp->client, DIAG_ESTABLISHED);
}

/* The control: a copy has come before. */
static void not_taken(struct run *run, struct pair *tcp)
{
	bool stamped = run_sysctl(run, "server", "net.ipv4.tcp_timestamps");
	struct wire_rule *old = fault_hold(
		run, FRAMES(FROM("client"), KIND(WIRE_DATA), .count = 1));
	struct mark sent = mark_now(run), released;
	struct finding got;

	sock_send(tcp->client, BYTES);
	got = sock_recv(tcp->server, SEC(SHORT));
	expect_data(&got, BYTES);
	if (!expect_frames(run, sent, "copies",
			   FRAMES(KIND(WIRE_RETRANSMISSION)), 1))
		return;
	run_pass_until(run, sent, hold_time(run));
	tell_age(run, sent);
	sock_post_recv(tcp->server);
	released = mark_now(run);
	fault_release(run, old);
	frames_wait(run, released, FRAMES(FROM("server"), KIND(WIRE_PURE_ACK)),
		    1, soon);
	got = sock_reap(tcp->server, MSEC(50));
	expect_open(&got);
	expect_counter(run, "server", "PAWSEstab", stamped);
	expect_counter(run, "server", "TCPDSACKOldSent", 1);
}

/* In the direction of the text: from the server, whose connection is over. */
static void outlives(struct run *run, struct pair *tcp)
{
	struct wire_rule *old = fault_hold(
		run, FRAMES(FROM("server"), KIND(WIRE_DATA), .count = 1));
	struct mark sent = mark_now(run), released;
	struct finding got;

	sock_send(tcp->server, BYTES);
	got = sock_recv(tcp->client, SEC(SHORT));
	expect_data(&got, BYTES);
	if (!expect_frames(run, sent, "copies",
			   FRAMES(KIND(WIRE_RETRANSMISSION)), 1))
		return;
	sock_close(tcp->client);
	expect_state_within(tcp->client, DIAG_FIN_WAIT2, soon);
	sock_close(tcp->server);
	expect_state_within(tcp->server, DIAG_CLOSE, soon);
	expect_state(tcp->client, DIAG_TIME_WAIT);
	run_pass_until(run, sent, hold_time(run));
	expect_state_within(tcp->client, DIAG_CLOSE, SEC(3));
	tell_age(run, sent);
	released = mark_now(run);
	fault_release(run, old);
	expect_frame(run, released, "RST in answer",
		     FRAMES(FROM("client"), KIND(WIRE_RST)), 1, at_once);
}

static void script(struct run *run)
{
	struct pair tcp = sock_pair(run);

	if (run_is_variant(run, "copy-came") ||
	    run_is_variant(run, "copy-came-no-timestamps"))
		not_taken(run, &tcp);
	else if (run_is_variant(run, "after-time-wait"))
		outlives(run, &tcp);
	else
		taken(run, &tcp);
}

/* Two seconds say nothing of an MSL. */
static const struct judgement none[] = { { .claim = NULL } };

static const struct judgement of_old_connection[] = {
	{ "C16", DOCUMENT_WRONG,
	  "2MSL after the close a segment of the old connection still arrives: "
	  "nothing on its way looks at its age, and the host answers RST, "
	  "tcp_v4_send_reset()" },
	{ .claim = NULL },
};

CASE(msl_not_enforced) = {
	.name = "msl-not-enforced",
	.claim = "a segment that was on its way for longer than the MSL is "
		 "taken all the same: nobody knows its age",
	.judgements = CLAIMS(
		{ "C16", DOCUMENT_WRONG,
		  "nothing discards a segment for its age: "
		  "tcp_validate_incoming() compares number and timestamp with "
		  "what has been received, and the MSL is an assumption (RFC "
		  "9293 3.4.2)" }),
	.why = "there is no time of sending in a segment that its receiver "
	       "could compare with its own clock",
	.sources = "RFC 9293 3.4.2; RFC 7323 5.3; net/ipv4/tcp_input.c:"
		   "tcp_validate_incoming()",
	.steps = STEPS("a connection, idle",
		       "the client sends 100 bytes; the wire holds them and "
		       "loses every copy (in the controls: no copy)",
		       "after 2, 31 or 61 s the wire lets them go",
		       "or: the server's bytes are held until the connection "
		       "is closed and its TIME-WAIT over"),
	.expect = "the server reads the 100 bytes, at once; in the controls it "
		  "does not read them twice; after TIME-WAIT a RST",
	.world = &world_pair,
	.variants = VARIANTS(
		{ "held-2s", .value = SHORT, .judgements = none },
		{ "copy-came", .value = SHORT, .judgements = none },
		{ "copy-came-no-timestamps", .value = SHORT, .judgements = none,
		  .settings = SYSCTLS({ NULL, "net.ipv4.tcp_timestamps", 0 }) },
		{ "defaults", .value = MSL + 1, .defaults = true,
		  .duration = SEC(MSL + 1) },
		{ "held-61s", .value = TIME_WAIT + 1, .defaults = true,
		  .duration = SEC(TIME_WAIT + 1) },
		{ "after-time-wait", .value = TIME_WAIT + 1, .defaults = true,
		  .duration = SEC(TIME_WAIT + 4),
		  .judgements = of_old_connection }),
	.duration = SEC(SHORT),
	.script = script,
};
