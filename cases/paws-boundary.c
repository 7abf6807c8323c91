/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PAWS compares the TSval of a segment with ts_recent, the one that was stored
 * last. tcp_validate_incoming() asks tcp_paws_check() with TCP_PAWS_WINDOW 1:
 * so a greater TSval passes, an equal one (all segments of one millisecond have
 * the same) and also one that is a tick less. From two ticks on it is dropped,
 * counted as PAWSEstab, and answered with an ACK. What passes with less does
 * not take ts_recent back: tcp_replace_ts_recent() checks with a window of 0.
 *
 * Then there are segments that PAWS lets be:
 *
 * - one without the option: it is not asked for, whatever was negotiated
 *   (RFC 7323 3.2 says that it should be dropped);
 * - a pure ACK that says nothing new, as old as an RTO and a fifth at most:
 *   tcp_disordered_ack_check(), since ACKs overtake each other. It goes on to
 *   tcp_ack(). One whose number has gone by is dropped without an answer and
 *   counted as PAWSOldAck, since 6.14 (as PAWSEstab, and answered, before);
 * - a RST: see stale-rst-passes-paws;
 * - anything, when ts_recent is old: older than 2^31 us (2147 s) since 6.7, 24
 *   days before: TCP_PAWS_WRAP.
 *
 * The TSvals to the tick are forged: a real segment of the client is taken off
 * the wire, and a copy goes on in its place that differs in nothing else. (Real
 * ones, that are late: paws-late-segment.)
 */
#include "case.h"

enum { BYTES = 100, PAUSE = 30, WINDOW = 1, WRAP_S = INT32_MAX / 1000000 };

enum kind { DATA, WITHOUT_OPTION, ACK, DUPLICATE_ACK };

/* The forged TSval, as a difference to ts_recent. */
static const struct plan {
	const char *variant;
	enum kind kind;
	long delta;
	int idle_s; /* before it */
} plans[] = {
	{ "data+1", DATA, 1 },
	{ "data=equal", DATA, 0 },
	{ "data-1", DATA, -1 },
	{ "data-2", DATA, -2 },
	{ "data-1000", DATA, -1000 },
	{ "data-after-2145s", DATA, -1000, WRAP_S - 2 },
	{ "data-after-2148s", DATA, -1000, WRAP_S + 1 },
	{ "data-without-option", WITHOUT_OPTION, 0 },
	{ "ack-1", ACK, -1 },
	{ "ack-2", ACK, -2 },
	{ "duplicate-ack-100", DUPLICATE_ACK, -100 },
	{ "duplicate-ack-1000", DUPLICATE_ACK, -1000 },
};

#define ANSWER FROM("server"), KIND(WIRE_PURE_ACK)

/* What the experiment is made of. */
struct setup {
	struct pair tcp;
	const struct plan *plan;
	uint32_t ts_recent; /* of the server */
	uint32_t una; /* what the server knows to be acknowledged */
	int64_t pure_acks; /* counted before */
	int64_t replay; /* how old a duplicate ACK may be, in ticks */
};

static const struct plan *plan_of(struct run *run)
{
	for (size_t i = 0; i < ARRAY_SIZE(plans); i++)
		if (run_is_variant(run, plans[i].variant))
			return &plans[i];
	run_broken_because(run, "no plan for this variant");
}

/* --- the kernel's rule ---------------------------------------------------- */

/* ts_recent is not believed any more. Both ends are of whole seconds. */
static bool is_forgotten(const struct plan *plan)
{
	return plan->idle_s > WRAP_S;
}

static bool passes(const struct setup *setup)
{
	if (setup->plan->kind == WITHOUT_OPTION ||
	    setup->plan->delta >= -WINDOW)
		return true;
	if (setup->plan->kind == DUPLICATE_ACK &&
	    -setup->plan->delta <= setup->replay)
		return true;
	return is_forgotten(setup->plan);
}

/* --- the stage ------------------------------------------------------------ */

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

/* A hundred bytes each way: the client's last segment is a pure ACK, whose
 * TSval is the server's ts_recent. */
static void exchange(struct run *run, struct setup *setup)
{
	struct mark sent;

	sock_send(setup->tcp.client, BYTES);
	receives(setup->tcp.server, soon);
	run_pass(run, MSEC(PAUSE));
	sent = mark_now(run);
	sock_send(setup->tcp.server, BYTES);
	receives(setup->tcp.client, soon);
	frames_wait(run, sent, FRAMES(FROM("client"), KIND(WIRE_PURE_ACK)), 1,
		    soon);
	setup->ts_recent = last_from(run, "client", WIRE_PURE_ACK).tsval;
	setup->una = last_from(run, "client", WIRE_PURE_ACK).ack;
	/* tcp_tsval_replay() */
	setup->replay = forecast_inputs(setup->tcp.server).rto / MSEC(1) * 12 /
			10;
}

/* The segment that the forged one stands in for, as the wire took it off. */
static struct frame taken_off(struct run *run, struct setup *setup,
			      struct wire_rule **ret_rule)
{
	bool data = setup->plan->kind == DATA ||
		    setup->plan->kind == WITHOUT_OPTION;
	const struct wire_match *match =
		FRAMES(FROM("client"), KIND(data ? WIRE_DATA : WIRE_PURE_ACK));
	const struct wire_capture *seen;
	struct mark sent;

	*ret_rule = fault_drop(
		run, FRAMES(FROM("client"),
			    KIND(data ? WIRE_DATA | WIRE_RETRANSMISSION :
					WIRE_PURE_ACK)));
	run_pass(run, MSEC(PAUSE));
	sent = mark_now(run);
	sock_send(data ? setup->tcp.client : setup->tcp.server, BYTES);
	seen = frames_wait(run, sent, match, 1, soon);
	if (!seen)
		run_broken_because(run, "the stage is not set: no segment");
	return seen->frame;
}

static struct mark forge(struct run *run, const struct setup *setup,
			 struct frame frame)
{
	uint32_t genuine = frame.tcp.tsval;
	struct mark forged;

	frame.tcp.tsval = setup->ts_recent + (uint32_t)setup->plan->delta;
	frame.tcp.has_timestamps = setup->plan->kind != WITHOUT_OPTION;
	if (setup->plan->kind == DUPLICATE_ACK)
		frame.tcp.ack = setup->una;
	run_note(run,
		 "ts_recent of the server: %u; TSval on the real segment: %u, "
		 "on the forged one: %u (%+ld)%s",
		 setup->ts_recent, genuine, frame.tcp.tsval, setup->plan->delta,
		 frame.tcp.has_timestamps ? "" : ", without the option");
	run_measured_count(run, "ts_recent", setup->ts_recent);
	if (frame.tcp.has_timestamps)
		run_measured_count(run, "tsval", frame.tcp.tsval);
	forged = mark_now(run);
	fault_inject(run, "server", &frame, NULL);
	return forged;
}

/* --- what came of it ------------------------------------------------------ */

static void expect_answer(struct run *run, struct mark forged, uint32_t ack,
			  uint32_t ts_recent)
{
	const struct wire_capture *seen =
		frames_wait(run, forged, FRAMES(ANSWER), 1, soon);
	struct segment tcp = { 0 };

	if (seen)
		tcp = seen->frame.tcp;
	expect_that(run, seen && tcp.ack == ack, "it is answered with an ACK",
		    "ack %u, expected %u", tcp.ack, ack);
	expect_that(run, tcp.tsecr == ts_recent,
		    "its TSecr tells what ts_recent is after it",
		    "%u, expected %u", tcp.tsecr, ts_recent);
}

static uint32_t unacknowledged(struct sock *server)
{
	struct diag_socket seen = { .send_queue = 0 };

	sock_look(server, &seen);
	return seen.send_queue;
}

static bool data_passed(struct run *run, struct setup *setup,
			const struct frame *frame, struct mark forged)
{
	uint32_t ack = frame->tcp.seq + (passes(setup) ? BYTES : 0);
	/* That of an idle connection is replaced, whatever comes. */
	bool stored = is_forgotten(setup->plan) || setup->plan->delta > 0;
	struct finding got;

	expect_answer(run, forged, ack,
		      setup->ts_recent +
			      (stored ? (uint32_t)setup->plan->delta : 0));
	sock_post_recv(setup->tcp.server);
	got = sock_reap(setup->tcp.server, passes(setup) ? soon : 0);
	return got.value == BYTES && !got.open;
}

static bool ack_passed(struct run *run, struct setup *setup,
		       const struct frame *frame, struct mark forged)
{
	bool passed = passes(setup);
	uint32_t left = setup->plan->kind == ACK && passed ? 0 : BYTES;

	if (!passed)
		expect_answer(run, forged, frame->tcp.seq, setup->ts_recent);
	run_pass(run, MSEC(PAUSE));
	expect_frames(run, forged, "answers", FRAMES(ANSWER), !passed);
	expect_number(run, "unacknowledged", unacknowledged(setup->tcp.server),
		      left, left);
	return counter_change(run, "server", "TCPPureAcks") > setup->pure_acks;
}

static void expect_verdict(struct run *run, const struct setup *setup,
			   bool passed)
{
	run_predicted_text(run, "segment",
			   passes(setup) ? "passes" : "dropped");
	run_measured_text(run, "segment", passed ? "passes" : "dropped");
	expect_that(run, passed == passes(setup),
		    passes(setup) ? "the segment passes" :
				    "the segment is dropped",
		    "%s", passed ? "it passes" : "it is dropped");
	expect_counter(run, "server", "PAWSEstab", !passes(setup));
}

/* The real segment's retransmission has a TSval that has gone on: it was no
 * other thing than that. */
static void genuine_passes(struct run *run, struct setup *setup,
			   struct wire_rule *rule)
{
	fault_disarm(run, rule);
	if (setup->plan->kind == DATA) {
		struct finding got = sock_reap(setup->tcp.server, SEC(2));

		expect_that(run, got.value == BYTES,
			    "the genuine retransmission is read", "%s",
			    finding_outcome(&got));
		return;
	}
	frames_wait(run, (struct mark){ .at = nsec_now() },
		    FRAMES(FROM("client"), KIND(WIRE_PURE_ACK)), 1, SEC(2));
	run_pass(run, MSEC(PAUSE));
	expect_that(run, unacknowledged(setup->tcp.server) == 0,
		    "the genuine ACK of a retransmission counts", "%u left",
		    unacknowledged(setup->tcp.server));
}

static void script(struct run *run)
{
	struct setup setup = { .tcp = sock_pair(run), .plan = plan_of(run) };
	struct wire_rule *rule;
	struct frame frame;
	struct mark forged;
	bool passed;

	if (setup.plan->idle_s && kernel_version() < KERNEL_VERSION(6, 7, 0))
		run_skip(run, "before 6.7 ts_recent is believed for 24 days");
	exchange(run, &setup);
	run_pass(run, SEC(setup.plan->idle_s));
	frame = taken_off(run, &setup, &rule);
	setup.pure_acks = counter_change(run, "server", "TCPPureAcks");
	forged = forge(run, &setup, frame);
	if (setup.plan->kind == ACK || setup.plan->kind == DUPLICATE_ACK)
		passed = ack_passed(run, &setup, &frame, forged);
	else
		passed = data_passed(run, &setup, &frame, forged);
	expect_verdict(run, &setup, passed);
	if (!passed && !passes(&setup))
		genuine_passes(run, &setup, rule);
}

#define WRONG(note_) CLAIMS({ "B7", DOCUMENT_WRONG, note_ })
#define UNDER_CONDITION(note_) CLAIMS({ "B7", DOCUMENT_CONDITIONAL, note_ })

CASE(paws_boundary) = {
	.name = "paws-boundary",
	.claim = "PAWS lets an equal TSval pass, and one that is a tick less; "
		 "from two on it drops data",
	.judgements = CLAIMS({ "B7", DOCUMENT_RIGHT,
			       "two ticks less, or more, and the segment is "
			       "dropped: tcp_validate_incoming()" }),
	.why = "segments of one millisecond have the same TSval, and the "
	       "network swaps neighbours: a rule that wants it to grow would "
	       "drop good data",
	.sources =
		"RFC 7323 5.3; net/ipv4/tcp_input.c:tcp_validate_incoming(), "
		"tcp_disordered_ack_check(); "
		"include/net/tcp.h:tcp_paws_check()",
	.steps = STEPS("100 bytes each way; the server's ts_recent is known",
		       "a segment of the client is taken off the wire; its "
		       "copy goes on with a TSval set to the tick",
		       "what the server reads, answers and counts",
		       "where it is dropped, the real retransmission comes "
		       "through"),
	.expect = "+1, 0 and -1 pass, -1 without taking ts_recent back; -2 is "
		  "dropped, counted as PAWSEstab and answered; the same for an "
		  "ACK that says something, not for a duplicate",
	.world = &world_pair,
	.variants = VARIANTS(
		{ "data+1" },
		{ "data=equal",
		  .judgements = WRONG(
			  "an equal timestamp has not grown, and passes: "
			  "tcp_paws_check()") },
		{ "data-1",
		  .judgements = WRONG(
			  "one tick less passes, too (TCP_PAWS_WINDOW), and is "
			  "not kept though it came last: "
			  "tcp_replace_ts_recent()") },
		{ "data-2" }, { "data-1000" },
		{ "data-without-option",
		  .judgements = UNDER_CONDITION(
			  "a segment without the option is not checked, though "
			  "it was negotiated: tcp_validate_incoming() asks "
			  "saw_tstamp") },
		{ "data-after-2145s", .defaults = true,
		  .duration = SEC(WRAP_S) },
		{ "data-after-2148s", .defaults = true, .duration = SEC(WRAP_S),
		  .judgements = UNDER_CONDITION(
			  "after 2147 s without a segment nothing is too old: "
			  "TCP_PAWS_WRAP (24 days before 6.7)") },
		{ "ack-1",
		  .judgements = WRONG("a pure ACK of one tick less passes, "
				      "too: TCP_PAWS_WINDOW") },
		{ "ack-2" },
		{ "duplicate-ack-100",
		  .judgements = WRONG(
			  "a pure ACK that changes nothing passes with a "
			  "timestamp up to an RTO older: "
			  "tcp_disordered_ack_check()") },
		{ "duplicate-ack-1000" }),
	.changes = CHANGES({ KERNEL_VERSION(6, 7, 0), "af7721448a60",
			     "ts_recent is believed for 36 minutes, no longer "
			     "for 24 days" }),
	.duration = MSEC(500),
	.script = script,
};
