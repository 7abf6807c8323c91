/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Leaves in the middle, as if all were well. */
#include <unistd.h>

#include "misbehaving.h"

static void script(struct run *run)
{
	expect_nothing_bad(run);
	_exit(0);
}

MISBEHAVING(exits) = {
	.name = "exits",
	.claim = "it tells its verdict",
	.world = &world_pair,
	.script = script,
	.no_fault = true,
};
