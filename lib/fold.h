/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text fitted to columns. UTF-8; what a terminal shows two columns wide (CJK)
 * counts as two, combining marks as none. No word is ever cut: one that is
 * wider than the room stands out. CJK text, which has no blanks, may be parted
 * between any two characters but before a closing mark.
 */
#pragma once

#include <stddef.h>
#include <stdio.h>

/* Columns of the first `size` bytes; SIZE_MAX: of all of it. */
int fold_width(const char *text, size_t size);

/* As many of the first `size` bytes as fit; no character is parted. */
size_t fold_fits(const char *text, size_t size, int columns);

/* Columns of the widest piece that cannot be parted. */
int fold_widest_word(const char *text);

/*
 * The first line of what is left of `text` when it may be `columns` wide.
 * Returns its size in bytes, without the blanks at its end; `ret_rest` is where
 * the next line begins, at the NUL when there is none. A newline ends a line.
 * ("" is one empty line.)
 */
size_t fold_line(const char *text, int columns, const char **ret_rest);

/*
 * Prints all of it, up to column `columns`, with a newline at the end. The
 * cursor is at column `at`; further lines begin at column `indent`.
 */
void fold_print(FILE *out, const char *text, int at, int indent, int columns);

/* Prints `size` bytes, then blanks until they fill `columns`. */
void fold_pad(FILE *out, const char *text, size_t size, int columns);
