/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * First the lifelines are placed: the distance between two is fixed by their
 * number, and the bars and timers of each take room beside it. Then the rows are
 * placed from top to bottom; each function place_...() takes the top of a band
 * and returns its bottom. A row's text is folded into the room that its kind
 * has: the margin, or the lane between two lifelines.
 */
#include "ladder-layout.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "fold.h"
#include "macro.h"
#include "message.h"

enum {
	GAP = 10, /* below a band */
	EDGE = 12, /* outside of the margins */
	HEAD = 20, /* the baseline of the first line of names */
	HEAD_GAP = 10, /* between two names */
	LEAST_LANE = 130, /* between two lifelines */
	HELD_TRACKS = 6, /* held segments side by side on the wire */
	LEAST_COLUMNS = 8, /* no text is folded narrower */
};

/* --- text ----------------------------------------------------------------- */

void layout_label(const struct layout *layout, const struct ladder_row *row,
		  struct layout_label *ret)
{
	const struct ladder *ladder = layout->ladder;
	const char *text = row->text ? row->text : "";
	char number[16] = "", delay[48] = "", end[160] = "";

	if (row->connection >= 0 && ladder->n_connections > 1)
		snprintf(number, sizeof(number), "#%d ",
			 ladder->connections[row->connection].number);
	if (row->fate == LADDER_DELAYED)
		snprintf(delay, sizeof(delay), _("  delayed %.*f\u00a0ms"),
			 row->until - row->t < 0.01 ? 1 : 0,
			 (row->until - row->t) * 1e3);
	else if (row->end && (row->starts_on_wire || layout->labels_outside))
		snprintf(end, sizeof(end), "  %.150s", row->end);
	ret->own = strlen(number);
	ret->remark = ret->own + strlen(text);
	snprintf(ret->text, sizeof(ret->text), "%s%s%s%s%s", number, text,
		 row->remark ? "  " : "", row->remark ? row->remark : "",
		 delay);
	ret->end = strlen(ret->text);
	strncat(ret->text, end, sizeof(ret->text) - ret->end - 1);
}

/* The lines of a text, LAYOUT_LINES_MAX at most and one at least. */
static size_t count_lines(const char *text, int columns)
{
	size_t n = 0;

	for (const char *rest = text; *rest && n < LAYOUT_LINES_MAX; n++)
		fold_line(rest, columns, &rest);
	return MAX(n, (size_t)1);
}

static size_t count_label_lines(const struct layout *layout,
				const struct ladder_row *row, int columns)
{
	struct layout_label label;

	layout_label(layout, row, &label);
	return count_lines(label.text, columns);
}

static int columns_in(double width)
{
	return MAX((int)(width / LAYOUT_CHARACTER), (int)LEAST_COLUMNS);
}

static double text_width(const char *text)
{
	return fold_width(text, SIZE_MAX) * LAYOUT_CHARACTER;
}

/* --- lifelines ------------------------------------------------------------ */

/* The distance between two of n lifelines: a page has room for about 1000 pixels
 * of them; more lifelines make the drawing wider. */
static double lane_width(size_t n)
{
	switch (n) {
	case 0:
	case 1:
		return 0;
	case 2:
		return 500;
	case 3:
		return 312;
	case 4:
		return 220;
	default:
		return MAX(LEAST_LANE, 900.0 / (double)(n - 1));
	}
}

/* The bars and timers of a lifeline in the left half are on its left. */
static bool bars_on_left(const struct layout *layout, size_t column)
{
	return layout->x[column] < (layout->left + layout->right) / 2 ||
	       layout->ladder->n_columns == 1;
}

/* Bars stand next to the lifeline, timers beyond them. */
static int measure_spans(struct layout *layout)
{
	const struct ladder *ladder = layout->ladder;
	size_t n = ladder->n_columns;
	size_t *timers = calloc(n + 1, sizeof(*timers));

	if (!timers)
		return error_origin(-ENOMEM, "layout");
	for (size_t i = 0; i < n; i++)
		layout->bars[i] = 1;
	for (size_t i = 0; i < ladder->n_spans; i++) {
		const struct ladder_span *span = &ladder->spans[i];
		size_t column = ladder->hosts[span->host].column;
		size_t tracks = MIN(span->track + 1, (size_t)LADDER_TRACKS_MAX);

		if (span->kind == LADDER_STATE)
			layout->bars[column] =
				MAX(layout->bars[column], tracks);
		else if (span->kind == LADDER_TIMER)
			timers[column] = MAX(timers[column], tracks);
		layout->too_many |= span->track >= LADDER_TRACKS_MAX;
	}
	for (size_t i = 0; i < n; i++)
		layout->inner[i] = LAYOUT_BAR +
				   LAYOUT_STEP * (double)(layout->bars[i] - 1 +
							  timers[i]);
	free(timers);
	return 0;
}

double layout_track(const struct layout *layout, const struct ladder_span *span)
{
	size_t column = layout->ladder->hosts[span->host].column;
	double out = LAYOUT_STEP * (double)span->track;

	if (span->kind == LADDER_TIMER)
		out += LAYOUT_STEP * (double)layout->bars[column];
	return layout->x[column] + (bars_on_left(layout, column) ? -out : out);
}

static void place_lifelines(struct layout *layout)
{
	size_t n = layout->ladder->n_columns;
	double lane = lane_width(n), x;

	x = LAYOUT_TIME + LAYOUT_MARGIN + (n ? layout->inner[0] : 0);
	layout->left = x;
	for (size_t i = 0; i < n; i++) {
		layout->x[i] = x;
		layout->right = x;
		if (i + 1 == n)
			break;
		/* Which side of a middle lifeline has the bars is not known
		 * yet, so both sides have room for them. */
		x += lane + (i + 2 < n ? layout->inner[i + 1] - LAYOUT_BAR : 0);
		x += i ? layout->inner[i] - LAYOUT_BAR : 0;
	}
	layout->width = layout->right + LAYOUT_MARGIN + EDGE +
			(n ? layout->inner[n - 1] : 0);
}

/* Names that would touch each other stand on up to three levels. */
static void place_heads(struct layout *layout)
{
	size_t n = layout->ladder->n_columns, level = 0;
	double lowest = HEAD, end = -1;

	for (size_t i = 0; i < n; i++) {
		const struct ladder_column *column =
			&layout->ladder->columns[i];
		double half = MAX(fold_width(column->name, SIZE_MAX) * 4.4,
				  55.0);

		level = layout->x[i] - half < end + HEAD_GAP ? (level + 1) % 3 :
							       0;
		end = MAX(end, layout->x[i] + half);
		layout->head_y[i] = HEAD + 32.0 * (double)level;
		lowest = MAX(lowest, layout->head_y[i]);
	}
	layout->top = lowest + 32;
}

/* --- segments ------------------------------------------------------------- */

static double x_of(const struct layout *layout, int host)
{
	return layout->x[layout->ladder->hosts[host].column];
}

/* A place on the wire, where a segment is lost, held or made: the middle of its
 * last cable; half a lane away from its only host. */
static double wire_x(const struct layout *layout, const struct ladder_row *row)
{
	int from = ladder_last_sender(row);
	int to = ladder_receiver(row);
	double half = lane_width(layout->ladder->n_columns) / 2, x;

	if (from >= 0 && to >= 0)
		return (x_of(layout, from) + x_of(layout, to)) / 2;
	if (from < 0 && to < 0)
		return (layout->left + layout->right) / 2;
	x = x_of(layout, from >= 0 ? from : to);
	return x + half <= layout->right ? x + half : x - half;
}

/* The distance from a middle lifeline to text on one side of it: behind the
 * bars, if they are on that side. */
static double clear_of_bars(const struct layout *layout, int host, bool right)
{
	size_t column = layout->ladder->hosts[host].column;

	if (column == 0 || column + 1 == layout->ladder->n_columns ||
	    bars_on_left(layout, column) == right)
		return 10;
	return 10 + layout->inner[column] - LAYOUT_BAR;
}

static double held_x(const struct layout *layout, size_t i)
{
	return wire_x(layout, &layout->ladder->rows[i]) +
	       8.0 * (double)layout->held[i];
}

static void place_ends(struct layout *layout, size_t i)
{
	const struct ladder_row *row = &layout->ladder->rows[i];
	struct layout_row *place = &layout->rows[i];
	int to = ladder_receiver(row);
	double wire = wire_x(layout, row);

	if (row->fate == LADDER_HELD || row->fate == LADDER_IN_TRANSIT)
		wire = held_x(layout, i);
	else if (row->fate == LADDER_RELEASED && row->partner >= 0)
		wire = held_x(layout, (size_t)row->partner);
	place->from_x = row->starts_on_wire || row->host < 0 ?
				wire :
				x_of(layout, row->host);
	place->to_x = ladder_ends_on_wire(row) || to < 0 ? wire :
							   x_of(layout, to);
	place->right = place->from_x != place->to_x ?
			       place->to_x > place->from_x :
			       wire > place->from_x;
}

/* The arrow of a lost segment is as long as its label, if the reason of the loss
 * still fits behind it. */
static void lengthen_lost(const struct layout *layout,
			  const struct ladder_row *row,
			  struct layout_row *place, double label, double to)
{
	double wanted = label + 22, behind = 24;

	if (row->end)
		behind += text_width(row->end);
	if (row->fate != LADDER_DROPPED || row->starts_on_wire ||
	    layout->ladder->n_columns > 2 ||
	    fabs(place->to_x - place->from_x) >= wanted ||
	    wanted + behind > fabs(to - place->from_x))
		return;
	place->to_x = place->from_x + (place->right ? wanted : -wanted);
}

/* By the logarithm of the transit: a microsecond is all but level, and a delay of
 * a second stays in its own band. */
static double slant_of(const struct ladder_row *row)
{
	double transit = MAX(row->until - row->t, 0.0);

	return MIN(2 + 3.2 * log10(1 + transit * 1e5), (double)LAYOUT_SLANT);
}

/* The room beside a lifeline: outside of the first and the last one, to the
 * right of any other. */
static struct layout_text text_beside(const struct layout *layout, int host)
{
	size_t column = layout->ladder->hosts[host].column;
	double x = layout->x[column], inner = layout->inner[column];
	double room = LAYOUT_MARGIN - 8, own;
	struct layout_text text = { .to_left = column == 0 };

	if (column == 0) {
		text.x = x - inner - 6;
	} else if (column + 1 == layout->ladder->n_columns) {
		text.x = x + inner + 6;
	} else {
		own = clear_of_bars(layout, host, true) - 1;
		text.x = x + own;
		room = layout->x[column + 1] - x - own - 9 -
		       layout->inner[column + 1];
	}
	text.columns = columns_in(MAX(room, 110.0));
	return text;
}

/* The next lifeline in the direction of the segment, where text about its end has
 * to stop. */
static double next_lifeline(const struct layout *layout,
			    const struct layout_row *place, double x)
{
	double next = place->right ? layout->right : layout->left;

	for (size_t i = 0; i < layout->ladder->n_columns; i++) {
		if (place->right && layout->x[i] > x)
			next = MIN(next, layout->x[i]);
		else if (!place->right && layout->x[i] < x)
			next = MAX(next, layout->x[i]);
	}
	return next;
}

/* The label begins at the sender, above the arrow. The reason why the segment
 * does not arrive is behind the mark on the wire, or below the label when it has
 * no room there. */
static double place_segment_inside(struct layout *layout, size_t i, double y)
{
	const struct ladder_row *row = &layout->ladder->rows[i];
	struct layout_row *place = &layout->rows[i];
	double own = 10, beyond = row->not_forwarded ? LAYOUT_BEYOND + 8 : 10;
	bool stays = ladder_ends_on_wire(row);
	double to = place->right ? layout->right : layout->left, room;
	struct layout_label label;

	if (row->host >= 0 && !row->starts_on_wire)
		own = clear_of_bars(layout, row->host, place->right);
	room = fabs((stays ? to : place->to_x) - place->from_x) - own - 14;
	layout_label(layout, row, &label);
	place->text = (struct layout_text){
		.x = place->from_x + (place->right ? own : -own),
		.y = y + LAYOUT_LINE - 3,
		.to_left = !place->right,
		.columns = columns_in(room),
	};
	place->text.lines = count_lines(label.text, place->text.columns);
	lengthen_lost(layout, row, place, text_width(label.text), to);
	/* The cross at the end of a short arrow is below the label. */
	place->anchor = y + LAYOUT_LINE * (double)place->text.lines +
			(stays ? 4 : 1);
	place->arrives = place->anchor + slant_of(row);
	y = place->arrives + GAP;
	if (!row->end || !(stays || row->not_forwarded))
		return y;
	place->end = (struct layout_text){
		.x = place->to_x + (place->right ? beyond : -beyond),
		.y = MAX(place->arrives + 4, place->anchor + 8),
		.to_left = !place->right,
		.columns = columns_in(fabs(next_lifeline(layout, place,
							 place->to_x) -
					   place->to_x) -
				      beyond - 4),
		.lines = 1,
	};
	if (fold_width(row->end, SIZE_MAX) > place->end.columns) {
		place->end.x = place->text.x;
		place->end.y = place->arrives + LAYOUT_LINE;
		place->end.columns = columns_in(fabs(to - place->from_x) - 14);
		place->end.lines = count_lines(row->end, place->end.columns);
		y += LAYOUT_LINE * (double)place->end.lines;
	}
	return y + 2;
}

static double place_segment(struct layout *layout, size_t i, double y)
{
	const struct ladder_row *row = &layout->ladder->rows[i];
	struct layout_row *place = &layout->rows[i];
	int host = row->starts_on_wire || row->host < 0 ?
			   ladder_receiver(row) :
			   row->host;

	place_ends(layout, i);
	if (!layout->labels_outside || host < 0)
		return place_segment_inside(layout, i, y);
	place->text = text_beside(layout, host);
	place->text.y = y + LAYOUT_LINE - 4;
	place->text.lines =
		count_label_lines(layout, row, place->text.columns);
	place->anchor = y + LAYOUT_LINE / 2.0;
	place->arrives = place->anchor + slant_of(row);
	return MAX(y + LAYOUT_LINE * (double)place->text.lines,
		   place->arrives) + GAP;
}

/* The arrow of the segment ends here. */
static double place_arrival(struct layout *layout, size_t i, double y)
{
	struct layout_row *place = &layout->rows[i];

	place->anchor = y + LAYOUT_LINE / 2.0;
	layout->rows[layout->ladder->rows[i].partner].arrives = place->anchor;
	return y + LAYOUT_LINE + 4;
}

/* --- other rows ----------------------------------------------------------- */

static double place_beside(struct layout *layout, size_t i, double y)
{
	const struct ladder_row *row = &layout->ladder->rows[i];
	struct layout_row *place = &layout->rows[i];

	place->from_x = x_of(layout, row->host);
	place->text = text_beside(layout, row->host);
	place->text.y = y + LAYOUT_LINE - 4;
	place->text.lines =
		count_label_lines(layout, row, place->text.columns);
	place->anchor = y + LAYOUT_LINE / 2.0;
	return y + LAYOUT_LINE * (double)place->text.lines + 4;
}

/* The text of a fault stands beside the mark at its host, or one line below,
 * and does not cover it. */
static void clear_mark(const struct layout *layout, struct layout_row *place,
		       const char *text)
{
	double half = MIN(text_width(text),
			  place->text.columns * LAYOUT_CHARACTER) / 2;
	double mark = place->from_x, distance = half + 18;

	if (fabs(mark - place->text.x) >= distance)
		return;
	if (mark + distance + half <= layout->right) {
		place->text.x = mark + distance;
	} else if (mark - distance - half >= layout->left) {
		place->text.x = mark - distance;
	} else {
		place->text.y += LAYOUT_LINE;
		place->text_below = true;
	}
}

static double place_across(struct layout *layout, size_t i, double y)
{
	const struct ladder_row *row = &layout->ladder->rows[i];
	const char *text = row->text ? row->text : "";
	struct layout_row *place = &layout->rows[i];
	double room = MAX(layout->right - layout->left, 240.0) - 40;

	place->from_x = row->host >= 0 ? x_of(layout, row->host) :
					 layout->left;
	place->anchor = y + LAYOUT_LINE - 2;
	if (layout->labels_outside) {
		place->text = text_beside(layout, 0);
		place->text.y = y + LAYOUT_LINE + 2;
		place->text.lines = count_lines(text, place->text.columns);
		return y + LAYOUT_LINE * (double)place->text.lines + GAP;
	}
	place->text = (struct layout_text){
		.x = (layout->left + layout->right) / 2,
		.y = y + LAYOUT_LINE + 2,
		.columns = columns_in(room),
	};
	place->text.lines = count_lines(text, place->text.columns);
	if (row->kind == LADDER_FAULT && row->host >= 0)
		clear_mark(layout, place, text);
	return y + GAP +
	       LAYOUT_LINE * (double)(place->text.lines + place->text_below);
}

/* A longer silence is higher, by the logarithm of its length. */
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
		.columns = columns_in(layout->right - layout->left),
	};
	if (layout->labels_outside)
		place->text = text_beside(layout, 0);
	place->text.y = y + height / 2 + 4;
	place->text.lines = 1;
	return y + height + 4;
}

/* --- the rows ------------------------------------------------------------- */

static double place_row(struct layout *layout, size_t i, double y)
{
	switch (layout->ladder->rows[i].kind) {
	case LADDER_SEGMENT:
		return place_segment(layout, i, y);
	case LADDER_ARRIVAL:
		return place_arrival(layout, i, y);
	case LADDER_CALL:
	case LADDER_SOCKET:
		return place_beside(layout, i, y);
	case LADDER_QUIET:
		return place_quiet(layout, i, y);
	case LADDER_FAULT:
	case LADDER_FAILURE:
	case LADDER_COUNTED:
	case LADDER_FOLD:
		break;
	}
	return place_across(layout, i, y);
}

/*
 * Between the rows before and after the moment, in proportion to their times.
 * What a silence or an arrow's slant adds in height belongs to the row above.
 */
double layout_y(const struct layout *layout, double t)
{
	const struct ladder *ladder = layout->ladder;
	size_t low = 0, high = ladder->n_rows;
	double from, until, y, next;

	/* The first row that is not earlier than `t`. */
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

/* Segments that the wire holds at one time stand side by side. */
static void choose_held_tracks(struct layout *layout)
{
	const struct ladder *ladder = layout->ladder;
	size_t taken[HELD_TRACKS] = { 0 }; /* up to that row */

	for (size_t i = 0; i < ladder->n_rows; i++) {
		const struct ladder_row *row = &ladder->rows[i];
		size_t track = 0;

		if (row->kind != LADDER_SEGMENT ||
		    (row->fate != LADDER_HELD &&
		     row->fate != LADDER_IN_TRANSIT))
			continue;
		while (track + 1 < HELD_TRACKS && taken[track] > i)
			track++;
		layout->held[i] = track;
		taken[track] = row->partner >= 0 ? (size_t)row->partner + 1 :
						   SIZE_MAX;
	}
}

/* The room below the last row for what lasts longer than that. */
static double room_below(const struct ladder *ladder)
{
	const struct ladder_row *last = &ladder->rows[ladder->n_rows - 1];

	return ladder->end > last->t ? 2.0 * LAYOUT_LINE : 0;
}

static void place_rows(struct layout *layout)
{
	const struct ladder *ladder = layout->ladder;
	double y = layout->top;

	for (size_t i = 0; i < ladder->n_rows; i++)
		layout->labels_outside |=
			ladder->rows[i].kind == LADDER_ARRIVAL;
	choose_held_tracks(layout);
	for (size_t i = 0; i < ladder->n_rows; i++) {
		double next = place_row(layout, i, y);

		layout->rows[i].y = y;
		y = next;
	}
	layout->end = y + (ladder->n_rows ? room_below(ladder) : 0);
	layout->bottom = layout->end + 8;
}

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
		    measure_spans(layout) :
		    error_origin(-ENOMEM, "layout");
	if (r < 0) {
		layout_free(layout);
		return error_trace(r);
	}
	place_lifelines(layout);
	place_heads(layout);
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
