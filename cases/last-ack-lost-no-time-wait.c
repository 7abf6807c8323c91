/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The last ACK of a close is lost, and the client has no TIME-WAIT:
 * tcp_max_tw_buckets is 0, so tcp_time_wait() just closes and counts
 * TCPTimeWaitOverflow. The retransmitted FIN finds no socket and is answered
 * with RST, tcp_v4_send_reset().
 *
 * If the server's program has called close(), the orphan in LAST-ACK ends with
 * the RST as it would have ended with the ACK; all data was acknowledged
 * before. No program notices a difference.
 *
 * If the server has called shutdown(), it still holds the socket, and
 * tcp_reset() sets ECONNRESET. But recv() has returned EOF and returns it
 * again: tcp_fin() set SOCK_DONE, which tcp_recvmsg_locked() tests before the
 * error. SO_ERROR, epoll (EPOLLERR) and send() report the error: send() returns
 * ECONNRESET once (sk_stream_wait_connect() returns a pending error) and then
 * EPIPE, as after any shutdown().
 *
 * The control has room for TIME-WAIT, the same loss and the same server: no RST
 * and no error.
 *
 * The client holds its socket too, until the server's FIN arrives: an orphan in
 * FIN-WAIT-2 would need a timewait socket already, for which there is no room
 * (see close-without-time-wait).
 */
#include "case.h"

enum { CLOSES, HOLDS, SENDS, CONTROL };

/* The server's FIN is retransmitted, and answered with RST (control: ACK). */
static void expect_fin_again(struct run *run, struct pair *tcp,
			     struct mark closed,
			     const struct prediction *forecast)
{
	bool control = run_value(run) == CONTROL;
	struct range range = forecast->rounds[0].at;
	struct mark fin;

	fin = expect_frame(run, closed, "FIN retransmission",
			   FRAMES(FROM("server"), KIND(WIRE_RETRANSMISSION)), 1,
			   range);
	run_elapsed(run, range, fin.at - closed.at);
	expect_frame(run, fin,
		     control ? "ACK in reply to the FIN" :
			       R_("RST in reply to the FIN"),
		     FRAMES(FROM("client"),
			    KIND(control ? WIRE_PURE_ACK : WIRE_RST)),
		     1, at_once);
	expect_state_within(tcp->server, DIAG_CLOSE, soon);
	expect_frames(run, closed, "RSTs", FRAMES(KIND(WIRE_RST)), !control);
	expect_counter(run, "client", "TCPTimeWaitOverflow", !control);
	expect_counter(run, "client", "OutRsts", !control);
}

/* What the server's program, which still holds the socket, can observe. */
static void expect_errors(struct run *run, struct sock *server)
{
	struct finding got;

	if (run_value(run) == SENDS) {
		got = sock_send(server, 1);
		expect_error(&got, ECONNRESET);
		got = sock_send(server, 1);
		expect_error(&got, EPIPE);
	} else if (run_value(run) == HOLDS) {
		expect_pending_error(server, ECONNRESET);
	}
	expect_pending_error(server, 0);
	got = sock_recv(server, soon);
	expect_eof(&got);
}

static void script(struct run *run)
{
	struct pair tcp = sock_pair(run);
	struct prediction *forecast;
	struct mark closed;

	sock_shutdown(tcp.client, SHUT_WR);
	expect_state_within(tcp.client, DIAG_FIN_WAIT2, soon);
	expect_state(tcp.server, DIAG_CLOSE_WAIT);
	forecast = forecast_orphan(tcp.server);
	fault_drop(run,
		   FRAMES(FROM("client"), KIND(WIRE_PURE_ACK), .count = 1));
	closed = mark_now(run);
	if (run_value(run) == CLOSES)
		sock_close(tcp.server);
	else
		sock_shutdown(tcp.server, SHUT_WR);
	mark_done(run, &closed);
	expect_state_within(
		tcp.client,
		run_value(run) == CONTROL ? DIAG_TIME_WAIT : DIAG_CLOSE, soon);
	expect_state(tcp.server, DIAG_LAST_ACK);
	expect_fin_again(run, &tcp, closed, forecast);
	if (run_value(run) != CLOSES)
		expect_errors(run, tcp.server);
}

#define BUCKETS(value_)                                                        \
	.settings = SYSCTLS({ "client", "net.ipv4.tcp_max_tw_buckets", value_ })

CASE(last_ack_lost_no_time_wait) = {
	.name = "last-ack-lost-no-time-wait",
	.claim = "the last ACK is lost, and the client has no TIME-WAIT: RST, "
		 "and an error if the server still holds its socket",
	.judgements = CLAIMS({ "C8", DOCUMENT_RIGHT,
			       "the retransmitted FIN is answered with RST "
			       "(tcp_v4_send_reset()), which is ECONNRESET for "
			       "a server that still holds its socket: "
			       "tcp_reset(); recv() does not report it" }),
	.why = "a segment for which there is no socket is answered with RST, "
	       "and LAST-ACK waits for an ACK",
	.sources = "RFC 9293 3.10.7.1; net/ipv4/tcp_input.c:tcp_reset(); "
		   "net/ipv4/tcp.c:tcp_recvmsg_locked(); "
		   "net/core/stream.c:sk_stream_wait_connect(); "
		   "net/ipv4/inet_timewait_sock.c:inet_twsk_alloc()",
	.steps = STEPS("an idle connection; the client has no room for a "
		       "TIME-WAIT (the control has)",
		       "the client calls shutdown(SHUT_WR); the server's "
		       "kernel receives its FIN",
		       "the server calls close(), or shutdown(SHUT_WR); the "
		       "wire drops the client's ACK",
		       "the server retransmits its FIN; if it holds the "
		       "socket, SO_ERROR, send() and recv() are called on it"),
	.expect = "the client's socket is gone as soon as it has sent the ACK; "
		  "RST in reply to the second FIN; ECONNRESET from SO_ERROR or "
		  "send(), but EOF from recv(); control: ACK and no error",
	.shows = SHOWS("outcome", "elapsed_s", "client_state", "server_state"),
	.world = &world_pair,
	.variants = VARIANTS(
		{ "server-has-closed",
		  "the client has no TIME-WAIT (tcp_max_tw_buckets is 0), and "
		  "the server has called close(): the RST ends its orphan, and "
		  "no program gets an error",
		  .value = CLOSES, BUCKETS(0),
		  .judgements = CLAIMS(
			  { "C8", DOCUMENT_CONDITIONAL,
			    "RST is sent, but a server whose program has "
			    "called close() gets no error: tcp_reset() ends an "
			    "orphan, and nothing else differs" }) },
		{ "server-holds",
		  "the client has no TIME-WAIT, and the server holds its "
		  "socket after shutdown(SHUT_WR): SO_ERROR returns "
		  "ECONNRESET, recv() EOF",
		  .value = HOLDS, BUCKETS(0) },
		{ "server-sends",
		  "the client has no TIME-WAIT, and the server holds its "
		  "socket and calls send(): ECONNRESET the first time, EPIPE "
		  "the second time",
		  .value = SENDS, BUCKETS(0) },
		{ "with-time-wait",
		  "the client has room for one TIME-WAIT (tcp_max_tw_buckets "
		  "is 1), the control: the second FIN is answered with an ACK, "
		  "and no call fails",
		  .value = CONTROL, BUCKETS(1),
		  .judgements = CLAIMS({ "C7", DOCUMENT_RIGHT,
					 "with TIME-WAIT the same loss is no "
					 "error: tcp_timewait_state_process() "
					 "answers with an ACK" }) }),
	.duration = MSEC(250),
	.script = script,
};
