/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How long keepalive needs to detect a dead host. tcp_keepalive_timer() counts
 * from the last received segment (keepalive_time_elapsed()), here the server's
 * last byte, and the connection ends time + intvl * probes later, whenever the
 * host crashed in between. Counted from the crash this is less, by up to almost
 * keepalive_time, and at most the sum plus the granularity of the timer wheel:
 * a host that crashes right after its last segment is detected latest.
 *
 * A host that has rebooted is detected before the sum is over: it answers the
 * first probe with RST (tcp_v4_send_reset()), so the connection ends after
 * keepalive_time with ECONNRESET.
 */
#include "case.h"

/* LATE, in percent of the idle time: 300 ms before the first probe, or 12 min
 * with the default of two hours. */
enum { TIME = 3, INTVL = 1, PROBES = 2, LATE = 90 };

#define PROBE FROM("client"), KIND(WIRE_KEEPALIVE_PROBE)

static void server_crashes(struct run *run, struct sock *client,
			   struct mark activity,
			   const struct prediction *forecast)
{
	struct range sum = forecast->elapsed, from_crash;
	struct mark crash = mark_now(run);
	struct finding got;

	fault_crash(run, "server");
	sock_post_recv(client);
	got = sock_reap(client, sum.max + SEC(1));
	expect_error(&got, ETIMEDOUT);
	from_crash = (struct range){ sum.min - (crash.at - activity.at),
				     sum.max - (crash.at - activity.at) };
	expect_took(crash, &got, from_crash);
	expect_span(run, "from the last activity to the error",
		    got.returned - activity.at, sum);
	if (run_value(run))
		expect_that(run, got.returned - crash.at < sum.min,
			    "the crash is detected sooner than time + intvl * "
			    "probes after it",
			    "after %.3f s of %.3f s",
			    nsec_seconds(got.returned - crash.at),
			    nsec_seconds(sum.min));
	expect_frames(run, activity, "probes", FRAMES(PROBE), forecast->probes);
	expect_counter(run, "client", "TCPAbortOnTimeout", 1);
}

static void server_reboots(struct run *run, struct sock *client,
			   struct mark activity,
			   const struct prediction *forecast)
{
	struct finding got;

	fault_reboot(run, "server");
	sock_post_recv(client);
	got = sock_reap(client, forecast->rounds[0].at.max + SEC(1));
	expect_error(&got, ECONNRESET);
	expect_took(activity, &got, forecast->rounds[0].at);
	expect_frames(run, activity, "probes", FRAMES(PROBE), 1);
	expect_frames(run, activity, "RSTs from the server",
		      FRAMES(FROM("server"), KIND(WIRE_RST)), 1);
	expect_counter(run, "client", "TCPAbortOnTimeout", 0);
}

static void script(struct run *run)
{
	struct pair tcp = sock_pair(run);
	const struct prediction *forecast =
		forecast_keepalive_after_activity(tcp.client);
	nsec_t time = forecast->rounds[0].interval;
	struct mark activity;

	sock_keepalive(tcp.client, true);
	activity = mark_now(run);
	expect_delivery(tcp.server, tcp.client, 1);
	if (run_is_variant(run, "reboots")) {
		server_reboots(run, tcp.client, activity, forecast);
	} else {
		run_pass_until(run, activity, time * run_value(run) / 100);
		server_crashes(run, tcp.client, activity, forecast);
	}
	expect_state(tcp.client, DIAG_CLOSE);
}

static const struct judgement of_late[] = {
	{ "A11", DOCUMENT_CONDITIONAL,
	  "keepalive_time_elapsed() counts from the last segment: a host that "
	  "crashes late in the idle time is detected sooner after its crash" },
	{ .claim = NULL },
};

#define SHORT_TIMES                                                            \
	.settings =                                                            \
		SYSCTLS({ "client", "net.ipv4.tcp_keepalive_time", TIME },     \
			{ "client", "net.ipv4.tcp_keepalive_intvl", INTVL },   \
			{ "client", "net.ipv4.tcp_keepalive_probes", PROBES })

CASE(keepalive_time_of_death) = {
	.name = "keepalive-time-of-death",
	.claim = "a dead host is detected time + intvl * probes after its last "
		 "segment, which is sooner when counted from its crash",
	.judgements =
		CLAIMS({ "A11", DOCUMENT_CONDITIONAL,
			 "time + intvl * probes is the minimum from the last "
			 "segment (keepalive_time_elapsed()), and from the "
			 "crash only if it came right after that segment" }),
	.why = "the kernel counts from the last segment received from the "
	       "peer, since a crash sends nothing",
	.sources = "include/net/tcp.h:keepalive_time_elapsed(); "
		   "net/ipv4/tcp_timer.c:tcp_keepalive_timer()",
	.steps = STEPS(
		"SO_KEEPALIVE at the client; the server sends its last byte",
		"the server's host crashes at once; or 2.7 s later, shortly "
		"before the first probe; or it reboots",
		"the client blocks in recv()"),
	.expect = "early and late: ETIMEDOUT 3 + 2 * 1 s after the last byte, "
		  "which is 5 s after an early crash and 2.3 s after a late "
		  "one; reboots: ECONNRESET after 3 s; with the kernel's "
		  "default values ETIMEDOUT 7875 s after the last byte, 1395 s "
		  "after a late crash",
	.world = &world_pair,
	.variants = VARIANTS(
		{ "early",
		  "the host crashes right after its last byte: 5 s pass from "
		  "the crash to ETIMEDOUT",
		  SHORT_TIMES },
		{ "late",
		  "the host crashes 2.7 s after its last byte, at 90 % of "
		  "tcp_keepalive_time: only 2.3 s pass from the crash to "
		  "ETIMEDOUT",
		  SHORT_TIMES, .value = LATE, .judgements = of_late },
		{ "reboots",
		  "the host reboots right after its last byte and answers the "
		  "first probe with RST: ECONNRESET after tcp_keepalive_time, "
		  "3 s",
		  SHORT_TIMES, .duration = SEC(TIME),
		  .judgements = CLAIMS(
			  { "A11", DOCUMENT_CONDITIONAL,
			    "only if nobody answers: a rebooted host answers "
			    "the first probe with RST (tcp_v4_send_reset()), "
			    "after keepalive_time alone" }) },
		{ "defaults",
		  "like early, at the kernel's default values: 7875 s pass "
		  "from the crash to ETIMEDOUT",
		  .defaults = true, .duration = SEC(8040) },
		{ "late-defaults",
		  "like late, at the kernel's default values: the host crashes "
		  "6480 s after its last byte, and 1395 s pass from the crash "
		  "to ETIMEDOUT",
		  .value = LATE, .defaults = true, .duration = SEC(8040),
		  .judgements = of_late }),
	.duration = SEC(TIME + INTVL * PROBES),
	.script = script,
};
