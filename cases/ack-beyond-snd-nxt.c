/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An acknowledgement number that the connection cannot have: below what was
 * acknowledged by more than the window, or above SND.NXT. The segment is
 * dropped with its data, and RFC 5961 5.2 wants an ACK in reply, which shows an
 * honest peer where it is wrong. tcp_ack() sends one for numbers that are too
 * old (354e4aa391ed), and since 42726ec644cb also for those beyond SND.NXT. It
 * is a challenge ACK, and limited like one: __tcp_oow_rate_limited().
 *
 * A duplicate ACK just below SND.UNA is harmless and is the control: its data
 * is accepted.
 */
#include "case.h"

enum { BYTES = 100, PAUSE = 30 };

static const struct change changes[] = {
	{ KERNEL_VERSION(7, 1, 0), "42726ec644cb",
	  "an ACK beyond SND.NXT is answered with a challenge ACK",
	  .stable = true, .present = { KERNEL_VERSION(6, 18, 33) },
	  .absent = { KERNEL_VERSION(5, 10, 223), KERNEL_VERSION(6, 1, 192),
		      KERNEL_VERSION(6, 12, 117) } },
	{ .what = NULL },
};

#define CLIENT_ACK FRAMES(FROM("client"), KIND(WIRE_PURE_ACK))

/* The server's next data. */
static struct frame next_data(struct run *run, struct pair *tcp)
{
	struct frame frame;

	/* Everything is acknowledged in both directions. */
	expect_delivery(tcp->client, tcp->server, BYTES);
	expect_delivery(tcp->server, tcp->client, BYTES);
	frames_wait(run, (struct mark){ 0 }, CLIENT_ACK, 2, soon);
	/* With a TSval that PAWS accepts, which may be that of a tail loss
	 * probe. */
	frame = frames_last(run, FRAMES(FROM("server"),
					KIND(WIRE_DATA | WIRE_RETRANSMISSION)))
			->frame;
	frame.tcp.seq += frame.tcp.length;
	return frame;
}

static void expect_challenge(struct run *run, struct mark injected,
			     bool challenged)
{
	run_pass_until(run, injected, MSEC(PAUSE));
	expect_frames(run, injected, "answers", CLIENT_ACK, challenged);
	expect_counter(run, "client", "TCPChallengeACK", challenged);
}

static void script(struct run *run)
{
	bool beyond = run_is_variant(run, "beyond");
	bool duplicate = run_is_variant(run, "duplicate");
	struct pair tcp = sock_pair(run);
	struct frame frame = next_data(run, &tcp);
	bool challenged = !duplicate &&
			  (!beyond || run_has_change(run, changes));
	struct mark injected;
	struct finding got;

	/* Another window keeps it out of the fast path, which looks at the
	 * acknowledgement number when it has queued the data. */
	frame.tcp.window ^= 1;
	/* max_window of tcp_ack() is at most the bytes acknowledged so far. */
	frame.tcp.ack += beyond ? 1 : duplicate ? -1u : -2u * BYTES;
	sock_post_recv(tcp.client);
	injected = fault_inject(run, "client", &frame, NULL);
	if (duplicate) {
		got = sock_reap(tcp.client, soon);
		expect_data(&got, BYTES);
		expect_counter(run, "client", "TCPChallengeACK", 0);
		return;
	}
	expect_challenge(run, injected, challenged);
	expect_call_blocked(tcp.client);

	injected = fault_inject(run, "client", &frame, NULL);
	run_pass_until(run, injected, MSEC(PAUSE));
	expect_frames(run, injected, "answers within the limit", CLIENT_ACK, 0);
	expect_counter(run, "client", "TCPACKSkippedChallenge", challenged);
	expect_state(tcp.client, DIAG_ESTABLISHED);
}

CASE(ack_beyond_snd_nxt) = {
	.name = "ack-beyond-snd-nxt",
	.claim = "data with an acknowledgement number beyond SND.NXT, or too "
		 "old, is dropped and answered with a challenge ACK",
	.topic = TOPIC_RESET,
	.why = "who guesses only the sequence number must not inject data",
	.sources = "RFC 5961 5.2; RFC 9293 3.10.7.4; "
		   "net/ipv4/tcp_input.c:tcp_ack(), tcp_send_challenge_ack()",
	.steps = STEPS("data in both directions is acknowledged",
		       "the server's next data is forged, with an "
		       "acknowledgement number 1 beyond SND.NXT, 200 below "
		       "SND.UNA, or 1 below",
		       "the same segment once more"),
	.expect = "beyond (since 42726ec644cb) and too-old: one challenge ACK, "
		  "and none for the second within tcp_invalid_ratelimit; "
		  "nothing is read. duplicate: the data is read",
	.world = &world_pair,
	.settings = SYSCTLS({ "client", "net.ipv4.tcp_invalid_ratelimit",
			      500 }),
	.variants = VARIANTS(
		{ "beyond", "the acknowledgement number is 1 beyond SND.NXT: "
			    "the data is dropped, on kernels with 42726ec644cb "
			    "with a challenge ACK in reply" },
		{ "too-old",
		  "the acknowledgement number is 200 below SND.UNA, twice what "
		  "was acknowledged so far: the data is dropped, and a "
		  "challenge ACK is sent on every kernel" },
		{ "duplicate", "the acknowledgement number is 1 below SND.UNA, "
			       "as in a duplicate ACK: the data is accepted, "
			       "which is the control" }),
	.changes = changes,
	.duration = MSEC(100),
	.script = script,
};
