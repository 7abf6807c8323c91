/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which RST carries a timestamp? RFC 1323 (1992) advised against it; RFC 7323
 * (2014), which took its place, asks for it wherever the option was negotiated,
 * and forbids the PAWS test of a RST. Linux does both, and it depends on whom
 * the RST comes from:
 *
 * - an ANSWER to a segment for which there is no socket, or none that wants it,
 *   is made from that segment alone, and has no options:
 *   tcp_v4_send_reset(), tcp_v6_send_reset();
 * - a RST that a connection sends of its own accord (an abort, close() with
 *   unread data, a listener closed over its queue, a dead keepalive) is one of
 *   its segments, and has the option like all of them:
 *   tcp_send_active_reset(), tcp_established_options().
 *
 * To the peer it is all the same: tcp_validate_incoming() goes by the number.
 */
#include "case.h"

enum { BYTES = 100, PAUSE = 50 };

/* From NO_ABORT on it is the connection's own. */
enum { CLOSED_PORT, CLOSED_SOCKET, ABORT, UNREAD, NOT_ACCEPTED };

#define RESET FROM("server"), KIND(WIRE_RST)

static void expect_option(struct run *run, struct mark since, bool option)
{
	const struct wire_capture *seen =
		frames_wait(run, since, FRAMES(RESET), 1, soon);
	bool has = seen && seen->frame.tcp.has_timestamps;

	expect_frames(run, since, "RST", FRAMES(RESET), 1);
	run_predicted_text(run, "timestamp", option ? "yes" : "no");
	run_measured_text(run, "timestamp", has ? "yes" : "no");
	expect_that(run, seen && has == option,
		    option ? "the RST carries a timestamp" :
			     "the RST carries no timestamp",
		    "%s",
		    !seen ? "no RST" :
		    has	  ? "it does" :
			    "it does not");
	expect_counter(run, "server", "OutRsts", 1);
}

/* In words of this case, so that the table shows the option. */
static void expect_in_state(struct sock *sock, enum diag_state state)
{
	sock_wait_state(sock, state, soon);
	expect_that(sock_run(sock), sock_state(sock) == state,
		    diag_state_text(state), "%s",
		    diag_state_text(sock_state(sock)));
}

/* Its clock has gone on since the server's last segment. */
static void expect_fresh(struct run *run, const struct wire_capture *reset,
			 uint32_t last)
{
	int64_t later = reset ? (int32_t)(reset->frame.tcp.tsval - last) : -1;

	expect_number(run, "tsval_later_ms", later, PAUSE, INT64_MAX);
}

static uint32_t last_tsval(struct run *run)
{
	const struct wire_match *all = FRAMES(FROM("server"), KIND(WIRE_TCP));
	struct mark start = { 0 };
	const struct wire_capture *last =
		frames_nth(run, start, all, frames_count(run, start, all));

	return last ? last->frame.tcp.tsval : 0;
}

static void is_reset(struct run *run, struct sock *client, int error)
{
	struct finding got = sock_recv(client, soon);

	expect_that(run, got.error == error, "the client is told", "%s",
		    finding_outcome(&got));
	expect_in_state(client, DIAG_CLOSE);
}

static void to_closed_port(struct run *run)
{
	struct probe *client = probe_start(run, "client");
	struct mark asked = mark_now(run);
	struct sock *sock = sock_post_connect_to(client, "server", 7777);
	struct finding got = sock_reap(sock, soon);

	expect_that(run, got.error == ECONNREFUSED, "the client is refused",
		    "%s", finding_outcome(&got));
	expect_option(run, asked, false);
	expect_exchange(run, asked, "an answer",
			"client S 0:0(0), server R. 0:0(0) ack 1");
}

/* Closed in good order; the client goes on sending. */
static void to_closed_socket(struct run *run, struct pair *tcp)
{
	struct mark sent;
	struct finding got;

	sock_close(tcp->server);
	got = sock_recv(tcp->client, soon);
	expect_that(run, !got.open && !got.value, "the server closes", "%s",
		    finding_outcome(&got));
	expect_in_state(tcp->server, DIAG_FIN_WAIT2);
	sent = mark_now(run);
	sock_send(tcp->client, BYTES);
	expect_option(run, sent, false);
	expect_exchange(run, sent, "an answer",
			"client P. 1:101(100) ack 2, server R 2:2(0)");
	expect_in_state(tcp->client, DIAG_CLOSE);
}

static void of_its_own(struct run *run, struct pair *tcp, struct sock *client)
{
	bool option = run_sysctl(run, "server", "net.ipv4.tcp_timestamps");
	uint32_t last = last_tsval(run);
	struct mark closed;

	run_pass(run, MSEC(PAUSE));
	closed = mark_now(run);
	if (run_value(run) == NOT_ACCEPTED)
		sock_close(tcp->listener);
	else if (run_value(run) == UNREAD)
		sock_close(tcp->server);
	else
		sock_abort(tcp->server);
	expect_option(run, closed, option);
	if (option)
		expect_fresh(run, frames_nth(run, closed, FRAMES(RESET), 1),
			     last);
	is_reset(run, client, ECONNRESET);
}

static void script(struct run *run)
{
	struct pair tcp;
	struct sock *client;

	if (run_value(run) == CLOSED_PORT) {
		to_closed_port(run);
		return;
	}
	tcp = sock_pair(run);
	client = tcp.client;
	if (run_value(run) == CLOSED_SOCKET) {
		to_closed_socket(run, &tcp);
		return;
	}
	if (run_value(run) == UNREAD)
		sock_send(tcp.client, BYTES);
	if (run_value(run) == NOT_ACCEPTED)
		client = sock_connect(tcp.client_probe, tcp.listener);
	of_its_own(run, &tcp, client);
}

static const struct judgement answers[] = {
	{ "C20", DOCUMENT_RIGHT,
	  "such a RST has no timestamp, as RFC 1323 advised: "
	  "tcp_v4_send_reset() makes it from the segment that it answers" },
	{ .claim = NULL },
};

CASE(rst_timestamps) = {
	.name = "rst-timestamps",
	.claim = "a RST that answers carries no timestamp, one that a "
		 "connection sends of its own accord does",
	.judgements = CLAIMS(
		{ "C20", DOCUMENT_OUTDATED,
		  "that advice is withdrawn: a RST SHOULD carry the option "
		  "(RFC 7323 3.2), and those that a connection sends do: "
		  "tcp_send_active_reset()",
		  "RFC 7323" }),
	.why = "an answer is made from the segment alone, a connection knows "
	       "its timestamps",
	.sources = "RFC 1323 4.2; RFC 7323 3.2 and 5.2; net/ipv4/tcp_ipv4.c:"
		   "tcp_v4_send_reset(); net/ipv4/tcp_output.c:"
		   "tcp_send_active_reset()",
	.steps = STEPS("the server resets: a port without a listener; a socket "
		       "that it has closed",
		       "an abort; close() with unread data; a listener closed "
		       "over a connection in its queue",
		       "an abort where there are no timestamps at all",
		       "the options of the RST on the wire"),
	.expect = "no timestamp in the first two, a fresh one in the next "
		  "three, none in the last; the client is reset each time",
	.world = &world_pair,
	.variants = VARIANTS(
		{ "closed-port", .value = CLOSED_PORT, .judgements = answers },
		{ "closed-socket", .value = CLOSED_SOCKET,
		  .judgements = answers },
		{ "abort", .value = ABORT },
		{ "close-with-unread-data", .value = UNREAD },
		{ "listener-closed", .value = NOT_ACCEPTED },
		{ "without-timestamps",
		  SYSCTLS({ NULL, "net.ipv4.tcp_timestamps", 0 }),
		  .value = ABORT,
		  .judgements = CLAIMS(
			  { "C20", DOCUMENT_RIGHT,
			    "where the option is not negotiated no RST has "
			    "it: tcp_established_options()" }) }),
	.duration = MSEC(60),
	.no_fault = true,
	.script = script,
};
