/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where does the initial sequence number come from? From a keyed hash of the
 * four numbers of the connection, and a clock added to it: secure_tcp_seq(),
 * seq_scale(). The hash makes each pair of ends start somewhere else (RFC
 * 6528), the clock keeps one and the same pair from starting where it was.
 *
 * RFC 793 counts every 4 us. Linux counts every 64 ns: ktime_get_real_ns() >>
 * 6, the time of day. 2^32 of those are 274.9 s; so much later the same pair
 * starts at the same number again. 2^32 times 4 us are 17180 s, which is 4.77
 * h, and not the 4.55 h that are quoted everywhere (in RFC 793, too).
 *
 * Here one pair of ends connects again and again: the client binds its port and
 * ends each connection with a RST, which leaves no TIME-WAIT (that would choose
 * the next number otherwise: tcp_tw_isn). Each number was taken from the clock
 * between two moments that are known, the call (or the SYN, for the server) and
 * the segment on the wire: so it has a least and a greatest value, exactly.
 */
#include "case.h"

enum { TICK = 64, SPAN = 2, ROUNDS = 3, PORT = 40000, OTHER_PORT = 40001 };

/* What the text says, in ns and s; and what would follow from it. */
enum { TEXT_TICK = 4000, TEXT_PERIOD = 16380 };

static const nsec_t soon = MSEC(500);
static const int64_t numbers = INT64_C(1) << 32;

/* A number, and between which moments of the time of day it was made. */
struct isn {
	uint32_t number;
	nsec_t after, before;
};

struct both {
	struct isn client, server;
};

static struct both connect_once(struct probe *client, uint16_t port,
				struct sock *listener)
{
	struct run *run = probe_run(client);
	nsec_t real = -nsec_monotonic_minus_realtime();
	struct sock *sock = sock_open(client), *far;
	const struct wire_capture *seen;
	struct both both = { 0 };
	struct finding got;
	struct mark dialled;

	got = sock_bind(sock, port);
	expect_that(run, !got.error, "the port is free", "%s",
		    finding_outcome(&got));
	dialled = mark_now(run);
	sock_start_connect(sock, listener);
	got = sock_reap(sock, soon);
	expect_that(run, !got.open && !got.error, "it connects", "%s",
		    finding_outcome(&got));
	far = sock_accept(listener);
	seen = frames_nth(run, dialled, FRAMES(KIND(WIRE_SYN)), 1);
	if (seen)
		both.client = (struct isn){ seen->frame.tcp.seq,
					    dialled.at + real,
					    seen->at + real };
	seen = frames_nth(run, dialled, FRAMES(KIND(WIRE_SYN_ACK)), 1);
	if (seen)
		both.server = (struct isn){ seen->frame.tcp.seq,
					    dialled.at + real,
					    seen->at + real };
	sock_abort(sock);
	sock_wait_state(far, DIAG_CLOSE, soon);
	sock_close(far);
	return both;
}

/* How far the clock has gone from one to the other, by their brackets. */
static struct range clock_between(struct isn first, struct isn second)
{
	return (struct range){ (second.after - first.before) / TICK,
			       (second.before - first.after) / TICK + 1 };
}

/* Modulo 2^32. */
static bool on_one_clock(struct isn first, struct isn second)
{
	struct range clock = clock_between(first, second);
	uint32_t gone = second.number - first.number;

	return (uint32_t)(gone - (uint32_t)clock.min) <= clock.max - clock.min;
}

static void expect_clock(struct run *run, const char *name, struct isn first,
			 struct isn second)
{
	struct range clock = clock_between(first, second);
	uint32_t gone = second.number - first.number;
	double per_number = (double)(second.before - first.before) / gone;

	expect_that(run, on_one_clock(first, second), name,
		    "%u on; the clock %lld .. %lld, modulo 2^32", gone,
		    (long long)clock.min, (long long)clock.max);
	if (clock.max >= numbers)
		return;
	run_predicted(run, "ns_per_number", TICK);
	run_measured(run, "ns_per_number", per_number);
	run_predicted(run, "comes_round_s", nsec_seconds(TICK * numbers));
	run_measured(run, "comes_round_s", per_number * (double)numbers / 1e9);
}

/* Another hash: by chance it is the same once in a million, or so. */
static void expect_own_hash(struct run *run, const char *what, struct isn a,
			    struct isn b)
{
	expect_that(run, !on_one_clock(a, b), what, "%u and %u", a.number,
		    b.number);
}

static void other_ends(struct run *run, struct probe *client,
		       struct sock *listener, struct both first)
{
	struct sock *other = sock_listen(sock_probe(listener), 1);
	struct both port = connect_once(client, OTHER_PORT, listener);
	struct both service = connect_once(client, PORT, other);

	expect_own_hash(run, "each end has a number of its own", first.client,
			first.server);
	expect_own_hash(run, "another port of the client, another number",
			first.client, port.client);
	expect_own_hash(run, "and another one of the server", first.server,
			port.server);
	expect_own_hash(run, "another port of the server, another number",
			first.client, service.client);
}

static void tell_text(struct run *run)
{
	run_note(run,
		 "2^32 numbers: %.1f s at 64 ns; at 4 us %.0f s, %.2f h; for "
		 "4.55 h it had to be %.2f us",
		 nsec_seconds(TICK * numbers),
		 nsec_seconds(TEXT_TICK * numbers),
		 nsec_seconds(TEXT_TICK * numbers) / 3600,
		 (double)SEC(TEXT_PERIOD) / (double)numbers / 1e3);
}

/* The same pair, so much later: the clock stands where it stood. */
static void comes_round(struct run *run, struct probe *client,
			struct sock *listener, struct both first,
			struct mark start)
{
	struct both again;

	run_pass_until(run, start, TICK * numbers);
	again = connect_once(client, PORT, listener);
	expect_clock(run, "the client's number is what it was", first.client,
		     again.client);
	expect_clock(run, "and the server's", first.server, again.server);
	run_measured_count(
		run, "client_isn_off",
		(int32_t)(again.client.number - first.client.number));
	run_measured_count(
		run, "server_isn_off",
		(int32_t)(again.server.number - first.server.number));
}

static void script(struct run *run)
{
	struct probe *server = probe_start(run, "server");
	struct probe *client = probe_start(run, "client");
	struct sock *listener = sock_listen(server, 1);
	struct mark start = mark_now(run);
	struct both first = connect_once(client, PORT, listener);

	tell_text(run);
	if (run_is_variant(run, "comes-round")) {
		comes_round(run, client, listener, first, start);
		return;
	}
	other_ends(run, client, listener, first);
	for (int i = 1; i < ROUNDS; i++) {
		struct both next;

		run_pass_until(run, start, i * SEC(SPAN));
		next = connect_once(client, PORT, listener);
		expect_clock(run, "the client's number went on by the clock",
			     first.client, next.client);
		expect_clock(run, "and so did the server's", first.server,
			     next.server);
	}
}

CASE(isn_clock) = {
	.name = "isn-clock",
	.claim = "the clock behind initial sequence numbers counts every 64 ns "
		 "and comes round in 275 s; the hash differs for every pair of "
		 "ends",
	.judgements = CLAIMS(
		{ "C5", DOCUMENT_WRONG,
		  "Linux adds one every 64 ns and comes round in 274.9 s: "
		  "seq_scale(); and 2^32 times 4 us are 4.77 h, not 4.55" },
		{ "C5", DOCUMENT_RIGHT,
		  "each end hashes its connection and adds the clock: "
		  "tcp_v4_connect(), tcp_conn_request()" }),
	.why = "a clock as slow as 4 us would be overtaken by the data of a "
	       "fast connection, and the next one would start among its "
	       "segments",
	.sources =
		"RFC 9293 3.4.1; RFC 6528; net/core/secure_seq.c:seq_scale()",
	.steps = STEPS("one pair of ends connects, and is reset, three times, "
		       "2 s apart",
		       "another port of the client, and of the server",
		       "both numbers of each connection beside the time of "
		       "day"),
	.expect = "15 625 000 numbers a second at both ends, to the "
		  "microseconds between call and wire; another port, another "
		  "hash; after 274.878 s the same number again",
	.world = &world_pair,
	.variants = VARIANTS(
		{ "rate" },
		{ "comes-round", .duration = SEC(275), .slow = true,
		  .judgements = CLAIMS(
			  { "C5", DOCUMENT_WRONG,
			    "not every connection has another number: after "
			    "274.9 s the same ends start where they did, "
			    "seq_scale()" }) }),
	.duration = SEC(SPAN * (ROUNDS - 1)),
	.no_fault = true,
	.script = script,
};
