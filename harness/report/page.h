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

/* A row of the index: what it has to know when the results are gone. */
struct page_entry;

/* `folder` is where the run's report.html lies, seen from the index. */
int page_entry_new(struct page_entry **ret, const struct result *result,
		   const char *folder);
struct page_entry *page_entry_free(struct page_entry *entry);

/* By name, whatever the order in which they came; sorts `entries`. */
int page_index_write(FILE *out, struct page_entry **entries, size_t n);
