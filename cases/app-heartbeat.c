/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An application that asks its peer now and then, beside the kernel's keepalive,
 * on two connections between the same processes and under the same fault.
 *
 * frozen: the server's process hangs, its kernel does not. The beat is
 * acknowledged and lies in the receive queue, unread; no echo comes, and an
 * interval later the client knows. Keepalive goes on being content: its probes
 * are answered by the peer's kernel (tcp_validate_incoming(), tcp_send_dupack()),
 * which does that for a stopped process as well.
 *
 * dead: the server's machine dies. The beat is the first that asks, so it
 * notices first; the kernel, for which the beat is data without an ACK, is still
 * retransmitting then, and keepalive needs TIME + PROBES * INTVL. That one could
 * be shorter too, but its times are whole seconds (TCP_KEEPIDLE, TCP_KEEPINTVL).
 *
 * The beats are at 0, 1, 2, … intervals. The fault comes halfway between two, so
 * BEATS are answered, and the one after that is given up an interval later.
 */
#include "case.h"

enum { TIME = 1, INTVL = 1, PROBES = 3, BEATS = 3 };

static const nsec_t interval = MSEC(300);

struct connections {
	struct pair beating;
	struct sock *idle_client, *idle_server;
	struct prediction *keepalive;
	struct mark armed;
};

static void connect_both(struct run *run, struct connections *c)
{
	c->beating = sock_pair(run);
	c->idle_client = sock_connect(c->beating.client_probe,
				      c->beating.listener);
	c->idle_server = sock_accept(c->beating.listener);
	sock_echo(c->beating.server);

	sock_post_recv(c->idle_client);
	c->keepalive = forecast_keepalive(c->idle_client);
	c->armed = mark_now(run);
	sock_keepalive(c->idle_client, true);
}

/* False: the heart still beats. */
static bool heart_stops(struct run *run, struct sock *client,
			struct mark started)
{
	const nsec_t noticed = interval * (BEATS + 1);
	struct finding got = sock_reap(client, interval * 2 + SEC(1));

	if (!expect_that(run, !got.open, "a beat stays unanswered", "it beats"))
		return false;
	run_predicted(run, "heartbeat_s", nsec_seconds(noticed));
	run_measured(run, "heartbeat_s",
		     nsec_seconds(got.returned - started.at));
	expect_span(run, "the heartbeat took", got.returned - started.at,
		    (struct range){ noticed, noticed });
	expect_number(run, "beats_answered", got.value, BEATS, BEATS);
	expect_state(client, DIAG_ESTABLISHED);
	return true;
}

/* The kernel has the beat, the process has not; and keepalive is content. */
static void only_the_process_hangs(struct run *run, struct connections *c)
{
	struct mark stopped = mark_now(run);
	struct diag_socket seen;
	struct finding got;

	expect_timer(c->beating.client, DIAG_TIMER_NONE);
	sock_look(c->beating.server, &seen);
	expect_number(run, "unread_bytes", seen.receive_queue, 1, 1);

	frames_wait(run, stopped,
		    FRAMES(FROM("client"), KIND(WIRE_KEEPALIVE_PROBE)), 2,
		    c->keepalive->elapsed.max * 2);
	got = sock_reap(c->idle_client, MSEC(100));
	expect_open(&got);
	expect_exchange(run, stopped, "two probes, each one answered",
			"client . 0:0(0) ack 1, server . 1:1(0) ack 1, "
			"client . 0:0(0) ack 1, server . 1:1(0) ack 1");
	expect_state(c->idle_client, DIAG_ESTABLISHED);
	expect_state(c->idle_server, DIAG_ESTABLISHED);
}

/* TCP itself has not given up yet; keepalive does in the end. */
static void the_machine_is_dead(struct run *run, struct connections *c)
{
	struct finding got;

	expect_timer(c->beating.client, DIAG_TIMER_RETRANSMIT);
	got = sock_reap(c->idle_client, c->keepalive->elapsed.max + SEC(1));
	expect_error(&got, ETIMEDOUT);
	expect_took(c->armed, &got, c->keepalive->elapsed);
	expect_counter(run, "client", "TCPKeepAlive", c->keepalive->probes);
}

static void script(struct run *run)
{
	bool frozen = run_is_variant(run, "frozen");
	struct connections c;
	struct mark started;

	connect_both(run, &c);
	started = mark_now(run);
	sock_post_heartbeat(c.beating.client, interval);
	run_pass_until(run, started, interval * BEATS - interval / 2);
	if (frozen)
		fault_freeze(run, "server");
	else
		fault_crash(run, "server");
	if (!heart_stops(run, c.beating.client, started))
		return;
	if (frozen)
		only_the_process_hangs(run, &c);
	else
		the_machine_is_dead(run, &c);
}

CASE(app_heartbeat) = {
	.name = "app-heartbeat",
	.claim = "an application's own heartbeat notices a hung process, which "
		 "keepalive never does, and a dead host sooner",
	.why = "a beat wants an answer from the peer's program, a keepalive "
	       "probe from its kernel; and its interval is the program's own",
	.sources =
		"RFC 1122 4.2.3.6; net/ipv4/tcp_timer.c:tcp_keepalive_timer(); "
		"net/ipv4/tcp_input.c:tcp_send_dupack()",
	.steps = STEPS("two connections: a heartbeat on one, answered by the "
		       "server's program; the other idle, with keepalive",
		       "after three beats the server's process is frozen, or "
		       "its machine dies"),
	.expect = "the fourth beat stays unanswered, and 1.2 s after its start "
		  "the heartbeat ends, both times; keepalive: its probes are "
		  "answered for ever (frozen), ETIMEDOUT after 1 + 3 * 1 s "
		  "(dead)",
	.world = &world_pair,
	.settings = SYSCTLS({ "client", "net.ipv4.tcp_keepalive_time", TIME },
			    { "client", "net.ipv4.tcp_keepalive_intvl", INTVL },
			    { "client", "net.ipv4.tcp_keepalive_probes",
			      PROBES }),
	.variants = VARIANTS(
		{ "frozen",
		  .judgements = CLAIMS(
			  { "A13", DOCUMENT_RIGHT,
			    "a beat asks the peer's program, and is missed an "
			    "interval after that hangs" },
			  { "A21", DOCUMENT_RIGHT,
			    "the kernels ask and answer, tcp_keepalive_timer() "
			    "and tcp_send_dupack(): also for a stopped "
			    "process, "
			    "whose state it therefore does not show" }) },
		{ "dead",
		  .judgements = CLAIMS(
			  { "A13", DOCUMENT_RIGHT,
			    "a beat's interval is the program's choice; "
			    "keepalive's times are seconds, and "
			    "tcp_keepalive_timer() waits for several" }) }),
	.duration = SEC(TIME + INTVL * PROBES),
	.script = script,
};
