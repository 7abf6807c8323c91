/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PAWS compares the TSval of a segment with ts_recent, the last one stored.
 * tcp_validate_incoming() calls tcp_paws_check() with TCP_PAWS_WINDOW 1, so a
 * greater TSval passes, an equal one (all segments of one millisecond have the
 * same), and also one that is a tick less. From two ticks on the segment is
 * dropped, counted as PAWSEstab, and answered with an ACK. A segment that
 * passes with a smaller TSval does not take ts_recent back:
 * tcp_replace_ts_recent() checks with a window of 0.
 *
 * PAWS does not drop
 *
 * - a segment without the option, whatever was negotiated (RFC 7323 3.2 says
 *   that it should be dropped);
 * - a pure ACK that acknowledges nothing new and is at most 1.2 RTO old:
 *   tcp_disordered_ack_check(), since ACKs overtake each other. It goes on to
 *   tcp_ack(). An ACK with an old sequence number is dropped silently and
 *   counted as PAWSOldAck since 6.14 (before, it was counted as PAWSEstab and
 *   answered);
 * - a RST: see stale-rst-passes-paws;
 * - anything, when ts_recent is old: older than 2^31 us (2147 s) since 6.7, 24
 *   days before: TCP_PAWS_WRAP.
 *
 * TSvals that are exact to the tick are forged: the wire drops a real segment
 * of the client, and a copy of it is injected that differs in nothing else.
 * (Real segments that are late: paws-late-segment.)
 */
#include "case.h"

enum { BYTES = 100, PAUSE = 30, WINDOW = 1, WRAP_S = INT32_MAX / 1000000 };

enum kind { DATA, WITHOUT_OPTION, ACK, DUPLICATE_ACK };

static const struct plan {
	const char *variant;
	enum kind kind;
	long delta; /* forged TSval minus ts_recent */
	int idle_s; /* before the forged segment */
} plans[] = {
	{ "data-plus-1", DATA, 1 },
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
	{ "duplicate-ack-300", DUPLICATE_ACK, -300 },
	{ "duplicate-ack-1000", DUPLICATE_ACK, -1000 },
};

#define CLIENT_ACK FRAMES(FROM("client"), KIND(WIRE_PURE_ACK))
#define ANSWER FROM("server"), KIND(WIRE_PURE_ACK)

struct stage {
	struct pair tcp;
	const struct plan *plan;
	uint32_t ts_recent; /* of the server */
	uint32_t una; /* the server's: the client's last acknowledgement */
	int64_t pure_acks; /* counted before the forged segment */
	int64_t replay; /* maximum age of a duplicate ACK, in ticks */
	struct wire_rule *drop; /* of the genuine segment */
};

/* --- the kernel's rule ---------------------------------------------------- */

static bool is_data(const struct plan *plan)
{
	return plan->kind == DATA || plan->kind == WITHOUT_OPTION;
}

/* ts_recent is too old to be used. */
static bool is_expired(const struct plan *plan)
{
	return plan->idle_s > WRAP_S;
}

static bool passes(const struct stage *stage)
{
	const struct plan *plan = stage->plan;

	if (plan->kind == WITHOUT_OPTION || plan->delta >= -WINDOW)
		return true;
	if (plan->kind == DUPLICATE_ACK && -plan->delta <= stage->replay)
		return true;
	return is_expired(plan);
}

/* --- the forged segment --------------------------------------------------- */

/* Data both ways: the client's last segment is a pure ACK, whose TSval is the
 * server's ts_recent. */
static void exchange_data(struct run *run, struct stage *stage)
{
	struct segment last;
	struct mark sent;

	expect_delivery(stage->tcp.client, stage->tcp.server, BYTES);
	run_pass(run, MSEC(PAUSE));
	sent = mark_now(run);
	expect_delivery(stage->tcp.server, stage->tcp.client, BYTES);
	frames_wait(run, sent, CLIENT_ACK, 1, soon);
	last = frames_last(run, CLIENT_ACK)->frame.tcp;
	stage->ts_recent = last.tsval;
	stage->una = last.ack;
	/* tcp_tsval_replay() */
	stage->replay = forecast_inputs(stage->tcp.server).rto / MSEC(1) * 12 /
			10;
}

/* The client sends a segment that the wire drops. */
static struct frame drop_genuine(struct run *run, struct stage *stage)
{
	bool data = is_data(stage->plan);
	struct mark sent;

	stage->drop = fault_drop(
		run, FRAMES(FROM("client"),
			    KIND(data ? WIRE_DATA | WIRE_RETRANSMISSION :
					WIRE_PURE_ACK)));
	run_pass(run, MSEC(PAUSE));
	sent = mark_now(run);
	sock_send(data ? stage->tcp.client : stage->tcp.server, BYTES);
	return frames_need(run, sent,
			   FRAMES(FROM("client"),
				  KIND(data ? WIRE_DATA : WIRE_PURE_ACK)))
		->frame;
}

static struct mark inject_forged(struct run *run, const struct stage *stage,
				 struct frame frame)
{
	const struct plan *plan = stage->plan;
	uint32_t genuine = frame.tcp.tsval;

	frame.tcp.tsval = stage->ts_recent + (uint32_t)plan->delta;
	frame.tcp.has_timestamps = plan->kind != WITHOUT_OPTION;
	if (plan->kind == DUPLICATE_ACK)
		frame.tcp.ack = stage->una;
	run_note(run,
		 "ts_recent of the server: %u; TSval of the genuine segment: "
		 "%u, of the forged one: %u (%+ld)%s",
		 stage->ts_recent, genuine, frame.tcp.tsval, plan->delta,
		 frame.tcp.has_timestamps ? "" : R_(", without the option"));
	run_measured_count(run, "ts_recent", stage->ts_recent);
	if (frame.tcp.has_timestamps) {
		run_measured_count(run, "tsval", frame.tcp.tsval);
		run_measured_count(run, "older_by_ticks", -plan->delta);
	}
	return fault_inject(run, "server", &frame, NULL);
}

/* --- the server's reaction ------------------------------------------------ */

static void expect_answer(struct run *run, struct mark injected, uint32_t ack,
			  uint32_t ts_recent)
{
	const struct wire_capture *seen =
		frames_wait(run, injected, FRAMES(ANSWER), 1, soon);
	struct segment tcp = { 0 };

	if (seen)
		tcp = seen->frame.tcp;
	expect_that(run, seen && tcp.ack == ack, "the answer is an ACK",
		    "ack %u, expected %u", tcp.ack, ack);
	expect_that(run, tcp.tsecr == ts_recent,
		    "the answer's TSecr is the server's new ts_recent",
		    "%u, expected %u", tcp.tsecr, ts_recent);
}

static uint32_t unacknowledged(struct sock *server)
{
	struct diag_socket seen = { .send_queue = 0 };

	sock_look(server, &seen);
	return seen.send_queue;
}

/* Returns whether the data was read. */
static bool observe_data(struct run *run, struct stage *stage,
			 const struct frame *frame, struct mark injected)
{
	struct sock *server = stage->tcp.server;
	uint32_t ack = frame->tcp.seq + (passes(stage) ? BYTES : 0);
	/* An expired ts_recent is replaced by any TSval. */
	bool stored = is_expired(stage->plan) || stage->plan->delta > 0;
	struct finding got;

	expect_answer(run, injected, ack,
		      stage->ts_recent +
			      (stored ? (uint32_t)stage->plan->delta : 0));
	sock_post_recv(server);
	got = sock_reap(server, passes(stage) ? soon : 0);
	return got.value == BYTES && !got.open;
}

/* Returns whether the server's TCP processed the ACK. */
static bool observe_ack(struct run *run, struct stage *stage,
			const struct frame *frame, struct mark injected)
{
	bool passed = passes(stage);
	uint32_t left = stage->plan->kind == ACK && passed ? 0 : BYTES;

	if (!passed)
		expect_answer(run, injected, frame->tcp.seq, stage->ts_recent);
	run_pass(run, MSEC(PAUSE));
	expect_frames(run, injected, "answers", FRAMES(ANSWER), !passed);
	expect_number(run, "unacknowledged", unacknowledged(stage->tcp.server),
		      left, left);
	return counter_change(run, "server", "TCPPureAcks") > stage->pure_acks;
}

/* The genuine retransmission has a later TSval and passes. */
static void expect_genuine_passes(struct run *run, struct stage *stage)
{
	struct sock *server = stage->tcp.server;
	struct finding got;

	fault_disarm(run, stage->drop);
	if (stage->plan->kind == DATA) {
		got = sock_reap(server, SEC(2));
		expect_that(run, got.value == BYTES,
			    "the genuine retransmission is read", "%s",
			    finding_outcome(&got));
		return;
	}
	frames_wait(run, (struct mark){ .at = nsec_now() }, CLIENT_ACK, 1,
		    SEC(2));
	run_pass(run, MSEC(PAUSE));
	expect_that(run, unacknowledged(server) == 0,
		    "the genuine ACK acknowledges the retransmission",
		    "%u bytes unacknowledged", unacknowledged(server));
}

static void script(struct run *run)
{
	struct stage stage = { .tcp = sock_pair(run),
			       .plan = VARIANT_ROW(run, plans) };
	struct mark injected;
	struct frame frame;
	bool passed;

	if (stage.plan->idle_s && kernel_version() < KERNEL_VERSION(6, 7, 0))
		run_skip(run, "before 6.7 ts_recent expires after 24 days");
	exchange_data(run, &stage);
	run_pass(run, SEC(stage.plan->idle_s));
	frame = drop_genuine(run, &stage);
	stage.pure_acks = counter_change(run, "server", "TCPPureAcks");
	injected = inject_forged(run, &stage, frame);
	if (is_data(stage.plan))
		passed = observe_data(run, &stage, &frame, injected);
	else
		passed = observe_ack(run, &stage, &frame, injected);

	run_predicted_text(run, "segment",
			   passes(&stage) ? V_("passes") : V_("dropped"));
	run_measured_text(run, "segment",
			  passed ? V_("passes") : V_("dropped"));
	expect_that(run, passed == passes(&stage),
		    passes(&stage) ? "the segment passes" :
				     R_("the segment is dropped"),
		    "%s", passed ? R_("it passes") : R_("it is dropped"));
	expect_counter(run, "server", "PAWSEstab", !passes(&stage));
	if (!passed && !passes(&stage))
		expect_genuine_passes(run, &stage);
}

#define WRONG(note_) CLAIMS({ "B7", DOCUMENT_WRONG, note_ })
#define CONDITIONAL(note_) CLAIMS({ "B7", DOCUMENT_CONDITIONAL, note_ })

CASE(paws_boundary) = {
	.name = "paws-boundary",
	.claim = "PAWS accepts an equal TSval, and one that is a tick less; "
		 "from two ticks on it drops data",
	.judgements = CLAIMS({ "B7", DOCUMENT_RIGHT,
			       "with two ticks less, or more, the segment is "
			       "dropped: tcp_validate_incoming()" }),
	.why = "segments of one millisecond have the same TSval, and the "
	       "network may reorder neighbours: a rule that requires a greater "
	       "TSval would drop genuine data",
	.sources = "RFC 7323 5.3; net/ipv4/tcp_input.c:"
		   "tcp_validate_incoming(), tcp_disordered_ack_check(); "
		   "include/net/tcp.h:tcp_paws_check()",
	.steps =
		STEPS("100 bytes each way; the client's last ACK shows the "
		      "server's ts_recent",
		      "the wire drops a segment of the client; a copy of it is "
		      "injected with the variant's TSval",
		      "the server reads, answers and counts",
		      "where the copy is dropped, the genuine retransmission "
		      "passes"),
	.expect = "+1, 0 and -1 pass, -1 without taking ts_recent back; -2 is "
		  "dropped, counted as PAWSEstab and answered; the same for a "
		  "pure ACK, but a duplicate ACK passes if it is at most 1.2 "
		  "RTO old",
	.shows = SHOWS("segment", "older_by_ticks", "unacknowledged"),
	.world = &world_pair,
	.variants = VARIANTS(
		{ "data-plus-1",
		  "data with a TSval 1 tick greater than ts_recent: it passes, "
		  "and the TSval becomes ts_recent" },
		{ "data=equal",
		  "data with a TSval equal to ts_recent: it passes",
		  .judgements = WRONG(
			  "an equal timestamp has not grown, and passes: "
			  "tcp_paws_check()") },
		{ "data-1",
		  "data with a TSval 1 tick less than ts_recent: it passes, "
		  "and ts_recent stays",
		  .judgements = WRONG(
			  "one tick less passes, too (TCP_PAWS_WINDOW), and is "
			  "not stored although it came last: "
			  "tcp_replace_ts_recent()") },
		{ "data-2",
		  "data with a TSval 2 ticks less than ts_recent: it is "
		  "dropped, the nearest value for which this happens" },
		{ "data-1000",
		  "data with a TSval 1000 ticks less than ts_recent, as of a "
		  "segment that is 1 s late: it is dropped" },
		{ "data-without-option",
		  "data without the timestamp option: it passes, although "
		  "timestamps were negotiated",
		  .judgements = CONDITIONAL(
			  "a segment without the option is not checked, "
			  "although it was negotiated: "
			  "tcp_validate_incoming() reads saw_tstamp") },
		{ "data-after-2145s",
		  "data with a TSval 1000 ticks less than ts_recent, after "
		  "2145 s of silence: ts_recent still counts, and it is "
		  "dropped",
		  .defaults = true, .duration = SEC(WRAP_S) },
		{ "data-after-2148s",
		  "data with a TSval 1000 ticks less than ts_recent, after "
		  "2148 s of silence: ts_recent has expired (2^31 µs), and it "
		  "passes",
		  .defaults = true, .duration = SEC(WRAP_S),
		  .judgements = CONDITIONAL(
			  "after 2147 s without a segment nothing is too old: "
			  "TCP_PAWS_WRAP (24 days before 6.7)") },
		{ "ack-1",
		  "a pure ACK of new data with a TSval 1 tick less than "
		  "ts_recent: it passes",
		  .judgements = WRONG("a pure ACK with one tick less passes, "
				      "too: TCP_PAWS_WINDOW") },
		{ "ack-2", "a pure ACK of new data with a TSval 2 ticks less "
			   "than ts_recent: it is dropped" },
		{ "duplicate-ack-100",
		  "a pure ACK that acknowledges nothing new, with a TSval 100 "
		  "ticks less than ts_recent: it is less than 1.2 RTO old and "
		  "passes",
		  .judgements = WRONG(
			  "a pure ACK that changes nothing passes with a "
			  "timestamp that is up to 1.2 RTO older: "
			  "tcp_disordered_ack_check(), "
			  "tcp_tsval_replay()") },
		{ "duplicate-ack-300",
		  "a pure ACK that acknowledges nothing new, with a TSval 300 "
		  "ticks less than ts_recent: it is more than 1.2 RTO old and "
		  "is dropped" },
		{ "duplicate-ack-1000",
		  "a pure ACK that acknowledges nothing new, with a TSval 1000 "
		  "ticks less than ts_recent, far more than 1.2 RTO: it is "
		  "dropped" }),
	.changes = CHANGES({ KERNEL_VERSION(6, 7, 0), "af7721448a60",
			     "ts_recent expires after 36 minutes, no longer "
			     "after 24 days" }),
	.duration = MSEC(500),
	.script = script,
};
