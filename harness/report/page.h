/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The pages below --out DIR: one for each run, and an index. Each is one file
 * that loads nothing from elsewhere.
 */
#pragma once

#include <stddef.h>
#include <stdio.h>

#include "result.h"

/*
 * The page of a run. `result` must still have its journal. `index` is the
 * address of the index relative to this page; NULL: there is none. -ENOMEM;
 * -EIO when `out` has failed.
 */
int page_write(FILE *out, const struct result *result, const char *index);

/* A row of the index. The result is borrowed; of its journal the start record
 * is enough. */
struct page_entry {
	const struct result *result;
	const char *folder; /* of its report.html, relative to the index */
};

/* The index of n runs, by name; sorts `entries`. Errors as of page_write(). */
int page_index_write(FILE *out, struct page_entry *entries, size_t n);
