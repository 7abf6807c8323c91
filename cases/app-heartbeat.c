/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An application's heartbeat beside the kernel's keepalive, on two connections
 * between the same two processes and under the same fault.
 *
 * frozen: the server's process is stopped, its kernel runs. The kernel
 * acknowledges the beat and leaves it in the receive queue; no echo arrives,
 * and one interval later the client detects it. Keepalive detects nothing: its
 * probes are answered by the peer's kernel (tcp_validate_incoming(),
 * tcp_send_dupack()), which needs no process.
 *
 * dead: the server's host crashes. The beat is the first segment sent after the
 * crash, so the heartbeat detects it first, while TCP still retransmits the
 * beat. Keepalive needs TIME + PROBES * INTVL, and its times are whole seconds
 * (TCP_KEEPIDLE, TCP_KEEPINTVL).
 *
 * Beats are sent after 0, 1, 2, ... intervals. The fault comes halfway between
 * two of them, so BEATS are answered, and the next one times out an interval
 * later.
 */
#include "case.h"

enum { TIME = 1, INTVL = 1, PROBES = 3, BEATS = 3 };

static const nsec_t interval = MSEC(300);

struct connections {
	struct pair beating;
	struct sock *idle_client, *idle_server; /* with SO_KEEPALIVE */
	struct prediction *keepalive;
	struct mark armed;
};

static void connect_both(struct run *run, struct connections *c)
{
	c->beating = sock_pair(run);
	c->idle_client =
		sock_connect(c->beating.client_probe, c->beating.listener);
	c->idle_server = sock_accept(c->beating.listener);
	sock_echo(c->beating.server);

	sock_post_recv(c->idle_client);
	c->keepalive = forecast_keepalive(c->idle_client);
	c->armed = mark_now(run);
	sock_keepalive(c->idle_client, true);
}

/* False if the heartbeat goes on. */
static bool expect_heartbeat_stops(struct run *run, struct sock *client,
				   struct mark started)
{
	const nsec_t detected = interval * (BEATS + 1);
	struct finding got = sock_reap(client, interval * 2 + SEC(1));

	if (!expect_that(run, !got.open, "a beat stays unanswered",
			 "all beats are answered"))
		return false;
	run_predicted(run, "heartbeat_s", nsec_seconds(detected));
	run_measured(run, "heartbeat_s",
		     nsec_seconds(got.returned - started.at));
	expect_span(run, "duration of the heartbeat", got.returned - started.at,
		    (struct range){ detected, detected });
	expect_number(run, "beats_answered", got.value, BEATS, BEATS);
	expect_state(client, DIAG_ESTABLISHED);
	return true;
}

/* The server's kernel has the beat, its process has not read it; keepalive
 * probes are answered. */
static void process_hangs(struct run *run, struct connections *c)
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
	expect_exchange(run, stopped, "two probes and their answers",
			"client . 0:0(0) ack 1, server . 1:1(0) ack 1, "
			"client . 0:0(0) ack 1, server . 1:1(0) ack 1");
	expect_state(c->idle_client, DIAG_ESTABLISHED);
	expect_state(c->idle_server, DIAG_ESTABLISHED);
}

/* TCP still retransmits the beat when keepalive reports the dead host. */
static void host_is_dead(struct run *run, struct connections *c)
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
	if (!expect_heartbeat_stops(run, c.beating.client, started))
		return;
	if (frozen)
		process_hangs(run, &c);
	else
		host_is_dead(run, &c);
}

CASE(app_heartbeat) = {
	.name = "app-heartbeat",
	.claim = "an application's heartbeat detects a hung process, which "
		 "keepalive never does, and detects a dead host sooner",
	.why = "a beat needs an answer from the peer's program, a keepalive "
	       "probe only from its kernel; and the program chooses the "
	       "interval of the beats",
	.sources =
		"RFC 1122 4.2.3.6; net/ipv4/tcp_timer.c:tcp_keepalive_timer(); "
		"net/ipv4/tcp_input.c:tcp_send_dupack()",
	.steps = STEPS("two connections: on one a heartbeat that the server's "
		       "program answers; the other idle, with SO_KEEPALIVE",
		       "after three beats the server's process is frozen, or "
		       "its host crashes"),
	.expect = "in both variants the fourth beat stays unanswered, and the "
		  "heartbeat ends 1.2 s after its start; keepalive: its probes "
		  "are answered (frozen), ETIMEDOUT after 1 + 3 * 1 s (dead)",
	.shows = SHOWS("outcome", "elapsed_s", "heartbeat_s"),
	.world = &world_pair,
	.settings = SYSCTLS(KEEPALIVE_SYSCTLS("client", TIME, INTVL, PROBES)),
	.variants = VARIANTS(
		{ "frozen",
		  "the server's process is stopped and its kernel runs: "
		  "keepalive probes are answered, and only the heartbeat "
		  "detects the fault",
		  .judgements = CLAIMS(
			  { "A13", DOCUMENT_RIGHT,
			    "a beat needs an answer from the peer's program, "
			    "and is overdue one interval after the program "
			    "hangs" },
			  { "A21", DOCUMENT_RIGHT,
			    "the kernels send and answer the probes, "
			    "tcp_keepalive_timer() and tcp_send_dupack(), for "
			    "a stopped process as well, whose state keepalive "
			    "therefore does not show" }) },
		{ "dead",
		  "the server's host crashes: both detect it, the heartbeat "
		  "after one interval of 0.3 s, keepalive only after 1 + 3 * 1 "
		  "s",
		  .judgements =
			  CLAIMS({ "A13", DOCUMENT_RIGHT,
				   "a program chooses the interval of its "
				   "beats; keepalive's times are whole "
				   "seconds, and tcp_keepalive_timer() waits "
				   "for several probes" }) }),
	.duration = SEC(TIME + INTVL * PROBES),
	.script = script,
};
