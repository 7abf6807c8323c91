/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one that behaves: what a case costs that does nothing. */
#include "misbehaving.h"

static void script(struct run *run)
{
	expect_nothing_bad(run);
}

MISBEHAVING(passes) = {
	.name = "passes",
	.claim = "nothing is claimed and nothing is wrong",
	.world = &world_pair,
	.script = script,
	.no_fault = true,
};
