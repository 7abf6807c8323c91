/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where lifelines stand, and what stands beside and above them. */
#include "ladder-layout.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "errors.h"
#include "fold.h"
#include "macro.h"

/* Beside the first and the last lifeline; above the first row; from name to
 * name. */
enum { EDGE = 12, HEAD = 20, BETWEEN = 10, LEAST_LANE = 130 };

double layout_lane(size_t n)
{
	switch (n) {
	case 0:
	case 1:
		return 0;
	case 2:
		return 500;
	case 3:
		return 312;
	case 4:
		return 220;
	default:
		return MAX(LEAST_LANE, 900.0 / (double)(n - 1));
	}
}

bool layout_is_on_left(const struct layout *layout, size_t column)
{
	return layout->x[column] < (layout->left + layout->right) / 2 ||
	       layout->ladder->n_columns == 1;
}

/* Bars are next to the lifeline, brackets beyond them. */
static int measure_spans(struct layout *layout)
{
	const struct ladder *ladder = layout->ladder;
	size_t n = ladder->n_columns;
	size_t *brackets = calloc(n + 1, sizeof(*brackets));

	if (!brackets)
		return error_origin(-ENOMEM, "layout");
	for (size_t i = 0; i < n; i++)
		layout->bars[i] = 1;
	for (size_t i = 0; i < ladder->n_spans; i++) {
		const struct ladder_span *span = &ladder->spans[i];
		size_t column = ladder->hosts[span->host].column;
		size_t track = MIN(span->track + 1, (size_t)LADDER_TRACKS_MAX);

		if (span->kind == LADDER_STATE)
			layout->bars[column] = MAX(layout->bars[column], track);
		else if (span->kind == LADDER_TIMER)
			brackets[column] = MAX(brackets[column], track);
		layout->too_many |= span->track >= LADDER_TRACKS_MAX;
	}
	for (size_t i = 0; i < n; i++)
		layout->inner[i] = LAYOUT_BAR +
				   LAYOUT_STEP * (double)(layout->bars[i] - 1 +
							  brackets[i]);
	free(brackets);
	return 0;
}

double layout_track(const struct layout *layout, const struct ladder_span *span)
{
	size_t column = layout->ladder->hosts[span->host].column;
	double out = LAYOUT_STEP * (double)span->track;

	if (span->kind == LADDER_TIMER)
		out += LAYOUT_STEP * (double)layout->bars[column];
	return layout->x[column] + (layout_is_on_left(layout, column) ? -out : out);
}

static void place_lifelines(struct layout *layout)
{
	size_t n = layout->ladder->n_columns;
	double lane = layout_lane(n), x;

	x = LAYOUT_TIME + LAYOUT_MARGIN + (n ? layout->inner[0] : 0);
	layout->left = x;
	for (size_t i = 0; i < n; i++) {
		layout->x[i] = x;
		layout->right = x;
		if (i + 1 == n)
			break;
		x += lane + (i + 2 < n ? layout->inner[i + 1] - LAYOUT_BAR : 0);
		/* Bars may be on either side of it. */
		x += i ? layout->inner[i] - LAYOUT_BAR : 0;
	}
	layout->width = layout->right + LAYOUT_MARGIN + EDGE +
			(n ? layout->inner[n - 1] : 0);
}

/* Names that would touch stand one above the other. */
static void place_heads(struct layout *layout)
{
	size_t n = layout->ladder->n_columns;
	double lowest = HEAD, end = -1;
	size_t level = 0;

	for (size_t i = 0; i < n; i++) {
		const struct ladder_column *column =
			&layout->ladder->columns[i];
		double half = MAX(fold_width(column->name, SIZE_MAX) * 4.4,
				  55.0);

		level = layout->x[i] - half < end + BETWEEN ? (level + 1) % 3 : 0;
		end = MAX(end, layout->x[i] + half);
		layout->head_y[i] = HEAD + 32.0 * (double)level;
		lowest = MAX(lowest, layout->head_y[i]);
	}
	layout->top = lowest + 32;
}

int layout_place_lifelines(struct layout *layout)
{
	int r = measure_spans(layout);

	if (r < 0)
		return error_trace(r);
	place_lifelines(layout);
	place_heads(layout);
	return 0;
}
