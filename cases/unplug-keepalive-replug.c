/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The cable is back before the server's keepalive is through. The next probe is
 * answered, the count of unanswered ones starts again (tcp_ack() sets
 * icsk_probes_out to 0), and all is well.
 *
 * If there is a next probe. After the last one tcp_keepalive_timer() waits for
 * one more interval, at whose end it asks nothing, but resets: a connection
 * with a whole cable and a living peer. And the RST arrives now, so that the
 * client loses it as well, with ECONNRESET where it would have got ETIMEDOUT
 * or nothing.
 *
 * Probes of the client's own in that last interval do not help the server. They
 * are old by their number, so tcp_validate_incoming() answers and drops them
 * before tcp_ack() could count them for a sign of life. They help the client:
 * its own are answered. The data of an application, on the other hand, saves
 * both.
 */
#include "case.h"

enum { TIME = 1, INTVL = 1, PROBES = 2, TOTAL = TIME + INTVL * PROBES };

/* What the variants are about; 0: plugged in again before the last probe. */
enum { LAST_PROBE = 1, CLIENT_ASKS, CLIENT_SENDS };

static const nsec_t soon = MSEC(500);

#define OF_SERVER FROM("server"), KIND(WIRE_KEEPALIVE_PROBE)

static void goes_on(struct run *run, struct pair *tcp)
{
	struct finding got;

	sock_send(tcp->server, 1);
	got = sock_reap(tcp->client, soon);
	expect_data(&got, 1);
	sock_send(tcp->client, 1);
	got = sock_reap(tcp->server, soon);
	expect_data(&got, 1);
	expect_state(tcp->client, DIAG_ESTABLISHED);
	expect_state(tcp->server, DIAG_ESTABLISHED);
	expect_frames(run, (struct mark){ 0 }, "RST of any kind",
		      FRAMES(KIND(WIRE_RST)), 0);
}

/* When it would have been over. */
static void survives(struct run *run, struct pair *tcp, struct mark armed,
		     const struct prediction *p)
{
	run_pass_until(run, armed, p->elapsed.max + MSEC(100));
	goes_on(run, tcp);
}

/* The probe that is due next is answered, and the timer starts anew. */
static void is_answered(struct run *run, struct pair *tcp, struct mark armed,
			struct mark plugged, const struct prediction *p)
{
	struct diag_socket seen;

	expect_frame(run, armed, "the probe after the cable is back",
		     FRAMES(OF_SERVER), 2, p->rounds[1].at);
	expect_frame(run, plugged, "its answer",
		     FRAMES(FROM("client"), KIND(WIRE_PURE_ACK)), 1,
		     (struct range){ 0, p->rounds[1].at.max });
	sock_look(tcp->server, &seen);
	expect_that(run,
		    seen.timer == DIAG_TIMER_KEEPALIVE && seen.retransmits == 0,
		    "no probe is unanswered any more", "timer %s, %u",
		    diag_timer_text(seen.timer), seen.retransmits);
	survives(run, tcp, armed, p);
}

/* A segment that tcp_ack() gets to see, and be it not for a probe. */
static void is_heard(struct run *run, struct pair *tcp, struct mark armed,
		     const struct prediction *p)
{
	struct finding got;

	sock_send(tcp->client, 1);
	got = sock_reap(tcp->server, soon);
	expect_data(&got, 1);
	sock_post_recv(tcp->server);
	survives(run, tcp, armed, p);
}

static void is_reset(struct run *run, struct pair *tcp, struct mark armed,
		     struct mark plugged, const struct prediction *p)
{
	struct finding got = sock_reap(tcp->server, p->elapsed.max + soon);

	expect_error(&got, ETIMEDOUT);
	expect_took(armed, &got, p->elapsed);
	expect_frames(run, plugged,
		      "probes of the server since the cable is "
		      "back",
		      FRAMES(OF_SERVER), 0);
	got = sock_reap(tcp->client, soon);
	expect_error(&got, ECONNRESET);
	expect_frames(run, plugged, "RST of the server",
		      FRAMES(FROM("server"), KIND(WIRE_RST)), 1);
	expect_state(tcp->server, DIAG_CLOSE);
	expect_state(tcp->client, DIAG_CLOSE);
}

/* So that its second probe falls into the last interval, a quarter of it before
 * the end. */
static void client_asks_too(struct run *run, struct pair *tcp,
			    struct mark armed, const struct prediction *p)
{
	struct predict_tcp own = forecast_inputs(tcp->client);

	run_pass_until(run, armed,
		       p->elapsed.min - own.keepalive_time -
			       own.keepalive_intvl * 5 / 4);
	sock_keepalive(tcp->client, true);
}

static void client_is_answered(struct run *run, struct mark plugged,
			       const struct prediction *p)
{
	struct range soon_enough = { 0, p->elapsed.max - p->rounds[0].at.min };

	expect_frame(run, plugged, "the client's own probe",
		     FRAMES(FROM("client"), KIND(WIRE_KEEPALIVE_PROBE)), 1,
		     soon_enough);
	expect_frame(run, plugged, "its answer",
		     FRAMES(FROM("server"), KIND(WIRE_PURE_ACK)), 1,
		     soon_enough);
}

/* Halfway between two probes, or the last one and the end. */
static bool asked_in_vain(struct run *run, struct mark armed,
			  const struct prediction *p)
{
	unsigned int probes = run_value(run) ? p->probes : 1;

	run_pass_until(
		run, armed,
		(p->rounds[probes - 1].at.max + p->rounds[probes].at.min) / 2);
	return expect_frames(run, armed, "probes in vain", FRAMES(OF_SERVER),
			     probes) &&
	       expect_frames(run, armed, "answers",
			     FRAMES(FROM("client"), KIND(WIRE_TCP)), 0);
}

static void script(struct run *run)
{
	struct pair tcp = sock_pair(run);
	struct prediction *p = forecast_keepalive(tcp.server);
	bool asks = run_value(run) == CLIENT_ASKS;
	struct mark armed, plugged;

	sock_post_recv(tcp.client);
	sock_post_recv(tcp.server);
	armed = mark_now(run);
	sock_keepalive(tcp.server, true);
	mark_done(run, &armed);
	fault_unplug(run, "client");
	if (asks)
		client_asks_too(run, &tcp, armed, p);
	if (!asked_in_vain(run, armed, p))
		return;

	plugged = mark_now(run);
	fault_plug(run, "client");
	if (asks)
		client_is_answered(run, plugged, p);
	if (run_value(run) == CLIENT_SENDS)
		is_heard(run, &tcp, armed, p);
	else if (run_value(run))
		is_reset(run, &tcp, armed, plugged, p);
	else
		is_answered(run, &tcp, armed, plugged, p);
}

static const struct judgement last_probe[] = {
	{ "D10", DOCUMENT_CONDITIONAL,
	  "only up to the last probe: the interval after it asks nothing, and "
	  "ends a connection that is whole again with RST: "
	  "tcp_keepalive_timer()" },
	{ .claim = NULL },
};

static const struct judgement client_asks[] = {
	{ "D10", DOCUMENT_CONDITIONAL,
	  "after the server's last probe the client's own are answered, and "
	  "save nothing: tcp_validate_incoming() drops them before tcp_ack() "
	  "counts them as a sign of life" },
	{ .claim = NULL },
};

static const struct judgement client_sends[] = {
	{ "D10", DOCUMENT_RIGHT,
	  "after the last probe data from the client saves it: tcp_ack() sets "
	  "icsk_probes_out to 0" },
	{ .claim = NULL },
};

CASE(unplug_keepalive_replug) = {
	.name = "unplug-keepalive-replug",
	.claim = "cable pulled and plugged in again while keepalive probes: "
		 "the connection lives, unless the last probe has gone",
	.judgements = CLAIMS({ "D10", DOCUMENT_RIGHT,
			       "the next probe is answered, and tcp_ack() "
			       "sets icsk_probes_out to 0" }),
	.why = "an answer sets the count back; but the end needs no probe, "
	       "only "
	       "the interval after the last one",
	.sources =
		"RFC 9293 3.8.4; net/ipv4/tcp_timer.c:tcp_keepalive_timer(); "
		"net/ipv4/tcp_input.c:tcp_ack()",
	.steps = STEPS("a connection, idle; SO_KEEPALIVE is set at the server",
		       "the client's cable is pulled",
		       "half an interval after the first probe, or after the "
		       "last, it is plugged in again",
		       "the client does nothing; or has keepalive of its own; "
		       "or sends a byte"),
	.expect =
		"the second probe is answered, and both ends go on; after the "
		"last: no probe any more, ETIMEDOUT at the server, whose RST "
		"now arrives, so ECONNRESET at the client; also where the "
		"client's own probes were answered, but not where it sent a "
		"byte",
	.world = &world_pair,
	.settings = SYSCTLS({ NULL, "net.ipv4.tcp_keepalive_time", TIME },
			    { NULL, "net.ipv4.tcp_keepalive_intvl", INTVL },
			    { NULL, "net.ipv4.tcp_keepalive_probes", PROBES }),
	.variants = VARIANTS({ "after-the-first-probe" },
			     { "after-the-last-probe", .value = LAST_PROBE,
			       .judgements = last_probe },
			     { "client-asks-too", .value = CLIENT_ASKS,
			       .judgements = client_asks },
			     { "client-sends", .value = CLIENT_SENDS,
			       .judgements = client_sends }),
	.duration = SEC(TOTAL) + MSEC(200),
	.script = script,
};
