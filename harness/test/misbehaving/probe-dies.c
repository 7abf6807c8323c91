/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A probe is killed from outside while the script waits for a long time. */
#include <signal.h>

#include "misbehaving.h"
#include "probe-control.h"

static void kill_probe(struct run *run, struct probe *probe)
{
	if (run_is_variant(run, "killed"))
		host_signal(run_host(run, "server"), probe_pid(probe), SIGKILL);
	else
		host_signal(run_host(run, "server"), probe_pid(probe), SIGSEGV);
}

static void script(struct run *run)
{
	struct probe *probe = probe_start(run, "server");

	kill_probe(run, probe);
	run_pass(run, SEC(100));
	expect_true(run);
}

MISBEHAVING(probe_dies) = {
	.name = "probe-dies",
	.claim = "the probe lives",
	.world = &world_pair,
	.variants = VARIANTS({ "killed", "SIGKILL ends the probe" },
			     { "crashed", "SIGSEGV ends the probe" }),
	.duration = SEC(100),
	.script = script,
	.no_fault = true,
};
