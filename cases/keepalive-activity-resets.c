/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What counts as activity? keepalive_time_elapsed() takes the younger of two
 * time stamps, and both are of segments that CAME:
 *
 * lrcvtime    data that is received: tcp_event_data_recv();
 * rcv_tstamp  an acceptable ACK, whatever it acknowledges: tcp_ack().
 *
 * So data that is sent counts only by its ACK. A pure ACK counts that says
 * nothing new, as an old one that comes once more shows. Data carries an ACK
 * too and moves both stamps, but not on the fast path of tcp_rcv_established()
 * (TCPHPHits): there tcp_ack() is only called when the ACK is news, and
 * lrcvtime moves alone. Without it, receiving a long download would be silence.
 *
 * One kind of segment comes and does not count: the peer's own keepalive probe.
 * Its sequence number lies below the window, so tcp_validate_incoming() answers
 * it (tcp_send_dupack()) and throws it away before anybody looks at its ACK.
 * Two ends that both have keepalive therefore do not spare each other a probe.
 *
 * Each variant lets one thing happen in the middle of the idle time, and then
 * the server's host dies: the end tells from where the kernel has counted.
 */
#include "case.h"

enum { TIME = 3, INTVL = 1, PROBES = 1 };
/* When things happen, in percent of the idle time. */
enum { EARLY = 10, MIDDLE = 50 };

#define PROBE FROM("client"), KIND(WIRE_KEEPALIVE_PROBE)
#define ACK FROM("server"), KIND(WIRE_PURE_ACK)

/* It stays unread. */
static struct mark receive_data(struct run *run, struct pair *tcp)
{
	struct mark sent = mark_now(run);

	sock_send(tcp->server, 1);
	return expect_frame(run, sent, "data",
			    FRAMES(FROM("server"), KIND(WIRE_DATA)), 1,
			    at_once);
}

/* The first data that the server receives: tcp_event_data_recv() lets it be
 * acknowledged at once (tcp_incr_quickack()). */
static struct mark send_data(struct run *run, struct pair *tcp)
{
	struct mark sent = mark_now(run);

	sock_send(tcp->client, 1);
	return expect_frame(run, sent, "ACK of the data", FRAMES(ACK), 1,
			    at_once);
}

/* The ACK of data that was sent early comes once more in the middle. */
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

/* The server probes, and it is as if nothing had come. */
static struct mark receive_probe(struct run *run, struct pair *tcp,
				 struct mark armed, nsec_t idle)
{
	const struct prediction *forecast;
	struct mark asked, probe;

	sock_set(tcp->server, IPPROTO_TCP, TCP_KEEPIDLE, 1);
	forecast = forecast_keepalive(tcp->server);
	asked = mark_now(run);
	sock_keepalive(tcp->server, true);
	run_pass_until(run, armed, idle * MIDDLE / 100);
	probe = expect_frame(run, asked, "the server's probe",
			     FRAMES(FROM("server"), KIND(WIRE_KEEPALIVE_PROBE)),
			     1, forecast->rounds[0].at);
	expect_frame(run, probe, "the client's answer",
		     FRAMES(FROM("client"), KIND(WIRE_PURE_ACK)), 1, at_once);
	return armed;
}

/* Returns the moment from which the client's kernel is to count. */
static struct mark happen(struct run *run, struct pair *tcp, struct mark armed,
			  nsec_t idle)
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

/* Which of the two time stamps have moved; TCP_INFO has them in ms ago. */
static void expect_stamps(struct run *run, struct sock *client, nsec_t idle)
{
	bool data = run_is_variant(run, "received-data");
	bool fast = counter_change(run, "client", "TCPHPHits") > 0;
	bool ack = !fast && !run_is_variant(run, "received-probe");
	struct diag_socket seen;
	struct tcp_info *info = &seen.info;

	run_pass(run, MSEC(10));
	sock_look(client, &seen);
	expect_that(run, (MSEC(info->tcpi_last_data_recv) < idle / 4) == data,
		    data ? "lrcvtime has moved" : "lrcvtime has not moved",
		    "%u ms ago", info->tcpi_last_data_recv);
	expect_that(run, (MSEC(info->tcpi_last_ack_recv) < idle / 4) == ack,
		    ack ? "rcv_tstamp has moved" : "rcv_tstamp has not moved",
		    "%u ms ago", info->tcpi_last_ack_recv);
}

static void script(struct run *run)
{
	struct pair tcp = sock_pair(run);
	const struct prediction *forecast = forecast_keepalive(tcp.client);
	nsec_t idle = forecast->rounds[0].interval;
	struct mark armed, last;
	struct finding got;

	/* For the fast path: tcp_fast_path_check() follows on the first data,
	 * and while it lies unread, memory for more is at hand. */
	receive_data(run, &tcp);
	armed = mark_now(run);
	sock_keepalive(tcp.client, true);
	last = happen(run, &tcp, armed, idle);
	expect_stamps(run, tcp.client, idle);
	got = sock_recv(tcp.client, SEC(1));
	expect_that(run, got.size > 0, "the data is there", "%zu bytes",
		    got.size);

	fault_crash(run, "server");
	sock_post_recv(tcp.client);
	expect_frame(run, last, "the first probe", FRAMES(PROBE), 1,
		     forecast->rounds[0].at);
	got = sock_reap(tcp.client, forecast->elapsed.max + SEC(1));
	expect_error(&got, ETIMEDOUT);
	expect_took(last, &got, forecast->elapsed);
	expect_number(run, "keepalive_probes",
		      frames_count(run, armed, FRAMES(PROBE)), forecast->probes,
		      forecast->probes);
}

static const struct judgement of_probe[] = {
	{ "A19", DOCUMENT_CONDITIONAL,
	  "the peer's probes are activity too, and do not count: "
	  "tcp_validate_incoming() throws them away before tcp_ack()" },
	{ .claim = NULL },
};

CASE(keepalive_activity_resets) = {
	.name = "keepalive-activity-resets",
	.claim = "the keepalive time counts from the last data or ACK that was "
		 "received; the peer's own probes do not count",
	.judgements =
		CLAIMS({ "A19", DOCUMENT_RIGHT,
			 "what is received counts, as data (lrcvtime) or "
			 "as an ACK (rcv_tstamp), and what is sent counts "
			 "by its ACK: keepalive_time_elapsed()" }),
	.why = "keepalive_time_elapsed() takes the younger of two stamps, of "
	       "received data and of received ACKs",
	.sources = "include/net/tcp.h:keepalive_time_elapsed(); net/ipv4/"
		   "tcp_input.c:tcp_ack(), tcp_event_data_recv(), "
		   "tcp_validate_incoming()",
	.steps = STEPS("an idle connection, SO_KEEPALIVE at the client",
		       "in the middle of the idle time the client receives "
		       "data; or sends some; or an old ACK comes once more; or "
		       "the server's own keepalive probes it",
		       "the server's machine dies"),
	.expect = "ETIMEDOUT 3 + 1 * 1 s after the data received, the ACK of "
		  "the data sent, the old ACK; but for the server's probe: "
		  "as if it had never come",
	.world = &world_pair,
	.settings = SYSCTLS({ "client", "net.ipv4.tcp_keepalive_time", TIME },
			    { "client", "net.ipv4.tcp_keepalive_intvl", INTVL },
			    { "client", "net.ipv4.tcp_keepalive_probes",
			      PROBES }),
	.variants = VARIANTS({ "received-data" }, { "sent-data" },
			     { "received-old-ack" },
			     { "received-probe",
			       .duration = SEC(TIME + INTVL * PROBES),
			       .judgements = of_probe }),
	.duration = MSEC(TIME * 1000 * (100 + MIDDLE) / 100) +
		    SEC(INTVL * PROBES),
	.script = script,
};
