/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How many probes in a row must stay unanswered? The peer lives, and the wire
 * loses all probes but one: PROBES - 1 are lost, the next one gets through, and
 * from then on all are lost.
 *
 * Any acceptable ACK sets icsk_probes_out to 0, in tcp_ack(), so the count
 * starts again; and it moves rcv_tstamp, so the next probe comes a whole
 * keepalive_time after the answer, and not one interval: the timer is still
 * armed for the interval, finds when it fires that too little time has passed,
 * and arms itself for the rest. The end is at the answer + time + intvl *
 * probes, however many probes were lost before.
 *
 * To the client it is the same whether its probe is lost or the answer. To the
 * server it is not a matter of keepalive at all: it is in the best of health,
 * and learns of the end by the RST with which tcp_keepalive_timer() gives up.
 */
#include "case.h"

enum { TIME = 2, INTVL = 1, PROBES = 3 };

#define PROBE FROM("client"), KIND(WIRE_KEEPALIVE_PROBE)
#define ANSWER FROM("server"), KIND(WIRE_PURE_ACK)

static void lose(struct run *run, unsigned int first, unsigned int count)
{
	if (run_is_variant(run, "answers-lost"))
		fault_drop(run, FRAMES(ANSWER, .first = first, .count = count));
	else
		fault_drop(run, FRAMES(PROBE, .first = first, .count = count));
}

/* Lets one in every `probes` through, `rescues` times, and then none. */
static void lose_most(struct run *run, unsigned int probes,
		      unsigned int rescues)
{
	for (unsigned int i = 0; i < rescues && probes > 1; i++)
		lose(run, 1 + i * probes, probes - 1);
	lose(run, 1 + rescues * probes, 0);
}

static void expect_unanswered(struct sock *sock, unsigned int n)
{
	struct diag_socket seen;

	sock_look(sock, &seen);
	expect_that(sock_run(sock), seen.retransmits == n,
		    "the kernel's count of unanswered probes is right",
		    "%u, expected %u", seen.retransmits, n);
}

static void expect_lost(struct run *run, struct sock *client, struct mark since,
			unsigned int lost, const struct prediction *forecast)
{
	struct mark probe;

	if (!lost)
		return;
	probe = expect_frame(run, since, "the last probe that is lost",
			     FRAMES(PROBE), lost,
			     forecast->rounds[lost - 1].at);
	run_pass_until(run, probe, MSEC(100));
	expect_unanswered(client, lost);
}

/* Returns from when the kernel counts again: the answer; or the probe before
 * it, where the timer sleeps longer than keepalive_time (keepalive-peer-alive
 * tells of that). */
static struct mark rescued(struct run *run, struct sock *client,
			   struct mark since, const struct prediction *forecast,
			   bool by_interval)
{
	unsigned int lost = forecast->probes - 1;
	struct mark probe, answer;

	expect_lost(run, client, since, lost, forecast);
	probe = expect_frame(run, since, "the probe that is answered",
			     FRAMES(PROBE), lost + 1,
			     forecast->rounds[lost].at);
	answer = expect_frame(run, probe, "its answer", FRAMES(ANSWER), 1,
			      at_once);
	run_pass_until(run, answer, MSEC(100));
	expect_unanswered(client, 0);
	/* Just after it, so that it is not one of those that follow. */
	return (struct mark){ .at = (by_interval ? probe : answer).at + 1 };
}

static void script(struct run *run)
{
	unsigned int rescues = (unsigned int)run_value(run), probes;
	struct pair tcp = sock_pair(run);
	const struct prediction *next = forecast_keepalive(tcp.client);
	const struct prediction *again =
		forecast_keepalive_after_answer(tcp.client);
	bool by_interval = again->rounds[0].interval > next->rounds[0].interval;
	struct mark armed, last;
	struct finding got;

	probes = next->probes;
	lose_most(run, probes, rescues);
	sock_post_recv(tcp.client);
	sock_post_recv(tcp.server);
	armed = last = mark_now(run);
	sock_keepalive(tcp.client, true);
	for (unsigned int i = 0; i < rescues; i++) {
		last = rescued(run, tcp.client, last, next, by_interval);
		next = again;
	}

	got = sock_reap(tcp.client, next->elapsed.max + SEC(1));
	expect_error(&got, ETIMEDOUT);
	expect_took(last, &got, next->elapsed);
	expect_number(run, "keepalive_probes",
		      frames_count(run, armed, FRAMES(PROBE)),
		      (rescues + 1) * probes, (rescues + 1) * probes);
	expect_counter(run, "client", "TCPKeepAlive", (rescues + 1) * probes);
	expect_state(tcp.client, DIAG_CLOSE);

	got = sock_reap(tcp.server, SEC(1));
	expect_error(&got, ECONNRESET);
	expect_state(tcp.server, DIAG_CLOSE);
}

CASE(keepalive_consecutive) = {
	.name = "keepalive-consecutive",
	.claim = "only probes unanswered in a row count: one answer in between "
		 "starts the count, and the whole time, again",
	.judgements = CLAIMS({ "A10", DOCUMENT_RIGHT,
			       "the unanswered probes must be consecutive: "
			       "tcp_ack() sets icsk_probes_out to 0" }),
	.why = "any acceptable ACK sets icsk_probes_out to 0 and moves "
	       "rcv_tstamp, in tcp_ack()",
	.sources = "net/ipv4/tcp_input.c:tcp_ack(); "
		   "net/ipv4/tcp_timer.c:tcp_keepalive_timer()",
	.steps = STEPS("an idle connection with a healthy server; the wire is "
		       "told which probes (or answers) to lose",
		       "two of the three probes are lost, the third gets "
		       "through",
		       "all that follow are lost"),
	.expect = "ETIMEDOUT 2 + 3 * 1 s after the answer; 6 probes in all, 9 "
		  "with two rescues; the server gets the RST: ECONNRESET",
	.world = &world_pair,
	.settings = SYSCTLS({ "client", "net.ipv4.tcp_keepalive_time", TIME },
			    { "client", "net.ipv4.tcp_keepalive_intvl", INTVL },
			    { "client", "net.ipv4.tcp_keepalive_probes",
			      PROBES }),
	.variants = VARIANTS(
		{ "probes-lost", .value = 1 }, { "answers-lost", .value = 1 },
		{ "rescued-twice", .value = 2,
		  .duration = SEC(3 * (TIME + INTVL * PROBES) - 2 * INTVL) }),
	.duration = SEC(2 * (TIME + INTVL * PROBES) - INTVL),
	.script = script,
};
