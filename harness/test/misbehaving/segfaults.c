/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The script itself has a bug. Its process is the init of a PID namespace, which
 * no signal ends but SIGKILL from outside, and what the kernel forces on it:
 * force_sig_info_to_task(). */
#include <signal.h>

#include "misbehaving.h"

static void script(struct run *run)
{
	volatile int *volatile nowhere = NULL;

	/* A sanitizer would catch it, and exit. */
	signal(SIGSEGV, SIG_DFL);
	expect_nothing_bad(run);
	/* cppcheck-suppress nullPointer ; that is what this case is for */
	*nowhere = 1;
}

MISBEHAVING(segfaults) = {
	.name = "segfaults",
	.claim = "it has no bug",
	.world = &world_pair,
	.script = script,
	.no_fault = true,
};
