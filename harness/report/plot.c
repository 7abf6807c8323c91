/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From back to front: the diagonal, the predicted points, the measured curve and
 * its points. A later sign covers an earlier one in its cell of a terminal, so that
 * a predicted point is visible there only where it differs from the measured one.
 */
#include "plot.h"

#include <math.h>

#include "macro.h"
#include "markup.h"
#include "message.h"

/* The end of both axes. */
static double end_of(const struct plot_point *points, size_t n)
{
	double end = 0;

	for (size_t i = 0; i < n; i++)
		end = fmax(end, fmax(points[i].x, fmax(points[i].measured,
						       points[i].predicted)));
	return end > 0 ? end : 1;
}

/* The curve at x, between two points; before the first one, from the origin. */
static double curve_at(const struct plot_point *points, size_t n, double x)
{
	struct plot_point before = { 0 };

	for (size_t i = 0; i < n; i++) {
		const struct plot_point *point = &points[i];

		if (x <= point->x)
			return before.measured +
			       (point->measured - before.measured) *
				       (x - before.x) / (point->x - before.x);
		before = *point;
	}
	return before.measured;
}

/* --- for a terminal ------------------------------------------------------- */

enum { ROWS = 14, COLUMNS_MAX = 56, AXIS = 8 /* columns of the labels */ };

enum sign { EMPTY, DIAGONAL, CURVE, PREDICTED, MEASURED, SIGNS };

static const char *const unicode_signs[SIGNS] = { " ", "·", "─", "○", "●" };
static const char *const ascii_signs[SIGNS] = { " ", ".", "-", "o", "*" };

struct grid {
	enum sign cells[ROWS + 1][COLUMNS_MAX + 1];
	int columns;
	double end;
};

static void put(struct grid *grid, double x, double y, enum sign sign)
{
	long column = lround(x * grid->columns / grid->end);
	long row = lround(y * ROWS / grid->end);

	if (column >= 0 && column <= grid->columns && row >= 0 && row <= ROWS)
		grid->cells[row][column] = sign;
}

static void fill(struct grid *grid, const struct plot_point *points, size_t n)
{
	for (int i = 0; i <= grid->columns; i++) {
		double x = grid->end * i / grid->columns;

		if (i % 2 == 0)
			put(grid, x, x, DIAGONAL);
	}
	for (int i = 0; i <= grid->columns; i++) {
		double x = grid->end * i / grid->columns;

		put(grid, x, curve_at(points, n, x), CURVE);
	}
	for (size_t i = 0; i < n; i++)
		put(grid, points[i].x, points[i].predicted, PREDICTED);
	for (size_t i = 0; i < n; i++)
		put(grid, points[i].x, points[i].measured, MEASURED);
}

/* The beginning, the middle and the end of the axis have their numbers. */
static void print_row(FILE *out, const struct grid *grid, int row,
		      const char *const *signs, bool unicode)
{
	int last = grid->columns;

	if (row % (ROWS / 2) == 0)
		fprintf(out, "  %*.0f %s", AXIS - 4, grid->end * row / ROWS,
			unicode ? "┤" : "+");
	else
		fprintf(out, "%*s%s", AXIS - 1, "", unicode ? "│" : "|");
	while (last >= 0 && grid->cells[row][last] == EMPTY)
		last--;
	for (int i = 0; i <= last; i++)
		fputs(signs[grid->cells[row][i]], out);
	fputc('\n', out);
}

static void print_x_axis(FILE *out, const struct grid *grid,
			 const struct plot_point *points, size_t n,
			 bool unicode)
{
	int at = 0;

	fprintf(out, "%*s%s", AXIS - 1, "", unicode ? "└" : "+");
	for (int i = 0; i <= grid->columns; i++)
		fputs(unicode ? "─" : "-", out);
	fprintf(out, "\n%*s", AXIS, "");
	for (size_t i = 0; i < n; i++) {
		char text[32];
		int width = snprintf(text, sizeof(text), "%.0f", points[i].x);
		int x = (int)lround(points[i].x * grid->columns / grid->end) -
			width / 2;

		if (x < at + (at > 0))
			continue;
		fprintf(out, "%*s%s", x - at, "", text);
		at = x + width;
	}
	fputc('\n', out);
}

void plot_print(FILE *out, const struct plot_point *points, size_t n,
		const char *x_name, const char *y_name, int columns,
		bool unicode)
{
	const char *const *signs = unicode ? unicode_signs : ascii_signs;
	struct grid grid = { .columns = MIN(columns - AXIS - 4,
					    (int)COLUMNS_MAX),
			     .end = end_of(points, n) };

	fill(&grid, points, n);
	fprintf(out, "  %s\n", y_name);
	for (int row = ROWS; row >= 0; row--)
		print_row(out, &grid, row, signs, unicode);
	print_x_axis(out, &grid, points, n, unicode);
	fprintf(out, "%*s%s\n\n", AXIS, "", x_name);
	fprintf(out,
		_("  %s measured  %s predicted, where it differs  %s every "
		  "request answered\n"),
		signs[MEASURED], signs[PREDICTED], signs[DIAGONAL]);
	for (size_t i = 0; i < n; i++)
		fprintf(out,
			_("  %.0f requests per second: %.0f answered, predicted "
			  "%.0f\n"),
			points[i].x, points[i].measured, points[i].predicted);
}

/* --- for a page ----------------------------------------------------------- */

enum { WIDTH = 520, HEIGHT = 360, LEFT = 56, BOTTOM = 56, TOP = 30, RIGHT = 24 };

static double to_x(double x, double end)
{
	return LEFT + x * (WIDTH - LEFT - RIGHT) / end;
}

static double to_y(double y, double end)
{
	return HEIGHT - BOTTOM - y * (HEIGHT - BOTTOM - TOP) / end;
}

static void svg_text(FILE *out, double x, double y, const char *anchor,
		     const char *text)
{
	fprintf(out,
		"<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" "
		"fill=\"var(--soft)\">",
		x, y, anchor);
	markup_text(out, text);
	fputs("</text>\n", out);
}

static void svg_line(FILE *out, double x1, double y1, double x2, double y2,
		     const char *style)
{
	fprintf(out,
		"<path d=\"M%.1f %.1fL%.1f %.1f\" fill=\"none\" %s/>\n", x1,
		y1, x2, y2, style);
}

static void svg_axes(FILE *out, const struct plot_point *points, size_t n,
		     double end)
{
	static const char rule[] = "stroke=\"var(--rule)\"";
	static const char axis[] = "stroke=\"var(--life)\"";
	char text[32];

	for (size_t i = 0; i < n; i++) {
		double x = to_x(points[i].x, end);

		svg_line(out, x, to_y(0, end), x, to_y(end, end), rule);
		snprintf(text, sizeof(text), "%.0f", points[i].x);
		svg_text(out, x, to_y(0, end) + 18, "middle", text);
	}
	for (int i = 0; i <= 4; i++) {
		double y = end * i / 4;

		svg_line(out, to_x(0, end), to_y(y, end), to_x(end, end),
			 to_y(y, end), rule);
		snprintf(text, sizeof(text), "%.0f", y);
		svg_text(out, LEFT - 8, to_y(y, end) + 4, "end", text);
	}
	svg_line(out, to_x(0, end), to_y(0, end), to_x(end, end),
		 to_y(0, end), axis);
	svg_line(out, to_x(0, end), to_y(0, end), to_x(0, end), to_y(end, end),
		 axis);
}

static void svg_curve(FILE *out, const struct plot_point *points, size_t n,
		      double end)
{
	fprintf(out, "<path d=\"M%.1f %.1f", to_x(0, end), to_y(0, end));
	for (size_t i = 0; i < n; i++)
		fprintf(out, "L%.1f %.1f", to_x(points[i].x, end),
			to_y(points[i].measured, end));
	fputs("\" fill=\"none\" stroke=\"var(--state)\" stroke-width=\"2.5\"/>\n",
	      out);
	for (size_t i = 0; i < n; i++)
		fprintf(out,
			"<circle cx=\"%.1f\" cy=\"%.1f\" r=\"8\" fill=\"none\" "
			"stroke=\"var(--wait)\" stroke-width=\"1.5\"/>\n"
			"<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4.5\" "
			"fill=\"var(--state)\"/>\n",
			to_x(points[i].x, end), to_y(points[i].predicted, end),
			to_x(points[i].x, end), to_y(points[i].measured, end));
}

void plot_svg(FILE *out, const struct plot_point *points, size_t n,
	      const char *x_name, const char *y_name)
{
	double end = end_of(points, n);

	fprintf(out,
		"<svg class=\"plot\" xmlns=\"http://www.w3.org/2000/svg\" "
		"viewBox=\"0 0 %d %d\" width=\"%d\" style=\"max-width:100%%;"
		"height:auto\" role=\"img\" font-size=\"13\" "
		"font-family=\"sans-serif\" aria-label=\"%s, %s\">\n",
		WIDTH, HEIGHT, WIDTH, x_name, y_name);
	svg_axes(out, points, n, end);
	svg_line(out, to_x(0, end), to_y(0, end), to_x(end, end),
		 to_y(end, end),
		 "stroke=\"var(--faint)\" stroke-dasharray=\"4 4\"");
	svg_curve(out, points, n, end);
	svg_text(out, LEFT - 40, TOP - 12, "start", y_name);
	svg_text(out, WIDTH - RIGHT, HEIGHT - BOTTOM + 38, "end", x_name);
	fputs("</svg>\n<p>", out);
	markup_text(out, _("Line: measured. Circles: predicted. Dashed: every "
			   "request answered."));
	fputs("</p>\n", out);
}
