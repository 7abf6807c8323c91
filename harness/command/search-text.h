/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text in the form in which words are searched for: one spelling for what a reader
 * may write in several. Blanks, punctuation, case and full-width forms do not
 * count, so that TIME_WAIT is TIME-WAIT and "2 s" is "2s"; after a number 秒, 毫秒,
 * 微秒, 分钟 and 小时 are s, ms, us, min and h. CLOSED_WAIT, a usual mistake, is
 * CLOSE-WAIT.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct search_char {
	uint32_t code; /* Unicode, lower case; 0 ends an added text */
	bool starts; /* it begins a word; a Chinese character always does */
};

struct search_text {
	struct search_char *chars;
	size_t n, capacity;
};

/* Appends a text to `ret`, which is all zeros at first. NULL: nothing. False
 * without memory. */
bool search_text_add(struct search_text *ret, const char *text);
void search_text_clear(struct search_text *text);

/*
 * Whether `part`, one added text, is in `text`. In Latin letters it begins where
 * a word begins; a short word and a number end where one ends, apart from a
 * plural's s: RST is not in "first". `loose`: anywhere.
 */
bool search_text_has(const struct search_text *text,
		     const struct search_text *part, bool loose);

/* The unit of comparison that begins at `at`, which is not the end: two Chinese
 * characters, or a word in Latin letters. 0: none begins there. */
size_t search_text_unit(const struct search_text *text, size_t at);

/* Whether `part` is anywhere in an English text or in its translation: whoever
 * reads the Chinese text may not have chosen it. "" is in every text. */
bool search_text_contains(const char *text, const char *part);
