/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "matrix-row.h"

#include <linux/version.h>
#include <stdlib.h>

#include "fake.h"
#include "macro.h"
#include "suite.h"
#include "unit.h"

enum { OLD, NEW, NEWER, KERNELS };

/* FAKE_DATA knows of changes in 6.5 and 6.11. */
static struct result *ended(const char *outcome, double min, double max)
{
	struct result *result = fake_new(FAKE_DATA, -1);

	fake_take(result, 1, "predicted", "{s:s, s:f}", "name", "elapsed_s",
		  "value", min);
	fake_take(result, 1, "predicted", "{s:s, s:f}", "name", "elapsed_max_s",
		  "value", max);
	fake_take(result, 2, "measured", "{s:s, s:f}", "name", "elapsed_s",
		  "value", min + 0.01);
	fake_take(result, 2, "measured", "{s:s, s:s}", "name", "outcome",
		  "value", outcome);
	fake_verdict(result, "pass", "", false);
	return result;
}

static struct result *without_result(const char *verdict)
{
	struct result *result = fake_new(FAKE_DATA, -1);

	fake_verdict(result, verdict, "the reason", false);
	return result;
}

/* Takes the results. */
static char *row(struct result *old, struct result *new, struct result *newer,
		 bool *unexpected)
{
	struct result *const results[KERNELS] = { old, new, newer };
	const struct matrix_cell cells[KERNELS] = {
		[OLD] = { old, "6.1.1", KERNEL_VERSION(6, 1, 0) },
		[NEW] = { new, "6.12.2", KERNEL_VERSION(6, 12, 0) },
		[NEWER] = { newer, "6.13.3", KERNEL_VERSION(6, 13, 0) },
	};
	char *text;

	*unexpected = false;
	text = matrix_row_differences(cells, KERNELS, unexpected);
	ck_assert(text != NULL);
	for (size_t i = 0; i < KERNELS; i++)
		result_free(results[i]);
	return text;
}

START_TEST(times_are_no_difference)
{
	bool unexpected;
	char *text = row(ended("ETIMEDOUT", 6.1, 6.5),
			 ended("ETIMEDOUT", 6.2, 6.7),
			 ended("ETIMEDOUT", 6.3, 6.4), &unexpected);

	ck_assert_str_eq(text, "");
	ck_assert(!unexpected);
	free(text);
}
END_TEST

START_TEST(times_that_were_predicted_apart_are)
{
	bool unexpected;
	char *text = row(ended("ETIMEDOUT", 6.1, 6.5),
			 ended("ETIMEDOUT", 6.1, 6.5),
			 ended("ETIMEDOUT", 9.1, 9.5), &unexpected);

	ck_assert_str_eq(text, "unexpected between 6.12.2 and 6.13.3: "
			       "elapsed_s 6.11, then 9.11");
	ck_assert(unexpected);
	free(text);
}
END_TEST

START_TEST(a_change_explains_a_difference)
{
	bool unexpected;
	char *text = row(ended("ETIMEDOUT", 6, 7), ended("EOF", 6, 7),
			 ended("EOF", 6, 7), &unexpected);

	ck_assert_str_eq(text, "as expected since 6.5 (ccce324dabfe): SYNs "
			       "come sooner; as expected since 6.11: and "
			       "another way");
	ck_assert(!unexpected);
	free(text);
}
END_TEST

START_TEST(no_change_no_explanation)
{
	bool unexpected;
	char *text = row(ended("EOF", 6, 7), ended("EOF", 6, 7),
			 ended("ETIMEDOUT", 6, 7), &unexpected);

	ck_assert_str_eq(text, "unexpected between 6.12.2 and 6.13.3: outcome "
			       "EOF, then ETIMEDOUT");
	ck_assert(unexpected);
	free(text);
}
END_TEST

START_TEST(a_skip_is_a_difference)
{
	bool unexpected;
	char *text = row(without_result("skip"), ended("EOF", 6, 7),
			 without_result("skip"), &unexpected);

	assert_has(text, "as expected since 6.5");
	assert_has(text, "unexpected between 6.12.2 and 6.13.3: PASS, then "
			 "SKIP: the reason");
	ck_assert(unexpected);
	free(text);
}
END_TEST

START_TEST(a_skip_names_its_change)
{
	struct result *skip = fake_new(FAKE_DATA, -1);
	bool unexpected;
	char *text;

	fake_verdict(skip, "skip", "no sysctl and another way", false);
	text = row(skip, ended("EOF", 6, 7), ended("EOF", 6, 7), &unexpected);
	ck_assert_str_eq(text, "as expected since 6.11: and another way");
	ck_assert(!unexpected);
	free(text);
}
END_TEST

START_TEST(no_change_excuses_a_failure)
{
	bool unexpected;
	char *text = row(ended("EOF", 6, 7), without_result("fail"),
			 ended("EOF", 6, 7), &unexpected);

	ck_assert_str_eq(text, "unexpected: FAIL on 6.12.2: the reason");
	ck_assert(unexpected);
	free(text);
}
END_TEST

START_TEST(a_failure_tells_what_was_seen)
{
	bool unexpected;
	char *text = row(fake_fail(), fake_fail(), fake_fail(), &unexpected);

	assert_has(text, "unexpected: FAIL on 6.1.1: ");
	assert_has(text, ": expected ");
	assert_has(text, ", observed ");
	free(text);
}
END_TEST

START_TEST(broken_says_nothing_of_a_kernel)
{
	bool unexpected;
	char *text = row(ended("ETIMEDOUT", 6, 7), without_result("broken"),
			 ended("EOF", 6, 7), &unexpected);

	assert_has(text,
		   "no result on 6.12.2: the reason; as expected since 6.5");
	ck_assert(!unexpected);
	free(text);
}
END_TEST

START_TEST(cells_have_what_differs)
{
	struct result *a = ended("EOF", 6, 7), *b = ended("EOF", 6, 7);
	const struct matrix_cell cells[] = {
		{ a, "6.1.1", KERNEL_VERSION(6, 1, 0) },
		{ b, "6.12.2", KERNEL_VERSION(6, 12, 0) },
		{ NULL, "?", 0 },
	};
	char text[128];

	fake_take(a, 3, "measured", "{s:s, s:s}", "name", "reads", "value",
		  "old");
	fake_take(b, 3, "measured", "{s:s, s:s}", "name", "reads", "value",
		  "new");
	matrix_row_text(cells, ARRAY_SIZE(cells), 0, text, sizeof(text));
	ck_assert_str_eq(text, "EOF, 6.01 s, reads old");
	matrix_row_text(cells, ARRAY_SIZE(cells), 2, text, sizeof(text));
	ck_assert_str_eq(text, "?");
	matrix_row_text(cells, 1, 0, text, sizeof(text));
	ck_assert_str_eq(text, "EOF, 6.01 s");
	result_free(a);
	result_free(b);
}
END_TEST

static const TTest *const *const tests[] = {
	&times_are_no_difference,
	&times_that_were_predicted_apart_are,
	&a_change_explains_a_difference,
	&no_change_no_explanation,
	&a_skip_is_a_difference,
	&a_skip_names_its_change,
	&no_change_excuses_a_failure,
	&a_failure_tells_what_was_seen,
	&broken_says_nothing_of_a_kernel,
	&cells_have_what_differs,
};

int main(void)
{
	return unit_run("matrix", tests, ARRAY_SIZE(tests), NULL);
}
