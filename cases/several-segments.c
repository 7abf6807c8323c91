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
 */
#include "case.h"

enum { SEGMENTS = 4, SIZE = 1000, ONE_WAY = 25, BYTES = SEGMENTS * SIZE };

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

static void script(struct run *run)
{
	struct pair tcp = sock_pair(run);
	struct prediction p;
	struct predict_tcp in;
	struct finding got;
	struct mark first, sent, probe, timeout;

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
	run_note(run, "predicted: probe after %.3f .. %.3f s, RTO %.3f s",
		 nsec_seconds(p.rounds[0].at.min),
		 nsec_seconds(p.rounds[0].at.max),
		 nsec_seconds(p.rounds[1].interval));

	fault_cut(run, "server");
	first = mark_now(run);
	for (int i = 1; i < SEGMENTS; i++)
		sock_send(tcp.client, SIZE);
	sent = mark_now(run);
	sock_send(tcp.client, SIZE);
	mark_done(run, &sent);
	probe = expect_frame(run, sent, "tail loss probe", AGAIN, 1,
			     p.rounds[0].at);
	if (probe.missing)
		return;
	expect_offset(run, first, 1, "probe_offset", (SEGMENTS - 1) * SIZE);
	fault_mend(run, "server");
	timeout = expect_frame(run, sent, "retransmission by RTO", AGAIN, 2,
			       p.rounds[1].at);
	if (timeout.missing)
		return;
	expect_offset(run, first, 2, "rto_offset", 0);

	/* One RTT for each doubling of the window: 1, then the other 3. */
	got = sock_recv(tcp.server, soon);
	for (int64_t size = got.value; size < BYTES && got.value > 0;
	     size += got.value)
		got = sock_recv(tcp.server, soon);
	expect_span(run, "delivery of all segments",
		    got.returned - timeout.at,
		    (struct range){ MSEC(ONE_WAY), MSEC(7 * ONE_WAY) });
	run_pass(run, MSEC(4 * ONE_WAY));
	expect_frames(run, timeout, "segments sent by the timeout and after it",
		      AGAIN, SEGMENTS);
	expect_counter(run, "client", "TCPTimeouts", 1);
	expect_counter(run, "client", "TCPLossProbes", 1);
	expect_counter(run, "client", "RetransSegs", SEGMENTS + 1);
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
	.steps = STEPS("a path of 25 ms each way; some data, for the RTT",
		       "the path is cut, and the client sends four segments",
		       "after the tail loss probe the path is mended"),
	.expect = "the probe is the last segment, two RTTs after it; the RTO "
		  "sends the first one, and the others follow it within some "
		  "RTTs, without another timeout",
	.world = &world_pair,
	.settings = SYSCTLS({ "client", "net.ipv4.tcp_early_retrans", 3 },
			    { "client", "net.ipv4.tcp_timestamps", 1 }),
	.duration = SEC(2),
	.script = script,
};
