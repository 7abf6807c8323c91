/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A lab on a terminal: while it runs, and when it has ended. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "nsec.h"
#include "report.h"

struct lab_view {
	FILE *out;
	bool coloured;
	unsigned int burst; /* frames, one right after the other */
	unsigned int folded; /* of those, not printed */
	double bytes; /* of those */
	double last; /* the last one's moment */
	bool started; /* the timeline */
};

/* A record as it comes in: printed, or folded into a number where a transfer
 * goes by. */
void lab_view_record(struct lab_view *view, const struct result *result,
		     const json_t *record);
/* What has been folded is told, where nothing more has come. */
void lab_view_rest(struct lab_view *view);

/* At the end: what was expected, what moved, what it means. */
void lab_view_end(FILE *out, const struct report *report,
		  const struct result *result);
