/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The first of two expectations fails; the second one is evaluated, too. */
#include "misbehaving.h"

static void script(struct run *run)
{
	expect_that(run, false, "the moon is made of cheese", "stone");
	expect_true(run);
}

MISBEHAVING(fails) = {
	.name = "fails",
	.claim = "the moon is made of cheese",
	.world = &world_pair,
	.script = script,
	.no_fault = true,
};
