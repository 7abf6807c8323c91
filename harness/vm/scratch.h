/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A temporary folder that does not outlive this process, however it ends: a
 * process beside it makes the folder, and removes it with all that is in it.
 */
#pragma once

#include <sys/types.h>

struct scratch {
	char path[256]; /* "": there is none */
	pid_t keeper;
	int fd; /* closed is the keeper's signal */
};

/* Below TMPDIR; without that below `parent`, and /tmp where there is no such
 * place. */
int scratch_new(struct scratch *ret, const char *parent);

/* Returns when all of it is gone. Takes one that was never made. */
void scratch_remove(struct scratch *scratch);
