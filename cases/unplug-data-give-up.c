/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The cable stays unplugged, and the server has sent. It retransmits until
 * retransmits_timed_out() is true, and its application gets ETIMEDOUT. The
 * client receives nothing and stays ESTABLISHED, also when the cable is
 * plugged in again. It learns of the end when it sends: the server's kernel
 * has no such connection, and a listener on the port does not help, because
 * the segment is no SYN (tcp_v4_send_reset()).
 *
 * There are three candidates for the rule behind tcp_retries2 = N. Let T be
 * the timeout that tcp_model_timeout() computes for N, and R the connection's
 * first RTO. After n RTO retransmissions the next expiry of the timer ends the
 * connection
 *
 * - by count: if n >= N (or by time, whichever comes first);
 * - by interval: if that timer, R * 2^n, is T or longer;
 * - by the total of the intervals between the retransmissions: if 2R * (2^n -
 *   1) is T or more.
 *
 * For the smallest R and N = 1 (T = 0.6 s) that is two retransmissions by
 * either time and one by count. For R = 0.22 s and N = 3 (T = 3.0 s) it is
 * three by count and by total, and four by interval. The kernel uses the total
 * and nothing else. By default N is 15 and T is 924.6 s: count and total
 * agree, and by interval the connection would never end, since tcp_rto_max()
 * is 120 s.
 */
#include "case.h"

enum { ONE = 1, THREE = 3, BYTES = 100, QUIET_MS = 300 };

/* The delay one way that makes an RTO of 0.22 s. On a busy machine the RTO may
 * grow to 0.37 s without changing the result. */
enum { DELAY_MS = 10 };

/* No interval is as long as the timeout: more retransmissions than any run has.
 */
enum { NEVER = 1000 };

#define RETRANSMISSIONS FRAMES(FROM("server"), KIND(WIRE_RETRANSMISSION))

/* RTO retransmissions before the end, by each rule. */
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

static struct rules predict_by_each_rule(struct run *run,
					 const struct predict_tcp *tcp,
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
		 "%.3f s: %u retransmissions by count, %u%s by interval, %u by "
		 "total",
		 rules.by_count, nsec_seconds(timeout), nsec_seconds(tcp->rto),
		 rules.by_count, rules.by_interval,
		 rules.by_interval == NEVER ? R_(" and more") : "",
		 rules.by_total);
	return rules;
}

/* A busy machine can have the RTT of a long path, for which the rules agree. */
static void require_different_rules(struct run *run, const struct rules *rules)
{
	bool differ = run_is_variant(run, "not-the-count") ?
			      rules->by_total > rules->by_count :
			      rules->by_total < rules->by_interval;

	if (!differ)
		run_inconclusive(
			run, "the RTT on this machine is so large that the "
			     "rules agree: the run cannot decide between them");
}

static void expect_rule_by_total(struct run *run, const struct rules *rules)
{
	unsigned int seen =
		(unsigned int)counter_change(run, "server", "TCPTimeouts") - 1;

	expect_that(run, seen == rules->by_total,
		    "the total of the intervals decides",
		    "%u retransmissions, %u by total", seen, rules->by_total);
	if (run_is_variant(run, "not-the-count"))
		expect_that(run, seen > rules->by_count,
			    "the count does not decide",
			    "%u retransmissions, %u by count", seen,
			    rules->by_count);
	else
		expect_that(run, seen < rules->by_interval,
			    "no single interval decides",
			    "%u retransmissions, %u by interval", seen,
			    rules->by_interval);
}

static void expect_client_unaware(struct run *run, struct sock *client,
				  struct mark plugged)
{

	run_pass(run, MSEC(QUIET_MS));
	expect_state(client, DIAG_ESTABLISHED);
	expect_timer(client, DIAG_TIMER_NONE);
	expect_frames(run, plugged, "segments since the cable is back",
		      FRAMES(KIND(WIRE_TCP)), 0);
	expect_call_blocked(client);
}

static void send_from_client(struct run *run, struct sock *client)
{
	struct mark sent = mark_now(run);
	struct finding got;

	sock_send(client, BYTES);
	mark_done(run, &sent);
	got = sock_reap(client, soon);
	expect_error(&got, ECONNRESET);
	expect_exchange(run, sent,
			"data for the ended connection is answered with a RST",
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
	rules = predict_by_each_rule(run, &inputs, p->timeout);
	require_different_rules(run, &rules);
	sock_post_recv(tcp.client);
	sock_post_recv(tcp.server);

	fault_unplug(run, "client");
	sent = mark_now(run);
	sock_send(tcp.server, BYTES);
	mark_done(run, &sent);
	run_pass_until(run, sent, p->rounds[0].at.max + soon);
	if (!expect_frames_between(run, sent, "retransmissions so far",
				   RETRANSMISSIONS, 1, UINT32_MAX))
		return;
	got = sock_reap(tcp.server, p->elapsed.max + soon);
	expect_gives_up(&got, sent, p);
	expect_rule_by_total(run, &rules);
	expect_state(tcp.server, DIAG_CLOSE);

	plugged = mark_now(run);
	fault_plug(run, "client");
	expect_client_unaware(run, tcp.client, plugged);
	if (!run_value(run))
		send_from_client(run, tcp.client);
}

#define ENDS_WITH_ERROR                                                        \
	{                                                                      \
		"D4", DOCUMENT_RIGHT,                                          \
			"tcp_write_err() reports ETIMEDOUT and ends the "      \
			"connection"                                           \
	}

CASE(unplug_data_give_up) = {
	.name = "unplug-data-give-up",
	.claim = "cable pulled for good, server sends: it gives up by time and "
		 "not by count; the client notices only by sending",
	.judgements = CLAIMS(
		ENDS_WITH_ERROR,
		{ "D5", DOCUMENT_RIGHT,
		  "a segment without a connection is answered with a RST "
		  "(tcp_v4_send_reset()); a client that stays silent stays "
		  "ESTABLISHED" },
		{ "D6", DOCUMENT_WRONG,
		  "there is no largest number: two RTO retransmissions where "
		  "tcp_retries2 is 1, because retransmits_timed_out() compares "
		  "a time only" },
		{ "D7", DOCUMENT_CONDITIONAL,
		  "one computed timeout decides, and the RTOs are 200, 400, "
		  "800 ms (with a tail loss probe before them); but when the "
		  "timer fires it is compared with the time since the first "
		  "RTO retransmission, so the end comes later: "
		  "retransmits_timed_out()" }),
	.why = "each expiry of the retransmission timer compares the time "
	       "since the first retransmission with the timeout that "
	       "tcp_model_timeout() computes from tcp_retries2; nothing "
	       "informs the other end",
	.sources = "RFC 9293 3.8.3, 3.5.2; net/ipv4/tcp_timer.c:"
		   "retransmits_timed_out(); net/ipv4/tcp_ipv4.c:"
		   "tcp_v4_send_reset()",
	.steps = STEPS("a connection; the client's cable is pulled",
		       "the server sends 100 bytes and gives up at the end",
		       "the cable is plugged in; the client stays silent",
		       "the client sends 100 bytes"),
	.expect = "as many retransmissions as fit into the timeout (two where "
		  "tcp_retries2 is 1), then ETIMEDOUT; at the client nothing "
		  "until it sends: then a RST and ECONNRESET",
	.shows = SHOWS("outcome", "elapsed_s", "rto_retransmissions",
		       "rounds_by_count", "rounds_by_interval",
		       "rounds_by_total"),
	.world = &world_pair,
	.variants = VARIANTS(
		{ "not-the-count",
		  "tcp_retries2 is 1, over a path without delay: two RTO "
		  "retransmissions, where a count would allow one",
		  SYSCTLS({ "server", "net.ipv4.tcp_retries2", ONE }),
		  .duration = MSEC(1960) },
		{ "not-the-interval",
		  "tcp_retries2 is 3, over a path that delays by 10 ms each "
		  "way: three RTO retransmissions, where a comparison of "
		  "single intervals would allow four",
		  SYSCTLS({ "server", "net.ipv4.tcp_retries2", THREE }),
		  .value = DELAY_MS, .duration = MSEC(4000),
		  .judgements = CLAIMS(
			  ENDS_WITH_ERROR,
			  { "D7", DOCUMENT_WRONG,
			    "the interval, as the document says first, is not "
			    "compared: retransmits_timed_out() ends the "
			    "connection with an interval shorter than the "
			    "timeout" }) },
		/* Count and total agree here, so D6 is not judged. */
		{ "defaults",
		  "the kernel's default tcp_retries2 of 15, over a path "
		  "without delay: 924.6 s are computed, and the end comes "
		  "after about 938 s",
		  .defaults = true, .duration = SEC(940),
		  .judgements = CLAIMS(
			  ENDS_WITH_ERROR,
			  { "D5", DOCUMENT_RIGHT,
			    "a segment without a connection is answered with a "
			    "RST: tcp_v4_send_reset()" },
			  { "D7", DOCUMENT_CONDITIONAL,
			    "924.6 s are computed for 15 "
			    "(tcp_model_timeout()), but counted from the first "
			    "RTO retransmission and compared only when the "
			    "timer fires: with a first RTO of 204 ms the end "
			    "comes after 937.7 s (HZ 250)" }) }),
	.duration = SEC(4),
	.script = script,
};
