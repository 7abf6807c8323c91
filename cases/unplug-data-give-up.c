/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The cable stays out, and the server has sent. It retransmits until
 * retransmits_timed_out() says that it is enough, and its application gets
 * ETIMEDOUT. No one tells the client, which stays ESTABLISHED, with the cable
 * plugged in again as before. It learns of it when it sends: the server's
 * kernel has no such connection, and a listener on the port does not help, as
 * the segment is no SYN (tcp_v4_send_reset()).
 *
 * When is it enough? There are three rules about tcp_retries2 = N to choose
 * from, T being the time-out that tcp_model_timeout() makes of N, and R this
 * connection's first RTO. After n RTO retransmissions it is over, when the
 * timer fires next,
 *
 * - by count: if n >= N. (Or by time, whichever comes first.)
 * - by interval: if that timer, R * 2^n, is T or longer;
 * - by the total of the intervals between the retransmissions: if
 *   2R * (2^n - 1) is T or more.
 *
 * With the smallest R there is, N = 1 (T = 0.6 s) has two rounds by the time
 * and one by the count. With R = 0.22 s, N = 3 (T = 3.0 s) has three rounds by
 * count and by total, and four by interval. The kernel goes by the total, and
 * by nothing else. By default N is 15, and T 924.6 s: count and total agree,
 * and by interval it would never end, since tcp_rto_max() is 120 s.
 */
#include "case.h"

enum { ONE = 1, THREE = 3, BYTES = 100, QUIET_MS = 300 };

/* The delay one way that makes an RTO of 0.22 s. Up to 0.37 would do, on a busy
 * machine. */
enum { DELAY_MS = 10 };

/* Where no interval is ever as long as the time-out: more rounds than any. */
enum { NEVER = 1000 };

static const nsec_t soon = MSEC(500);

#define COPIES FRAMES(FROM("server"), KIND(WIRE_RETRANSMISSION))

/* RTO retransmissions before the end. */
struct rules {
	unsigned int by_count, by_interval, by_total;
};

static unsigned int rounds_by_interval(const struct predict_tcp *tcp,
				       nsec_t timeout)
{
	unsigned int n = 1;

	if (timeout > tcp->rto_max)
		return NEVER;
	while (tcp->rto << n < timeout)
		n++;
	return n;
}

static unsigned int rounds_by_total(const struct predict_tcp *tcp,
				    nsec_t timeout)
{
	nsec_t timer = tcp->rto, total = 0;
	unsigned int n = 0;

	while (total < timeout) {
		timer = MIN(2 * timer, tcp->rto_max);
		total += timer;
		n++;
	}
	return n;
}

static struct rules rules_of(struct run *run, const struct predict_tcp *tcp,
			     nsec_t timeout)
{
	struct rules rules = {
		.by_count = tcp->retries2,
		.by_interval = rounds_by_interval(tcp, timeout),
		.by_total = rounds_by_total(tcp, timeout),
	};

	run_predicted_count(run, "rounds_by_count", rules.by_count);
	run_predicted_count(run, "rounds_by_interval", rules.by_interval);
	run_predicted_count(run, "rounds_by_total", rules.by_total);
	run_predicted(run, "timeout_s", nsec_seconds(timeout));
	run_note(run,
		 "tcp_retries2 = %u stands for %.3f s; the first RTO is "
		 "%.3f s: %u rounds by count, %u%s by interval, %u by total",
		 rules.by_count, nsec_seconds(timeout), nsec_seconds(tcp->rto),
		 rules.by_count, rules.by_interval,
		 rules.by_interval == NEVER ? " and more" : "", rules.by_total);
	return rules;
}

/* Where a busy machine's RTT is that of a long path, they may agree. */
static void rules_part(struct run *run, const struct rules *rules)
{
	bool part = run_is_variant(run, "not-the-count") ?
			    rules->by_total > rules->by_count :
			    rules->by_total < rules->by_interval;

	if (!part)
		run_end(run, "broken",
			"with an RTT as large as this machine's the rules "
			"agree, and nothing can be decided",
			true);
}

static void which_rule(struct run *run, const struct rules *rules)
{
	unsigned int seen =
		(unsigned int)counter_change(run, "server", "TCPTimeouts") - 1;

	expect_that(run, seen == rules->by_total,
		    "the total of the intervals decides",
		    "%u rounds, %u by total", seen, rules->by_total);
	if (run_is_variant(run, "not-the-count"))
		expect_that(run, seen > rules->by_count, "no count decides",
			    "%u rounds, %u by count", seen, rules->by_count);
	else
		expect_that(run, seen < rules->by_interval,
			    "no single interval decides",
			    "%u rounds, %u by interval", seen,
			    rules->by_interval);
}

/* Nothing reached it, and nothing does. */
static void client_knows_nothing(struct run *run, struct sock *client,
				 struct mark since)
{
	struct finding waiting;

	run_pass(run, MSEC(QUIET_MS));
	expect_state(client, DIAG_ESTABLISHED);
	expect_timer(client, DIAG_TIMER_NONE);
	expect_frames(run, since, "segments since the cable is back",
		      FRAMES(KIND(WIRE_TCP)), 0);
	waiting = sock_reap(client, 0);
	expect_open(&waiting);
}

static void client_sends(struct run *run, struct sock *client)
{
	struct mark sent = mark_now(run);
	struct finding got;

	sock_send(client, BYTES);
	mark_done(run, &sent);
	got = sock_reap(client, soon);
	expect_error(&got, ECONNRESET);
	expect_exchange(run, sent, "data for a connection that is gone",
			"client P. 1:101(100) ack 1, server R 1:1(0)");
	expect_state(client, DIAG_CLOSE);
	expect_counter(run, "server", "OutRsts", 1);
}

static void script(struct run *run)
{
	struct predict_tcp inputs;
	struct prediction *p;
	struct mark sent, plugged;
	struct rules rules;
	struct finding got;
	struct pair tcp;

	path_delay(run, "client", MSEC(run_value(run)));
	tcp = sock_pair(run);
	p = forecast_give_up(tcp.server);
	inputs = forecast_inputs(tcp.server);
	rules = rules_of(run, &inputs, p->timeout);
	rules_part(run, &rules);
	sock_post_recv(tcp.client);
	sock_post_recv(tcp.server);

	fault_unplug(run, "client");
	sent = mark_now(run);
	sock_send(tcp.server, BYTES);
	mark_done(run, &sent);
	run_pass_until(run, sent, p->rounds[0].at.max + soon);
	if (!expect_frames_between(run, sent, "copies so far", COPIES, 1,
				   UINT32_MAX))
		return;
	got = sock_reap(tcp.server, p->elapsed.max + soon);
	expect_gives_up(&got, sent, p);
	which_rule(run, &rules);
	expect_state(tcp.server, DIAG_CLOSE);

	plugged = mark_now(run);
	fault_plug(run, "client");
	client_knows_nothing(run, tcp.client, plugged);
	if (!run_value(run))
		client_sends(run, tcp.client);
}

static const struct judgement not_the_interval[] = {
	{ "D4", DOCUMENT_RIGHT,
	  "tcp_write_err() reports ETIMEDOUT and ends the connection" },
	{ "D7", DOCUMENT_WRONG,
	  "the interval, as the text says first, is not compared: "
	  "retransmits_timed_out() ends it with an interval shorter than the "
	  "time-out" },
	{ .claim = NULL },
};

/* Where count and time agree, and decide nothing. */
static const struct judgement of_defaults[] = {
	{ "D4", DOCUMENT_RIGHT,
	  "tcp_write_err() reports ETIMEDOUT and ends the connection" },
	{ "D5", DOCUMENT_RIGHT,
	  "a segment of no connection is answered with RST: "
	  "tcp_v4_send_reset()" },
	{ "D7", DOCUMENT_CONDITIONAL,
	  "924.6 s are computed for 15 (tcp_model_timeout()), but counted from "
	  "the first retransmission and compared only when the timer fires: "
	  "with a first RTO of 204 ms it is over after 929 s or more" },
	{ .claim = NULL },
};

CASE(unplug_data_give_up) = {
	.name = "unplug-data-give-up",
	.claim = "cable pulled for good, server sends: it gives up by time and "
		 "not by count; the client learns of it only by sending",
	.judgements = CLAIMS(
		{ "D4", DOCUMENT_RIGHT,
		  "tcp_write_err() reports ETIMEDOUT and ends the connection" },
		{ "D5", DOCUMENT_RIGHT,
		  "a segment of no connection is answered with RST "
		  "(tcp_v4_send_reset()); a client that stays silent stays "
		  "ESTABLISHED" },
		{ "D6", DOCUMENT_WRONG,
		  "there is no largest number: two rounds where tcp_retries2 "
		  "is 1, for retransmits_timed_out() compares a time only" },
		{ "D7", DOCUMENT_CONDITIONAL,
		  "one computed time-out decides, and the rounds are 200, 400, "
		  "800 ms; but it is compared with the time since the first "
		  "retransmission, when the timer fires, so the end comes "
		  "later: retransmits_timed_out()" }),
	.why = "each firing of the retransmission timer compares the time "
	       "since the first retransmission with what tcp_model_timeout() "
	       "makes of tcp_retries2; nobody tells the other end",
	.sources = "RFC 9293 3.8.3, 3.5.2; net/ipv4/tcp_timer.c:"
		   "retransmits_timed_out(); net/ipv4/tcp_ipv4.c:"
		   "tcp_v4_send_reset()",
	.steps = STEPS("a connection; the client's cable is pulled",
		       "the server sends 100 bytes, and gives up in the end",
		       "the cable is plugged in; the client keeps silent",
		       "the client sends 100 bytes"),
	.expect = "as many rounds as fit into the time-out, more than "
		  "tcp_retries2 says, then ETIMEDOUT; at the client nothing, "
		  "until it sends: RST, ECONNRESET",
	.world = &world_pair,
	.variants = VARIANTS(
		{ "not-the-count",
		  SYSCTLS({ "server", "net.ipv4.tcp_retries2", ONE }),
		  .duration = MSEC(1960) },
		{ "not-the-interval",
		  SYSCTLS({ "server", "net.ipv4.tcp_retries2", THREE }),
		  .value = DELAY_MS, .duration = MSEC(4000),
		  .judgements = not_the_interval },
		{ "defaults", .defaults = true, .duration = SEC(930),
		  .judgements = of_defaults }),
	.duration = SEC(4),
	.script = script,
};
