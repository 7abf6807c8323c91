/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PAWS at its everyday work, on real segments that are late. The first
 * transmission of some data stays under way; its copy, and more data, get
 * through before. When it arrives, its TSval is less than ts_recent, and PAWS
 * drops it, the first check of all: tcp_validate_incoming() counts PAWSEstab
 * and sends an ACK, whose D-SACK block says that the bytes came twice.
 *
 * The control is the same without timestamps: it is dropped as well, by its
 * number, with the same ACK. So PAWS is needed only where the number fits
 * again, after 4 GiB: paws-old-duplicate.
 *
 * An ACK that data has overtaken is stale as well, and common. Since 6.14 it is
 * dropped without an answer and counted apart, as PAWSOldAck:
 * tcp_disordered_ack_check(). Before, it was counted with the others, and
 * answered.
 */
#include "case.h"

enum { BYTES = 100, PAUSE = 30 };

#define ANSWER FROM("server"), KIND(WIRE_PURE_ACK)

static struct segment last_from(struct run *run, const char *host,
				unsigned int kinds)
{
	const struct wire_match *match = FRAMES(FROM(host), KIND(kinds));
	struct mark start = { 0 };
	const struct wire_capture *last =
		frames_nth(run, start, match, frames_count(run, start, match));

	if (!last)
		run_broken_because(run, "the stage is not set: no segment");
	return last->frame.tcp;
}

static void receives(struct sock *sock, nsec_t patience)
{
	struct finding got = sock_recv(sock, patience);

	expect_that(sock_run(sock), got.value == BYTES, "the data is read",
		    "%s", finding_outcome(&got));
}

static void tell_late(struct run *run, const struct segment *late)
{
	uint32_t ts_recent =
		last_from(run, "server", WIRE_PURE_ACK | WIRE_DATA).tsecr;

	run_note(run,
		 "ts_recent of the server: %u; TSval of the late segment: "
		 "%u (%+d)",
		 ts_recent, late->tsval, (int32_t)(late->tsval - ts_recent));
	run_measured_count(run, "ts_recent", ts_recent);
	run_measured_count(run, "tsval", late->tsval);
}

/* Its copy was faster, and so was what came after. */
static void late_original(struct run *run)
{
	bool option = run_sysctl(run, "client", "net.ipv4.tcp_timestamps");
	struct pair tcp = sock_pair(run);
	struct wire_rule *rule =
		fault_hold(run, FRAMES(FROM("client"), KIND(WIRE_DATA),
				       .first = 1, .count = 1));
	struct mark sent = mark_now(run), released;
	const struct wire_capture *seen;

	sock_send(tcp.client, BYTES);
	receives(tcp.server, SEC(1));
	run_pass(run, MSEC(PAUSE));
	sock_send(tcp.client, BYTES);
	receives(tcp.server, soon);
	seen = frames_nth(run, sent, FRAMES(FROM("client"), KIND(WIRE_DATA)),
			  1);
	if (seen && option)
		tell_late(run, &seen->frame.tcp);
	released = mark_now(run);
	fault_release(run, rule);
	seen = frames_wait(run, released, FRAMES(ANSWER), 1, soon);
	expect_that(run, seen && seen->frame.tcp.n_sacks == 1,
		    "it is answered with a D-SACK", "%s",
		    seen ? "an ACK" : "no answer");
	sock_post_recv(tcp.server);
	expect_that(run, sock_reap(tcp.server, 0).open, "and not read again",
		    "it is");
	run_predicted_text(run, "dropped_by", option ? "PAWS" : "its number");
	run_measured_text(run, "dropped_by",
			  counter_change(run, "server", "PAWSEstab") ?
				  "PAWS" :
				  "its number");
	expect_counter(run, "server", "PAWSEstab", option);
}

/* The ACK was overtaken by data that says the same. */
static void late_ack(struct run *run)
{
	struct pair tcp = sock_pair(run);
	bool silent = counter_exists(run, "server", "PAWSOldAck");
	struct wire_rule *rule;
	struct mark sent, released;
	const struct wire_capture *seen;

	rule = fault_hold(run, FRAMES(FROM("client"), KIND(WIRE_PURE_ACK),
				      .first = 1, .count = 1));
	sent = mark_now(run);
	sock_send(tcp.server, BYTES);
	receives(tcp.client, soon);
	run_pass(run, MSEC(PAUSE));
	sock_send(tcp.client, BYTES);
	receives(tcp.server, soon);
	seen = frames_nth(run, sent,
			  FRAMES(FROM("client"), KIND(WIRE_PURE_ACK)), 1);
	if (seen)
		tell_late(run, &seen->frame.tcp);
	released = mark_now(run);
	fault_release(run, rule);
	run_pass(run, MSEC(PAUSE));
	expect_frames(run, released, "answers", FRAMES(ANSWER), !silent);
	run_predicted_text(run, "late_ack_is", silent ? "dropped" : "answered");
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
		late_ack(run);
	else
		late_original(run);
}

CASE(paws_late_segment) = {
	.name = "paws-late-segment",
	.claim = "a segment that its copy has overtaken is dropped by PAWS; "
		 "without timestamps, by its number",
	.judgements = CLAIMS({ "B7", DOCUMENT_RIGHT,
			       "its TSval is less than ts_recent by the time "
			       "that it was under way: "
			       "tcp_validate_incoming()" }),
	.why = "ts_recent belongs to the youngest segment in order, and the "
	       "late one was stamped before",
	.sources = "RFC 7323 5; net/ipv4/tcp_input.c:tcp_validate_incoming(), "
		   "tcp_disordered_ack_check(), tcp_send_dupack()",
	.steps = STEPS("the client's first data (or ACK) is held on the wire",
		       "its retransmission and more data arrive",
		       "it is let go; what the server does with it"),
	.expect = "dropped, PAWSEstab, an ACK with a D-SACK block, and nothing "
		  "read twice; without timestamps the same, and no PAWSEstab; "
		  "the ACK in silence, PAWSOldAck",
	.world = &world_pair,
	.variants = VARIANTS(
		{ "original" },
		{ "original-without-timestamps",
		  SYSCTLS({ "client", "net.ipv4.tcp_timestamps", 0 }),
		  .judgements = CLAIMS(
			  { "B7", DOCUMENT_CONDITIONAL,
			    "so long as the numbers have not come round, the "
			    "number alone is enough to drop it: "
			    "tcp_validate_incoming()" }) },
		{ "ack" }),
	.changes = CHANGES({ KERNEL_VERSION(6, 14, 0), "124c4c32e9f3",
			     "an old ACK is not answered" }),
	.duration = MSEC(300),
	.script = script,
};
