/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * More than 4 GiB on one connection. A segment early in the stream is late: the
 * wire holds the original, TCP sends it again, and the stream goes on. Numbers
 * have 32 bits, so 4 GiB later the very next byte bears the number of that
 * segment once more, and just then the original arrives.
 *
 * Without timestamps it passes every test that the kernel has: its number is
 * what is next (tcp_sequence()), its ACK is one (tcp_ack()), its checksum is
 * right. tcp_queue_rcv() gives it to the application, and the genuine segment,
 * which comes next, is thrown away as a duplicate: tcp_data_queue() answers it
 * with a DSACK. Neither end gets an error, and all bytes after it are right.
 *
 * With timestamps its TSval is older than the last one by as long as 4 GiB
 * took: tcp_validate_incoming() asks tcp_paws_check() before it looks at any
 * number.
 *
 * What the text leaves out: an old segment also acknowledges an old number, and
 * the kernel takes none that is further back than the largest window that the
 * peer ever offered (tcp_ack(), RFC 5961 5.2; since 6.7 no further either than
 * what was sent at all). Where the receiver has sent more than that since, it
 * refuses the old segment without any timestamp, with a challenge ACK. So two
 * originals are held here: one from before the server sends something of its
 * own, and one from after it.
 *
 * Every byte of the stream depends on its 64-bit offset, so that the
 * application can tell which lap a byte is of: lib/pattern.h.
 */
#include "case.h"

enum { BEFORE = 1 << 20, LENGTH = 1000, AFTER = 1 << 20, ANSWER = 8 << 20 };
enum { OFF, ON };

static const uint64_t lap = UINT64_C(1) << 32;

/* For a timer or two; for gigabytes. */
static const nsec_t patience = SEC(5), bulk = SEC(60);

struct late {
	struct wire_rule *rule;
	struct mark sent;
};

static void transfer(struct sock *from, struct sock *to, uint64_t bytes,
		     nsec_t within, uint64_t wrong)
{
	struct finding got;

	/* What is of interest is in one frame. */
	frames_count_only(sock_run(from), bytes > LENGTH);
	got = sock_stream(from, to, bytes, within);
	expect_stream(&got, bytes, wrong);
	frames_count_only(sock_run(from), false);
}

/* The original is held; what the server reads is the retransmission. */
static bool hold_original(struct run *run, struct pair *tcp, struct late *ret)
{
	ret->sent = mark_now(run);
	ret->rule = fault_hold(
		run, FRAMES(FROM("client"), KIND(WIRE_DATA), .count = 1));
	transfer(tcp->client, tcp->server, LENGTH, patience, 0);
	return expect_frames_between(
		run, ret->sent, "retransmissions",
		FRAMES(FROM("client"), KIND(WIRE_RETRANSMISSION)), 1,
		UINT32_MAX);
}

/* All but what is sent already: the next byte has the old number again. */
static void go_round(struct run *run, struct pair *tcp, uint64_t sent)
{
	struct mark begin = mark_now(run);

	transfer(tcp->client, tcp->server, lap - sent, bulk, 0);
	run_measured(run, "lap_s", nsec_seconds(mark_now(run).at - begin.at));
}

static void release(struct run *run, const struct late *late)
{
	struct mark released = mark_now(run);

	fault_release(run, late->rule);
	expect_frame(run, released, "the server's answer",
		     FRAMES(FROM("server"), KIND(WIRE_PURE_ACK)), 1, at_once);
}

/* Answered, for this reason, and not read. */
static void is_dropped(struct run *run, const struct late *late,
		       const char *counter)
{
	int64_t before = counter_change(run, "server", counter);

	release(run, late);
	expect_number(run, counter,
		      counter_change(run, "server", counter) - before, 1, 1);
}

/* The next bytes, in a segment of the old one's number and length. */
static void send_genuine(struct run *run, struct sock *client,
			 const struct late *late)
{
	const struct wire_match *data = FRAMES(FROM("client"), KIND(WIRE_DATA));
	const struct wire_capture *old, *genuine;
	struct mark sent = mark_now(run);
	bool same;

	sock_post_send_stream(client, LENGTH);
	genuine = frames_wait(run, sent, data, 1, soon);
	old = frames_nth(run, late->sent, data, 1);
	same = old && genuine && old->frame.tcp.seq == genuine->frame.tcp.seq &&
	       old->frame.tcp.length == genuine->frame.tcp.length;
	expect_that(run, same, "the genuine segment has the old one's numbers",
		    "%s", same ? "so" : "not so");
	if (same && old->frame.tcp.has_timestamps)
		run_measured_count(run, "older_by_ticks",
				   (int32_t)(genuine->frame.tcp.tsval -
					     old->frame.tcp.tsval));
	sock_reap(client, patience);
}

/* The application reads bytes of 4 GiB ago, and no error. */
static void is_taken(struct run *run, struct pair *tcp, const struct late *late)
{
	const int64_t offset = BEFORE + 2 * LENGTH + (int64_t)lap;
	int64_t thrown_away;
	struct finding got;

	sock_post_recv_stream(tcp->server, LENGTH);
	release(run, late);
	got = sock_reap(tcp->server, soon);
	if (!expect_stream(&got, LENGTH, LENGTH))
		return;
	expect_number(run, "wrong_bytes", (int64_t)got.wrong, LENGTH, LENGTH);
	expect_number(run, "first_wrong_offset", (int64_t)got.first_wrong,
		      offset, offset);
	thrown_away = counter_change(run, "server", "TCPDSACKOldSent");
	send_genuine(run, tcp->client, late);
	transfer(tcp->client, tcp->server, AFTER, patience, LENGTH);
	expect_number(run, "genuine_thrown_away",
		      counter_change(run, "server", "TCPDSACKOldSent") -
			      thrown_away,
		      1, 1);
}

/* The application reads nothing before the genuine segment comes. */
static void is_refused(struct run *run, struct pair *tcp,
		       const struct late *late, const char *counter)
{
	struct finding got;

	sock_post_recv_stream(tcp->server, LENGTH);
	is_dropped(run, late, counter);
	got = sock_reap(tcp->server, 0);
	expect_that(run, got.open, "the server's recv() waits", "%s",
		    finding_outcome(&got));
	if (!got.open)
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
	struct late in_time, first, second;

	transfer(tcp.client, tcp.server, BEFORE, patience, 0);
	/* The control: as late as any detour makes it. */
	if (!hold_original(run, &tcp, &in_time))
		return;
	is_dropped(run, &in_time, off ? "TCPDSACKOldSent" : "PAWSEstab");

	hold_original(run, &tcp, &first);
	transfer(tcp.server, tcp.client, ANSWER, patience, 0);
	hold_original(run, &tcp, &second);
	go_round(run, &tcp, 2 * LENGTH);

	is_refused(run, &tcp, &first, off ? "TCPChallengeACK" : "PAWSEstab");
	if (off) {
		is_taken(run, &tcp, &second);
		return;
	}
	is_refused(run, &tcp, &second, "PAWSEstab");
	transfer(tcp.client, tcp.server, AFTER, patience, 0);
}

CASE(paws_old_duplicate) = {
	.name = "paws-old-duplicate",
	.claim =
		"the numbers wrap, and a segment of 4 GiB ago arrives when its "
		"number fits again: taken without timestamps, dropped by PAWS "
		"with them",
	.why = "32 bits of sequence number are used up by 4 GiB; only the "
	       "timestamp tells one lap from the next",
	.sources = "RFC 7323 5; RFC 5961 5.2; net/ipv4/tcp_input.c:"
		   "tcp_validate_incoming(), tcp_ack(), tcp_data_queue()",
	.steps = STEPS("the client sends a stream of which every byte can be "
		       "checked",
		       "an original is held, and released when its "
		       "retransmission has passed: the control",
		       "another is held; the server sends 8 MiB of its own; a "
		       "third is held",
		       "the client sends until the next byte has the second "
		       "one's number: 4 GiB, all right",
		       "the second original is released, then the genuine "
		       "segment is sent; the same with the third; what does "
		       "the server's application read?"),
	.expect = "without timestamps: the second is refused for its ACK, the "
		  "third is read in the genuine segment's place, which is "
		  "thrown away, and nobody is told. With them: PAWSEstab and "
		  "an ACK for each, and every byte right",
	.world = &world_pair_bulk,
	.variants = VARIANTS(
		{ "timestamps-off", .value = OFF,
		  .settings = SYSCTLS({ NULL, "net.ipv4.tcp_timestamps", 0 }),
		  .judgements = CLAIMS(
			  { "C11", DOCUMENT_CONDITIONAL,
			    "taken only while the receiver has sent less than "
			    "a window since: else its old ACK is refused "
			    "without any timestamp, tcp_ack(), RFC 5961 "
			    "5.2" }) },
		{ "timestamps-on", .value = ON,
		  .settings = SYSCTLS({ NULL, "net.ipv4.tcp_timestamps", 1 }),
		  .judgements = CLAIMS(
			  { "C11", DOCUMENT_RIGHT,
			    "PAWS drops it: tcp_validate_incoming() compares "
			    "timestamps before it looks at the number" }) }),
	.duration = SEC(5),
	/* Gigabytes take a whole processor: the neighbours would be late. */
	.slow = true,
	.exclusive = true,
	.script = script,
};
