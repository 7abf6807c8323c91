/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pattern.h"

#include <string.h>

#include "unit.h"

enum { SIZE = 10000 };

static const uint64_t lap = UINT64_C(1) << 32;

static uint8_t whole[SIZE], part[SIZE];

START_TEST(any_part_equals_that_part_of_the_stream)
{
	pattern_fill(whole, SIZE, 12345);
	for (size_t from = 0; from < 20; from++)
		for (size_t size = 0; size < 40; size++) {
			pattern_fill(part, size, 12345 + from);
			ck_assert(memcmp(part, whole + from, size) == 0);
		}
}
END_TEST

START_TEST(bytes_match_at_their_own_offset_only)
{
	size_t first = 0;

	pattern_fill(whole, SIZE, 7);
	ck_assert_uint_eq(pattern_wrong(whole, SIZE, 7, &first), 0);
	ck_assert_uint_gt(pattern_wrong(whole, SIZE, 8, &first), SIZE / 2);
	ck_assert_uint_gt(pattern_wrong(whole, SIZE, 7 + 4096, &first),
			  SIZE / 2);
}
END_TEST

/* A stale segment of an earlier lap, whose sequence number is valid again. */
START_TEST(another_lap_differs_in_every_byte)
{
	size_t first = SIZE;

	for (uint64_t laps = 1; laps < 256; laps++) {
		pattern_fill(whole, SIZE, 99 + laps * lap);
		ck_assert_uint_eq(pattern_wrong(whole, SIZE, 99, &first), SIZE);
		ck_assert_uint_eq(first, 0);
	}
}
END_TEST

START_TEST(a_lap_may_begin_within_a_buffer)
{
	size_t first;

	pattern_fill(whole, SIZE, lap - 5003);
	ck_assert_uint_eq(pattern_wrong(whole, SIZE, lap - 5003, &first), 0);
	pattern_fill(part, SIZE - 5003, lap);
	ck_assert(memcmp(whole + 5003, part, SIZE - 5003) == 0);
	pattern_fill(part, 5003, lap - 5003);
	ck_assert(memcmp(whole, part, 5003) == 0);
}
END_TEST

START_TEST(first_wrong_byte_and_count_are_reported)
{
	size_t first = 0;

	pattern_fill(whole, SIZE, 3);
	whole[5000] ^= 1;
	whole[5001] ^= 0x80;
	whole[9999] ^= 1;
	ck_assert_uint_eq(pattern_wrong(whole, SIZE, 3, &first), 3);
	ck_assert_uint_eq(first, 5000);
	ck_assert_uint_eq(pattern_wrong(whole, 5000, 3, &first), 0);
}
END_TEST

static const TTest *const *const tests[] = {
	&any_part_equals_that_part_of_the_stream,
	&bytes_match_at_their_own_offset_only,
	&another_lap_differs_in_every_byte,
	&a_lap_may_begin_within_a_buffer,
	&first_wrong_byte_and_count_are_reported,
};

int main(void)
{
	return unit_run("pattern", tests, ARRAY_SIZE(tests), NULL);
}
