/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "array.h"

#include <stdint.h>
#include <stdlib.h>

#include "unit.h"

START_TEST(elements_survive_growth)
{
	unsigned int *numbers = NULL;
	size_t capacity = 0, moves = 0;

	for (unsigned int i = 0; i < 1000; i++) {
		size_t before = capacity;
		unsigned int *grown = array_grow(numbers, i, &capacity,
						 sizeof(*numbers));

		ck_assert_ptr_nonnull(grown);
		numbers = grown;
		numbers[i] = i;
		moves += capacity != before;
	}
	for (unsigned int i = 0; i < 1000; i++)
		ck_assert_uint_eq(numbers[i], i);
	/* Capacities: 16, 32, ... 1024. */
	ck_assert_uint_eq(moves, 7);
	free(numbers);
}
END_TEST

START_TEST(failure_keeps_the_array)
{
	size_t capacity = 0;
	char *text = array_grow(NULL, 0, &capacity, 1);
	size_t before = capacity;

	ck_assert_ptr_nonnull(text);
	text[0] = 'x';
	ck_assert_ptr_null(array_grow(text, before, &capacity, SIZE_MAX / 4));
	ck_assert_uint_eq(capacity, before);
	ck_assert_int_eq(text[0], 'x');
	free(text);
}
END_TEST

static const TTest *const *const tests[] = {
	&elements_survive_growth,
	&failure_keeps_the_array,
};

int main(void)
{
	return unit_run("array", tests, ARRAY_SIZE(tests), NULL);
}
