/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every last ACK of a close is lost. The server retransmits its FIN, the client
 * in TIME-WAIT answers each one and restarts TIME-WAIT, and no answer arrives.
 *
 * After close() the server's end is an orphan, and tcp_write_timeout() uses
 * tcp_orphan_retries(): with the kernel's default values eight retries, some
 * 105 s. The kernel deletes the orphan silently, without RST. TIME-WAIT
 * outlives it, by 60 s from the last FIN.
 *
 * While a process holds the socket, in LAST-ACK after shutdown(), tcp_retries2
 * limits the retransmissions, and the error is ETIMEDOUT. With the default
 * values it does not come to that: the interval between two FINs doubles, and
 * between the FINs after 51 s and 103 s the TIME-WAIT of 60 s ends. The next
 * FIN is answered with RST: ECONNRESET after some 210 s.
 */
#include "case.h"

enum { ORPHAN_RETRIES = 2, RETRIES2 = 2 };
enum { CLOSES, HOLDS };

#define FIN_RETRANSMISSION FROM("server"), KIND(WIRE_RETRANSMISSION)

/* TIME-WAIT counts from the last FIN, so it outlives LAST-ACK. */
static void expect_time_wait(struct run *run, struct sock *client,
			     struct mark closed)
{
	unsigned int n = frames_count(run, closed, FRAMES(FIN_RETRANSMISSION));
	const struct wire_capture *fin =
		frames_nth(run, closed, FRAMES(FIN_RETRANSMISSION), n);
	struct mark last;

	expect_frames(run, closed, "ACKs from the client, all lost",
		      FRAMES(FROM("client"), KIND(WIRE_PURE_ACK)), n + 1);
	if (!fin)
		return;
	last = (struct mark){ .at = fin->at };
	expect_timer_armed(client, DIAG_TIMER_TIME_WAIT, "time_wait_s", last,
			   time_wait_length);
}

/* The server retransmits its FIN until it gives up. */
static void expect_give_up(struct run *run, struct pair *tcp,
			   struct mark closed,
			   const struct prediction *forecast)
{
	run_elapsed(run, forecast->elapsed,
		    expect_lifetime(tcp->server, DIAG_LAST_ACK, closed,
				    forecast->elapsed));
	expect_rounds(tcp->server, closed, forecast);
	expect_frames(run, closed, "RSTs", FRAMES(KIND(WIRE_RST)), 0);
	expect_counter(run, "server", "TCPAbortOnTimeout", 1);
	if (run_value(run) == HOLDS)
		expect_pending_error(tcp->server, ETIMEDOUT);
}

/* The first FIN retransmission that comes more than a TIME-WAIT after the one
 * before; NULL if there is none. */
static const struct predict_round *
fin_after_time_wait(const struct prediction *forecast, unsigned int *ret_nth)
{
	struct range time_wait = predict_timer(time_wait_length, nsec_hz());

	for (size_t i = 0; i < forecast->n_rounds; i++) {
		const struct predict_round *round = &forecast->rounds[i];

		if (round->kind == PREDICT_GIVE_UP)
			break;
		*ret_nth = (unsigned int)i + 1;
		if (round->interval > time_wait.max)
			return round;
	}
	return NULL;
}

/* TIME-WAIT ends before the nth FIN, which is answered with RST. */
static void expect_reset(struct run *run, struct pair *tcp, struct mark closed,
			 const struct predict_round *round, unsigned int nth)
{
	struct mark fin;

	fin = expect_frame(run, closed,
			   "FIN retransmission after the end of TIME-WAIT",
			   FRAMES(FIN_RETRANSMISSION), nth, round->at);
	run_elapsed(run, round->at, fin.at - closed.at);
	expect_frame(run, fin, "RST in reply to that FIN",
		     FRAMES(FROM("client"), KIND(WIRE_RST)), 1, at_once);
	expect_frames(run, closed, "RSTs in the whole close",
		      FRAMES(KIND(WIRE_RST)), 1);
	expect_state(tcp->client, DIAG_CLOSE);
	expect_state_within(tcp->server, DIAG_CLOSE, soon);
	expect_pending_error(tcp->server, ECONNRESET);
}

static void script(struct run *run)
{
	struct pair tcp = sock_pair(run);
	bool holds = run_value(run) == HOLDS;
	const struct predict_round *late;
	struct prediction *forecast;
	struct mark closed;
	unsigned int nth;

	sock_close(tcp.client);
	expect_state_within(tcp.client, DIAG_FIN_WAIT2, soon);
	expect_state(tcp.server, DIAG_CLOSE_WAIT);
	forecast = holds ? forecast_give_up(tcp.server) :
			   forecast_orphan(tcp.server);
	late = fin_after_time_wait(forecast, &nth);
	fault_drop(run, FRAMES(FROM("client"), KIND(WIRE_PURE_ACK)));
	closed = mark_now(run);
	if (holds)
		sock_shutdown(tcp.server, SHUT_WR);
	else
		sock_close(tcp.server);
	mark_done(run, &closed);
	expect_state_within(tcp.client, DIAG_TIME_WAIT, soon);
	if (!expect_state(tcp.server, DIAG_LAST_ACK))
		return;
	if (late) {
		expect_reset(run, &tcp, closed, late, nth);
		return;
	}
	expect_give_up(run, &tcp, closed, forecast);
	expect_time_wait(run, tcp.client, closed);
}

CASE(last_ack_always_lost) = {
	.name = "last-ack-always-lost",
	.claim = "every last ACK is lost: the server finally gives up its FIN "
		 "in spite of the client's TIME-WAIT",
	.judgements = CLAIMS(
		{ "C19", DOCUMENT_RIGHT,
		  "each FIN is answered in vain, and tcp_orphan_retries() ends "
		  "the server's end; TIME-WAIT can do no more" },
		{ "C24", DOCUMENT_WRONG,
		  "no time is long enough to be certain, because nothing "
		  "acknowledges an ACK (RFC 9293 3.6): here TIME-WAIT outlives "
		  "every FIN, and no ACK has arrived" }),
	.why = "TIME-WAIT answers each FIN that arrives, and its answer can be "
	       "lost as well",
	.sources = "RFC 9293 3.6; net/ipv4/tcp_timer.c:tcp_write_timeout(), "
		   "tcp_orphan_retries(); "
		   "net/ipv4/tcp_minisocks.c:tcp_timewait_state_process()",
	.steps = STEPS(
		"an idle connection",
		"the client closes; the server's kernel receives its FIN",
		"the server calls close(), or shutdown(SHUT_WR) and holds the "
		"socket; the wire drops every ACK from the client"),
	.expect = "FIN retransmissions as predicted, an ACK of each, TIME-WAIT "
		  "counted from the last one; the orphan is deleted without "
		  "RST after tcp_orphan_retries; the held socket ends with "
		  "ETIMEDOUT after tcp_retries2, or with ECONNRESET if "
		  "TIME-WAIT ends before the next FIN",
	.shows = SHOWS("outcome", "elapsed_s", "time_wait_s"),
	.world = &world_pair,
	.variants = VARIANTS(
		{ "server-has-closed",
		  "the server has called close(), and tcp_orphan_retries is 2: "
		  "the orphan is deleted without RST, and TIME-WAIT outlives "
		  "it",
		  .value = CLOSES,
		  .settings = SYSCTLS({ "server", "net.ipv4.tcp_orphan_retries",
					ORPHAN_RETRIES }) },
		{ "server-holds",
		  "the server has called shutdown(SHUT_WR) and holds the "
		  "socket, and tcp_retries2 is 2: the error is ETIMEDOUT",
		  .value = HOLDS,
		  .judgements = CLAIMS(
			  { "C19", DOCUMENT_RIGHT,
			    "a server that holds its socket gets ETIMEDOUT "
			    "after tcp_retries2: tcp_write_timeout()" }),
		  .settings = SYSCTLS({ "server", "net.ipv4.tcp_retries2",
					RETRIES2 }) },
		{ "defaults",
		  "like server-has-closed, at the kernel's default values: the "
		  "orphan is deleted after eight RTO retransmissions, about "
		  "105 s",
		  .value = CLOSES, .defaults = true, .duration = SEC(107) },
		{ "holds-defaults",
		  "like server-holds, at the kernel's default values: "
		  "TIME-WAIT ends before the FIN that follows after more than "
		  "100 s, which is answered with RST, and the error is "
		  "ECONNRESET",
		  .value = HOLDS, .defaults = true, .duration = SEC(215),
		  .judgements = CLAIMS(
			  { "C7", DOCUMENT_CONDITIONAL,
			    "TIME-WAIT ensures an orderly end only while the "
			    "FINs come less than TCP_TIMEWAIT_LEN apart: an "
			    "RTO may be twice as long, TCP_RTO_MAX" },
			  { "C19", DOCUMENT_RIGHT,
			    "the FIN that comes over 100 s after the previous "
			    "one finds no TIME-WAIT any more, and is answered "
			    "with RST: TCP_TIMEWAIT_LEN is less than "
			    "TCP_RTO_MAX" }) }),
	.duration = SEC(4),
	.script = script,
};
