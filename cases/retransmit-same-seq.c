/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is lost is sent again from the retransmission queue: the same skb, so
 * the same sequence number, tcp_retransmit_skb(). What is not the same is its
 * time stamp: __tcp_transmit_skb() puts the moment of THIS transmission into
 * TSval, and the youngest TSval of the peer into TSecr. That is what tells the
 * copy from the original, for RTT samples (tcp_ack_update_rtt()) and for PAWS.
 *
 * A receiver that has the bytes already sees by the number that it is a copy,
 * throws it away and says which bytes came twice, in a D-SACK block:
 * tcp_send_dupack(), tcp_data_queue().
 *
 * Two things that the plain rule leaves out. A number belongs to a byte, not to
 * a segment: a pure ACK takes none, and carries the number of the byte that
 * comes next. And a copy is cut anew: tcp_retrans_try_collapse() puts small
 * neighbours together, so that the second's number is never seen again.
 */
#include "case.h"

enum { BYTES = 100, MORE = 50 };

#define ORIGINAL FROM("client"), KIND(WIRE_DATA | WIRE_SYN)
#define COPY FROM("client"), KIND(WIRE_RETRANSMISSION)

/* The timer of a SYN: TCP_TIMEOUT_INIT. */
static const nsec_t syn_timer = SEC(1);

/* The copy's clock has gone on by the time that the timer took, at least. */
static void expect_later(struct run *run, struct mark sent,
			 const struct segment *original,
			 const struct segment *copy, nsec_t copied,
			 struct range timer)
{
	int64_t later = (int32_t)(copy->tsval - original->tsval);

	run_note(run, "original: seq %u, TSval %u; copy: seq %u, TSval %u",
		 original->seq, original->tsval, copy->seq, copy->tsval);
	expect_that(run, original->has_timestamps && copy->has_timestamps,
		    "both have a timestamp", "%d and %d",
		    original->has_timestamps, copy->has_timestamps);
	expect_number(run, "copy_tsval_later_ms", later, timer.min / MSEC(1),
		      (copied - sent.at) / MSEC(1) + 1);
}

static void expect_copy(struct run *run, struct mark sent, struct range timer,
			uint32_t bytes)
{
	struct mark copied =
		expect_frame(run, sent, "the copy", FRAMES(COPY), 1, timer);
	const struct wire_capture *seen =
		frames_nth(run, sent, FRAMES(COPY), 1);
	struct segment original = { 0 }, copy = { 0 };

	if (seen)
		copy = seen->frame.tcp;
	seen = frames_nth(run, sent, FRAMES(ORIGINAL), 1);
	if (seen)
		original = seen->frame.tcp;
	expect_that(run, copy.seq == original.seq && original.seq,
		    "the copy has the original's sequence number", "%u and %u",
		    copy.seq, original.seq);
	expect_number(run, "copy_bytes", copy.length, bytes, bytes);
	expect_later(run, sent, &original, &copy, copied.at, timer);
}

static void expect_arrives(struct sock *server, size_t bytes)
{
	struct finding got = sock_recv(server, soon);

	expect_that(sock_run(server), got.value == (int64_t)bytes,
		    "the server reads it", "%s, %ld bytes",
		    finding_outcome(&got), (long)got.value);
	sock_post_recv(server);
	got = sock_reap(server, 0);
	expect_that(sock_run(server), got.open, "and nothing twice", "%s",
		    finding_outcome(&got));
}

/* The ACK of what the server says carries the number that the client's first
 * byte will have. */
static void expect_number_of_next(struct run *run, struct pair *tcp)
{
	struct mark said = mark_now(run);
	const struct wire_capture *ack;

	sock_send(tcp->server, 1);
	ack = frames_wait(run, said,
			  FRAMES(FROM("client"), KIND(WIRE_PURE_ACK)), 1, soon);
	expect_that(run, ack && ack->frame.tcp.seq - ack->base.sender == 1,
		    "a pure ACK has the number of the byte to come", "%s",
		    ack ? "another number" : "no ACK");
}

static void lost(struct run *run, struct pair *tcp)
{
	struct range timer = forecast_give_up(tcp->client)->rounds[0].at;
	struct mark sent;

	expect_number_of_next(run, tcp);
	fault_drop(run, FRAMES(ORIGINAL, .first = 1, .count = 1));
	sent = mark_now(run);
	sock_send(tcp->client, BYTES);
	mark_done(run, &sent);
	expect_copy(run, sent, timer, BYTES);
	expect_arrives(tcp->server, BYTES);
	expect_counter(run, "client", "RetransSegs", 1);
}

/* The server has it, and the client does not know. */
static void ack_lost(struct run *run, struct pair *tcp)
{
	struct range timer = forecast_give_up(tcp->client)->rounds[0].at;
	const struct wire_match *answer =
		FRAMES(FROM("server"), KIND(WIRE_PURE_ACK));
	const struct wire_capture *seen;
	struct segment ack = { 0 };
	struct mark sent;

	fault_drop(run, FRAMES(FROM("server"), KIND(WIRE_PURE_ACK), .first = 1,
			       .count = 1));
	sent = mark_now(run);
	sock_send(tcp->client, BYTES);
	mark_done(run, &sent);
	expect_copy(run, sent, timer, BYTES);
	expect_arrives(tcp->server, BYTES);
	seen = frames_wait(run, sent, answer, 2, soon);
	if (seen)
		ack = seen->frame.tcp;
	expect_that(run,
		    ack.n_sacks == 1 &&
			    ack.sacks[0].right - ack.sacks[0].left == BYTES &&
			    ack.sacks[0].right == ack.ack,
		    "the answer says that these bytes came twice (D-SACK)",
		    "%u blocks", ack.n_sacks);
	expect_counter(run, "server", "TCPDSACKOldSent", 1);
	expect_counter(run, "client", "TCPDSACKRecv", 1);
}

static void collapsed(struct run *run, struct pair *tcp)
{
	struct range timer = forecast_give_up(tcp->client)->rounds[0].at;
	struct mark sent;

	sock_set(tcp->client, IPPROTO_TCP, TCP_NODELAY, 1);
	fault_drop(run, FRAMES(ORIGINAL, .first = 1, .count = 2));
	sent = mark_now(run);
	sock_send(tcp->client, BYTES);
	/* The timer is the first one's: tcp_event_new_data_sent(). */
	sock_send(tcp->client, MORE);
	mark_done(run, &sent);
	expect_frames(run, sent, "segments", FRAMES(ORIGINAL), 2);
	expect_copy(run, sent, timer, BYTES + MORE);
	expect_arrives(tcp->server, BYTES + MORE);
	expect_frames(run, sent, "copies", FRAMES(COPY), 1);
	expect_counter(run, "client", "RetransSegs", 1);
}

static void syn_lost(struct run *run)
{
	struct probe *server = probe_start(run, "server");
	struct probe *client = probe_start(run, "client");
	struct sock *listener = sock_listen(server, 1), *sock;
	struct mark sent;
	struct finding got;

	fault_drop(run, FRAMES(ORIGINAL, .first = 1, .count = 1));
	sent = mark_now(run);
	sock = sock_post_connect(client, listener);
	mark_done(run, &sent);
	expect_copy(run, sent, predict_timer(syn_timer, nsec_hz()), 0);
	got = sock_reap(sock, soon);
	expect_that(run, !got.open && !got.error, "the connection is made",
		    "%s", finding_outcome(&got));
	expect_counter(run, "client", "RetransSegs", 1);
}

static void script(struct run *run)
{
	struct pair tcp;

	if (run_is_variant(run, "syn-lost")) {
		syn_lost(run);
		return;
	}
	tcp = sock_pair(run);
	if (run_is_variant(run, "ack-lost"))
		ack_lost(run, &tcp);
	else if (run_is_variant(run, "two-small-segments"))
		collapsed(run, &tcp);
	else
		lost(run, &tcp);
}

CASE(retransmit_same_seq) = {
	.name = "retransmit-same-seq",
	.claim = "a retransmission has the sequence number of what was lost, "
		 "and a timestamp of its own",
	.judgements = CLAIMS(
		{ "B14", DOCUMENT_RIGHT,
		  "the same skb is sent again, tcp_retransmit_skb(); only its "
		  "TSval is new, from __tcp_transmit_skb()" },
		{ "B14", DOCUMENT_CONDITIONAL,
		  "not every segment has a number of its own: one without data "
		  "carries that of the byte to come, tcp_acceptable_seq()" }),
	.why = "a sequence number names a byte of the stream, a TSval names a "
	       "transmission",
	.sources = "RFC 9293 3.4; RFC 7323 3.2 and 4.3; RFC 2883; net/ipv4/"
		   "tcp_output.c:__tcp_retransmit_skb(), "
		   "tcp_retrans_try_collapse(); net/ipv4/tcp_input.c:"
		   "tcp_send_dupack()",
	.steps = STEPS("a connection; the server says a byte, which the client "
		       "acknowledges",
		       "the client sends, and the first transmission is lost "
		       "(or the ACK of it is; or the SYN; or two small "
		       "segments in a row)",
		       "the copy on the wire beside the original; what the "
		       "server reads and answers"),
	.expect = "the same number and length, and a TSval that is later by "
		  "the time between them; read once; a D-SACK where it came "
		  "twice; one copy of 150 bytes for 100 and 50",
	.world = &world_pair,
	.variants = VARIANTS(
		{ "data-lost",
		  SYSCTLS({ "client", "net.ipv4.tcp_early_retrans", 0 }) },
		{ "tail-loss-probe",
		  SYSCTLS({ "client", "net.ipv4.tcp_early_retrans", 3 }) },
		{ "syn-lost", .duration = SEC(1),
		  .judgements = CLAIMS(
			  { "B14", DOCUMENT_RIGHT,
			    "the initial sequence number is chosen once, in "
			    "tcp_v4_connect(), and the copy of the SYN keeps "
			    "it" }) },
		{ "ack-lost",
		  SYSCTLS({ "client", "net.ipv4.tcp_early_retrans", 0 }),
		  .judgements = CLAIMS(
			  { "B14", DOCUMENT_RIGHT,
			    "the receiver knows the bytes by their numbers, "
			    "throws the copy away and says so in a D-SACK: "
			    "tcp_send_dupack(), tcp_data_queue()" }) },
		{ "two-small-segments",
		  SYSCTLS({ "client", "net.ipv4.tcp_early_retrans", 0 }),
		  .judgements = CLAIMS(
			  { "B14", DOCUMENT_CONDITIONAL,
			    "the bytes keep their numbers, the segments do "
			    "not: tcp_retrans_try_collapse() sends two of them "
			    "as one" }) }),
	.duration = MSEC(250),
	.script = script,
};
