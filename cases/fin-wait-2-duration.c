/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How long the end that closed first waits in FIN-WAIT-2 for the peer's FIN.
 * tcp_fin_timeout limits it for orphans only: after close() the timewait socket
 * that tcp_time_wait() creates is deleted silently when the time is over, and
 * what the peer sends later is answered with RST. After shutdown() a process
 * still holds the socket, and no timer runs. TCP_LINGER2 is tcp_fin_timeout for
 * one socket: tcp_fin_time(). Less than 3.5 RTO it never is. If the socket is in
 * FIN-WAIT-2 already when close() is called, __tcp_close() does the same.
 *
 * Above 60 s the time differs from the setting. A timewait socket is not meant
 * to live longer than TCP_TIMEWAIT_LEN, so tcp_rcv_state_process() keeps the
 * full socket for the time beyond 60 s, with the keepalive timer. When that
 * expires, tcp_keepalive_timer() creates the timewait socket for the time
 * beyond 60 s once more, not for the 60 s. So 61 s become 1 + 1 s, and only
 * 120 s last as long as they should. Linux 2.4 did the same.
 */
#include "case.h"

enum { FIN_TIMEOUT = 2, BEYOND = 61, TIME_WAIT = 60 }; /* TCP_TIMEWAIT_LEN */
enum { CLOSED, HELD, LINGER2, SHUT_FIRST };

/* tcp_fin_time() and tcp_time_wait(): at least 3.5 RTO. */
static nsec_t at_least(const struct predict_tcp *tcp, nsec_t time)
{
	return MAX(time, tcp->rto * 7 / 2);
}

static struct range forecast_fin_wait2(struct run *run, struct sock *sock)
{
	struct predict_tcp tcp = forecast_inputs(sock);
	nsec_t time =
		SEC(run_sysctl(run, "client", "net.ipv4.tcp_fin_timeout"));
	struct range range;

	if (run_value(run) == LINGER2)
		time = SEC(sock_get(sock, IPPROTO_TCP, TCP_LINGER2));
	time = at_least(&tcp, time);
	range = predict_timer(time, tcp.hz);
	if (time > SEC(TIME_WAIT)) {
		const nsec_t timers[] = {
			time - SEC(TIME_WAIT),
			at_least(&tcp, time - SEC(TIME_WAIT)),
		};

		range = predict_chain(timers, ARRAY_SIZE(timers), tcp.hz);
	}
	return range;
}

static void close_client(struct run *run, struct pair *tcp)
{
	if (run_value(run) == HELD)
		sock_shutdown(tcp->client, SHUT_WR);
	else
		sock_close(tcp->client);
	if (run_value(run) == SHUT_FIRST)
		return;
	expect_state_within(tcp->client, DIAG_FIN_WAIT2, soon);
	expect_state(tcp->server, DIAG_CLOSE_WAIT);
}

static void expect_first_timer(struct run *run, struct sock *client)
{
	long timeout = run_sysctl(run, "client", "net.ipv4.tcp_fin_timeout");

	expect_timer(client, timeout > TIME_WAIT && run_value(run) != LINGER2 ?
				     DIAG_TIMER_KEEPALIVE :
				     DIAG_TIMER_TIME_WAIT);
}

/* The orphan is deleted silently, and the server's FIN finds no socket. */
static void expect_orphan_ends(struct run *run, struct pair *tcp,
			       struct mark closed, struct range range)
{
	struct mark server_closed;

	expect_first_timer(run, tcp->client);
	run_elapsed(
		run, range,
		expect_lifetime(tcp->client, DIAG_FIN_WAIT2, closed, range));
	expect_state(tcp->server, DIAG_CLOSE_WAIT);
	server_closed = mark_now(run);
	sock_close(tcp->server);
	expect_state_within(tcp->server, DIAG_CLOSE, soon);
	expect_exchange(run, server_closed,
			"the server's late FIN and the RST in reply",
			"server F. 1:1(0) ack 2, client R 2:2(0)");
	expect_state(tcp->client, DIAG_CLOSE);
}

static void expect_held_socket_stays(struct run *run, struct pair *tcp,
				     struct mark closed, struct range range)
{
	expect_timer(tcp->client, DIAG_TIMER_NONE);
	run_pass_until(run, closed, range.max + SEC(1));
	expect_state(tcp->client, DIAG_FIN_WAIT2);
	expect_timer(tcp->client, DIAG_TIMER_NONE);
	sock_close(tcp->server);
	expect_state_within(tcp->client, DIAG_TIME_WAIT, soon);
	expect_state_within(tcp->server, DIAG_CLOSE, soon);
	expect_frames(run, closed, "RSTs", FRAMES(KIND(WIRE_RST)), 0);
}

static void script(struct run *run)
{
	struct pair tcp = sock_pair(run);
	struct range range;
	struct mark closed;

	if (run_value(run) == LINGER2)
		sock_set(tcp.client, IPPROTO_TCP, TCP_LINGER2, 1);
	range = forecast_fin_wait2(run, tcp.client);
	if (run_value(run) == SHUT_FIRST) {
		sock_shutdown(tcp.client, SHUT_WR);
		expect_state_within(tcp.client, DIAG_FIN_WAIT2, soon);
	}
	closed = mark_now(run);
	close_client(run, &tcp);
	mark_done(run, &closed);
	if (run_value(run) == HELD)
		expect_held_socket_stays(run, &tcp, closed, range);
	else
		expect_orphan_ends(run, &tcp, closed, range);
}

#define FIN_TIMEOUT_OF(value_)                                                 \
	.settings = SYSCTLS({ "client", "net.ipv4.tcp_fin_timeout", value_ })

CASE(fin_wait_2_duration) = {
	.name = "fin-wait-2-duration",
	.claim = "FIN-WAIT-2 lasts tcp_fin_timeout after close(), and for ever "
		 "after shutdown()",
	.judgements =
		CLAIMS({ "C17", DOCUMENT_CONDITIONAL,
			 "once the client's program has called close(), the "
			 "server has only tcp_fin_timeout until its FIN: then "
			 "the orphan is deleted, tcp_fin_time(), and the FIN "
			 "is answered with RST" }),
	.why = "no process holds an orphan and could end the wait; so the "
	       "kernel limits it",
	.sources = "RFC 9293 3.6; include/net/tcp.h:tcp_fin_time(); "
		   "net/ipv4/tcp_input.c:tcp_rcv_state_process(); "
		   "net/ipv4/tcp_timer.c:tcp_keepalive_timer()",
	.steps = STEPS("an idle connection",
		       "the client calls close(), or shutdown(SHUT_WR); the "
		       "server does nothing",
		       "the client's socket is watched until it is gone, or "
		       "until a second after tcp_fin_timeout",
		       "the server closes"),
	.expect = "close(): gone after 2 s, also after shutdown(); with "
		  "tcp_fin_timeout 0 after 3.5 RTO; with TCP_LINGER2 1 after "
		  "1 s; with tcp_fin_timeout 61 after 2 s, twice the time "
		  "beyond 60 s; "
		  "then the server's FIN is answered with RST. shutdown(): "
		  "still in FIN-WAIT-2 without a timer, and the server's FIN "
		  "is acknowledged",
	.world = &world_pair,
	.variants = VARIANTS(
		{ "closed",
		  "the client calls close(), and tcp_fin_timeout is 2 s: the "
		  "orphan is deleted after 2 s",
		  FIN_TIMEOUT_OF(FIN_TIMEOUT) },
		{ "held",
		  "the client calls shutdown(SHUT_WR) and its process holds "
		  "the socket: no timer runs, and FIN-WAIT-2 lasts until the "
		  "server closes",
		  .value = HELD, FIN_TIMEOUT_OF(FIN_TIMEOUT),
		  .duration = SEC(FIN_TIMEOUT + 1),
		  .judgements =
			  CLAIMS({ "C17", DOCUMENT_RIGHT,
				   "after shutdown() only the server's FIN "
				   "ends FIN-WAIT-2: tcp_rcv_state_process() "
				   "arms a timer for orphans only" }) },
		{ "linger2=1",
		  "the client's socket has TCP_LINGER2 of 1 s, which replaces "
		  "tcp_fin_timeout of 2 s: the orphan is deleted after 1 s",
		  .value = LINGER2, FIN_TIMEOUT_OF(FIN_TIMEOUT),
		  .duration = SEC(1) },
		{ "shutdown-first",
		  "the client calls shutdown(SHUT_WR), and close() when it is "
		  "in FIN-WAIT-2 already: the 2 s begin with close()",
		  .value = SHUT_FIRST, FIN_TIMEOUT_OF(FIN_TIMEOUT) },
		{ "fin-timeout=0",
		  "tcp_fin_timeout is 0: the orphan lasts the minimum of 3.5 "
		  "RTO",
		  FIN_TIMEOUT_OF(0), .duration = SEC(1) },
		{ "fin-timeout=61",
		  "tcp_fin_timeout is 61 s: the orphan lasts 1 + 1 s, twice "
		  "the time beyond 60 s",
		  FIN_TIMEOUT_OF(BEYOND) },
		{ "defaults",
		  "like closed, at the kernel's default tcp_fin_timeout of 60 "
		  "s",
		  .defaults = true, .duration = SEC(TIME_WAIT + 3) }),
	.duration = SEC(FIN_TIMEOUT),
	.no_fault = true,
	.script = script,
};
