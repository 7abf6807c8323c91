/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What counts as activity. keepalive_time_elapsed() takes the later of two
 * timestamps, both of received segments:
 *
 * lrcvtime    received data: tcp_event_data_recv();
 * rcv_tstamp  an acceptable ACK, whatever it acknowledges: tcp_ack().
 *
 * So sent data counts through its ACK only. A pure ACK that acknowledges
 * nothing new counts, as an old one that arrives again shows. Data carries an
 * ACK and updates both timestamps, except on the fast path of
 * tcp_rcv_established() (TCPHPHits): there tcp_ack() is called only for a new
 * acknowledgement number, and data updates lrcvtime alone.
 *
 * One kind of segment does not count: the peer's own keepalive probe. Its
 * sequence number is below the window, so tcp_validate_incoming() answers it
 * (tcp_send_dupack()) and drops it before tcp_ack(). With keepalive at both
 * ends each end therefore sends all its probes.
 *
 * In each variant one event happens in the middle of the idle time, and then
 * the server's host crashes: the time of the error shows from which moment the
 * kernel has counted.
 */
#include "case.h"

enum { TIME = 3, INTVL = 1, PROBES = 1 };
/* Moments of events, in percent of the idle time. */
enum { EARLY = 10, MIDDLE = 50 };

#define PROBE FROM("client"), KIND(WIRE_KEEPALIVE_PROBE)
#define ACK FROM("server"), KIND(WIRE_PURE_ACK)

/* The client's process does not read it. */
static struct mark receive_data(struct run *run, struct pair *tcp)
{
	struct mark sent = mark_now(run);

	sock_send(tcp->server, 1);
	return expect_frame(run, sent, "data from the server",
			    FRAMES(FROM("server"), KIND(WIRE_DATA)), 1,
			    at_once);
}

/* The server acknowledges the first data at once: tcp_event_data_recv() calls
 * tcp_incr_quickack(). */
static struct mark send_data(struct run *run, struct pair *tcp)
{
	struct mark sent = mark_now(run);

	sock_send(tcp->client, 1);
	return expect_frame(run, sent, "ACK of the data", FRAMES(ACK), 1,
			    at_once);
}

/* The ACK of data that was sent early arrives again in the middle. */
static struct mark receive_old_ack(struct run *run, struct pair *tcp,
				   struct mark armed, nsec_t idle)
{
	nsec_t delay = idle * (MIDDLE - EARLY) / 100;
	struct mark ack;

	fault_duplicate(run, FRAMES(ACK, .first = 1, .count = 1), delay);
	run_pass_until(run, armed, idle * EARLY / 100);
	ack = send_data(run, tcp);
	run_pass_until(run, ack, delay + MSEC(20));
	return (struct mark){ .at = ack.at + delay };
}

/* The server's keepalive probes the client; the client's idle time goes on. */
static struct mark receive_probe(struct run *run, struct pair *tcp,
				 struct mark armed, nsec_t idle)
{
	const struct prediction *forecast;
	struct mark enabled, probe;

	sock_set(tcp->server, IPPROTO_TCP, TCP_KEEPIDLE, 1);
	forecast = forecast_keepalive(tcp->server);
	enabled = mark_now(run);
	sock_keepalive(tcp->server, true);
	run_pass_until(run, armed, idle * MIDDLE / 100);
	probe = expect_frame(run, enabled, "the server's probe",
			     FRAMES(FROM("server"), KIND(WIRE_KEEPALIVE_PROBE)),
			     1, forecast->rounds[0].at);
	expect_frame(run, probe, "the client's answer",
		     FRAMES(FROM("client"), KIND(WIRE_PURE_ACK)), 1, at_once);
	return armed;
}

/* Returns the moment from which the client's kernel counts. */
static struct mark run_event(struct run *run, struct pair *tcp,
			     struct mark armed, nsec_t idle)
{
	if (run_is_variant(run, "received-probe"))
		return receive_probe(run, tcp, armed, idle);
	if (run_is_variant(run, "received-old-ack"))
		return receive_old_ack(run, tcp, armed, idle);
	run_pass_until(run, armed, idle * MIDDLE / 100);
	if (run_is_variant(run, "sent-data"))
		return send_data(run, tcp);
	return receive_data(run, tcp);
}

/* Which timestamps the event updated; TCP_INFO has their ages in ms. */
static void expect_timestamps(struct run *run, struct sock *client, nsec_t idle)
{
	bool data = run_is_variant(run, "received-data");
	bool fast = counter_change(run, "client", "TCPHPHits") > 0;
	bool ack = !fast && !run_is_variant(run, "received-probe");
	struct diag_socket seen;
	struct tcp_info *info = &seen.info;

	run_pass(run, MSEC(10));
	sock_look(client, &seen);
	expect_that(run, (MSEC(info->tcpi_last_data_recv) < idle / 4) == data,
		    data ? "lrcvtime is updated" : R_("lrcvtime stays the same"),
		    "%u ms ago", info->tcpi_last_data_recv);
	expect_that(run, (MSEC(info->tcpi_last_ack_recv) < idle / 4) == ack,
		    ack ? "rcv_tstamp is updated" : "rcv_tstamp stays the same",
		    "%u ms ago", info->tcpi_last_ack_recv);
}

static void script(struct run *run)
{
	struct pair tcp = sock_pair(run);
	const struct prediction *forecast =
		forecast_keepalive_after_activity(tcp.client);
	nsec_t idle = forecast->rounds[0].interval;
	struct mark armed, last;
	struct finding got;

	/* Enables the fast path: the first data leads to
	 * tcp_fast_path_check(), and while it is unread the socket has memory
	 * for more. */
	receive_data(run, &tcp);
	armed = mark_now(run);
	sock_keepalive(tcp.client, true);
	last = run_event(run, &tcp, armed, idle);
	expect_timestamps(run, tcp.client, idle);
	got = sock_recv(tcp.client, SEC(1));
	expect_that(run, got.size > 0, "the client reads the data", "%zu bytes",
		    got.size);

	fault_crash(run, "server");
	sock_post_recv(tcp.client);
	expect_frame(run, last, "first probe", FRAMES(PROBE), 1,
		     forecast->rounds[0].at);
	got = sock_reap(tcp.client, forecast->elapsed.max + SEC(1));
	expect_error(&got, ETIMEDOUT);
	expect_took(last, &got, forecast->elapsed);
	expect_number(run, "keepalive_probes",
		      frames_count(run, armed, FRAMES(PROBE)), forecast->probes,
		      forecast->probes);
}

CASE(keepalive_activity_resets) = {
	.name = "keepalive-activity-resets",
	.claim = "the keepalive time counts from the last received data or "
		 "ACK; the peer's own probes do not count",
	.judgements = CLAIMS({ "A19", DOCUMENT_RIGHT,
			       "received data (lrcvtime) and received ACKs "
			       "(rcv_tstamp) count, and sent data counts "
			       "through its ACK: keepalive_time_elapsed()" }),
	.why = "keepalive_time_elapsed() takes the later of two timestamps, of "
	       "received data and of received ACKs",
	.sources = "include/net/tcp.h:keepalive_time_elapsed(); "
		   "net/ipv4/tcp_input.c:tcp_ack(), tcp_event_data_recv(), "
		   "tcp_validate_incoming()",
	.steps = STEPS("an idle connection, SO_KEEPALIVE at the client",
		       "in the middle of the idle time the client receives "
		       "data; or sends data; or an old ACK arrives again; or "
		       "the server's own keepalive probes the client",
		       "the server's host crashes"),
	.expect =
		"ETIMEDOUT 3 + 1 * 1 s after the received data, the ACK of the "
		"sent data, or the old ACK; the server's probe changes nothing",
	.world = &world_pair,
	.settings = SYSCTLS(KEEPALIVE_SYSCTLS("client", TIME, INTVL, PROBES)),
	.variants = VARIANTS(
		{ "received-data",
		  "a byte arrives from the server in the middle of the idle "
		  "time: the keepalive time starts again from it" },
		{ "sent-data",
		  "the client sends a byte in the middle of the idle time: the "
		  "keepalive time starts again from the ACK of it" },
		{ "received-old-ack",
		  "an ACK that acknowledges nothing new, the duplicate of an "
		  "earlier one, arrives in the middle of the idle time: the "
		  "keepalive time starts again from it" },
		{ "received-probe",
		  "the server has SO_KEEPALIVE too, and its probe arrives in "
		  "the middle of the idle time: the client answers it, and its "
		  "own keepalive time runs on",
		  .duration = SEC(TIME + INTVL * PROBES),
		  .judgements =
			  CLAIMS({ "A19", DOCUMENT_CONDITIONAL,
				   "the peer's probes are activity too, and do "
				   "not count: tcp_validate_incoming() drops "
				   "them before tcp_ack()" }) }),
	.duration = MSEC(TIME * 1000 * (100 + MIDDLE) / 100) +
		    SEC(INTVL * PROBES),
	.script = script,
};
