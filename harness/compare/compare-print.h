/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A comparison for people: a row of a table, and details with segments in two
 * columns. */
#pragma once

#include <stdio.h>

#include "compare.h"
#include "table.h"

struct compare_view {
	int columns;
	bool unicode, coloured;
	bool verbose; /* also what is no difference */
};

/* Of the table: run, A, B, difference. */
enum { COMPARE_COLUMNS = 4 };

/* Adds a row: names, verdicts, and the differences with their values. -ENOMEM. */
int compare_print_row(const struct compare_view *view,
		      const struct comparison *comparison, struct table *table);

/* Sysctls that differ, expected changes between the kernels, reasons, the
 * earliest differences of events, and the segments around the first
 * difference. */
void compare_print_details(FILE *out, const struct compare_view *view,
			   const struct comparison *comparison);

/* "Linux 6.1.115, HZ 250, IPv4, rootless, halfopen 0.1.0", from the start record
 * of the result's journal; cut to `size`. */
void compare_origin(const struct result *result, char *ret, size_t size);
