/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nearest.h"

#include <stdlib.h>

#include "macro.h"
#include "unit.h"

static const char *const names[] = {
	"server-process-crash",	  "server-host-crash-data",
	"server-host-crash-idle", "keepalive-peer-alive",
	"keepalive-not-enabled",  "rto-bounds",
};

START_TEST(distance_counts_each_edit_once)
{
	ck_assert_uint_eq(nearest_distance("same", "same"), 0);
	ck_assert_uint_eq(nearest_distance("", "abc"), 3);
	ck_assert_uint_eq(nearest_distance("abc", ""), 3);
	ck_assert_uint_eq(nearest_distance("abc", "abd"), 1);
	ck_assert_uint_eq(nearest_distance("abc", "ac"), 1);
	ck_assert_uint_eq(nearest_distance("ac", "abc"), 1);
	ck_assert_uint_eq(nearest_distance("abcd", "acbd"), 1);
	ck_assert_uint_eq(nearest_distance("acbd", "abcd"), 1);
	ck_assert_uint_eq(nearest_distance("kitten", "sitting"), 3);
	/* A swapped pair is not changed again. */
	ck_assert_uint_eq(nearest_distance("ca", "abc"), 3);
}
END_TEST

START_TEST(long_names_are_compared_by_prefix)
{
	char a[200] = { 0 }, b[200] = { 0 };

	for (size_t i = 0; i < sizeof(a) - 1; i++)
		a[i] = b[i] = 'x';
	b[150] = 'y';
	ck_assert_uint_eq(nearest_distance(a, b), 0);
	b[3] = 'y';
	ck_assert_uint_eq(nearest_distance(a, b), 1);
}
END_TEST

START_TEST(a_misspelt_name_is_found)
{
	const char *found[3];
	size_t n = nearest_names("server-host-crahs-idle", names,
				 ARRAY_SIZE(names), found, 3);

	ck_assert_uint_ge(n, 2);
	ck_assert_str_eq(found[0], "server-host-crash-idle");
	ck_assert_str_eq(found[1], "server-host-crash-data");
}
END_TEST

START_TEST(a_substring_finds_every_name_that_contains_it)
{
	const char *found[3];
	size_t n =
		nearest_names("keepalive", names, ARRAY_SIZE(names), found, 3);

	ck_assert_uint_eq(n, 2);
	ck_assert_str_eq(found[0], "keepalive-peer-alive");
	ck_assert_str_eq(found[1], "keepalive-not-enabled");
}
END_TEST

START_TEST(a_misspelt_substring_is_found)
{
	const char *found[3];
	size_t n =
		nearest_names("keepalife", names, ARRAY_SIZE(names), found, 3);

	ck_assert_uint_eq(n, 2);
	ck_assert_str_eq(found[0], "keepalive-peer-alive");
	ck_assert_str_eq(found[1], "keepalive-not-enabled");
}
END_TEST

START_TEST(distant_names_are_left_out_except_the_first)
{
	const char *found[3];

	ck_assert_uint_eq(
		nearest_names("zzz", names, ARRAY_SIZE(names), found, 3), 1);
	ck_assert_uint_eq(nearest_names("zzz", names, 0, found, 3), 0);
	ck_assert_uint_eq(
		nearest_names("rto-bonds", names, ARRAY_SIZE(names), found, 1),
		1);
	ck_assert_str_eq(found[0], "rto-bounds");
}
END_TEST

static const TTest *const *const tests[] = {
	&distance_counts_each_edit_once,
	&long_names_are_compared_by_prefix,
	&a_misspelt_name_is_found,
	&a_substring_finds_every_name_that_contains_it,
	&a_misspelt_substring_is_found,
	&distant_names_are_left_out_except_the_first,
};

int main(void)
{
	return unit_run("nearest", tests, ARRAY_SIZE(tests), NULL);
}
