/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The last ACK is lost, and the client has no TIME-WAIT: its table is full
 * (tcp_max_tw_buckets is 0), so that tcp_time_wait() just closes, and
 * TCPTimeWaitOverflow counts it. The FIN that comes again finds no socket, and
 * tcp_v4_send_reset() answers. Who is told?
 *
 * A server whose program has called close() has nobody left to tell: the orphan
 * in LAST-ACK goes with the RST as it would have gone with the ACK. All bytes
 * have been acknowledged before. Nothing is different but the segment.
 *
 * A server that has only shut its side down still holds the socket. tcp_reset()
 * sets ECONNRESET. But recv() has said EOF, and goes on to say so: tcp_fin()
 * set SOCK_DONE, which tcp_recvmsg_locked() asks before the error. The error is
 * for who asks SO_ERROR or epoll (EPOLLERR), or sends: ECONNRESET once, for
 * sk_stream_error() prefers it, and then EPIPE, as after any shutdown().
 *
 * The control has room for TIME-WAIT, the same loss and the same server: no RST
 * and no error.
 *
 * The client holds its socket, too, until the server's FIN: an orphan would
 * have to be a small socket in FIN-WAIT-2 already, for which there is no room
 * either (close-without-time-wait).
 */
#include "case.h"

enum { CLOSES, HOLDS, SENDS, CONTROL };

static const nsec_t soon = MSEC(500);

#define FIN_AGAIN FROM("server"), KIND(WIRE_RETRANSMISSION)

static void half_close(struct pair *tcp)
{
	sock_shutdown(tcp->client, SHUT_WR);
	expect_state_within(tcp->client, DIAG_FIN_WAIT2, soon);
	expect_state(tcp->server, DIAG_CLOSE_WAIT);
}

/* What the server's program can learn, if it still holds the socket. */
static void ask_server(struct run *run, struct sock *server)
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

static void fin_comes_again(struct run *run, struct pair *tcp,
			    struct mark closed,
			    const struct prediction *forecast)
{
	bool control = run_value(run) == CONTROL;
	struct mark fin;

	fin = expect_frame(run, closed, "FIN again", FRAMES(FIN_AGAIN), 1,
			   forecast->rounds[0].at);
	run_predicted(run, "elapsed_s",
		      nsec_seconds(forecast->rounds[0].at.min));
	run_predicted(run, "elapsed_max_s",
		      nsec_seconds(forecast->rounds[0].at.max));
	run_measured(run, "elapsed_s", nsec_seconds(fin.at - closed.at));
	expect_frame(run, fin, "its answer",
		     FRAMES(FROM("client"),
			    KIND(control ? WIRE_PURE_ACK : WIRE_RST)),
		     1, at_once);
	expect_state_within(tcp->server, DIAG_CLOSE, soon);
	expect_frames(run, closed, "RST", FRAMES(KIND(WIRE_RST)), !control);
	expect_counter(run, "client", "TCPTimeWaitOverflow", !control);
	expect_counter(run, "client", "OutRsts", !control);
}

static void script(struct run *run)
{
	struct pair tcp = sock_pair(run);
	struct prediction *forecast;
	struct mark closed;

	half_close(&tcp);
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
	fin_comes_again(run, &tcp, closed, forecast);
	if (run_value(run) != CLOSES)
		ask_server(run, tcp.server);
}

static const struct judgement of_closed[] = {
	{ "C8", DOCUMENT_CONDITIONAL,
	  "the RST comes, but a server whose program has closed is told of no "
	  "error: tcp_reset() ends an orphan, and nothing else is different" },
	{ .claim = NULL },
};

static const struct judgement of_control[] = {
	{ "C7", DOCUMENT_RIGHT,
	  "with TIME-WAIT the same loss is no error: "
	  "tcp_timewait_state_process() answers with an ACK" },
	{ .claim = NULL },
};

#define BUCKETS(value_)                                                        \
	.settings = SYSCTLS({ "client", "net.ipv4.tcp_max_tw_buckets", value_ })

CASE(last_ack_lost_no_time_wait) = {
	.name = "last-ack-lost-no-time-wait",
	.claim = "the last ACK is lost, and no TIME-WAIT is there: RST, and an "
		 "error if the server still holds its socket",
	.judgements = CLAIMS(
		{ "C8", DOCUMENT_RIGHT,
		  "the FIN that comes again meets RST (tcp_v4_send_reset()), "
		  "which is ECONNRESET for a server that still holds its "
		  "socket: tcp_reset(); recv() does not tell of it" }),
	.why = "a segment without a socket is answered with RST, and what "
	       "LAST-ACK waits for is an ACK",
	.sources =
		"RFC 9293 3.10.7.1; net/ipv4/tcp_input.c:tcp_reset(); net/ipv4/"
		"tcp.c:tcp_recvmsg_locked(); net/core/stream.c:"
		"sk_stream_error(); net/ipv4/inet_timewait_sock.c:"
		"inet_twsk_alloc()",
	.steps = STEPS("a connection, idle; no room for a TIME-WAIT at the "
		       "client (in the control there is)",
		       "the client shuts its side down; the server's kernel "
		       "has its FIN",
		       "the server closes, or shuts its side down, too; the "
		       "wire loses the client's ACK of it",
		       "the FIN comes again; who holds the server's socket "
		       "asks it"),
	.expect = "the client's socket gone with the ACK; RST in answer to the "
		  "second FIN; SO_ERROR says ECONNRESET, or send() does, while "
		  "recv() says EOF; in the control an ACK and no error",
	.world = &world_pair,
	.variants = VARIANTS({ "server-has-closed", .value = CLOSES, BUCKETS(0),
			       .judgements = of_closed },
			     { "server-holds", .value = HOLDS, BUCKETS(0) },
			     { "server-sends", .value = SENDS, BUCKETS(0) },
			     { "with-time-wait", .value = CONTROL, BUCKETS(1),
			       .judgements = of_control }),
	.duration = MSEC(250),
	.script = script,
};
