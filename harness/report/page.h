/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What --out DIR has for a browser: a page for each run, and one over all of
 * them. Each is one file that needs no other and no network.
 */
#pragma once

#include <stddef.h>
#include <stdio.h>

#include "result.h"

/* The run of `result`, from its journal: it must not be forgotten yet. `index`
 * is where the page over all runs is, seen from this one; NULL: there is none. */
int page_write(FILE *out, const struct result *result, const char *index);

/* A row of the index, both borrowed. Of the journal the start is enough. */
struct page_entry {
	const struct result *result;
	const char *folder; /* of its report.html, seen from the index */
};

/* By name, whatever the order in which they came; sorts `entries`. */
int page_index_write(FILE *out, struct page_entry *entries, size_t n);
