/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One of two expectations does not hold; the other one runs all the same. */
#include "misbehaving.h"

static void script(struct run *run)
{
	expect_that(HERE(run), false, "the moon is made of cheese", "stone");
	expect_nothing_bad(run);
}

MISBEHAVING(fails) = {
	.name = "fails",
	.claim = "the moon is made of cheese",
	.world = &world_pair,
	.script = script,
	.no_fault = true,
};
