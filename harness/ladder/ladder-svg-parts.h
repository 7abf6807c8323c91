/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Strokes and text of the drawing: for the files ladder-svg*.c alone. */
#pragma once

#include "ladder-layout.h"

struct drawing {
	FILE *out;
	const struct layout *layout;
	const struct ladder *ladder;
	char last_time[32];
};

enum { SVG_COLOURS = 5 }; /* of connections: c0, c1, … */

void svg_line(const struct drawing *d, const char *class, double x1, double y1,
	      double x2, double y2);
void svg_cross(const struct drawing *d, const char *class, double x, double y,
	       double size);
void svg_circle(const struct drawing *d, const char *class, double x, double y,
		double r);

/* One line, whatever its width. */
void svg_text(const struct drawing *d, const char *class, double x, double y,
	      const char *text);

/* Folded into its room. What is left out even so, the pointer shows. */
void svg_folded(const struct drawing *d, const char *class,
		const struct layout_text *place, bool middle, const char *text);

/* The same for a row's label: the number of its connection has that one's
 * colour, and a remark is softer than what the segment says itself. */
void svg_label(const struct drawing *d, const char *class,
	       const struct layout_text *place, const struct ladder_row *row);

/* " fin" for FIN-WAIT-1: the class of a bar's colour. */
const char *svg_state_class(const char *state);

/* What colours and signs mean; returns where the next line would be. */
double svg_key(const struct drawing *d, double y);
