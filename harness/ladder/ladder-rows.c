/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Functions that move rows first compute where each row goes (`places`), then
 * renumber the partners, and only then move the rows.
 */
#include "ladder-rows.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "errors.h"
#include "journal.h"
#include "message.h"
#include "safe-text.h"

struct ladder_row *ladder_append_row(struct ladder *ladder,
				     enum ladder_kind kind, double t, int host)
{
	struct ladder_row *rows =
		array_grow(ladder->rows, ladder->n_rows,
			   &ladder->rows_capacity, sizeof(*rows));
	struct ladder_row *row;

	if (!rows)
		return NULL;
	ladder->rows = rows;
	row = &rows[ladder->n_rows++];
	*row = (struct ladder_row){ .kind = kind,
				    .t = t,
				    .until = t,
				    .host = host,
				    .connection = LADDER_NONE,
				    .partner = LADDER_NONE };
	return row;
}

void ladder_row_deinit(struct ladder_row *row)
{
	free(row->text);
	free(row->remark);
	free(row->end);
	free(row->hops);
}

struct ordered {
	double t;
	size_t index;
};

static int compare_times(const void *a, const void *b)
{
	const struct ordered *x = a, *y = b;

	if (x->t < y->t || x->t > y->t)
		return x->t < y->t ? -1 : 1;
	return x->index < y->index ? -1 : x->index > y->index;
}

/* places[i] is the new index of row i. Called while rows are still at their old
 * places: afterwards old and new indices could not be told apart. */
static void move_partners(struct ladder *ladder, const size_t *places)
{
	for (size_t i = 0; i < ladder->n_rows; i++)
		if (ladder->rows[i].partner >= 0)
			ladder->rows[i].partner =
				(int)places[ladder->rows[i].partner];
}

/*
 * The journal is not sorted by "t": the record of a call is written when the
 * answer of the probe arrives, and that of a frame has the kernel's timestamp.
 */
int ladder_sort_rows(struct ladder *ladder)
{
	size_t n = ladder->n_rows;
	struct ordered *order = calloc(n + 1, sizeof(*order));
	struct ladder_row *rows = calloc(n + 1, sizeof(*rows));
	size_t *places = calloc(n + 1, sizeof(*places));
	bool allocated = order && rows && places;

	if (allocated) {
		for (size_t i = 0; i < n; i++)
			order[i] = (struct ordered){ ladder->rows[i].t, i };
		qsort(order, n, sizeof(*order), compare_times);
		for (size_t i = 0; i < n; i++)
			places[order[i].index] = i;
		move_partners(ladder, places);
		for (size_t i = 0; i < n; i++)
			rows[i] = ladder->rows[order[i].index];
		free(ladder->rows);
		ladder->rows = rows;
		ladder->rows_capacity = n + 1;
		rows = NULL;
	}
	free(order);
	free(rows);
	free(places);
	return allocated ? 0 : error_origin(-ENOMEM, "ladder");
}

int ladder_remove_rows(struct ladder *ladder, const bool *removed)
{
	size_t *places = calloc(ladder->n_rows + 1, sizeof(*places));
	size_t n = 0;

	if (!places)
		return error_origin(-ENOMEM, "ladder");
	for (size_t i = 0; i < ladder->n_rows; i++)
		places[i] = removed[i] ? 0 : n++;
	for (size_t i = 0; i < ladder->n_rows; i++)
		if (ladder->rows[i].partner >= 0 &&
		    removed[ladder->rows[i].partner])
			ladder->rows[i].partner = LADDER_NONE;
	move_partners(ladder, places);
	for (size_t i = 0; i < ladder->n_rows; i++) {
		if (removed[i])
			ladder_row_deinit(&ladder->rows[i]);
		else
			ladder->rows[places[i]] = ladder->rows[i];
	}
	ladder->n_rows = n;
	free(places);
	return 0;
}

int ladder_insert_rows(struct ladder *ladder, struct ladder_row *added,
		       const size_t *before, size_t n)
{
	size_t all = ladder->n_rows + n, next = 0, at = 0;
	struct ladder_row *rows = calloc(all + 1, sizeof(*rows));
	size_t *places = calloc(ladder->n_rows + 1, sizeof(*places));

	if (!rows || !places) {
		for (size_t i = 0; i < n; i++)
			ladder_row_deinit(&added[i]);
		free(rows);
		free(places);
		return error_origin(-ENOMEM, "ladder");
	}
	for (size_t i = 0; i <= ladder->n_rows; i++) {
		while (next < n && before[next] == i)
			rows[at++] = added[next++];
		places[i] = at;
		if (i < ladder->n_rows)
			rows[at++] = ladder->rows[i];
	}
	free(ladder->rows);
	ladder->rows = rows;
	ladder->n_rows = all;
	ladder->rows_capacity = all + 1;
	move_partners(ladder, places);
	/* The partners of added rows have moved with the others; the reference
	 * back is new. */
	for (size_t i = 0; i < all; i++)
		if (rows[i].kind == LADDER_ARRIVAL)
			rows[rows[i].partner].partner = (int)i;
	free(places);
	return 0;
}

/* No line ends between a number and its unit. */
#define NBSP "\u00a0"

const char *ladder_duration(double seconds, char ret[static 32])
{
	if (seconds >= 2 * 86400)
		snprintf(ret, 32, _("%.1f\u00a0days"), seconds / 86400);
	else if (seconds >= 2 * 3600)
		snprintf(ret, 32, "%.1f" NBSP "h", seconds / 3600);
	else if (seconds < 0.0095)
		snprintf(ret, 32, "%.2f" NBSP "ms", seconds * 1e3);
	else
		snprintf(ret, 32, "%.*f" NBSP "s", seconds < 100 ? 3 : 1,
			 seconds);
	return ret;
}

char *ladder_text(const char *format, ...)
{
	char *text = NULL;
	va_list args;
	int r;

	va_start(args, format);
	r = vasprintf(&text, format, args);
	va_end(args);
	if (r < 0)
		return NULL;
	safe_text(text, false);
	return text;
}

double ladder_number(const json_t *record, const char *name)
{
	double number = json_number_value(json_object_get(record, name));

	/* 1e15 seconds are thirty million years. */
	return number >= -1e15 && number <= 1e15 ? number : 0;
}

int ladder_int(const json_t *record, const char *name)
{
	json_int_t number = journal_integer(record, name);

	return number > 0 && number < INT_MAX ? (int)number : 0;
}

int ladder_receiver(const struct ladder_row *row)
{
	return row->n_hops ? row->hops[row->n_hops - 1].host : LADDER_NO_HOST;
}

int ladder_last_sender(const struct ladder_row *row)
{
	return row->n_hops > 1 ? row->hops[row->n_hops - 2].host : row->host;
}

bool ladder_ends_on_wire(const struct ladder_row *row)
{
	return row->fate == LADDER_DROPPED || row->fate == LADDER_HELD ||
	       row->fate == LADDER_IN_TRANSIT;
}
