/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * While data is outstanding, keepalive sends no probe. Its timer still expires,
 * but if packets_out is not 0 or the write queue is not empty,
 * tcp_keepalive_timer() only arms itself for another keepalive_time. Another
 * timer ends the connection then, after its own time:
 *
 * data in flight     the retransmission timer, by tcp_retries2;
 * window closed      the persist timer, tcp_probe_timer(), by tcp_retries2 as
 *                    well, which here is a number of unanswered probes.
 *
 * So data sent after an unanswered keepalive probe postpones the end: no more
 * probes are sent, and with the default values a quarter of an hour begins.
 * (TCP_USER_TIMEOUT limits all of these timers.)
 *
 * tcp_xmit_probe_skb() builds the probes of both the persist timer and
 * keepalive. The frames are the same; the counters TCPWinProbe and TCPKeepAlive
 * distinguish them.
 */
#include "case.h"

enum { TIME = 1, INTVL = 1, PROBES = 2, RETRIES2 = 3 };

/* For a window probe: the second expiry of a timer that is as long as the
 * RTO. */
static const nsec_t timeout = SEC(2);

#define PROBE FROM("client"), KIND(WIRE_KEEPALIVE_PROBE)
#define RETRANSMISSION FROM("client"), KIND(WIRE_RETRANSMISSION)

/* The end by either timer alone. */
struct forecasts {
	const struct prediction *keepalive, *data;
};

/* The control: no data is outstanding, and keepalive ends the connection. */
static void idle(struct run *run, struct pair *tcp, struct mark armed,
		 const struct forecasts *forecast)
{
	struct finding got;

	fault_crash(run, "server");
	got = sock_reap(tcp->client, forecast->keepalive->elapsed.max + SEC(1));
	expect_error(&got, ETIMEDOUT);
	expect_took(armed, &got, forecast->keepalive->elapsed);
	expect_number(run, "keepalive_probes",
		      frames_count(run, armed, FRAMES(PROBE)),
		      forecast->keepalive->probes, forecast->keepalive->probes);
	expect_frames(run, armed, "retransmissions", FRAMES(RETRANSMISSION), 0);
}

/* So many probes were sent before the data. */
static void data_in_flight(struct run *run, struct pair *tcp, struct mark armed,
			   unsigned int probes,
			   const struct forecasts *forecast)
{
	struct mark sent = mark_now(run);
	struct diag_socket seen;
	struct finding got;

	sock_send(tcp->client, 1);
	sock_look(tcp->client, &seen);
	expect_that(run, seen.info.tcpi_unacked == 1,
		    "one segment is unacknowledged", "%u",
		    seen.info.tcpi_unacked);
	expect_timer(tcp->client, DIAG_TIMER_RETRANSMIT);
	got = sock_reap(tcp->client, forecast->data->elapsed.max + SEC(1));
	expect_error(&got, ETIMEDOUT);
	expect_took(sent, &got, forecast->data->elapsed);
	expect_that(
		run,
		got.returned - armed.at >
			forecast->keepalive->rounds[probes].at.max,
		"the connection outlives the time of the next keepalive probe",
		"ended after %.3f s; next probe after %.3f s at the latest",
		nsec_seconds(got.returned - armed.at),
		nsec_seconds(forecast->keepalive->rounds[probes].at.max));
	expect_number(run, "keepalive_probes",
		      frames_count(run, armed, FRAMES(PROBE)), probes, probes);
	expect_counter(run, "client", "TCPKeepAlive", probes);
	expect_counter(run, "client", "TCPAbortOnTimeout", 1);
	expect_frames_between(
		run, sent, "retransmissions", FRAMES(RETRANSMISSION),
		forecast->data->retransmissions_min + forecast->data->probes,
		forecast->data->retransmissions_max + forecast->data->probes);
}

/* The data is sent after one unanswered probe. */
static void data_between_probes(struct run *run, struct pair *tcp,
				struct mark armed,
				const struct forecasts *forecast)
{
	struct mark probe;

	fault_crash(run, "server");
	probe = expect_frame(run, armed, "first probe", FRAMES(PROBE), 1,
			     forecast->keepalive->rounds[0].at);
	run_pass_until(run, probe, MSEC(500));
	data_in_flight(run, tcp, armed, 1, forecast);
}

/*
 * Sends more than fits into the window of the server, which does not read. The
 * rest of the window is smaller than a segment; the persist timer's first probe
 * fills it with data (tcp_write_wakeup()), and then the window is 0.
 */
static void close_window(struct run *run, struct sock *client)
{
	struct mark full = mark_now(run);
	struct diag_socket seen;

	sock_send(client, 16 << 10);
	expect_that(run,
		    frames_wait(run, full, FRAMES(PROBE), 1, timeout) != NULL,
		    "the client sends a window probe", "no window probe");
	run_pass(run, MSEC(20)); /* the server answers at once */
	sock_look(client, &seen);
	expect_that(run, seen.info.tcpi_unacked == 0 && seen.send_queue > 0,
		    "no segment is in flight, and data is in the send queue",
		    "%u segments in flight, %u bytes queued",
		    seen.info.tcpi_unacked, seen.send_queue);
}

static void window_closed(struct run *run, struct pair *tcp, struct mark armed,
			  const struct forecasts *forecast)
{
	unsigned int probes;
	struct finding got;
	struct mark dead;

	close_window(run, tcp->client);
	dead = mark_now(run);
	fault_crash(run, "server");
	expect_timer(tcp->client, DIAG_TIMER_PROBE);
	got = sock_reap(tcp->client, forecast->keepalive->elapsed.max + SEC(1));
	expect_open(&got);
	expect_timer(tcp->client, DIAG_TIMER_PROBE);
	expect_frames(run, dead, "segments from the dead host",
		      FRAMES(FROM("server"), KIND(WIRE_TCP)), 0);
	expect_frames_between(run, dead, "unanswered window probes",
			      FRAMES(PROBE), 1, UINT32_MAX);

	probes = frames_count(run, armed, FRAMES(PROBE));
	expect_counter(run, "client", "TCPWinProbe", probes);
	expect_counter(run, "client", "TCPKeepAlive", 0);
}

static void script(struct run *run)
{
	struct pair tcp = sock_pair(run);
	struct forecasts forecast = {
		.keepalive = forecast_keepalive(tcp.client),
		.data = forecast_give_up(tcp.client),
	};
	struct mark armed;

	sock_post_recv(tcp.client);
	armed = mark_now(run);
	sock_keepalive(tcp.client, true);
	if (run_is_variant(run, "idle")) {
		idle(run, &tcp, armed, &forecast);
	} else if (run_is_variant(run, "window-shut")) {
		window_closed(run, &tcp, armed, &forecast);
	} else if (run_is_variant(run, "data-between-probes")) {
		data_between_probes(run, &tcp, armed, &forecast);
	} else {
		fault_crash(run, "server");
		data_in_flight(run, &tcp, armed, 0, &forecast);
	}
}

CASE(keepalive_with_unacked_data) = {
	.name = "keepalive-with-unacked-data",
	.claim = "while data waits for its ACK or for the window, keepalive "
		 "sends no probe: the retransmission timer or the persist "
		 "timer decides",
	.judgements = CLAIMS(
		{ "A19", DOCUMENT_CONDITIONAL,
		  "silence between retransmissions, however long, does not "
		  "start it: tcp_keepalive_timer() sends nothing while "
		  "packets_out or the write queue shows outstanding data" }),
	.why = "tcp_keepalive_timer() leaves a connection with outstanding "
	       "data to the other timers, and arms itself again",
	.sources =
		"RFC 9293 3.8.4; net/ipv4/tcp_timer.c:tcp_keepalive_timer(), "
		"tcp_probe_timer(); "
		"net/ipv4/tcp_timer.c:tcp_retransmit_timer()",
	.steps = STEPS("an idle connection, SO_KEEPALIVE at the client",
		       "variant window-shut: the client fills the server's "
		       "receive window",
		       "the server's host crashes",
		       "the client sends a byte at once; or after the first "
		       "probe; or nothing (idle, the control)"),
	.expect = "idle: ETIMEDOUT after 1 + 2 * 1 s, two probes; with data: "
		  "no further probe, and ETIMEDOUT by tcp_retries2, seconds "
		  "later; window closed: window probes, no keepalive probe, "
		  "and the connection still lives",
	.world = &world_pair,
	.settings = SYSCTLS(KEEPALIVE_SYSCTLS("client", TIME, INTVL, PROBES),
			    { "client", "net.ipv4.tcp_retries2", RETRIES2 }),
	.variants = VARIANTS(
		{ "data",
		  "the client sends a byte right after the crash: no probe is "
		  "sent, and the retransmission timer ends the connection" },
		{ "idle",
		  "the client sends nothing, the control: keepalive ends the "
		  "connection after 1 + 2 * 1 s",
		  .duration = SEC(TIME + INTVL * PROBES) },
		{ "data-between-probes",
		  "the client sends a byte 0.5 s after the first unanswered "
		  "probe: the second probe is never sent, and the "
		  "retransmission timer ends the connection",
		  .duration = SEC(8),
		  .judgements =
			  CLAIMS({ "A19", DOCUMENT_CONDITIONAL,
				   "data sent between two probes stops them "
				   "and postpones the end: packets_out in "
				   "tcp_keepalive_timer()" }) },
		{ "window-shut",
		  "the server's receive window is closed (tcp_rmem is 4096) "
		  "and the client has unsent data; tcp_retries2 is 15: window "
		  "probes are sent instead of keepalive probes, and the "
		  "connection is still open at the end",
		  .duration = SEC(TIME + INTVL * PROBES + 1),
		  .settings = SYSCTLS({ "server", "net.ipv4.tcp_rmem",
					.text = "4096 4096 4096" },
				      { "client", "net.ipv4.tcp_retries2",
					15 }) }),
	.duration = MSEC(6500),
	.script = script,
};
