/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Does not even wait, and blocks what signals it may. */
#include <signal.h>

#include "misbehaving.h"

static void script(struct run *run)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	expect_nothing_bad(HERE(run));
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
