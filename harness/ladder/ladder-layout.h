/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The positions of everything in the SVG drawing of a ladder, in pixels.
 *
 * Each row has a band of its own, one below the other, so that no text touches
 * another one. The scale of time follows from that: between the moments of two
 * rows it is linear, and an arrow is as steep as its transit is long.
 *
 * Where a segment is so long under way that other rows lie between its departure
 * and its arrival, its arrow crosses their bands. In such a drawing all labels
 * stand beside the outer lifelines, not between the lifelines (labels_outside).
 */
#pragma once

#include "ladder.h"

enum {
	LAYOUT_LINE = 14, /* the height of a line of text */
	LAYOUT_SLANT = 12, /* the largest drop of an arrow in its own band */
	LAYOUT_BAR = 7, /* the width of a socket's bar */
	LAYOUT_STEP = 10, /* from bar to bar */
	LAYOUT_MARGIN = 206, /* beside the first and the last lifeline */
	LAYOUT_TIME = 58, /* the width of the column of times */
	LAYOUT_BEYOND = 14, /* from a lifeline to the cross beyond it */
	LAYOUT_LINES_MAX = 6, /* of one text; a longer one ends in an ellipsis */
};

/* The width of a character: a little more than in any font of the style. */
#define LAYOUT_CHARACTER 6.95

struct layout_text {
	double x, y; /* the baseline of the first line */
	bool to_left; /* x is the right end of the text */
	int columns; /* characters of the longest line */
	size_t lines; /* 0: no text */
};

struct layout_row {
	double y; /* the top of the band */
	double anchor; /* y of the row's moment */
	double arrives; /* y of the far end of a segment or a silence */
	struct layout_text text;
	struct layout_text end; /* why a segment does not arrive */
	double from_x, to_x; /* of a segment; from_x: of a dot or mark */
	bool right; /* the segment goes to the right */
	bool text_below; /* the text of a fault has a line of its own */
};

struct layout {
	const struct ladder *ladder;
	double width;
	double top, bottom; /* of the rows */
	double end; /* y of the last moment */
	double left, right; /* x of the first and the last lifeline */
	double *x; /* of each lifeline */
	size_t *bars; /* tracks of bars at each lifeline, at least 1 */
	double *inner; /* the width of bars and timers at each lifeline */
	double *head_y; /* the baseline of each host's name */
	struct layout_row *rows;
	size_t *held; /* of each row: its track among the held segments */
	bool labels_outside;
	bool too_many; /* sockets at one time: not all bars are drawn */
};

/* -ENOMEM. `ladder` is borrowed. */
int layout_new(struct layout **ret, const struct ladder *ladder);
struct layout *layout_free(struct layout *layout);

/* The y of a moment. */
double layout_y(const struct layout *layout, double t);

/* The x of the middle of a bar or a timer. */
double layout_track(const struct layout *layout,
		    const struct ladder_span *span);

/* The label of a row, and the offsets of its parts. */
struct layout_label {
	char text[1024]; /* "#2 S 0:0(0)  retransmission 1, +1.031 s" */
	size_t own; /* of the row's text, after the connection's number */
	size_t remark; /* after the row's text */
	size_t end; /* of the reason why the segment does not arrive */
};

void layout_label(const struct layout *layout, const struct ladder_row *row,
		  struct layout_label *ret);
