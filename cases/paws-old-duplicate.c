/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * More than 4 GiB on one connection. A segment early in the stream is late:
 * the wire holds the original, TCP retransmits it, and the stream continues.
 * Sequence numbers have 32 bits, so after 4 GiB the next byte has the sequence
 * number of that segment again, and at that moment the original arrives.
 *
 * Without timestamps it passes every check of the kernel: its sequence number
 * is the next one (tcp_sequence()), its ACK is acceptable (tcp_ack()), its
 * checksum is right. tcp_queue_rcv() delivers it to the application, and the
 * genuine segment, which arrives next, is dropped as a duplicate:
 * tcp_data_queue() answers it with a D-SACK. Neither end gets an error, and
 * all bytes after it are right.
 *
 * With timestamps its TSval is older than the last one by the time that 4 GiB
 * took: tcp_validate_incoming() calls tcp_paws_check() before it checks any
 * sequence number.
 *
 * The document leaves out that an old segment also has an old acknowledgement
 * number, and the kernel accepts none that is further back than the largest
 * window that the peer ever offered (tcp_ack(), RFC 5961 5.2; since 6.7 not
 * further than what was sent at all either). If the receiver has sent more
 * than that since, it rejects the old segment without any timestamp, with a
 * challenge ACK. So the wire holds two originals: one from before the server
 * sends something of its own, and one from after it.
 *
 * Every byte of the stream depends on its 64-bit offset, so the application
 * can tell bytes 4 GiB apart: lib/pattern.h.
 */
#include "case.h"

enum { BEFORE = 1 << 20, LENGTH = 1000, AFTER = 1 << 20, ANSWER = 8 << 20 };
enum { OFF, ON };

static const uint64_t wrap = UINT64_C(1) << 32;

/* For a timer or two; for gigabytes. */
static const nsec_t patience = SEC(5), bulk = SEC(60);

/* A segment whose original the wire holds. */
struct late {
	struct wire_rule *held;
	struct mark sent;
};

/* The wire records single segments, and only counts larger transfers. */
static void transfer(struct sock *from, struct sock *to, uint64_t bytes,
		     nsec_t within, uint64_t wrong)
{
	struct finding got;

	frames_count_only(sock_run(from), bytes > LENGTH);
	got = sock_stream(from, to, bytes, within);
	expect_stream(&got, bytes, wrong);
	frames_count_only(sock_run(from), false);
}

/* The server reads the retransmission. */
static bool hold_original(struct run *run, struct pair *tcp, struct late *ret)
{
	ret->sent = mark_now(run);
	ret->held = fault_hold(
		run, FRAMES(FROM("client"), KIND(WIRE_DATA), .count = 1));
	transfer(tcp->client, tcp->server, LENGTH, patience, 0);
	return expect_frames_between(
		run, ret->sent, "retransmissions",
		FRAMES(FROM("client"), KIND(WIRE_RETRANSMISSION)), 1,
		UINT32_MAX);
}

/* Sends until the next byte has the sequence number of the first late one. */
static void wrap_sequence_numbers(struct run *run, struct pair *tcp,
				  uint64_t sent)
{
	struct mark began = mark_now(run);

	transfer(tcp->client, tcp->server, wrap - sent, bulk, 0);
	run_measured(run, "lap_s", nsec_seconds(mark_now(run).at - began.at));
}

static void release(struct run *run, const struct late *late)
{
	struct mark released = mark_now(run);

	fault_release(run, late->held);
	expect_frame(run, released, "the server's answer",
		     FRAMES(FROM("server"), KIND(WIRE_PURE_ACK)), 1, at_once);
}

/* Answered, and dropped for the reason that this counter counts. */
static void expect_dropped(struct run *run, const struct late *late,
			   const char *counter)
{
	int64_t before = counter_change(run, "server", counter);

	release(run, late);
	expect_number(run, counter,
		      counter_change(run, "server", counter) - before, 1, 1);
}

/* The genuine segment has the late one's sequence number and length. */
static void send_genuine(struct run *run, struct sock *client,
			 const struct late *late)
{
	const struct wire_match *data = FRAMES(FROM("client"), KIND(WIRE_DATA));
	const struct wire_capture *seen;
	struct segment old = { 0 }, genuine = { 0 };
	struct mark sent = mark_now(run);
	bool same;

	sock_post_send_stream(client, LENGTH);
	seen = frames_wait(run, sent, data, 1, soon);
	if (seen)
		genuine = seen->frame.tcp;
	seen = frames_nth(run, late->sent, data, 1);
	if (seen)
		old = seen->frame.tcp;
	same = old.length && old.seq == genuine.seq &&
	       old.length == genuine.length;
	expect_that(run, same,
		    "the genuine segment has the old one's sequence number",
		    "seq %u, %u bytes, and seq %u, %u bytes", genuine.seq,
		    genuine.length, old.seq, old.length);
	if (same && old.has_timestamps)
		run_measured_count(run, "older_by_ticks",
				   (int32_t)(genuine.tsval - old.tsval));
	sock_reap(client, patience);
}

/*
 * The application reads bytes of 4 GiB ago, and no error. A tail loss probe
 * after 10 ms of delay sends a segment twice, which is counted like the genuine
 * one.
 */
static void expect_accepted(struct run *run, struct pair *tcp,
			    const struct late *late)
{
	const int64_t offset = BEFORE + 2 * LENGTH + (int64_t)wrap;
	int64_t duplicates;
	struct finding got;

	run_delay_decides(run);
	sock_post_recv_stream(tcp->server, LENGTH);
	release(run, late);
	got = sock_reap(tcp->server, soon);
	if (!expect_stream(&got, LENGTH, LENGTH))
		return;
	expect_number(run, "wrong_bytes", (int64_t)got.wrong, LENGTH, LENGTH);
	expect_number(run, "first_wrong_offset", (int64_t)got.first_wrong,
		      offset, offset);
	duplicates = counter_change(run, "server", "TCPDSACKOldSent");
	send_genuine(run, tcp->client, late);
	transfer(tcp->client, tcp->server, AFTER, patience, LENGTH);
	expect_number(run, "genuine_thrown_away",
		      counter_change(run, "server", "TCPDSACKOldSent") -
			      duplicates,
		      1, 1);
}

/* The application reads nothing before the genuine segment arrives. */
static void expect_rejected(struct run *run, struct pair *tcp,
			    const struct late *late, const char *counter)
{
	struct finding got;

	sock_post_recv_stream(tcp->server, LENGTH);
	expect_dropped(run, late, counter);
	got = sock_reap(tcp->server, 0);
	if (!expect_that(run, got.open, "the server's recv() blocks", "%s",
			 finding_outcome(&got)))
		return;
	send_genuine(run, tcp->client, late);
	got = sock_reap(tcp->server, soon);
	expect_stream(&got, LENGTH, 0);
	run_measured_count(run, "wrong_bytes", (int64_t)got.wrong);
}

static void script(struct run *run)
{
	const bool off = run_value(run) == OFF;
	struct pair tcp = sock_pair(run);
	struct late control, first, second;

	transfer(tcp.client, tcp.server, BEFORE, patience, 0);
	/* The control is only as late as a detour would make it. */
	if (!hold_original(run, &tcp, &control))
		return;
	expect_dropped(run, &control, off ? "TCPDSACKOldSent" : "PAWSEstab");

	hold_original(run, &tcp, &first);
	transfer(tcp.server, tcp.client, ANSWER, patience, 0);
	hold_original(run, &tcp, &second);
	wrap_sequence_numbers(run, &tcp, 2 * LENGTH);

	expect_rejected(run, &tcp, &first,
			off ? "TCPChallengeACK" : "PAWSEstab");
	if (off) {
		expect_accepted(run, &tcp, &second);
		return;
	}
	expect_rejected(run, &tcp, &second, "PAWSEstab");
	transfer(tcp.client, tcp.server, AFTER, patience, 0);
}

CASE(paws_old_duplicate) = {
	.name = "paws-old-duplicate",
	.claim = "sequence numbers wrap, and a segment of 4 GiB ago arrives "
		 "when its sequence number fits again: accepted without "
		 "timestamps, dropped by PAWS with them",
	.why = "4 GiB use up the 32 bits of the sequence number; then only the "
	       "timestamp distinguishes an old segment from a new one",
	.sources = "RFC 7323 5; RFC 5961 5.2; net/ipv4/tcp_input.c:"
		   "tcp_validate_incoming(), tcp_ack(), tcp_data_queue()",
	.steps =
		STEPS("the client sends a stream with verifiable bytes",
		      "the control: an original is held, and released when its "
		      "retransmission has arrived",
		      "another original is held; the server sends 8 MiB; a "
		      "third original is held",
		      "the client sends until the next byte has the sequence "
		      "number of the second original: 4 GiB, all right",
		      "the second original is released, then the genuine "
		      "segment is sent; the same with the third"),
	.expect = "without timestamps the second is rejected for its ACK, the "
		  "third is read in place of the genuine segment, which is "
		  "dropped, and neither end gets an error. With timestamps "
		  "each is counted as PAWSEstab and answered with an ACK, and "
		  "every byte is right",
	.world = &world_pair_bulk,
	.variants = VARIANTS(
		{ "timestamps-off",
		  "tcp_timestamps is 0 at both ends: the third original is "
		  "read in place of the genuine segment, and nobody gets an "
		  "error",
		  .value = OFF,
		  .settings = SYSCTLS({ NULL, "net.ipv4.tcp_timestamps", 0 }),
		  .judgements = CLAIMS(
			  { "C11", DOCUMENT_CONDITIONAL,
			    "accepted only while the receiver has sent less "
			    "than a window since: else its old ACK is rejected "
			    "without any timestamp, tcp_ack(), RFC 5961 "
			    "5.2" },
			  { "C22", DOCUMENT_CONDITIONAL,
			    "only after 4 GiB: within a window "
			    "tcp_sequence() recognises the late segment by its "
			    "sequence number and drops it. And the number "
			    "after 2^32 - 1 is 0, not the ISN" }) },
		{ "timestamps-on",
		  "tcp_timestamps is 1 at both ends: PAWS drops every old "
		  "original, and every byte that is read is right",
		  .value = ON,
		  .settings = SYSCTLS({ NULL, "net.ipv4.tcp_timestamps", 1 }),
		  .judgements = CLAIMS(
			  { "C11", DOCUMENT_RIGHT,
			    "PAWS drops it: tcp_validate_incoming() compares "
			    "timestamps before it checks the sequence "
			    "number" },
			  { "C26", DOCUMENT_RIGHT,
			    "a segment of 4 GiB before has the sequence number "
			    "that comes next, and a lower timestamp: "
			    "tcp_paws_check()" },
			  { "B16", DOCUMENT_WRONG,
			    "the numbers wrap all the same; PAWS makes the "
			    "wrap-around harmless, because tcp_paws_check() "
			    "rejects the old segments" }) }),
	.duration = SEC(5),
	/* Gigabytes need a whole processor and would delay other runs. */
	.slow = true,
	.exclusive = true,
	.script = script,
};
