/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A segment of an old connection arrives in a new one of the same four-tuple.
 * The text lets the number of the old segment be in the new window; but a
 * number is not there by itself. Both ends take their first number from a clock
 * that goes on between the two connections, one every 64 ns (secure_tcp_seq(),
 * seq_scale()): 15.6 MB further for each second. So an old number lies BEHIND
 * the new window, and tcp_sequence() throws the segment away, unless
 *
 * - the old connection sent faster than that clock runs (125 Mbit/s, from its
 *   SYN on): its last numbers are ahead of the new first one, and the new
 *   connection comes by them with its own data;
 * - or the clock has gone round, which takes 274.9 s. TIME_WAIT is over after
 *   60 s, and no help then; but no path should hold a segment for so long.
 *
 * And that holds for both directions, since the segment acknowledges something,
 * too: tcp_ack() refuses a number that the new connection has not sent yet, or
 * that is further back than a window (RFC 5961 5.2). Here both ends really send
 * until both numbers fit; nothing is forged but in the variants that say so.
 *
 * With timestamps none of it matters: the old TSval is older than the last one,
 * and PAWS is asked before any number (tcp_validate_incoming()).
 *
 * TIME_WAIT keeps the end that closed first, here the server as in the text,
 * from opening the same four-tuple again: EADDRNOTAVAIL,
 * __inet_check_established(). With timestamps it does not: a connect() from a
 * bound port takes the place of the TIME_WAIT socket, whatever tcp_tw_reuse
 * says and after any time, since tcp_twsk_unique() asks them only where the
 * kernel chooses the port; and PAWS has to do the rest. What the other end may
 * do: time-wait-other-end.
 */
#include "case.h"

/* BULK in either direction is what the clock counts in 4.3 s: as long may the
 * old connection and what follows it take. */
enum { BULK = 64 << 20, REQUEST = 100, FIRST = 300, EARLY_MS = 1000 };
/* More at once is only counted by the wire. */
enum { RECORDED = 1000 };
/* By how much the first number of a socket that takes the place of one in
 * TIME_WAIT is beyond what that one sent: tcp_twsk_unique() */
enum { BEYOND_TIME_WAIT = 65535 + 2 };

/* A variant's value. */
enum { AS_TOLD, OUTRUNS, CLOCK_WRAPS, FORGED };

/* What becomes of the server's connect(). */
enum way {
	OPENS, /* there is no TIME_WAIT, or no more */
	MAY_NOT, /* there is */
	RECYCLES, /* there is, and timestamps tell old from new */
};

static const nsec_t tick = 64; /* of the clock behind initial numbers */
static const nsec_t patience = SEC(10);

/* Of one length, so that one can stand in the other's place. */
static const char old_words[] = "written in the old connection";
static const char new_words[] = "written in the new connection";
enum { WORDS = sizeof(old_words) - 1 };

struct story {
	struct run *run;
	struct pair old;
	struct mark begin; /* before the old numbers were made */
	struct wire_rule *rule;
	struct wire_capture late; /* the old segment */
	/* The new connection, which the server opens. */
	struct sock *listener, *client, *server;
	struct mark dialled;
	enum way way;
	uint32_t client_isn, server_isn;
};

static bool is(const struct story *s, long value)
{
	return run_value(s->run) == value;
}

static bool has_timestamps(const struct story *s)
{
	return run_sysctl(s->run, "client", "net.ipv4.tcp_timestamps");
}

static bool has_time_wait(const struct story *s)
{
	return run_sysctl(s->run, "server", "net.ipv4.tcp_max_tw_buckets");
}

static enum way forecast_way(const struct story *s)
{
	/* TIME_WAIT is long over when the clock has gone round. */
	if (!has_time_wait(s) || is(s, CLOCK_WRAPS))
		return OPENS;
	return has_timestamps(s) ? RECYCLES : MAY_NOT;
}

/* --- the old connection ----------------------------------------------- */

static void move(struct story *s, struct sock *from, struct sock *to,
		 uint64_t bytes)
{
	struct finding got;

	frames_count_only(s->run, bytes > RECORDED);
	got = sock_stream(from, to, bytes, patience);
	expect_stream(&got, bytes, 0);
	frames_count_only(s->run, false);
}

static bool reads(struct story *s, struct finding got, const char *words)
{
	return expect_that(s->run, !got.open && strcmp(got.data, words) == 0,
			   "what the client reads", "\"%s\", for \"%s\"",
			   got.open ? "(nothing)" : got.data, words);
}

/* The server's last segment is late; its retransmission is not. */
static bool last_words_are_late(struct story *s)
{
	const struct wire_match *data =
		FRAMES(FROM("server"), KIND(WIRE_DATA), .count = 1);
	struct mark sent = mark_now(s->run);

	s->rule = fault_hold(s->run, data);
	sock_send_text(s->old.server, old_words);
	reads(s, sock_recv(s->old.client, patience), old_words);
	if (!expect_frames_between(
		    s->run, sent, "retransmissions",
		    FRAMES(FROM("server"), KIND(WIRE_RETRANSMISSION)), 1,
		    UINT32_MAX))
		return false;
	s->late = *frames_nth(s->run, sent, data, 1);
	return true;
}

static bool is_soon(struct story *s, struct sock *sock, enum diag_state state)
{
	bool so = sock_wait_state(sock, state, soon);

	return expect_that(s->run, so, "the old socket's last state",
			   "%s, so: %s", diag_state_text(state),
			   so ? "yes" : "no");
}

/* The server first. By shutdown(): where there may be no TIME_WAIT, an orphan
 * would not even get its FIN-WAIT-2. */
static void close_old(struct story *s)
{
	bool keeps = has_time_wait(s);
	struct finding got;

	sock_shutdown(s->old.server, SHUT_WR);
	got = sock_recv(s->old.client, soon);
	expect_that(s->run, !got.open && !got.value, "the server's FIN", "%s",
		    finding_outcome(&got));
	sock_close(s->old.client);
	is_soon(s, s->old.server, keeps ? DIAG_TIME_WAIT : DIAG_CLOSE);
	is_soon(s, s->old.client, DIAG_CLOSE);
	expect_counter(s->run, "server", "TCPTimeWaitOverflow", !keeps);
	sock_close(s->old.server);
	sock_close(s->old.listener);
}

static bool old_connection(struct story *s)
{
	s->begin = mark_now(s->run);
	s->old = sock_pair(s->run);
	move(s, s->old.client, s->old.server, is(s, OUTRUNS) ? BULK : REQUEST);
	move(s, s->old.server, s->old.client, is(s, OUTRUNS) ? BULK : FIRST);
	if (!last_words_are_late(s))
		return false;
	close_old(s);
	if (is(s, CLOCK_WRAPS))
		run_pass_until(s->run, s->begin, (tick << 32) - MSEC(EARLY_MS));
	return true;
}

/* --- the new one -------------------------------------------------------- */

/* The same four-tuple, from the other side: the server calls the client. */
static struct finding dial(struct story *s)
{
	s->listener = sock_listen_on(s->old.client_probe,
				     sock_local_port(s->old.client), 1);
	s->server = sock_open(s->old.server_probe);
	sock_set(s->server, SOL_SOCKET, SO_REUSEADDR, 1);
	sock_bind(s->server, sock_local_port(s->old.server));
	s->dialled = mark_now(s->run);
	sock_start_connect(s->server, s->listener);
	return sock_reap(s->server, soon);
}

/* How far the old segment's number is ahead of the new connection's first. */
static int32_t ahead(const struct story *s)
{
	return (int32_t)(s->late.frame.tcp.seq - s->server_isn - 1);
}

/* The same for what it acknowledges. */
static int32_t ack_ahead(const struct story *s)
{
	return (int32_t)(s->late.frame.tcp.ack - s->client_isn - 1);
}

/*
 * As many bytes as came before it in the old connection, less what the clock
 * has counted since: between the time that lies between the two first numbers,
 * as the wire saw them, and the time that lies around them.
 */
static void expect_clock(struct story *s, const struct wire_capture *syn)
{
	const struct mark ever = { 0 };
	const struct wire_capture *old = frames_nth(
		s->run, ever, FRAMES(FROM("server"), KIND(WIRE_SYN_ACK)), 1);
	int64_t before = s->late.frame.tcp.seq - s->late.base.sender - 1;

	if (is(s, CLOCK_WRAPS))
		before += INT64_C(1) << 32;
	expect_number(s->run, "old_number_ahead", ahead(s),
		      before - (syn->at - s->begin.at) / tick,
		      before - (s->dialled.at - old->at) / tick);
}

static void meet(struct story *s)
{
	const struct wire_capture *syn = frames_nth(
		s->run, s->dialled, FRAMES(FROM("server"), KIND(WIRE_SYN)), 1);
	const struct wire_capture *answer =
		frames_nth(s->run, s->dialled,
			   FRAMES(FROM("client"), KIND(WIRE_SYN_ACK)), 1);

	s->server_isn = syn->frame.tcp.seq;
	s->client_isn = answer->frame.tcp.seq;
	if (s->way != RECYCLES)
		expect_clock(s, syn);
	s->client = sock_accept(s->listener);
}

/* Both ends send as much as is missing. */
static bool reach_old_numbers(struct story *s)
{
	if (!expect_that(s->run, ahead(s) > 0 && ack_ahead(s) > 0,
			 "the old numbers are ahead of the new connection's",
			 "%d and %d", ahead(s), ack_ahead(s)))
		return false;
	move(s, s->client, s->server, (uint64_t)ack_ahead(s));
	move(s, s->server, s->client, (uint64_t)ahead(s));
	return true;
}

/* --- the old segment arrives ----------------------------------------------*/

static void told(struct story *s, const char *expected, const char *read)
{
	run_predicted_text(s->run, "reads", expected);
	run_measured_text(s->run, "reads", read);
}

/* The application has read the old words; the genuine ones have their number.
 */
static void is_taken(struct story *s, int64_t duplicates)
{
	struct finding got = sock_recv(s->client, soon);

	told(s, old_words, got.open ? "nothing" : got.data);
	if (!reads(s, got, old_words))
		return;
	sock_send_text(s->server, new_words);
	sock_send_text(s->server, "the end");
	reads(s, sock_recv(s->client, soon), "the end");
	expect_number(s->run, "genuine_thrown_away",
		      counter_change(s->run, "client", "TCPDSACKOldSent") -
			      duplicates,
		      1, 1);
}

/* Answered with an ACK, and for this reason. */
static void is_refused(struct story *s, struct mark arrived,
		       const char *counter, int64_t before)
{
	expect_frame(s->run, arrived, "the client's answer",
		     FRAMES(FROM("client"), KIND(WIRE_PURE_ACK)), 1, at_once);
	expect_number(s->run, counter,
		      counter_change(s->run, "client", counter) - before, 1, 1);
}

static void is_not_read(struct story *s)
{
	struct finding got;

	sock_post_recv(s->client);
	got = sock_reap(s->client, 0);
	expect_that(s->run, got.open, "the client's recv() waits", "%s",
		    finding_outcome(&got));
	sock_send_text(s->server, new_words);
	got = sock_reap(s->client, soon);
	told(s, new_words, got.open ? "nothing" : got.data);
	reads(s, got, new_words);
}

/* Why this kernel throws away what is behind the window. */
static const char *refusal(struct story *s)
{
	return has_timestamps(s) ? "PAWSEstab" : "DelayedACKLost";
}

static void arrives(struct story *s)
{
	bool fits = s->way == OPENS && (is(s, OUTRUNS) || is(s, CLOCK_WRAPS));
	int64_t refused, duplicates;
	struct mark arrived;

	if (fits && !reach_old_numbers(s))
		return;
	refused = counter_change(s->run, "client", refusal(s));
	duplicates = counter_change(s->run, "client", "TCPDSACKOldSent");
	arrived = mark_now(s->run);
	fault_release(s->run, s->rule);
	if (fits && !has_timestamps(s)) {
		is_taken(s, duplicates);
		return;
	}
	is_refused(s, arrived, refusal(s), refused);
	is_not_read(s);
}

/* The same segment, with numbers that fit into the new connection. */
static struct mark forge(struct story *s, uint32_t ack)
{
	struct mark arrived = mark_now(s->run);
	struct frame frame = s->late.frame;

	frame.tcp.seq = s->server_isn + 1;
	frame.tcp.ack = ack;
	fault_inject(s->run, "client", &frame, old_words);
	return arrived;
}

static void arrives_forged(struct story *s)
{
	struct mark arrived = forge(s, s->late.frame.tcp.ack);

	is_refused(s, arrived,
		   has_timestamps(s) ? "PAWSEstab" : "TCPChallengeACK", 0);
	arrived = forge(s, s->client_isn + 1);
	if (has_timestamps(s)) {
		is_refused(s, arrived, "PAWSEstab", 1);
		is_not_read(s);
		return;
	}
	is_taken(s, 0);
}

/* --- all ------------------------------------------------------------------ */

/* The old segment finds nobody at the other end, and that kernel resets it. */
static void may_not(struct story *s, const struct finding *dialling)
{
	struct mark arrived = mark_now(s->run);

	expect_error(dialling, EADDRNOTAVAIL);
	fault_release(s->run, s->rule);
	expect_frame(s->run, arrived, "RST of the client's kernel",
		     FRAMES(FROM("client"), KIND(WIRE_RST)), 1, at_once);
	is_soon(s, s->old.server, DIAG_TIME_WAIT);
}

/* Well beyond its own old numbers, FIN and all. */
static void recycles(struct story *s)
{
	uint32_t end = s->late.frame.tcp.seq + WORDS + 1;

	expect_number(s->run, "isn_beyond_time_wait", s->server_isn - end,
		      BEYOND_TIME_WAIT, BEYOND_TIME_WAIT);
	expect_counter(s->run, "server", "TWRecycled", 1);
}

static void opens(struct story *s, const struct finding *dialling)
{
	if (!expect_that(s->run, !dialling->open && !dialling->error,
			 "the server's connect()", "%s",
			 finding_outcome(dialling)))
		return;
	meet(s);
	if (s->way == RECYCLES)
		recycles(s);
	if (is(s, FORGED))
		arrives_forged(s);
	else
		arrives(s);
}

static void script(struct run *run)
{
	struct story s = { .run = run };
	struct finding dialling;

	if (!old_connection(&s))
		return;
	if (is(&s, OUTRUNS) && forecast_way(&s) == OPENS)
		isn_skip_slow_machine(run, s.begin, BULK);
	s.way = forecast_way(&s);
	dialling = dial(&s);
	if (s.way == MAY_NOT)
		may_not(&s, &dialling);
	else
		opens(&s, &dialling);
}

#define TIMESTAMPS(on_)                                                        \
	{                                                                      \
		NULL, "net.ipv4.tcp_timestamps", (on_)                         \
	}
#define NO_TIME_WAIT                                                           \
	{                                                                      \
		NULL, "net.ipv4.tcp_max_tw_buckets", 0                         \
	}
#define NO_REUSE                                                               \
	{                                                                      \
		NULL, "net.ipv4.tcp_tw_reuse", 0                               \
	}

#define PAWS                                                                   \
	CLAIMS({ "C6", DOCUMENT_CONDITIONAL,                                   \
		 "only without timestamps, which are on by default: PAWS "     \
		 "drops the old segment, TIME_WAIT or not, "                   \
		 "tcp_validate_incoming()" })
#define KEPT_OUT                                                               \
	CLAIMS({ "C6", DOCUMENT_RIGHT,                                         \
		 "the end that closed first cannot open the same four-tuple: " \
		 "EADDRNOTAVAIL, __inet_check_established()" })
#define RECYCLED                                                               \
	CLAIMS({ "C6", DOCUMENT_CONDITIONAL,                                   \
		 "TIME_WAIT keeps a bound port from being used again only "    \
		 "without timestamps, tcp_twsk_unique(); with them, PAWS "     \
		 "keeps the old segment out" })

CASE(time_wait_stale_data) = {
	.name = "time-wait-stale-data",
	.claim =
		"a delayed segment of the old connection gets into the new one "
		"of the same four-tuple where nothing but its number keeps it "
		"out",
	.judgements = CLAIMS(
		{ "C6", DOCUMENT_CONDITIONAL,
		  "the new first numbers are 15.6 MB further for each second "
		  "since the old ones (secure_tcp_seq()): the old one is in "
		  "the window, and its ACK too, only where the old connection "
		  "was faster than that both ways, or after 275 s" }),
	.why = "number, ACK and checksum are all that tells an old segment "
	       "from "
	       "a new one, where there are no timestamps; the clock behind the "
	       "first numbers keeps them apart, and TIME_WAIT keeps one end "
	       "from opening the four-tuple again",
	.sources =
		"RFC 9293 3.4.1, 3.6.1; RFC 6528; RFC 7323 5.8; "
		"net/core/secure_seq.c:secure_tcp_seq(); net/ipv4/tcp_input.c:"
		"tcp_sequence(), tcp_ack(); net/ipv4/tcp_ipv4.c:"
		"tcp_twsk_unique()",
	.steps = STEPS(
		"a connection; the server's last segment is held, its "
		"retransmission passes",
		"both ends close, the server first, with TIME_WAIT or without "
		"(tcp_max_tw_buckets 0)",
		"the server opens the same four-tuple again",
		"where the old numbers are ahead (the old connection was fast, "
		"or the clock has gone round), both ends send until they fit",
		"the old segment is released (or sent again with forged "
		"numbers), then the genuine one; what does the client read?"),
	.expect = "as the text tells it: behind the window, an ACK, nothing "
		  "read. Old connection faster than the clock, or the clock "
		  "gone round: read in the genuine segment's place. With "
		  "timestamps PAWSEstab. With TIME_WAIT and without timestamps "
		  "EADDRNOTAVAIL",
	.world = &world_pair_bulk,
	.variants = VARIANTS(
		{ "as-told", .settings = SYSCTLS(TIMESTAMPS(0), NO_TIME_WAIT) },
		{ "as-told-timestamps", .judgements = PAWS,
		  .settings = SYSCTLS(TIMESTAMPS(1), NO_TIME_WAIT) },
		{ "fast", .value = OUTRUNS,
		  .settings = SYSCTLS(TIMESTAMPS(0), NO_TIME_WAIT) },
		{ "fast-timestamps", .value = OUTRUNS, .judgements = PAWS,
		  .settings = SYSCTLS(TIMESTAMPS(1), NO_TIME_WAIT) },
		{ "fast-time-wait", .value = OUTRUNS, .judgements = KEPT_OUT,
		  .settings = SYSCTLS(TIMESTAMPS(0), NO_REUSE) },
		{ "fast-time-wait-timestamps", .value = OUTRUNS,
		  .judgements = RECYCLED,
		  .settings = SYSCTLS(TIMESTAMPS(1), NO_REUSE) },
		{ "forged", .value = FORGED,
		  .settings = SYSCTLS(TIMESTAMPS(0), NO_TIME_WAIT) },
		{ "forged-timestamps", .value = FORGED, .judgements = PAWS,
		  .settings = SYSCTLS(TIMESTAMPS(1), NO_TIME_WAIT) },
		{ "clock-wraps", .value = CLOCK_WRAPS, .slow = true,
		  .duration = SEC(275), .settings = SYSCTLS(TIMESTAMPS(0)) }),
	.duration = SEC(1),
	.script = script,
};
