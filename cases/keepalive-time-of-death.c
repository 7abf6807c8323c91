/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How long until a dead host is found? tcp_keepalive_timer() knows nothing of
 * the death: it counts from the last segment that came
 * (keepalive_time_elapsed()), here the server's last byte, and from there it is
 * time + intvl * probes, whenever the host died in between. Counted from the
 * death it can be less by almost the whole keepalive_time, and it is never more
 * than the sum (and the granules). Nothing is as late as a host that dies right
 * after its last segment.
 *
 * The sum is no lower limit either for a host that came back: the first probe
 * meets a machine without memory, tcp_v4_send_reset(), and that is the end
 * after keepalive_time alone, by ECONNRESET.
 */
#include "case.h"

/* LATE, in percent of the idle time: 300 ms before the first probe, or 12 min
 * where that comes after two hours. */
enum { TIME = 3, INTVL = 1, PROBES = 2, LATE = 90 };

#define PROBE FROM("client"), KIND(WIRE_KEEPALIVE_PROBE)

static struct range from_death(struct range since_activity, nsec_t idle)
{
	return (struct range){ since_activity.min - idle,
			       since_activity.max - idle };
}

static void stays_dead(struct run *run, struct sock *client,
		       struct mark activity, const struct prediction *forecast)
{
	nsec_t sum = forecast->elapsed.min;
	struct mark death = mark_now(run);
	struct finding got;

	fault_crash(run, "server");
	sock_post_recv(client);
	got = sock_reap(client, forecast->elapsed.max + SEC(1));
	expect_error(&got, ETIMEDOUT);
	expect_took(death, &got,
		    from_death(forecast->elapsed, death.at - activity.at));
	expect_span(run, "from the last activity to the end",
		    got.returned - activity.at, forecast->elapsed);
	if (run_value(run))
		expect_that(run, got.returned - death.at < sum,
			    "the death is found before time + intvl * probes "
			    "have passed",
			    "after %.3f s of %.3f s",
			    nsec_seconds(got.returned - death.at),
			    nsec_seconds(sum));
	expect_frames(run, activity, "probes", FRAMES(PROBE), forecast->probes);
	expect_counter(run, "client", "TCPAbortOnTimeout", 1);
}

static void comes_back(struct run *run, struct sock *client,
		       struct mark activity, const struct prediction *forecast)
{
	struct finding got;

	fault_reboot(run, "server");
	sock_post_recv(client);
	got = sock_reap(client, forecast->rounds[0].at.max + SEC(1));
	expect_error(&got, ECONNRESET);
	expect_took(activity, &got, forecast->rounds[0].at);
	expect_frames(run, activity, "probes", FRAMES(PROBE), 1);
	expect_frames(run, activity, "RST",
		      FRAMES(FROM("server"), KIND(WIRE_RST)), 1);
	expect_counter(run, "client", "TCPAbortOnTimeout", 0);
}

static void script(struct run *run)
{
	struct pair tcp = sock_pair(run);
	const struct prediction *forecast = forecast_keepalive(tcp.client);
	nsec_t time = forecast->rounds[0].interval;
	struct mark activity;
	struct finding got;

	sock_keepalive(tcp.client, true);
	activity = mark_now(run);
	sock_send(tcp.server, 1);
	got = sock_recv(tcp.client, SEC(1));
	expect_that(run, got.size == 1, "the last byte arrives", "%zu",
		    got.size);
	if (run_is_variant(run, "reboots")) {
		comes_back(run, tcp.client, activity, forecast);
	} else {
		run_pass_until(run, activity, time * run_value(run) / 100);
		stays_dead(run, tcp.client, activity, forecast);
	}
	expect_state(tcp.client, DIAG_CLOSE);
}

static const struct judgement of_late[] = {
	{ "A11", DOCUMENT_CONDITIONAL,
	  "keepalive_time_elapsed() counts from the last segment: a host that "
	  "dies late in the idle time is found sooner after its death" },
	{ .claim = NULL },
};

static const struct judgement of_reboot[] = {
	{ "A11", DOCUMENT_CONDITIONAL,
	  "only where nobody answers: a host without memory answers the first "
	  "probe with RST (tcp_v4_send_reset()), after keepalive_time alone" },
	{ .claim = NULL },
};

#define SOON                                                                   \
	.settings =                                                            \
		SYSCTLS({ "client", "net.ipv4.tcp_keepalive_time", TIME },     \
			{ "client", "net.ipv4.tcp_keepalive_intvl", INTVL },   \
			{ "client", "net.ipv4.tcp_keepalive_probes", PROBES })

CASE(keepalive_time_of_death) = {
	.name = "keepalive-time-of-death",
	.claim = "a dead host is found time + intvl * probes after its last "
		 "segment, which is sooner counted from its death",
	.judgements = CLAIMS({ "A11", DOCUMENT_CONDITIONAL,
			       "time + intvl * probes is the least from the "
			       "last segment (keepalive_time_elapsed()), and "
			       "from the death only if that came right after "
			       "it" }),
	.why = "the kernel counts from the last segment that came from the "
	       "peer, since it cannot know when the peer died",
	.sources = "include/net/tcp.h:keepalive_time_elapsed(); "
		   "net/ipv4/tcp_timer.c:tcp_keepalive_timer()",
	.steps = STEPS("SO_KEEPALIVE at the client; the server sends its last "
		       "byte",
		       "the server's machine dies: at once; or 2.7 s later, "
		       "shortly before the first probe; or it comes back",
		       "the client waits"),
	.expect = "ETIMEDOUT not before 3 + 2 * 1 s after the last byte, in "
		  "both; after the death that is 5 s, or only 2.3 s; "
		  "ECONNRESET after 3 s when the host came back; at the "
		  "kernel's own values 7875 s after the last byte in both, and "
		  "after a late death 1395 s",
	.world = &world_pair,
	.variants = VARIANTS(
		{ "early", SOON },
		{ "late", SOON, .value = LATE, .judgements = of_late },
		{ "reboots", SOON, .duration = SEC(TIME),
		  .judgements = of_reboot },
		{ "defaults", .defaults = true, .duration = SEC(8040) },
		{ "late-defaults", .value = LATE, .defaults = true,
		  .duration = SEC(8040), .judgements = of_late }),
	.duration = SEC(TIME + INTVL * PROBES),
	.script = script,
};
