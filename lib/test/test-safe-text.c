/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "safe-text.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

static const struct {
	const char *text, *line, *lines;
} texts[] = {
	{ "", "", "" },
	{ "plain \xc2\xb5s \xe6\xbc\xa2 \xf0\x9f\x90\xa7",
	  "plain \xc2\xb5s \xe6\xbc\xa2 \xf0\x9f\x90\xa7",
	  "plain \xc2\xb5s \xe6\xbc\xa2 \xf0\x9f\x90\xa7" },
	{ "a\tb\r\nc\n", "a b  c ", "a\tb\nc\n" },
	{ "\x1b[31m\x7f\x01", "?[31m??", "?[31m??" },
	/* U+009B is the CSI of terminals. */
	{ "a\xc2\x9b" "2J", "a?2J", "a?2J" },
	{ "\xc2\xa0", "\xc2\xa0", "\xc2\xa0" },
	/* U+202E, U+2066, U+200F, U+061C, U+2028, U+2069, U+202C; U+200D and
	 * U+2065 are safe. */
	{ "\xe2\x80\xae-\xe2\x81\xa6-\xe2\x80\x8f-\xd8\x9c-\xe2\x80\xa8-"
	  "\xe2\x81\xa9-\xe2\x80\xac",
	  "?-?-?-?-?-?-?", "?-?-?-?-?-?-?" },
	{ "\xe2\x80\x8d\xe2\x81\xa5", "\xe2\x80\x8d\xe2\x81\xa5",
	  "\xe2\x80\x8d\xe2\x81\xa5" },
	/* Cut off, continuation alone, overlong, surrogate, above U+10FFFF. */
	{ "x\xe6\xbc", "x??", "x??" },
	{ "\x80\xff", "??", "??" },
	{ "\xc0\xaf", "??", "??" },
	{ "\xed\xa0\x80", "???", "???" },
	{ "\xf4\x90\x80\x80", "????", "????" },
};

static void assert_printed(const char *text, const char *expected)
{
	char *got = NULL;
	size_t size;
	FILE *out = open_memstream(&got, &size);

	ck_assert_ptr_nonnull(out);
	safe_text_print(out, text);
	fclose(out);
	ck_assert_str_eq(got, expected);
	free(got);
}

START_TEST(unsafe_characters_are_replaced)
{
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		char line[64], lines[64];

		strcpy(line, texts[i].text);
		strcpy(lines, texts[i].text);
		safe_text(line, false);
		safe_text(lines, true);
		ck_assert_str_eq(line, texts[i].line);
		ck_assert_str_eq(lines, texts[i].lines);
		assert_printed(texts[i].text, texts[i].line);
		ck_assert_int_eq(safe_text_is_safe(texts[i].text, false),
				 !strcmp(texts[i].text, texts[i].line));
		ck_assert_int_eq(safe_text_is_safe(texts[i].text, true),
				 !strcmp(texts[i].text, texts[i].lines));
	}
}
END_TEST

START_TEST(incomplete_character_at_the_end_is_found)
{
	static const struct {
		const char *text;
		size_t incomplete;
	} ends[] = {
		{ "", 0 },
		{ "a", 0 },
		{ "\xc2", 1 },
		{ "a\xc2\xb5", 0 },
		{ "a\xe6", 1 },
		{ "a\xe6\xbc", 2 },
		{ "\xe6\xbc\xa2", 0 },
		{ "\xf0\x9f\x90", 3 },
		{ "\xf0\x9f\x90\xa7", 0 },
		/* Bytes that no further byte completes. */
		{ "\xbc", 0 },
		{ "a\xbc\xa2\xa2\xa2", 0 },
		{ "\xff", 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
		ck_assert_uint_eq(safe_text_incomplete(ends[i].text,
						       strlen(ends[i].text)),
				  ends[i].incomplete);
}
END_TEST

START_TEST(neutral_text_of_any_bytes_is_valid_json)
{
	for (unsigned int i = 0; i < 65536; i++) {
		char text[4] = { 'a', (char)(i >> 8), (char)i, '\0' };
		json_t *string;

		safe_text(text, false);
		ck_assert(safe_text_is_safe(text, false));
		string = json_string(text);
		ck_assert_ptr_nonnull(string);
		json_decref(string);
	}
}
END_TEST

int main(void)
{
	const TTest *const *const tests[] = {
		&unsafe_characters_are_replaced,
		&incomplete_character_at_the_end_is_found,
		&neutral_text_of_any_bytes_is_valid_json,
	};

	return unit_run("safe-text", tests, ARRAY_SIZE(tests), NULL);
}
