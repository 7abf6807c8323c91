/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ladder as SVG. ladder-layout.c decides where everything stands; here it is
 * drawn, from back to front: lifelines, silences, bars and timers, arrows, and
 * last the text, whose outline keeps it readable on a line. Every element has
 * classes for ladder-style.css; a key below the drawing explains those that are
 * used.
 */
#include "ladder.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "fold.h"
#include "ladder-layout.h"
#include "macro.h"
#include "markup.h"
#include "message.h"
#include "segment.h"

enum {
	COLOURS = 5, /* of connections: the classes c0, c1 ... */
	KEY_LINE = 19,
	KEY_CONNECTIONS_MAX = 8,
};

struct drawing {
	FILE *out;
	const struct layout *layout;
	const struct ladder *ladder;
	char last_time[32]; /* the last one in the column of times */
};

static const char palette[] = {
#include "ladder-palette-css.h"
	'\0',
};

static const char style[] = {
#include "ladder-style-css.h"
	'\0',
};

const char *ladder_svg_palette(void)
{
	return palette;
}

const char *ladder_svg_style(void)
{
	return style;
}

/* --- lines and text ------------------------------------------------------- */

static void put_line(const struct drawing *d, const char *class, double x1,
		     double y1, double x2, double y2)
{
	fprintf(d->out,
		"<line class=\"%s\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" "
		"y2=\"%.1f\"/>\n",
		class, x1, y1, x2, y2);
}

static void put_cross(const struct drawing *d, const char *class, double x,
		      double y, double size)
{
	fprintf(d->out,
		"<path class=\"%s\" d=\"M%.1f %.1fl%.1f %.1fm0 %.1fl%.1f "
		"%.1f\"/>\n",
		class, x - size, y - size, 2 * size, 2 * size, -2 * size,
		-2 * size, 2 * size);
}

static void put_circle(const struct drawing *d, const char *class, double x,
		       double y, double r)
{
	fprintf(d->out,
		"<circle class=\"%s\" cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\"/>\n",
		class, x, y, r);
}

static void begin_text(const struct drawing *d, const char *class,
		       const char *anchor, double x, double y)
{
	fprintf(d->out, "<text class=\"%s%s\" x=\"%.1f\" y=\"%.1f\">", class,
		anchor, x, y);
}

static void put_title(const struct drawing *d, const char *text)
{
	fputs("<title>", d->out);
	markup_text(d->out, text);
	fputs("</title>", d->out);
}

/* One line of any width. */
static void put_text(const struct drawing *d, const char *class, double x,
		     double y, const char *text)
{
	begin_text(d, class, "", x, y);
	markup_text(d->out, text);
	fputs("</text>\n", d->out);
}

/* A text whose parts look different: the number of a connection in front has its
 * colour, remarks are softer, the reason of a loss is in the colour of alarm. */
struct label {
	const char *text;
	size_t own, remark, end; /* offsets: struct layout_label */
	int colour;
	bool lost;
};

/* The part of the text at an offset: its size, and the start of its markup. */
static size_t part_at(const struct label *label, size_t at, char ret[static 48])
{
	*ret = '\0';
	if (at < label->own) {
		snprintf(ret, 48, "<tspan class=\"tag c%d\">", label->colour);
		return label->own - at;
	}
	if (at < label->remark)
		return label->remark - at;
	snprintf(ret, 48, "<tspan class=\"%s\">",
		 at >= label->end && label->lost ? "lost" : "remark");
	return at < label->end ? label->end - at : SIZE_MAX;
}

static void put_piece(FILE *out, const struct label *label, const char *text,
		      size_t size)
{
	for (size_t i = 0, n; i < size; i += n) {
		char begin[48];

		n = MIN(part_at(label, (size_t)(text + i - label->text), begin),
			size - i);
		fputs(begin, out);
		markup_bytes(out, text + i, n);
		fputs(*begin ? "</tspan>" : "", out);
	}
}

/* A line that is too long ends in an ellipsis; so does the last line when there
 * is `more`. */
static void put_folded_line(FILE *out, const struct label *label,
			    const char *text, size_t size, int columns,
			    bool more)
{
	if (fold_width(text, size) <= columns - (more ? 2 : 0)) {
		put_piece(out, label, text, size);
		fputs(more ? " …" : "", out);
		return;
	}
	put_piece(out, label, text, fold_fits(text, size, columns - 1));
	fputs("…", out);
}

/* Folded into the room that the layout gives it. A text that is cut has all of
 * it as its title, which a browser shows under the pointer. */
static void put_label(const struct drawing *d, const char *class,
		      const struct layout_text *place, bool middle,
		      const struct label *label)
{
	const char *rest = label->text;
	const char *anchor = middle ? " middle" : place->to_left ? " end" : "";

	for (size_t i = 0; i < place->lines; i++) {
		const char *line = rest;
		size_t size = fold_line(line, place->columns, &rest);
		bool more = *rest && i + 1 == place->lines;

		begin_text(d, class, anchor, place->x,
			   place->y + LAYOUT_LINE * (double)i);
		if (more || fold_width(line, size) > place->columns)
			put_title(d, label->text);
		put_folded_line(d->out, label, line, size, place->columns,
				more);
		fputs("</text>\n", d->out);
	}
}

static void put_folded(const struct drawing *d, const char *class,
		       const struct layout_text *place, bool middle,
		       const char *text)
{
	const struct label label = { .text = text,
				     .remark = SIZE_MAX,
				     .end = SIZE_MAX };

	put_label(d, class, place, middle, &label);
}

static bool is_lost(const struct ladder_row *row)
{
	return row->fate == LADDER_DROPPED || row->not_forwarded;
}

static void put_row_label(const struct drawing *d, const char *class,
			  const struct layout_text *place,
			  const struct ladder_row *row)
{
	struct layout_label parts;
	struct label label = { .text = parts.text,
			       .colour = MAX(row->connection, 0) % COLOURS,
			       .lost = is_lost(row) };

	layout_label(d->layout, row, &parts);
	label.own = parts.own;
	label.remark = parts.remark;
	label.end = parts.end;
	put_label(d, class, place, false, &label);
}

/* --- bars and timers ------------------------------------------------------ */

/* The class of a bar's colour. */
static const char *state_class(const char *state)
{
	static const struct {
		const char *state, *class;
	} classes[] = {
		{ "SYN-SENT", " syn" },	      { "SYN-RECV", " syn" },
		{ "FIN-WAIT-1", " fin" },     { "FIN-WAIT-2", " fin" },
		{ "CLOSING", " fin" },	      { "CLOSE-WAIT", " close-wait" },
		{ "LAST-ACK", " close-wait" }, { "TIME-WAIT", " time-wait" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(classes); i++)
		if (strcmp(state, classes[i].state) == 0)
			return classes[i].class;
	return "";
}

static void put_span_title(const struct drawing *d,
			   const struct ladder_span *span)
{
	char text[160];

	snprintf(text, sizeof(text), "%.80s, %.*f .. %.*f s%s",
		 span->text ? span->text : "", d->ladder->decimals, span->from,
		 d->ladder->decimals, span->until,
		 span->open ? _(" and longer") : "");
	put_title(d, text);
}

static void draw_bar(const struct drawing *d, const struct ladder_span *span,
		     double from, double until, const char *unsure)
{
	double x = layout_track(d->layout, span) - LAYOUT_BAR / 2.0;
	double y = layout_y(d->layout, from), to = layout_y(d->layout, until);

	if (to <= y)
		return;
	fprintf(d->out,
		"<rect class=\"bar%s%s\" x=\"%.1f\" y=\"%.1f\" width=\"%d\" "
		"height=\"%.1f\" rx=\"2\">",
		unsure, state_class(span->text), x, y, LAYOUT_BAR, to - y);
	put_span_title(d, span);
	fputs("</rect>\n", d->out);
}

/* A bracket whose ends point to the lifeline; one that lasts beyond the end of the
 * run has no lower end. */
static void draw_timer(const struct drawing *d, const struct ladder_span *span)
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
	put_span_title(d, span);
	fputs("</path>\n", d->out);
}

static void draw_spans(const struct drawing *d)
{
	for (size_t i = 0; i < d->ladder->n_spans; i++) {
		const struct ladder_span *span = &d->ladder->spans[i];

		if (span->track >= LADDER_TRACKS_MAX)
			continue;
		if (span->kind == LADDER_TIMER) {
			draw_timer(d, span);
		} else if (span->kind == LADDER_STATE && span->text) {
			draw_bar(d, span, span->from, span->sure, "");
			draw_bar(d, span, span->sure, span->until, " unsure");
		}
	}
}

/* --- lifelines ------------------------------------------------------------ */

/* The class of a lifeline at `t`, and until when it lasts, at most *until; ""
 * for a dead host, whose lifeline is interrupted. */
static const char *life_at(const struct drawing *d, size_t column, double t,
			   double *until)
{
	bool dead = false, frozen = false, unplugged = false;

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
			dead |= span->kind == LADDER_DEAD;
			frozen |= span->kind == LADDER_FROZEN;
			unplugged |= span->kind == LADDER_UNPLUGGED;
		}
	}
	return dead ? "" : frozen ? "frozen" : unplugged ? "unplugged" : "life";
}

/* From span to span: each piece of a lifeline has one class. */
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
			put_line(d, class, x, y, x, to);
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

		put_text(d, "name", layout->x[i], layout->head_y[i],
			 column->name);
		if (column->n == 1)
			put_text(d, "address", layout->x[i],
				 layout->head_y[i] + 15,
				 d->ladder->hosts[column->first].address);
	}
}

/* --- segments ------------------------------------------------------------- */

/* " control", " reset", or the colour of the connection. */
static void segment_class(const struct drawing *d, const struct ladder_row *row,
			  char ret[static 16])
{
	*ret = '\0';
	if (row->control)
		snprintf(ret, 16, " control");
	else if (row->flags & SEGMENT_RST)
		snprintf(ret, 16, " reset");
	else if (row->connection >= 0 && d->ladder->n_connections > 1)
		snprintf(ret, 16, " c%d", row->connection % COLOURS);
}

static void draw_arrow_head(const struct drawing *d, const char *class,
			    double x1, double y1, double x2, double y2)
{
	double length = hypot(x2 - x1, y2 - y1);
	double dx = length > 0 ? (x2 - x1) / length : 1;
	double dy = length > 0 ? (y2 - y1) / length : 0;

	fprintf(d->out,
		"<path class=\"head%s\" d=\"M%.1f %.1fL%.1f %.1fL%.1f "
		"%.1fz\"/>\n",
		class, x2, y2, x2 - 9 * dx - 3.6 * dy, y2 - 9 * dy + 3.6 * dx,
		x2 - 9 * dx + 3.6 * dy, y2 - 9 * dy - 3.6 * dx);
}

/* The y of a hop: between the ends of the arrow as its time is between theirs. */
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

/* One path from hop to hop. A duplicate, a probe or a retransmission is dashed, so
 * that it differs at a glance from the first transmission. */
static void draw_shaft(const struct drawing *d, size_t i, const char *class)
{
	const struct ladder_row *row = &d->ladder->rows[i];
	const struct layout_row *place = &d->layout->rows[i];
	double x = place->from_x, y = place->anchor;

	fprintf(d->out, "<path class=\"%s%s\" d=\"M%.1f %.1f",
		row->repeated && !row->control ? "repeated" : "segment", class,
		x, y);
	for (size_t j = 0; j + 1 < row->n_hops; j++) {
		if (row->hops[j].host < 0)
			continue;
		x = d->layout->x[d->ladder->hosts[row->hops[j].host].column];
		y = hop_y(d, i, j);
		fprintf(d->out, "L%.1f %.1f", x, y);
	}
	fprintf(d->out, "L%.1f %.1f\"/>\n", place->to_x, place->arrives);
	if (!ladder_ends_on_wire(row) && ladder_receiver(row) >= 0)
		draw_arrow_head(d, class, x, y, place->to_x, place->arrives);
}

static void draw_segment(const struct drawing *d, size_t i)
{
	const struct ladder_row *row = &d->ladder->rows[i];
	const struct layout_row *place = &d->layout->rows[i];
	double beyond = place->right ? LAYOUT_BEYOND : -LAYOUT_BEYOND;
	char class[16];

	if (!row->n_hops)
		return;
	segment_class(d, row, class);
	draw_shaft(d, i, class);
	if (row->not_forwarded)
		put_cross(d, "lost", place->to_x + beyond, place->arrives, 4.5);
	else if (row->fate == LADDER_HELD || row->fate == LADDER_IN_TRANSIT)
		put_circle(d, "held", place->to_x, place->arrives, 4);
	else if (row->fate == LADDER_DROPPED || ladder_receiver(row) < 0)
		put_cross(d, "lost", place->to_x, place->arrives, 4.5);
	if (row->fate == LADDER_RELEASED)
		put_circle(d, "held", place->from_x, place->anchor, 4);
	else if (row->starts_on_wire)
		fprintf(d->out,
			"<path class=\"head\" d=\"M%.1f %.1fl5 5l-5 5l-5 "
			"-5z\"/>\n",
			place->from_x, place->anchor - 5);
}

/* From where a segment is held to where it is released, or to the end. */
static void draw_waiting(const struct drawing *d, size_t i)
{
	const struct ladder_row *row = &d->ladder->rows[i];
	const struct layout_row *place = &d->layout->rows[i];
	double until = row->partner >= 0 ?
			       d->layout->rows[row->partner].anchor :
			       d->layout->bottom;

	if (row->kind == LADDER_SEGMENT &&
	    (row->fate == LADDER_HELD || row->fate == LADDER_IN_TRANSIT))
		put_line(d, "waits", place->to_x, place->arrives + 4,
			 place->to_x, until - 4);
}

static void draw_segment_text(const struct drawing *d, size_t i)
{
	const struct ladder_row *row = &d->ladder->rows[i];
	const struct layout_row *place = &d->layout->rows[i];

	put_row_label(d, "label", &place->text, row);
	if (place->end.lines && row->end)
		put_folded(d, is_lost(row) ? "lost" : "held", &place->end, false,
			   row->end);
}

/* --- other rows ----------------------------------------------------------- */

/* A fault without a host is a rule of the wire, which waits for a match. */
static const char *across_class(const struct ladder_row *row)
{
	if (row->kind == LADDER_FAULT && row->ends_fault)
		return "repair";
	if (row->kind == LADDER_FAULT)
		return row->host >= 0 ? "fault" : "rule";
	return row->kind == LADDER_FAILURE ? "failure" : "fold";
}

static void draw_across(const struct drawing *d, size_t i)
{
	const struct ladder_row *row = &d->ladder->rows[i];
	const struct layout *layout = d->layout;
	const struct layout_row *place = &layout->rows[i];
	const char *text = row->text ? row->text : "";
	double half = (MIN(fold_width(text, SIZE_MAX), place->text.columns) /
			       2.0 + 1.5) * LAYOUT_CHARACTER;
	double before = MAX(place->text.x - half, layout->left);
	double after = MIN(place->text.x + half, layout->right);
	char class[32];

	snprintf(class, sizeof(class), "across %s", across_class(row));
	if (layout->labels_outside || place->text_below) {
		put_line(d, class, layout->left, place->anchor, layout->right,
			 place->anchor);
	} else {
		put_line(d, class, layout->left, place->anchor, before,
			 place->anchor);
		put_line(d, class, after, place->anchor, layout->right,
			 place->anchor);
	}
	if (row->kind == LADDER_FAULT && row->host >= 0 && row->ends_fault)
		put_circle(d, "mark repair", place->from_x, place->anchor, 5);
	else if (row->kind == LADDER_FAULT && row->host >= 0)
		put_cross(d, "mark", place->from_x, place->anchor, 6);
	put_folded(d, across_class(row), &place->text, !layout->labels_outside,
		   text);
}

/* Every lifeline but those of dead hosts is dotted during a silence. */
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
	put_folded(d, "quiet", &d->layout->rows[i].text,
		   !d->layout->labels_outside, text);
}

static void draw_beside(const struct drawing *d, size_t i)
{
	const struct ladder_row *row = &d->ladder->rows[i];
	const struct layout_row *place = &d->layout->rows[i];
	const char *class = row->kind == LADDER_SOCKET ? "socket" :
			    row->failed		       ? "failed" :
							 "call";
	char dot[32];

	snprintf(dot, sizeof(dot), "dot %s", class);
	put_circle(d, dot, place->from_x, place->anchor, 3.2);
	put_row_label(d, class, &place->text, row);
}

/* A time that equals the one above it is left out. */
static void draw_time(struct drawing *d, size_t i)
{
	const struct ladder_row *row = &d->ladder->rows[i];
	char text[32];

	if (row->kind == LADDER_QUIET)
		return;
	snprintf(text, sizeof(text), "%.*f", d->ladder->decimals, row->t);
	if (strcmp(text, d->last_time) == 0)
		return;
	memcpy(d->last_time, text, sizeof(text));
	put_text(d, "time", LAYOUT_TIME - 8, d->layout->rows[i].anchor + 3.5,
		 text);
}

static void draw_row(struct drawing *d, size_t i)
{
	draw_time(d, i);
	switch (d->ladder->rows[i].kind) {
	case LADDER_SEGMENT:
		draw_segment_text(d, i);
		break;
	case LADDER_ARRIVAL:
		break;
	case LADDER_CALL:
	case LADDER_SOCKET:
		draw_beside(d, i);
		break;
	case LADDER_QUIET:
		draw_quiet_text(d, i);
		break;
	case LADDER_FAULT:
	case LADDER_FAILURE:
	case LADDER_COUNTED:
	case LADDER_FOLD:
		draw_across(d, i);
		break;
	}
}

/* --- the key: each function returns the y of the next line ------------------ */

static bool has_state(const struct ladder *ladder, const char *class)
{
	for (size_t i = 0; i < ladder->n_spans; i++)
		if (ladder->spans[i].kind == LADDER_STATE &&
		    ladder->spans[i].text &&
		    strcmp(state_class(ladder->spans[i].text), class) == 0)
			return true;
	return false;
}

static double key_states(const struct drawing *d, double y)
{
	static const struct {
		const char *class, *text;
	} kinds[] = {
		{ "", "ESTAB" },
		{ " syn", "SYN-SENT, SYN-RECV" },
		{ " fin", "FIN-WAIT, CLOSING" },
		{ " close-wait", "CLOSE-WAIT, LAST-ACK" },
		{ " time-wait", "TIME-WAIT" },
	};
	double x = LAYOUT_TIME;

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (!has_state(d->ladder, kinds[i].class))
			continue;
		fprintf(d->out,
			"<rect class=\"bar%s\" x=\"%.1f\" y=\"%.1f\" "
			"width=\"%d\" height=\"13\" rx=\"2\"/>\n",
			kinds[i].class, x, y - 10.5, LAYOUT_BAR);
		put_text(d, "key", x + 13, y, kinds[i].text);
		x += 13 + 7.0 * (double)strlen(kinds[i].text) + 22;
	}
	return x > LAYOUT_TIME ? y + KEY_LINE : y;
}

static double key_line(const struct drawing *d, double y, const char *text)
{
	put_text(d, "key", LAYOUT_TIME, y, text);
	return y + KEY_LINE;
}

static double key_timers(const struct drawing *d, double y)
{
	for (size_t i = 0; i < d->ladder->n_spans; i++) {
		if (d->ladder->spans[i].kind != LADDER_TIMER)
			continue;
		fprintf(d->out,
			"<path class=\"timer\" d=\"M%d %.1fh-5v12h5\"/>\n",
			LAYOUT_TIME + 5, y - 10);
		put_text(d, "key", LAYOUT_TIME + 13, y,
			 _("a timer runs; dashed: beyond the end"));
		return y + KEY_LINE;
	}
	return y;
}

static double key_connections(const struct drawing *d, double y)
{
	size_t n = d->ladder->n_connections;
	char text[320];

	for (size_t i = 0; n > 1 && i < n && i < KEY_CONNECTIONS_MAX; i++) {
		fprintf(d->out,
			"<path class=\"c%zu\" stroke-width=\"2\" d=\"M%d "
			"%.1fh22\"/>\n",
			i % COLOURS, LAYOUT_TIME, y - 4);
		snprintf(text, sizeof(text), "#%d  %.280s",
			 d->ladder->connections[i].number,
			 d->ladder->connections[i].text);
		put_text(d, "key", LAYOUT_TIME + 32, y, text);
		y += KEY_LINE;
	}
	if (n > KEY_CONNECTIONS_MAX) {
		snprintf(text, sizeof(text), _("… and %zu more connections"),
			 n - KEY_CONNECTIONS_MAX);
		y = key_line(d, y, text);
	}
	return y;
}

static double draw_key(const struct drawing *d, double y)
{
	char text[LADDER_REMARK];

	y = key_states(d, y);
	y = key_timers(d, y);
	if (d->layout->too_many)
		y = key_line(d, y,
			     _("not drawn: the bars of further sockets at the "
			       "same time"));
	y = key_connections(d, y);
	if (d->ladder->n_ghosts)
		y = key_line(d, y, ladder_ghosts(d->ladder, text));
	return y;
}

/* The viewBox in the first line needs the height, which depends on what the key
 * explains: it is drawn twice, first into memory that is thrown away. */
static double key_height(const struct drawing *d)
{
	struct drawing trial = *d;
	char *text = NULL;
	size_t size;
	double height = 0;

	trial.out = open_memstream(&text, &size);
	if (trial.out) {
		height = draw_key(&trial, 0);
		fclose(trial.out);
	}
	free(text);
	return height;
}

/* --- the drawing ---------------------------------------------------------- */

/* From back to front: SVG has no z-order, a later element covers an earlier one. */
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

/* `with_style`: the palette and the rules are in the drawing itself. */
static int write_svg(FILE *out, const struct ladder *ladder, bool with_style)
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
		"role=\"img\" aria-label=\"%s\">\n",
		layout->width, height, layout->width, height,
		_("time-sequence diagram"));
	if (with_style)
		fprintf(out, "<style>\n%s%s</style>\n", palette, style);
	draw(&d);
	draw_key(&d, layout->bottom + 22);
	fputs("</svg>\n", out);
	layout_free(layout);
	return 0;
}

int ladder_svg(FILE *out, const struct ladder *ladder)
{
	return error_trace(write_svg(out, ladder, false));
}

int ladder_svg_file(FILE *out, const struct ladder *ladder)
{
	return error_trace(write_svg(out, ladder, true));
}
