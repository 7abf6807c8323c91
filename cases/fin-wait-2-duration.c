/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How long does an end that has closed wait for the other's FIN? That is what
 * tcp_fin_timeout is about, and only of an orphan: after close() the small
 * socket that tcp_time_wait() puts in its place dies in FIN-WAIT-2 when the
 * time is over, without a word, and what the other end sends then meets RST.
 * After shutdown() a process still holds the socket, and it waits without any
 * timer. TCP_LINGER2 is tcp_fin_timeout for one socket: tcp_fin_time().
 *
 * Above 60 s the time is not what is set. A small socket was never meant to
 * live longer than TCP_TIMEWAIT_LEN, so tcp_rcv_state_process() leaves the
 * whole one there for what is beyond, with the keepalive timer; and when that
 * fires, tcp_keepalive_timer() makes the small one for what is beyond ONCE
 * MORE, not for the 60 s. So 61 s is 1 + 1 s, and only with 120 s do the halves
 * make the whole. It has been so since Linux 2.4 at least.
 */
#include "case.h"

enum { FIN_TIMEOUT = 2, BEYOND = 61, TIME_WAIT = 60 }; /* TCP_TIMEWAIT_LEN */
enum { CLOSED, HELD, LINGER2 };

static const nsec_t soon = MSEC(500);

/* tcp_fin_time(): 3.5 RTO, where that is more; in what tcp_time_wait() arms,
 * too. */
static nsec_t at_least(const struct predict_tcp *tcp, nsec_t time)
{
	return MAX(time, tcp->rto * 7 / 2);
}

static struct range forecast(struct run *run, struct sock *sock)
{
	struct predict_tcp tcp = forecast_inputs(sock);
	nsec_t set = SEC(run_sysctl(run, "client", "net.ipv4.tcp_fin_timeout"));
	struct range range;

	if (run_value(run) == LINGER2)
		set = SEC(sock_get(sock, IPPROTO_TCP, TCP_LINGER2));
	set = at_least(&tcp, set);
	range = predict_timer(set, tcp.hz);
	if (set > SEC(TIME_WAIT)) {
		set -= SEC(TIME_WAIT);
		range = range_add(predict_timer(set, tcp.hz),
				  predict_timer(at_least(&tcp, set), tcp.hz));
	}
	return range;
}

static void close_client(struct run *run, struct pair *tcp)
{
	if (run_value(run) == HELD)
		sock_shutdown(tcp->client, SHUT_WR);
	else
		sock_close(tcp->client);
	expect_state_within(tcp->client, DIAG_FIN_WAIT2, soon);
	expect_state(tcp->server, DIAG_CLOSE_WAIT);
}

static void expect_first_timer(struct run *run, struct sock *client)
{
	long set = run_sysctl(run, "client", "net.ipv4.tcp_fin_timeout");

	expect_timer(client, set > TIME_WAIT && run_value(run) != LINGER2 ?
				     DIAG_TIMER_KEEPALIVE :
				     DIAG_TIMER_TIME_WAIT);
}

/* The orphan is forgotten, and the server not told. */
static void orphan_ends(struct run *run, struct pair *tcp, struct mark closed,
			struct range range)
{
	struct mark last;
	nsec_t lasted;

	run_predicted(run, "elapsed_s", nsec_seconds(range.min));
	run_predicted(run, "elapsed_max_s", nsec_seconds(range.max));
	expect_first_timer(run, tcp->client);
	/* Asked from just before it can be gone: then asking is dense. */
	run_pass_until(run, closed, range.min - MSEC(50));
	expect_state(tcp->client, DIAG_FIN_WAIT2);
	expect_state_within(tcp->client, DIAG_CLOSE,
			    range.max - range.min + SEC(1));
	lasted = mark_now(run).at - closed.at;
	run_measured(run, "elapsed_s", nsec_seconds(lasted));
	range.max += closed.done - closed.at;
	expect_span(run, "FIN-WAIT-2 lasted", lasted, range);

	expect_state(tcp->server, DIAG_CLOSE_WAIT);
	last = mark_now(run);
	sock_close(tcp->server);
	expect_state_within(tcp->server, DIAG_CLOSE, soon);
	expect_exchange(run, last, "the server's FIN is too late",
			"server F. 1:1(0) ack 2, client R 2:2(0)");
	expect_state(tcp->client, DIAG_CLOSE);
}

static void held_stays(struct run *run, struct pair *tcp, struct mark closed,
		       struct range range)
{
	expect_timer(tcp->client, DIAG_TIMER_NONE);
	run_pass_until(run, closed, range.max + SEC(1));
	expect_state(tcp->client, DIAG_FIN_WAIT2);
	expect_timer(tcp->client, DIAG_TIMER_NONE);
	sock_close(tcp->server);
	expect_state_within(tcp->client, DIAG_TIME_WAIT, soon);
	expect_state_within(tcp->server, DIAG_CLOSE, soon);
	expect_frames(run, closed, "RST", FRAMES(KIND(WIRE_RST)), 0);
}

static void script(struct run *run)
{
	struct pair tcp = sock_pair(run);
	struct range range;
	struct mark closed;

	if (run_value(run) == LINGER2)
		sock_set(tcp.client, IPPROTO_TCP, TCP_LINGER2, 1);
	range = forecast(run, tcp.client);
	closed = mark_now(run);
	close_client(run, &tcp);
	mark_done(run, &closed);
	if (run_value(run) == HELD)
		held_stays(run, &tcp, closed, range);
	else
		orphan_ends(run, &tcp, closed, range);
}

static const struct judgement of_held[] = {
	{ "C17", DOCUMENT_RIGHT,
	  "after shutdown() nothing ends FIN-WAIT-2 but the server's FIN: "
	  "tcp_rcv_state_process() arms a timer for an orphan only" },
	{ .claim = NULL },
};

#define CLIENT(value_)                                                         \
	.settings = SYSCTLS({ "client", "net.ipv4.tcp_fin_timeout", value_ })

CASE(fin_wait_2_duration) = {
	.name = "fin-wait-2-duration",
	.claim =
		"FIN-WAIT-2 lasts tcp_fin_timeout when the program has closed, "
		"and for ever when it has only shut its side down",
	.judgements = CLAIMS(
		{ "C17", DOCUMENT_CONDITIONAL,
		  "the server has until its FIN only tcp_fin_timeout once the "
		  "client's program has called close(): then the orphan is "
		  "forgotten, tcp_fin_time(), and the FIN meets RST" }),
	.why = "an orphan has nobody who could stop to wait; so its kernel "
	       "does",
	.sources = "RFC 9293 3.6; include/net/tcp.h:tcp_fin_time(); net/ipv4/"
		   "tcp_input.c:tcp_rcv_state_process(); net/ipv4/tcp_timer.c:"
		   "tcp_keepalive_timer()",
	.steps =
		STEPS("a connection, idle",
		      "the client closes, or shuts its side down; the server "
		      "does nothing",
		      "the client's socket is watched until it is gone, or for "
		      "a second beyond tcp_fin_timeout",
		      "the server closes"),
	.expect = "gone after 2 s; after 1 s with TCP_LINGER2 1; after 2 s, "
		  "twice what is beyond 60, with tcp_fin_timeout 61; and the "
		  "server's FIN meets RST. Held: still there, without a timer, "
		  "and the FIN is answered",
	.world = &world_pair,
	.variants = VARIANTS({ "closed", CLIENT(FIN_TIMEOUT) },
			     { "held", .value = HELD, CLIENT(FIN_TIMEOUT),
			       .duration = SEC(FIN_TIMEOUT + 1),
			       .judgements = of_held },
			     { "linger2=1", .value = LINGER2,
			       CLIENT(FIN_TIMEOUT), .duration = SEC(1) },
			     { "fin-timeout=61", CLIENT(BEYOND) },
			     { "defaults", .defaults = true,
			       .duration = SEC(TIME_WAIT + 3) }),
	.duration = SEC(FIN_TIMEOUT),
	.no_fault = true,
	.script = script,
};
