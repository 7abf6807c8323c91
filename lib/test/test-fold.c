/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fold.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "macro.h"
#include "unit.h"

static char *printed(const char *text, int at, int indent, int columns)
{
	char *got = NULL;
	size_t size;
	FILE *out = open_memstream(&got, &size);

	ck_assert_ptr_nonnull(out);
	fold_print(out, text, at, indent, columns);
	fclose(out);
	return got;
}

static void assert_printed(const char *text, int at, int indent, int columns,
			   const char *expected)
{
	char *got = printed(text, at, indent, columns);

	ck_assert_str_eq(got, expected);
	free(got);
}

START_TEST(width_is_that_of_a_terminal)
{
	ck_assert_int_eq(fold_width("abc", SIZE_MAX), 3);
	ck_assert_int_eq(fold_width("abc", 2), 2);
	ck_assert_int_eq(fold_width("", SIZE_MAX), 0);
	ck_assert_int_eq(fold_width("µs …", SIZE_MAX), 4);
	ck_assert_int_eq(fold_width("连接", SIZE_MAX), 4);
	ck_assert_int_eq(fold_width("e\xcc\x81", SIZE_MAX), 1);
	ck_assert_int_eq(fold_width("\xf0\x9f\x98\x80", SIZE_MAX), 2);
}
END_TEST

START_TEST(invalid_byte_is_one_column)
{
	ck_assert_int_eq(fold_width("\xe8\xbf", SIZE_MAX), 2);
	ck_assert_int_eq(fold_width("\xff\x80z", SIZE_MAX), 3);
	assert_printed("a \xc3", 0, 0, 80, "a \xc3\n");
}
END_TEST

START_TEST(lines_break_between_words)
{
	assert_printed("one two three", 0, 0, 7, "one two\nthree\n");
	assert_printed("one two three", 0, 0, 8, "one two\nthree\n");
	assert_printed("one two three", 0, 0, 13, "one two three\n");
	assert_printed("one two three", 0, 0, 12, "one two\nthree\n");
}
END_TEST

START_TEST(further_lines_are_indented)
{
	assert_printed("one two three", 4, 2, 9, "one\n  two\n  three\n");
	assert_printed("a b", 79, 2, 80, "a\n  b\n");
}
END_TEST

START_TEST(wide_words_break_behind_underscores)
{
	assert_printed("a tcp_retransmit_timer() b", 0, 1, 23,
		       "a\n tcp_retransmit_timer()\n b\n");
	assert_printed("a tcp_retransmit_timer() b", 0, 1, 17,
		       "a\n tcp_retransmit_\n timer() b\n");
	assert_printed("a tcp_retransmit_timer() b", 0, 1, 8,
		       "a\n tcp_\n retransmit_\n timer()\n b\n");
	assert_printed("a retransmissions b", 0, 1, 8,
		       "a\n retransmissions\n b\n");
	ck_assert_int_eq(fold_widest_part("a tcp_x() bb"), 4);
	ck_assert_int_eq(fold_widest_part(""), 0);
}
END_TEST

START_TEST(units_stay_with_their_numbers)
{
	assert_printed("after 938 s", 0, 0, 9, "after\n938 s\n");
	assert_printed("5.07 .. 5.10 s, 3 probes", 0, 0, 13,
		       "5.07 ..\n5.10 s, 3\nprobes\n");
	assert_printed("则 938 s", 0, 0, 6, "则\n938 s\n");
	assert_printed("4 µs）是", 0, 0, 4, "4 µs）\n是\n");
	assert_printed("3 sets", 0, 0, 4, "3\nsets\n");
	ck_assert_int_eq(fold_widest_part("in 15 min or"), 6);
}
END_TEST

START_TEST(newlines_end_lines)
{
	assert_printed("one\ntwo three", 0, 2, 80, "one\n  two three\n");
	assert_printed("one\n", 0, 2, 80, "one\n");
	assert_printed("", 0, 2, 80, "\n");
	assert_printed("a \n\nb", 0, 0, 80, "a\n\nb\n");
}
END_TEST

START_TEST(wide_text_breaks_between_characters)
{
	assert_printed("连接还在吗", 0, 0, 4, "连接\n还在\n吗\n");
	/* A full-width comma stays on the line of the word before it. */
	assert_printed("挂了，连接", 0, 0, 4, "挂\n了，\n连接\n");
	ck_assert_int_eq(fold_widest_part("连接"), 2);
	/* A bracket stays with what it encloses, also beside Latin letters. */
	assert_printed("变体（NAME）还", 0, 0, 7, "变体\n（NAME）\n还\n");
	assert_printed("变体（NAME）还", 0, 0, 10, "变体\n（NAME）还\n");
	assert_printed("“连接”，", 0, 0, 3, "“连\n接”，\n");
	assert_printed("用时5s, 连接", 0, 0, 6, "用时\n5s, 连\n接\n");
	assert_printed("连接(已关闭), 是", 0, 0, 6, "连接\n(已关\n闭),\n是\n");
	/* A no-break space keeps a number with its unit. */
	assert_printed("约\u00a07\u00a0s，是", 0, 0, 6, "约\u00a07\u00a0s，\n是\n");
	ck_assert_int_eq(fold_widest_part("约\u00a07\u00a0s"), 6);
}
END_TEST

START_TEST(padding_counts_columns)
{
	char *got = NULL;
	size_t size;
	FILE *out = open_memstream(&got, &size);

	fold_pad(out, "吗", SIZE_MAX, 4);
	fold_pad(out, "long", 4, 2);
	fold_pad(out, "…", strlen("…"), 2);
	fclose(out);
	ck_assert_str_eq(got, "吗  long… ");
	free(got);
}
END_TEST

START_TEST(only_whole_characters_fit)
{
	static const char text[] = "a吗e\u0301b";

	ck_assert_uint_eq(fold_fits(text, SIZE_MAX, 0), 0);
	ck_assert_uint_eq(fold_fits(text, SIZE_MAX, 1), 1);
	ck_assert_uint_eq(fold_fits(text, SIZE_MAX, 2), 1);
	ck_assert_uint_eq(fold_fits(text, SIZE_MAX, 3), 4);
	/* A combining accent has width 0. */
	ck_assert_uint_eq(fold_fits(text, SIZE_MAX, 4), 7);
	ck_assert_uint_eq(fold_fits(text, SIZE_MAX, 80), 8);
	ck_assert_uint_eq(fold_fits(text, 4, 80), 4);
}
END_TEST

static const TTest *const *const tests[] = {
	&width_is_that_of_a_terminal,
	&invalid_byte_is_one_column,
	&lines_break_between_words,
	&further_lines_are_indented,
	&wide_words_break_behind_underscores,
	&units_stay_with_their_numbers,
	&newlines_end_lines,
	&wide_text_breaks_between_characters,
	&padding_counts_columns,
	&only_whole_characters_fit,
};

int main(void)
{
	return unit_run("fold", tests, ARRAY_SIZE(tests), NULL);
}
