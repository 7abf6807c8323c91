/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The runs of the book and what is drawn from their journals. A drawing is made
 * while the journal of its run is in memory; of the other runs only drawings
 * are kept.
 */
#pragma once

#include "case-table.h"
#include "figure.h"
#include "result.h"

struct book_run {
	char name[TESTCASE_RUN_NAME];
	const struct testcase *testcase;
	const struct variant *variant; /* NULL: none */
	const struct result *result; /* borrowed; NULL: not recorded */
	char *kernel; /* "6.18.44"; NULL: not recorded */
	bool virtual_time;
	char *ladder; /* an <svg>; NULL: nothing to draw */
	char *figures[FIGURE_KINDS]; /* HTML; NULL: not drawn */
	json_t *counters; /* the names of those that changed: object; or NULL */
};

struct book_runs {
	struct book_run *all;
	size_t n, capacity;
};

/* Adds the run, unless it is there. -ENOMEM. */
int book_runs_add(struct book_runs *runs, const struct testcase *testcase,
		  const struct variant *variant);

/* The same by CASE/VARIANT. A name without a case adds nothing: a program may
 * have another table of cases. */
int book_runs_add_name(struct book_runs *runs, const char *name);

/* NULL: the book does not have it. */
struct book_run *book_runs_find(const struct book_runs *runs, const char *name);

/* Draws a result, which must have its journal. -ENOMEM. */
int book_run_draw(struct book_run *run, const struct result *result);

/* How many recorded runs there are, and how many of them changed the counter.
 */
size_t book_runs_recorded(const struct book_runs *runs);
size_t book_runs_counting(const struct book_runs *runs, const char *counter);

void book_runs_deinit(struct book_runs *runs);
