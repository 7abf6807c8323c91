/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keepalive is a matter between two kernels. The server's processes are all
 * stopped, and its kernel goes on answering probes, in softirq context:
 * tcp_validate_incoming() calls tcp_send_dupack(), and no process takes part.
 * So the connection lives as long as the machine does, well past the moment at
 * which silence would have ended it; and data is acknowledged too
 * (tcp_rcv_established()), until the receive buffer is full.
 *
 * That is the strength and the limit: keepalive tells that the peer's kernel
 * has the connection, and nothing about the program. After the thaw the program
 * finds all the data, and never knew.
 */
#include "case.h"

enum { TIME = 1, INTVL = 1, PROBES = 2, BYTES = 100 };

#define PROBE FROM("client"), KIND(WIRE_KEEPALIVE_PROBE)
#define ANSWER FROM("server"), KIND(WIRE_PURE_ACK)

/* Returns how many: two more than silence would have needed. */
static unsigned int expect_answers(struct run *run, struct mark armed,
				   const struct prediction *first,
				   const struct prediction *again)
{
	struct mark probe = expect_frame(run, armed, "probe", FRAMES(PROBE), 1,
					 first->rounds[0].at);
	unsigned int rounds = first->probes + 2;

	for (unsigned int i = 1; i < rounds; i++) {
		expect_frame(run, probe, "its answer", FRAMES(ANSWER), 1,
			     at_once);
		/* The 1st is the one that we count from. */
		probe = expect_frame(run, probe, "next probe", FRAMES(PROBE), 2,
				     again->rounds[0].at);
	}
	expect_frame(run, probe, "its answer", FRAMES(ANSWER), 1, at_once);
	return rounds;
}

static void script(struct run *run)
{
	struct pair tcp = sock_pair(run);
	const struct prediction *forecast = forecast_keepalive(tcp.client);
	const struct prediction *again =
		forecast_keepalive_after_answer(tcp.client);
	struct mark armed, sent, thawed;
	unsigned int rounds;
	struct finding got;

	sock_post_recv(tcp.client);
	sock_post_recv(tcp.server);
	fault_freeze(run, "server");
	armed = mark_now(run);
	sock_keepalive(tcp.client, true);
	rounds = expect_answers(run, armed, forecast, again);
	expect_that(run, mark_now(run).at - armed.at > forecast->elapsed.max,
		    "unanswered, it would have ended by now", "%.3f s",
		    nsec_seconds(mark_now(run).at - armed.at));
	got = sock_reap(tcp.client, 0);
	expect_open(&got);

	sent = mark_now(run);
	sock_send(tcp.client, BYTES);
	expect_frame(run, sent, "the kernel acknowledges data", FRAMES(ANSWER),
		     1, at_once);
	got = sock_reap(tcp.server, MSEC(300));
	if (!expect_open(&got))
		return;
	expect_frames(run, sent, "retransmissions",
		      FRAMES(FROM("client"), KIND(WIRE_RETRANSMISSION)), 0);

	thawed = mark_now(run);
	fault_thaw(run, "server");
	got = sock_reap(tcp.server, SEC(1));
	expect_data(&got, BYTES);
	expect_span(run, "from the thaw to the data", got.returned - thawed.at,
		    at_once);
	sock_send(tcp.server, 1);
	got = sock_reap(tcp.client, SEC(1));
	expect_data(&got, 1);
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
	.judgements = CLAIMS({ "A21", DOCUMENT_RIGHT,
			       "the peer's kernel answers in softirq context, "
			       "whatever its program does: "
			       "tcp_validate_incoming(), tcp_send_dupack()" }),
	.why = "no process takes part in answering a probe, or in "
	       "acknowledging data",
	.sources = "net/ipv4/tcp_input.c:tcp_validate_incoming(), "
		   "tcp_send_dupack()",
	.steps = STEPS("an idle connection, both ends wait in recv()",
		       "all processes of the server's host are stopped",
		       "SO_KEEPALIVE at the client: four probes",
		       "the client sends 100 bytes", "the host thaws"),
	.expect = "four answers, past the 1 + 2 * 1 s that silence would have "
		  "had; the bytes are acknowledged at once, and read after the "
		  "thaw",
	.world = &world_pair,
	.settings = SYSCTLS({ "client", "net.ipv4.tcp_keepalive_time", TIME },
			    { "client", "net.ipv4.tcp_keepalive_intvl", INTVL },
			    { "client", "net.ipv4.tcp_keepalive_probes",
			      PROBES }),
	.duration = SEC(TIME * (PROBES + 2)),
	.script = script,
};
