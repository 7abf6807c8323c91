/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The initial sequence number (ISN) is a keyed hash of the connection's
 * 4-tuple plus a clock: secure_tcp_seq(), seq_scale(). The hash gives each
 * 4-tuple another start (RFC 6528), the clock another one to each connection of
 * the same 4-tuple.
 *
 * The clock of RFC 793 counts every 4 us. That of Linux counts every 64 ns:
 * ktime_get_real_ns() >> 6, the time of day, which wraps at 2^32 after 274.9 s;
 * the same 4-tuple then has the same ISN again. 2^32 times 4 µs are 17180 s or
 * 4.77 h, not the 4.55 h that RFC 793 and many texts after it state.
 *
 * Here one 4-tuple connects several times. The client binds its port and ends
 * each connection with RST, which leaves no TIME-WAIT (with one, tcp_tw_isn
 * would choose the next ISN). The clock was read between two known moments, the
 * call of connect() and the segment on the wire, so each ISN has an exact lower
 * and upper bound.
 */
#include "case.h"

enum { TICK = 64, SPAN = 2, ROUNDS = 3, PORT = 40000, OTHER_PORT = 40001 };

/* The document's values, in ns and in s. */
enum { DOCUMENT_TICK = 4000, DOCUMENT_PERIOD = 16380 };

static const int64_t numbers = INT64_C(1) << 32;

/* An ISN, and the time of day before and after the kernel chose it. */
struct isn {
	uint32_t number;
	nsec_t after, before;
};

struct both {
	struct isn client, server;
};

static struct isn isn_of(struct run *run, struct mark connecting,
			 enum wire_kind kind)
{
	nsec_t to_real = -nsec_monotonic_minus_realtime();
	const struct wire_capture *seen =
		frames_nth(run, connecting, FRAMES(KIND(kind)), 1);

	if (!seen)
		return (struct isn){ 0 };
	return (struct isn){ seen->frame.tcp.seq, connecting.at + to_real,
			     seen->at + to_real };
}

static struct both connect_once(struct probe *client, uint16_t port,
				struct sock *listener)
{
	struct run *run = probe_run(client);
	struct sock *sock = sock_open(client), *accepted;
	struct both both;
	struct finding got;
	struct mark connecting;

	got = sock_bind(sock, port);
	expect_that(run, !got.error, "the client's port is free", "%s",
		    finding_outcome(&got));
	connecting = mark_now(run);
	sock_start_connect(sock, listener);
	got = sock_reap(sock, soon);
	expect_that(run, !got.open && !got.error, "connect() succeeds", "%s",
		    finding_outcome(&got));
	accepted = sock_accept(listener);
	both.client = isn_of(run, connecting, WIRE_SYN);
	both.server = isn_of(run, connecting, WIRE_SYN_ACK);
	sock_abort(sock);
	sock_wait_state(accepted, DIAG_CLOSE, soon);
	sock_close(accepted);
	return both;
}

/* Ticks of the clock between the two, by the bounds of each. */
static struct range clock_between(struct isn first, struct isn second)
{
	return (struct range){ (second.after - first.before) / TICK,
			       (second.before - first.after) / TICK + 1 };
}

/* Whether the ISNs differ by the clock alone, modulo 2^32. */
static bool on_one_clock(struct isn first, struct isn second)
{
	struct range clock = clock_between(first, second);
	uint32_t difference = second.number - first.number;

	return (uint32_t)(difference - (uint32_t)clock.min) <=
	       clock.max - clock.min;
}

static void expect_clock(struct run *run, const char *what, struct isn first,
			 struct isn second)
{
	struct range clock = clock_between(first, second);
	uint32_t difference = second.number - first.number;
	double per_number = (double)(second.before - first.before) / difference;

	expect_that(run, on_one_clock(first, second), what,
		    "ISN +%u; clock +%lld .. %lld, modulo 2^32", difference,
		    (long long)clock.min, (long long)clock.max);
	if (clock.max >= numbers)
		return;
	run_predicted(run, "ns_per_number", TICK);
	run_measured(run, "ns_per_number", per_number);
	run_predicted(run, "comes_round_s", nsec_seconds(TICK * numbers));
	run_measured(run, "comes_round_s", per_number * (double)numbers / 1e9);
}

/* Two hashes are equal by chance about once in a million. */
static void expect_other_hash(struct run *run, const char *what, struct isn a,
			      struct isn b)
{
	expect_that(run, !on_one_clock(a, b), what, "ISNs %u and %u", a.number,
		    b.number);
}

static void expect_other_hashes(struct run *run, struct probe *client,
				struct sock *listener, struct both first)
{
	struct sock *other = sock_listen(sock_probe(listener), 1);
	struct both port = connect_once(client, OTHER_PORT, listener);
	struct both service = connect_once(client, PORT, other);

	expect_other_hash(run, "client and server have different hashes",
			  first.client, first.server);
	expect_other_hash(run, "another client port changes the client's hash",
			  first.client, port.client);
	expect_other_hash(run, "another client port changes the server's hash",
			  first.server, port.server);
	expect_other_hash(run, "another server port changes the client's hash",
			  first.client, service.client);
}

static void note_periods(struct run *run)
{
	run_note(run,
		 "2^32 numbers take %.1f s at 64 ns each, and %.0f s or %.2f h "
		 "at 4 µs each; "
		 "4.55 h would need %.2f µs each",
		 nsec_seconds(TICK * numbers),
		 nsec_seconds(DOCUMENT_TICK * numbers),
		 nsec_seconds(DOCUMENT_TICK * numbers) / 3600,
		 (double)SEC(DOCUMENT_PERIOD) / (double)numbers / 1e3);
}

/* The same 4-tuple after one period of the clock. */
static void expect_wrap(struct run *run, struct probe *client,
			struct sock *listener, struct both first,
			struct mark start)
{
	struct both again;

	run_pass_until(run, start, TICK * numbers);
	again = connect_once(client, PORT, listener);
	expect_clock(run, "the client's ISN repeats after one period",
		     first.client, again.client);
	expect_clock(run, "the server's ISN repeats after one period",
		     first.server, again.server);
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

	note_periods(run);
	if (run_is_variant(run, "comes-round")) {
		expect_wrap(run, client, listener, first, start);
		return;
	}
	expect_other_hashes(run, client, listener, first);
	for (int i = 1; i < ROUNDS; i++) {
		struct both next;

		run_pass_until(run, start, i * SEC(SPAN));
		next = connect_once(client, PORT, listener);
		expect_clock(run, "the client's ISN advances with the clock",
			     first.client, next.client);
		expect_clock(run, "the server's ISN advances with the clock",
			     first.server, next.server);
	}
}

CASE(isn_clock) = {
	.name = "isn-clock",
	.claim = "the clock in initial sequence numbers counts every 64 ns and "
		 "wraps after 275 s; the hash differs for every pair of ends",
	.judgements = CLAIMS(
		{ "C5", DOCUMENT_WRONG,
		  "Linux adds one every 64 ns and wraps after 274.9 s: "
		  "seq_scale(); and 2^32 times 4 µs are 4.77 h, not 4.55 h" },
		{ "C5", DOCUMENT_RIGHT,
		  "each end hashes its connection and adds the clock: "
		  "tcp_v4_connect(), tcp_conn_request()" }),
	.why = "the data of a fast connection would overtake a clock as slow "
	       "as 4 µs, and the next connection would start among its "
	       "sequence numbers",
	.sources =
		"RFC 9293 3.4.1; RFC 6528; net/core/secure_seq.c:seq_scale()",
	.steps = STEPS(
		"one pair of ends connects three times, 2 s apart; each "
		"connection ends with RST",
		"once each with another client port and another server port",
		"the ISNs of both ends are compared with the time of day"),
	.expect = "15 625 000 numbers per second at both ends, exact to the "
		  "microseconds between the call and the segment on the wire; "
		  "another port has another hash; after 274.878 s the same "
		  "number again",
	.world = &world_pair,
	.variants = VARIANTS(
		{ "rate", "three connections of the same ends, 2 s apart: the "
			  "ISNs advance by one every 64 ns, and another port "
			  "has another hash" },
		{ "comes-round",
		  "the second connection of the same ends begins after one "
		  "period of the clock, 274.9 s: both ISNs are the same again",
		  .duration = SEC(275), .slow = true,
		  .judgements =
			  CLAIMS({ "C5", DOCUMENT_WRONG,
				   "not every connection has another number: "
				   "after 274.9 s the same ends have the "
				   "same ISNs again, seq_scale()" }) }),
	.duration = SEC(SPAN * (ROUNDS - 1)),
	.no_fault = true,
	.script = script,
};
