/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Has a real program beside its connection, and waits: time for somebody to
 * kill it, or to look at what it may do. */
#include "misbehaving.h"
#include "program-control.h"

static void script(struct run *run)
{
	static const char *const argv[] = { "sleep", "1000", NULL };
	struct pair tcp = sock_pair(run);

	program_start(HERE(run), "server", argv);
	sock_post_recv(tcp.client);
	run_pass(HERE(run), run->job->variant->duration);
	expect_nothing_bad(run);
}

MISBEHAVING(runs_program) = {
	.name = "runs-program",
	.claim = "it is left alone",
	.world = &world_pair,
	.needs = NEEDS({ .program = "sleep" }),
	.settings = SYSCTLS({ NULL, "net.ipv4.tcp_orphan_retries", 1 }),
	.variants = VARIANTS({ "short", .duration = MSEC(300) },
			     { "long", .duration = SEC(60), .slow = true }),
	.script = script,
	.no_fault = true,
};
