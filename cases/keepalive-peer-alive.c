/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The peer is alive and answers the probes. The answer does not touch the
 * timer: tcp_ack() updates rcv_tstamp and sets icsk_probes_out to 0. The timer,
 * armed for INTVL when the probe was sent, expires, finds that less than TIME
 * has passed since the last segment (keepalive_time_elapsed(): the later of
 * rcv_tstamp and lrcvtime), sends nothing and is armed for the rest. So the
 * next probe is sent TIME after the answer, not INTVL after the probe.
 *
 * It follows that with INTVL greater than TIME the next probe is sent INTVL
 * after the last probe: the timer expires only when TIME is over already. One
 * variant shows it.
 *
 * The path to the server delays by FAR each way, so that probe and answer are
 * two moments. PROBES is 1: one unanswered probe would end the connection.
 */
#include "case.h"

enum { TIME = 2, INTVL = 1, PROBES = 1, ROUNDS = 3, FAR = 150 };

#define PROBE FROM("client"), KIND(WIRE_KEEPALIVE_PROBE)
#define ANSWER FROM("server"), KIND(WIRE_PURE_ACK)

/* Returns the moment at which the answer arrives at the client: the wire sees
 * it when the server sends it, one path delay earlier. */
static struct mark expect_answer(struct run *run, struct mark probe)
{
	nsec_t one_way = MSEC(FAR);
	struct mark answer = expect_frame(run, probe, "answer to the probe",
					  FRAMES(ANSWER), 1,
					  (struct range){ one_way, one_way });

	answer.at += one_way;
	run_pass_until(run, answer, MSEC(100));
	return answer;
}

/* What the answer changed in the client's kernel, and what not. */
static void expect_restart(struct sock *client, const struct predict_tcp *tcp)
{
	struct diag_socket seen;
	unsigned int ack, data;

	sock_look(client, &seen);
	ack = seen.info.tcpi_last_ack_recv;
	data = seen.info.tcpi_last_data_recv;
	expect_that(sock_run(client),
		    seen.timer == DIAG_TIMER_KEEPALIVE && seen.expires > 0 &&
			    seen.expires <= tcp->keepalive_intvl,
		    "the keepalive timer still runs for the interval",
		    "%.3f s left", nsec_seconds(seen.expires));
	expect_that(sock_run(client), seen.retransmits == 0,
		    "the count of unanswered probes is 0", "%u",
		    seen.retransmits);
	expect_that(sock_run(client), MSEC(ack) < tcp->keepalive_time,
		    "the answer updates rcv_tstamp", "%u ms ago", ack);
	expect_that(sock_run(client), MSEC(data) >= tcp->keepalive_time,
		    "the answer has no data and leaves lrcvtime unchanged",
		    "%u ms ago", data);
}

static struct mark expect_next_probe(struct run *run,
				     const struct predict_tcp *tcp,
				     struct mark probe, struct mark answer)
{
	if (tcp->keepalive_intvl > tcp->keepalive_time + answer.at - probe.at)
		return expect_frame(
			run, probe, "from probe to probe: tcp_keepalive_intvl",
			FRAMES(PROBE), 2,
			predict_timer(tcp->keepalive_intvl, tcp->hz));
	return expect_frame(
		run, answer, "from answer to probe: tcp_keepalive_time",
		FRAMES(PROBE), 1, predict_timer(tcp->keepalive_time, tcp->hz));
}

static void script(struct run *run)
{
	struct pair tcp = sock_pair(run);
	struct predict_tcp inputs = forecast_inputs(tcp.client);
	const struct prediction *forecast = forecast_keepalive(tcp.client);
	struct mark armed, probe, answer;

	path_delay(run, "server", MSEC(FAR));
	sock_post_recv(tcp.client);
	armed = mark_now(run);
	sock_keepalive(tcp.client, true);
	probe = expect_frame(run, armed, "first probe", FRAMES(PROBE), 1,
			     forecast->rounds[0].at);
	for (int i = 1; i < ROUNDS; i++) {
		answer = expect_answer(run, probe);
		expect_restart(tcp.client, &inputs);
		probe = expect_next_probe(run, &inputs, probe, answer);
	}
	expect_answer(run, probe);

	expect_number(run, "keepalive_probes",
		      frames_count(run, armed, FRAMES(PROBE)), ROUNDS, ROUNDS);
	expect_counter(run, "client", "TCPKeepAlive", ROUNDS);
	expect_call_blocked(tcp.client);
	expect_state(tcp.client, DIAG_ESTABLISHED);
	expect_state(tcp.server, DIAG_ESTABLISHED);
	expect_delivery(tcp.server, tcp.client, 1);
}

CASE(keepalive_peer_alive) = {
	.name = "keepalive-peer-alive",
	.claim = "keepalive with a living peer: every probe is answered, and "
		 "the next one is sent keepalive_time after the answer",
	.judgements = CLAIMS({ "A9", DOCUMENT_RIGHT,
			       "the answer updates rcv_tstamp, from which "
			       "keepalive_time_elapsed() counts" }),
	.why = "after a probe the timer is armed for the interval; when it "
	       "expires, it finds the answer's timestamp and is armed for the "
	       "rest",
	.sources = "net/ipv4/tcp_timer.c:tcp_keepalive_timer(); "
		   "include/net/tcp.h:keepalive_time_elapsed()",
	.steps = STEPS(
		"an idle connection with a path delay of 150 ms each way; "
		"SO_KEEPALIVE at the client, tcp_keepalive_probes is 1",
		"three probes, each answered", "the server sends a byte"),
	.expect = "each probe is sent 2 s after the last answer arrived at the "
		  "client; with time 1 and intvl 2: 2 s after the last probe; "
		  "both ends stay ESTABLISHED",
	.world = &world_pair,
	.settings = SYSCTLS(KEEPALIVE_SYSCTLS("client", TIME, INTVL, PROBES)),
	.variants = VARIANTS(
		{ "time-longer",
		  "tcp_keepalive_time, 2 s, is longer than "
		  "tcp_keepalive_intvl, 1 s: the timer expires one interval "
		  "after the probe, finds the answer too recent and waits for "
		  "the rest, so that the next probe is sent 2 s after the "
		  "answer" },
		{ "interval-longer",
		  "tcp_keepalive_intvl, 2 s, is longer than "
		  "tcp_keepalive_time, 1 s: the next probe is sent 2 s after "
		  "the probe before it, whenever the answer arrived",
		  .duration = SEC(6),
		  .judgements = CLAIMS(
			  { "A9", DOCUMENT_CONDITIONAL,
			    "the answer does not touch the timer, so if the "
			    "interval is longer than the time, the next probe "
			    "waits for the interval: tcp_keepalive_timer()" }),
		  .settings = SYSCTLS(
			  { "client", "net.ipv4.tcp_keepalive_time", 1 },
			  { "client", "net.ipv4.tcp_keepalive_intvl", 2 }) }),
	.duration = SEC(ROUNDS * TIME + 1),
	.no_fault = true,
	.script = script,
};
