/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A line of the terminal's ladder, cell by cell: for ladder-text.c alone. */
#pragma once

#include "ladder.h"

struct ladder_pen {
	const char *life, *socket, *frozen, *unplugged, *gap;
	const char *dash, *dashes, *right, *left;
	const char *cross, *waits, *made, *dot, *fails, *fault;
	const char *timer_begins, *timer, *timer_ends;
	const char *ellipsis, *ellipsis_after;
};

enum { PAINT_CELL = 16 };

struct paint {
	FILE *out;
	const struct ladder *ladder;
	const struct ladder_pen *pen;
	int width;
	int left, right; /* the first and the last lifeline */
	int *x; /* of each lifeline */
	bool *pending; /* delayed rows that have not arrived yet */
	size_t n_pending;
	char (*cells)[PAINT_CELL]; /* "": covered by a wide one before it */
	char time[24]; /* in front of the line */
	double shown; /* until when the timers' gutter was drawn */
};

/* False without memory. */
bool paint_init(struct paint *paint, FILE *out, const struct ladder *ladder,
		int columns, bool unicode);
void paint_deinit(struct paint *paint);

void paint_put(struct paint *paint, int x, const char *cell);
void paint_text(struct paint *paint, int x, const char *text, size_t size);

/* No more than `room` columns: what has no room ends in an ellipsis. */
void paint_text_in(struct paint *paint, int x, const char *text, size_t size,
		   int room);

void paint_time(struct paint *paint, const struct ladder_row *row);
void paint_time_at(struct paint *paint, double t);

/* The lifelines as they are at this time, and the timers beside them. */
void paint_lifelines(struct paint *paint, double t);
bool paint_is_lifeline(const struct paint *paint, int x);

/* Prints the line, without the blanks at its end, and empties it. */
void paint_flush(struct paint *paint);

/* Lines of their own, across all lifelines: what has no room beside or between
 * them. */
void paint_aside(struct paint *paint, const char *text);

/* Above or below the ladder, over the whole width. */
void paint_note(struct paint *paint, const char *text);

/* The hosts' names and addresses over their lifelines. */
void paint_heads(struct paint *paint);
