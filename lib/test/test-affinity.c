/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "affinity.h"

#include <sched.h>

#include "macro.h"
#include "unit.h"

START_TEST(one_processor_is_left)
{
	cpu_set_t before, after;

	ck_assert_int_eq(sched_getaffinity(0, sizeof(before), &before), 0);
	affinity_stay();
	ck_assert_int_eq(sched_getaffinity(0, sizeof(after), &after), 0);
	ck_assert_int_eq(CPU_COUNT(&after), 1);
	ck_assert(CPU_ISSET(sched_getcpu(), &after));
	CPU_AND(&before, &before, &after);
	ck_assert(CPU_EQUAL(&before, &after));
}
END_TEST

static const TTest *const *const tests[] = { &one_processor_is_left };

int main(void)
{
	return unit_run("affinity", tests, ARRAY_SIZE(tests), NULL);
}
