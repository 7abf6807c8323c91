/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ladder-svg-parts.h"

#include <stdint.h>
#include <string.h>

#include "fold.h"
#include "macro.h"
#include "markup.h"

void svg_line(const struct drawing *d, const char *class, double x1,
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

void svg_text(const struct drawing *d, const char *class, double x,
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
	if (fold_width(text, size) <= columns - (more ? 2 : 0)) {
		put_parts(out, parts, text, size);
		fputs(more ? " …" : "", out);
		return;
	}
	put_parts(out, parts, text, fold_fits(text, size, columns - 1));
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

void svg_folded(const struct drawing *d, const char *class,
		   const struct layout_text *place, bool middle,
		   const char *text)
{
	const struct parts whole = { .text = text, .remark = SIZE_MAX };

	folded_parts(d, class, place, middle, &whole);
}

void svg_label(const struct drawing *d, const char *class,
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
		parts.colour = row->connection % SVG_COLOURS;
	}
	if (own)
		parts.remark = (size_t)(own - label) + strlen(row->text);
	folded_parts(d, class, place, false, &parts);
}

void svg_cross(const struct drawing *d, const char *class, double x,
		  double y, double size)
{
	fprintf(d->out,
		"<path class=\"%s\" d=\"M%.1f %.1fl%.1f %.1fm0 %.1fl%.1f "
		"%.1f\"/>\n",
		class, x - size, y - size, 2 * size, 2 * size, -2 * size,
		-2 * size, 2 * size);
}

void svg_circle(const struct drawing *d, const char *class, double x,
		   double y, double r)
{
	fprintf(d->out,
		"<circle class=\"%s\" cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\"/>\n",
		class, x, y, r);
}
