/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bounds of the RTO. TCP_RTO_MIN and TCP_RTO_MAX are jiffies, so HZ / 5
 * and 120 * HZ are 200 ms and 120 s for any HZ. HZ is chosen when the kernel
 * is built (CONFIG_HZ: 100, 250, 300 or 1000, since 2.6.13) and shows in the
 * granularity: at HZ 250 a timer of a little more than 200 ms is 51 jiffies,
 * 204 ms.
 *
 * Today the constants are defaults. At run time the kernel calls tcp_rto_min()
 * and tcp_rto_max(), which read the sysctls tcp_rto_min_us (6.11) and
 * tcp_rto_max_ms (6.15). A route's rto_min has changed the lower bound since
 * 2.6.23 (05bb1fad1cde). Two things do not follow them:
 *
 * - RtoMin and RtoMax in /proc/net/snmp: tcp_mib_init() writes the constants
 *   there, once;
 * - the base of the timeout: tcp_model_timeout() starts from TCP_RTO_MIN
 *   although the intervals are shorter, so more of them fit if the lower bound
 *   is low. It does follow the upper bound.
 *
 * The RTO is never as small as the minimum: the minimum bounds only the
 * variance (tcp_rtt_estimator()), and __tcp_set_rto() adds the RTT.
 */
#include "case.h"

/* uapi/linux/tcp.h has it since 6.15. */
enum { SOCKET_RTO_MAX_MS = 44, CONSTANT_MIN_MS = 200, CONSTANT_MAX_S = 120 };

static void expect_snmp_constants(struct run *run,
				  const struct predict_tcp *tcp)
{
	run_note(run,
		 "HZ is %u; the RTO is %.3f s; bounds: variance %.3f s or "
		 "more, RTO %.3f s or less; /proc/net/snmp: RtoMin %ld ms, "
		 "RtoMax %ld ms",
		 tcp->hz, nsec_seconds(tcp->rto), nsec_seconds(tcp->rto_min),
		 nsec_seconds(tcp->rto_max),
		 (long)counter_value(run, "client", "RtoMin"),
		 (long)counter_value(run, "client", "RtoMax"));
	run_measured(run, "hz", tcp->hz);
	expect_number(run, "snmp_rto_min_ms",
		      counter_value(run, "client", "RtoMin"), CONSTANT_MIN_MS,
		      CONSTANT_MIN_MS);
	expect_number(run, "snmp_rto_max_ms",
		      counter_value(run, "client", "RtoMax"),
		      CONSTANT_MAX_S * 1000, CONSTANT_MAX_S * 1000);
}

/* The socket's own upper bound: tcp_init_sock(). */
static void expect_upper_bound(struct run *run, struct sock *client,
			       const struct predict_tcp *tcp)
{
	int64_t max_ms = tcp->rto_max / MSEC(1);

	if (kernel_version() >= KERNEL_VERSION(6, 15, 0))
		expect_number(run, "tcp_rto_max_ms",
			      sock_get(client, IPPROTO_TCP, SOCKET_RTO_MAX_MS),
			      max_ms, max_ms);
	else
		run_note(run, "this kernel's upper bound is a constant");
}

/* Exact to a jiffy: tcpi_rttvar reports a quarter of the variance, rounded. No
 * allowance for the machine, because its delays are part of the RTT. */
static void expect_first_rto(struct run *run, const struct predict_tcp *tcp)
{
	nsec_t predicted = predict_rto(tcp), jiffy = predict_nsec(1, tcp->hz);

	expect_that(run, tcp->rto >= predicted && tcp->rto <= predicted + jiffy,
		    "the first RTO is the RTT plus the bound of the variance",
		    "%.3f s, predicted %.3f s", nsec_seconds(tcp->rto),
		    nsec_seconds(predicted));
	expect_that(run, tcp->rto > tcp->rto_min,
		    "the first RTO is larger than the bound of the variance",
		    "%.3f s, bound %.3f s", nsec_seconds(tcp->rto),
		    nsec_seconds(tcp->rto_min));
}

/* The shortest and the longest time between two transmissions. */
static void measure_intervals(struct run *run, struct mark sent)
{
	nsec_t least = NSEC_NEVER, most = 0, before = 0;
	const struct wire_capture *seen;

	for (unsigned int i = 1;; i++) {
		seen = frames_nth(
			run, sent,
			FRAMES(FROM("client"), KIND(WIRE_RETRANSMISSION)), i);
		if (!seen)
			break;
		least = MIN(least, frames_after(sent, seen) - before);
		most = MAX(most, frames_after(sent, seen) - before);
		before = frames_after(sent, seen);
	}
	if (!before)
		return;
	run_measured(run, "rto_least_s", nsec_seconds(least));
	run_measured(run, "rto_most_s", nsec_seconds(most));
}

static void script(struct run *run)
{
	struct pair tcp = sock_pair(run);
	struct predict_tcp inputs = forecast_inputs(tcp.client);
	struct prediction *prediction = forecast_give_up(tcp.client);
	struct finding got;
	struct mark sent;

	expect_snmp_constants(run, &inputs);
	expect_upper_bound(run, tcp.client, &inputs);
	expect_first_rto(run, &inputs);
	sock_post_recv(tcp.client);

	fault_crash(run, "server");
	sent = mark_now(run);
	sock_send(tcp.client, 100);
	mark_done(run, &sent);
	got = sock_reap(tcp.client, prediction->elapsed.max + SEC(1));
	expect_gives_up(&got, sent, prediction);
	measure_intervals(run, sent);
}

CASE(rto_bounds) = {
	.name = "rto-bounds",
	.claim = "the RTO lies between 200 ms and 120 s by default, for any "
		 "HZ; sysctls change both bounds",
	.judgements = CLAIMS(
		{ "A7", DOCUMENT_RIGHT,
		  "HZ / 5 and 120 * HZ jiffies are 200 ms and 120 s for any "
		  "HZ: TCP_RTO_MIN, TCP_RTO_MAX" },
		{ "A7", DOCUMENT_WRONG,
		  "HZ is 1000 only where CONFIG_HZ says so; 2.6.13 made it a "
		  "choice, with 250 as the default" }),
	.why = "the bounds are counted in jiffies of 1 / HZ; they are the "
	       "defaults of two sysctls since 6.11 and 6.15",
	.sources =
		"RFC 6298 2.4, 2.5; include/net/tcp.h:tcp_rto_min(), "
		"tcp_rto_max(); "
		"net/ipv4/tcp_input.c:tcp_rtt_estimator(); kernel/Kconfig.hz",
	.steps = STEPS("a connection; the kernel's own bounds are read",
		       "the server host crashes",
		       "the client sends, and the RTOs are measured"),
	.expect = "RTOs of 200 ms and more; shorter ones with tcp_rto_min_us; "
		  "none above tcp_rto_max_ms",
	.shows = SHOWS("hz", "snmp_rto_min_ms", "snmp_rto_max_ms",
		       "tcp_rto_max_ms", "rto_least_s", "rto_most_s"),
	.world = &world_pair,
	.settings = SYSCTLS({ "client", "net.ipv4.tcp_early_retrans", 0 }),
	.variants = VARIANTS(
		{ "defaults",
		  "the kernel's own bounds, with tcp_retries2 of 2: the first "
		  "RTO is 200 ms plus the RTT, rounded up to a jiffy",
		  SYSCTLS({ "client", "net.ipv4.tcp_retries2", 2 }),
		  .duration = MSEC(3200) },
		{ "rto-min=20ms",
		  "tcp_rto_min_us is 20 ms, with tcp_retries2 of 2: the first "
		  "RTO is shorter than 200 ms, and more retransmissions fit "
		  "into the same timeout",
		  SYSCTLS({ "client", "net.ipv4.tcp_retries2", 2 },
			  { "client", "net.ipv4.tcp_rto_min_us", 20000 }),
		  .duration = MSEC(2000),
		  .judgements = CLAIMS(
			  { "A7", DOCUMENT_OUTDATED,
			    "the minimum is a default: a route's rto_min "
			    "changes it (05bb1fad1cde), and since 6.11 "
			    "net.ipv4.tcp_rto_min_us, as here: tcp_rto_min()",
			    "2.6.23" }) },
		{ "rto-max=1s",
		  "tcp_rto_max_ms is 1 s, with tcp_retries2 of 5: the RTO "
		  "stops doubling at 1 s",
		  SYSCTLS({ "client", "net.ipv4.tcp_retries2", 5 },
			  { "client", "net.ipv4.tcp_rto_max_ms", 1000 }),
		  .duration = MSEC(5800),
		  .judgements = CLAIMS(
			  { "A7", DOCUMENT_OUTDATED,
			    "the maximum is a default that "
			    "net.ipv4.tcp_rto_max_ms changes: tcp_rto_max()",
			    "6.15" }) }),
	.changes = CHANGES(CHANGE_RTO_MIN, CHANGE_RTO_MAX),
	.duration = SEC(4),
	.script = script,
};
