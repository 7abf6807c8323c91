/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "errors.h"

#include <errno.h>
#include <string.h>

#include "unit.h"

START_TEST(origin_stores_message_and_errno)
{
	int r = error_origin(-ENOENT, "open %s", "/nowhere");

	ck_assert_int_eq(r, -ENOENT);
	ck_assert_str_eq(error_message(),
			 "open /nowhere: No such file or directory");
}
END_TEST

START_TEST(refusal_has_no_errno_text)
{
	int r = error_refuse(-EPERM, "not %d of ours", 1);

	ck_assert_int_eq(r, -EPERM);
	ck_assert_str_eq(error_message(), "not 1 of ours");
}
END_TEST

static int inner(void)
{
	return error_origin(-EIO, "inner");
}

static int outer(void)
{
	int r = inner();

	return r < 0 ? error_trace(r) : 0;
}

START_TEST(trail_lists_the_callers)
{
	const char *trail, *arrow;

	ck_assert_int_eq(outer(), -EIO);
	trail = error_trail();
	ck_assert_ptr_eq(strstr(trail, "inner: Input/output error ("), trail);
	ck_assert_ptr_nonnull(strstr(trail, "test-errors.c:"));
	arrow = strstr(trail, " < ");
	ck_assert_ptr_nonnull(arrow);
	ck_assert_ptr_null(strstr(arrow + 1, " < "));
}
END_TEST

START_TEST(new_failure_starts_a_new_trail)
{
	outer();
	error_origin(-EIO, "later");
	ck_assert_ptr_null(strstr(error_trail(), " < "));
}
END_TEST

START_TEST(last_message_may_be_an_argument_of_the_next)
{
	error_refuse(-EIO, "first");
	error_refuse(-EIO, "second, because %s", error_message());
	ck_assert_str_eq(error_message(), "second, because first");
}
END_TEST

START_TEST(long_messages_and_trails_are_truncated)
{
	char text[2000];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	error_origin(-EIO, "%s", text);
	ck_assert_uint_lt(strlen(error_message()), 600);
	for (int i = 0; i < 1000; i++)
		error_trace(-EIO);
	ck_assert_uint_lt(strlen(error_trail()), 2000);
}
END_TEST

START_TEST(path_is_relative_to_the_source)
{
	ck_assert_str_eq(error_path("../../lib/x.c"), "lib/x.c");
	ck_assert_str_eq(error_path("lib/x.c"), "lib/x.c");
}
END_TEST

START_TEST(errno_name_round_trip)
{
	ck_assert_str_eq(error_name(ETIMEDOUT), "ETIMEDOUT");
	ck_assert_int_eq(error_number("ETIMEDOUT"), ETIMEDOUT);
	ck_assert_int_eq(error_number(error_name(EHOSTUNREACH)), EHOSTUNREACH);
	ck_assert_str_eq(error_name(999), "E999");
	ck_assert_str_eq(error_name(0), "E0");
	ck_assert_int_eq(error_number("ENONE"), -1);
}
END_TEST

static const TTest *const *const tests[] = {
	&origin_stores_message_and_errno,
	&refusal_has_no_errno_text,
	&trail_lists_the_callers,
	&new_failure_starts_a_new_trail,
	&last_message_may_be_an_argument_of_the_next,
	&long_messages_and_trails_are_truncated,
	&path_is_relative_to_the_source,
	&errno_name_round_trip,
};

int main(void)
{
	return unit_run("errors", tests, ARRAY_SIZE(tests), NULL);
}
