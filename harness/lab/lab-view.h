/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A lab on a terminal: its records while it runs, and a summary at the end. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "nsec.h"
#include "report.h"

/* Zeroed, but for `out` and `coloured`. */
struct lab_view {
	FILE *out;
	bool coloured;
	bool started; /* the timeline */
	unsigned int burst; /* frames with less than BURST_GAP between them */
	unsigned int folded; /* of the burst, not printed */
	double bytes; /* of the folded ones */
	double last; /* time of the last frame, in seconds */
};

/* Prints a record when it arrives. Of a burst of frames only the first ones are
 * printed, and those to which something happened. */
void lab_view_record(struct lab_view *view, const struct result *result,
		     const json_t *record);

/* Prints how many frames of the current burst were not printed, and ends it. */
void lab_view_end_burst(struct lab_view *view);

/* At the end: changed counters, conclusions, expectations. */
void lab_view_end(FILE *out, const struct report *report,
		  const struct result *result);
