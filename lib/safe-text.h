/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text from outside - output of programs, names of files, journals of other
 * machines, a guest's console - that is going to a terminal, a log or a JSON
 * string. Unsafe in it are
 *
 *   control characters: U+0000..U+001F, U+007F and U+0080..U+009F, which
 *     terminals interpret;
 *   marks of bidirectional text (U+200E, U+200F, U+061C, U+202A..U+202E,
 *     U+2066..U+2069) and the separators U+2028 and U+2029, which let a line
 *     look like another one;
 *   bytes that are not UTF-8 (RFC 3629: no overlong form, no surrogate, nothing
 *     above U+10FFFF), which make a JSON string invalid. A character that was cut
 *     off is such bytes.
 *
 * Tabs and line ends are replaced by a blank, any other unsafe character or byte
 * by '?'.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Neutralises the text in place; it may become shorter, never longer. With
 * `lines` tabs and newlines remain, and a CR before a newline is removed. */
void safe_text(char *text, bool lines);

/* Whether safe_text() would change nothing. */
bool safe_text_is_safe(const char *text, bool lines);

/* The number of bytes at the end of the text that begin a character and do not
 * complete it: 0 to 3. There a text that goes on can be divided. */
size_t safe_text_incomplete(const char *text, size_t size);

/* Prints the text on one line. */
void safe_text_print(FILE *out, const char *text);
