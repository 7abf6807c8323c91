/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A script without expectations proves nothing: it must not pass. */
#include "misbehaving.h"

static void script(struct run *run)
{
	run_note(run, "no expectation follows");
}

MISBEHAVING(expects_nothing) = {
	.name = "expects-nothing",
	.claim = "none",
	.world = &world_pair,
	.script = script,
	.no_fault = true,
};
