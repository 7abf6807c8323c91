/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "process.h"

#include <sched.h>
#include <sys/resource.h>

#include "unit.h"

static struct rlimit files(void)
{
	struct rlimit limit;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	return limit;
}

static void set_files(rlim_t soft, rlim_t hard)
{
	const struct rlimit limit = { soft, hard };

	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

/* check runs each test in its own process: a lowered hard limit stays. */
START_TEST(the_hard_limit_bounds_the_soft_limit)
{
	set_files(40, 100);
	process_raise_limits();
	ck_assert_uint_eq(files().rlim_cur, 100);
	ck_assert_uint_eq(files().rlim_max, 100);
	process_restore_file_limit();
	ck_assert_uint_eq(files().rlim_cur, 40);
}
END_TEST

START_TEST(a_sufficient_limit_is_not_changed)
{
	rlim_t hard = files().rlim_max;

	if (hard < 5000)
		return;
	set_files(5000, hard);
	process_raise_limits();
	ck_assert_uint_eq(files().rlim_cur, 5000);
	process_restore_file_limit();
	ck_assert_uint_eq(files().rlim_cur, 5000);
}
END_TEST

START_TEST(a_second_call_keeps_the_original_limit)
{
	set_files(40, 100);
	process_raise_limits();
	process_raise_limits();
	process_restore_file_limit();
	ck_assert_uint_eq(files().rlim_cur, 40);
}
END_TEST

START_TEST(pinning_leaves_the_current_cpu)
{
	cpu_set_t before, after;

	ck_assert_int_eq(sched_getaffinity(0, sizeof(before), &before), 0);
	process_pin_cpu();
	ck_assert_int_eq(sched_getaffinity(0, sizeof(after), &after), 0);
	ck_assert_int_eq(CPU_COUNT(&after), 1);
	ck_assert(CPU_ISSET(sched_getcpu(), &after));
	CPU_AND(&before, &before, &after);
	ck_assert(CPU_EQUAL(&before, &after));
}
END_TEST

static const TTest *const *const tests[] = {
	&the_hard_limit_bounds_the_soft_limit,
	&a_sufficient_limit_is_not_changed,
	&a_second_call_keeps_the_original_limit,
	&pinning_leaves_the_current_cpu,
};

int main(void)
{
	return unit_run("process", tests, ARRAY_SIZE(tests), NULL);
}
