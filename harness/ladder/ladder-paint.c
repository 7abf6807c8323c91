/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A cell holds the bytes of one character and of the combining marks after it. A
 * wide character (CJK) has two cells, of which the second is "". So a line can
 * be composed from back to front in any order, and is printed cell by cell.
 *
 * The time in front of a line belongs to the first line of a row: printing a
 * line empties it.
 */
#include "ladder-paint.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fold.h"
#include "macro.h"

enum { NARROWEST = 40 };

static const struct paint_glyphs unicode_glyphs = {
	.life = "│",
	.socket = "┃",
	.frozen = "░",
	.unplugged = "╎",
	.gap = "⋮",
	.dash = "─",
	.dashes = "╌",
	.right = "▶",
	.left = "◀",
	.cross = "✗",
	.waits = "◌",
	.made = "◆",
	.dot = "●",
	.fails = "✗",
	.fault = "═",
	.timer_begins = "╷",
	.timer = "┊",
	.timer_ends = "╵",
	.ellipsis = "… ",
	.ellipsis_after = " …",
};

static const struct paint_glyphs ascii_glyphs = {
	.life = "|",
	.socket = "|",
	.frozen = "%",
	.unplugged = "'",
	.gap = ":",
	.dash = "-",
	.dashes = ".",
	.right = ">",
	.left = "<",
	.cross = "x",
	.waits = "o",
	.made = "*",
	.dot = "+",
	.fails = "x",
	.fault = "=",
	.timer_begins = ".",
	.timer = ":",
	.timer_ends = "'",
	.ellipsis = "... ",
	.ellipsis_after = " ...",
};

const struct paint_glyphs *paint_glyphs(bool unicode)
{
	return unicode ? &unicode_glyphs : &ascii_glyphs;
}

/* --- the columns ---------------------------------------------------------- */

static int time_width(const struct ladder *ladder)
{
	double first = ladder->n_rows ? ladder->rows[0].t : 0;

	/* Times before the zero have a sign. */
	return MAX(snprintf(NULL, 0, "%.*f", ladder->decimals, ladder->end),
		   snprintf(NULL, 0, "%.*f", ladder->decimals, first));
}

/* The first column is for the timers of the first host, the last one for those
 * of the last host. */
static void place_lifelines(struct paint *paint)
{
	size_t n = paint->ladder->n_columns;

	paint->left = time_width(paint->ladder) + 2;
	paint->right = paint->width - 2;
	for (size_t i = 0; i < n; i++)
		paint->x[i] = n == 1 ? paint->left :
				       paint->left +
					       (int)((double)i *
						     (paint->right -
						      paint->left) /
						     (double)(n - 1));
}

static void clear(struct paint *paint)
{
	for (int x = 0; x < paint->width; x++)
		memcpy(paint->cells[x], " ", 2);
	*paint->time = '\0';
}

bool paint_init(struct paint *paint, FILE *out, const struct ladder *ladder,
		const struct ladder_view *view)
{
	size_t n = ladder->n_columns;

	*paint = (struct paint){
		.out = out,
		.ladder = ladder,
		.glyphs = paint_glyphs(view->unicode),
		.width = MAX(view->columns, (int)NARROWEST),
		.coloured = view->coloured,
		.drawn_until = -INFINITY,
	};
	paint->x = calloc(n + 1, sizeof(*paint->x));
	paint->cells = calloc((size_t)paint->width, sizeof(*paint->cells));
	paint->colours = calloc((size_t)paint->width, sizeof(*paint->colours));
	if (!paint->x || !paint->cells || !paint->colours)
		return false;
	place_lifelines(paint);
	clear(paint);
	return true;
}

void paint_deinit(struct paint *paint)
{
	free(paint->x);
	free(paint->cells);
	free(paint->colours);
}

/* --- cells --------------------------------------------------------------- */

void paint_put(struct paint *paint, int x, const char *cell)
{
	if (x < 0 || x >= paint->width)
		return;
	snprintf(paint->cells[x], PAINT_CELL, "%s", cell);
	paint->colours[x] = paint->pen;
}

static size_t character_size(const char *text, size_t size)
{
	size_t n = 1;

	while (n < size && ((unsigned char)text[n] & 0xc0) == 0x80)
		n++;
	return n;
}

/* A character that would stand out of the line is left out. */
static void put_character(struct paint *paint, int x, const char *bytes,
			  size_t n, int width)
{
	char cell[8];

	if (x + width > paint->width || n >= sizeof(cell))
		return;
	memcpy(cell, bytes, n);
	cell[n] = '\0';
	/* On a terminal a no-break space is an ordinary blank. */
	paint_put(paint, x, strcmp(cell, "\u00a0") == 0 ? " " : cell);
	if (width == 2)
		paint->cells[x + 1][0] = '\0';
}

void paint_text(struct paint *paint, int x, const char *text, size_t size)
{
	size = strnlen(text, size);
	for (size_t i = 0, n; i < size; i += n) {
		int width;

		n = character_size(text + i, size - i);
		width = fold_width(text + i, n);
		if (width == 0 && x > 0 &&
		    strlen(paint->cells[x - 1]) + n < PAINT_CELL)
			strncat(paint->cells[x - 1], text + i, n);
		else if (width > 0 && x >= 0)
			put_character(paint, x, text + i, n, width);
		x += width;
	}
}

void paint_text_in(struct paint *paint, int x, const char *text, size_t size,
		   int room)
{
	const char *more = paint->glyphs->ellipsis;
	int more_width = fold_width(more, SIZE_MAX) - 1;
	size_t fits;

	size = strnlen(text, size);
	if (fold_width(text, size) <= room) {
		paint_text(paint, x, text, size);
		return;
	}
	fits = fold_fits(text, size, room - more_width);
	paint_text(paint, x, text, fits);
	paint_text(paint, x + fold_width(text, fits), more, strlen(more) - 1);
}

/* A blank and the second half of a wide character need no colour. */
static void print_cells(const struct paint *paint, int n)
{
	enum colour colour = COLOUR_PLAIN;

	for (int x = 0; x < n; x++) {
		const char *cell = paint->cells[x];

		if (*cell && strcmp(cell, " ") != 0 &&
		    paint->colours[x] != colour) {
			fputs(colour_end(paint->coloured, colour), paint->out);
			colour = paint->colours[x];
			fputs(colour_begin(paint->coloured, colour),
			      paint->out);
		}
		fputs(cell, paint->out);
	}
	fprintf(paint->out, "%s\n", colour_end(paint->coloured, colour));
}

void paint_flush(struct paint *paint)
{
	enum colour pen = paint->pen;
	int last = paint->width;

	while (last > 0 && strcmp(paint->cells[last - 1], " ") == 0)
		last--;
	paint->pen = COLOUR_FAINT;
	paint_text(paint, 0, paint->time, SIZE_MAX);
	paint->pen = pen;
	print_cells(paint, MAX(last, (int)strlen(paint->time)));
	clear(paint);
}

/* --- lifelines ------------------------------------------------------------ */

void paint_time(struct paint *paint, double t)
{
	snprintf(paint->time, sizeof(paint->time), "%*.*f",
		 time_width(paint->ladder), paint->ladder->decimals, t);
}

/*
 * What covers what: a dead host has no lifeline; a frozen one is drawn as such,
 * whatever else lasts; an unplugged link is drawn rather than the socket that
 * uses it. A state after `sure` has the plain lifeline.
 */
static const char *life_of(const struct paint *paint, size_t column, double t)
{
	const struct ladder *ladder = paint->ladder;
	const char *life = paint->glyphs->life;

	if (ladder->columns[column].n > 1)
		return life;
	for (size_t i = 0; i < ladder->n_spans; i++) {
		const struct ladder_span *span = &ladder->spans[i];

		if (ladder->hosts[span->host].column != column ||
		    t < span->from || (t >= span->until && !span->open))
			continue;
		switch (span->kind) {
		case LADDER_DEAD:
			return " ";
		case LADDER_FROZEN:
			return paint->glyphs->frozen;
		case LADDER_UNPLUGGED:
			life = paint->glyphs->unplugged;
			break;
		case LADDER_STATE:
			if (life == paint->glyphs->life &&
			    (t <= span->sure || span->open))
				life = paint->glyphs->socket;
			break;
		case LADDER_TIMER:
			break;
		}
	}
	return life;
}

/*
 * The timers of the first and the last host have a column outside of their
 * lifelines. A timer's first line has the sign of its beginning, and the first
 * line after it has expired the sign of its end.
 */
static void draw_timers(struct paint *paint, double t, size_t column, int x)
{
	const struct ladder *ladder = paint->ladder;

	for (size_t i = 0; i < ladder->n_spans; i++) {
		const struct ladder_span *span = &ladder->spans[i];
		bool begins, ends;

		if (span->kind != LADDER_TIMER ||
		    ladder->hosts[span->host].column != column ||
		    t < span->from)
			continue;
		begins = paint->drawn_until < span->from;
		ends = !span->open && t >= span->until;
		if (ends && paint->drawn_until >= span->until)
			continue;
		paint_put(paint, x,
			  begins ? paint->glyphs->timer_begins :
			  ends	 ? paint->glyphs->timer_ends :
				   paint->glyphs->timer);
	}
}

static enum colour colour_of(const struct paint *paint, const char *life)
{
	if (life == paint->glyphs->unplugged)
		return COLOUR_WAIT;
	if (life == paint->glyphs->socket || life == paint->glyphs->frozen)
		return COLOUR_STATE;
	return COLOUR_FAINT;
}

void paint_lifelines(struct paint *paint, double t)
{
	size_t n = paint->ladder->n_columns;
	enum colour pen = paint->pen;

	for (size_t i = 0; i < n; i++) {
		const char *life = life_of(paint, i, t);

		paint->pen = colour_of(paint, life);
		paint_put(paint, paint->x[i], life);
	}
	paint->pen = COLOUR_TIMER;
	if (n)
		draw_timers(paint, t, 0, paint->x[0] - 1);
	if (n > 1)
		draw_timers(paint, t, n - 1, paint->x[n - 1] + 1);
	paint->drawn_until = MAX(paint->drawn_until, t);
	paint->pen = pen;
}

int paint_next_lifeline(const struct paint *paint, int x, bool right)
{
	int found = right ? paint->width : paint->left - 1;

	for (size_t i = 0; i < paint->ladder->n_columns; i++) {
		if (right && paint->x[i] > x)
			found = MIN(found, paint->x[i]);
		else if (!right && paint->x[i] < x)
			found = MAX(found, paint->x[i]);
	}
	return found;
}

/* --- lines of text -------------------------------------------------------- */

void paint_lines(struct paint *paint, double t, const char *text, int low,
		 int high, bool to_right)
{
	const char *rest = text;

	while (*rest) {
		const char *line = rest;
		int room = high - low - 1;
		size_t size = fold_line(line, room, &rest);
		int width = MIN(fold_width(line, size), room);

		paint_lifelines(paint, t);
		paint_text_in(paint, to_right ? high - width : low + 1, line,
			      size, room);
		paint_flush(paint);
	}
}

void paint_note(struct paint *paint, const char *text)
{
	const char *rest = text;

	do {
		const char *line = rest;
		size_t size = fold_line(line, paint->width - 2, &rest);

		paint_text_in(paint, 2, line, size, paint->width - 2);
		paint_flush(paint);
	} while (*rest);
}

/* --- the heads ------------------------------------------------------------ */

/* The name of the last host ends where the line ends. */
static int head_x(const struct paint *paint, size_t i, int width)
{
	size_t n = paint->ladder->n_columns;
	int x = i == 0	   ? paint->x[0] :
		i + 1 == n ? paint->width - width :
			     paint->x[i] - width / 2;

	return MAX(MIN(x, paint->width - width), 0);
}

static const char *head_text(const struct paint *paint, size_t i, bool address)
{
	const struct ladder_column *column = &paint->ladder->columns[i];

	if (!address)
		return column->name;
	return column->n == 1 ? paint->ladder->hosts[column->first].address :
				"";
}

/* As many lines as are needed for no name to touch another one. */
static void draw_heads(struct paint *paint, bool address)
{
	size_t n = paint->ladder->n_columns, n_done = 0;
	bool *done = calloc(n + 1, sizeof(*done));

	while (done && n_done < n) {
		int end = -2;

		for (size_t i = 0; i < n; i++) {
			const char *text = head_text(paint, i, address);
			int width = MIN(fold_width(text, SIZE_MAX),
					paint->width);
			int x = head_x(paint, i, width);

			if (done[i] || (width && x < end + 2))
				continue;
			paint_text_in(paint, x, text, SIZE_MAX, width);
			if (width)
				end = x + width;
			done[i] = true;
			n_done++;
		}
		paint_flush(paint);
	}
	free(done);
}

void paint_heads(struct paint *paint)
{
	paint->pen = COLOUR_HEAD;
	draw_heads(paint, false);
	paint->pen = COLOUR_FAINT;
	draw_heads(paint, true);
	paint->pen = COLOUR_PLAIN;
}
