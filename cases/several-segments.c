/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Four segments are in flight when the path fails.
 *
 * With several segments in flight the tail loss probe does not wait for the
 * peer's delayed ACK: it is sent two RTTs after the last segment
 * (tcp_schedule_loss_probe()), and it is that last segment again
 * (tcp_send_loss_probe()). The RTO sends the first one: tcp_retransmit_timer(),
 * which marks all of them as lost (tcp_timeout_mark_lost()). So when the path
 * is back, one timer is enough: the ACKs of the first segment clock out the
 * others, in slow start, and no further timeout happens.
 *
 * Without SACK there is no probe, and the RTO counts from the first segment:
 * tcp_event_new_data_sent() arms it when nothing was in flight. More data after
 * the probe arms its timer again, but as long as the first probe is not answered
 * (tlp_high_seq) it sends nothing.
 */
#include "case.h"

enum { SEGMENTS = 4, SIZE = 1000, ONE_WAY = 50 };

#define ORIGINALS FRAMES(FROM("client"), KIND(WIRE_DATA))
#define AGAIN FRAMES(FROM("client"), KIND(WIRE_RETRANSMISSION))

/* The sequence number of the nth frame, relative to the first segment. */
static uint32_t offset_of(struct run *run, struct mark since,
			  const struct wire_match *match, unsigned int n)
{
	const struct wire_capture *first =
		frames_nth(run, since, ORIGINALS, 1);
	uint32_t base = first ? first->frame.tcp.seq : 0;
	const struct wire_capture *frame = frames_nth(run, since, match, n);

	return frame ? frame->frame.tcp.seq - base : UINT32_MAX;
}

static void expect_offset(struct run *run, struct mark since, unsigned int n,
			  const char *name, uint32_t expected)
{
	expect_number(run, name, offset_of(run, since, AGAIN, n), expected,
		      expected);
}

static void expect_bytes(struct sock *sock, int64_t bytes,
			 struct finding *ret)
{
	int64_t size = 0;

	do {
		*ret = sock_recv(sock, soon);
		size += ret->value;
	} while (size < bytes && ret->value > 0);
}

/* The probe, and with more data no second one until the RTO. */
static bool expect_probe(struct run *run, struct pair *tcp, struct mark first,
			 struct mark sent, const struct prediction *p)
{
	struct mark probe = expect_frame(run, sent, "tail loss probe", AGAIN, 1,
					 p->rounds[0].at);

	if (probe.missing)
		return false;
	expect_offset(run, first, 1, "probe_offset", (SEGMENTS - 1) * SIZE);
	if (run_is_variant(run, "more-data"))
		sock_send(tcp->client, SIZE);
	return true;
}

/*
 * The full RTO starts again with the probe. More data arms the probe timer, and
 * when that expires in vain, tcp_rearm_rto() computes what is left of the RTO of
 * the first segment: tcp_rto_delta_us().
 */
static struct mark expect_timeout(struct run *run, struct mark first,
				  struct mark sent, const struct prediction *p,
				  unsigned int hz)
{
	bool probed = run_value(run);
	struct range left = predict_timer(p->rounds[probed].interval, hz);

	if (!probed)
		return expect_frame(run, first, "retransmission by RTO", AGAIN,
				    1, p->rounds[0].at);
	if (!run_is_variant(run, "more-data"))
		return expect_frame(run, sent, "retransmission by RTO", AGAIN, 2,
				    p->rounds[1].at);
	left.max += 2 * predict_nsec(1, hz);
	return expect_frame(run, first, "retransmission by RTO", AGAIN, 2, left);
}

static void script(struct run *run)
{
	bool probed = run_value(run);
	unsigned int n = SEGMENTS + run_is_variant(run, "more-data");
	struct pair tcp = sock_pair(run);
	struct prediction p;
	struct predict_tcp in;
	struct finding got;
	struct mark first, sent, timeout;

	sock_set(tcp.client, IPPROTO_TCP, TCP_NODELAY, 1);
	path_delay(run, "server", MSEC(ONE_WAY));
	for (int i = 0; i < 8; i++) {
		sock_send(tcp.client, SIZE);
		got = sock_recv(tcp.server, soon);
		if (!expect_data(&got, SIZE))
			return;
		run_pass(run, MSEC(3 * ONE_WAY));
	}
	in = forecast_inputs(tcp.client);
	in.packets_out = SEGMENTS;
	predict_give_up(&p, &in);
	run_note(run, "predicted: first round after %.3f .. %.3f s, RTO %.3f s",
		 nsec_seconds(p.rounds[0].at.min),
		 nsec_seconds(p.rounds[0].at.max),
		 nsec_seconds(p.rounds[1].interval));

	fault_cut(run, "server");
	first = mark_now(run);
	sock_send(tcp.client, SIZE);
	mark_done(run, &first);
	for (int i = 2; i < SEGMENTS; i++)
		sock_send(tcp.client, SIZE);
	sent = mark_now(run);
	sock_send(tcp.client, SIZE);
	mark_done(run, &sent);
	if (probed && !expect_probe(run, &tcp, first, sent, &p))
		return;
	fault_mend(run, "server");
	timeout = expect_timeout(run, first, sent, &p, in.hz);
	if (timeout.missing)
		return;
	expect_offset(run, first, 1 + probed, "rto_offset", 0);

	/* One RTT for each doubling of the window: 1 segment, 2, and the
	 * rest. */
	expect_bytes(tcp.server, n * SIZE, &got);
	expect_span(run, "delivery of all segments",
		    got.returned - timeout.at,
		    (struct range){ MSEC(5 * ONE_WAY), MSEC(5 * ONE_WAY) });
	run_pass(run, MSEC(4 * ONE_WAY));
	expect_frames(run, timeout, "segments sent by the timeout and after it",
		      AGAIN, n);
	expect_counter(run, "client", "TCPTimeouts", 1);
	expect_counter(run, "client", "TCPLossProbes", probed);
	expect_counter(run, "client", "RetransSegs", n + probed);
}

CASE(several_segments) = {
	.name = "several-segments",
	.claim = "several segments in flight: the tail loss probe is sent after "
		 "two RTTs, and one timeout is enough to send all of them again",
	.topic = TOPIC_RETRANSMISSION,
	.why = "the timeout marks every segment in flight as lost, and the ACKs "
	       "of the first clock out the others",
	.sources = "RFC 8985 7; RFC 5681 3.1; net/ipv4/tcp_output.c:"
		   "tcp_schedule_loss_probe(), tcp_send_loss_probe(); "
		   "net/ipv4/tcp_input.c:tcp_enter_loss()",
	.steps = STEPS("a path of 50 ms each way; some data, for the RTT",
		       "the path is cut, and the client sends four segments",
		       "after the tail loss probe, and more data in one "
		       "variant, the path is mended"),
	.expect = "the probe is the last segment, two RTTs after it; the RTO "
		  "sends the first one, and the others follow it within some "
		  "RTTs, without another timeout",
	.shows = SHOWS("outcome", "probe_offset", "rto_offset"),
	.world = &world_pair,
	.settings = SYSCTLS({ "client", "net.ipv4.tcp_early_retrans", 3 },
			    { "client", "net.ipv4.tcp_timestamps", 1 }),
	.variants =
		VARIANTS({ "sack",
			   "SACK is negotiated: a tail loss probe, then one "
			   "RTO that sends all four segments again",
			   .value = true },
			 { "more-data",
			   "SACK is negotiated, and the client sends a fifth "
			   "segment after the probe: no second probe follows, "
			   "and the RTO sends all five segments again",
			   .value = true },
			 { "no-sack",
			   "tcp_sack is 0 at the client: no tail loss probe is "
			   "sent, and one RTO sends all four segments again",
			   SYSCTLS({ "client", "net.ipv4.tcp_sack", 0 }) }),
	.duration = SEC(3),
	.script = script,
};
