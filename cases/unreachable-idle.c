/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The idle client, in the four ways (see unreachable.h). Here the text is right
 * to treat them as one: queue, routes, path and neighbours are below TCP, which
 * meets them when it next sends, and not before. An idle connection without
 * SO_KEEPALIVE has nothing to send. Both ends stay ESTABLISHED, without a
 * timer. (unplug-states compares all of TCP_INFO.)
 *
 * That it really was unreachable shows when the client then sends: there is no
 * answer within a delayed ACK's time. When the way is back, the next timer
 * brings the byte, and the connection goes on. (Which timer, and when, is no
 * longer the same in the four: unreachable-sending.)
 */
#include "unreachable.h"

enum { IDLE = 3, ANSWER_MS = 100 };

static void expect_idle(struct run *run, struct sock *sock)
{
	struct finding waiting = sock_reap(sock, 0);
	struct diag_socket seen;

	expect_open(&waiting);
	expect_state(sock, DIAG_ESTABLISHED);
	expect_timer(sock, DIAG_TIMER_NONE);
	sock_look(sock, &seen);
	expect_that(run,
		    !seen.info.tcpi_unacked && !seen.info.tcpi_total_retrans &&
			    !seen.info.tcpi_probes && !seen.send_queue,
		    "nothing is in flight, to be sent or asked",
		    "%u in flight, %u copies, %u probes, %u bytes",
		    seen.info.tcpi_unacked, seen.info.tcpi_total_retrans,
		    seen.info.tcpi_probes, seen.send_queue);
}

/* Whatever timer runs now has been doubled once at most by the time that the
 * way is back, so it fires within two RTOs. */
static void goes_on(struct run *run, struct pair *tcp, struct predict_tcp *tcp0)
{
	struct range timer = predict_timer(2 * tcp0->rto, tcp0->hz);
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
	if (!expect_frames(run, sent, "its acknowledgement",
			   FRAMES(FROM("server"), KIND(WIRE_TCP)), 0))
		return;
	expect_that(run, sock_reap(tcp.server, 0).open,
		    "the byte does not arrive", "it did");
	goes_on(run, &tcp, &inputs);
}

CASE(unreachable_idle) = {
	.name = "unreachable-idle",
	.claim = "idle client, its cable, interface, path or neighbour gone: "
		 "nothing happens, in all four",
	.judgements = CLAIMS(
		{ "D1", DOCUMENT_RIGHT,
		  "the state does not change, in none of the four: "
		  "linkwatch_do_dev(), fib_disable_ip() and neigh_invalidate() "
		  "touch no socket" },
		{ "D8", DOCUMENT_RIGHT,
		  "an idle socket has nothing to do with carrier, routes, path "
		  "or neighbours: it meets them when __tcp_transmit_skb() next "
		  "sends" }),
	.why = "all four are below TCP, which does not look there unless it "
	       "sends",
	.sources = "net/core/link_watch.c:linkwatch_do_dev(); net/ipv4/"
		   "fib_frontend.c:fib_disable_ip(); net/core/neighbour.c:"
		   "neigh_timer_handler()",
	.steps = STEPS("a connection, idle; both ends wait in recv()",
		       "the client's cable is pulled; or its interface set "
		       "down; or the path is cut; or nobody answers its ARP "
		       "questions; idle for 3 s",
		       "the client sends a byte, in vain",
		       "the way is back; a byte comes from the server, too"),
	.expect = "ESTABLISHED without a timer at both ends, nothing to be "
		  "sent and not one segment; then no answer; then both bytes "
		  "arrive",
	.world = &world_pair,
	.variants = VARIANTS({ "cable" }, { "interface" }, { "path" },
			     { "neighbour", UNREACHABLE_AGEING }),
	.duration = SEC(IDLE) + SEC(1),
	.script = script,
};
