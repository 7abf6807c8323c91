/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "soft-limits.h"

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

/* Each in a process of its own: a hard limit never comes back. */
START_TEST(no_further_than_the_hard_limit)
{
	set_files(40, 100);
	soft_limits_raise();
	ck_assert_uint_eq(files().rlim_cur, 100);
	ck_assert_uint_eq(files().rlim_max, 100);
	soft_limits_restore_files();
	ck_assert_uint_eq(files().rlim_cur, 40);
}
END_TEST

START_TEST(what_is_enough_stays)
{
	rlim_t hard = files().rlim_max;

	if (hard < 5000)
		return;
	set_files(5000, hard);
	soft_limits_raise();
	ck_assert_uint_eq(files().rlim_cur, 5000);
	soft_limits_restore_files();
	ck_assert_uint_eq(files().rlim_cur, 5000);
}
END_TEST

START_TEST(raising_twice_is_raising_once)
{
	set_files(40, 100);
	soft_limits_raise();
	soft_limits_raise();
	soft_limits_restore_files();
	ck_assert_uint_eq(files().rlim_cur, 40);
}
END_TEST

static const TTest *const *const tests[] = {
	&no_further_than_the_hard_limit,
	&what_is_enough_stays,
	&raising_twice_is_raising_once,
};

int main(void)
{
	return unit_run("soft-limits", tests, ARRAY_SIZE(tests), NULL);
}
