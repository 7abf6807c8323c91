/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What does a RST with an old timestamp do? tcp_validate_incoming() looks at
 * the timestamp first, and for a RST that is all it does: whatever PAWS says,
 * it goes on to the number. (Since 6.14 the function that was
 * tcp_paws_discard() is tcp_disordered_ack_check(), and says why; for a RST
 * nothing has changed.) So a fresh and a stale RST have the same fate, and so
 * has one without the option.
 *
 * That fate is not what it was. Until 3.6 any number in the window would do.
 * Since then (RFC 5961) the connection ends only at
 *
 * - the exact number, RCV.NXT;
 * - the end of the last SACK block, where something is missing (since 4.8);
 * - RCV.NXT - 1 after the peer's FIN (since 4.11): tcp_reset_check().
 *
 * Elsewhere in the window it is answered with a challenge ACK, one in
 * tcp_invalid_ratelimit: tcp_send_challenge_ack(). A peer that means it answers
 * with a RST that has the exact number; one that is well does nothing. Outside
 * of the window it is dropped in silence.
 *
 * The RST is forged: a copy of a real segment of the server, who is well and
 * knows of nothing. The control before it is data with the same old timestamp:
 * PAWS drops that.
 */
#include "case.h"

enum { BYTES = 100, STALE = -10000, FRESH = 1, PAUSE = 30 };

/* Where its number is, seen from RCV.NXT. */
enum place { EXACT, NEXT, LAST, BEFORE, BEYOND, SACK_END, BEFORE_FIN };

enum fate { RESETS, CHALLENGED, IGNORED };

static const struct plan {
	const char *variant;
	enum place place;
	enum fate fate;
	int delta; /* of the timestamp, to ts_recent; 0: without */
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

#define ANSWER FROM("client"), KIND(WIRE_PURE_ACK)

static const char *const fate_text[] = { "resets", "is challenged",
					 "is ignored" };

/* What the client's kernel knows. */
struct view {
	struct pair tcp;
	struct frame frame; /* the server's last, to copy */
	uint32_t rcv_nxt, window, granule, ts_recent;
};

static const struct plan *plan_of(struct run *run)
{
	for (size_t i = 0; i < ARRAY_SIZE(plans); i++)
		if (run_is_variant(run, plans[i].variant))
			return &plans[i];
	run_broken_because(run, "no plan for this variant");
}

/* --- the stage ------------------------------------------------------------ */

static const struct wire_capture *last_of(struct run *run, const char *host,
					  unsigned int kinds)
{
	const struct wire_match *match = FRAMES(FROM(host), KIND(kinds));
	struct mark start = { 0 };
	const struct wire_capture *last =
		frames_nth(run, start, match, frames_count(run, start, match));

	if (!last)
		run_broken_because(run, "the stage is not set: no segment");
	return last;
}

static void reads(struct sock *sock)
{
	struct finding got = sock_recv(sock, soon);

	expect_that(sock_run(sock), got.value == BYTES, "data is read", "%s",
		    finding_outcome(&got));
}

/* The client's ACK of real data tells all three: number, window, ts_recent. */
static struct view look(struct run *run)
{
	struct view view = { .tcp = sock_pair(run) };
	struct mark sent = mark_now(run);
	struct segment ack;

	sock_send(view.tcp.server, BYTES);
	reads(view.tcp.client);
	frames_wait(run, sent, FRAMES(ANSWER), 1, soon);
	view.frame = last_of(run, "server", WIRE_DATA)->frame;
	ack = last_of(run, "client", WIRE_PURE_ACK)->frame.tcp;
	view.granule =
		1u << last_of(run, "client", WIRE_SYN)->frame.tcp.window_scale;
	view.rcv_nxt = ack.ack;
	view.window = ack.window * view.granule;
	view.ts_recent = ack.tsecr;
	run_pass(run, MSEC(PAUSE));
	return view;
}

static struct mark forge(struct run *run, const struct view *view,
			 const char *what, struct frame frame, int delta)
{
	struct mark forged;

	frame.tcp.has_timestamps = delta;
	frame.tcp.tsval = view->ts_recent + (uint32_t)delta;
	if (delta)
		run_note(run,
			 "forged %s: TSval %u, ts_recent of the client %u "
			 "(%+d); its number is RCV.NXT%+d",
			 what, frame.tcp.tsval, view->ts_recent, delta,
			 (int32_t)(frame.tcp.seq - view->rcv_nxt));
	forged = mark_now(run);
	fault_inject(run, "client", &frame, NULL);
	return forged;
}

/* Data as old as that, where the next byte belongs. */
static void stale_data(struct run *run, const struct view *view)
{
	struct frame data = view->frame;
	struct mark forged;
	struct finding got;

	data.tcp.seq = view->rcv_nxt;
	forged = forge(run, view, "data", data, STALE);
	expect_that(run, frames_wait(run, forged, FRAMES(ANSWER), 1, soon),
		    "stale data is answered", "it is not");
	sock_post_recv(view->tcp.client);
	got = sock_reap(view->tcp.client, 0);
	expect_that(run, got.open, "and not read", "%s", finding_outcome(&got));
	expect_counter(run, "client", "PAWSEstab", 1);
}

/* The first of two segments is lost, the second is SACKed. */
static void lose_one(struct run *run, const struct view *view)
{
	struct mark sent;

	sock_set(view->tcp.server, IPPROTO_TCP, TCP_NODELAY, 1);
	fault_drop(run, FRAMES(FROM("server"), KIND(WIRE_DATA), .first = 1,
			       .count = 1));
	fault_drop(run, FRAMES(FROM("server"), KIND(WIRE_RETRANSMISSION)));
	sent = mark_now(run);
	sock_send(view->tcp.server, BYTES);
	sock_send(view->tcp.server, BYTES);
	frames_wait(run, sent, FRAMES(ANSWER), 1, soon);
	expect_that(run,
		    last_of(run, "client", WIRE_PURE_ACK)->frame.tcp.n_sacks,
		    "the second is SACKed", "it is not");
}

/* The FIN takes a number, too. */
static void close_half(struct run *run, struct view *view)
{
	sock_shutdown(view->tcp.server, SHUT_WR);
	expect_that(run, sock_reap(view->tcp.client, soon).value == 0,
		    "the server's FIN is read", "it is not");
	sock_wait_state(view->tcp.client, DIAG_CLOSE_WAIT, soon);
	view->rcv_nxt++;
}

static uint32_t number_at(const struct view *view, enum place place)
{
	switch (place) {
	case EXACT:
		break;
	case NEXT:
		return view->rcv_nxt + 1;
	case LAST:
		return view->rcv_nxt + view->window - 1;
	case BEFORE:
	case BEFORE_FIN:
		return view->rcv_nxt - 1;
	case BEYOND: /* the window on the wire is rounded */
		return view->rcv_nxt + view->window + view->granule;
	case SACK_END:
		return view->rcv_nxt + 2 * BYTES;
	}
	return view->rcv_nxt;
}

static struct mark forge_reset(struct run *run, const struct view *view,
			       const struct plan *plan)
{
	struct frame reset = view->frame;

	reset.tcp.flags = SEGMENT_RST | SEGMENT_ACK;
	reset.tcp.length = 0;
	reset.tcp.seq = number_at(view, plan->place);
	run_measured_count(run, "ts_recent", view->ts_recent);
	if (plan->delta)
		run_measured_count(
			run, "tsval",
			(uint32_t)(view->ts_recent + (uint32_t)plan->delta));
	return forge(run, view, "RST", reset, plan->delta);
}

/* --- what came of it ------------------------------------------------------ */

static enum fate fate_of(struct run *run, struct sock *client)
{
	if (sock_state(client) == DIAG_CLOSE)
		return RESETS;
	return counter_change(run, "client", "TCPChallengeACK") ? CHALLENGED :
								  IGNORED;
}

static void expect_fate(struct run *run, const struct view *view,
			const struct plan *plan, struct mark forged)
{
	struct sock *client = view->tcp.client;
	enum fate fate;

	if (plan->fate == RESETS)
		sock_wait_state(client, DIAG_CLOSE, soon);
	else
		run_pass(run, MSEC(PAUSE));
	fate = fate_of(run, client);
	run_predicted_text(run, "rst", fate_text[plan->fate]);
	run_measured_text(run, "rst", fate_text[fate]);
	expect_that(run, fate == plan->fate, "the RST's fate",
		    "%s; predicted "
		    "that it %s",
		    fate_text[fate], fate_text[plan->fate]);
	expect_counter(run, "client", "EstabResets", plan->fate == RESETS);
	expect_counter(run, "client", "TCPChallengeACK",
		       plan->fate == CHALLENGED);
	expect_frames(run, forged, "answers", FRAMES(ANSWER),
		      plan->fate == CHALLENGED);
	/* PAWS has not counted it, however old. */
	expect_counter(run, "client", "PAWSEstab", 1);
}

static void is_reset(struct run *run, const struct view *view)
{
	struct finding got = sock_reap(view->tcp.client, soon);

	expect_that(run, got.error == ECONNRESET, "the client is told", "%s",
		    finding_outcome(&got));
}

/* Neither the client nor the server has noticed anything. */
static void lives_on(struct run *run, const struct view *view)
{
	struct finding got;

	sock_send(view->tcp.server, BYTES);
	got = sock_reap(view->tcp.client, soon);
	expect_that(run, got.value == BYTES && !got.open,
		    "the connection lives on", "%s", finding_outcome(&got));
	sock_send(view->tcp.client, BYTES);
	reads(view->tcp.server);
}

/* One challenge in so many ms, and another one after that. */
static void challenged_again(struct run *run, const struct view *view,
			     const struct plan *plan)
{
	long limit =
		run_sysctl(run, "client", "net.ipv4.tcp_invalid_ratelimit");
	struct mark again = forge_reset(run, view, plan);

	run_pass(run, MSEC(PAUSE));
	expect_frames(run, again, "challenges so soon", FRAMES(ANSWER), 0);
	expect_counter(run, "client", "TCPACKSkippedChallenge", 1);
	run_pass(run, MSEC(limit));
	again = forge_reset(run, view, plan);
	run_pass(run, MSEC(PAUSE));
	expect_frames(run, again, "challenges later", FRAMES(ANSWER), 1);
	expect_counter(run, "client", "TCPChallengeACK", 2);
}

static void script(struct run *run)
{
	const struct plan *plan = plan_of(run);
	struct view view = look(run);
	struct mark forged;

	stale_data(run, &view);
	if (plan->place == SACK_END)
		lose_one(run, &view);
	if (plan->place == BEFORE_FIN)
		close_half(run, &view);
	forged = forge_reset(run, &view, plan);
	expect_fate(run, &view, plan, forged);
	if (plan->fate == CHALLENGED)
		challenged_again(run, &view, plan);
	if (plan->fate != RESETS)
		lives_on(run, &view);
	else if (plan->place != BEFORE_FIN)
		is_reset(run, &view);
}

#define C20_TODAY                                                              \
	{                                                                      \
		"C20", DOCUMENT_OUTDATED,                                      \
			"in name only: tcp_paws_discard() is "                 \
			"tcp_paws_check() "                                    \
			"and tcp_disordered_ack_check() now; that a RST goes " \
			"on to the check of its number is as it was",          \
			"6.14"                                                 \
	}
#define INSIDE                                                                 \
	CLAIMS({ "C12", DOCUMENT_OUTDATED,                                     \
		 "inside the window is not enough: a challenge ACK answers "   \
		 "it (RFC 5961), tcp_send_challenge_ack()",                    \
		 "3.6" })
#define OUTSIDE                                                                \
	CLAIMS({ "C12", DOCUMENT_RIGHT,                                        \
		 "outside of the window it is dropped: tcp_sequence()" })
#define EXCEPTION(note_) CLAIMS({ "C12", DOCUMENT_CONDITIONAL, note_ })

CASE(stale_rst_passes_paws) = {
	.name = "stale-rst-passes-paws",
	.claim = "a RST's timestamp is not looked at: its number decides, and "
		 "only the exact one resets",
	.judgements = CLAIMS({ "C12", DOCUMENT_RIGHT,
			       "at the exact number a RST resets, however old: "
			       "tcp_validate_incoming()" },
			     C20_TODAY),
	.why = "a peer that was rebooted has lost its clock, and its RST must "
	       "still count; against forged ones the number is the guard",
	.sources = "RFC 7323 5.2; RFC 5961 3.2; net/ipv4/tcp_input.c:"
		   "tcp_validate_incoming(), tcp_reset_check(), "
		   "tcp_send_challenge_ack()",
	.steps = STEPS("a connection; the client's RCV.NXT, window and "
		       "ts_recent are known",
		       "the control: forged data, 10 s too old",
		       "a forged RST, as old or fresh, at a number that is "
		       "exact, inside or outside of the window",
		       "what the client's kernel does, answers and counts; and "
		       "whether the connection lives on"),
	.expect =
		"the data is dropped (PAWSEstab); the RST resets at the exact "
		"number, fresh or stale; inside a challenge ACK, outside "
		"nothing",
	.world = &world_pair,
	.variants = VARIANTS(
		{ "stale-exact" }, { "fresh-exact" }, { "no-timestamp-exact" },
		{ "stale-inside", .judgements = INSIDE },
		{ "fresh-inside", .judgements = INSIDE },
		{ "stale-end-of-window", .judgements = INSIDE },
		{ "stale-before", .judgements = OUTSIDE },
		{ "fresh-before", .judgements = OUTSIDE },
		{ "stale-beyond", .judgements = OUTSIDE },
		{ "fresh-beyond", .judgements = OUTSIDE },
		{ "stale-end-of-sack",
		  .judgements = EXCEPTION(
			  "beyond RCV.NXT not all of the window will do, but "
			  "only the end of the right-most SACK block: "
			  "tcp_validate_incoming()") },
		{ "stale-before-after-fin",
		  .judgements = EXCEPTION(
			  "after the peer's FIN also outside of the window, "
			  "at RCV.NXT - 1: tcp_reset_check()") }),
	.duration = MSEC(700),
	.script = script,
};
