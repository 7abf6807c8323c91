/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Wants the machine to itself. */
#include "misbehaving.h"

static void script(struct run *run)
{
	run_pass(HERE(run), run->job->testcase->duration);
	expect_nothing_bad(run);
}

MISBEHAVING(alone) = {
	.name = "alone",
	.claim = "nothing runs beside it",
	.world = &world_pair,
	.duration = MSEC(700),
	.script = script,
	.no_fault = true,
	.exclusive = true,
};
