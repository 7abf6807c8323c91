/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text folded into the columns of a terminal. Text is UTF-8. A character that a
 * terminal shows in two columns (CJK, emoji) counts as two, a combining mark as
 * none, and a byte that is not UTF-8 as one.
 *
 * Lines break at blanks. A word that is wider than the line breaks behind an
 * underscore, as in "rto_retransmissions"; where there is none, it stands out of
 * the line. CJK text, which has no blanks, breaks between any two
 * characters, but not before a closing mark or after an opening one (UAX #14).
 */
#pragma once

#include <stddef.h>
#include <stdio.h>

/* The columns of the first `size` bytes; with SIZE_MAX of the whole text. */
int fold_width(const char *text, size_t size);

/* How many of the first `size` bytes fit into the columns: whole characters. */
size_t fold_fits(const char *text, size_t size, int columns);

/* The columns of the widest piece that no line break can split. */
int fold_widest_part(const char *text);

/* The size in bytes of the first word, in a line that is wide enough for it. `text`
 * does not begin with a blank. */
size_t fold_word(const char *text);

/*
 * The first line of `text`, of at most `columns` columns. Returns its size in
 * bytes, without trailing blanks; *ret_rest is the start of the next line, or
 * the NUL after the last one. A newline ends a line.
 */
size_t fold_line(const char *text, int columns, const char **ret_rest);

/*
 * Prints the text, and a newline, on a screen of `columns` columns. The cursor
 * is at column `at`; further lines begin at column `indent`. "" is one empty
 * line.
 */
void fold_print(FILE *out, const char *text, int at, int indent, int columns);

/* Prints the first `size` bytes, with SIZE_MAX all, and blanks up to `columns`
 * columns. */
void fold_pad(FILE *out, const char *text, size_t size, int columns);
