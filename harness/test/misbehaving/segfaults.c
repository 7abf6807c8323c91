/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The script dereferences NULL. Its process is the init of a PID namespace,
 * which only SIGKILL from outside ends, and signals that the kernel forces on
 * it: force_sig_info_to_task(). */
#include <signal.h>

#include "misbehaving.h"

static void script(struct run *run)
{
	volatile int *volatile nowhere = NULL;

	/* Sanitizers install a handler that exits. */
	signal(SIGSEGV, SIG_DFL);
	expect_true(run);
	/* cppcheck-suppress nullPointer ; the purpose of this case */
	*nowhere = 1;
}

MISBEHAVING(segfaults) = {
	.name = "segfaults",
	.claim = "it has no bug",
	.world = &world_pair,
	.script = script,
	.no_fault = true,
};
