/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Expectations, in a run with a journal and without a world. */
#include "expect-control.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "errors.h"
#include "fd.h"
#include "unit.h"

static const struct run_options options = { .slack = MSEC(50) };
static struct run run;
static int reader;

static void set_up(void)
{
	int fds[2];

	ck_assert_int_eq(pipe(fds), 0);
	reader = fds[0];
	run = (struct run){ .options = &options };
	ck_assert_int_eq(journal_new(&run.journal, fds[1], nsec_now()), 0);
	run_here("../cases/some-case.c", 42);
}

/* The last record in the journal; the caller drops the reference. */
static json_t *last_record(void)
{
	static char text[16384];
	ssize_t n = read(reader, text, sizeof(text));
	json_t *record;
	ssize_t start;

	ck_assert_int_gt(n, 0);
	for (start = n - 1; start > 0 && text[start - 1] != '\n'; start--)
		;
	ck_assert_int_eq(
		journal_parse(&record, text + start, (size_t)(n - start)), 0);
	return record;
}

static void assert_recorded(bool ok, const char *expected, const char *observed)
{
	json_t *record = last_record();

	ck_assert_str_eq(json_string_value(json_object_get(record, "type")),
			 "expectation");
	ck_assert_int_eq(json_is_true(json_object_get(record, "ok")), ok);
	ck_assert_str_eq(json_string_value(json_object_get(record, "expected")),
			 expected);
	ck_assert_str_eq(json_string_value(json_object_get(record, "observed")),
			 observed);
	ck_assert_str_eq(json_string_value(json_object_get(record, "at")),
			 "cases/some-case.c:42");
	json_decref(record);
}

static const struct range five = { SEC(5), SEC(5) + MSEC(128) };

START_TEST(lower_bound_is_exact)
{
	ck_assert(!expect_span(&run, "it", SEC(5) - 1, five));
	assert_recorded(false, "5.000 .. 5.178 s", "5.000000 s");
	/* By a late tick, or by the kernel: the end of the run decides. */
	ck_assert(run.only_times_failed);
	ck_assert_int_eq(run.early, 1);
	ck_assert_int_eq(run.excess, 0);
	ck_assert(expect_span(&run, "it", SEC(5), five));
	ck_assert_uint_eq(run.failed, 1);
	ck_assert_uint_eq(run.expectations, 2);
}
END_TEST

START_TEST(upper_bound_includes_slack)
{
	ck_assert(expect_span(&run, "it", SEC(5) + MSEC(178), five));
	assert_recorded(true, "5.000 .. 5.178 s", "5.178000 s");
	ck_assert(!expect_span(&run, "it", SEC(5) + MSEC(178) + 1, five));
	ck_assert(run.only_times_failed);
	ck_assert_int_eq(run.excess, 1);
}
END_TEST

START_TEST(upper_bound_of_nsec_never_is_no_limit)
{
	const struct range open = { SEC(1), NSEC_NEVER };

	ck_assert(expect_span(&run, "it", NSEC_NEVER - 1, open));
	ck_assert(!expect_span(&run, "it", SEC(1) - 1, open));
	ck_assert_int_eq(run.early, 1);
}
END_TEST

START_TEST(other_failure_is_not_lateness)
{
	ck_assert(!expect_span(&run, "it", SEC(6), five));
	ck_assert(run.only_times_failed);
	ck_assert(!expect_that(&run, false, "other condition", "%d", 3));
	assert_recorded(false, "true", "3");
	ck_assert(!run.only_times_failed);
	ck_assert(expect_that(&run, true, "answered", "no answer"));
	assert_recorded(true, "true", "true");
	ck_assert(expect_that(&run, true, "a port", "port %d", 3));
	assert_recorded(true, "true", "port 3");
	/* Later upper bounds do not change that. */
	ck_assert(!expect_span(&run, "it", SEC(7), five));
	ck_assert(!run.only_times_failed);
	ck_assert_uint_eq(run.failed, 3);
}
END_TEST

START_TEST(largest_excess_is_kept)
{
	expect_span(&run, "it", SEC(7) + MSEC(178), five);
	expect_span(&run, "it", SEC(6) + MSEC(178), five);
	ck_assert(run.only_times_failed);
	ck_assert_int_eq(run.excess, SEC(2));
}
END_TEST

START_TEST(number_is_within_both_bounds)
{
	ck_assert(expect_number(&run, "rounds", 4, 4, 5));
	assert_recorded(true, "4 .. 5", "4");
	ck_assert(expect_number(&run, "rounds", 5, 4, 5));
	ck_assert(!expect_number(&run, "rounds", 6, 4, 5));
	ck_assert(!expect_number(&run, "rounds", 3, 4, 5));
	assert_recorded(false, "4 .. 5", "3");
	ck_assert(!expect_number(&run, "rounds", 0, 1, 1));
	assert_recorded(false, "1", "0");
	ck_assert(expect_number(&run, "rounds", INT64_MAX, 1, INT64_MAX));
	assert_recorded(true, "1 or more", "9223372036854775807");
}
END_TEST

START_TEST(outcome_names_each_finding)
{
	static const struct {
		struct finding finding;
		const char *outcome;
	} table[] = {
		{ { .call = "recv", .open = true }, "OPEN" },
		{ { .call = "recv", .value = -1, .error = ETIMEDOUT },
		  "ETIMEDOUT" },
		{ { .call = "recv", .value = 0 }, "EOF" },
		{ { .call = "recv", .value = 7 }, "DATA" },
		{ { .call = "send", .value = 7 }, "0" },
		{ { .call = "connect", .value = -1, .error = ECONNREFUSED },
		  "ECONNREFUSED" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		ck_assert_str_eq(finding_outcome(&table[i].finding),
				 table[i].outcome);
}
END_TEST

START_TEST(variant_row_is_found_by_name)
{
	static const struct {
		const char *variant;
		int value;
	} rows[] = { { "first", 1 }, { "second", 2 } };
	const struct variant variant = { "second" };
	const struct run_job job = { .variant = &variant };

	run.job = &job;
	ck_assert_int_eq(VARIANT_ROW(&run, rows)->value, 2);
}
END_TEST

static const TTest *const *const tests[] = {
	&lower_bound_is_exact,
	&upper_bound_includes_slack,
	&upper_bound_of_nsec_never_is_no_limit,
	&other_failure_is_not_lateness,
	&largest_excess_is_kept,
	&number_is_within_both_bounds,
	&outcome_names_each_finding,
	&variant_row_is_found_by_name,
};

int main(void)
{
	return unit_run("expect", tests, ARRAY_SIZE(tests), set_up);
}
