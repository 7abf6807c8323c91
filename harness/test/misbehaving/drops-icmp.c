/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Connects until an ICMP message arrives while connect() still has the socket,
 * so that the kernel does not act on it. This takes two CPUs and some luck.
 * Every other attempt must end with the error of the message.
 */
#include "misbehaving.h"

enum { PROBES = 10, TRIES = 1000 /* of each; a probe has 4096 sockets */ };

/* Returns whether a message was dropped, or something else is wrong. */
static bool connect_until_dropped(struct run *run, struct probe *probe,
				  const struct sock *listener)
{
	for (int i = 0; i < TRIES; i++) {
		struct sock *client = sock_post_connect(probe, listener);
		struct finding got = sock_reap(client, MSEC(100));

		if (got.error != ECONNREFUSED) {
			run->unexplained = !got.open;
			expect_error(&got, ECONNREFUSED);
			return true;
		}
		sock_close(client);
	}
	return false;
}

static void script(struct run *run)
{
	struct sock *listener = sock_listen(probe_start(run, "server"), 1);

	fault_reject(run, FRAMES(FROM("client"), KIND(WIRE_SYN)),
		     WIRE_ANSWER_PORT);
	for (int i = 0; i < PROBES; i++)
		if (connect_until_dropped(run, probe_start(run, "client"),
					  listener))
			return;
	run_skip(run, "no message arrived during a call");
}

MISBEHAVING(drops_icmp) = {
	.name = "drops-icmp",
	.claim = "every ICMP message ends its connect()",
	.world = &world_pair,
	.script = script,
	.no_fault = true,
};
