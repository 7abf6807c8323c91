/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A plot of a measured curve and its prediction. Both axes begin at 0 and have the
 * same scale, so that the diagonal is the curve of a perfect server.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Ascending by x. */
struct plot_point {
	double x, measured, predicted;
};

/* For a terminal: a grid of characters. `x_name` and `y_name` are in the language
 * of the user. Needs 40 columns. */
void plot_print(FILE *out, const struct plot_point *points, size_t n,
		const char *x_name, const char *y_name, int columns,
		bool unicode);

/* An svg element for a page, which has the palette of the ladder. */
void plot_svg(FILE *out, const struct plot_point *points, size_t n,
	      const char *x_name, const char *y_name);
