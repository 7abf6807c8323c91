/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "affinity.h"

#include <sched.h>

void affinity_stay(void)
{
	int cpu = sched_getcpu();
	cpu_set_t one;

	if (cpu < 0 || cpu >= CPU_SETSIZE)
		return;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	sched_setaffinity(0, sizeof(one), &one);
}
