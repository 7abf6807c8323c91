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

enum { TABLE_COLUMNS = 8 };

struct table;

/* `headings` has n elements, 1 <= n <= TABLE_COLUMNS; they are copied. -ENOMEM. */
int table_new(struct table **ret, size_t n, const char *const *headings);
struct table *table_free(struct table *table);

/* Adds a row of n cells, which are copied; NULL is an empty cell. `colour` is the
 * escape sequence for the cell with index `coloured`, and must stay valid; NULL
 * for none. -ENOMEM. */
int table_add(struct table *table, const char *const *cells, size_t coloured,
	      const char *colour);

void table_print(const struct table *table, FILE *out, int columns);

/* In Markdown: one line per row. */
void table_print_markdown(const struct table *table, FILE *out);
