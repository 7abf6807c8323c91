/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is a keepalive probe? tcp_xmit_probe_skb() makes an ACK without any
 * data, whose sequence number is one below what is unacknowledged: SND.UNA - 1.
 * The peer has had that byte (or the SYN), finds the segment below its window,
 * and must acknowledge what it has: tcp_validate_incoming() calls
 * tcp_send_dupack(). The answer is a plain ACK, without a D-SACK block, which
 * only data would get. (RFC 9293 3.8.4 lets a probe carry one byte of garbage
 * for peers that answer nothing else; Linux sends none.)
 *
 * Every probe is the same, however many there have been, and in a capture it
 * looks like a harmless ACK: only the sequence number tells.
 *
 * A probe that comes twice within tcp_invalid_ratelimit (500 ms) is answered
 * once: tcp_oow_rate_limited() treats it as a possible ACK loop, since it has
 * no data, and counts TCPACKSkippedSeq.
 */
#include "case.h"

enum { TIME = 1, INTVL = 1, PROBES = 1, BYTES = 100 };

#define PROBE FROM("client"), KIND(WIRE_KEEPALIVE_PROBE)
#define ANSWER FROM("server"), KIND(WIRE_PURE_ACK)

/* Numbers are relative to the initial ones. */
static void expect_segment(struct run *run, const char *what, struct mark since,
			   const struct wire_match *match, uint32_t seq,
			   uint32_t ack)
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
		    "it has the right numbers",
		    "seq %u, expected %u; ack %u, expected %u", its_seq, seq,
		    its_ack, ack);
}

/* The client has sent so many bytes, and nothing else: 1 is the next after the
 * SYN, so what is one below SND.UNA is `bytes`. */
static void expect_probe(struct run *run, struct mark probe, uint32_t bytes)
{
	expect_segment(run, "the probe is an ACK without data", probe,
		       FRAMES(PROBE), bytes, 1);
}

static struct mark expect_answer(struct run *run, struct mark probe,
				 uint32_t bytes)
{
	struct mark answer = expect_frame(run, probe, "its answer",
					  FRAMES(ANSWER), 1, at_once);

	expect_segment(run, "the answer is an ACK without data and D-SACK",
		       answer, FRAMES(ANSWER), 1, bytes + 1);
	return answer;
}

static void send_before(struct sock *client, struct sock *server, size_t bytes)
{
	struct run *run = sock_run(client);
	struct finding got;

	if (!bytes)
		return;
	sock_send(client, bytes);
	got = sock_recv(server, SEC(1));
	expect_that(run, got.size > 0, "the data arrives", "%zu bytes",
		    got.size);
}

static void script(struct run *run)
{
	uint32_t bytes = (uint32_t)run_value(run);
	bool twice = run_is_variant(run, "twice");
	struct pair tcp = sock_pair(run);
	const struct prediction *forecast = forecast_keepalive(tcp.client);
	const struct prediction *again =
		forecast_keepalive_after_answer(tcp.client);
	struct mark armed, living, dead, answer;
	struct finding got;

	if (twice)
		fault_duplicate(run, FRAMES(PROBE, .first = 1, .count = 1),
				MSEC(100));
	send_before(tcp.client, tcp.server, bytes);
	armed = mark_now(run);
	sock_keepalive(tcp.client, true);
	living = expect_frame(run, armed, "the probe to the living",
			      FRAMES(PROBE), 1, forecast->rounds[0].at);
	expect_probe(run, living, bytes);
	answer = expect_answer(run, living, bytes);
	run_pass_until(run, answer, MSEC(200));
	expect_frames(run, living, "answers", FRAMES(ANSWER), 1);
	expect_counter(run, "server", "TCPACKSkippedSeq", twice);

	fault_crash(run, "server");
	sock_post_recv(tcp.client);
	/* The 1st since the living is itself. */
	dead = expect_frame(run, living, "the probe to the dead", FRAMES(PROBE),
			    2, again->rounds[0].at);
	expect_probe(run, dead, bytes);
	got = sock_reap(tcp.client, again->elapsed.max + SEC(1));
	expect_error(&got, ETIMEDOUT);
	expect_took(living, &got, again->elapsed);
	expect_number(run, "keepalive_probes",
		      frames_count(run, armed, FRAMES(PROBE)),
		      forecast->probes + 1, forecast->probes + 1);
	expect_counter(run, "client", "TCPKeepAlive", forecast->probes + 1);
}

CASE(keepalive_probe_format) = {
	.name = "keepalive-probe-format",
	.claim = "a keepalive probe is an ACK with no data at all and a "
		 "sequence number one too low, and its answer is a plain ACK",
	.judgements = CLAIMS({ "A20", DOCUMENT_WRONG,
			       "a probe carries no data at all: "
			       "tcp_xmit_probe_skb() makes an empty segment, "
			       "one below SND.UNA" }),
	.why = "a segment below the window must be answered with an ACK, so a "
	       "probe needs no data",
	.sources =
		"RFC 9293 3.8.4 and 3.10.7.4; net/ipv4/tcp_output.c:"
		"tcp_xmit_probe_skb(); net/ipv4/tcp_input.c:tcp_send_dupack()",
	.steps =
		STEPS("a connection; nothing was sent yet, or 100 bytes",
		      "SO_KEEPALIVE at the client; one probe is answered (in a "
		      "variant the wire delivers it twice)",
		      "the server's machine dies; the next probe is not"),
	.expect = "both probes: ACK, 0 bytes, SND.UNA - 1; one answer: ACK, 0 "
		  "bytes, no SACK block, also where the probe comes twice; "
		  "then ETIMEDOUT",
	.world = &world_pair,
	.settings = SYSCTLS({ "client", "net.ipv4.tcp_keepalive_time", TIME },
			    { "client", "net.ipv4.tcp_keepalive_intvl", INTVL },
			    { "client", "net.ipv4.tcp_keepalive_probes",
			      PROBES }),
	.variants = VARIANTS({ "nothing-sent" },
			     { "data-sent", .value = BYTES }, { "twice" }),
	.duration = SEC(TIME + TIME + INTVL * PROBES),
	.script = script,
};
