/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The process ends with status 0 before its verdict. */
#include <unistd.h>

#include "misbehaving.h"

static void script(struct run *run)
{
	expect_true(run);
	_exit(0);
}

MISBEHAVING(exits) = {
	.name = "exits",
	.claim = "it writes its verdict",
	.world = &world_pair,
	.script = script,
	.no_fault = true,
};
