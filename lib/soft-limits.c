/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "soft-limits.h"

#include <stdbool.h>
#include <sys/resource.h>

#include "macro.h"

/* For 200 runs at once: twice what they are counted with. */
enum { WANTED = 4096 };

static struct rlimit files;
static bool files_raised;

/* True when something was. */
static bool raise_one(int resource, struct rlimit *ret_before)
{
	struct rlimit limit;

	if (getrlimit((__rlimit_resource_t)resource, &limit) < 0 ||
	    limit.rlim_cur >= MIN(limit.rlim_max, (rlim_t)WANTED))
		return false;
	*ret_before = limit;
	limit.rlim_cur = MIN(limit.rlim_max, (rlim_t)WANTED);
	return setrlimit((__rlimit_resource_t)resource, &limit) == 0;
}

void soft_limits_raise(void)
{
	struct rlimit processes;

	raise_one(RLIMIT_NPROC, &processes);
	/* Once: what is raised already was never somebody's. */
	if (!files_raised)
		files_raised = raise_one(RLIMIT_NOFILE, &files);
}

void soft_limits_restore_files(void)
{
	if (files_raised)
		setrlimit(RLIMIT_NOFILE, &files);
}
