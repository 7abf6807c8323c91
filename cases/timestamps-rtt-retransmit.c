/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel stores the time of transmission in each skb, to a microsecond,
 * and takes its RTT samples from that, with or without the option:
 * tcp_clean_rtx_queue(), tcp_ack_update_rtt().
 *
 * Only when a retransmitted segment is acknowledged is it unknown which of the
 * two transmissions the ACK answers, and no sample is taken (Karn's rule).
 * Then the option helps: TSecr names the transmission, and tcp_rtt_tsopt_us()
 * computes a sample from it, with the granularity of the TSval clock: whole
 * milliseconds.
 *
 * The backoff depends on it. A sample ends the backoff and the RTO is computed
 * again; without one the RTO stays doubled until data is acknowledged that was
 * sent only once.
 *
 * FAR makes the path much longer than during the handshake, so that a sample
 * shows: tcp_rtt_estimator() moves srtt by an eighth of the difference. The
 * sample is computed back from TCP_INFO before and after, to 7 us (srtt is
 * shifted by 3).
 */
#include "case.h"

enum { BYTES = 100, FAR = 50, ROUNDING = 7, PAUSE = 30 };

#define DATA FROM("client"), KIND(WIRE_DATA)
#define SENT FROM("client"), KIND(WIRE_DATA | WIRE_RETRANSMISSION)
#define RETRANSMISSION FROM("client"), KIND(WIRE_RETRANSMISSION)
#define ANSWER FROM("server"), KIND(WIRE_PURE_ACK)

static struct tcp_info read_info(struct sock *sock)
{
	struct diag_socket seen = { .has_info = false };

	sock_look(sock, &seen);
	return seen.info;
}

/* The inverse of srtt += sample / 8 - srtt / 8. */
static int64_t sample_us(const struct tcp_info *before,
			 const struct tcp_info *after)
{
	int64_t old = before->tcpi_rtt, new = after->tcpi_rtt;

	return 8 * (new - old) + old;
}

/* `path` is the time there and back. */
static void expect_sample(struct run *run, const char *name, int64_t sample,
			  nsec_t path, nsec_t rounding)
{
	char key[32];

	snprintf(key, sizeof(key), V_("%s_ms"), name);
	run_predicted(run, key, nsec_seconds(path) * 1e3);
	run_measured(run, key, (double)sample / 1e3);
	expect_span(run, name, USEC(sample),
		    (struct range){ path - USEC(ROUNDING),
				    path + USEC(ROUNDING) + rounding });
}

/* Waits until the first answer has reached the client. */
static void expect_acknowledged(struct run *run, struct mark sent)
{
	const struct wire_capture *answer =
		frames_wait(run, sent, FRAMES(ANSWER), 1, SEC(2));

	if (expect_that(run, answer, "the data is acknowledged", "%s",
			answer ? R_("yes") : R_("no")))
		run_pass_until(run, (struct mark){ .at = answer->at },
			       MSEC(FAR + PAUSE));
}

/* The sample comes from the kernel's own clock, with and without the option. */
static void send_once(struct run *run, struct pair *tcp)
{
	struct tcp_info before = read_info(tcp->client), after;
	struct mark sent = mark_now(run);

	sock_send(tcp->client, BYTES);
	expect_acknowledged(run, sent);
	after = read_info(tcp->client);
	expect_sample(run, "sample_sent_once", sample_us(&before, &after),
		      MSEC(2 * FAR), 0);
}

/* The sample comes from the TSecr. Both of its ends are rounded down. */
static void expect_option_sample(struct run *run, const struct tcp_info *before,
				 const struct tcp_info *after, nsec_t path)
{
	int64_t sample = sample_us(before, after);
	int64_t odd = (sample + ROUNDING) % 1000;

	expect_sample(run, "sample_of_copy", sample, path / MSEC(1) * MSEC(1),
		      MSEC(1));
	expect_that(run, odd <= 2 * ROUNDING,
		    "the sample has whole milliseconds, as the TSval has",
		    "%.3f ms", (double)sample / 1e3);
	expect_number(run, "backoff", after->tcpi_backoff, 0, 0);
}

static void expect_no_sample(struct run *run, const struct tcp_info *before,
			     const struct tcp_info *after)
{
	run_predicted_text(run, "sample_of_copy_ms", "none");
	run_measured_text(run, "sample_of_copy_ms",
			  after->tcpi_rtt == before->tcpi_rtt ? V_("none") :
								V_("one"));
	expect_that(run,
		    after->tcpi_rtt == before->tcpi_rtt &&
			    after->tcpi_rttvar == before->tcpi_rttvar,
		    "no sample: srtt and rttvar have not changed",
		    "srtt %u µs, before %u µs", after->tcpi_rtt,
		    before->tcpi_rtt);
	expect_number(run, "backoff", after->tcpi_backoff, 1, 1);
	expect_that(run, after->tcpi_rto == 2 * before->tcpi_rto,
		    "the RTO stays doubled", "%u µs, before %u µs",
		    after->tcpi_rto, before->tcpi_rto);
}

static void note_timestamps(struct run *run, struct mark sent)
{
	const struct wire_capture *seen =
		frames_nth(run, sent, FRAMES(DATA), 1);
	uint32_t original = seen ? seen->frame.tcp.tsval : 0, second;

	seen = frames_nth(run, sent, FRAMES(RETRANSMISSION), 1);
	second = seen ? seen->frame.tcp.tsval : 0;
	seen = frames_nth(run, sent, FRAMES(ANSWER), 1);
	run_note(run,
		 "TSval of the original %u, of the retransmission %u; TSecr of "
		 "the answer %u",
		 original, second, seen ? seen->frame.tcp.tsecr : 0);
}

/* Releases the original and then the retransmission. Returns how long the
 * original was held. */
static nsec_t release_both(struct run *run, struct mark sent,
			   struct wire_rule *held)
{
	const struct wire_capture *original =
		frames_nth(run, sent, FRAMES(DATA), 1);
	nsec_t original_at = original ? original->at : 0;
	struct mark released;

	run_pass(run, MSEC(PAUSE));
	released = mark_now(run);
	fault_release(run, held);
	return original_at ? released.at - original_at : 0;
}

static void script(struct run *run)
{
	bool option = run_sysctl(run, "client", "net.ipv4.tcp_timestamps");
	bool late = run_value(run);
	struct pair tcp = sock_pair(run);
	struct tcp_info before, after;
	struct range timer;
	struct wire_rule *rule;
	struct mark sent;
	nsec_t held = 0;

	path_delay(run, "server", MSEC(FAR));
	send_once(run, &tcp);

	before = read_info(tcp.client);
	timer = forecast_give_up(tcp.client)->rounds[0].at;
	rule = late ? fault_hold(run, FRAMES(SENT)) :
		      fault_drop(run, FRAMES(DATA, .first = 1, .count = 1));
	sent = mark_now(run);
	sock_send(tcp.client, BYTES);
	mark_done(run, &sent);
	expect_frame(run, sent, "the retransmission", FRAMES(RETRANSMISSION), 1,
		     timer);
	if (late)
		held = release_both(run, sent, rule);
	expect_acknowledged(run, sent);
	after = read_info(tcp.client);
	note_timestamps(run, sent);
	if (option)
		expect_option_sample(run, &before, &after,
				     MSEC(2 * FAR) + held);
	else
		expect_no_sample(run, &before, &after);
	expect_counter(run, "client", "TCPTimeouts", 1);
}

#define NO_TIMESTAMPS SYSCTLS({ "client", "net.ipv4.tcp_timestamps", 0 })

CASE(timestamps_rtt_retransmit) = {
	.name = "timestamps-rtt-retransmit",
	.claim = "an acknowledged retransmission gives an RTT sample with "
		 "timestamps, and none without",
	.judgements = CLAIMS(
		{ "C10", DOCUMENT_RIGHT,
		  "for data that was sent twice: TSecr says which transmission "
		  "is acknowledged, tcp_rtt_tsopt_us(); without it Karn's rule "
		  "forbids the sample" },
		{ "C10", DOCUMENT_CONDITIONAL,
		  "data that was sent once is measured without the option, and "
		  "more exactly, by the kernel's own microseconds: "
		  "tcp_ack_update_rtt(); the option's samples have whole "
		  "milliseconds" }),
	.topic = TOPIC_RETRANSMISSION,
	.why = "the ACK of a retransmitted segment does not say which of its "
	       "transmissions it answers; its TSecr does",
	.sources = "RFC 7323 4.1; RFC 6298 3 (Karn); net/ipv4/tcp_input.c:"
		   "tcp_ack_update_rtt(), tcp_rtt_tsopt_us(), "
		   "tcp_clean_rtx_queue()",
	.steps = STEPS("a connection; then the path becomes long, 50 ms each "
		       "way",
		       "the client sends, and is acknowledged: one sample",
		       "it sends again; the first transmission is lost (or "
		       "held until the retransmission is on the wire), and the "
		       "data is acknowledged",
		       "srtt, RTO and backoff are compared with those before"),
	.expect = "with timestamps both give a sample of the path's RTT, the "
		  "second in whole milliseconds, and the backoff is over; "
		  "without them there is no second sample, and the RTO stays "
		  "doubled",
	.world = &world_pair,
	.settings = SYSCTLS({ "client", "net.ipv4.tcp_early_retrans", 0 }),
	.variants = VARIANTS(
		{ "lost", "with timestamps, and the first transmission is "
			  "lost: TSecr is that of the retransmission, and the "
			  "sample is the path's RTT" },
		{ "late",
		  "with timestamps, and both transmissions arrive together, "
		  "late: TSecr is that of the first one, and the sample "
		  "includes the time for which it was held",
		  .value = true },
		{ "lost-without-timestamps",
		  "tcp_timestamps is 0 at the client, and the first "
		  "transmission is lost: no sample, and the RTO stays doubled",
		  NO_TIMESTAMPS },
		{ "late-without-timestamps",
		  "tcp_timestamps is 0 at the client, and both transmissions "
		  "arrive together, late: no sample, and the RTO stays doubled",
		  NO_TIMESTAMPS, .value = true }),
	.duration = MSEC(600),
	.script = script,
};
