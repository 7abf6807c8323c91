/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Has a connection, and waits: time for somebody to kill something. What is
 * orphaned then has short retries, so that it is gone soon. */
#include "misbehaving.h"

static void script(struct run *run)
{
	struct pair tcp = sock_pair(run);

	sock_post_recv(tcp.client);
	run_pass(HERE(run), run->job->variant->duration);
	expect_nothing_bad(run);
}

MISBEHAVING(waits) = {
	.name = "waits",
	.claim = "it is left alone",
	.world = &world_pair,
	.settings = SYSCTLS({ NULL, "net.ipv4.tcp_orphan_retries", 1 }),
	.variants = VARIANTS({ "short", .duration = MSEC(1500) },
			     { "long", .duration = SEC(60), .slow = true }),
	.script = script,
	.no_fault = true,
};
