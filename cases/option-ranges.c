/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The values that socket options of TCP's timers accept: tcp_sock_set_syncnt(),
 * tcp_sock_set_keepcnt(), tcp_sock_set_keepintvl(), tcp_sock_set_keepidle() and
 * tcp_sock_set_user_timeout() return EINVAL for others, and the option keeps its
 * value. The limits are MAX_TCP_SYNCNT, MAX_TCP_KEEPCNT, MAX_TCP_KEEPINTVL and
 * MAX_TCP_KEEPIDLE.
 */
#include "case.h"

static const struct {
	const char *name;
	int option, smallest, largest; /* largest 0: none */
} options[] = {
	{ "TCP_SYNCNT", TCP_SYNCNT, 1, 127 },
	{ "TCP_KEEPCNT", TCP_KEEPCNT, 1, 127 },
	{ "TCP_KEEPINTVL", TCP_KEEPINTVL, 1, 32767 },
	{ "TCP_KEEPIDLE", TCP_KEEPIDLE, 1, 32767 },
	{ "TCP_USER_TIMEOUT", TCP_USER_TIMEOUT, 0, 0 },
};

static void expect_set(struct sock *sock, const char *name, int option,
		       int value, int error)
{
	int seen = sock_try_set(sock, IPPROTO_TCP, option, value);

	expect_that(sock_run(sock), seen == error,
		    error ? "a value outside the range is EINVAL" :
			    R_("a value at the limit is accepted"),
		    "%s %d: %s", name, value, seen ? strerror(seen) : "success");
	if (!error)
		expect_that(sock_run(sock),
			    sock_get(sock, IPPROTO_TCP, option) == value,
			    "getsockopt() returns it", "%s %d", name,
			    sock_get(sock, IPPROTO_TCP, option));
}

static void script(struct run *run)
{
	struct sock *sock = sock_open(probe_start(run, "client"));

	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		const char *name = options[i].name;
		int option = options[i].option;

		expect_set(sock, name, option, options[i].smallest, 0);
		expect_set(sock, name, option, options[i].smallest - 1, EINVAL);
		if (!options[i].largest)
			continue;
		expect_set(sock, name, option, options[i].largest, 0);
		expect_set(sock, name, option, options[i].largest + 1, EINVAL);
	}
}

CASE(option_ranges) = {
	.name = "option-ranges",
	.claim = "TCP_SYNCNT and TCP_KEEPCNT take 1 to 127, TCP_KEEPINTVL and "
		 "TCP_KEEPIDLE 1 to 32767 s, TCP_USER_TIMEOUT 0 and more",
	.topic = TOPIC_SOCKET_OPTIONS,
	.why = "larger counts and times would overflow the kernel's fields",
	.sources = "include/net/tcp.h:MAX_TCP_SYNCNT; net/ipv4/tcp.c:"
		   "tcp_sock_set_syncnt(), tcp_sock_set_keepcnt(), "
		   "tcp_sock_set_keepintvl(), tcp_sock_set_user_timeout()",
	.steps = STEPS("each option is set to both limits, and to one below and "
		       "one above"),
	.expect = "success and the same value from getsockopt(), or EINVAL",
	.world = &world_pair,
	.duration = MSEC(10),
	.no_fault = true,
	.script = script,
};
