/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Must run exclusively. */
#include "misbehaving.h"

static void script(struct run *run)
{
	run_pass(run, run->job->testcase->duration);
	expect_true(run);
}

MISBEHAVING(alone) = {
	.name = "alone",
	.claim = "no other run at the same time",
	.world = &world_pair,
	.duration = MSEC(700),
	.script = script,
	.no_fault = true,
	.exclusive = true,
};
