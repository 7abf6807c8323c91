/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Has a connection and waits, for tests that kill processes. Orphaned sockets
 * have few retries, so that they are gone soon. */
#include "misbehaving.h"

static void script(struct run *run)
{
	struct pair tcp = sock_pair(run);

	sock_post_recv(tcp.client);
	run_pass(run, run->job->variant->duration);
	expect_true(run);
}

MISBEHAVING(waits) = {
	.name = "waits",
	.claim = "nothing ends the run from outside",
	.world = &world_pair,
	.settings = SYSCTLS({ NULL, "net.ipv4.tcp_orphan_retries", 1 }),
	.variants = VARIANTS({ "short", "the script waits for 1.5 s",
			       .duration = MSEC(1500) },
			     { "long",
			       "the script waits for 60 s, so that the run can "
			       "be ended meanwhile",
			       .duration = SEC(60), .slow = true }),
	.script = script,
	.no_fault = true,
};
