/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The first try fails, the second one passes (--retry). */
#include "misbehaving.h"

static void script(struct run *run)
{
	expect_that(run, run->job->attempt > 1, "second try", "try %u",
		    run->job->attempt);
}

MISBEHAVING(fails_once) = {
	.name = "fails-once",
	.claim = "the second try passes",
	.world = &world_pair,
	.script = script,
	.no_fault = true,
};
