/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A table on a terminal. Columns are as wide as their contents; where the
 * terminal is narrower, cells are folded, those of the last column first. When
 * the last column would become too narrow to read, its cells move below their
 * rows, indented.
 */
#pragma once

#include <stddef.h>
#include <stdio.h>

#include "colour.h"

enum { TABLE_COLUMNS = 8 };

struct table;

/* `headings` has n elements, 1 <= n <= TABLE_COLUMNS; they are copied. -ENOMEM. */
int table_new(struct table **ret, size_t n, const char *const *headings);
struct table *table_free(struct table *table);

/* Adds a row of n cells, which are copied; NULL is an empty cell. The cell with
 * the index `coloured` has that colour. -ENOMEM. */
int table_add(struct table *table, const char *const *cells, size_t coloured,
	      enum colour colour);

/* The last column has short texts like the others, not prose: it stays beside them
 * as long as each has room for a word or two. */
void table_keep_last(struct table *table);

/* Without the columns in which all cells below the heading are empty. */
void table_print(struct table *table, FILE *out, int columns);

/* In Markdown: one line per row. */
void table_print_markdown(const struct table *table, FILE *out);
