/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A table on a terminal: columns as wide as what is in them, fitted to the
 * room by folding, the last column first. Where that would leave the last
 * column too narrow to read, it moves under its row, indented.
 */
#pragma once

#include <stddef.h>
#include <stdio.h>

enum { TABLE_COLUMNS = 8 };

struct table;

/* `headings`: n of them; borrowed, like everything that is no cell. */
int table_new(struct table **ret, size_t n, const char *const *headings);
struct table *table_free(struct table *table);

/* Adds a row of n cells, which are copied; NULL is an empty one. `colour` is
 * the escape sequence for cell number `coloured`; NULL for none. */
int table_add(struct table *table, const char *const *cells, size_t coloured,
	      const char *colour);

void table_print(const struct table *table, FILE *out, int columns);

/* As Markdown has it: every row one line. */
void table_print_markdown(const struct table *table, FILE *out);
