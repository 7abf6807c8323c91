/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Widths are found in three steps, each only where the one before does not fit:
 * every column as wide as its widest cell; the columns before the last shrink,
 * the widest first, down to NARROW, so that the last one keeps READABLE columns
 * (or all of them shrink, if the last one has no prose); the last column moves
 * below the rows, and the others shrink down to their widest word. Where that is
 * not enough, the column before moves below, too.
 */
#include "table.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "errors.h"
#include "fold.h"
#include "macro.h"
#include "markup.h"

enum {
	GAP = 2, /* between columns */
	UNDER = 4, /* indentation of a cell below its row */
	READABLE = 32, /* the least width for prose in the last column */
	NARROW = 16, /* the least width of the others, beside it */
};

struct row {
	char *cells[TABLE_COLUMNS];
	size_t coloured;
	enum colour colour;
};

struct table {
	size_t n_columns, n_rows;
	struct row *rows; /* the first one has the headings */
	size_t capacity;
	bool keeps_last;
};

struct widths {
	int all[TABLE_COLUMNS];
	size_t n; /* columns side by side; the others are below the rows */
};

/* --- life -----------------------------------------------------------------*/

int table_new(struct table **ret, size_t n, const char *const *headings)
{
	struct table *table = calloc(1, sizeof(*table));
	int r;

	assert(n > 0 && n <= TABLE_COLUMNS);
	if (!table)
		return error_origin(-ENOMEM, "table");
	table->n_columns = n;
	r = table_add(table, headings, 0, COLOUR_PLAIN);
	if (r < 0) {
		table_free(table);
		return error_trace(r);
	}
	*ret = table;
	return 0;
}

struct table *table_free(struct table *table)
{
	if (!table)
		return NULL;
	for (size_t i = 0; i < table->n_rows; i++)
		for (size_t j = 0; j < table->n_columns; j++)
			free(table->rows[i].cells[j]);
	free(table->rows);
	free(table);
	return NULL;
}

int table_add(struct table *table, const char *const *cells, size_t coloured,
	      enum colour colour)
{
	struct row *rows = array_grow(table->rows, table->n_rows,
				      &table->capacity, sizeof(*rows));
	struct row *row;

	if (!rows)
		return error_origin(-ENOMEM, "table");
	table->rows = rows;
	row = &rows[table->n_rows++];
	*row = (struct row){ .coloured = coloured, .colour = colour };
	for (size_t i = 0; i < table->n_columns; i++) {
		row->cells[i] = strdup(cells[i] ? cells[i] : "");
		if (!row->cells[i])
			return error_origin(-ENOMEM, "table");
	}
	return 0;
}

/* --- widths ---------------------------------------------------------------*/

/* Blanks at the beginning of a cell indent all its lines. */
static size_t indentation(const char *cell)
{
	return strspn(cell, " ");
}

static void measure(const struct table *table, size_t column, int *ret_full,
		    int *ret_least)
{
	*ret_full = *ret_least = 0;
	for (size_t i = 0; i < table->n_rows; i++) {
		const char *cell = table->rows[i].cells[column];
		/* A folded heading could be read as two. */
		int word = i ? (int)indentation(cell) + fold_widest_part(cell) :
			       fold_width(cell, SIZE_MAX);

		*ret_full = MAX(*ret_full, fold_width(cell, SIZE_MAX));
		*ret_least = MAX(*ret_least, word);
	}
}

static int total(const struct widths *widths)
{
	int sum = 0;

	for (size_t i = 0; i < widths->n; i++)
		sum += widths->all[i] + (i ? GAP : 0);
	return sum;
}

/* Narrows the widest column that is wider than its least width, until all fit or
 * none can be narrowed. */
static void shrink(struct widths *widths, const int *least, int columns)
{
	while (total(widths) > columns) {
		size_t widest = widths->n;

		for (size_t i = 0; i < widths->n; i++)
			if (widths->all[i] > least[i] &&
			    (widest == widths->n ||
			     widths->all[i] > widths->all[widest]))
				widest = i;
		if (widest == widths->n)
			return;
		widths->all[widest]--;
	}
}

/* As shrink(), none below a readable width. */
static void shrink_a_little(struct widths *widths, const int *least, int columns)
{
	int narrow[TABLE_COLUMNS] = { 0 };

	for (size_t i = 0; i < widths->n; i++)
		narrow[i] = MAX(least[i], MIN(widths->all[i], (int)NARROW));
	shrink(widths, narrow, columns);
}

/* Shrinks the columns before the last one (`rest`). Returns the width that is left
 * for the last column. */
static int make_room(struct widths *rest, const int *least, int columns,
		     int readable)
{
	shrink_a_little(rest, least, columns - GAP - readable);
	return columns - total(rest) - GAP;
}

static struct widths fit(const struct table *table, int columns)
{
	struct widths widths = { .n = table->n_columns }, rest;
	int least[TABLE_COLUMNS] = { 0 };
	size_t last = table->n_columns - 1;
	int readable, room;

	for (size_t i = 0; i < widths.n; i++)
		measure(table, i, &widths.all[i], &least[i]);
	if (total(&widths) <= columns)
		return widths;

	rest = widths;
	shrink_a_little(&rest, least, columns);
	if (table->keeps_last && total(&rest) <= columns)
		return rest;

	readable = MIN(widths.all[last], (int)READABLE);
	rest = widths;
	rest.n = last;
	room = make_room(&rest, least, columns, readable);
	if (room >= readable) {
		rest.n = widths.n;
		rest.all[last] = room;
		return rest;
	}
	rest = widths;
	for (rest.n = last; rest.n > 0; rest.n--) {
		struct widths narrow = rest;

		shrink(&narrow, least, columns);
		if (total(&narrow) <= columns || rest.n == 1)
			return narrow;
	}
	return widths;
}

/* --- printing -------------------------------------------------------------*/

struct cursor {
	const char *text; /* the rest of the cell */
	int indent;
};

static void print_piece(FILE *out, const struct row *row, size_t column,
			struct cursor *cursor, int width, bool last)
{
	const char *line = cursor->text;
	enum colour colour =
		row->coloured == column ? row->colour : COLOUR_PLAIN;
	size_t size = fold_line(line, width - cursor->indent, &cursor->text);
	int used = cursor->indent + fold_width(line, size);

	fprintf(out, "%*s", size ? cursor->indent : 0, "");
	fprintf(out, "%s%.*s%s", colour_begin(size > 0, colour), (int)size,
		line, colour_end(size > 0, colour));
	if (!last)
		fprintf(out, "%*s", MAX(width - (size ? used : 0), 0) + GAP,
			"");
}

/* The last cell with text ends a line, so that no line ends in blanks. */
static size_t last_with_text(const struct cursor *cursors, size_t n)
{
	size_t last = n;

	for (size_t i = 0; i < n; i++)
		if (*cursors[i].text)
			last = i;
	return last;
}

static void print_row(FILE *out, const struct row *row,
		      const struct widths *widths, size_t n, int columns)
{
	struct cursor cursors[TABLE_COLUMNS];
	size_t last;

	for (size_t i = 0; i < widths->n; i++) {
		size_t indent = indentation(row->cells[i]);

		cursors[i] =
			(struct cursor){ row->cells[i] + indent, (int)indent };
	}
	while ((last = last_with_text(cursors, widths->n)) < widths->n) {
		for (size_t i = 0; i <= last; i++)
			print_piece(out, row, i, &cursors[i], widths->all[i],
				    i == last);
		fputc('\n', out);
	}
	for (size_t i = widths->n; i < n; i++) {
		if (!*row->cells[i])
			continue;
		fprintf(out, "%*s", UNDER, "");
		fold_print(out, row->cells[i], UNDER, UNDER, columns);
	}
}

static bool is_empty(const struct table *table, size_t column)
{
	for (size_t i = 1; i < table->n_rows; i++)
		if (*table->rows[i].cells[column])
			return false;
	return table->n_rows > 1;
}

static void remove_column(struct table *table, size_t column)
{
	for (size_t i = 0; i < table->n_rows; i++) {
		struct row *row = &table->rows[i];

		free(row->cells[column]);
		memmove(&row->cells[column], &row->cells[column + 1],
			(table->n_columns - column - 1) * sizeof(char *));
		row->coloured -= row->coloured > column;
	}
	table->n_columns--;
}

void table_keep_last(struct table *table)
{
	table->keeps_last = true;
}

void table_print(struct table *table, FILE *out, int columns)
{
	struct widths widths;

	for (size_t i = table->n_columns; i-- > 0;)
		if (is_empty(table, i) && table->n_columns > 1)
			remove_column(table, i);
	widths = fit(table, columns);
	for (size_t i = 0; i < table->n_rows; i++)
		print_row(out, &table->rows[i], &widths, table->n_columns,
			  columns);
}

static void print_markdown_row(const struct row *row, size_t n, FILE *out)
{
	for (size_t i = 0; i < n; i++) {
		fputs("| ", out);
		markup_cell(out, row->cells[i]);
		fputc(' ', out);
	}
	fputs("|\n", out);
}

void table_print_markdown(const struct table *table, FILE *out)
{
	for (size_t i = 0; i < table->n_rows; i++) {
		print_markdown_row(&table->rows[i], table->n_columns, out);
		for (size_t j = 0; i == 0 && j < table->n_columns; j++)
			fputs(j + 1 < table->n_columns ? "|---" : "|---|\n",
			      out);
	}
}
