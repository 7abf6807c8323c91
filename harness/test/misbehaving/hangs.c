/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Waits for ever: the time limit ends it. */
#include "misbehaving.h"

static void script(struct run *run)
{
	run_wait(run, NULL, NULL, NSEC_NEVER);
}

MISBEHAVING(hangs) = {
	.name = "hangs",
	.claim = "it ends",
	.world = &world_pair,
	.duration = SEC(1),
	.script = script,
	.no_fault = true,
};
