/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RFC 1323 (1992) advised against timestamps in a RST; RFC 7323 (2014), which
 * replaces it, requires them wherever the option was negotiated, and forbids
 * the PAWS check of a RST. Linux does both, depending on the origin of the
 * RST:
 *
 * - an answer to a segment without a matching socket is made from that segment
 *   alone and has no options: tcp_v4_send_reset(), tcp_v6_send_reset();
 * - a RST that a connection sends itself (an abort, close() with unread data,
 *   a listener closed with connections in its queue, keepalive without
 *   answers) is one of its segments and has the option like all of them:
 *   tcp_send_active_reset(), tcp_established_options().
 *
 * The peer treats both alike: tcp_validate_incoming() checks the sequence
 * number.
 */
#include "case.h"

enum { BYTES = 100, PAUSE = 50, CLOSED_PORT_NUMBER = 7777 };

/* From ABORT on the connection itself sends the RST. */
enum { CLOSED_PORT, CLOSED_SOCKET, ABORT, UNREAD, NOT_ACCEPTED };

#define RESET FROM("server"), KIND(WIRE_RST)

static void expect_option(struct run *run, struct mark since, bool option)
{
	const struct wire_capture *seen =
		frames_wait(run, since, FRAMES(RESET), 1, soon);
	bool has = seen && seen->frame.tcp.has_timestamps;

	expect_frames(run, since, "RSTs", FRAMES(RESET), 1);
	run_predicted_text(run, "timestamp", option ? V_("yes") : V_("no"));
	run_measured_text(run, "timestamp", has ? "yes" : "no");
	expect_that(run, seen && has == option,
		    option ? "the RST has a timestamp" :
			     "the RST has no timestamp",
		    "%s",
		    !seen ? "no RST" :
		    has	  ? R_("a timestamp") :
			    R_("no timestamp"));
	expect_counter(run, "server", "OutRsts", 1);
}

/* Not expect_state(), so that the report's numbers are about the option. */
static void expect_in_state(struct sock *sock, enum diag_state state)
{
	sock_wait_state(sock, state, soon);
	expect_that(sock_run(sock), sock_state(sock) == state,
		    diag_state_text(state), "%s",
		    diag_state_text(sock_state(sock)));
}

static uint32_t last_tsval(struct run *run)
{
	const struct wire_match *all = FRAMES(FROM("server"), KIND(WIRE_TCP));
	struct mark start = { 0 };
	const struct wire_capture *last =
		frames_nth(run, start, all, frames_count(run, start, all));

	return last ? last->frame.tcp.tsval : 0;
}

static void connect_to_closed_port(struct run *run)
{
	struct probe *client = probe_start(run, "client");
	struct mark asked = mark_now(run);
	struct sock *sock =
		sock_post_connect_to(client, "server", CLOSED_PORT_NUMBER);
	struct finding got = sock_reap(sock, soon);

	expect_that(run, got.error == ECONNREFUSED, "the client is refused",
		    "%s", finding_outcome(&got));
	expect_option(run, asked, false);
	expect_exchange(run, asked, "a RST in reply to the SYN",
			"client S 0:0(0), server R. 0:0(0) ack 1");
}

/* The server closes; the client still sends. */
static void send_to_closed_socket(struct run *run, struct pair *tcp)
{
	struct mark sent;
	struct finding got;

	sock_close(tcp->server);
	got = sock_recv(tcp->client, soon);
	expect_that(run, !got.open && !got.value,
		    "the client reads the server's FIN", "%s",
		    finding_outcome(&got));
	expect_in_state(tcp->server, DIAG_FIN_WAIT2);
	sent = mark_now(run);
	sock_send(tcp->client, BYTES);
	expect_option(run, sent, false);
	expect_exchange(run, sent, "a RST in reply to the data",
			"client P. 1:101(100) ack 2, server R 2:2(0)");
	expect_in_state(tcp->client, DIAG_CLOSE);
}

/* The RST has the time of its own transmission, not of the last segment. */
static void make_connection_reset(struct run *run, struct pair *tcp,
				  struct sock *client)
{
	bool option = run_sysctl(run, "server", "net.ipv4.tcp_timestamps");
	uint32_t last = last_tsval(run);
	const struct wire_capture *reset;
	struct finding got;
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
	if (option) {
		reset = frames_nth(run, closed, FRAMES(RESET), 1);
		expect_number(run, "tsval_later_ms",
			      reset ? (int32_t)(reset->frame.tcp.tsval - last) :
				      -1,
			      PAUSE, INT64_MAX);
	}
	got = sock_recv(client, soon);
	expect_that(run, got.error == ECONNRESET, "the client is reset", "%s",
		    finding_outcome(&got));
	expect_in_state(client, DIAG_CLOSE);
}

static void script(struct run *run)
{
	struct pair tcp;
	struct sock *client;

	if (run_value(run) == CLOSED_PORT) {
		connect_to_closed_port(run);
		return;
	}
	tcp = sock_pair(run);
	client = tcp.client;
	if (run_value(run) == CLOSED_SOCKET) {
		send_to_closed_socket(run, &tcp);
		return;
	}
	if (run_value(run) == UNREAD)
		sock_send(tcp.client, BYTES);
	if (run_value(run) == NOT_ACCEPTED)
		client = sock_connect(tcp.client_probe, tcp.listener);
	make_connection_reset(run, &tcp, client);
}

static const struct judgement of_answer[] = {
	{ "C20", DOCUMENT_RIGHT,
	  "such a RST has no timestamp, as RFC 1323 advised: "
	  "tcp_v4_send_reset() makes it from the segment that it answers" },
	{ .claim = NULL },
};

CASE(rst_timestamps) = {
	.name = "rst-timestamps",
	.claim = "a RST that answers a segment has no timestamp, a RST that a "
		 "connection sends itself has one",
	.judgements = CLAIMS(
		{ "C20", DOCUMENT_OUTDATED,
		  "that advice is withdrawn: a RST SHOULD carry the option "
		  "(RFC 7323 3.2), and those that a connection sends do: "
		  "tcp_send_active_reset()",
		  "RFC 7323" }),
	.why = "an answer is made from the segment alone, while a connection "
	       "has its timestamps",
	.sources = "RFC 1323 4.2; RFC 7323 3.2 and 5.2; net/ipv4/tcp_ipv4.c:"
		   "tcp_v4_send_reset(); net/ipv4/tcp_output.c:"
		   "tcp_send_active_reset()",
	.steps = STEPS("the server's kernel sends a RST for a port without a "
		       "listener; for a socket that is closed; for an abort; "
		       "for close() with unread data; for a listener closed "
		       "with a connection in its queue; for an abort without "
		       "timestamps at all",
		       "the options of the RST are read on the wire"),
	.expect = "no timestamp in the first two, a fresh one in the next "
		  "three, none in the last; the client is reset each time",
	.world = &world_pair,
	.variants = VARIANTS(
		{ "closed-port",
		  "the RST answers a SYN to a port without a listener: it has "
		  "no timestamp",
		  .value = CLOSED_PORT, .judgements = of_answer },
		{ "closed-socket",
		  "the RST answers data for a socket that the server has "
		  "closed: it has no timestamp",
		  .value = CLOSED_SOCKET, .judgements = of_answer },
		{ "abort",
		  "the server aborts the connection (SO_LINGER with a time of "
		  "0): its RST has a timestamp",
		  .value = ABORT },
		{ "close-with-unread-data",
		  "the server closes with 100 bytes unread: its RST has a "
		  "timestamp",
		  .value = UNREAD },
		{ "listener-closed",
		  "the server closes its listener while a connection is in the "
		  "accept queue: the RST for that connection has a timestamp",
		  .value = NOT_ACCEPTED },
		{ "without-timestamps",
		  "as in abort, but tcp_timestamps is 0 at both ends: the "
		  "option is not negotiated, and the RST has no timestamp",
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
