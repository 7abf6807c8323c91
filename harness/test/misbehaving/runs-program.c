/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs a program beside a connection and waits, for tests that kill it or read
 * its privileges. */
#include "misbehaving.h"

static void script(struct run *run)
{
	static const char *const argv[] = { "sleep", "1000", NULL };
	struct pair tcp = sock_pair(run);

	program_start(run, "server", argv);
	sock_post_recv(tcp.client);
	run_pass(run, run->job->variant->duration);
	expect_true(run);
}

MISBEHAVING(runs_program) = {
	.name = "runs-program",
	.claim = "nothing ends the run from outside",
	.world = &world_pair,
	.needs = NEEDS({ .program = "sleep" }),
	.settings = SYSCTLS({ NULL, "net.ipv4.tcp_orphan_retries", 1 }),
	.variants = VARIANTS({ "short", "the program runs for 0.3 s",
			       .duration = MSEC(300) },
			     { "long",
			       "the program runs for 60 s, so that the run can "
			       "be ended meanwhile",
			       .duration = SEC(60), .slow = true }),
	.script = script,
	.no_fault = true,
};
