/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ladder.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "fold.h"
#include "ladder-layout.h"
#include "macro.h"
#include "markup.h"

/* Every colour has a name, so that a page can have others; what follows the
 * comma is for a drawing that stands alone. */
static const char style[] =
	".ladder{font-family:var(--sans,'Source Sans 3','Segoe UI',"
	"'Helvetica Neue',Arial,sans-serif);background:var(--paper,#fff)}\n"
	".ladder text{fill:var(--ink,#1c2127);font-size:11.5px;white-space:pre;"
	"font-family:var(--mono,ui-monospace,'DejaVu Sans Mono',Menlo,"
	"Consolas,'Liberation Mono',monospace);"
	"paint-order:stroke;stroke:var(--paper,#fff);stroke-width:3.5px;"
	"stroke-linejoin:round}\n"
	".ladder text.name{font-family:inherit;font-size:15px;"
	"font-weight:600;text-anchor:middle}\n"
	".ladder text.address{font-size:11px;fill:var(--faint,#68727d);"
	"text-anchor:middle}\n"
	".ladder text.time{font-size:10.5px;fill:var(--faint,#68727d);"
	"text-anchor:end;font-variant-numeric:tabular-nums}\n"
	".ladder text.says{fill:var(--soft,#414a54)}\n"
	".ladder text.look{fill:var(--state,#3b6ea5)}\n"
	".ladder text.failed,.ladder text.wrong,.ladder text.lost,"
	".ladder text.fault{fill:var(--alarm,#b3261e)}\n"
	".ladder text.held{fill:var(--wait,#8a5a00)}\n"
	".ladder text.rule{fill:var(--wait,#8a5a00)}\n"
	".ladder text.quiet,.ladder text.fold{fill:var(--faint,#68727d)}\n"
	".ladder text.key{font-family:inherit;font-size:11.5px;"
	"fill:var(--soft,#414a54)}\n"
	".ladder tspan.remark{fill:var(--soft,#59636e)}\n"
	".ladder tspan.tag{font-weight:700}\n"
	".ladder text.end{text-anchor:end}\n"
	".ladder text.middle{text-anchor:middle}\n"
	".ladder path,.ladder line{fill:none;stroke:var(--ink,#1c2127);"
	"stroke-width:1.2}\n"
	".ladder .life{stroke:var(--life,#8d97a1);stroke-width:1.3}\n"
	".ladder .frozen{stroke:var(--frozen,#4a90c2);stroke-width:3;"
	"stroke-dasharray:2 3}\n"
	".ladder .unplugged{stroke:var(--wait,#8a5a00);"
	"stroke-dasharray:6 4}\n"
	".ladder .gap{stroke:var(--life,#8d97a1);stroke-dasharray:1.5 4}\n"
	".ladder .again{stroke-dasharray:6 3.5}\n"
	".ladder .control{stroke:var(--faint,#68727d);stroke-dasharray:2 3}\n"
	".ladder .reset{stroke:var(--alarm,#b3261e)}\n"
	".ladder .head{fill:var(--ink,#1c2127);stroke:none}\n"
	".ladder .head.reset{fill:var(--alarm,#b3261e)}\n"
	".ladder .head.control{fill:var(--faint,#68727d)}\n"
	".ladder path.lost{stroke:var(--alarm,#b3261e);stroke-width:1.8}\n"
	".ladder circle.held{stroke:var(--wait,#8a5a00)}\n"
	".ladder circle.held{fill:var(--paper,#fff);stroke-width:1.5}\n"
	".ladder .waits{stroke:var(--wait,#8a5a00);stroke-dasharray:1.5 3.5}\n"
	".ladder .dot{fill:var(--soft,#414a54);stroke:var(--paper,#fff);"
	"stroke-width:1}\n"
	".ladder .dot.failed{fill:var(--alarm,#b3261e)}\n"
	".ladder .dot.look{fill:var(--state,#3b6ea5)}\n"
	".ladder .across{stroke:var(--alarm,#b3261e);stroke-dasharray:7 3}\n"
	".ladder .across.rule{stroke:var(--wait,#8a5a00);"
	"stroke-dasharray:3 3}\n"
	".ladder .across.fold{stroke:var(--life,#8d97a1);"
	"stroke-dasharray:1.5 3}\n"
	".ladder .mark{stroke:var(--alarm,#b3261e);stroke-width:2.4}\n"
	".ladder .timer{stroke:var(--timer,#7a5bb0);stroke-width:1.2}\n"
	".ladder .timer.open{stroke-dasharray:3 2.5}\n"
	".ladder .bar{stroke:none;fill:var(--estab,#7fb069)}\n"
	".ladder .bar.unsure{opacity:.3}\n"
	".ladder .syn{fill:var(--syn,#d9a441)}\n"
	".ladder .fin{fill:var(--fin,#6c8ebf)}\n"
	".ladder .close-wait{fill:var(--close-wait,#c9719b)}\n"
	".ladder .time-wait{fill:var(--time-wait,#9b8fbf)}\n"
	".ladder path.c0{stroke:var(--c0,#1c2127)}.ladder .head.c0,"
	".ladder tspan.c0{stroke:none;fill:var(--c0,#1c2127)}\n"
	".ladder path.c1{stroke:var(--c1,#00689d)}.ladder .head.c1,"
	".ladder tspan.c1{stroke:none;fill:var(--c1,#00689d)}\n"
	".ladder path.c2{stroke:var(--c2,#8f4a00)}.ladder .head.c2,"
	".ladder tspan.c2{stroke:none;fill:var(--c2,#8f4a00)}\n"
	".ladder path.c3{stroke:var(--c3,#6b3fa0)}.ladder .head.c3,"
	".ladder tspan.c3{stroke:none;fill:var(--c3,#6b3fa0)}\n"
	".ladder path.c4{stroke:var(--c4,#00705a)}.ladder .head.c4,"
	".ladder tspan.c4{stroke:none;fill:var(--c4,#00705a)}\n";

enum { COLOURS = 5, KEY_LINE = 19, CONNECTIONS_TOLD = 8 };

const char *ladder_svg_style(void)
{
	return style;
}

/* --- pieces -------------------------------------------------------------- */

struct drawing {
	FILE *out;
	const struct layout *layout;
	const struct ladder *ladder;
	char last_time[32];
};

static void line(const struct drawing *d, const char *class, double x1,
		 double y1, double x2, double y2)
{
	fprintf(d->out,
		"<line class=\"%s\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" "
		"y2=\"%.1f\"/>\n",
		class, x1, y1, x2, y2);
}

static void begin_text(const struct drawing *d, const char *class,
		       const char *anchor, double x, double y)
{
	fprintf(d->out, "<text class=\"%s%s\" x=\"%.1f\" y=\"%.1f\">", class,
		anchor, x, y);
}

static void simple_text(const struct drawing *d, const char *class, double x,
			double y, const char *text)
{
	begin_text(d, class, "", x, y);
	markup_text(d->out, text);
	fputs("</text>\n", d->out);
}

/* Parts of a label that look different: the connection's number in front, and
 * what is no segment's own any more behind. */
struct parts {
	const char *text; /* the whole label */
	size_t tag, remark; /* where the one ends, and the other begins */
	int colour; /* of the tag */
};

static const char *part_at(const struct parts *parts, const char *at,
			   size_t *ret_size)
{
	size_t from = (size_t)(at - parts->text);

	if (from < parts->tag) {
		*ret_size = parts->tag - from;
		return "tag";
	}
	if (from >= parts->remark) {
		*ret_size = SIZE_MAX;
		return "remark";
	}
	*ret_size = parts->remark - from;
	return NULL;
}

static void put_parts(FILE *out, const struct parts *parts, const char *text,
		      size_t size)
{
	for (size_t i = 0, n; i < size; i += n) {
		const char *class = part_at(parts, text + i, &n);

		n = MIN(n, size - i);
		if (class && *class == 't')
			fprintf(out, "<tspan class=\"tag c%d\">",
				parts->colour);
		else if (class)
			fprintf(out, "<tspan class=\"%s\">", class);
		markup_bytes(out, text + i, n);
		if (class)
			fputs("</tspan>", out);
	}
}

/* As much as fits; the ellipsis is in the room. */
static void clipped(FILE *out, const struct parts *parts, const char *text,
		    size_t size, int columns, bool more)
{
	size_t fits = 0;
	int width = 0;

	if (fold_width(text, size) <= columns - (more ? 2 : 0)) {
		put_parts(out, parts, text, size);
		fputs(more ? " …" : "", out);
		return;
	}
	while (fits < size) {
		size_t n = 1;
		int each;

		while (fits + n < size &&
		       ((unsigned char)text[fits + n] & 0xc0) == 0x80)
			n++;
		each = fold_width(text + fits, n);
		if (width + each > columns - 1)
			break;
		width += each;
		fits += n;
	}
	put_parts(out, parts, text, fits);
	fputs("…", out);
}

static const char *anchor_of(const struct layout_text *place, bool middle)
{
	if (middle)
		return " middle";
	return place->to_left ? " end" : "";
}

/* Folded into its room. What is left out even so, the pointer shows. */
static void folded_parts(const struct drawing *d, const char *class,
			 const struct layout_text *place, bool middle,
			 const struct parts *parts)
{
	const char *rest = parts->text;

	for (size_t i = 0; i < place->lines; i++) {
		const char *piece = rest;
		size_t size = fold_line(piece, place->columns, &rest);
		bool more = *rest && i + 1 == place->lines;

		begin_text(d, class, anchor_of(place, middle), place->x,
			   place->y + LAYOUT_LINE * (double)i);
		if (more || fold_width(piece, size) > place->columns) {
			fputs("<title>", d->out);
			markup_text(d->out, parts->text);
			fputs("</title>", d->out);
		}
		clipped(d->out, parts, piece, size, place->columns, more);
		fputs("</text>\n", d->out);
	}
}

static void folded(const struct drawing *d, const char *class,
		   const struct layout_text *place, bool middle,
		   const char *text)
{
	const struct parts whole = { .text = text, .remark = SIZE_MAX };

	folded_parts(d, class, place, middle, &whole);
}

static void folded_label(const struct drawing *d, const char *class,
			 const struct layout_text *place,
			 const struct ladder_row *row)
{
	char label[1024];
	struct parts parts = { .text = label, .remark = SIZE_MAX };
	const char *own;

	layout_label(d->ladder, row, label, sizeof(label));
	own = row->text ? strstr(label, row->text) : NULL;
	if (own && row->connection >= 0 && own > label) {
		parts.tag = (size_t)(own - label);
		parts.colour = row->connection % COLOURS;
	}
	if (own)
		parts.remark = (size_t)(own - label) + strlen(row->text);
	folded_parts(d, class, place, false, &parts);
}

static void cross(const struct drawing *d, const char *class, double x,
		  double y, double size)
{
	fprintf(d->out,
		"<path class=\"%s\" d=\"M%.1f %.1fl%.1f %.1fm0 %.1fl%.1f "
		"%.1f\"/>\n",
		class, x - size, y - size, 2 * size, 2 * size, -2 * size,
		-2 * size, 2 * size);
}

static void circle(const struct drawing *d, const char *class, double x,
		   double y, double r)
{
	fprintf(d->out,
		"<circle class=\"%s\" cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\"/>\n",
		class, x, y, r);
}

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

static const char *state_class(const char *state)
{
	if (strncmp(state, "SYN", 3) == 0)
		return " syn";
	if (strncmp(state, "FIN", 3) == 0 || strcmp(state, "CLOSING") == 0)
		return " fin";
	if (strcmp(state, "CLOSE-WAIT") == 0 || strcmp(state, "LAST-ACK") == 0)
		return " close-wait";
	if (strcmp(state, "TIME-WAIT") == 0)
		return " time-wait";
	return "";
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
		sure, state_class(span->text), x, y, LAYOUT_BAR, to - y);
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
			line(d, class, x, y, x, to);
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

		simple_text(d, "name", layout->x[i], layout->head_y[i],
			    column->name);
		if (column->n == 1)
			simple_text(d, "address", layout->x[i],
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
			 row->connection % COLOURS);
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
	if (row->fate != LADDER_DROPPED && row->fate != LADDER_HELD &&
	    row->hops[row->n_hops - 1].host >= 0)
		arrow_head(d, colour, x, y, place->to_x, place->arrives);
}

static void draw_segment(const struct drawing *d, size_t i)
{
	const struct ladder_row *row = &d->ladder->rows[i];
	const struct layout_row *place = &d->layout->rows[i];
	bool nobody = !row->n_hops || row->hops[row->n_hops - 1].host < 0;
	char colour[64];

	if (!row->n_hops)
		return;
	colour_of(d, row, colour);
	draw_shaft(d, i, colour);
	if (row->fate == LADDER_DROPPED || nobody)
		cross(d, "lost", place->to_x, place->arrives, 4.5);
	else if (row->fate == LADDER_HELD)
		circle(d, "held", place->to_x, place->arrives, 4);
	if (row->fate == LADDER_RELEASED)
		circle(d, "held", place->from_x, place->anchor, 4);
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
		line(d, "waits", place->to_x, place->arrives + 4, place->to_x,
		     until - 4);
}

static void draw_segment_text(const struct drawing *d, size_t i)
{
	const struct ladder_row *row = &d->ladder->rows[i];
	const struct layout_row *place = &d->layout->rows[i];

	folded_label(d, "label", &place->text, row);
	if (place->end.lines && row->end)
		folded(d, row->fate == LADDER_HELD ? "held" : "lost",
		       &place->end, false, row->end);
}

/* --- the other rows ------------------------------------------------------ */

/* What was armed on the wire is no accident yet. */
static const char *across_class(const struct ladder_row *row)
{
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
		line(d, class, d->layout->left, place->anchor,
		     place->text.x - half, place->anchor);
		line(d, class, place->text.x + half, place->anchor,
		     d->layout->right, place->anchor);
	}
	if (row->kind == LADDER_FAULT && row->host >= 0)
		cross(d, "mark", place->from_x, place->anchor, 6);
	folded(d, across_class(row), &place->text, true,
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
	folded(d, "quiet", &d->layout->rows[i].text, true, text);
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
	circle(d, dot, place->from_x, place->anchor, 3.2);
	folded_label(d, class, &place->text, row);
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
	simple_text(d, "time", LAYOUT_TIME - 8, place->anchor + 3.5, text);
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

/* --- the key ------------------------------------------------------------- */

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
		bool used = false;

		for (size_t j = 0; j < d->ladder->n_spans; j++)
			used |= d->ladder->spans[j].kind == LADDER_STATE &&
				d->ladder->spans[j].text &&
				strcmp(state_class(d->ladder->spans[j].text),
				       kinds[i].class) == 0;
		if (!used)
			continue;
		fprintf(d->out,
			"<rect class=\"bar%s\" x=\"%.1f\" y=\"%.1f\" "
			"width=\"%d\" height=\"13\" rx=\"2\"/>\n",
			kinds[i].class, x, y - 10.5, LAYOUT_BAR);
		simple_text(d, "key", x + 13, y, kinds[i].text);
		x += 13 + 7.0 * (double)strlen(kinds[i].text) + 22;
	}
	return x > LAYOUT_TIME ? y + KEY_LINE : y;
}

static bool has_span(const struct ladder *ladder, enum ladder_span_kind kind)
{
	for (size_t i = 0; i < ladder->n_spans; i++)
		if (ladder->spans[i].kind == kind)
			return true;
	return false;
}

static double key_line(const struct drawing *d, double y, const char *text)
{
	simple_text(d, "key", LAYOUT_TIME, y, text);
	return y + KEY_LINE;
}

static double key_connections(const struct drawing *d, double y)
{
	size_t n = d->ladder->n_connections;
	char text[320];

	for (size_t i = 0; n > 1 && i < n && i < CONNECTIONS_TOLD; i++) {
		fprintf(d->out,
			"<path class=\"c%zu\" stroke-width=\"2\" d=\"M%d "
			"%.1fh22\"/>\n",
			i % COLOURS, LAYOUT_TIME, y - 4);
		snprintf(text, sizeof(text), "#%zu  %.280s", i + 1,
			 d->ladder->connections[i].text);
		simple_text(d, "key", LAYOUT_TIME + 32, y, text);
		y += KEY_LINE;
	}
	if (n > CONNECTIONS_TOLD) {
		snprintf(text, sizeof(text), "… and %zu more connections",
			 n - CONNECTIONS_TOLD);
		y = key_line(d, y, text);
	}
	return y;
}

static double draw_key(const struct drawing *d, double y)
{
	char text[160];

	y = key_states(d, y);
	if (has_span(d->ladder, LADDER_TIMER)) {
		fprintf(d->out,
			"<path class=\"timer\" d=\"M%d %.1fh-5v12h5\"/>\n",
			LAYOUT_TIME + 5, y - 10);
		simple_text(d, "key", LAYOUT_TIME + 13, y,
			    "a timer runs; dashed: beyond the end");
		y += KEY_LINE;
	}
	if (d->layout->too_many)
		y = key_line(d, y, "more sockets at a time than bars are drawn");
	y = key_connections(d, y);
	if (d->ladder->n_ghosts) {
		snprintf(text, sizeof(text),
			 "not drawn: %zu frame%s of a dead host's kernel, "
			 "which no machine would have sent",
			 d->ladder->n_ghosts, &"s"[d->ladder->n_ghosts == 1]);
		y = key_line(d, y, text);
	}
	return y;
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
		height = draw_key(&trial, 0);
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
	draw_key(&d, layout->bottom + 22);
	fputs("</svg>\n", out);
	layout_free(layout);
	return 0;
}
