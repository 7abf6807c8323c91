/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A segment of an old connection arrives in a new one with the same
 * four-tuple. The document assumes that its sequence number lies in the new
 * window. But both ends take their initial sequence numbers from a clock that
 * advances between the two connections, one every 64 ns (secure_tcp_seq(),
 * seq_scale()), so by 15.6 MB a second. An old sequence number lies BEHIND the
 * new window, and tcp_sequence() drops the segment, unless
 *
 * - the old connection sent faster than the clock advances (125 Mbit/s,
 *   counted from its SYN): its last sequence numbers are above the new initial
 *   one, and the new connection reaches them with its own data;
 * - or the clock has wrapped, which takes 274.9 s. TIME-WAIT, over after 60 s,
 *   cannot prevent that, but no path should hold a segment for so long.
 *
 * The same applies to the other direction, because the segment has an
 * acknowledgement number, too: tcp_ack() rejects one that the new connection
 * has not sent yet, or that is more than a window old (RFC 5961 5.2). Here
 * both ends really send until both numbers fit; only the variants named so
 * forge anything.
 *
 * With timestamps none of this matters: the old TSval is older than the last
 * one, and tcp_validate_incoming() checks PAWS before any sequence number.
 *
 * TIME-WAIT prevents the end that closed first, here the server as in the
 * document, from opening the same four-tuple again: EADDRNOTAVAIL,
 * __inet_check_established(). With timestamps it does not: a connect() from a
 * bound port replaces the TIME-WAIT socket at any time and with any
 * tcp_tw_reuse, because tcp_twsk_unique() checks both only where the kernel
 * chooses the port; then PAWS must keep the old segment out. The other end:
 * time-wait-other-end.
 */
#include "old-tuple.h"

enum { REQUEST = 100, ANSWER = 300, EARLY_MS = 1000 };

/* How far the initial sequence number of a socket that replaces one in
 * TIME-WAIT is above what that one sent: tcp_twsk_unique(). */
enum { BEYOND_TIME_WAIT = 65535 + 2 };

/* A variant's value. */
enum { AS_TOLD, FAST, CLOCK_WRAPS, FORGED };

/* The outcome of the server's connect(). */
enum outcome {
	OPENS, /* no TIME-WAIT */
	REJECTED, /* by the TIME-WAIT */
	REPLACES, /* the TIME-WAIT: timestamps distinguish old from new */
};

static const nsec_t tick = 64; /* of the clock behind initial numbers */

/* Of one length, so that one can replace the other. */
static const char old_text[] = V_("written in the old connection");
static const char new_text[] = V_("written in the new connection");

struct stage {
	struct run *run;
	bool stamps, time_wait; /* timestamps and TIME-WAIT are enabled */
	enum outcome outcome;
	struct pair old;
	struct mark began; /* before the old connection */
	struct wire_rule *held;
	struct wire_capture late; /* the old segment */
	struct new_tuple new;
	struct sock *client; /* the new connection's end */
	uint32_t client_isn, server_isn;
};

static bool is(const struct stage *s, long value)
{
	return run_value(s->run) == value;
}

static enum outcome forecast_outcome(const struct stage *s)
{
	/* TIME-WAIT is long over when the clock has wrapped. */
	if (!s->time_wait || is(s, CLOCK_WRAPS))
		return OPENS;
	return s->stamps ? REPLACES : REJECTED;
}

static bool expect_text(struct stage *s, struct finding got, const char *text)
{
	return expect_that(s->run, !got.open && strcmp(got.data, text) == 0,
			   "the client reads the right text",
			   "\"%s\" instead of \"%s\"",
			   got.open ? "(nothing)" : got.data, text);
}

/* --- the old connection ----------------------------------------------- */

/* The wire holds the server's last segment; its retransmission passes. */
static bool hold_last_segment(struct stage *s)
{
	const struct wire_match *data =
		FRAMES(FROM("server"), KIND(WIRE_DATA), .count = 1);
	struct mark sent = mark_now(s->run);

	s->held = fault_hold(s->run, data);
	sock_send_text(s->old.server, old_text);
	expect_text(s, sock_recv(s->old.client, SEC(10)), old_text);
	if (!expect_frames_between(
		    s->run, sent, "retransmissions",
		    FRAMES(FROM("server"), KIND(WIRE_RETRANSMISSION)), 1,
		    UINT32_MAX))
		return false;
	s->late = *frames_nth(s->run, sent, data, 1);
	return true;
}

static void expect_old_state(struct stage *s, struct sock *sock,
			     enum diag_state state)
{
	expect_that(s->run, sock_wait_state(sock, state, soon),
		    state == DIAG_TIME_WAIT ? "the old socket is in TIME-WAIT" :
					      R_("the old socket is gone"),
		    "%s", diag_state_text(sock_state(sock)));
}

/* The server closes first, by shutdown(): where no TIME-WAIT is allowed, an
 * orphan would not even enter FIN-WAIT-2. */
static void close_old(struct stage *s)
{
	struct finding got;

	sock_shutdown(s->old.server, SHUT_WR);
	got = sock_recv(s->old.client, soon);
	expect_that(s->run, !got.open && !got.value,
		    "the client reads the server's FIN", "%s",
		    finding_outcome(&got));
	sock_close(s->old.client);
	expect_old_state(s, s->old.server,
			 s->time_wait ? DIAG_TIME_WAIT : DIAG_CLOSE);
	expect_old_state(s, s->old.client, DIAG_CLOSE);
	expect_counter(s->run, "server", "TCPTimeWaitOverflow", !s->time_wait);
	sock_close(s->old.server);
	sock_close(s->old.listener);
}

/* --- the new connection ----------------------------------------------- */

/* How far the old segment's numbers are above the new connection's first. */
static int32_t seq_ahead(const struct stage *s)
{
	return (int32_t)(s->late.frame.tcp.seq - s->server_isn - 1);
}

static int32_t ack_ahead(const struct stage *s)
{
	return (int32_t)(s->late.frame.tcp.ack - s->client_isn - 1);
}

/*
 * The old sequence number is as far ahead as the bytes that preceded it in the
 * old connection, less what the clock has counted between the two initial
 * numbers: at least the time between the two frames, at most the time around
 * them.
 */
static void expect_clock(struct stage *s, nsec_t syn_at)
{
	const struct mark start = { 0 };
	nsec_t old_at = frames_first(s->run, start, "server", WIRE_SYN_ACK)->at;
	int64_t before = s->late.frame.tcp.seq - s->late.base.sender - 1;

	if (is(s, CLOCK_WRAPS))
		before += INT64_C(1) << 32;
	expect_number(s->run, "old_number_ahead", seq_ahead(s),
		      before - (syn_at - s->began.at) / tick,
		      before - (s->new.asked.at - old_at) / tick);
}

static void accept_new(struct stage *s)
{
	const struct wire_capture *syn =
		frames_first(s->run, s->new.asked, "server", WIRE_SYN);
	/* After the old text and the FIN. */
	uint32_t end = s->late.frame.tcp.seq + strlen(old_text) + 1;
	nsec_t syn_at = syn->at;

	s->server_isn = syn->frame.tcp.seq;
	s->client_isn =
		frames_first(s->run, s->new.asked, "client", WIRE_SYN_ACK)
			->frame.tcp.seq;
	if (s->outcome != REPLACES)
		expect_clock(s, syn_at);
	s->client = sock_accept(s->new.listener);
	if (s->outcome == REPLACES) {
		expect_number(s->run, "isn_beyond_time_wait",
			      s->server_isn - end, BEYOND_TIME_WAIT,
			      BEYOND_TIME_WAIT);
		expect_counter(s->run, "server", "TWRecycled", 1);
	}
}

/* Both ends send until the old numbers are the next ones. */
static bool reach_old_numbers(struct stage *s)
{
	if (!expect_that(s->run, seq_ahead(s) > 0 && ack_ahead(s) > 0,
			 "the old numbers are above the new connection's",
			 "sequence number %d above, acknowledgement number %d",
			 seq_ahead(s), ack_ahead(s)))
		return false;
	old_tuple_transfer(s->client, s->new.server, (uint64_t)ack_ahead(s));
	old_tuple_transfer(s->new.server, s->client, (uint64_t)seq_ahead(s));
	return true;
}

/* --- the old segment arrives ------------------------------------------ */

static bool expect_first_text(struct stage *s, struct finding got,
			      const char *text)
{
	run_predicted_text(s->run, "reads", text);
	run_measured_text(s->run, "reads", got.open ? "nothing" : got.data);
	return expect_text(s, got, text);
}

/* The application reads the old text; the genuine text, which has the same
 * sequence number, is dropped as a duplicate. */
static void expect_accepted(struct stage *s, int64_t duplicates)
{
	if (!expect_first_text(s, sock_recv(s->client, soon), old_text))
		return;
	sock_send_text(s->new.server, new_text);
	sock_send_text(s->new.server, "the end");
	expect_text(s, sock_recv(s->client, soon), "the end");
	expect_number(s->run, "genuine_thrown_away",
		      counter_change(s->run, "client", "TCPDSACKOldSent") -
			      duplicates,
		      1, 1);
}

/* Dropped for this reason, and answered with an ACK. */
static void expect_dropped(struct stage *s, struct mark arrived,
			   const char *counter, int64_t before)
{
	expect_frame(s->run, arrived, "the client's answer",
		     FRAMES(FROM("client"), KIND(WIRE_PURE_ACK)), 1, at_once);
	expect_number(s->run, counter,
		      counter_change(s->run, "client", counter) - before, 1, 1);
}

static void expect_not_read(struct stage *s)
{
	struct finding got;

	sock_post_recv(s->client);
	got = sock_reap(s->client, 0);
	expect_that(s->run, got.open, "the client's recv() blocks", "%s",
		    finding_outcome(&got));
	sock_send_text(s->new.server, new_text);
	expect_first_text(s, sock_reap(s->client, soon), new_text);
}

static void release_old_segment(struct stage *s)
{
	bool fits = s->outcome == OPENS && (is(s, FAST) || is(s, CLOCK_WRAPS));
	const char *reason = s->stamps ? "PAWSEstab" : "DelayedACKLost";
	int64_t dropped, duplicates;
	struct mark arrived;

	if (fits && !reach_old_numbers(s))
		return;
	dropped = counter_change(s->run, "client", reason);
	duplicates = counter_change(s->run, "client", "TCPDSACKOldSent");
	arrived = mark_now(s->run);
	fault_release(s->run, s->held);
	if (fits && !s->stamps) {
		expect_accepted(s, duplicates);
		return;
	}
	expect_dropped(s, arrived, reason, dropped);
	expect_not_read(s);
}

/* The old segment with the next sequence number of the new connection: first
 * with the old acknowledgement number, then with one that fits, too. */
static void inject_forged_segments(struct stage *s)
{
	struct frame frame = s->late.frame;
	struct mark arrived;

	frame.tcp.seq = s->server_isn + 1;
	arrived = fault_inject(s->run, "client", &frame, old_text);
	expect_dropped(s, arrived, s->stamps ? "PAWSEstab" : "TCPChallengeACK",
		       0);
	frame.tcp.ack = s->client_isn + 1;
	arrived = fault_inject(s->run, "client", &frame, old_text);
	if (!s->stamps) {
		expect_accepted(s, 0);
		return;
	}
	expect_dropped(s, arrived, "PAWSEstab", 1);
	expect_not_read(s);
}

/* The client has no socket for the old segment, so its kernel sends a RST. */
static void expect_rejected(struct stage *s)
{
	struct mark arrived = mark_now(s->run);

	expect_error(&s->new.got, EADDRNOTAVAIL);
	fault_release(s->run, s->held);
	expect_frame(s->run, arrived, "RST of the client's kernel",
		     FRAMES(FROM("client"), KIND(WIRE_RST)), 1, at_once);
	expect_old_state(s, s->old.server, DIAG_TIME_WAIT);
}

static void script(struct run *run)
{
	struct stage s = {
		.run = run,
		.stamps = run_sysctl(run, "client", "net.ipv4.tcp_timestamps"),
		.time_wait = run_sysctl(run, "server",
					"net.ipv4.tcp_max_tw_buckets"),
	};
	bool fast = is(&s, FAST);

	s.outcome = forecast_outcome(&s);
	s.began = mark_now(run);
	s.old = sock_pair(run);
	old_tuple_transfer(s.old.client, s.old.server,
			   fast ? old_tuple_bulk() : REQUEST);
	old_tuple_transfer(s.old.server, s.old.client,
			   fast ? old_tuple_bulk() : ANSWER);
	if (!hold_last_segment(&s))
		return;
	close_old(&s);
	if (is(&s, CLOCK_WRAPS))
		run_pass_until(run, s.began, (tick << 32) - MSEC(EARLY_MS));
	if (fast && s.outcome == OPENS)
		isn_skip_slow_machine(run, s.began, old_tuple_bulk());

	s.new = old_tuple_connect(run, &s.old);
	if (s.outcome == REJECTED) {
		expect_rejected(&s);
		return;
	}
	if (!expect_that(run, !s.new.got.open && !s.new.got.error,
			 "the server's connect() succeeds", "%s",
			 finding_outcome(&s.new.got)))
		return;
	accept_new(&s);
	if (is(&s, FORGED))
		inject_forged_segments(&s);
	else
		release_old_segment(&s);
}

#define SETTINGS(timestamps_, name_, value_)                                   \
	.settings = SYSCTLS({ NULL, "net.ipv4.tcp_timestamps", timestamps_ },  \
			    { NULL, "net.ipv4." name_, value_ })
#define SETTINGS_NO_TIME_WAIT(timestamps_)                                     \
	SETTINGS(timestamps_, "tcp_max_tw_buckets", 0)
#define SETTINGS_NO_REUSE(timestamps_) SETTINGS(timestamps_, "tcp_tw_reuse", 0)

static const struct judgement of_paws[] = {
	{ "C6", DOCUMENT_CONDITIONAL,
	  "only without timestamps, which are on by default: PAWS drops the "
	  "old segment, with a TIME-WAIT or without, tcp_validate_incoming()" },
	{ .claim = NULL },
};

CASE(time_wait_stale_data) = {
	.name = "time-wait-stale-data",
	.claim =
		"a delayed segment of the old connection enters the new one "
		"with the same four-tuple where only its sequence number could "
		"keep it out",
	.judgements = CLAIMS(
		{ "C6", DOCUMENT_CONDITIONAL,
		  "rarely: an initial sequence number grows by 15.6 MB a "
		  "second (secure_tcp_seq()), so that the new connection "
		  "starts above the old numbers, and the delayed segment is "
		  "below its window; it is accepted only if the old connection "
		  "was faster than that in both directions, or 275 s later, "
		  "when this clock has wrapped" }),
	.why = "without timestamps only sequence number, acknowledgement "
	       "number and checksum distinguish an old segment from a new one; "
	       "the clock behind initial sequence numbers keeps them apart, "
	       "and TIME-WAIT keeps one end from opening the four-tuple again",
	.sources = "RFC 9293 3.4.1, 3.6.1; RFC 6528; RFC 7323 5.8; "
		   "net/core/secure_seq.c:secure_tcp_seq(); "
		   "net/ipv4/tcp_input.c:tcp_sequence(), tcp_ack(); "
		   "net/ipv4/tcp_ipv4.c:tcp_twsk_unique()",
	.steps = STEPS(
		"a connection; the server's last segment is held, its "
		"retransmission passes",
		"both ends close, the server first, with a TIME-WAIT or "
		"without (tcp_max_tw_buckets 0)",
		"the server opens the same four-tuple again",
		"where the old numbers are ahead (the old connection was fast, "
		"or the clock has wrapped), both ends send until they fit",
		"the old segment is released (or sent again with forged "
		"numbers), then the genuine one; the client reads"),
	.expect = "as in the document: the segment is behind the window, is "
		  "answered with an ACK and is not read. If the old connection "
		  "was faster than the clock, or the clock has wrapped, it is "
		  "read in place of the genuine segment. With timestamps it is "
		  "dropped: PAWSEstab. With a TIME-WAIT and without timestamps "
		  "connect() fails with EADDRNOTAVAIL",
	.world = &world_pair_bulk,
	.variants = VARIANTS(
		{ "as-told",
		  "the old connection was slow, and there are no timestamps "
		  "and no TIME-WAIT, as in the document: the old segment is "
		  "behind the new window and is not read",
		  SETTINGS_NO_TIME_WAIT(0) },
		{ "as-told-timestamps",
		  "as in as-told, but with timestamps: PAWS drops the old "
		  "segment",
		  .judgements = of_paws, SETTINGS_NO_TIME_WAIT(1) },
		{ "fast",
		  "the old connection was faster than the clock both ways, and "
		  "there are no timestamps and no TIME-WAIT: the old segment "
		  "is read in place of the genuine one",
		  .value = FAST, SETTINGS_NO_TIME_WAIT(0) },
		{ "fast-timestamps",
		  "as in fast, but with timestamps: PAWS drops the old segment",
		  .value = FAST, .judgements = of_paws,
		  SETTINGS_NO_TIME_WAIT(1) },
		{ "fast-time-wait",
		  "as in fast, but with a TIME-WAIT at the server: its "
		  "connect() fails with EADDRNOTAVAIL, and the old segment is "
		  "answered with RST",
		  .value = FAST, SETTINGS_NO_REUSE(0),
		  .judgements = CLAIMS(
			  { "C6", DOCUMENT_RIGHT,
			    "the end that closed first cannot open the same "
			    "four-tuple: EADDRNOTAVAIL, "
			    "__inet_check_established()" }) },
		{ "fast-time-wait-timestamps",
		  "as in fast, but with a TIME-WAIT and timestamps: the new "
		  "connection replaces the TIME-WAIT, and PAWS drops the old "
		  "segment",
		  .value = FAST, SETTINGS_NO_REUSE(1),
		  .judgements = CLAIMS(
			  { "C6", DOCUMENT_CONDITIONAL,
			    "TIME-WAIT keeps a bound port from being used "
			    "again only without timestamps, "
			    "tcp_twsk_unique(); with them, PAWS keeps the old "
			    "segment out" }) },
		{ "forged",
		  "the old connection was slow, and the old segment is forged "
		  "to fit, without timestamps: with its old acknowledgement "
		  "number it is dropped, with a new one it is read",
		  .value = FORGED, SETTINGS_NO_TIME_WAIT(0) },
		{ "forged-timestamps",
		  "as in forged, but with timestamps: PAWS drops both forged "
		  "segments",
		  .value = FORGED, .judgements = of_paws,
		  SETTINGS_NO_TIME_WAIT(1) },
		{ "clock-wraps",
		  "the new connection begins after one period of the clock, "
		  "274.9 s, without timestamps: the old numbers are ahead "
		  "again, and the old segment is read in place of the genuine "
		  "one",
		  .value = CLOCK_WRAPS, .slow = true, .duration = SEC(275),
		  .settings = SYSCTLS({ NULL, "net.ipv4.tcp_timestamps",
					0 }) }),
	.duration = SEC(1),
	.script = script,
};
