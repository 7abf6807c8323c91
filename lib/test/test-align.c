/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "align.h"

#include <stdlib.h>
#include <string.h>

#include "macro.h"
#include "nsec.h"
#include "unit.h"

enum { LONG = 5000 };

/* Describes an alignment: "=" for a common element, "a" or "b" for an element of
 * only one sequence. Also checks that each element occurs once and in order. */
static void describe(const uint64_t *a, size_t n_a, const uint64_t *b,
		     size_t n_b, char *ret)
{
	struct align_step *steps;
	size_t n;
	int next_a = 0, next_b = 0;

	ck_assert_int_eq(align(&steps, &n, a, n_a, b, n_b), 0);
	for (size_t i = 0; i < n; i++) {
		int x = steps[i].a, y = steps[i].b;

		ck_assert(x >= 0 || y >= 0);
		ck_assert(x < 0 || x == next_a++);
		ck_assert(y < 0 || y == next_b++);
		ck_assert(x < 0 || y < 0 || a[x] == b[y]);
		ret[i] = x < 0 ? 'b' : y < 0 ? 'a' : '=';
	}
	ret[n] = '\0';
	ck_assert_int_eq(next_a, (int)n_a);
	ck_assert_int_eq(next_b, (int)n_b);
	free(steps);
}

static const char *texts(const char *a, const char *b)
{
	static char steps[512];
	uint64_t x[256], y[256];
	size_t n_a = strlen(a), n_b = strlen(b);

	for (size_t i = 0; i < n_a; i++)
		x[i] = (uint64_t)a[i];
	for (size_t i = 0; i < n_b; i++)
		y[i] = (uint64_t)b[i];
	describe(x, n_a, y, n_b, steps);
	return steps;
}

START_TEST(common_elements_are_aligned)
{
	ck_assert_str_eq(texts("", ""), "");
	ck_assert_str_eq(texts("abc", "abc"), "===");
	ck_assert_str_eq(texts("", "abc"), "bbb");
	ck_assert_str_eq(texts("abc", ""), "aaa");
	ck_assert_str_eq(texts("abd", "abcd"), "==b=");
	ck_assert_str_eq(texts("abcd", "abd"), "==a=");
	ck_assert_str_eq(texts("abcd", "abxd"), "==ab=");
	ck_assert_str_eq(texts("ab", "xy"), "aabb");
	ck_assert_str_eq(texts("abcde", "cdefg"), "aa===bb");
}
END_TEST

/* The example of Myers' paper: five elements are unmatched. */
START_TEST(few_elements_are_unmatched)
{
	const char *steps = texts("abcabba", "cbabac");
	size_t unmatched = 0;

	for (; *steps; steps++)
		unmatched += *steps != '=';
	ck_assert_uint_eq(unmatched, 5);
}
END_TEST

/* From the dynamic-programming table of the longest common subsequence. */
static size_t fewest_unmatched(const uint64_t *a, size_t n_a,
			       const uint64_t *b, size_t n_b)
{
	static size_t table[64][64];

	for (size_t i = 0; i <= n_a; i++)
		for (size_t j = 0; j <= n_b; j++) {
			if (!i || !j)
				table[i][j] = i + j;
			else if (a[i - 1] == b[j - 1])
				table[i][j] = table[i - 1][j - 1];
			else
				table[i][j] = 1 + MIN(table[i - 1][j],
						      table[i][j - 1]);
		}
	return table[n_a][n_b];
}

START_TEST(the_alignment_is_the_shortest)
{
	srandom(1);
	for (int round = 0; round < 3000; round++) {
		uint64_t a[40], b[40];
		size_t n_a = (size_t)random() % 40, n_b = (size_t)random() % 40;
		size_t unmatched = 0;
		char steps[128];

		for (size_t i = 0; i < 40; i++) {
			a[i] = (uint64_t)random() % 4;
			b[i] = (uint64_t)random() % 4;
		}
		describe(a, n_a, b, n_b, steps);
		for (size_t i = 0; steps[i]; i++)
			unmatched += steps[i] != '=';
		ck_assert_uint_eq(unmatched, fewest_unmatched(a, n_a, b, n_b));
	}
}
END_TEST

START_TEST(long_sequences_are_aligned_quickly)
{
	static uint64_t a[LONG], b[LONG + 1];
	static char steps[2 * LONG + 2];
	nsec_t begin = nsec_now();

	for (size_t i = 0; i < LONG; i++)
		a[i] = b[i] = i % 7;
	b[LONG] = 9;
	b[LONG / 2] = 8;
	describe(a, LONG, b, LONG + 1, steps);
	ck_assert_int_eq(steps[LONG / 2], 'a');
	ck_assert_int_eq(steps[LONG / 2 + 1], 'b');
	ck_assert_int_eq(steps[LONG + 1], 'b');
	/* Without common elements the search gives up; the result has them all. */
	for (size_t i = 0; i < LONG; i++)
		b[i] = 100 + i;
	describe(a, LONG, b, LONG, steps);
	ck_assert_uint_eq(strspn(steps, "a"), LONG);
	ck_assert_int_lt(nsec_now() - begin, SEC(2));
}
END_TEST

static const TTest *const *const tests[] = {
	&common_elements_are_aligned,
	&few_elements_are_unmatched,
	&the_alignment_is_the_shortest,
	&long_sequences_are_aligned_quickly,
};

int main(void)
{
	return unit_run("align", tests, ARRAY_SIZE(tests), NULL);
}
