/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "book.h"

#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "macro.h"

static bool is_selected(void *data, const struct testcase *testcase,
			const char *claim)
{
	const struct book *book = data;

	return search_selects_claim(&book->search, testcase, claim);
}

bool book_has_case(const struct book *book, const struct testcase *testcase)
{
	return search_selects_case(&book->search, testcase);
}

bool book_judges(const struct book *book, const char *claim)
{
	for (size_t i = 0; i < book->n_rows; i++)
		if (strcmp(book->rows[i].judgement->claim, claim) == 0)
			return true;
	return false;
}

const struct documents_line *
book_section_end(const struct documents_line *heading)
{
	size_t n;
	const struct documents_line *end = documents_lines(&n) + n;

	do
		heading++;
	while (heading < end && heading->kind == LINE_CLAIM);
	return heading;
}

bool book_has_figure(const struct book *book,
		     const struct documents_figure *figure,
		     const struct documents_line *heading)
{
	const struct documents_line *line = heading + 1;

	if (figure->article != *heading->id ||
	    strcmp(figure->heading, heading->text) != 0)
		return false;
	for (; line < book_section_end(heading); line++)
		if (book_judges(book, line->id))
			return true;
	return !book->search.n;
}

bool book_has_section(const struct book *book,
		      const struct documents_line *heading)
{
	const struct documents_line *line = heading + 1;

	for (; line < book_section_end(heading); line++)
		if (book_judges(book, line->id))
			return true;
	return false;
}

static int add_figure_runs(struct book *book,
			   const struct documents_figure *figure)
{
	int r = 0;

	for (int i = 0; figure->runs[i] && r >= 0; i++)
		r = book_runs_add_name(&book->runs, figure->runs[i]);
	return error_trace(r);
}

static int add_figures(struct book *book)
{
	size_t n, n_figures;
	const struct documents_line *lines = documents_lines(&n);
	const struct documents_figure *figures = documents_figures(&n_figures);
	int r = 0;

	for (size_t l = 0; l < n; l++)
		for (size_t i = 0; i < n_figures && r >= 0; i++)
			if (lines[l].kind != LINE_CLAIM &&
			    book_has_figure(book, &figures[i], &lines[l]))
				r = add_figure_runs(book, &figures[i]);
	return error_trace(r);
}

int book_select(struct book *book)
{
	int r = 0;

	book->rows = documents_rows(is_selected, book, &book->n_rows);
	for (size_t i = 0; i < book->n_rows && r >= 0; i++)
		r = book_runs_add(&book->runs, book->rows[i].testcase,
				  documents_variant(&book->rows[i]));
	if (r >= 0)
		r = add_figures(book);
	return error_trace(r);
}

void book_deinit(struct book *book)
{
	book_runs_deinit(&book->runs);
	claim_search_deinit(&book->search);
	free(book->rows);
}

static bool makes(const struct book_run *run, const struct documents_row *row)
{
	const struct judgement *judgement =
		testcase_judgements(run->testcase, run->variant);

	for (; judgement && judgement->claim; judgement++)
		if (strcmp(judgement->claim, row->judgement->claim) == 0 &&
		    judgement->document == row->judgement->document &&
		    strcmp(judgement->note, row->judgement->note) == 0)
			return true;
	return false;
}

const struct book_run *book_run_of(const struct book *book,
				   const struct documents_row *row)
{
	char name[TESTCASE_RUN_NAME];
	const struct book_run *planned = book_runs_find(
		&book->runs,
		testcase_run_name(row->testcase, documents_variant(row), name));

	for (size_t i = 0; i < book->runs.n && !planned->result; i++) {
		const struct book_run *run = &book->runs.all[i];

		if (run->result && run->testcase == row->testcase &&
		    makes(run, row))
			return run;
	}
	return planned;
}
