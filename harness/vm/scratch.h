/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A temporary folder that is removed when this process ends, also by SIGKILL: a
 * helper process creates it and removes it with its contents.
 */
#pragma once

#include <sys/types.h>

struct scratch {
	char path[256]; /* "": none */
	pid_t keeper; /* the helper process */
	int fd; /* its end of file tells the keeper to remove the folder */
};

/* Below TMPDIR; if unset, below `parent`; /tmp if that does not exist. */
int scratch_new(struct scratch *ret, const char *parent);

/* Returns when the folder is removed. Accepts one that was never created. */
void scratch_remove(struct scratch *scratch);
