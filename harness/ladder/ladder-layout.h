/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where everything of a ladder stands on the page, in pixels of the drawing: for
 * ladder-svg.c alone.
 *
 * Rows have room of their own, one below the other, so that no text touches
 * another one. Time is as stretched as that makes it: between the rows'
 * moments it goes evenly, and an arrow is as steep as its transit was long.
 */
#pragma once

#include "ladder.h"

enum {
	LAYOUT_LINE = 14, /* from line to line of text */
	LAYOUT_SLANT = 12, /* what the steepest arrow takes in its own row */
	LAYOUT_BAR = 7, /* its width */
	LAYOUT_STEP = 10, /* from bar to bar */
	LAYOUT_MARGIN = 206, /* beside the first and the last lifeline */
	LAYOUT_TIME = 58, /* the column of times */
	LAYOUT_STOP = 14, /* from a lifeline to the cross beyond it */
	LAYOUT_LINES_MAX = 6, /* of one text; what is longer ends in … */
};

/* Of the monospaced font, a little more than any of those named has. */
#define LAYOUT_CHARACTER 6.95

/* A stretch of text: columns of the monospaced font. */
struct layout_text {
	double x, y; /* the baseline of the first line */
	bool to_left; /* x is its right end */
	int columns; /* no line is wider */
	size_t lines;
};

struct layout_row {
	double y; /* the room's top */
	double anchor; /* where its moment is */
	double arrives; /* y of a segment's far end */
	struct layout_text text;
	struct layout_text end; /* why it did not arrive; no lines: none */
	double from_x, to_x; /* of a segment, or of a fault's mark */
	bool right;
};

struct layout {
	const struct ladder *ladder;
	double width, top, bottom; /* of the rows */
	double end; /* where the last moment is */
	double left, right; /* the first and the last lifeline */
	double *x; /* of each lifeline */
	size_t *bars; /* beside each lifeline, one at the least */
	double *inner; /* what bars and brackets of each take beside it */
	double *head_y; /* the baseline of each host's name */
	struct layout_row *rows;
	size_t *held; /* rows that wait on the wire: their track beside others */
	bool too_many; /* tracks: not all bars are drawn */
};

/* -ENOMEM. */
int layout_new(struct layout **ret, const struct ladder *ladder);
struct layout *layout_free(struct layout *layout);

/* Where that moment is. */
double layout_y(const struct layout *layout, double t);

/* A bar's or a bracket's middle. */
double layout_track(const struct layout *layout,
		    const struct ladder_span *span);

/* ladder-layout-lines.c: lifelines, bars and heads. -ENOMEM. */
int layout_place_lifelines(struct layout *layout);
/* From one of n lifelines to the next. */
double layout_lane(size_t n);
/* Its bars are on the left. */
bool layout_is_on_left(const struct layout *layout, size_t column);

/* The label of a row, as it is folded: "#2 S 0:0(0)  copy 1". */
void layout_label(const struct ladder *ladder, const struct ladder_row *row,
		  char *ret, size_t size);

/* Lines of that text, at most LAYOUT_LINES_MAX. */
size_t layout_lines(const char *text, int columns);
