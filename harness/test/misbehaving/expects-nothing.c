/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A script that expects nothing proves nothing. */
#include "misbehaving.h"

static void script(struct run *run)
{
	run_note(run, "nothing is expected");
}

MISBEHAVING(expects_nothing) = {
	.name = "expects-nothing",
	.claim = "none",
	.world = &world_pair,
	.script = script,
	.no_fault = true,
};
