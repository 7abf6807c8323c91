/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is a TSval? Until 4.13 it was the host's own count of ticks (jiffies:
 * HZ a second, 100 to 1000, as the kernel was built). Since then it is
 * tcp_clock_ms(): milliseconds of the monotonic clock, 1000 a second whatever
 * HZ is. (A route with the feature tcp_usec_ts counts microseconds, since 6.7.)
 *
 * With tcp_timestamps=2 that is what the peer sees. With 1, the default, a
 * secret number is added, since 4.10: a hash of the addresses and, but for 4.12
 * to 6.19, of the ports (165573e41f2f, which went to the stable kernels, too).
 * So one host shows different clocks to different peers, and none of them says
 * how long it has been up. It also means that "whose clock is ahead" is a throw
 * of the dice, and no longer a matter of who was booted first.
 *
 * The hosts of this world share a kernel. With tcp_timestamps=2 they show the
 * same clock; two machines would not.
 */
#include "case.h"

enum { SPAN = 2, PER_SECOND = 1000, OFFSET = 1, NO_OFFSET = 2 };

/* Less, in ms, is the time between two segments. */
enum { APART = PER_SECOND };

/* client, and two servers. */
static const struct world_plan two_servers = {
	.hosts = { { "client", "10.0.0.1", "fd00::1" },
		   { "server", "10.0.0.2", "fd00::2" },
		   { "server-b", "10.0.0.3", "fd00::3" } },
};

/* A segment and its TSval, which the kernel read from its clock between the
 * call and the wire. */
struct sample {
	nsec_t before, at;
	uint32_t tsval;
};

static struct sample sends(struct sock *sock)
{
	struct run *run = sock_run(sock);
	struct mark before = mark_now(run);
	const struct wire_capture *seen;

	sock_send(sock, 1);
	seen = frames_wait(run, before,
			   FRAMES(FROM(sock_host(sock)), KIND(WIRE_DATA),
				  .from_port = sock_local_port(sock)),
			   1, SEC(1));
	if (!expect_that(run, seen && seen->frame.tcp.has_timestamps,
			 "the segment has a timestamp", "%s",
			 seen ? "none" : "no segment"))
		return (struct sample){ before.at, before.at, 0 };
	return (struct sample){ before.at, seen->at, seen->frame.tcp.tsval };
}

/* Whole milliseconds between two moments of which each lies in its bracket. */
static void expect_ticks(struct run *run, const char *name, struct sample first,
			 struct sample second)
{
	int64_t ticks = (int32_t)(second.tsval - first.tsval);
	nsec_t least = second.before - first.at;
	nsec_t most = second.at - first.before;

	run_measured(run, "tsval_per_s",
		     (double)ticks / nsec_seconds(second.at - first.at));
	expect_number(run, name, ticks, least * PER_SECOND / NSEC_PER_SEC,
		      most * PER_SECOND / NSEC_PER_SEC + 1);
}

/* By how much the TSval is ahead of the milliseconds since the boot. */
static int64_t offset(struct sample sample)
{
	return (int32_t)(sample.tsval - (uint32_t)(sample.at / MSEC(1)));
}

static void expect_plain(struct run *run, const char *what,
			 struct sample sample)
{
	int64_t lag = (sample.at - sample.before) / MSEC(1) + 1;
	int64_t observed = offset(sample);

	expect_that(run, observed >= -lag && observed <= 0, what, "%ld ms off",
		    (long)observed);
}

/* By chance once in four million. */
static void expect_apart(struct run *run, const char *what, struct sample a,
			 struct sample b)
{
	int64_t apart = offset(a) - offset(b);

	expect_that(run, llabs(apart) > APART, what, "%.3f s apart",
		    (double)apart / PER_SECOND);
}

/* No version tells: the ports came back in stable kernels as well. */
static void tell_ports(struct run *run, struct sample a, struct sample b)
{
	bool same = llabs(offset(a) - offset(b)) <= APART;

	run_note(run, "two ports of one server: %.3f s apart",
		 (double)(offset(a) - offset(b)) / PER_SECOND);
	run_measured_text(run, "offset_hashes",
			  same ? "addresses" : "addresses and ports");
	if (kernel_version() >= KERNEL_VERSION(7, 0, 0))
		expect_that(run, !same, "another port, another clock", "%s",
			    same ? "the same" : "another");
}

static struct sock *connect_to(struct probe *client, struct probe *server,
			       struct sock **ret_far)
{
	struct sock *listener = sock_listen(server, 1);
	struct sock *near = sock_connect(client, listener);

	*ret_far = sock_accept(listener);
	return near;
}

static void script(struct run *run)
{
	struct probe *client = probe_start(run, "client");
	struct probe *server = probe_start(run, "server");
	struct probe *server_b = probe_start(run, "server-b");
	struct sock *far, *far_too, *far_b;
	struct sock *near = connect_to(client, server, &far);
	struct sock *near_too = connect_to(client, server, &far_too);
	struct sock *near_b = connect_to(client, server_b, &far_b);
	struct predict_tcp inputs = forecast_inputs(near);
	struct sample first = sends(near), other_port = sends(near_too);
	struct sample other_host = sends(near_b), other_end = sends(far);

	run_predicted(run, "tsval_per_s", PER_SECOND);
	run_note(run, "HZ is %u: so much a second if it were jiffies",
		 inputs.hz);
	run_pass(run, SEC(SPAN));
	expect_ticks(run, "ticks", first, sends(near));
	expect_ticks(run, "ticks_to_server_b", other_host, sends(near_b));
	expect_ticks(run, "ticks_of_server", other_end, sends(far));

	if (run_sysctl(run, "client", "net.ipv4.tcp_timestamps") == NO_OFFSET) {
		expect_plain(run, "it is CLOCK_MONOTONIC in ms", first);
		expect_plain(run, "on every port", other_port);
		expect_plain(run, "to every host", other_host);
		expect_plain(run, "and for every host of this kernel",
			     other_end);
		return;
	}
	expect_apart(run, "another server sees another clock", first,
		     other_host);
	expect_apart(run, "and so does the server's end", first, other_end);
	tell_ports(run, first, other_port);
}

static const struct judgement rate_only[] = {
	{ "B15", DOCUMENT_OUTDATED,
	  "no tick is counted: tcp_clock_ms() tells the milliseconds of the "
	  "monotonic clock, 1000 a second whatever HZ is",
	  "4.13" },
	{ .claim = NULL },
};

CASE(timestamp_clock) = {
	.name = "timestamp-clock",
	.claim = "a TSval is a clock of 1000 Hz whatever HZ is, and by default "
		 "each peer is shown another one",
	.judgements = CLAIMS(
		{ "B15", DOCUMENT_OUTDATED,
		  "no tick is counted: tcp_clock_ms() tells the milliseconds "
		  "of the monotonic clock, 1000 a second whatever HZ is",
		  "4.13" },
		{ "B15", DOCUMENT_OUTDATED,
		  "not the host's own either: a secret hash of the addresses "
		  "(and ports) is added, net/core/secure_seq.c, so that every "
		  "peer sees another clock",
		  "4.10" }),
	.why = "the option needs a clock that goes up evenly, not the time of "
	       "day, and an honest uptime would tell an attacker which patches "
	       "are missing",
	.sources = "RFC 7323 5.4 and 7.1; include/net/tcp.h:tcp_clock_ms(); "
		   "net/core/secure_seq.c; commits 9a568de4818d (4.13), "
		   "95a22caee396 (4.10)",
	.steps = STEPS("a client with two connections to one server and one to "
		       "another server",
		       "a byte on each; 2 s; a byte on each",
		       "the TSvals on the wire beside the wire's own clock"),
	.expect = "1000 a second, to one tick; another server, and the server "
		  "itself, another offset with tcp_timestamps=1; none at all "
		  "with 2: the TSval is CLOCK_MONOTONIC in milliseconds",
	.world = &two_servers,
	.variants = VARIANTS(
		{ "timestamps=1",
		  SYSCTLS({ NULL, "net.ipv4.tcp_timestamps", OFFSET }) },
		{ "timestamps=2",
		  SYSCTLS({ NULL, "net.ipv4.tcp_timestamps", NO_OFFSET }),
		  .judgements = rate_only }),
	.changes = CHANGES({ KERNEL_VERSION(7, 0, 0), "165573e41f2f",
			     "each pair of ports has a clock of its own",
			     .stable = true }),
	.duration = SEC(SPAN),
	.no_fault = true,
	.script = script,
};
