/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ladder on a terminal. Each row is one line or more, with its time in
 * front. A segment is an arrow from lifeline to lifeline with its label on it:
 *
 *	0.350  ┃╌ P. 1:101(100) ack 1  retransmission 1 ╌✗ dropped    ┃
 *
 * A label that does not fit on its arrow stands on lines above it. Text keeps
 * between two lifelines as long as these are at least LEAST_LANE columns apart;
 * in a narrower ladder it covers them.
 */
#include "ladder.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fold.h"
#include "ladder-paint.h"
#include "macro.h"
#include "message.h"
#include "segment.h"

enum {
	INSET = 2, /* between the end of an arrow and its label */
	LEAST_LANE = 16, /* the least room for text between two lifelines */
	ROOMY = 24, /* the least room beside a lifeline for a call */
	CONNECTIONS_MAX = 8, /* in the list above the ladder */
};

static const char *label_of(const struct paint *paint,
			    const struct ladder_row *row, char *ret,
			    size_t size)
{
	const struct ladder *ladder = paint->ladder;
	char number[16] = "";

	if (row->connection >= 0 && ladder->n_connections > 1)
		snprintf(number, sizeof(number), "#%d ",
			 ladder->connections[row->connection].number);
	snprintf(ret, size, "%s%s%s%s", number, row->text ? row->text : "",
		 row->remark ? "  " : "", row->remark ? row->remark : "");
	return ret;
}

void ladder_print_legend(FILE *out, const struct ladder_view *view)
{
	enum { INDENT = 2 };
	const struct paint_glyphs *glyphs = paint_glyphs(view->unicode);
	char signs[512];

	fprintf(out, "%*s", INDENT, "");
	fold_print(out,
		   _("vertical lines: hosts, with their addresses; time goes "
		     "down"),
		   INDENT, INDENT, view->columns);
	fprintf(out, "%*s", INDENT, "");
	fold_print(out,
		   _("segments: flags (S SYN, . ACK, P PSH, F FIN, R RST), "
		     "begin:end(length), ack"),
		   INDENT, INDENT, view->columns);
	/* In ASCII both lifelines look alike. */
	snprintf(signs, sizeof(signs),
		 _("%s socket open  %s none, or not known  %s timer  "
		   "%s held, delayed  %s lost, failed, hit by a fault  "
		   "%s injected, duplicated  %s fault"),
		 glyphs->socket, glyphs->life, glyphs->timer, glyphs->waits,
		 glyphs->cross, glyphs->made, glyphs->fault);
	fprintf(out, "%*s", INDENT, "");
	fold_print(out, signs, INDENT, INDENT, view->columns);
}

/* --- segments ------------------------------------------------------------- */

/* The arrow of a segment: from and to the columns of lifelines, or of a place on
 * the wire between them. */
struct arrow {
	int from, to;
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

/* A place on the wire beside the only host of the segment. */
static int wire_near(const struct paint *paint, int host)
{
	int x = column_of(paint, host), n = (int)paint->ladder->n_columns;
	int step = n > 1 ? (paint->x[1] - paint->x[0]) / 2 : paint->width / 4;

	return x + step < paint->width - 1 ? x + step : x - step;
}

/* `leaves`, `arrives`: whether the arrow begins at the sender and ends at the
 * receiver, or on the wire. */
static struct arrow arrow_of(const struct paint *paint,
			     const struct ladder_row *row, bool leaves,
			     bool arrives)
{
	int to = ladder_receiver(row);
	int from = row->host, last = ladder_last_sender(row);
	struct arrow arrow = { .from_wire = row->starts_on_wire || !leaves ||
					    row->host < 0,
			       .to_wire = !arrives || to < 0 };
	int middle;

	if (from < 0 && to < 0) {
		arrow.from = arrow.to = paint->width / 2;
		return arrow;
	}
	if (arrow.from_wire)
		from = last;
	middle = from < 0 ? wire_near(paint, to) :
		 to < 0	  ? wire_near(paint, from) :
			    between(paint, last < 0 ? from : last, to);
	arrow.from = arrow.from_wire ? middle : column_of(paint, from);
	arrow.to = arrow.to_wire ? middle : column_of(paint, to);
	arrow.right = arrow.from != arrow.to ?
			      arrow.to > arrow.from :
			      from < 0 || to < 0 ||
				      column_of(paint, to) >=
					      column_of(paint, from);
	return arrow;
}

/* The sign at an end of an arrow that is on the wire: lost there, made there, or
 * waiting there. */
static const char *mark_of(const struct paint *paint,
			   const struct ladder_row *row, bool start)
{
	if (row->fate == LADDER_DROPPED && !start)
		return paint->glyphs->cross;
	if (row->fate == LADDER_INJECTED || row->fate == LADDER_DUPLICATE)
		return paint->glyphs->made;
	return paint->glyphs->waits;
}

static void draw_shaft(struct paint *paint, const struct arrow *arrow,
		       const struct ladder_row *row)
{
	const char *dash = row->repeated || row->control ?
				   paint->glyphs->dashes :
				   paint->glyphs->dash;

	for (int x = MIN(arrow->from, arrow->to) + 1;
	     x < MAX(arrow->from, arrow->to); x++)
		paint_put(paint, x, dash);
	if (arrow->from_wire)
		paint_put(paint, arrow->from, mark_of(paint, row, true));
	if (arrow->to_wire)
		paint_put(paint, arrow->to, mark_of(paint, row, false));
	else
		paint_put(paint, arrow->to + (arrow->right ? -1 : 1),
			  arrow->right ? paint->glyphs->right :
					 paint->glyphs->left);
}

/* The lane of a column: between the lifelines on both sides of it, or, where
 * these are close together, the whole ladder. */
static void lane_of(const struct paint *paint, int x, int *ret_low,
		    int *ret_high)
{
	*ret_low = paint_next_lifeline(paint, x, false);
	*ret_high = paint_next_lifeline(paint, x, true);
	if (*ret_high - *ret_low - 3 < LEAST_LANE) {
		*ret_low = paint->left;
		*ret_high = paint->width - 1;
	}
}

/* The reason why the segment ends at column `x`: behind the mark there, or on
 * lines below. Prints the line of the arrow. */
static void draw_end(struct paint *paint, const struct arrow *arrow, int x,
		     const char *text, double t)
{
	int width = fold_width(text, SIZE_MAX), low, high, room;

	lane_of(paint, x, &low, &high);
	room = arrow->right ? high - x - 3 : x - low - 3;
	if (width <= room)
		paint_text(paint, arrow->right ? x + 2 : x - 1 - width, text,
			   SIZE_MAX);
	paint_flush(paint);
	if (width > room)
		paint_lines(paint, t, text, low + 1, high - 1, !arrow->right);
}

/* Puts the label on the arrow. A label that does not fit there, or a part of
 * it, is printed on lines above. */
static void draw_label(struct paint *paint, const struct arrow *arrow,
		       const struct ladder_row *row, const char *label,
		       double t)
{
	int low = MIN(arrow->from, arrow->to);
	int room = abs(arrow->to - arrow->from) - 2 * INSET - 2;
	bool all_above = room < LEAST_LANE &&
			 fold_width(label, SIZE_MAX) > room;
	const char *rest = label;

	if (all_above) {
		int lane_low, lane_high;

		/* The lane of the arrow's middle: one end may be on the wire. */
		lane_of(paint, (arrow->from + arrow->to) / 2, &lane_low,
			&lane_high);
		paint_lines(paint, t, label, lane_low + 1, lane_high - 1,
			    !arrow->right);
		paint_lifelines(paint, t);
		draw_shaft(paint, arrow, row);
		return;
	}
	while (*rest) {
		const char *line = rest;
		size_t size = fold_line(line, room, &rest);
		int width = fold_width(line, size);
		int x = arrow->right ? low + 1 + INSET :
				       arrow->from - 1 - INSET - width;

		paint_lifelines(paint, t);
		if (!*rest) {
			draw_shaft(paint, arrow, row);
			paint_text(paint, x - 1, " ", 1);
			paint_text(paint, x + width, " ", 1);
		}
		paint_text(paint, x, line, size);
		if (*rest)
			paint_flush(paint);
	}
}

/* The arrow of a segment that ends on the wire is as long as its label needs, if
 * there is still room for the reason behind it before the next lifeline. In a
 * narrow lane the label goes first, and the reason on lines below. */
static void lengthen(const struct paint *paint, struct arrow *arrow,
		     const char *label, const char *end)
{
	int wanted = fold_width(label, SIZE_MAX) + 2 * INSET + 3;
	int behind = fold_width(end, SIZE_MAX) + 3;
	int length = abs(arrow->to - arrow->from);
	int room = abs(paint_next_lifeline(paint, arrow->to, arrow->right) -
		       arrow->from);

	if (!arrow->to_wire || arrow->from_wire || length >= wanted)
		return;
	if (wanted + behind > room) {
		if (length - 2 * INSET - 2 >= LEAST_LANE)
			return;
		wanted = MIN(wanted, room - INSET);
	}
	if (wanted > length)
		arrow->to = arrow->from + (arrow->right ? wanted : -wanted);
}

/* In a row of its own, the arrow goes from end to end; the departure of a
 * segment whose arrival is a row of its own ends on the wire. */
static void draw_segment(struct paint *paint, const struct ladder_row *row)
{
	bool split = row->partner >= 0 && row->fate != LADDER_HELD &&
		     row->fate != LADDER_RELEASED;
	bool arrives = !ladder_ends_on_wire(row) && !split;
	struct arrow arrow = arrow_of(paint, row, true, arrives);
	char label[1024], end[256] = "", more[80] = "";

	label_of(paint, row, label, sizeof(label));
	if (split)
		snprintf(end, sizeof(end), _("%s%sarrives at %.*f"),
			 row->end ? row->end : "", row->end ? _(", ") : "",
			 paint->ladder->decimals, row->until);
	else if (row->fate == LADDER_DELAYED)
		snprintf(more, sizeof(more), _("  delayed, %.1f ms"),
			 (row->until - row->t) * 1e3);
	else if (row->starts_on_wire && row->end)
		snprintf(more, sizeof(more), "  %.60s", row->end);
	else if (row->end)
		snprintf(end, sizeof(end), "%s", row->end);
	strncat(label, more, sizeof(label) - strlen(label) - 1);
	lengthen(paint, &arrow, label, end);
	draw_label(paint, &arrow, row, label, row->t);
	if (row->not_forwarded && arrives) {
		int beyond = arrow.to + (arrow.right ? 2 : -2);

		paint_put(paint, beyond, paint->glyphs->cross);
		draw_end(paint, &arrow, beyond, end, row->t);
	} else if (*end && !arrives) {
		draw_end(paint, &arrow, arrow.to, end, row->t);
	} else {
		paint_flush(paint);
	}
}

static void draw_arrival(struct paint *paint, const struct ladder_row *row)
{
	const struct ladder_row *segment = &paint->ladder->rows[row->partner];
	struct arrow arrow = arrow_of(paint, segment, false, true);
	char label[1024];

	label_of(paint, segment, label, sizeof(label));
	draw_label(paint, &arrow, segment, label, row->t);
	paint_flush(paint);
}

/* --- other rows ----------------------------------------------------------- */

/* How far text beside a lifeline goes: to the next one, or, where the lanes are
 * narrow, over it. */
static int room_beside(const struct paint *paint, size_t column, bool to_left)
{
	int x = paint->x[column];
	int room = abs(paint_next_lifeline(paint, x, !to_left) - x) - 3;

	if (room >= ROOMY)
		return room;
	return MIN((paint->right - paint->left) / 2,
		   to_left ? x - paint->left - 2 : paint->width - x - 3);
}

/* Beside its host: to the left of a lifeline in the right half. */
static void draw_beside(struct paint *paint, const struct ladder_row *row)
{
	size_t column = paint->ladder->hosts[row->host].column;
	int x = paint->x[column];
	bool to_left = column && x > (paint->left + paint->right) / 2;
	int room = room_beside(paint, column, to_left);
	char label[1024];
	const char *rest = label_of(paint, row, label, sizeof(label));

	paint_lifelines(paint, row->t);
	paint_put(paint, x, row->failed ? paint->glyphs->fails :
					  paint->glyphs->dot);
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

/* In the middle of the ladder; but not on a lifeline where a lane beside it has
 * room. */
static int centre_between_lifelines(const struct paint *paint, int width)
{
	int middle = (paint->left + paint->right) / 2;
	int low = paint_next_lifeline(paint, middle + 1, false);
	int high = paint_next_lifeline(paint, middle, true);

	if (width + 2 <= high - low)
		middle = (low + high) / 2;
	return middle - width / 2;
}

/* Beside the mark of a fault at column `x`; 0: it has no room there. */
static int clear_of_mark(const struct paint *paint, int x, int mark, int width)
{
	if (mark < x - 1 || mark > x + width)
		return x;
	if (mark + 2 + width <= paint->right)
		return mark + 2;
	return mark - 1 - width > paint->left ? mark - 1 - width : 0;
}

static void fill(struct paint *paint, const char *dash)
{
	for (int x = paint->left + 1; x < paint->right; x++)
		if (paint_next_lifeline(paint, x - 1, true) != x)
			paint_put(paint, x, dash);
}

/* Across all lifelines, with the text in the middle. */
static void draw_across(struct paint *paint, const struct ladder_row *row,
			const char *before, const char *dash)
{
	int room = paint->right - paint->left - 5 -
		   fold_width(before, SIZE_MAX);
	bool marked = row->kind == LADDER_FAULT && row->host >= 0;
	const char *rest = row->text ? row->text : "";

	do {
		const char *line = rest;
		char text[1024];
		size_t size = fold_line(line, room, &rest);
		int width, x;

		snprintf(text, sizeof(text), " %s%.*s ", before, (int)size,
			 line);
		width = MIN(fold_width(text, SIZE_MAX),
			    paint->right - paint->left - 1);
		x = dash ? paint->left +
				   (paint->right - paint->left - width) / 2 :
			   centre_between_lifelines(paint, width);
		paint_lifelines(paint, row->t);
		if (dash)
			fill(paint, dash);
		if (marked) {
			int mark = column_of(paint, row->host);
			int beside = clear_of_mark(paint, x, mark, width);

			paint_put(paint, mark, row->ends_fault ?
						       paint->glyphs->dot :
						       paint->glyphs->cross);
			marked = false;
			if (beside) {
				x = beside;
			} else {
				paint_flush(paint);
				paint_lifelines(paint, row->t);
			}
		}
		paint_text_in(paint, x, text, SIZE_MAX, width);
		paint_flush(paint);
	} while (*rest);
}

/* The lifelines are interrupted, except those of dead hosts. */
static void draw_quiet(struct paint *paint, const struct ladder_row *row)
{
	char text[96];
	int width;

	snprintf(text, sizeof(text), "%s%s%s", paint->glyphs->ellipsis,
		 row->text, paint->glyphs->ellipsis_after);
	width = MIN(fold_width(text, SIZE_MAX),
		    paint->right - paint->left - 1);
	paint_lifelines(paint, row->t);
	for (size_t i = 0; i < paint->ladder->n_columns; i++)
		if (strcmp(paint->cells[paint->x[i]], " ") != 0)
			paint_put(paint, paint->x[i], paint->glyphs->gap);
	paint_text_in(paint, centre_between_lifelines(paint, width), text,
		      SIZE_MAX, width);
	paint_flush(paint);
}

static enum colour colour_of(const struct ladder *ladder,
			     const struct ladder_row *row)
{
	switch (row->kind) {
	case LADDER_SEGMENT:
		if (row->fate == LADDER_DROPPED || row->not_forwarded)
			return COLOUR_LOST;
		if (row->flags & SEGMENT_RST)
			return COLOUR_ALARM;
		return row->repeated || row->fate != LADDER_ARRIVES ?
			       COLOUR_WAIT :
			       COLOUR_PLAIN;
	case LADDER_ARRIVAL:
		return colour_of(ladder, &ladder->rows[row->partner]);
	case LADDER_CALL:
		return row->failed ? COLOUR_WAIT : COLOUR_PLAIN;
	case LADDER_SOCKET:
		return COLOUR_STATE;
	case LADDER_FAULT:
		return row->ends_fault ? COLOUR_GOOD : COLOUR_ALARM;
	case LADDER_FAILURE:
		return COLOUR_ALARM;
	case LADDER_COUNTED:
	case LADDER_FOLD:
	case LADDER_QUIET:
		break;
	}
	return COLOUR_FAINT;
}

/* A silence has no time in front: its end is the time of the row below. */
static void draw_row(struct paint *paint, const struct ladder_row *row)
{
	if (row->kind != LADDER_QUIET)
		paint_time(paint, row->t);
	paint->pen = colour_of(paint->ladder, row);
	switch (row->kind) {
	case LADDER_SEGMENT:
		draw_segment(paint, row);
		break;
	case LADDER_ARRIVAL:
		draw_arrival(paint, row);
		break;
	case LADDER_CALL:
	case LADDER_SOCKET:
		draw_beside(paint, row);
		break;
	case LADDER_FAULT:
		draw_across(paint, row, "", paint->glyphs->fault);
		break;
	case LADDER_FAILURE:
		draw_across(paint, row, _("FAILED: "), NULL);
		break;
	case LADDER_COUNTED:
	case LADDER_FOLD:
		draw_across(paint, row, "", paint->glyphs->dashes);
		break;
	case LADDER_QUIET:
		draw_quiet(paint, row);
		break;
	}
}

/* --- the ladder ----------------------------------------------------------- */

static void list_connections(struct paint *paint)
{
	const struct ladder *ladder = paint->ladder;
	char text[256];

	if (ladder->n_connections < 2)
		return;
	for (size_t i = 0; i < ladder->n_connections && i < CONNECTIONS_MAX;
	     i++) {
		snprintf(text, sizeof(text), "#%d %s",
			 ladder->connections[i].number,
			 ladder->connections[i].text);
		paint_note(paint, text);
	}
	if (ladder->n_connections > CONNECTIONS_MAX) {
		snprintf(text, sizeof(text), _("%s%zu more connections"),
			 paint->glyphs->ellipsis,
			 ladder->n_connections - CONNECTIONS_MAX);
		paint_note(paint, text);
	}
}

static void note_ghosts(struct paint *paint)
{
	char text[LADDER_REMARK];

	if (paint->ladder->n_ghosts)
		paint_note(paint, ladder_ghosts(paint->ladder, text));
}

void ladder_print(FILE *out, const struct ladder *ladder,
		  const struct ladder_view *view)
{
	struct paint paint;

	if (paint_init(&paint, out, ladder, view)) {
		list_connections(&paint);
		paint_heads(&paint);
		for (size_t i = 0; i < ladder->n_rows; i++)
			draw_row(&paint, &ladder->rows[i]);
		paint.pen = COLOUR_FAINT;
		note_ghosts(&paint);
	}
	paint_deinit(&paint);
}
