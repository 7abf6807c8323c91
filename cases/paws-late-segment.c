/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PAWS with real segments that are late. The first transmission of some data
 * is held; its retransmission, and more data, arrive before it. When it
 * arrives, its TSval is less than ts_recent, and PAWS, the first check of all,
 * drops it: tcp_validate_incoming() counts PAWSEstab and sends an ACK, whose
 * D-SACK block reports that the bytes came twice.
 *
 * The control is the same without timestamps: the segment is dropped as well,
 * because of its sequence number, with the same ACK. So PAWS is needed only
 * where the sequence number fits again, after 4 GiB: paws-old-duplicate.
 *
 * An ACK that data has overtaken is stale as well, and common. Since 6.14 it
 * is dropped without an answer and has its own counter, PAWSOldAck:
 * tcp_disordered_ack_check(). Before, it was counted as PAWSEstab and
 * answered.
 */
#include "case.h"

enum { BYTES = 100, PAUSE = 30 };

#define ANSWER FROM("server"), KIND(WIRE_PURE_ACK)

static struct wire_rule *hold_first(struct run *run, unsigned int kind)
{
	return fault_hold(run, FRAMES(FROM("client"), KIND(kind), .first = 1,
				      .count = 1));
}

static void measure_timestamps(struct run *run, const struct segment *late)
{
	uint32_t ts_recent =
		frames_last(run, FRAMES(FROM("server"),
					KIND(WIRE_PURE_ACK | WIRE_DATA)))
			->frame.tcp.tsecr;

	run_note(run,
		 "ts_recent of the server: %u; TSval of the late segment: "
		 "%u (%+d)",
		 ts_recent, late->tsval, (int32_t)(late->tsval - ts_recent));
	run_measured_count(run, "ts_recent", ts_recent);
	run_measured_count(run, "tsval", late->tsval);
	run_measured_count(run, "older_by_ticks",
			   (int32_t)(ts_recent - late->tsval));
}

/* The original arrives after its retransmission and after more data. */
static void delay_original(struct run *run)
{
	bool option = run_sysctl(run, "client", "net.ipv4.tcp_timestamps");
	const char *expected = option ? "PAWS" : "its number";
	struct pair tcp = sock_pair(run);
	struct wire_rule *held = hold_first(run, WIRE_DATA);
	struct mark sent = mark_now(run), released;
	const struct wire_capture *seen;
	struct finding got;

	/* The retransmission arrives, after an RTO. */
	sock_send(tcp.client, BYTES);
	got = sock_recv(tcp.server, SEC(1));
	expect_that(run, got.value == BYTES,
		    "the server reads the retransmission", "%s",
		    finding_outcome(&got));
	run_pass(run, MSEC(PAUSE));
	expect_delivery(tcp.client, tcp.server, BYTES);
	seen = frames_nth(run, sent, FRAMES(FROM("client"), KIND(WIRE_DATA)),
			  1);
	if (seen && option)
		measure_timestamps(run, &seen->frame.tcp);
	released = mark_now(run);
	fault_release(run, held);
	seen = frames_wait(run, released, FRAMES(ANSWER), 1, soon);
	expect_that(run, seen && seen->frame.tcp.n_sacks == 1,
		    "the late segment is answered with a D-SACK", "%s",
		    seen ? R_("an ACK without one") : R_("no answer"));
	sock_post_recv(tcp.server);
	expect_that(run, sock_reap(tcp.server, 0).open,
		    "the server does not read it again", "it does");
	run_predicted_text(run, "dropped_by", expected);
	run_measured_text(run, "dropped_by",
			  counter_change(run, "server", "PAWSEstab") ?
				  "PAWS" :
				  V_("its number"));
	expect_counter(run, "server", "PAWSEstab", option);
}

/* The ACK arrives after data that acknowledges the same. */
static void delay_ack(struct run *run)
{
	struct pair tcp = sock_pair(run);
	bool silent = counter_exists(run, "server", "PAWSOldAck");
	struct wire_rule *held = hold_first(run, WIRE_PURE_ACK);
	struct mark sent = mark_now(run), released;
	const struct wire_capture *seen;

	expect_delivery(tcp.server, tcp.client, BYTES);
	run_pass(run, MSEC(PAUSE));
	expect_delivery(tcp.client, tcp.server, BYTES);
	seen = frames_nth(run, sent,
			  FRAMES(FROM("client"), KIND(WIRE_PURE_ACK)), 1);
	if (seen)
		measure_timestamps(run, &seen->frame.tcp);
	released = mark_now(run);
	fault_release(run, held);
	run_pass(run, MSEC(PAUSE));
	expect_frames(run, released, "answers", FRAMES(ANSWER), !silent);
	run_predicted_text(run, "late_ack_is",
			   silent ? V_("dropped") : V_("answered"));
	run_measured_text(run, "late_ack_is",
			  frames_count(run, released, FRAMES(ANSWER)) ?
				  "answered" :
				  "dropped");
	expect_counter(run, "server", "PAWSEstab", !silent);
	if (silent)
		expect_number(run, "paws_old_ack",
			      counter_change(run, "server", "PAWSOldAck"), 1,
			      1);
}

static void script(struct run *run)
{
	if (run_is_variant(run, "ack"))
		delay_ack(run);
	else
		delay_original(run);
}

CASE(paws_late_segment) = {
	.name = "paws-late-segment",
	.claim = "a segment that arrives after its retransmission is dropped "
		 "by PAWS; without timestamps, because of its sequence number",
	.judgements = CLAIMS({ "B7", DOCUMENT_RIGHT,
			       "its TSval is less than ts_recent by the time "
			       "that it was in flight: "
			       "tcp_validate_incoming()" }),
	.why = "ts_recent is the TSval of the latest segment in order, and the "
	       "late segment was sent before that one",
	.sources = "RFC 7323 5; net/ipv4/tcp_input.c:tcp_validate_incoming(), "
		   "tcp_disordered_ack_check(), tcp_send_dupack()",
	.steps = STEPS("the client's first data (or ACK) is held on the wire",
		       "its retransmission and more data arrive",
		       "it is released; the server's reaction is read from the "
		       "wire and its counters"),
	.expect = "the segment is dropped, counted as PAWSEstab, answered with "
		  "a D-SACK block, and not read again; without timestamps the "
		  "same apart from PAWSEstab; the ACK is dropped silently and "
		  "counted as PAWSOldAck",
	.shows = SHOWS("dropped_by", "late_ack_is", "older_by_ticks",
		       "paws_old_ack"),
	.world = &world_pair,
	.variants = VARIANTS(
		{ "original",
		  "the first transmission of data is late: PAWS drops it for "
		  "its lower TSval and counts PAWSEstab" },
		{ "original-without-timestamps",
		  "the first transmission of data is late, and tcp_timestamps "
		  "is 0 at the client: the sequence number alone is enough to "
		  "drop it",
		  SYSCTLS({ "client", "net.ipv4.tcp_timestamps", 0 }),
		  .judgements = CLAIMS(
			  { "B7", DOCUMENT_CONDITIONAL,
			    "as long as the sequence numbers have not wrapped, "
			    "the sequence number alone is enough to drop it: "
			    "tcp_validate_incoming()" }) },
		{ "ack",
		  "a pure ACK is late, behind data that acknowledges the same: "
		  "it is dropped without an answer and counted as PAWSOldAck, "
		  "before 6.14 answered and counted as PAWSEstab" }),
	.changes = CHANGES({ KERNEL_VERSION(6, 14, 0), "124c4c32e9f3",
			     "an old ACK is not answered" }),
	.duration = MSEC(300),
	.script = script,
};
