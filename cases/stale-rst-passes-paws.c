/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tcp_validate_incoming() checks the timestamp first, but whatever PAWS says
 * about a RST, it goes on to the sequence number. (Since 6.14 the function
 * that was tcp_paws_discard() is tcp_disordered_ack_check() and returns a
 * reason; for a RST nothing has changed.) So a fresh RST, a stale one and one
 * without the option have the same effect.
 *
 * That effect has changed. Until 3.6 any sequence number in the window was
 * enough. Since then (RFC 5961) the connection ends only at
 *
 * - the exact sequence number, RCV.NXT;
 * - the end of the last SACK block, where something is missing (since 4.8);
 * - RCV.NXT - 1 after the peer's FIN (since 4.11): tcp_reset_check().
 *
 * Elsewhere in the window it is answered with a challenge ACK, at most one in
 * tcp_invalid_ratelimit: tcp_send_challenge_ack(). A peer that has no such
 * connection replies with a RST that has the exact sequence number; a peer
 * that does ignores the challenge. Outside the window the RST is dropped
 * silently.
 *
 * The RST is forged: a copy of a real segment of the server, whose connection
 * works and which is not involved. The control before it is data with the same
 * old timestamp, which PAWS drops.
 */
#include "case.h"

enum { BYTES = 100, STALE = -10000, FRESH = 1, PAUSE = 30 };

/* The RST's sequence number, relative to RCV.NXT and the window. */
enum place { EXACT, NEXT, LAST, BEFORE, BEYOND, SACK_END, BEFORE_FIN };

enum effect { RESETS, CHALLENGED, IGNORED };

static const struct plan {
	const char *variant;
	enum place place;
	enum effect effect;
	int delta; /* TSval minus ts_recent; 0: no timestamp */
} plans[] = {
	{ "stale-exact", EXACT, RESETS, STALE },
	{ "fresh-exact", EXACT, RESETS, FRESH },
	{ "no-timestamp-exact", EXACT, RESETS, 0 },
	{ "stale-inside", NEXT, CHALLENGED, STALE },
	{ "fresh-inside", NEXT, CHALLENGED, FRESH },
	{ "stale-end-of-window", LAST, CHALLENGED, STALE },
	{ "stale-before", BEFORE, IGNORED, STALE },
	{ "fresh-before", BEFORE, IGNORED, FRESH },
	{ "stale-beyond", BEYOND, IGNORED, STALE },
	{ "fresh-beyond", BEYOND, IGNORED, FRESH },
	{ "stale-end-of-sack", SACK_END, RESETS, STALE },
	{ "stale-before-after-fin", BEFORE_FIN, RESETS, STALE },
};

#define CLIENT_ACK FRAMES(FROM("client"), KIND(WIRE_PURE_ACK))

static const char *const effect_text[] = { R_("resets"),
					   R_("is challenged"),
					   R_("is ignored") };

struct stage {
	struct pair tcp;
	struct frame server_data; /* the last real segment, to be copied */
	/* The client's state, as its last ACK shows it. */
	uint32_t rcv_nxt, window, ts_recent;
	uint32_t granule; /* of the window on the wire */
};

static struct stage connect_and_observe(struct run *run)
{
	struct stage stage = { .tcp = sock_pair(run) };
	const struct mark start = { 0 };
	struct mark sent = mark_now(run);
	struct segment ack;

	expect_delivery(stage.tcp.server, stage.tcp.client, BYTES);
	frames_wait(run, sent, CLIENT_ACK, 1, soon);
	stage.server_data =
		frames_last(run, FRAMES(FROM("server"), KIND(WIRE_DATA)))
			->frame;
	ack = frames_last(run, CLIENT_ACK)->frame.tcp;
	stage.granule = 1u << frames_first(run, start, "client", WIRE_SYN)
				      ->frame.tcp.window_scale;
	stage.rcv_nxt = ack.ack;
	stage.window = ack.window * stage.granule;
	stage.ts_recent = ack.tsecr;
	run_pass(run, MSEC(PAUSE));
	return stage;
}

static struct mark inject_forged(struct run *run, const struct stage *stage,
				 const char *what, struct frame frame,
				 int delta)
{
	frame.tcp.has_timestamps = delta;
	frame.tcp.tsval = stage->ts_recent + (uint32_t)delta;
	if (delta)
		run_note(run,
			 "forged %s: TSval %u, ts_recent of the client %u "
			 "(%+d); sequence number RCV.NXT%+d",
			 what, frame.tcp.tsval, stage->ts_recent, delta,
			 (int32_t)(frame.tcp.seq - stage->rcv_nxt));
	return fault_inject(run, "client", &frame, NULL);
}

/* The control: the next data, with the same old timestamp. */
static void inject_stale_data(struct run *run, const struct stage *stage)
{
	struct frame data = stage->server_data;
	struct mark injected;
	struct finding got;

	data.tcp.seq = stage->rcv_nxt;
	injected = inject_forged(run, stage, "data", data, STALE);
	expect_that(run, frames_wait(run, injected, CLIENT_ACK, 1, soon),
		    "the stale data is answered", "no answer");
	sock_post_recv(stage->tcp.client);
	got = sock_reap(stage->tcp.client, 0);
	expect_that(run, got.open, "the stale data is not read", "%s",
		    finding_outcome(&got));
	expect_counter(run, "client", "PAWSEstab", 1);
}

/* The first of two segments is lost, so the second is SACKed. */
static void lose_first_of_two(struct run *run, const struct stage *stage)
{
	struct mark sent;

	sock_set(stage->tcp.server, IPPROTO_TCP, TCP_NODELAY, 1);
	fault_drop(run, FRAMES(FROM("server"), KIND(WIRE_DATA), .first = 1,
			       .count = 1));
	fault_drop(run, FRAMES(FROM("server"), KIND(WIRE_RETRANSMISSION)));
	sent = mark_now(run);
	sock_send(stage->tcp.server, BYTES);
	sock_send(stage->tcp.server, BYTES);
	frames_wait(run, sent, CLIENT_ACK, 1, soon);
	expect_that(run, frames_last(run, CLIENT_ACK)->frame.tcp.n_sacks,
		    "the second segment is SACKed", "no SACK block");
}

/* The FIN uses a sequence number, too. */
static void close_server_side(struct run *run, struct stage *stage)
{
	struct finding got;

	sock_shutdown(stage->tcp.server, SHUT_WR);
	got = sock_reap(stage->tcp.client, soon);
	expect_that(run, got.value == 0, "the client reads the server's FIN",
		    "%s", finding_outcome(&got));
	sock_wait_state(stage->tcp.client, DIAG_CLOSE_WAIT, soon);
	stage->rcv_nxt++;
}

static uint32_t sequence_number(const struct stage *stage, enum place place)
{
	switch (place) {
	case EXACT:
		break;
	case NEXT:
		return stage->rcv_nxt + 1;
	case LAST:
		return stage->rcv_nxt + stage->window - 1;
	case BEFORE:
	case BEFORE_FIN:
		return stage->rcv_nxt - 1;
	case BEYOND: /* the window on the wire is rounded */
		return stage->rcv_nxt + stage->window + stage->granule;
	case SACK_END:
		return stage->rcv_nxt + 2 * BYTES;
	}
	return stage->rcv_nxt;
}

static struct mark inject_reset(struct run *run, const struct stage *stage,
				const struct plan *plan)
{
	struct frame reset = stage->server_data;

	reset.tcp.flags = SEGMENT_RST | SEGMENT_ACK;
	reset.tcp.length = 0;
	reset.tcp.seq = sequence_number(stage, plan->place);
	run_measured_count(run, "ts_recent", stage->ts_recent);
	run_measured_count(run, "beyond_rcv_nxt",
			   (int32_t)(reset.tcp.seq - stage->rcv_nxt));
	if (plan->delta) {
		run_measured_count(
			run, "tsval",
			(uint32_t)(stage->ts_recent + (uint32_t)plan->delta));
		run_measured_count(run, "older_by_ticks", -plan->delta);
	}
	return inject_forged(run, stage, "RST", reset, plan->delta);
}

static enum effect observe_effect(struct run *run, struct sock *client)
{
	if (sock_state(client) == DIAG_CLOSE)
		return RESETS;
	return counter_change(run, "client", "TCPChallengeACK") ? CHALLENGED :
								  IGNORED;
}

static void expect_effect(struct run *run, const struct stage *stage,
			  const struct plan *plan, struct mark injected)
{
	bool resets = plan->effect == RESETS;
	bool challenged = plan->effect == CHALLENGED;
	enum effect effect;

	if (resets)
		sock_wait_state(stage->tcp.client, DIAG_CLOSE, soon);
	else
		run_pass(run, MSEC(PAUSE));
	effect = observe_effect(run, stage->tcp.client);
	run_predicted_text(run, "rst", effect_text[plan->effect]);
	run_measured_text(run, "rst", effect_text[effect]);
	expect_that(run, effect == plan->effect,
		    resets     ? "the RST resets the connection" :
		    challenged ? R_("the RST is answered with a challenge ACK") :
				 R_("the RST is ignored"),
		    "it %s", effect_text[effect]);
	expect_counter(run, "client", "EstabResets", resets);
	expect_counter(run, "client", "TCPChallengeACK", challenged);
	expect_frames(run, injected, "answers", CLIENT_ACK, challenged);
	/* Only the stale data of the control: PAWS does not count a RST. */
	expect_counter(run, "client", "PAWSEstab", 1);
}

/* Neither the client nor the server has noticed anything. */
static void expect_works(struct run *run, const struct stage *stage)
{
	struct finding got;

	sock_send(stage->tcp.server, BYTES);
	got = sock_reap(stage->tcp.client, soon);
	expect_that(run, got.value == BYTES && !got.open,
		    "the connection still works", "%s", finding_outcome(&got));
	expect_delivery(stage->tcp.client, stage->tcp.server, BYTES);
}

/* No second challenge ACK before tcp_invalid_ratelimit, and one after it. */
static void expect_rate_limit(struct run *run, const struct stage *stage,
			      const struct plan *plan)
{
	long limit =
		run_sysctl(run, "client", "net.ipv4.tcp_invalid_ratelimit");
	struct mark injected = inject_reset(run, stage, plan);

	run_pass(run, MSEC(PAUSE));
	expect_frames(run, injected, "challenge ACKs within the limit",
		      CLIENT_ACK, 0);
	expect_counter(run, "client", "TCPACKSkippedChallenge", 1);
	run_pass(run, MSEC(limit));
	injected = inject_reset(run, stage, plan);
	run_pass(run, MSEC(PAUSE));
	expect_frames(run, injected, "challenge ACKs after the limit",
		      CLIENT_ACK, 1);
	expect_counter(run, "client", "TCPChallengeACK", 2);
}

static void script(struct run *run)
{
	const struct plan *plan = VARIANT_ROW(run, plans);
	struct stage stage = connect_and_observe(run);
	struct finding got;
	struct mark injected;

	inject_stale_data(run, &stage);
	if (plan->place == SACK_END)
		lose_first_of_two(run, &stage);
	if (plan->place == BEFORE_FIN)
		close_server_side(run, &stage);
	injected = inject_reset(run, &stage, plan);
	expect_effect(run, &stage, plan, injected);
	if (plan->effect == CHALLENGED)
		expect_rate_limit(run, &stage, plan);
	if (plan->effect != RESETS) {
		expect_works(run, &stage);
	} else if (plan->place != BEFORE_FIN) {
		got = sock_reap(stage.tcp.client, soon);
		expect_that(run, got.error == ECONNRESET,
			    "the client's recv() fails with ECONNRESET", "%s",
			    finding_outcome(&got));
	}
}

#define INSIDE                                                                 \
	CLAIMS({ "C12", DOCUMENT_OUTDATED,                                     \
		 "inside the window is not enough: a challenge ACK answers "   \
		 "it (RFC 5961), tcp_send_challenge_ack()",                    \
		 "3.6" })
#define OUTSIDE                                                                \
	CLAIMS({ "C12", DOCUMENT_RIGHT,                                        \
		 "outside the window it is dropped: tcp_sequence()" })
#define EXCEPTION(note_) CLAIMS({ "C12", DOCUMENT_CONDITIONAL, note_ })

CASE(stale_rst_passes_paws) = {
	.name = "stale-rst-passes-paws",
	.claim = "the timestamp of a RST does not matter: its sequence number "
		 "decides, and only the exact one resets",
	.judgements =
		CLAIMS({ "C12", DOCUMENT_RIGHT,
			 "at the exact sequence number a RST resets, however "
			 "old: tcp_validate_incoming()" },
		       { "C20", DOCUMENT_OUTDATED,
			 "in name only: tcp_paws_discard() is now "
			 "tcp_paws_check() and tcp_disordered_ack_check(); a "
			 "RST still goes on to the check of its sequence "
			 "number",
			 "6.14" }),
	.why = "a peer that was rebooted has lost its clock, and its RST must "
	       "still be accepted; the sequence number protects against forged "
	       "ones",
	.sources = "RFC 7323 5.2; RFC 5961 3.2; net/ipv4/tcp_input.c:"
		   "tcp_validate_incoming(), tcp_reset_check(), "
		   "tcp_send_challenge_ack()",
	.steps = STEPS("a connection; the client's ACK shows its RCV.NXT, "
		       "window and ts_recent",
		       "the control: data is forged with a timestamp 10 s old",
		       "a RST is forged with a timestamp as old, or fresh, and "
		       "the exact sequence number or one inside or outside the "
		       "window",
		       "the client's kernel reacts, answers and counts; where "
		       "the connection lives, data goes both ways"),
	.expect =
		"the data is dropped (PAWSEstab). The RST resets at the exact "
		"sequence number, fresh or stale; inside the window it gets a "
		"challenge ACK, outside it is ignored",
	.shows = SHOWS("rst", "older_by_ticks", "beyond_rcv_nxt"),
	.world = &world_pair,
	.variants = VARIANTS(
		{ "stale-exact",
		  "the RST has RCV.NXT and a TSval 10000 ticks, 10 s, less "
		  "than ts_recent: it resets the connection" },
		{ "fresh-exact",
		  "the RST has RCV.NXT and a TSval 1 tick greater than "
		  "ts_recent: it resets the connection" },
		{ "no-timestamp-exact", "the RST has RCV.NXT and no timestamp: "
					"it resets the connection" },
		{ "stale-inside",
		  "the RST is 1 beyond RCV.NXT, with a TSval 10000 ticks less "
		  "than ts_recent: a challenge ACK answers it",
		  .judgements = INSIDE },
		{ "fresh-inside",
		  "the RST is 1 beyond RCV.NXT, with a TSval 1 tick greater "
		  "than ts_recent: a challenge ACK answers it",
		  .judgements = INSIDE },
		{ "stale-end-of-window",
		  "the RST has the last sequence number of the window, and a "
		  "TSval 10000 ticks less than ts_recent: a challenge ACK "
		  "answers it",
		  .judgements = INSIDE },
		{ "stale-before",
		  "the RST is 1 below RCV.NXT, with a TSval 10000 ticks less "
		  "than ts_recent: it is ignored",
		  .judgements = OUTSIDE },
		{ "fresh-before",
		  "the RST is 1 below RCV.NXT, with a TSval 1 tick greater "
		  "than ts_recent: it is ignored",
		  .judgements = OUTSIDE },
		{ "stale-beyond",
		  "the RST is just beyond the window, with a TSval 10000 ticks "
		  "less than ts_recent: it is ignored",
		  .judgements = OUTSIDE },
		{ "fresh-beyond",
		  "the RST is just beyond the window, with a TSval 1 tick "
		  "greater than ts_recent: it is ignored",
		  .judgements = OUTSIDE },
		{ "stale-end-of-sack",
		  "a segment is missing, and the RST has the end of the SACK "
		  "block after it, with a TSval 10000 ticks less than "
		  "ts_recent: it resets the connection",
		  .judgements = EXCEPTION(
			  "beyond RCV.NXT not any sequence number in the "
			  "window is enough, but only the end of the "
			  "right-most SACK block: tcp_validate_incoming()") },
		{ "stale-before-after-fin",
		  "the server has sent FIN, and the RST is 1 below RCV.NXT, "
		  "with a TSval 10000 ticks less than ts_recent: it resets the "
		  "connection",
		  .judgements = EXCEPTION(
			  "after the peer's FIN also outside the window, at "
			  "RCV.NXT - 1: tcp_reset_check()") }),
	.duration = MSEC(700),
	.script = script,
};
