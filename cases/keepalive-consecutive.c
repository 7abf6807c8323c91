/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How many probes in a row must stay unanswered. The peer is alive, and the
 * wire loses all probes but one: PROBES - 1 are lost, the next one arrives, and
 * all later ones are lost.
 *
 * Any acceptable ACK sets icsk_probes_out to 0 in tcp_ack(), so the count
 * starts again. It also updates rcv_tstamp, so the next probe is sent
 * keepalive_time after the answer, not one interval: the timer still runs for
 * the interval, finds on expiry that too little time has passed, and is armed
 * for the rest. The connection ends at the answer + time + intvl * probes.
 *
 * For the client a lost probe and a lost answer are the same. The server, which
 * is well and has no keepalive, learns of the end from the RST that
 * tcp_keepalive_timer() sends when it gives up.
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

/* Lets the last of `probes` probes through, `rescues` times, and then none. */
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
		    "icsk_probes_out is the number of probes lost in a row",
		    "%u, expected %u", seen.retransmits, n);
}

/*
 * The lost probes, and the one that is answered. Returns the moment from which
 * the kernel counts the next probe: the answer; or the answered probe, if the
 * interval is longer than keepalive_time (see keepalive-peer-alive).
 */
static struct mark expect_rescue(struct run *run, struct sock *client,
				 struct mark since,
				 const struct prediction *forecast,
				 bool by_interval)
{
	unsigned int lost = forecast->probes - 1;
	struct mark probe, answer;

	if (lost) {
		probe = expect_frame(run, since, "last lost probe",
				     FRAMES(PROBE), lost,
				     forecast->rounds[lost - 1].at);
		run_pass_until(run, probe, MSEC(100));
		expect_unanswered(client, lost);
	}
	probe = expect_frame(run, since, "answered probe", FRAMES(PROBE),
			     lost + 1, forecast->rounds[lost].at);
	answer = expect_frame(run, probe, "answer to the probe", FRAMES(ANSWER),
			      1, at_once);
	run_pass_until(run, answer, MSEC(100));
	expect_unanswered(client, 0);
	/* 1 ns later, so that later counts do not include this frame. */
	return (struct mark){ .at = (by_interval ? probe : answer).at + 1 };
}

static void script(struct run *run)
{
	unsigned int rescues = (unsigned int)run_value(run), probes;
	struct pair tcp = sock_pair(run);
	const struct prediction *next = forecast_keepalive(tcp.client);
	const struct prediction *after_answer =
		forecast_keepalive_after_answer(tcp.client);
	bool by_interval = after_answer->rounds[0].interval >
			   next->rounds[0].interval;
	struct mark armed, last;
	struct finding got;

	probes = next->probes;
	lose_most(run, probes, rescues);
	sock_post_recv(tcp.client);
	sock_post_recv(tcp.server);
	armed = last = mark_now(run);
	sock_keepalive(tcp.client, true);
	for (unsigned int i = 0; i < rescues; i++) {
		last = expect_rescue(run, tcp.client, last, next, by_interval);
		next = after_answer;
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
	.claim = "only consecutive unanswered probes count: one answer in "
		 "between restarts the count and the whole time",
	.judgements = CLAIMS({ "A10", DOCUMENT_RIGHT,
			       "the unanswered probes must be consecutive: "
			       "tcp_ack() sets icsk_probes_out to 0" }),
	.why = "any acceptable ACK sets icsk_probes_out to 0 and updates "
	       "rcv_tstamp, in tcp_ack()",
	.sources = "net/ipv4/tcp_input.c:tcp_ack(); "
		   "net/ipv4/tcp_timer.c:tcp_keepalive_timer()",
	.steps = STEPS("an idle connection, SO_KEEPALIVE at the client; the "
		       "server is well",
		       "the wire loses two of the three probes (or their "
		       "answers) and lets the third through",
		       "the wire loses all later ones"),
	.expect = "ETIMEDOUT 2 + 3 * 1 s after the answer; 6 probes in all, 9 "
		  "with two answers; the server receives RST: ECONNRESET",
	.world = &world_pair,
	.settings = SYSCTLS(KEEPALIVE_SYSCTLS("client", TIME, INTVL, PROBES)),
	.variants = VARIANTS(
		{ "probes-lost",
		  "two probes are lost and the third is answered: the count "
		  "starts again, six probes in all",
		  .value = 1 },
		{ "answers-lost",
		  "the answers are lost instead of the probes, which makes no "
		  "difference to the client: six probes in all",
		  .value = 1 },
		{ "rescued-twice",
		  "two probes are lost and the third is answered, twice: nine "
		  "probes in all",
		  .value = 2,
		  .duration = SEC(3 * (TIME + INTVL * PROBES) - 2 * INTVL) }),
	.duration = SEC(2 * (TIME + INTVL * PROBES) - INTVL),
	.script = script,
};
