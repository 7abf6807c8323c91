/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ladder-layout.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "fold.h"
#include "macro.h"

/* From row to row; places on the wire for what is held. */
enum { GAP = 10, HELD_TRACKS = 6 };

/* A wire's own clock and the hosts' are some microseconds apart. */
static const double clocks = 200e-6;

/* --- text ---------------------------------------------------------------- */

void layout_label(const struct ladder *ladder, const struct ladder_row *row,
		  char *ret, size_t size)
{
	char number[16] = "", made[64] = "";

	if (row->connection >= 0 && ladder->n_connections > 1)
		snprintf(number, sizeof(number), "#%d ", row->connection + 1);
	if (row->end && !row->stops &&
	    (row->starts_on_wire || row->fate == LADDER_INJECTED))
		snprintf(made, sizeof(made), "  %.60s", row->end);
	else if (row->fate == LADDER_DELAYED)
		snprintf(made, sizeof(made), "  delayed %.*f ms",
			 row->until - row->t < 0.01 ? 1 : 0,
			 (row->until - row->t) * 1e3);
	snprintf(ret, size, "%s%s%s%s%s", number, row->text ? row->text : "",
		 row->remark ? "  " : "", row->remark ? row->remark : "", made);
}

size_t layout_lines(const char *text, int columns)
{
	size_t n = 0;

	for (const char *rest = text; *rest && n < LAYOUT_LINES_MAX; n++)
		fold_line(rest, columns, &rest);
	return MAX(n, (size_t)1);
}

static int columns_in(double width)
{
	return MAX((int)(width / LAYOUT_CHARACTER), 8);
}

/* --- rows ---------------------------------------------------------------- */

static double x_of(const struct layout *layout, int host)
{
	return layout->x[layout->ladder->hosts[host].column];
}

/* The middle of the last cable; of half a lane when nobody is at an end. */
static double wire_x(const struct layout *layout, const struct ladder_row *row)
{
	int from = ladder_last_sender(row);
	int to = ladder_receiver(row);
	double half = layout_lane(layout->ladder->n_columns) / 2, x;

	if (from >= 0 && to >= 0)
		return (x_of(layout, from) + x_of(layout, to)) / 2;
	if (from < 0 && to < 0)
		return (layout->left + layout->right) / 2;
	x = x_of(layout, from >= 0 ? from : to);
	return x + half <= layout->right ? x + half : x - half;
}

/* Where text beside a lifeline may begin: beyond its bars, if they are on that
 * side of it. */
static double clear_of(const struct layout *layout, int host, bool right)
{
	size_t column = layout->ladder->hosts[host].column;

	if (column == 0 || column + 1 == layout->ladder->n_columns ||
	    layout_is_on_left(layout, column) == right)
		return 10;
	return 10 + layout->inner[column] - LAYOUT_BAR;
}

static double held_x(const struct layout *layout, size_t i)
{
	return wire_x(layout, &layout->ladder->rows[i]) +
	       8.0 * (double)layout->held[i];
}

static double slant_of(const struct ladder_row *row)
{
	double transit = MAX(row->until - row->t, 0.0);

	return MIN(2 + 3.2 * log10(1 + transit * 1e5),
		   (double)LAYOUT_SLANT);
}

static void place_ends(struct layout *layout, size_t i)
{
	const struct ladder_row *row = &layout->ladder->rows[i];
	struct layout_row *place = &layout->rows[i];
	int to = ladder_receiver(row);
	bool stays = ladder_stays(row) || to < 0;
	double wire = wire_x(layout, row);

	if (row->fate == LADDER_HELD)
		wire = held_x(layout, i);
	else if (row->fate == LADDER_RELEASED && row->partner >= 0)
		wire = held_x(layout, (size_t)row->partner);
	place->from_x = row->starts_on_wire || row->host < 0 ?
				wire :
				x_of(layout, row->host);
	place->to_x = stays ? wire : x_of(layout, to);
	place->right = place->from_x != place->to_x ?
			       place->to_x > place->from_x :
			       wire > place->from_x;
}

/* What is lost goes so far that its label has room, when what became of it still
 * has, too. */
static void make_room(const struct layout *layout,
		      const struct ladder_row *row, struct layout_row *place,
		      const char *label, double to)
{
	double wanted = fold_width(label, SIZE_MAX) * LAYOUT_CHARACTER + 22;
	double behind = 24;

	if (row->end)
		behind += fold_width(row->end, SIZE_MAX) * LAYOUT_CHARACTER;
	if (row->fate != LADDER_DROPPED || row->starts_on_wire ||
	    layout->ladder->n_columns > 2 ||
	    fabs(place->to_x - place->from_x) >= wanted ||
	    wanted + behind > fabs(to - place->from_x))
		return;
	place->to_x = place->from_x + (place->right ? wanted : -wanted);
}

/* The label begins at the sender; what became of it is told behind the mark on
 * the wire, or below where that has no room. */
static double place_segment(struct layout *layout, size_t i, double y)
{
	const struct ladder_row *row = &layout->ladder->rows[i];
	struct layout_row *place = &layout->rows[i];
	double to, room, beyond = row->stops ? LAYOUT_STOP + 8 : 10;
	char label[1024];
	double own = 10;
	bool told = row->end && (ladder_stays(row) || row->stops);

	place_ends(layout, i);
	if (row->host >= 0 && !row->starts_on_wire)
		own = clear_of(layout, row->host, place->right);
	to = place->right ? layout->right : layout->left;
	room = fabs((ladder_stays(row) ? to : place->to_x) - place->from_x) -
	       own - 14;
	layout_label(layout->ladder, row, label, sizeof(label));
	place->text = (struct layout_text){
		.x = place->from_x + (place->right ? own : -own),
		.y = y + LAYOUT_LINE - 3,
		.to_left = !place->right,
		.columns = columns_in(room),
	};
	place->text.lines = layout_lines(label, place->text.columns);
	make_room(layout, row, place, label, to);
	place->anchor = y + LAYOUT_LINE * (double)place->text.lines + 1;
	place->arrives = place->anchor + slant_of(row);
	y = place->arrives + GAP;
	if (!told)
		return y;
	place->end = (struct layout_text){
		.x = place->to_x + (place->right ? beyond : -beyond),
		.y = MAX(place->arrives + 4, place->anchor + 8),
		.to_left = !place->right,
		.columns = columns_in(fabs(to - place->to_x) - beyond - 4),
		.lines = 1,
	};
	if (fold_width(row->end, SIZE_MAX) > place->end.columns) {
		place->end.x = place->text.x;
		place->end.y = place->arrives + LAYOUT_LINE;
		place->end.columns = columns_in(fabs(to - place->from_x) - 14);
		place->end.lines = layout_lines(row->end, place->end.columns);
		y += LAYOUT_LINE * (double)place->end.lines;
	}
	return y + 2;
}

/* Outside of the first and the last lifeline; to the right of others. */
static double place_says(struct layout *layout, size_t i, double y)
{
	const struct ladder_row *row = &layout->ladder->rows[i];
	struct layout_row *place = &layout->rows[i];
	size_t column = layout->ladder->hosts[row->host].column;
	bool first = column == 0, last = column + 1 == layout->ladder->n_columns;
	double inner = layout->inner[column], room = LAYOUT_MARGIN - 8;
	char label[1024];

	place->from_x = layout->x[column];
	place->text = (struct layout_text){ .y = y + LAYOUT_LINE - 4,
					    .to_left = first };
	if (first) {
		place->text.x = place->from_x - inner - 6;
	} else if (last) {
		place->text.x = place->from_x + inner + 6;
	} else {
		double own = clear_of(layout, row->host, true) - 1;

		place->text.x = place->from_x + own;
		room = layout->x[column + 1] - place->from_x - own - 9 -
		       layout->inner[column + 1];
	}
	place->text.columns = columns_in(MAX(room, 110.0));
	layout_label(layout->ladder, row, label, sizeof(label));
	place->text.lines = layout_lines(label, place->text.columns);
	place->anchor = y + LAYOUT_LINE / 2.0;
	return y + LAYOUT_LINE * (double)place->text.lines + 4;
}

static double place_across(struct layout *layout, size_t i, double y)
{
	const struct ladder_row *row = &layout->ladder->rows[i];
	struct layout_row *place = &layout->rows[i];
	double room = MAX(layout->right - layout->left, 240.0) - 40;

	place->text = (struct layout_text){
		.x = (layout->left + layout->right) / 2,
		.y = y + LAYOUT_LINE + 2,
		.columns = columns_in(room),
	};
	place->text.lines =
		layout_lines(row->text ? row->text : "", place->text.columns);
	place->from_x = row->host >= 0 ? x_of(layout, row->host) :
					 place->text.x;
	place->anchor = y + LAYOUT_LINE - 2;
	return y + LAYOUT_LINE * (double)place->text.lines + GAP;
}

/* Longer is longer, but a hundred times as long not a hundred times as high. */
static double place_quiet(struct layout *layout, size_t i, double y)
{
	const struct ladder_row *row = &layout->ladder->rows[i];
	struct layout_row *place = &layout->rows[i];
	double height = 20 + 9 * log10(1 + (row->until - row->t) * 10);

	height = MIN(height, 64.0);
	place->anchor = y;
	place->arrives = y + height;
	place->text = (struct layout_text){
		.x = (layout->left + layout->right) / 2,
		.y = y + height / 2 + 4,
		.columns = columns_in(layout->right - layout->left),
		.lines = 1,
	};
	return y + height + 4;
}

static double place_row(struct layout *layout, size_t i, double y)
{
	switch (layout->ladder->rows[i].kind) {
	case LADDER_SEGMENT:
		return place_segment(layout, i, y);
	case LADDER_SAYS:
	case LADDER_LOOK:
		return place_says(layout, i, y);
	case LADDER_QUIET:
		return place_quiet(layout, i, y);
	case LADDER_FAULT:
	case LADDER_WRONG:
	case LADDER_TALLY:
	case LADDER_FOLD:
		break;
	}
	return place_across(layout, i, y);
}

double layout_y(const struct layout *layout, double t)
{
	const struct ladder *ladder = layout->ladder;
	size_t low = 0, high = ladder->n_rows;
	double from, until, y, next;

	/* The first row that is not earlier. */
	while (low < high) {
		size_t middle = (low + high) / 2;

		if (ladder->rows[middle].t < t)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < ladder->n_rows && ladder->rows[low].t <= t)
		return layout->rows[low].anchor;
	if (!low)
		return layout->top;
	from = ladder->rows[low - 1].t;
	y = layout->rows[low - 1].anchor;
	if (low == ladder->n_rows)
		return ladder->end > from ?
			       y + (layout->end - y) *
					       MIN((t - from) /
							   (ladder->end - from),
						   1.0) :
			       y;
	until = ladder->rows[low].t;
	next = layout->rows[low].anchor;
	if (ladder->rows[low - 1].kind == LADDER_QUIET)
		next = layout->rows[low - 1].arrives;
	return until > from ? y + (next - y) * (t - from) / (until - from) : y;
}

/* Above what its receiver sends next: an answer comes after the question. */
static double answer_y(const struct layout *layout, size_t i)
{
	const struct ladder *ladder = layout->ladder;
	const struct ladder_row *row = &ladder->rows[i];

	for (size_t j = i + 1; j < ladder->n_rows; j++) {
		const struct ladder_row *next = &ladder->rows[j];

		if (next->t >= row->until - clocks &&
		    next->kind == LADDER_SEGMENT &&
		    next->host == row->hops[row->n_hops - 1].host)
			return layout->rows[j].y - 3;
	}
	return layout->bottom;
}

/* What took so long that something else happened meanwhile arrives in its own
 * time. */
static void let_arrive(struct layout *layout, size_t i)
{
	const struct ladder *ladder = layout->ladder;
	const struct ladder_row *row = &ladder->rows[i];

	if (row->kind != LADDER_SEGMENT || ladder_stays(row) ||
	    i + 1 == ladder->n_rows ||
	    row->until < row[1].t + clocks)
		return;
	layout->rows[i].arrives =
		MAX(layout->rows[i].arrives,
		    MIN(layout_y(layout, row->until), answer_y(layout, i)));
}

/* Side by side, as many as wait at a time. */
static void choose_held_tracks(struct layout *layout)
{
	const struct ladder *ladder = layout->ladder;
	size_t taken[HELD_TRACKS] = { 0 }; /* until that row */

	for (size_t i = 0; i < ladder->n_rows; i++) {
		const struct ladder_row *row = &ladder->rows[i];
		size_t track = 0;

		if (row->kind != LADDER_SEGMENT || row->fate != LADDER_HELD)
			continue;
		while (track + 1 < HELD_TRACKS && taken[track] > i)
			track++;
		layout->held[i] = track;
		taken[track] = row->partner >= 0 ? (size_t)row->partner + 1 :
						   SIZE_MAX;
	}
}

/* For what arrives when everything else is over. */
static double room_behind(const struct ladder *ladder)
{
	const struct ladder_row *last = &ladder->rows[ladder->n_rows - 1];
	double room = 0;

	for (size_t i = 0; i < ladder->n_rows; i++)
		if (ladder->rows[i].until > last->t + clocks)
			room += LAYOUT_LINE;
	return MIN(room, 240.0);
}

static void place_rows(struct layout *layout)
{
	const struct ladder *ladder = layout->ladder;
	double y = layout->top;

	choose_held_tracks(layout);
	for (size_t i = 0; i < ladder->n_rows; i++) {
		double next = place_row(layout, i, y);

		layout->rows[i].y = y;
		y = next;
	}
	layout->end = y + (ladder->n_rows ? room_behind(ladder) : 0);
	layout->bottom = layout->end + 8;
	for (size_t i = 0; i < ladder->n_rows; i++)
		let_arrive(layout, i);
}

/* --- life ---------------------------------------------------------------- */

int layout_new(struct layout **ret, const struct ladder *ladder)
{
	struct layout *layout = calloc(1, sizeof(*layout));
	size_t n = ladder->n_columns;
	int r;

	if (!layout)
		return error_origin(-ENOMEM, "layout");
	layout->ladder = ladder;
	layout->x = calloc(n + 1, sizeof(*layout->x));
	layout->bars = calloc(n + 1, sizeof(*layout->bars));
	layout->inner = calloc(n + 1, sizeof(*layout->inner));
	layout->head_y = calloc(n + 1, sizeof(*layout->head_y));
	layout->rows = calloc(ladder->n_rows + 1, sizeof(*layout->rows));
	layout->held = calloc(ladder->n_rows + 1, sizeof(*layout->held));
	r = layout->x && layout->bars && layout->inner && layout->head_y &&
			    layout->rows && layout->held ?
		    layout_place_lifelines(layout) :
		    error_origin(-ENOMEM, "layout");
	if (r < 0) {
		layout_free(layout);
		return error_trace(r);
	}
	place_rows(layout);
	*ret = layout;
	return 0;
}

struct layout *layout_free(struct layout *layout)
{
	if (!layout)
		return NULL;
	free(layout->x);
	free(layout->bars);
	free(layout->inner);
	free(layout->head_y);
	free(layout->rows);
	free(layout->held);
	free(layout);
	return NULL;
}
