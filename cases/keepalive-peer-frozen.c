/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keepalive works between two kernels. All processes of the server are stopped,
 * and its kernel still answers probes, in softirq context:
 * tcp_validate_incoming() calls tcp_send_dupack(). So the connection outlives
 * the moment at which unanswered probes would have ended it. Data is
 * acknowledged as well (tcp_rcv_established()), until the receive buffer is
 * full.
 *
 * So keepalive shows that the peer's kernel has the connection, and nothing
 * about the program. After the thaw the program reads all the data.
 */
#include "case.h"

enum { TIME = 1, INTVL = 1, PROBES = 2, BYTES = 100 };

#define PROBE FROM("client"), KIND(WIRE_KEEPALIVE_PROBE)
#define ANSWER FROM("server"), KIND(WIRE_PURE_ACK)

/* Two more probes than keepalive needs to give up; returns their number. */
static unsigned int expect_answers(struct run *run, struct mark armed,
				   const struct prediction *first,
				   const struct prediction *after_answer)
{
	struct mark probe = expect_frame(run, armed, "first probe",
					 FRAMES(PROBE), 1, first->rounds[0].at);
	unsigned int rounds = first->probes + 2;

	for (unsigned int i = 1; i < rounds; i++) {
		expect_frame(run, probe, "answer to the probe", FRAMES(ANSWER),
			     1, at_once);
		/* The 1st frame since the mark is the marked probe itself. */
		probe = expect_frame(run, probe, "next probe", FRAMES(PROBE), 2,
				     after_answer->rounds[0].at);
	}
	expect_frame(run, probe, "answer to the probe", FRAMES(ANSWER), 1,
		     at_once);
	return rounds;
}

static void script(struct run *run)
{
	struct pair tcp = sock_pair(run);
	const struct prediction *forecast = forecast_keepalive(tcp.client);
	const struct prediction *after_answer =
		forecast_keepalive_after_answer(tcp.client);
	struct mark armed, sent, thawed;
	unsigned int rounds;
	struct finding got;

	sock_post_recv(tcp.client);
	sock_post_recv(tcp.server);
	fault_freeze(run, "server");
	armed = mark_now(run);
	sock_keepalive(tcp.client, true);
	rounds = expect_answers(run, armed, forecast, after_answer);
	expect_that(run, mark_now(run).at - armed.at > forecast->elapsed.max,
		    "the connection outlives the time after which unanswered "
		    "probes end it",
		    "%.3f s", nsec_seconds(mark_now(run).at - armed.at));
	expect_call_blocked(tcp.client);

	sent = mark_now(run);
	sock_send(tcp.client, BYTES);
	expect_frame(run, sent, "ACK of the data from the server's kernel",
		     FRAMES(ANSWER), 1, at_once);
	got = sock_reap(tcp.server, MSEC(300));
	if (!expect_open(&got))
		return;
	expect_frames(run, sent, "retransmissions",
		      FRAMES(FROM("client"), KIND(WIRE_RETRANSMISSION)), 0);

	thawed = mark_now(run);
	fault_thaw(run, "server");
	got = sock_reap(tcp.server, SEC(1));
	expect_data(&got, BYTES);
	expect_span(run, "from the thaw until recv() returns the data",
		    got.returned - thawed.at, at_once);
	expect_delivery(tcp.server, tcp.client, 1);
	expect_state(tcp.client, DIAG_ESTABLISHED);
	expect_state(tcp.server, DIAG_ESTABLISHED);
	expect_number(run, "keepalive_probes",
		      frames_count(run, armed, FRAMES(PROBE)), rounds, rounds);
	expect_counter(run, "client", "TCPKeepAlive", rounds);
}

CASE(keepalive_peer_frozen) = {
	.name = "keepalive-peer-frozen",
	.claim = "all processes of the server are stopped: its kernel answers "
		 "the probes, and the connection lives",
	.judgements = CLAIMS(
		{ "A21", DOCUMENT_RIGHT,
		  "the peer's kernel answers in softirq context, whatever its "
		  "program does: tcp_validate_incoming(), tcp_send_dupack()" }),
	.why = "the kernel answers a probe, and acknowledges data, without any "
	       "process",
	.sources = "net/ipv4/tcp_input.c:tcp_validate_incoming(), "
		   "tcp_send_dupack()",
	.steps = STEPS("an idle connection; both ends block in recv()",
		       "all processes of the server's host are stopped",
		       "SO_KEEPALIVE at the client: four probes",
		       "the client sends 100 bytes", "the host is thawed"),
	.expect = "four answers, past the 1 + 2 * 1 s after which unanswered "
		  "probes would end the connection; the 100 bytes are "
		  "acknowledged at once, and read after the thaw",
	.world = &world_pair,
	.settings = SYSCTLS(KEEPALIVE_SYSCTLS("client", TIME, INTVL, PROBES)),
	.duration = SEC(TIME * (PROBES + 2)),
	.script = script,
};
