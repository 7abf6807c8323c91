/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An idle client while the server is unreachable in one of four ways (see
 * unreachable.h). Here the document is right to treat them alike: queue,
 * routes, path and neighbours are below TCP, which meets them only when it
 * sends. An idle connection without SO_KEEPALIVE sends nothing. Both ends stay
 * ESTABLISHED without a timer. (unplug-states compares all of tcp_info.)
 *
 * To show that the server really was unreachable, the client then sends: no
 * answer comes within the time of a delayed ACK. When the path is restored,
 * the next timer sends the byte, and the connection works. (Which timer, and
 * when, differs between the four: unreachable-sending.)
 */
#include "unreachable.h"

enum { IDLE = 3, ANSWER_MS = 100 };

static void expect_idle(struct run *run, struct sock *sock)
{
	struct finding got = sock_reap(sock, 0);
	struct diag_socket seen;

	expect_open(&got);
	expect_state(sock, DIAG_ESTABLISHED);
	expect_timer(sock, DIAG_TIMER_NONE);
	sock_look(sock, &seen);
	expect_that(run,
		    !seen.info.tcpi_unacked && !seen.info.tcpi_total_retrans &&
			    !seen.info.tcpi_probes && !seen.send_queue,
		    "nothing is in flight, retransmitted, probed or queued",
		    "%u segments in flight, %u retransmissions, %u probes, %u "
		    "bytes queued",
		    seen.info.tcpi_unacked, seen.info.tcpi_total_retrans,
		    seen.info.tcpi_probes, seen.send_queue);
}

/* Until the path is restored, whatever timer runs now has been doubled at most
 * once, so it fires within two RTOs. */
static void expect_works(struct run *run, struct pair *tcp,
			 const struct predict_tcp *inputs)
{
	struct range timer = predict_timer(2 * inputs->rto, inputs->hz);
	struct finding got;

	unreachable_end(run);
	got = sock_reap(tcp->server, 2 * timer.max + SEC(1));
	expect_data(&got, 1);
	sock_send(tcp->server, 1);
	got = sock_reap(tcp->client, SEC(1));
	expect_data(&got, 1);
	expect_state(tcp->client, DIAG_ESTABLISHED);
	expect_state(tcp->server, DIAG_ESTABLISHED);
}

static void script(struct run *run)
{
	struct pair tcp = sock_pair(run);
	struct predict_tcp inputs = forecast_inputs(tcp.client);
	struct mark idle, sent;

	sock_post_recv(tcp.client);
	sock_post_recv(tcp.server);
	idle = mark_now(run);
	unreachable_begin(run);
	run_pass(run, SEC(IDLE));
	expect_idle(run, tcp.client);
	expect_idle(run, tcp.server);
	unreachable_frames(run, idle, 0, 0);
	expect_frames(run, idle, "segments while idle", FRAMES(KIND(WIRE_TCP)),
		      0);

	sent = mark_now(run);
	sock_send(tcp.client, 1);
	run_pass(run, MSEC(ANSWER_MS));
	if (!expect_frames(run, sent, "acknowledgements of the byte",
			   FRAMES(FROM("server"), KIND(WIRE_TCP)), 0))
		return;
	expect_that(run, sock_reap(tcp.server, 0).open,
		    "the byte does not arrive", "it arrived");
	expect_works(run, &tcp, &inputs);
}

CASE(unreachable_idle) = {
	.name = "unreachable-idle",
	.claim = "idle client, its cable, interface, path or neighbour gone: "
		 "nothing happens in any of the four",
	.judgements = CLAIMS(
		{ "D1", DOCUMENT_RIGHT,
		  "the state changes in none of the four: linkwatch_do_dev(), "
		  "fib_disable_ip() and neigh_invalidate() touch no socket" },
		{ "D8", DOCUMENT_RIGHT,
		  "an idle socket does not use carrier, routes, path or "
		  "neighbours: it meets them when __tcp_transmit_skb() next "
		  "sends" }),
	.why = "all four are below TCP, which meets them only when it sends",
	.sources = "net/core/link_watch.c:linkwatch_do_dev(); net/ipv4/"
		   "fib_frontend.c:fib_disable_ip(); net/core/neighbour.c:"
		   "neigh_timer_handler()",
	.steps = STEPS("a connection, idle; both ends block in recv()",
		       "the client's cable is pulled; or its interface is set "
		       "down; or the path is cut; or nobody answers its "
		       "address resolution; idle for 3 s",
		       "the client sends a byte, which does not arrive",
		       "the path is restored; the server sends a byte, too"),
	.expect = "ESTABLISHED without a timer at both ends, nothing queued "
		  "and no segment; then no answer to the byte; then both bytes "
		  "arrive",
	.shows = SHOWS("outcome", "frames", "client_state", "server_state"),
	.world = &world_pair,
	.variants = VARIANTS(
		{ "cable", "the client's cable is pulled" },
		{ "interface", "the client's interface is set down, which "
			       "removes its routes" },
		{ "path", "the path is cut, and the client's neighbour entry "
			  "for the server is permanent" },
		{ "neighbour",
		  "the path is cut, and the client's neighbour entry for the "
		  "server ages and fails within a second",
		  UNREACHABLE_AGEING }),
	.duration = SEC(IDLE) + SEC(1),
	.script = script,
};
