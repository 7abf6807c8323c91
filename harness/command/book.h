/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the book contains: the documents, claim by claim, their figures, and the
 * runs that judge them.
 */
#pragma once

#include "book-runs.h"
#include "claim-search.h"
#include "documents.h"
#include "figures.h"
#include "saved.h"

struct book {
	const char *out; /* the folder */
	struct search search;
	struct documents_row *rows; /* the selected judgements */
	size_t n_rows;
	struct book_runs runs; /* those behind rows and figures */
	const struct saved *saved; /* all recorded runs, for the comparison of
				    * kernels; NULL: new runs */
};

/* Selects rows and runs; out, search and saved are set. -ENOMEM. */
int book_select(struct book *book);
void book_deinit(struct book *book);

/* Whether a selected judgement is about the claim. */
bool book_judges(const struct book *book, const char *claim);

/* The line after the last claim below a title or section. */
const struct documents_line *
book_section_end(const struct documents_line *heading);

/* Whether the section has selected claims, or the figure. */
bool book_has_section(const struct book *book,
		      const struct documents_line *heading);
bool book_has_figure(const struct book *book,
		     const struct documents_figure *figure,
		     const struct documents_line *heading);

/* Whether the case belongs to the book. */
bool book_has_case(const struct book *book, const struct testcase *testcase);

/* The run that judges: the planned one, or another variant with the same
 * judgement where only that is recorded. */
const struct book_run *book_run_of(const struct book *book,
				   const struct documents_row *row);
