/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The format of a keepalive probe. tcp_xmit_probe_skb() builds an ACK without
 * data whose sequence number is SND.UNA - 1. The peer already has that byte (or
 * the SYN), finds the segment below its window, and must acknowledge what it
 * has: tcp_validate_incoming() calls tcp_send_dupack(). The answer is a pure
 * ACK without a D-SACK block, which only data would get. (RFC 9293 3.8.4
 * allows a probe to carry one byte of garbage, for peers that do not answer an
 * empty one; Linux sends none.)
 *
 * All probes are the same. In a capture only the sequence number distinguishes
 * them from an ordinary ACK.
 *
 * A probe that arrives twice within tcp_invalid_ratelimit (500 ms) is answered
 * once: it has no data, so tcp_oow_rate_limited() treats it as part of a
 * possible ACK loop and counts TCPACKSkippedSeq.
 */
#include "case.h"

enum { TIME = 1, INTVL = 1, PROBES = 1, BYTES = 100 };

#define PROBE FROM("client"), KIND(WIRE_KEEPALIVE_PROBE)
#define ANSWER FROM("server"), KIND(WIRE_PURE_ACK)

/* An ACK without data; seq and ack are relative to the ISNs. */
static void expect_empty_ack(struct run *run, const char *what,
			     struct mark since, const struct wire_match *match,
			     uint32_t seq, uint32_t ack)
{
	static const struct wire_capture none;
	const struct wire_capture *c = frames_nth(run, since, match, 1);
	const struct segment *tcp = c ? &c->frame.tcp : &none.frame.tcp;
	uint32_t its_seq = c ? tcp->seq - c->base.sender : 0;
	uint32_t its_ack = c ? tcp->ack - c->base.receiver : 0;

	expect_that(run,
		    tcp->flags == SEGMENT_ACK && tcp->length == 0 &&
			    tcp->n_sacks == 0 && tcp->has_timestamps,
		    what, "flags %#x, %u bytes, %u SACK blocks", tcp->flags,
		    tcp->length, tcp->n_sacks);
	expect_that(run, its_seq == seq && its_ack == ack,
		    "its sequence and acknowledgement numbers are right",
		    "seq %u, expected %u; ack %u, expected %u", its_seq, seq,
		    its_ack, ack);
}

/* The client has sent so many bytes and the SYN: SND.UNA is bytes + 1. */
static void expect_probe(struct run *run, struct mark probe, uint32_t bytes)
{
	const struct wire_capture *seen =
		frames_nth(run, probe, FRAMES(PROBE), 1);

	expect_number(run, "probe_bytes",
		      seen ? (int64_t)seen->frame.tcp.length : -1, 0, 0);
	expect_empty_ack(run, "the probe is an ACK without data", probe,
			 FRAMES(PROBE), bytes, 1);
}

static struct mark expect_answer(struct run *run, struct mark probe,
				 uint32_t bytes)
{
	struct mark answer = expect_frame(run, probe, "answer to the probe",
					  FRAMES(ANSWER), 1, at_once);

	expect_empty_ack(run, "the answer is an ACK without data or SACK block",
			 answer, FRAMES(ANSWER), 1, bytes + 1);
	return answer;
}

static void script(struct run *run)
{
	uint32_t bytes = (uint32_t)run_value(run);
	bool twice = run_is_variant(run, "twice");
	struct pair tcp = sock_pair(run);
	const struct prediction *forecast = forecast_keepalive(tcp.client);
	const struct prediction *after_answer =
		forecast_keepalive_after_answer(tcp.client);
	struct mark armed, answered, unanswered, answer;
	struct finding got;

	if (twice)
		fault_duplicate(run, FRAMES(PROBE, .first = 1, .count = 1),
				MSEC(100));
	if (bytes)
		expect_delivery(tcp.client, tcp.server, bytes);
	armed = mark_now(run);
	sock_keepalive(tcp.client, true);
	answered = expect_frame(run, armed, "probe to the living host",
				FRAMES(PROBE), 1, forecast->rounds[0].at);
	expect_probe(run, answered, bytes);
	answer = expect_answer(run, answered, bytes);
	run_pass_until(run, answer, MSEC(200));
	expect_frames(run, answered, "answers", FRAMES(ANSWER), 1);
	expect_counter(run, "server", "TCPACKSkippedSeq", twice);

	fault_crash(run, "server");
	sock_post_recv(tcp.client);
	/* The 1st frame since the mark is the marked probe itself. */
	unanswered = expect_frame(run, answered, "probe to the dead host",
				  FRAMES(PROBE), 2, after_answer->rounds[0].at);
	expect_probe(run, unanswered, bytes);
	got = sock_reap(tcp.client, after_answer->elapsed.max + SEC(1));
	expect_error(&got, ETIMEDOUT);
	expect_took(answered, &got, after_answer->elapsed);
	expect_number(run, "keepalive_probes",
		      frames_count(run, armed, FRAMES(PROBE)),
		      forecast->probes + 1, forecast->probes + 1);
	expect_counter(run, "client", "TCPKeepAlive", forecast->probes + 1);
}

CASE(keepalive_probe_format) = {
	.name = "keepalive-probe-format",
	.claim = "a keepalive probe is an ACK without data whose sequence "
		 "number is one too low, and its answer is a pure ACK",
	.judgements = CLAIMS(
		{ "A20", DOCUMENT_CONDITIONAL,
		  "as far as the headers count: there is no payload at all; "
		  "tcp_xmit_probe_skb() builds an empty segment with sequence "
		  "number SND.UNA - 1" }),
	.why = "a segment below the window must be answered with an ACK, so a "
	       "probe needs no data",
	.sources = "RFC 9293 3.8.4 and 3.10.7.4; "
		   "net/ipv4/tcp_output.c:tcp_xmit_probe_skb(); "
		   "net/ipv4/tcp_input.c:tcp_send_dupack()",
	.steps = STEPS(
		"a connection on which the client has sent nothing, or 100 "
		"bytes",
		"SO_KEEPALIVE at the client; the server answers one probe "
		"(variant twice: the wire delivers that probe twice)",
		"the server's host crashes; the next probe stays unanswered"),
	.expect = "both probes: ACK, 0 bytes, sequence number SND.UNA - 1; one "
		  "answer, also to the probe that arrives twice: ACK, 0 bytes, "
		  "no SACK block; then ETIMEDOUT",
	.shows = SHOWS("probe_bytes", "keepalive_probes"),
	.world = &world_pair,
	.settings = SYSCTLS(KEEPALIVE_SYSCTLS("client", TIME, INTVL, PROBES)),
	.variants = VARIANTS(
		{ "nothing-sent", "the client has sent no data: the probe's "
				  "sequence number is that of the SYN" },
		{ "data-sent",
		  "the client has sent 100 bytes: the probe's sequence number "
		  "is that of the last byte, which the probe does not contain",
		  .value = BYTES },
		{ "twice", "the wire delivers the first probe again after 100 "
			   "ms: the second arrival is not answered, since "
			   "tcp_invalid_ratelimit is 500 ms" }),
	.duration = SEC(TIME + TIME + INTVL * PROBES),
	.script = script,
};
