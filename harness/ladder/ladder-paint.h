/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lines of the ladder on a terminal. A line is an array of cells, one for
 * each column of the screen: first the lifelines are put into it, then an event
 * over them; then it is printed and empty again.
 */
#pragma once

#include "colour.h"
#include "ladder.h"

/* The characters of the drawing. */
struct paint_glyphs {
	const char *life, *socket, *frozen, *unplugged, *gap;
	const char *dash, *dashes, *right, *left;
	const char *cross, *waits, *made, *dot, *fails, *fault;
	const char *timer_begins, *timer, *timer_ends;
	const char *ellipsis, *ellipsis_after;
};

const struct paint_glyphs *paint_glyphs(bool unicode);

enum { PAINT_CELL = 16 };

struct paint {
	FILE *out;
	const struct ladder *ladder;
	const struct paint_glyphs *glyphs;
	int width;
	int left, right; /* columns of the first and the last lifeline */
	int *x; /* of each lifeline */
	char (*cells)[PAINT_CELL]; /* "": covered by a wide one before it */
	enum colour *colours; /* of the cells */
	bool coloured;
	enum colour pen; /* of what is put into cells */
	char time[24]; /* in front of the line */
	double drawn_until; /* the moment of the last line */
};

/* False without memory. */
bool paint_init(struct paint *paint, FILE *out, const struct ladder *ladder,
		const struct ladder_view *view);
void paint_deinit(struct paint *paint);

void paint_put(struct paint *paint, int x, const char *cell);
void paint_text(struct paint *paint, int x, const char *text, size_t size);

/* At most `room` columns: a text that does not fit ends in an ellipsis. */
void paint_text_in(struct paint *paint, int x, const char *text, size_t size,
		   int room);

/* The time in front of the next line that is printed. */
void paint_time(struct paint *paint, double t);

/* The lifelines as they are at this moment, and the timers beside them. */
void paint_lifelines(struct paint *paint, double t);

/* The first lifeline right of column `x`, or left of it; the edge of the ladder
 * when there is none. */
int paint_next_lifeline(const struct paint *paint, int x, bool right);

/* Prints the line without trailing blanks, and empties it. */
void paint_flush(struct paint *paint);

/*
 * Prints the text on lines of its own between the columns `low` and `high`, with
 * the lifelines of moment `t`; at the right end if `to_right`.
 */
void paint_lines(struct paint *paint, double t, const char *text, int low,
		 int high, bool to_right);

/* A text above or below the ladder, over the whole width. */
void paint_note(struct paint *paint, const char *text);

/* The names and addresses of the hosts above their lifelines. */
void paint_heads(struct paint *paint);
