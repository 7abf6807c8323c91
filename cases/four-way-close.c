/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The wire holds the four segments of a close one by one, so that the states
 * between them last long enough to be read at both ends:
 *
 *	        first to close              second to close
 *	 FIN    FIN-WAIT-1                  ESTABLISHED
 *	        FIN-WAIT-1                  CLOSE-WAIT        ACK
 *	        FIN-WAIT-2                  CLOSE-WAIT
 *	        FIN-WAIT-2                  LAST-ACK          FIN
 *	 ACK    TIME-WAIT                   LAST-ACK
 *	        TIME-WAIT, then nothing     nothing
 *
 * The first end's socket in FIN-WAIT-2 depends on its program. After close() it
 * is an orphan, which tcp_rcv_state_process() replaces with a timewait socket
 * of lifetime tcp_fin_timeout; sock_diag reports the timer "timewait". After
 * shutdown() it is a full socket without a timer. In both cases the peer's FIN
 * arms TCP_TIMEWAIT_LEN, in tcp_timewait_state_process() or in tcp_fin().
 *
 * The path delays the handshake by 0.4 s and then nothing: the RTO is above a
 * second, so that no held segment is retransmitted.
 */
#include "case.h"

enum { FIN_TIMEOUT = 30, TIME_WAIT = 60 }; /* TCP_TIMEWAIT_LEN */
enum { SERVER_FIRST = 1, SHUTDOWN };

static const nsec_t handshake_delay = MSEC(200);

struct ends {
	struct sock *first, *second; /* to close */
	struct wire_rule *fin, *ack, *last_fin, *last_ack; /* held */
	const char *exchange;
};

static struct ends connect_slowly(struct run *run)
{
	struct pair tcp;

	path_delay(run, "client", handshake_delay);
	tcp = sock_pair(run);
	path_delay(run, "client",
		   0); /* no segment is in flight after accept() */
	if (run_value(run) == SERVER_FIRST)
		return (struct ends){
			.first = tcp.server,
			.second = tcp.client,
			.exchange = "server F. 1:1(0) ack 1, "
				    "client . 1:1(0) ack 2, "
				    "client F. 1:1(0) ack 2, "
				    "server . 2:2(0) ack 2",
		};
	return (struct ends){
		.first = tcp.client,
		.second = tcp.server,
		.exchange = "client F. 1:1(0) ack 1, server . 1:1(0) ack 2, "
			    "server F. 1:1(0) ack 2, client . 2:2(0) ack 2",
	};
}

static struct wire_rule *hold(struct sock *from, unsigned int kind)
{
	return fault_hold(sock_run(from), FRAMES(FROM(sock_host(from)),
						 KIND(kind), .count = 1));
}

static void hold_four_segments(struct ends *ends)
{
	ends->fin = hold(ends->first, WIRE_FIN);
	ends->ack = hold(ends->second, WIRE_PURE_ACK);
	ends->last_fin = hold(ends->second, WIRE_FIN);
	ends->last_ack = hold(ends->first, WIRE_PURE_ACK);
}

/* The states of both ends while the wire holds the segment. */
static void expect_states(struct ends *ends, struct mark since,
			  struct sock *from, unsigned int kind,
			  enum diag_state first, enum diag_state second)
{
	frames_wait(sock_run(from), since,
		    FRAMES(FROM(sock_host(from)), KIND(kind)), 1, soon);
	expect_state(ends->first, first);
	expect_state(ends->second, second);
}

/* Above 60 s timer and time differ: see fin-wait-2-duration. */
static void expect_fin_wait2_timer(struct run *run, struct sock *first,
				   struct mark entered)
{
	long timeout =
		run_sysctl(run, sock_host(first), "net.ipv4.tcp_fin_timeout");
	bool beyond = timeout > TIME_WAIT;

	if (run_value(run) == SHUTDOWN)
		expect_timer(first, DIAG_TIMER_NONE);
	else
		expect_timer_armed(first,
				   beyond ? DIAG_TIMER_KEEPALIVE :
					    DIAG_TIMER_TIME_WAIT,
				   "fin_wait2_timer_s", entered,
				   SEC(beyond ? timeout - TIME_WAIT : timeout));
}

static void close_first(struct run *run, struct ends *ends, struct mark closed)
{
	struct mark released;

	if (run_value(run) == SHUTDOWN)
		sock_shutdown(ends->first, SHUT_WR);
	else
		sock_close(ends->first);
	expect_states(ends, closed, ends->first, WIRE_FIN, DIAG_FIN_WAIT1,
		      DIAG_ESTABLISHED);
	fault_release(run, ends->fin);
	expect_states(ends, closed, ends->second, WIRE_PURE_ACK, DIAG_FIN_WAIT1,
		      DIAG_CLOSE_WAIT);
	released = mark_now(run);
	fault_release(run, ends->ack);
	expect_state_within(ends->first, DIAG_FIN_WAIT2, soon);
	mark_done(run, &released);
	expect_state(ends->second, DIAG_CLOSE_WAIT);
	expect_fin_wait2_timer(run, ends->first, released);
}

/* Returns the moment at which the first end entered TIME-WAIT. */
static struct mark close_second(struct run *run, struct ends *ends,
				struct mark closed)
{
	struct mark released;

	sock_close(ends->second);
	expect_states(ends, closed, ends->second, WIRE_FIN, DIAG_FIN_WAIT2,
		      DIAG_LAST_ACK);
	released = mark_now(run);
	fault_release(run, ends->last_fin);
	expect_states(ends, closed, ends->first, WIRE_PURE_ACK, DIAG_TIME_WAIT,
		      DIAG_LAST_ACK);
	mark_done(run, &released);
	expect_timer_armed(ends->first, DIAG_TIMER_TIME_WAIT,
			   "time_wait_timer_s", released, SEC(TIME_WAIT));
	fault_release(run, ends->last_ack);
	expect_state_within(ends->second, DIAG_CLOSE, soon);
	expect_state(ends->first, DIAG_TIME_WAIT);
	return released;
}

static void script(struct run *run)
{
	struct ends ends = connect_slowly(run);
	struct mark closed, entered;

	hold_four_segments(&ends);
	closed = mark_now(run);
	close_first(run, &ends, closed);
	entered = close_second(run, &ends, closed);
	expect_exchange(run, closed, "the four segments of the close",
			ends.exchange);
	expect_time_waits(run, sock_host(ends.first), 1);
	expect_time_waits(run, sock_host(ends.second), 0);
	if (run_is_variant(run, "defaults"))
		expect_lifetime(ends.first, DIAG_TIME_WAIT, entered,
				predict_timer(SEC(TIME_WAIT), nsec_hz()));
}

CASE(four_way_close) = {
	.name = "four-way-close",
	.claim = "the close in seven steps, with the states of both ends at "
		 "each; TIME-WAIT only at the end that closes first",
	.judgements = CLAIMS(
		{ "C1", DOCUMENT_RIGHT,
		  "these states in this order: tcp_close_state(), tcp_fin(), "
		  "tcp_rcv_state_process(); but the document's CLOSED_WAIT is "
		  "CLOSE-WAIT, and its CLOSE is CLOSED (RFC 9293 3.3.2; "
		  "TCP_CLOSE in the kernel)" },
		{ "C2", DOCUMENT_RIGHT,
		  "the other end, whichever of the two hosts it is, goes from "
		  "LAST-ACK to no socket: tcp_rcv_state_process()" }),
	.why = "each state except two is entered when a certain segment "
	       "arrives; while the segment is held, the state stays",
	.sources = "RFC 9293 3.6 figure 12; net/ipv4/tcp_input.c:tcp_fin(), "
		   "tcp_rcv_state_process(); net/ipv4/tcp.c:__tcp_close(); "
		   "net/ipv4/tcp_minisocks.c:tcp_timewait_state_process()",
	.steps = STEPS(
		"an idle connection; the wire holds the next FIN and the next "
		"ACK of either host",
		"one end closes; its FIN and the ACK are held and released one "
		"after the other, and the states of both ends are read each "
		"time",
		"the other end closes; its FIN and the ACK likewise",
		"with the kernel's default values: until TIME-WAIT has ended"),
	.expect = "first end: FIN-WAIT-1, FIN-WAIT-2, TIME-WAIT with a timer "
		  "of 60 s; other end: CLOSE-WAIT, LAST-ACK, no socket; in "
		  "FIN-WAIT-2 a timer of tcp_fin_timeout after close(), and "
		  "none after shutdown()",
	.world = &world_pair,
	.settings = SYSCTLS({ NULL, "net.ipv4.tcp_fin_timeout", FIN_TIMEOUT }),
	.variants = VARIANTS(
		{ "client-first",
		  "the client closes first, with close(): a timer of "
		  "tcp_fin_timeout, 30 s, runs in FIN-WAIT-2, and TIME-WAIT is "
		  "at the client" },
		{ "server-first",
		  "the server closes first: the same states with the ends "
		  "exchanged, and TIME-WAIT is at the server",
		  .value = SERVER_FIRST },
		{ "shutdown",
		  "the client closes first, with shutdown(SHUT_WR): no timer "
		  "runs in FIN-WAIT-2",
		  .value = SHUTDOWN },
		{ "defaults",
		  "like client-first, at the kernel's default tcp_fin_timeout "
		  "of 60 s, and until TIME-WAIT ends after 60 s",
		  .defaults = true,
		  .settings = SYSCTLS({ NULL, "net.ipv4.tcp_fin_timeout", 60 }),
		  .duration = SEC(TIME_WAIT + 3) }),
	.duration = SEC(1),
	.script = script,
};
