/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Until 4.13 a TSval was the host's count of ticks (jiffies: HZ a second, 100
 * to 1000, as the kernel was built). Since then it is tcp_clock_ms():
 * milliseconds of the monotonic clock, 1000 a second for any HZ. (A route with
 * the feature tcp_usec_ts counts microseconds, since 6.7.)
 *
 * With tcp_timestamps=2 the peer sees that value. With 1, the default, the
 * kernel adds a secret offset, since 4.10: a hash of the addresses and, except
 * from 4.12 to 6.19, of the ports (165573e41f2f, which went to stable kernels,
 * too). So one host shows different clocks to different peers, and none of
 * them reveals its uptime. It also means that chance decides whose clock is
 * ahead, and no longer which host was booted first.
 *
 * The hosts of this world share a kernel. With tcp_timestamps=2 they show the
 * same clock; two machines would not.
 */
#include "case.h"

enum { SPAN = 2, PER_SECOND = 1000, OFFSET = 1, NO_OFFSET = 2 };

/* In ms: longer than the time between two segments. */
enum { APART = PER_SECOND };

static const struct world_plan two_servers = {
	.hosts = { { "client", "10.0.0.1", "fd00::1" },
		   { "server", "10.0.0.2", "fd00::2" },
		   { "server-b", "10.0.0.3", "fd00::3" } },
};

/* A TSval, which the kernel read from its clock between the call and the wire.
 */
struct sample {
	nsec_t before, at;
	uint32_t tsval;
};

static struct sample send_byte(struct sock *sock)
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

/* Whole milliseconds between two moments that are known to their intervals. */
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

/* By how many ms the TSval is ahead of the monotonic clock. */
static int64_t offset(struct sample sample)
{
	return (int32_t)(sample.tsval - (uint32_t)(sample.at / MSEC(1)));
}

static void expect_no_offset(struct run *run, const char *what,
			     struct sample sample)
{
	int64_t lag = (sample.at - sample.before) / MSEC(1) + 1;
	int64_t observed = offset(sample);

	expect_that(run, observed >= -lag && observed <= 0, what, "%ld ms off",
		    (long)observed);
}

/* Fails by chance once in four million runs. */
static void expect_apart(struct run *run, const char *what, struct sample a,
			 struct sample b)
{
	int64_t apart = offset(a) - offset(b);

	expect_that(run, llabs(apart) > APART, what, "%.3f s apart",
		    (double)apart / PER_SECOND);
}

/* Before 7.0 the version does not tell whether the ports are in the hash:
 * stable kernels have them as well. */
static void report_ports(struct run *run, struct sample a, struct sample b)
{
	double apart_s = (double)(offset(a) - offset(b)) / PER_SECOND;
	bool same = llabs(offset(a) - offset(b)) <= APART;

	run_note(run, "two ports of one server: clocks %.3f s apart", apart_s);
	run_measured_text(run, "offset_hashes",
			  same ? V_("addresses") : V_("addresses and ports"));
	if (kernel_version() >= KERNEL_VERSION(7, 0, 0))
		expect_that(run, !same, "another port sees another clock",
			    "%.3f s apart", apart_s);
}

static struct sock *connect_to(struct probe *client, struct probe *server,
			       struct sock **ret_accepted)
{
	struct sock *listener = sock_listen(server, 1);
	struct sock *sock = sock_connect(client, listener);

	*ret_accepted = sock_accept(listener);
	return sock;
}

static void script(struct run *run)
{
	struct probe *client = probe_start(run, "client");
	struct probe *server = probe_start(run, "server");
	struct probe *server_b = probe_start(run, "server-b");
	struct sock *server_end, *ignored;
	struct sock *to_server = connect_to(client, server, &server_end);
	struct sock *to_other_port = connect_to(client, server, &ignored);
	struct sock *to_server_b = connect_to(client, server_b, &ignored);
	struct predict_tcp inputs = forecast_inputs(to_server);
	struct sample first = send_byte(to_server);
	struct sample other_port = send_byte(to_other_port);
	struct sample other_host = send_byte(to_server_b);
	struct sample other_end = send_byte(server_end);

	run_predicted(run, "tsval_per_s", PER_SECOND);
	run_note(run, "HZ is %u, the rate of a clock that counts jiffies",
		 inputs.hz);
	run_pass(run, SEC(SPAN));
	expect_ticks(run, "ticks", first, send_byte(to_server));
	expect_ticks(run, "ticks_to_server_b", other_host,
		     send_byte(to_server_b));
	expect_ticks(run, "ticks_of_server", other_end, send_byte(server_end));

	if (run_sysctl(run, "client", "net.ipv4.tcp_timestamps") == NO_OFFSET) {
		expect_no_offset(run, "the TSval is CLOCK_MONOTONIC in ms",
				 first);
		expect_no_offset(run, "the same on another port", other_port);
		expect_no_offset(run, "the same to another host", other_host);
		expect_no_offset(run, "the same from another host", other_end);
		return;
	}
	expect_apart(run, "another server sees another clock", first,
		     other_host);
	expect_apart(run, "the server's end has another clock", first,
		     other_end);
	report_ports(run, first, other_port);
}

#define RATE                                                                   \
	{                                                                      \
		"B15", DOCUMENT_OUTDATED,                                      \
			"it counts no ticks: tcp_clock_ms() returns the "      \
			"milliseconds of the monotonic clock, 1000 a second "  \
			"for any HZ",                                          \
			"4.13"                                                 \
	}

CASE(timestamp_clock) = {
	.name = "timestamp-clock",
	.claim = "a TSval is a clock of 1000 Hz for any HZ, and by default "
		 "each peer sees a different one",
	.judgements = CLAIMS(
		RATE,
		{ "B15", DOCUMENT_OUTDATED,
		  "it is not the host's own clock either: a secret hash of the "
		  "addresses (and ports) is added, net/core/secure_seq.c, so "
		  "that every peer sees another clock",
		  "4.10" }),
	.why = "the option needs a clock that advances evenly, not the time of "
	       "day, and the real uptime would show an attacker which patches "
	       "are missing",
	.sources = "RFC 7323 5.4 and 7.1; include/net/tcp.h:tcp_clock_ms(); "
		   "net/core/secure_seq.c; commits 9a568de4818d (4.13), "
		   "95a22caee396 (4.10)",
	.steps = STEPS("a client with two connections to one server and one to "
		       "another server",
		       "a byte on each; 2 s later another byte on each",
		       "the TSvals on the wire are compared with the wire's "
		       "clock"),
	.expect = "1000 a second, to one tick. With tcp_timestamps=1 another "
		  "server, and the server itself, show another offset; with 2 "
		  "there is none: the TSval is CLOCK_MONOTONIC in "
		  "milliseconds",
	.world = &two_servers,
	.variants = VARIANTS(
		{ "timestamps=1",
		  "tcp_timestamps is 1 at all hosts, the default: each peer "
		  "receives timestamps with another offset",
		  SYSCTLS({ NULL, "net.ipv4.tcp_timestamps", OFFSET }) },
		{ "timestamps=2",
		  "tcp_timestamps is 2 at all hosts: there is no offset, and "
		  "each TSval is CLOCK_MONOTONIC in milliseconds",
		  SYSCTLS({ NULL, "net.ipv4.tcp_timestamps", NO_OFFSET }),
		  .judgements = CLAIMS(RATE) }),
	.changes = CHANGES({ KERNEL_VERSION(7, 0, 0), "165573e41f2f",
			     "each pair of ports has its own clock",
			     .stable = true }),
	.duration = SEC(SPAN),
	.no_fault = true,
	.script = script,
};
