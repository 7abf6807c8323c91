/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One run on several kernels: where its results differ, and whether the case
 * knows why. Times differ from run to run and with HZ, and are no difference
 * unless what was predicted does not even overlap; words and counts are.
 *
 * A change that the case declares explains a difference between two kernels
 * that both did what was predicted, or of which one could not show it. It
 * excuses no FAIL, for a prediction has to know of it. BROKEN says nothing of a
 * kernel, and the next one is compared with the one before.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "result.h"

struct matrix_cell {
	const struct result *result; /* NULL: none came */
	const char *release;
	unsigned int version; /* KERNEL_VERSION(a, b, 0) */
};

/*
 * One sentence for each step at which something differs, "" for none; to be
 * freed, NULL without memory. Sets *unexpected where the case does not say why.
 */
char *matrix_row_differences(const struct matrix_cell *cells, size_t n,
			     bool *unexpected);

/* What the ith kernel's cell shows: its verdict unless that is PASS, what was
 * measured, and what differs in the row. */
void matrix_row_text(const struct matrix_cell *cells, size_t n, size_t i,
		     char *ret, size_t size);
