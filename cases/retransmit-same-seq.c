/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lost data is sent again from the retransmission queue: the same skb, so the
 * same sequence number, tcp_retransmit_skb(). The timestamp differs:
 * __tcp_transmit_skb() puts the time of this transmission into TSval, and the
 * peer's latest TSval into TSecr. So the timestamp distinguishes the
 * retransmission from the original, for RTT samples (tcp_ack_update_rtt()) and
 * for PAWS.
 *
 * A receiver that has the bytes already recognises a retransmission by its
 * sequence number, drops it and reports the duplicate bytes in a D-SACK block:
 * tcp_send_dupack(), tcp_data_queue().
 *
 * The simple rule leaves out two things. A sequence number belongs to a byte,
 * not to a segment: a pure ACK uses none, and has that of the next byte. And a
 * retransmission is cut again: tcp_retrans_try_collapse() merges small
 * neighbours, so the second one's sequence number does not appear again.
 */
#include "case.h"

enum { BYTES = 100, MORE = 50 };

#define ORIGINAL FROM("client"), KIND(WIRE_DATA | WIRE_SYN)
#define RETRANSMISSION FROM("client"), KIND(WIRE_RETRANSMISSION)

/* The timer of a SYN: TCP_TIMEOUT_INIT. */
static const nsec_t syn_timer = SEC(1);

static struct segment first_segment(struct run *run, struct mark since,
				    const struct wire_match *match)
{
	const struct wire_capture *seen = frames_nth(run, since, match, 1);

	return seen ? seen->frame.tcp : (struct segment){ 0 };
}

/* The same sequence number and length, and a TSval that is later by at least
 * the time of the timer. */
static void expect_retransmission(struct run *run, struct mark sent,
				  struct range timer, uint32_t bytes)
{
	struct mark seen = expect_frame(run, sent, "the retransmission",
					FRAMES(RETRANSMISSION), 1, timer);
	struct segment original = first_segment(run, sent, FRAMES(ORIGINAL));
	struct segment second =
		first_segment(run, sent, FRAMES(RETRANSMISSION));
	int64_t later = (int32_t)(second.tsval - original.tsval);

	expect_that(run, second.seq == original.seq && original.seq,
		    "the retransmission has the original's sequence number",
		    "%u and %u", second.seq, original.seq);
	expect_number(run, "copy_seq_difference",
		      (int32_t)(second.seq - original.seq), 0, 0);
	expect_number(run, "copy_bytes", second.length, bytes, bytes);
	run_note(run,
		 "original: seq %u, TSval %u; retransmission: seq %u, TSval %u",
		 original.seq, original.tsval, second.seq, second.tsval);
	expect_that(run, original.has_timestamps && second.has_timestamps,
		    "both have a timestamp", "original %s, retransmission %s",
		    original.has_timestamps ? R_("yes") : R_("no"),
		    second.has_timestamps ? R_("yes") : R_("no"));
	expect_number(run, "copy_tsval_later_ms", later, timer.min / MSEC(1),
		      (seen.at - sent.at) / MSEC(1) + 1);
}

static void expect_read_once(struct sock *server, size_t bytes)
{
	struct finding got = sock_recv(server, soon);

	expect_that(sock_run(server), got.value == (int64_t)bytes,
		    "the server reads the data", "%s, %ld bytes",
		    finding_outcome(&got), (long)got.value);
	sock_post_recv(server);
	got = sock_reap(server, 0);
	expect_that(sock_run(server), got.open,
		    "the server reads nothing twice", "%s",
		    finding_outcome(&got));
}

/* The ACK has the sequence number that the client's first byte will have. */
static void expect_ack_with_next_number(struct run *run, struct pair *tcp)
{
	struct mark sent = mark_now(run);
	const struct wire_capture *ack;

	sock_send(tcp->server, 1);
	ack = frames_wait(run, sent,
			  FRAMES(FROM("client"), KIND(WIRE_PURE_ACK)), 1, soon);
	expect_that(run, ack && ack->frame.tcp.seq - ack->base.sender == 1,
		    "a pure ACK has the sequence number of the next byte", "%s",
		    ack ? R_("another number") : "no ACK");
}

static void lose_data(struct run *run, struct pair *tcp)
{
	struct range timer = forecast_give_up(tcp->client)->rounds[0].at;
	struct mark sent;

	expect_ack_with_next_number(run, tcp);
	fault_drop(run, FRAMES(ORIGINAL, .first = 1, .count = 1));
	sent = mark_now(run);
	sock_send(tcp->client, BYTES);
	mark_done(run, &sent);
	expect_retransmission(run, sent, timer, BYTES);
	expect_read_once(tcp->server, BYTES);
	expect_counter(run, "client", "RetransSegs", 1);
}

/* The server has the data, and the client has no acknowledgement. */
static void lose_ack(struct run *run, struct pair *tcp)
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
	expect_retransmission(run, sent, timer, BYTES);
	expect_read_once(tcp->server, BYTES);
	seen = frames_wait(run, sent, answer, 2, soon);
	if (seen)
		ack = seen->frame.tcp;
	expect_that(run,
		    ack.n_sacks == 1 &&
			    ack.sacks[0].right - ack.sacks[0].left == BYTES &&
			    ack.sacks[0].right == ack.ack,
		    "a D-SACK block reports the bytes that came twice",
		    "%u SACK blocks", ack.n_sacks);
	expect_counter(run, "server", "TCPDSACKOldSent", 1);
	expect_counter(run, "client", "TCPDSACKRecv", 1);
}

static void lose_two_small_segments(struct run *run, struct pair *tcp)
{
	struct range timer = forecast_give_up(tcp->client)->rounds[0].at;
	struct mark sent;

	sock_set(tcp->client, IPPROTO_TCP, TCP_NODELAY, 1);
	fault_drop(run, FRAMES(ORIGINAL, .first = 1, .count = 2));
	sent = mark_now(run);
	sock_send(tcp->client, BYTES);
	/* The first segment arms the timer: tcp_event_new_data_sent(). */
	sock_send(tcp->client, MORE);
	mark_done(run, &sent);
	expect_frames(run, sent, "originals", FRAMES(ORIGINAL), 2);
	expect_retransmission(run, sent, timer, BYTES + MORE);
	expect_read_once(tcp->server, BYTES + MORE);
	expect_frames(run, sent, "retransmissions", FRAMES(RETRANSMISSION), 1);
	expect_counter(run, "client", "RetransSegs", 1);
}

static void lose_syn(struct run *run)
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
	expect_retransmission(run, sent, predict_timer(syn_timer, nsec_hz()),
			      0);
	got = sock_reap(sock, soon);
	expect_that(run, !got.open && !got.error, "connect() succeeds", "%s",
		    finding_outcome(&got));
	expect_counter(run, "client", "RetransSegs", 1);
}

static void script(struct run *run)
{
	struct pair tcp;

	if (run_is_variant(run, "syn-lost")) {
		lose_syn(run);
		return;
	}
	tcp = sock_pair(run);
	if (run_is_variant(run, "ack-lost"))
		lose_ack(run, &tcp);
	else if (run_is_variant(run, "two-small-segments"))
		lose_two_small_segments(run, &tcp);
	else
		lose_data(run, &tcp);
}

#define TAIL_LOSS_PROBE(n_)                                                    \
	SYSCTLS({ "client", "net.ipv4.tcp_early_retrans", n_ })

CASE(retransmit_same_seq) = {
	.name = "retransmit-same-seq",
	.claim = "a retransmission has the sequence number of the lost segment "
		 "and a timestamp of its own",
	.judgements = CLAIMS(
		{ "B14", DOCUMENT_RIGHT,
		  "the same skb is sent again, tcp_retransmit_skb(); only its "
		  "TSval is new, from __tcp_transmit_skb()" },
		{ "B14", DOCUMENT_CONDITIONAL,
		  "not every segment has a sequence number of its own: one "
		  "without data has that of the next byte, "
		  "tcp_acceptable_seq()" }),
	.why = "a sequence number identifies a byte of the stream, a TSval a "
	       "transmission",
	.sources = "RFC 9293 3.4; RFC 7323 3.2 and 4.3; RFC 2883; net/ipv4/"
		   "tcp_output.c:__tcp_retransmit_skb(), "
		   "tcp_retrans_try_collapse(); net/ipv4/tcp_input.c:"
		   "tcp_send_dupack()",
	.steps = STEPS("a connection; the server sends a byte, which the "
		       "client acknowledges",
		       "the client sends, and the first transmission is lost "
		       "(or its ACK; or the SYN; or two small segments)",
		       "the retransmission on the wire is compared with the "
		       "original; the server reads and answers"),
	.expect = "the same sequence number and length, and a TSval that is "
		  "later by the time between the two; the data is read once; "
		  "data that arrives twice is answered with a D-SACK; 100 and "
		  "50 bytes are retransmitted as one segment of 150",
	.shows = SHOWS("copy_seq_difference", "copy_bytes",
		       "copy_tsval_later_ms"),
	.world = &world_pair,
	.variants = VARIANTS(
		{ "data-lost",
		  "the first transmission of the data is lost, and "
		  "tcp_early_retrans is 0: an RTO retransmission follows",
		  TAIL_LOSS_PROBE(0) },
		{ "tail-loss-probe",
		  "the first transmission of the data is lost, and "
		  "tcp_early_retrans is 3: a tail loss probe follows, which is "
		  "the same segment too",
		  TAIL_LOSS_PROBE(3) },
		{ "syn-lost",
		  "the first SYN is lost: the second SYN has the same initial "
		  "sequence number and a later TSval",
		  .duration = SEC(1),
		  .judgements = CLAIMS(
			  { "B14", DOCUMENT_RIGHT,
			    "the initial sequence number is chosen once, in "
			    "tcp_v4_connect(), and the retransmitted SYN keeps "
			    "it" }) },
		{ "ack-lost",
		  "the ACK of the data is lost: the server reads the data once "
		  "and answers the retransmission with a D-SACK block",
		  TAIL_LOSS_PROBE(0),
		  .judgements = CLAIMS(
			  { "B14", DOCUMENT_RIGHT,
			    "the receiver recognises the bytes by their "
			    "sequence numbers, drops the retransmission and "
			    "reports it in a D-SACK: tcp_send_dupack(), "
			    "tcp_data_queue()" }) },
		{ "two-small-segments",
		  "two segments of 100 and 50 bytes are lost: they are "
		  "retransmitted as one segment of 150 bytes",
		  TAIL_LOSS_PROBE(0),
		  .judgements = CLAIMS(
			  { "B14", DOCUMENT_CONDITIONAL,
			    "the bytes keep their sequence numbers, the "
			    "segments do not: tcp_retrans_try_collapse() sends "
			    "two of them as one" }) }),
	.duration = MSEC(250),
	.script = script,
};
