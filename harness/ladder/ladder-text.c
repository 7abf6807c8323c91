/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ladder on a terminal. A line is a canvas of cells: first the lifelines are
 * put on it, then what happens; it is printed when it is done. Each row is one
 * line or more.
 */
#include "ladder.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fold.h"
#include "ladder-paint.h"
#include "macro.h"

/* What the wire kept for longer than that leaves in a line of its own, when
 * something happened meanwhile; in seconds. */
static const double noticeable = 1e-3;

/* Between label and arrow's ends; the least room for a label on its arrow, and
 * beside a lifeline for what a host says. */
enum { INSET = 2, LEAST_LABEL = 16, ROOMY = 24 };

static const char *label_of(const struct paint *paint,
			    const struct ladder_row *row, char *ret,
			    size_t size)
{
	char number[16] = "";

	if (row->connection >= 0 && paint->ladder->n_connections > 1)
		snprintf(number, sizeof(number), "#%d ", row->connection + 1);
	snprintf(ret, size, "%s%s%s%s", number, row->text ? row->text : "",
		 row->remark ? "  " : "", row->remark ? row->remark : "");
	return ret;
}

/* --- segments ------------------------------------------------------------ */

/* Where a segment's line begins and ends, as columns of the screen. */
struct stroke {
	int from, to; /* the cells beside its ends */
	bool right; /* it goes to the right */
	bool from_wire, to_wire;
};

static int column_of(const struct paint *paint, int host)
{
	return paint->x[paint->ladder->hosts[host].column];
}

static int between(const struct paint *paint, int a, int b)
{
	return (column_of(paint, a) + column_of(paint, b)) / 2;
}

/* In the direction of whoever is there, when the other end is nobody. */
static int wire_near(const struct paint *paint, int host)
{
	int x = column_of(paint, host), n = (int)paint->ladder->n_columns;
	int step = n > 1 ? (paint->x[1] - paint->x[0]) / 2 : paint->width / 4;

	return x + step < paint->width - 1 ? x + step : x - step;
}

static struct stroke stroke_of(const struct paint *paint,
			       const struct ladder_row *row, bool leaves,
			       bool arrives)
{
	int to = ladder_receiver(row);
	int from = row->host, last = ladder_last_sender(row);
	struct stroke stroke = { .from_wire = row->starts_on_wire || !leaves,
				 .to_wire = !arrives || to < 0 };
	int middle;

	if (from < 0 && to < 0) {
		stroke.from_wire = stroke.to_wire = true;
		stroke.from = stroke.to = paint->width / 2;
		return stroke;
	}
	if (stroke.from_wire || stroke.to_wire)
		from = from < 0 ? from : last;
	if (!stroke.from_wire && row->host >= 0)
		from = row->host;
	middle = from < 0 ? wire_near(paint, to) :
		 to < 0	  ? wire_near(paint, from) :
			    between(paint, last < 0 ? from : last, to);
	stroke.from = stroke.from_wire || from < 0 ? middle :
						     column_of(paint, from);
	stroke.to = stroke.to_wire ? middle : column_of(paint, to);
	stroke.right = stroke.from != stroke.to ?
			       stroke.to > stroke.from :
			       from < 0 || to < 0 ||
				       column_of(paint, to) >=
					       column_of(paint, from);
	return stroke;
}

static const char *mark_of(const struct paint *paint,
			   const struct ladder_row *row, bool start)
{
	if (row->fate == LADDER_DROPPED && !start)
		return paint->pen->cross;
	if (row->fate == LADDER_INJECTED || row->fate == LADDER_DUPLICATE)
		return paint->pen->made;
	return paint->pen->waits;
}

static void draw_shaft(struct paint *paint, const struct stroke *stroke,
		       const struct ladder_row *row)
{
	int low = MIN(stroke->from, stroke->to);
	int high = MAX(stroke->from, stroke->to);

	for (int x = low + 1; x < high; x++)
		paint_put(paint, x, row->again || row->control ?
					    paint->pen->dashes :
					    paint->pen->dash);
	if (stroke->from_wire)
		paint_put(paint, stroke->from, mark_of(paint, row, true));
	if (stroke->to_wire)
		paint_put(paint, stroke->to, mark_of(paint, row, false));
	else
		paint_put(paint, stroke->to + (stroke->right ? -1 : 1),
			  stroke->right ? paint->pen->right : paint->pen->left);
}

/* Behind the mark of what did not arrive: why. Where it has no room, it goes
 * below. */
static void draw_end(struct paint *paint, const struct stroke *stroke,
		     const char *text)
{
	int width = fold_width(text, SIZE_MAX), room;

	room = stroke->right ? paint->right - stroke->to - 3 :
			       stroke->to - paint->left - 3;
	if (width <= room)
		paint_text(paint, stroke->right ? stroke->to + 2 :
						  stroke->to - 1 - width,
			   text, SIZE_MAX);
	paint_flush(paint);
	if (width > room)
		paint_aside(paint, text);
}

/* Beyond whoever should have passed it on. */
static void draw_stop(struct paint *paint, const struct stroke *stroke,
		      const char *text)
{
	struct stroke beyond = *stroke;

	beyond.to += stroke->right ? 2 : -2;
	paint_put(paint, beyond.to, paint->pen->cross);
	draw_end(paint, &beyond, text);
}

/* The label's lines stand above the shaft, but for the last one. */
static void draw_label(struct paint *paint, const struct stroke *stroke,
		       const struct ladder_row *row, const char *label)
{
	int low = MIN(stroke->from, stroke->to);
	int room = abs(stroke->to - stroke->from) - 2 * INSET - 2;
	const char *rest = label;

	if (room < LEAST_LABEL && fold_width(label, SIZE_MAX) > room) {
		paint_aside(paint, label);
		paint_lifelines(paint, row->t);
		draw_shaft(paint, stroke, row);
		return;
	}
	while (*rest) {
		const char *line = rest;
		size_t size = fold_line(line, room, &rest);
		int width = fold_width(line, size);
		int x = stroke->right ? low + 1 + INSET :
					stroke->from - 1 - INSET - width;

		if (!*rest)
			draw_shaft(paint, stroke, row);
		if (!*rest && stroke->right)
			paint_text(paint, x - 1, " ", 1);
		paint_text(paint, x, line, size);
		if (!*rest) {
			paint_text(paint, x + width, " ", 1);
			if (!stroke->right)
				paint_text(paint, x - 1, " ", 1);
			return;
		}
		paint_flush(paint);
		paint_lifelines(paint, row->t);
	}
}

/* A segment that stays on the wire gets so far that its label has room, when
 * what became of it still has, too. */
static void make_room(const struct paint *paint, struct stroke *stroke,
		      const char *label, const char *end)
{
	int wanted = fold_width(label, SIZE_MAX) + 2 * INSET + 3;
	int behind = fold_width(end, SIZE_MAX) + 3;
	int room = abs((stroke->right ? paint->right : paint->left) -
		       stroke->from);
	int length = abs(stroke->to - stroke->from);

	if (!stroke->to_wire || stroke->from_wire || length >= wanted ||
	    wanted + behind > room)
		return;
	stroke->to = stroke->from + (stroke->right ? wanted : -wanted);
}

static bool splits(const struct paint *paint, size_t i)
{
	const struct ladder_row *row = &paint->ladder->rows[i];

	return row->kind == LADDER_SEGMENT && row->fate == LADDER_DELAYED &&
	       row->until - row->t > noticeable &&
	       i + 1 < paint->ladder->n_rows && row[1].t < row->until;
}

static void draw_segment(struct paint *paint, size_t i, bool leaves,
			 bool arrives)
{
	const struct ladder_row *row = &paint->ladder->rows[i];
	struct stroke stroke = stroke_of(paint, row, leaves, arrives);
	char label[1024], end[256] = "", length[64];

	label_of(paint, row, label, sizeof(label));
	if (leaves && !arrives && row->fate == LADDER_DELAYED)
		snprintf(end, sizeof(end), "%s, arrives at %.*f",
			 row->end ? row->end : "", paint->ladder->places,
			 row->until);
	else if (leaves && row->fate == LADDER_DELAYED) {
		snprintf(length, sizeof(length), "  delayed, %.1f ms",
			 (row->until - row->t) * 1e3);
		strncat(label, length, sizeof(label) - strlen(label) - 1);
	} else if (row->fate == LADDER_DUPLICATE ||
		   row->fate == LADDER_INJECTED ||
		   row->fate == LADDER_RELEASED) {
		snprintf(length, sizeof(length), "  %.60s",
			 row->end ? row->end : "");
		strncat(label, length, sizeof(label) - strlen(label) - 1);
	} else if (row->end) {
		snprintf(end, sizeof(end), "%s", row->end);
	}
	make_room(paint, &stroke, label, end);
	draw_label(paint, &stroke, row, label);
	if (row->stops && arrives)
		draw_stop(paint, &stroke, row->end);
	else if (*end && !arrives)
		draw_end(paint, &stroke, end);
	else
		paint_flush(paint);
}

/* --- the other rows ------------------------------------------------------ */

/* How far text beside a lifeline may go: over others, where lanes are narrow. */
static int room_beside(const struct paint *paint, size_t column, bool to_left)
{
	int x = paint->x[column], end = to_left ? paint->left : paint->width;

	if (to_left && column)
		end = paint->x[column - 1];
	else if (!to_left && column + 1 < paint->ladder->n_columns)
		end = paint->x[column + 1];
	if (abs(end - x) - 3 >= ROOMY)
		return abs(end - x) - 3;
	return MIN((paint->right - paint->left) / 2,
		   to_left ? x - paint->left - 2 : paint->width - x - 3);
}

/* Beside its host: to the left of lifelines in the right half. */
static void draw_says(struct paint *paint, const struct ladder_row *row)
{
	size_t column = paint->ladder->hosts[row->host].column;
	int x = paint->x[column];
	bool to_left = column && x > (paint->left + paint->right) / 2;
	int room = room_beside(paint, column, to_left);
	char label[1024];
	const char *rest = label_of(paint, row, label, sizeof(label));

	paint_put(paint, x, row->failed ? paint->pen->fails : paint->pen->dot);
	do {
		const char *line = rest;
		size_t size = fold_line(line, room, &rest);
		int width = MIN(fold_width(line, size), room);

		paint_text_in(paint, to_left ? x - 1 - width : x + 2, line,
			      size, room);
		paint_flush(paint);
		if (*rest)
			paint_lifelines(paint, row->t);
	} while (*rest);
}

/* Across all lifelines, with its text in the middle. */
static void draw_across(struct paint *paint, const struct ladder_row *row,
			const char *before, const char *dash, const char *after)
{
	int room = paint->right - paint->left - 5 -
		   (int)(strlen(before) + strlen(after));
	const char *rest = row->text ? row->text : "";

	do {
		const char *line = rest;
		char text[1024];
		size_t size = fold_line(line, room, &rest);
		int width;

		snprintf(text, sizeof(text), " %s%.*s%s ", before, (int)size,
			 line, after);
		width = MIN(fold_width(text, SIZE_MAX), room + 4);
		if (dash)
			for (int x = paint->left + 1; x < paint->right; x++)
				if (!paint_is_lifeline(paint, x))
					paint_put(paint, x, dash);
		paint_text_in(paint,
			      paint->left +
				      (paint->right - paint->left - width) / 2,
			      text, SIZE_MAX, width);
		if (row->kind == LADDER_FAULT && row->host >= 0)
			paint_put(paint, column_of(paint, row->host),
				  row->mends ? paint->pen->dot :
					       paint->pen->cross);
		paint_flush(paint);
		if (*rest)
			paint_lifelines(paint, row->t);
	} while (*rest);
}

static void draw_quiet(struct paint *paint, const struct ladder_row *row)
{
	/* But for the dead: their lines have ended. */
	for (size_t i = 0; i < paint->ladder->n_columns; i++)
		if (strcmp(paint->cells[paint->x[i]], " ") != 0)
			paint_put(paint, paint->x[i], paint->pen->gap);
	draw_across(paint, row, paint->pen->ellipsis, NULL,
		    paint->pen->ellipsis_after);
}

static void draw_row(struct paint *paint, size_t i)
{
	const struct ladder_row *row = &paint->ladder->rows[i];
	bool arrives = !ladder_stays(row);

	paint_time(paint, row);
	paint_lifelines(paint, row->t);
	switch (row->kind) {
	case LADDER_SEGMENT:
		draw_segment(paint, i, true, arrives && !splits(paint, i));
		break;
	case LADDER_SAYS:
	case LADDER_LOOK:
		draw_says(paint, row);
		break;
	case LADDER_FAULT:
		draw_across(paint, row, "", paint->pen->fault, "");
		break;
	case LADDER_WRONG:
		draw_across(paint, row, "WRONG: ", NULL, "");
		break;
	case LADDER_TALLY:
	case LADDER_FOLD:
		draw_across(paint, row, "", paint->pen->dashes, "");
		break;
	case LADDER_QUIET:
		draw_quiet(paint, row);
		break;
	}
}

/* --- all of it ----------------------------------------------------------- */

/* What was delayed, and comes before row `i`, or after the last one. */
static void draw_arrivals(struct paint *paint, size_t i)
{
	const struct ladder *ladder = paint->ladder;
	double until = i < ladder->n_rows ? ladder->rows[i].t : ladder->end + 1;

	while (paint->n_pending) {
		size_t next = ladder->n_rows;

		for (size_t j = 0; j < i; j++)
			if (paint->pending[j] &&
			    ladder->rows[j].until <= until &&
			    (next == ladder->n_rows ||
			     ladder->rows[j].until < ladder->rows[next].until))
				next = j;
		if (next == ladder->n_rows)
			return;
		paint->pending[next] = false;
		paint->n_pending--;
		paint_time_at(paint, ladder->rows[next].until);
		paint_lifelines(paint, ladder->rows[next].until);
		draw_segment(paint, next, false, true);
	}
}

static void tell_connections(struct paint *paint)
{
	const struct ladder *ladder = paint->ladder;
	enum { TOLD = 8 };

	if (ladder->n_connections < 2)
		return;
	for (size_t i = 0; i < ladder->n_connections && i < TOLD; i++) {
		char text[256];

		snprintf(text, sizeof(text), "#%zu %s", i + 1,
			 ladder->connections[i].text);
		paint_note(paint, text);
	}
	if (ladder->n_connections > TOLD) {
		char text[64];

		snprintf(text, sizeof(text), "%s%zu more connections",
			 paint->pen->ellipsis, ladder->n_connections - TOLD);
		paint_note(paint, text);
	}
}

static void tell_ghosts(struct paint *paint)
{
	char text[128];

	if (!paint->ladder->n_ghosts)
		return;
	snprintf(text, sizeof(text),
		 "not drawn: %zu frame%s of a dead host's kernel, which no "
		 "machine would have sent",
		 paint->ladder->n_ghosts,
		 paint->ladder->n_ghosts == 1 ? "" : "s");
	paint_note(paint, text);
}

void ladder_print(FILE *out, const struct ladder *ladder, int columns,
		  bool unicode)
{
	struct paint paint;

	if (paint_init(&paint, out, ladder, columns, unicode)) {
		tell_connections(&paint);
		paint_heads(&paint);
		for (size_t i = 0; i < ladder->n_rows; i++) {
			draw_arrivals(&paint, i);
			draw_row(&paint, i);
			paint.pending[i] = splits(&paint, i);
			paint.n_pending += paint.pending[i];
		}
		draw_arrivals(&paint, ladder->n_rows);
		tell_ghosts(&paint);
	}
	paint_deinit(&paint);
}
