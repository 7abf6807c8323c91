/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Loops without waiting, with all signals blocked that can be blocked. */
#include <signal.h>

#include "misbehaving.h"

static void script(struct run *run)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	expect_true(run);
	for (volatile int i = 0;; i = !i)
		;
}

MISBEHAVING(spins) = {
	.name = "spins",
	.claim = "it ends",
	.world = &world_pair,
	.duration = SEC(1),
	.script = script,
	.no_fault = true,
};
