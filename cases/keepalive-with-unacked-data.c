/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * With data on its way keepalive does not ask. Its timer goes on firing, but
 * tcp_keepalive_timer() sees packets_out, or a write queue that is not empty,
 * takes the connection for alive without it, and arms itself for another
 * keepalive_time. Then another timer decides, and by its own numbers:
 *
 * data in flight      the retransmission timer, by tcp_retries2;
 * the window is shut  the persist timer, tcp_probe_timer(), by tcp_retries2
 *                     too, which there IS a count, of unanswered probes.
 *
 * So an application that sends into the void when keepalive has already asked
 * in vain POSTPONES the end: from that moment on the probes stop, and at the
 * defaults a quarter of an hour begins. (TCP_USER_TIMEOUT is the cure: all of
 * these timers obey it.)
 *
 * The persist timer's probe is the same frame as keepalive's, made by the same
 * tcp_xmit_probe_skb(): on the wire the two cannot be told apart. The kernel's
 * counters can: TCPWinProbe, TCPKeepAlive.
 */
#include "case.h"

enum { TIME = 1, INTVL = 1, PROBES = 2, RETRIES2 = 3 };

/* How long to look out for a window probe, the 2nd firing of a timer that is as
 * long as the RTO. */
static const nsec_t patience = SEC(2);

#define PROBE FROM("client"), KIND(WIRE_KEEPALIVE_PROBE)
#define COPIES FROM("client"), KIND(WIRE_RETRANSMISSION)

/* What the two timers would make of it, each by itself. */
struct forecasts {
	const struct prediction *keepalive, *data;
};

/* The control: nothing in flight, so keepalive decides. */
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
	expect_frames(run, armed, "retransmissions", FRAMES(COPIES), 0);
}

/* `probes` were sent before the data. */
static void data_in_flight(struct run *run, struct pair *tcp, struct mark armed,
			   unsigned int probes,
			   const struct forecasts *forecast)
{
	struct mark sent = mark_now(run);
	struct diag_socket seen;
	struct finding got;

	sock_send(tcp->client, 1);
	sock_look(tcp->client, &seen);
	expect_that(run, seen.info.tcpi_unacked == 1, "one segment is unacked",
		    "%u", seen.info.tcpi_unacked);
	expect_timer(tcp->client, DIAG_TIMER_RETRANSMIT);
	got = sock_reap(tcp->client, forecast->data->elapsed.max + SEC(1));
	expect_error(&got, ETIMEDOUT);
	expect_took(sent, &got, forecast->data->elapsed);
	expect_that(run,
		    got.returned - armed.at >
			    forecast->keepalive->rounds[probes].at.max,
		    "the next probe would have been due",
		    "after %.3f s, it ended after %.3f s",
		    nsec_seconds(forecast->keepalive->rounds[probes].at.max),
		    nsec_seconds(got.returned - armed.at));
	expect_number(run, "keepalive_probes",
		      frames_count(run, armed, FRAMES(PROBE)), probes, probes);
	expect_counter(run, "client", "TCPKeepAlive", probes);
	expect_counter(run, "client", "TCPAbortOnTimeout", 1);
	expect_frames_between(
		run, sent, "retransmissions", FRAMES(COPIES),
		forecast->data->retransmissions_min + forecast->data->probes,
		forecast->data->retransmissions_max + forecast->data->probes);
}

/* Keepalive has asked once, in vain, when the data comes. */
static void data_between_probes(struct run *run, struct pair *tcp,
				struct mark armed,
				const struct forecasts *forecast)
{
	struct mark probe;

	fault_crash(run, "server");
	probe = expect_frame(run, armed, "the first probe", FRAMES(PROBE), 1,
			     forecast->keepalive->rounds[0].at);
	run_pass_until(run, probe, MSEC(500));
	data_in_flight(run, tcp, armed, 1, forecast);
}

/*
 * More than the server, which does not read, has room for. The window's rest is
 * too small for a segment; the persist timer's first probe fills it with data
 * (tcp_write_wakeup()), and only then is the window 0.
 */
static void shut_window(struct run *run, struct sock *client)
{
	struct mark full = mark_now(run);
	struct diag_socket seen;

	sock_send(client, 16 << 10);
	expect_that(run,
		    frames_wait(run, full, FRAMES(PROBE), 1, patience) != NULL,
		    "a window probe comes", "none");
	run_pass(run, MSEC(20)); /* the server answers it at once */
	sock_look(client, &seen);
	expect_that(run, seen.info.tcpi_unacked == 0 && seen.send_queue > 0,
		    "no segment is in flight, and data waits",
		    "%u in flight, %u bytes queued", seen.info.tcpi_unacked,
		    seen.send_queue);
}

static void window_shut(struct run *run, struct pair *tcp, struct mark armed,
			const struct forecasts *forecast)
{
	unsigned int probes;
	struct finding got;
	struct mark dead;

	shut_window(run, tcp->client);
	dead = mark_now(run);
	fault_crash(run, "server");
	expect_timer(tcp->client, DIAG_TIMER_PROBE);
	got = sock_reap(tcp->client, forecast->keepalive->elapsed.max + SEC(1));
	expect_open(&got);
	expect_timer(tcp->client, DIAG_TIMER_PROBE);
	expect_frames(run, dead, "answers of the dead",
		      FRAMES(FROM("server"), KIND(WIRE_TCP)), 0);
	expect_frames_between(run, dead, "probes that nobody answers",
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
		window_shut(run, &tcp, armed, &forecast);
	} else if (run_is_variant(run, "data-between-probes")) {
		data_between_probes(run, &tcp, armed, &forecast);
	} else {
		fault_crash(run, "server");
		data_in_flight(run, &tcp, armed, 0, &forecast);
	}
}

static const struct judgement of_postponed[] = {
	{ "A19", DOCUMENT_CONDITIONAL,
	  "data that is sent between two probes stops them, and postpones the "
	  "end: packets_out in tcp_keepalive_timer()" },
	{ .claim = NULL },
};

CASE(keepalive_with_unacked_data) = {
	.name = "keepalive-with-unacked-data",
	.claim = "while data waits for its ACK or for window, keepalive sends "
		 "no probe: the retransmission timer decides",
	.judgements = CLAIMS({ "A19", DOCUMENT_CONDITIONAL,
			       "silence between retransmissions, however long, "
			       "does not start it: tcp_keepalive_timer() sends "
			       "nothing while packets_out or the write queue "
			       "says that data is outstanding" }),
	.why = "tcp_keepalive_timer() takes a connection with data outstanding "
	       "for alive without keepalive, and arms itself again",
	.sources =
		"RFC 9293 3.8.4; net/ipv4/tcp_timer.c:tcp_keepalive_timer(), "
		"tcp_probe_timer(); "
		"net/ipv4/tcp_timer.c:tcp_retransmit_timer()",
	.steps = STEPS("an idle connection, SO_KEEPALIVE at the client",
		       "the server's machine dies",
		       "the client sends a byte: at once; or after the first "
		       "probe; or it has filled the server's window before; or "
		       "it sends nothing, as the control"),
	.expect = "idle: ETIMEDOUT after 1 + 2 * 1 s, two probes; with data: "
		  "no further probe, and the end when tcp_retries2 says so, "
		  "seconds later; window shut: window probes, no keepalive "
		  "probe, no end yet",
	.world = &world_pair,
	.settings = SYSCTLS({ "client", "net.ipv4.tcp_keepalive_time", TIME },
			    { "client", "net.ipv4.tcp_keepalive_intvl", INTVL },
			    { "client", "net.ipv4.tcp_keepalive_probes",
			      PROBES },
			    { "client", "net.ipv4.tcp_retries2", RETRIES2 }),
	.variants = VARIANTS(
		{ "data" }, { "idle", .duration = SEC(TIME + INTVL * PROBES) },
		{ "data-between-probes", .duration = SEC(8),
		  .judgements = of_postponed },
		{ "window-shut", .duration = SEC(TIME + INTVL * PROBES + 1),
		  .settings = SYSCTLS({ "server", "net.ipv4.tcp_rmem",
					.text = "4096 4096 4096" },
				      { "client", "net.ipv4.tcp_retries2",
					15 }) }),
	.duration = MSEC(6500),
	.script = script,
};
