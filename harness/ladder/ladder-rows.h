/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rows of a ladder while it is built, and the values in them. Rows refer to
 * each other by index (`partner`); the functions here keep these references
 * right.
 */
#pragma once

#include "ladder.h"
#include "macro.h"

/* Appends a row; NULL without memory. The pointer is valid until the next one. */
struct ladder_row *ladder_append_row(struct ladder *ladder,
				     enum ladder_kind kind, double t, int host);

/* Sorts by time; rows of one moment keep their order. -ENOMEM. */
int ladder_sort_rows(struct ladder *ladder);

/* Removes and frees the rows that are marked in `removed`. -ENOMEM. */
int ladder_remove_rows(struct ladder *ladder, const bool *removed);

/*
 * Takes the n rows `added`; added[i] is inserted before row before[i] (or, with
 * n_rows, at the end); `before` ascends. An added row may have an existing row
 * as its partner, which then refers back to it. -ENOMEM: `added` is freed.
 */
int ladder_insert_rows(struct ladder *ladder, struct ladder_row *added,
		       const size_t *before, size_t n);

void ladder_row_deinit(struct ladder_row *row);

/* "0.04 ms", "0.412 s", "1.5 h", with U+00A0 between number and unit. */
const char *ladder_duration(double seconds, char ret[static 32]);

/* A text on one line: control characters, which neither a terminal nor XML can
 * show, become blanks. NULL without memory. */
char *ladder_text(const char *format, ...) MACRO_PRINTF(1, 2);

/* Members of a record; 0 for a missing or an impossible value. ladder_int() is
 * for numbers from 1. */
double ladder_number(const json_t *record, const char *name);
int ladder_int(const json_t *record, const char *name);
