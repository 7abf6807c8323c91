/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ladder.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "fold.h"
#include "ladder-svg-parts.h"
#include "macro.h"
#include "markup.h"

/* --- lifelines ----------------------------------------------------------- */

static void title_of(const struct drawing *d, const struct ladder_span *span)
{
	char label[160];

	snprintf(label, sizeof(label), "%.80s, %.*f .. %.*f s%s",
		 span->text ? span->text : "", d->ladder->places, span->from,
		 d->ladder->places, span->until,
		 span->open ? " and longer" : "");
	fputs("<title>", d->out);
	markup_text(d->out, label);
	fputs("</title>", d->out);
}

static void bar(const struct drawing *d, const struct ladder_span *span,
		double from, double until, const char *sure)
{
	double x = layout_track(d->layout, span) - LAYOUT_BAR / 2.0;
	double y = layout_y(d->layout, from), to = layout_y(d->layout, until);

	if (to <= y)
		return;
	fprintf(d->out,
		"<rect class=\"bar%s%s\" x=\"%.1f\" y=\"%.1f\" width=\"%d\" "
		"height=\"%.1f\" rx=\"2\">",
		sure, svg_state_class(span->text), x, y, LAYOUT_BAR, to - y);
	title_of(d, span);
	fputs("</rect>\n", d->out);
}

static void bracket(const struct drawing *d, const struct ladder_span *span)
{
	double x = layout_track(d->layout, span);
	double from = layout_y(d->layout, span->from);
	double until = layout_y(d->layout, span->until);
	size_t column = d->ladder->hosts[span->host].column;
	double tick = x < d->layout->x[column] ? 4 : -4;

	fprintf(d->out, "<path class=\"timer%s\" d=\"M%.1f %.1fh%.1fV%.1f",
		span->open ? " open" : "", x + tick, from, -tick, until);
	if (!span->open)
		fprintf(d->out, "h%.1f", tick);
	fputs("\">", d->out);
	title_of(d, span);
	fputs("</path>\n", d->out);
}

static void draw_spans(const struct drawing *d)
{
	for (size_t i = 0; i < d->ladder->n_spans; i++) {
		const struct ladder_span *span = &d->ladder->spans[i];

		if (span->track >= LADDER_TRACKS_MAX)
			continue;
		if (span->kind == LADDER_TIMER) {
			bracket(d, span);
		} else if (span->kind == LADDER_STATE && span->text) {
			bar(d, span, span->from, span->sure, "");
			bar(d, span, span->sure, span->until, " unsure");
		}
	}
}

/* How the lifeline is from here on, and until when. */
static const char *life_at(const struct drawing *d, size_t column, double t,
			   double *until)
{
	const char *class = "life";

	for (size_t i = 0; i < d->ladder->n_spans; i++) {
		const struct ladder_span *span = &d->ladder->spans[i];

		if (span->kind == LADDER_STATE || span->kind == LADDER_TIMER ||
		    d->ladder->hosts[span->host].column != column ||
		    d->ladder->columns[column].n > 1)
			continue;
		if (t < span->from) {
			*until = MIN(*until, span->from);
		} else if (t < span->until || span->open) {
			if (!span->open)
				*until = MIN(*until, span->until);
			class = span->kind == LADDER_DEAD	   ? "" :
				span->kind == LADDER_FROZEN && *class ?
									"frozen" :
				span->kind == LADDER_UNPLUGGED &&
						strcmp(class, "life") == 0 ?
					"unplugged" :
					class;
		}
	}
	return class;
}

static void draw_life(const struct drawing *d, size_t column)
{
	double t = -INFINITY, x = d->layout->x[column];
	double y = d->layout->top - 8;

	while (y < d->layout->bottom) {
		double until = INFINITY;
		const char *class = life_at(d, column, t, &until);
		double to = isinf(until) ? d->layout->bottom :
					   layout_y(d->layout, until);

		if (*class && to > y)
			svg_line(d, class, x, y, x, to);
		if (isinf(until) || until <= t)
			break;
		y = to;
		t = until;
	}
}

static void draw_heads(const struct drawing *d)
{
	const struct layout *layout = d->layout;

	for (size_t i = 0; i < d->ladder->n_columns; i++) {
		const struct ladder_column *column = &d->ladder->columns[i];

		svg_text(d, "name", layout->x[i], layout->head_y[i],
			    column->name);
		if (column->n == 1)
			svg_text(d, "address", layout->x[i],
				    layout->head_y[i] + 15,
				    d->ladder->hosts[column->first].address);
	}
}

/* --- segments ------------------------------------------------------------ */

static void colour_of(const struct drawing *d, const struct ladder_row *row,
		      char ret[static 64])
{
	const char *kind = row->control			    ? " control" :
			   row->text && *row->text == 'R' ? " reset" :
								"";
	char connection[8] = "";

	if (!*kind && row->connection >= 0 && d->ladder->n_connections > 1)
		snprintf(connection, sizeof(connection), " c%d",
			 row->connection % SVG_COLOURS);
	snprintf(ret, 64, "%s%s", kind, connection);
}

static void arrow_head(const struct drawing *d, const char *colour, double x1,
		       double y1, double x2, double y2)
{
	double length = hypot(x2 - x1, y2 - y1);
	double dx = length > 0 ? (x2 - x1) / length : 1;
	double dy = length > 0 ? (y2 - y1) / length : 0;

	fprintf(d->out,
		"<path class=\"head%s\" d=\"M%.1f %.1fL%.1f %.1fL%.1f "
		"%.1fz\"/>\n",
		colour, x2, y2, x2 - 9 * dx - 3.6 * dy,
		y2 - 9 * dy + 3.6 * dx, x2 - 9 * dx + 3.6 * dy,
		y2 - 9 * dy - 3.6 * dx);
}

/* Where a hop is on the way down: as its time is between the ends'. */
static double hop_y(const struct drawing *d, size_t i, size_t hop)
{
	const struct ladder_row *row = &d->ladder->rows[i];
	const struct layout_row *place = &d->layout->rows[i];
	double whole = row->until - row->t;
	double part = whole > 0 ? (row->hops[hop].at - row->t) / whole :
				  (double)(hop + 1) / (double)row->n_hops;

	return place->anchor + (place->arrives - place->anchor) *
				       MAX(MIN(part, 1.0), 0.0);
}

static void draw_shaft(const struct drawing *d, size_t i, const char *colour)
{
	const struct ladder_row *row = &d->ladder->rows[i];
	const struct layout_row *place = &d->layout->rows[i];
	double x = place->from_x, y = place->anchor;

	fprintf(d->out, "<path class=\"%s%s\" d=\"M%.1f %.1f",
		row->again && !row->control ? "again" : "segment", colour, x,
		y);
	for (size_t j = 0; j + 1 < row->n_hops; j++) {
		if (row->hops[j].host < 0)
			continue;
		x = d->layout->x[d->ladder->hosts[row->hops[j].host].column];
		y = hop_y(d, i, j);
		fprintf(d->out, "L%.1f %.1f", x, y);
	}
	fprintf(d->out, "L%.1f %.1f\"/>\n", place->to_x, place->arrives);
	if (!ladder_stays(row) && ladder_receiver(row) >= 0)
		arrow_head(d, colour, x, y, place->to_x, place->arrives);
}

static void draw_segment(const struct drawing *d, size_t i)
{
	const struct ladder_row *row = &d->ladder->rows[i];
	const struct layout_row *place = &d->layout->rows[i];
	bool nobody = ladder_receiver(row) < 0;
	char colour[64];

	if (!row->n_hops)
		return;
	colour_of(d, row, colour);
	draw_shaft(d, i, colour);
	if (row->stops)
		svg_cross(d, "lost",
			  place->to_x + (place->right ? LAYOUT_STOP :
							-LAYOUT_STOP),
			  place->arrives, 4.5);
	else if (row->fate == LADDER_DROPPED || nobody)
		svg_cross(d, "lost", place->to_x, place->arrives, 4.5);
	else if (row->fate == LADDER_HELD)
		svg_circle(d, "held", place->to_x, place->arrives, 4);
	if (row->fate == LADDER_RELEASED)
		svg_circle(d, "held", place->from_x, place->anchor, 4);
	else if (row->starts_on_wire)
		fprintf(d->out,
			"<path class=\"head\" d=\"M%.1f %.1fl5 5l-5 5l-5 "
			"-5z\"/>\n",
			place->from_x, place->anchor - 5);
}

/* From where it was held to where it was released, or to the end. */
static void draw_waiting(const struct drawing *d, size_t i)
{
	const struct ladder_row *row = &d->ladder->rows[i];
	const struct layout_row *place = &d->layout->rows[i];
	double until = row->partner >= 0 ?
			       d->layout->rows[row->partner].anchor :
			       d->layout->bottom;

	if (row->kind == LADDER_SEGMENT && row->fate == LADDER_HELD)
		svg_line(d, "waits", place->to_x, place->arrives + 4, place->to_x,
		     until - 4);
}

static void draw_segment_text(const struct drawing *d, size_t i)
{
	const struct ladder_row *row = &d->ladder->rows[i];
	const struct layout_row *place = &d->layout->rows[i];

	svg_label(d, "label", &place->text, row);
	if (place->end.lines && row->end)
		svg_folded(d, row->fate == LADDER_HELD ? "held" : "lost",
		       &place->end, false, row->end);
}

/* --- the other rows ------------------------------------------------------ */

/* What was armed on the wire is no accident yet. */
static const char *across_class(const struct ladder_row *row)
{
	if (row->kind == LADDER_FAULT && row->mends)
		return "mends";
	if (row->kind == LADDER_FAULT)
		return row->host >= 0 ? "fault" : "rule";
	return row->kind == LADDER_WRONG ? "wrong" : "fold";
}

static void draw_across(const struct drawing *d, size_t i)
{
	const struct ladder_row *row = &d->ladder->rows[i];
	const struct layout_row *place = &d->layout->rows[i];
	double half = (fold_width(row->text ? row->text : "", SIZE_MAX) / 2.0 +
		       1.5) * LAYOUT_CHARACTER;
	char class[32];

	snprintf(class, sizeof(class), "across %s", across_class(row));
	half = MIN(half, (place->text.columns / 2.0 + 1) * LAYOUT_CHARACTER);
	if (place->text.x - half > d->layout->left) {
		svg_line(d, class, d->layout->left, place->anchor,
		     place->text.x - half, place->anchor);
		svg_line(d, class, place->text.x + half, place->anchor,
		     d->layout->right, place->anchor);
	}
	if (row->kind == LADDER_FAULT && row->host >= 0 && row->mends)
		svg_circle(d, "mark mends", place->from_x, place->anchor, 5);
	else if (row->kind == LADDER_FAULT && row->host >= 0)
		svg_cross(d, "mark", place->from_x, place->anchor, 6);
	svg_folded(d, across_class(row), &place->text, true,
	       row->text ? row->text : "");
}

static void draw_quiet(const struct drawing *d, size_t i)
{
	const struct layout_row *place = &d->layout->rows[i];

	for (size_t j = 0; j < d->ladder->n_columns; j++) {
		double until = INFINITY;

		if (!*life_at(d, j, d->ladder->rows[i].t, &until))
			continue;
		fprintf(d->out,
			"<rect class=\"pause\" fill=\"var(--paper,#fff)\" "
			"x=\"%.1f\" y=\"%.1f\" width=\"3\" height=\"%.1f\"/>"
			"<line class=\"gap\" x1=\"%.1f\" y1=\"%.1f\" "
			"x2=\"%.1f\" y2=\"%.1f\"/>\n",
			d->layout->x[j] - 1.5, place->anchor + 4,
			place->arrives - place->anchor - 8, d->layout->x[j],
			place->anchor + 4, d->layout->x[j],
			place->arrives - 4);
	}
}

static void draw_quiet_text(const struct drawing *d, size_t i)
{
	char text[96];

	snprintf(text, sizeof(text), "… %s …", d->ladder->rows[i].text);
	svg_folded(d, "quiet", &d->layout->rows[i].text, true, text);
}

static void draw_says(const struct drawing *d, size_t i)
{
	const struct ladder_row *row = &d->ladder->rows[i];
	const struct layout_row *place = &d->layout->rows[i];
	const char *class = row->kind == LADDER_LOOK ? "look" :
			    row->failed		     ? "failed" :
						       "says";
	char dot[32];

	snprintf(dot, sizeof(dot), "dot %s", class);
	svg_circle(d, dot, place->from_x, place->anchor, 3.2);
	svg_label(d, class, &place->text, row);
}

/* A time that is the one above it is not told again. */
static void draw_time(struct drawing *d, size_t i)
{
	const struct ladder_row *row = &d->ladder->rows[i];
	const struct layout_row *place = &d->layout->rows[i];
	char text[32];

	if (row->kind == LADDER_QUIET)
		return;
	snprintf(text, sizeof(text), "%.*f", d->ladder->places, row->t);
	if (strcmp(text, d->last_time) == 0)
		return;
	memcpy(d->last_time, text, sizeof(text));
	svg_text(d, "time", LAYOUT_TIME - 8, place->anchor + 3.5, text);
}

static void draw_row(struct drawing *d, size_t i)
{
	draw_time(d, i);
	switch (d->ladder->rows[i].kind) {
	case LADDER_SEGMENT:
		draw_segment_text(d, i);
		break;
	case LADDER_SAYS:
	case LADDER_LOOK:
		draw_says(d, i);
		break;
	case LADDER_QUIET:
		draw_quiet_text(d, i);
		break;
	case LADDER_FAULT:
	case LADDER_WRONG:
	case LADDER_TALLY:
	case LADDER_FOLD:
		draw_across(d, i);
		break;
	}
}

/* --- all of it ----------------------------------------------------------- */

static void draw(struct drawing *d)
{
	size_t n = d->ladder->n_rows;

	for (size_t i = 0; i < d->ladder->n_columns; i++)
		draw_life(d, i);
	for (size_t i = 0; i < n; i++)
		if (d->ladder->rows[i].kind == LADDER_QUIET)
			draw_quiet(d, i);
	draw_spans(d);
	for (size_t i = 0; i < n; i++)
		draw_waiting(d, i);
	for (size_t i = 0; i < n; i++)
		if (d->ladder->rows[i].kind == LADDER_SEGMENT)
			draw_segment(d, i);
	draw_heads(d);
	for (size_t i = 0; i < n; i++)
		draw_row(d, i);
}

/* What the key takes is known when it is drawn: into nothing, first. */
static double key_height(const struct drawing *d)
{
	struct drawing trial = *d;
	char *text = NULL;
	size_t size;
	double height = 0;

	trial.out = open_memstream(&text, &size);
	if (trial.out) {
		height = svg_key(&trial, 0);
		fclose(trial.out);
	}
	free(text);
	return height;
}

int ladder_svg(FILE *out, const struct ladder *ladder)
{
	struct layout *layout;
	struct drawing d = { .out = out, .ladder = ladder };
	double height;
	int r = layout_new(&layout, ladder);

	if (r < 0)
		return error_trace(r);
	d.layout = layout;
	height = layout->bottom + 18 + key_height(&d);
	fprintf(out,
		"<svg class=\"ladder\" xmlns=\"http://www.w3.org/2000/svg\" "
		"viewBox=\"0 0 %.0f %.0f\" width=\"%.0f\" height=\"%.0f\" "
		"role=\"img\" aria-label=\"time-sequence diagram\">\n",
		layout->width, height, layout->width, height);
	draw(&d);
	svg_key(&d, layout->bottom + 22);
	fputs("</svg>\n", out);
	layout_free(layout);
	return 0;
}
