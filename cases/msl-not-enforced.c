/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The wire holds a segment for longer than the MSL and then delivers it. No
 * host or router drops it for its age. Routers decrement the TTL by one,
 * however long they keep a packet (see ttl-expires). A receiver checks the
 * sequence number and the timestamp in tcp_validate_incoming(), both against
 * what it has received: the sequence number must be in the window, the
 * timestamp not lower than the last one in sequence. No field of a segment
 * contains the time at which it was sent by the receiver's clock.
 *
 * So the data is accepted after 2, 31 or 61 s if nothing newer has arrived: the
 * wire drops all retransmissions.
 *
 * The controls let the first retransmission through. The old segment, after the
 * same 2 s, is then dropped, but for what has arrived, not for its age: its
 * timestamp is lower than the retransmission's (PAWSEstab), or, without
 * timestamps, its sequence number is below the window.
 *
 * An old segment also outlives its connection: after a close and 60 s of
 * TIME-WAIT it arrives and is answered with RST, as any segment for which there
 * is no socket. (For its effect on a new connection see time-wait-stale-data.)
 */
#include "case.h"

enum { BYTES = 100, SHORT = 2, MSL = 30, TIME_WAIT = 60 };

static nsec_t hold_time(struct run *run)
{
	return SEC(run_value(run));
}

static struct wire_rule *hold_first_data(struct run *run, const char *from)
{
	return fault_hold(run, FRAMES(FROM(from), KIND(WIRE_DATA), .count = 1));
}

static void report_age(struct run *run, struct mark sent)
{
	nsec_t age = mark_now(run).at - sent.at;

	run_predicted(run, "age_s", nsec_seconds(hold_time(run)));
	run_measured(run, "age_s", nsec_seconds(age));
	run_note(run, "the segment was in flight for %.3f s",
		 nsec_seconds(age));
}

/* No retransmission arrives, and the old segment is accepted. */
static void expect_accepted(struct run *run, struct pair *tcp)
{
	struct wire_rule *old = hold_first_data(run, "client");
	struct mark sent, released;
	struct finding got;

	fault_drop(run, FRAMES(FROM("client"), KIND(WIRE_RETRANSMISSION)));
	sock_post_recv(tcp->server);
	sent = mark_now(run);
	sock_send(tcp->client, BYTES);
	got = sock_reap(tcp->server, hold_time(run));
	if (!expect_that(
		    run, got.open,
		    "recv() of the server blocks while the segment is held",
		    "%s", finding_outcome(&got)))
		return;
	expect_frames_between(run, sent, "retransmissions, all lost",
			      FRAMES(KIND(WIRE_RETRANSMISSION)), 2, UINT32_MAX);
	report_age(run, sent);
	released = mark_now(run);
	fault_release(run, old);
	got = sock_reap(tcp->server, soon);
	expect_data(&got, BYTES);
	expect_took(released, &got, at_once);
	expect_frames(run, released, "ACKs from the server",
		      FRAMES(FROM("server"), KIND(WIRE_PURE_ACK)), 1);
	expect_counter(run, "server", "PAWSEstab", 0);
	expect_state(tcp->client, DIAG_ESTABLISHED);
}

/* The controls: a retransmission arrives, and the old segment is dropped. */
static void expect_dropped(struct run *run, struct pair *tcp)
{
	bool timestamps = run_sysctl(run, "server", "net.ipv4.tcp_timestamps");
	struct wire_rule *old = hold_first_data(run, "client");
	struct mark sent = mark_now(run), released;
	struct finding got;

	sock_send(tcp->client, BYTES);
	got = sock_recv(tcp->server, SEC(SHORT));
	expect_data(&got, BYTES);
	if (!expect_frames(run, sent, "retransmissions",
			   FRAMES(KIND(WIRE_RETRANSMISSION)), 1))
		return;
	run_pass_until(run, sent, hold_time(run));
	report_age(run, sent);
	sock_post_recv(tcp->server);
	released = mark_now(run);
	fault_release(run, old);
	frames_wait(run, released, FRAMES(FROM("server"), KIND(WIRE_PURE_ACK)),
		    1, soon);
	got = sock_reap(tcp->server, MSEC(50));
	expect_open(&got);
	expect_counter(run, "server", "PAWSEstab", timestamps);
	expect_counter(run, "server", "TCPDSACKOldSent", 1);
}

/* As in the document, the segment is the server's; its connection is over. */
static void expect_outlives_connection(struct run *run, struct pair *tcp)
{
	struct wire_rule *old = hold_first_data(run, "server");
	struct mark sent = mark_now(run), released;
	struct finding got;

	sock_send(tcp->server, BYTES);
	got = sock_recv(tcp->client, SEC(SHORT));
	expect_data(&got, BYTES);
	if (!expect_frames(run, sent, "retransmissions",
			   FRAMES(KIND(WIRE_RETRANSMISSION)), 1))
		return;
	sock_close(tcp->client);
	expect_state_within(tcp->client, DIAG_FIN_WAIT2, soon);
	sock_close(tcp->server);
	expect_state_within(tcp->server, DIAG_CLOSE, soon);
	expect_state(tcp->client, DIAG_TIME_WAIT);
	run_pass_until(run, sent, hold_time(run));
	expect_state_within(tcp->client, DIAG_CLOSE, SEC(3));
	report_age(run, sent);
	released = mark_now(run);
	fault_release(run, old);
	expect_frame(run, released, "RST in reply to the old segment",
		     FRAMES(FROM("client"), KIND(WIRE_RST)), 1, at_once);
}

static void script(struct run *run)
{
	struct pair tcp = sock_pair(run);

	if (run_is_variant(run, "copy-came") ||
	    run_is_variant(run, "copy-came-no-timestamps"))
		expect_dropped(run, &tcp);
	else if (run_is_variant(run, "after-time-wait"))
		expect_outlives_connection(run, &tcp);
	else
		expect_accepted(run, &tcp);
}

/* For 2 s, which is less than an MSL. */
static const struct judgement no_judgements[] = { { .claim = NULL } };

CASE(msl_not_enforced) = {
	.name = "msl-not-enforced",
	.claim = "a segment that was in flight for longer than the MSL is "
		 "accepted: no host can see its age",
	.judgements =
		CLAIMS({ "C16", DOCUMENT_WRONG,
			 "nothing drops a segment for its age: "
			 "tcp_validate_incoming() compares its sequence number "
			 "and timestamp with what has been received, and the "
			 "MSL is an assumption (RFC 9293 3.4.2)" }),
	.why = "a segment contains no time of sending that its receiver could "
	       "compare with its own clock",
	.sources = "RFC 9293 3.4.2; RFC 7323 5.3; "
		   "net/ipv4/tcp_input.c:tcp_validate_incoming()",
	.steps = STEPS("an idle connection",
		       "the client sends 100 bytes; the wire holds them and "
		       "drops every retransmission (controls: none)",
		       "after 2, 31 or 61 s the wire releases the held segment",
		       "variant after-time-wait: the server's bytes are held "
		       "until the connection is closed and TIME-WAIT is over"),
	.expect =
		"the server reads the 100 bytes as soon as they are released; "
		"in the controls it reads them once; after TIME-WAIT: RST",
	.shows = SHOWS("outcome", "age_s"),
	.world = &world_pair,
	.variants = VARIANTS(
		{ "held-2s",
		  "the segment is held for 2 s, and every retransmission is "
		  "lost: the server reads the old segment",
		  .value = SHORT, .judgements = no_judgements },
		{ "copy-came",
		  "the segment is held for 2 s, and its first retransmission "
		  "arrives: PAWS drops the old segment for its lower "
		  "timestamp, as the control",
		  .value = SHORT, .judgements = no_judgements },
		{ "copy-came-no-timestamps",
		  "as in copy-came, but tcp_timestamps is 0 at both ends: the "
		  "old segment is dropped because its sequence number is below "
		  "the window",
		  .value = SHORT, .judgements = no_judgements,
		  .settings = SYSCTLS({ NULL, "net.ipv4.tcp_timestamps", 0 }) },
		{ "defaults",
		  "the segment is held for 31 s, longer than an MSL, and every "
		  "retransmission is lost: the server reads the old segment",
		  .value = MSL + 1, .defaults = true,
		  .duration = SEC(MSL + 1) },
		{ "held-61s",
		  "the segment is held for 61 s, longer than two MSL, and "
		  "every retransmission is lost: the server reads the old "
		  "segment",
		  .value = TIME_WAIT + 1, .defaults = true,
		  .duration = SEC(TIME_WAIT + 1) },
		{ "after-time-wait",
		  "a segment of the server is held for 61 s, longer than its "
		  "connection and its TIME-WAIT last: it arrives and is "
		  "answered with RST",
		  .value = TIME_WAIT + 1, .defaults = true,
		  .duration = SEC(TIME_WAIT + 4),
		  .judgements =
			  CLAIMS({ "C16", DOCUMENT_WRONG,
				   "2MSL after the close a segment of the old "
				   "connection still arrives: nothing on the "
				   "path checks its age, and the host answers "
				   "with RST, tcp_v4_send_reset()" }) }),
	.duration = SEC(SHORT),
	.script = script,
};
