/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Leaves processes and sockets behind: daemons in sessions of their own that
 * ignore all signals that can be ignored, and unacknowledged data.
 */
#include "misbehaving.h"

static void start_daemons(struct run *run)
{
	static const char *const argv[] = {
		"sh",
		"-c",
		"for i in 1 2 3; do setsid sh -c "
		"'trap \"\" TERM HUP INT; while :; do sleep 1000; done' & "
		"done; exit 0",
		NULL,
	};
	const struct host_program program = { .exe = -1,
					      .argv = argv,
					      .fds = { -1, -1, -1, -1 } };

	host_start(run_host(run, "server"), &program);
	host_start(run_host(run, "client"), &program);
}

static void script(struct run *run)
{
	struct pair tcp = sock_pair(run);

	start_daemons(run);
	fault_cut(run, "server");
	sock_send(tcp.client, 10000);
	sock_send(tcp.server, 10000);
	probe_fork(tcp.client_probe);
	if (run_is_variant(run, "stays"))
		run_pass(run, SEC(60));
	expect_true(run);
}

MISBEHAVING(leaks) = {
	.name = "leaks",
	.claim = "nothing is left",
	.world = &world_pair,
	.variants = VARIANTS(
		{ "ends",
		  "the script ends while programs and sockets are left" },
		{ "stays",
		  "the script waits for 60 s, so that it can be ended "
		  "meanwhile",
		  .duration = SEC(60), .slow = true }),
	.script = script,
};
