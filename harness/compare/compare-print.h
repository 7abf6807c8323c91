/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A comparison as a person is shown it. */
#pragma once

#include <stdio.h>

#include "compare.h"
#include "table.h"

struct compare_view {
	int columns;
	bool unicode, coloured;
	bool verbose; /* also what makes no difference */
};

/* Of the table, four: what, A, B, how they differ. */
enum { COMPARE_COLUMNS = 4 };

/* A row: the verdicts, and what differs, with the values. */
int compare_print_row(const struct compare_view *view,
		      const struct comparison *comparison, struct table *table);

/* What was set in another way, what the case knows to have changed, and where
 * the two stories part, in two columns. */
void compare_print_story(FILE *out, const struct compare_view *view,
			 const struct comparison *comparison);

/* A's and B's segments from a little before they part, beside each other. */
void compare_print_columns(FILE *out, const struct compare_view *view,
			   const struct comparison *comparison);

/* "Linux 6.1.115, HZ 250, IPv4, rootless, halfopen 0.1.0", from the start of
 * its journal; what an older one does not say is left out. */
void compare_origin(const struct result *result, char *ret, size_t size);
