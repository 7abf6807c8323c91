/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The cable is back before the server's keepalive gives up. The next probe is
 * answered, tcp_ack() sets the number of unanswered probes (icsk_probes_out)
 * to 0, and the connection lives.
 *
 * After the last probe there is no next one. tcp_keepalive_timer() waits for
 * one more interval and then resets the connection without another probe,
 * although the cable and the peer are fine. The RST arrives now, so the client
 * loses the connection, too, with ECONNRESET instead of ETIMEDOUT or nothing.
 *
 * The client's own probes in that last interval do not help the server. Their
 * sequence number is old, so tcp_validate_incoming() answers and drops them
 * before tcp_ack() can count them as a sign of life. They do help the client,
 * because they are answered. Data from an application helps both.
 */
#include "case.h"

enum { TIME = 1, INTVL = 1, PROBES = 2, TOTAL = TIME + INTVL * PROBES };

/* The variants' values. AFTER_FIRST_PROBE plugs the cable in before the last
 * probe; the others after it. */
enum { AFTER_FIRST_PROBE, LAST_PROBE, CLIENT_ASKS, CLIENT_SENDS };

#define SERVER_PROBES FRAMES(FROM("server"), KIND(WIRE_KEEPALIVE_PROBE))

/* Past the time at which the server would have given up. */
static void expect_survives(struct run *run, struct pair *tcp,
			    struct mark armed, const struct prediction *p)
{
	struct finding got;

	run_pass_until(run, armed, p->elapsed.max + MSEC(100));
	sock_send(tcp->server, 1);
	got = sock_reap(tcp->client, soon);
	expect_data(&got, 1);
	sock_send(tcp->client, 1);
	got = sock_reap(tcp->server, soon);
	expect_data(&got, 1);
	expect_state(tcp->client, DIAG_ESTABLISHED);
	expect_state(tcp->server, DIAG_ESTABLISHED);
	expect_frames(run, (struct mark){ 0 }, "RSTs", FRAMES(KIND(WIRE_RST)),
		      0);
}

/* The next probe is answered, and the count starts again. */
static void expect_probe_answered(struct run *run, struct pair *tcp,
				  struct mark armed, struct mark plugged,
				  const struct prediction *p)
{
	struct diag_socket seen;

	expect_frame(run, armed, "the probe after the cable is back",
		     SERVER_PROBES, 2, p->rounds[1].at);
	expect_frame(run, plugged, "its answer",
		     FRAMES(FROM("client"), KIND(WIRE_PURE_ACK)), 1,
		     (struct range){ 0, p->rounds[1].at.max });
	sock_look(tcp->server, &seen);
	expect_that(run,
		    seen.timer == DIAG_TIMER_KEEPALIVE && seen.retransmits == 0,
		    "no probe is unanswered", "timer %s, %u unanswered",
		    diag_timer_text(seen.timer), seen.retransmits);
	expect_survives(run, tcp, armed, p);
}

/* Data reaches the server's tcp_ack(), which probes do not. */
static void send_from_client(struct run *run, struct pair *tcp,
			     struct mark armed, const struct prediction *p)
{
	struct finding got;

	sock_send(tcp->client, 1);
	got = sock_reap(tcp->server, soon);
	expect_data(&got, 1);
	sock_post_recv(tcp->server);
	expect_survives(run, tcp, armed, p);
}

static void expect_both_reset(struct run *run, struct pair *tcp,
			      struct mark armed, struct mark plugged,
			      const struct prediction *p)
{
	struct finding got = sock_reap(tcp->server, p->elapsed.max + soon);

	expect_error(&got, ETIMEDOUT);
	expect_took(armed, &got, p->elapsed);
	expect_frames(run, plugged, "server's probes since the cable is back",
		      SERVER_PROBES, 0);
	got = sock_reap(tcp->client, soon);
	expect_error(&got, ECONNRESET);
	expect_frames(run, plugged, "RSTs of the server",
		      FRAMES(FROM("server"), KIND(WIRE_RST)), 1);
	expect_state(tcp->server, DIAG_CLOSE);
	expect_state(tcp->client, DIAG_CLOSE);
}

/* The client's second probe falls into the server's last interval, a quarter of
 * an interval before its end. */
static void start_client_keepalive(struct run *run, struct pair *tcp,
				   struct mark armed,
				   const struct prediction *p)
{
	struct predict_tcp own = forecast_inputs(tcp->client);

	run_pass_until(run, armed,
		       p->elapsed.min - own.keepalive_time -
			       own.keepalive_intvl * 5 / 4);
	sock_keepalive(tcp->client, true);
}

static void expect_client_probe_answered(struct run *run, struct mark plugged,
					 const struct prediction *p)
{
	struct range before_end = { 0, p->elapsed.max - p->rounds[0].at.min };

	expect_frame(run, plugged, "the client's own probe",
		     FRAMES(FROM("client"), KIND(WIRE_KEEPALIVE_PROBE)), 1,
		     before_end);
	expect_frame(run, plugged, "its answer",
		     FRAMES(FROM("server"), KIND(WIRE_PURE_ACK)), 1,
		     before_end);
}

/* Waits until the middle between two probes, or between the last and the end.
 */
static bool expect_unanswered_probes(struct run *run, struct mark armed,
				     const struct prediction *p)
{
	unsigned int probes = run_value(run) == AFTER_FIRST_PROBE ? 1 :
								    p->probes;

	run_pass_until(
		run, armed,
		(p->rounds[probes - 1].at.max + p->rounds[probes].at.min) / 2);
	return expect_frames(run, armed, "unanswered probes", SERVER_PROBES,
			     probes) &&
	       expect_frames(run, armed, "answers",
			     FRAMES(FROM("client"), KIND(WIRE_TCP)), 0);
}

static void script(struct run *run)
{
	struct pair tcp = sock_pair(run);
	struct prediction *p = forecast_keepalive(tcp.server);
	bool client_asks = run_value(run) == CLIENT_ASKS;
	struct mark armed, plugged;

	sock_post_recv(tcp.client);
	sock_post_recv(tcp.server);
	armed = mark_now(run);
	sock_keepalive(tcp.server, true);
	mark_done(run, &armed);
	fault_unplug(run, "client");
	if (client_asks)
		start_client_keepalive(run, &tcp, armed, p);
	if (!expect_unanswered_probes(run, armed, p))
		return;

	plugged = mark_now(run);
	fault_plug(run, "client");
	if (client_asks)
		expect_client_probe_answered(run, plugged, p);
	if (run_value(run) == CLIENT_SENDS)
		send_from_client(run, &tcp, armed, p);
	else if (run_value(run) == AFTER_FIRST_PROBE)
		expect_probe_answered(run, &tcp, armed, plugged, p);
	else
		expect_both_reset(run, &tcp, armed, plugged, p);
}

CASE(unplug_keepalive_replug) = {
	.name = "unplug-keepalive-replug",
	.claim = "cable pulled and plugged in again while keepalive probes: "
		 "the connection lives, unless the last probe has been sent",
	.judgements = CLAIMS({ "D10", DOCUMENT_RIGHT,
			       "the next probe is answered, and tcp_ack() "
			       "sets icsk_probes_out to 0" }),
	.why = "an answer resets the count; but after the last probe the end "
	       "of the interval ends the connection without another probe",
	.sources = "RFC 9293 3.8.4; net/ipv4/tcp_timer.c:"
		   "tcp_keepalive_timer(); net/ipv4/tcp_input.c:tcp_ack()",
	.steps = STEPS("a connection, idle; SO_KEEPALIVE is set at the server",
		       "the client's cable is pulled",
		       "half an interval after the first probe, or after the "
		       "last, it is plugged in again",
		       "the client does nothing; or has keepalive on as well; "
		       "or sends a byte"),
	.expect = "after the first probe: the second one is answered, and both "
		  "ends work. After the last: no more probes, ETIMEDOUT at the "
		  "server, whose RST now arrives, so ECONNRESET at the client; "
		  "the same where the client's own probes were answered, but "
		  "not where it sent a byte",
	.shows = SHOWS("outcome", "elapsed_s", "client_state", "server_state"),
	.world = &world_pair,
	.settings = SYSCTLS(KEEPALIVE_SYSCTLS(NULL, TIME, INTVL, PROBES)),
	.variants = VARIANTS(
		{ "after-the-first-probe",
		  "the cable is plugged in after the server's first probe: the "
		  "second one is answered, and the connection lives",
		  .value = AFTER_FIRST_PROBE },
		{ "after-the-last-probe",
		  "the cable is plugged in after the server's last probe, and "
		  "the client is silent: the server resets the connection an "
		  "interval later",
		  .value = LAST_PROBE,
		  .judgements = CLAIMS(
			  { "D10", DOCUMENT_CONDITIONAL,
			    "only up to the last probe: at the end of the "
			    "interval after it the connection is reset without "
			    "another probe, although it works again: "
			    "tcp_keepalive_timer()" }) },
		{ "client-asks-too",
		  "the cable is plugged in after the server's last probe, and "
		  "the client has keepalive too: its probe is answered, and "
		  "the server resets the connection all the same",
		  .value = CLIENT_ASKS,
		  .judgements = CLAIMS(
			  { "D10", DOCUMENT_CONDITIONAL,
			    "after the server's last probe the client's own "
			    "are answered and save nothing: "
			    "tcp_validate_incoming() drops them before "
			    "tcp_ack() counts them as a sign of life" }) },
		{ "client-sends",
		  "the cable is plugged in after the server's last probe, and "
		  "the client sends a byte: the connection lives",
		  .value = CLIENT_SENDS,
		  .judgements = CLAIMS(
			  { "D10", DOCUMENT_RIGHT,
			    "after the last probe data from the client saves "
			    "it: tcp_ack() sets icsk_probes_out to 0" }) }),
	.duration = SEC(TOTAL) + MSEC(200),
	.script = script,
};
