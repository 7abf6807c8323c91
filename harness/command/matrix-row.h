/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One run on several kernels: where its results differ, and whether the case
 * declares why. Words and counts are compared. Times vary between runs and with
 * HZ, so they differ only if the predicted ranges do not overlap.
 *
 * A declared change explains a difference between two kernels that both pass,
 * or of which one skips. It never excuses a FAIL, because predictions must
 * include the change. BROKEN says nothing about a kernel: the next one is
 * compared with the one before it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "result.h"

struct matrix_cell {
	const struct result *result; /* NULL: missing */
	const char *release;
	unsigned int version; /* KERNEL_VERSION(a, b, 0) */
};

/*
 * A sentence for each difference between neighbouring kernels, "" for none. The
 * caller frees it; NULL without memory. Sets *unexpected if the case does not
 * declare one of them.
 */
char *matrix_row_differences(const struct matrix_cell *cells, size_t n,
			     bool *unexpected);

/* The text of cell i: the verdict unless PASS, the measured values, and
 * facts that differ within the row. */
void matrix_row_text(const struct matrix_cell *cells, size_t n, size_t i,
		     char *ret, size_t size);
