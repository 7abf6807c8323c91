/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "process.h"

#include <sched.h>
#include <stdbool.h>
#include <sys/resource.h>

#include "macro.h"

/* Twice what 200 concurrent runs use. RLIMIT_NOFILE is inherited through exec,
 * and programs that use select(2) fail with more than 1024 descriptors:
 * therefore it is restored before an exec. */
enum { LIMIT = 4096 };

static struct rlimit files; /* before it was raised */
static bool files_raised;

/* True when the soft limit was changed; `ret_before` has the old one. */
static bool raise_limit(int resource, struct rlimit *ret_before)
{
	struct rlimit limit;

	if (getrlimit((__rlimit_resource_t)resource, &limit) < 0 ||
	    limit.rlim_cur >= MIN(limit.rlim_max, (rlim_t)LIMIT))
		return false;
	*ret_before = limit;
	limit.rlim_cur = MIN(limit.rlim_max, (rlim_t)LIMIT);
	return setrlimit((__rlimit_resource_t)resource, &limit) == 0;
}

void process_raise_limits(void)
{
	struct rlimit processes;

	raise_limit(RLIMIT_NPROC, &processes);
	/* A second call must not store the raised limit as the original. */
	if (!files_raised)
		files_raised = raise_limit(RLIMIT_NOFILE, &files);
}

void process_restore_file_limit(void)
{
	if (files_raised)
		setrlimit(RLIMIT_NOFILE, &files);
}

void process_pin_cpu(void)
{
	int cpu = sched_getcpu();
	cpu_set_t one;

	if (cpu < 0 || cpu >= CPU_SETSIZE)
		return;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	sched_setaffinity(0, sizeof(one), &one);
}
