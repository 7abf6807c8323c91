/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Passes. Its duration is the cost of a case that does nothing. */
#include "misbehaving.h"

static void script(struct run *run)
{
	expect_true(run);
}

MISBEHAVING(passes) = {
	.name = "passes",
	.claim = "an expectation that always holds",
	.world = &world_pair,
	.script = script,
	.no_fault = true,
};
