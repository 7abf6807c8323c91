/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the tables say: judgements that hold since a version, and changes that
 * the cases declare. What recorded runs of several kernels say: a row for each
 * run, as in `halfopen matrix` (matrix-row.h).
 */
#include "book-kernels.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "book-page.h"
#include "errors.h"
#include "html.h"
#include "journal.h"
#include "kernel.h"
#include "macro.h"
#include "markup.h"
#include "matrix-row.h"
#include "message.h"

enum { KERNELS = 16, CELL = 512 };

struct kernels {
	const char *releases[KERNELS]; /* oldest first */
	size_t n;
};

/* --- declared ------------------------------------------------------------- */

static void put_judgements(FILE *out, const struct book *book)
{
	size_t n = 0;

	for (size_t i = 0; i < book->n_rows; i++) {
		const struct judgement *judgement = book->rows[i].judgement;

		if (!judgement->since)
			continue;
		if (!n++)
			fprintf(out, "<h2>%s</h2>\n<ul class=\"judged\">\n",
				_("Claims that no longer hold"));
		fputs("<li>", out);
		book_page_claim_link(out, judgement->claim);
		fputs(" ", out);
		book_page_judgement(out, judgement->document, judgement->since,
				    judgement->note);
		fputs("</li>\n", out);
	}
	if (n)
		fputs("</ul>\n", out);
}

static void put_claims_of(FILE *out, const struct book *book,
			  const struct testcase *testcase)
{
	const char *last = "";

	for (size_t i = 0; i < book->n_rows; i++) {
		const char *claim = book->rows[i].judgement->claim;

		if (book->rows[i].testcase != testcase ||
		    strcmp(claim, last) == 0)
			continue;
		fputs(" ", out);
		book_page_claim_link(out, claim);
		last = claim;
	}
}

static void put_changes(FILE *out, const struct book *book)
{
	fprintf(out, "<h2>%s</h2>\n", _("Changes of the kernel"));
	for (size_t i = 0; i < testcases_n; i++) {
		const struct change *change = testcases[i]->changes;

		if (!change || !change->what ||
		    !book_has_case(book, testcases[i]))
			continue;
		fputs("<section class=\"claimed\"><h3>", out);
		if (testcases[i]->topic != TOPIC_NONE) {
			fputs("<a href=\"edges.html#", out);
			markup_text(out, testcases[i]->name);
			fputs("\">", out);
		}
		markup_text(out, testcases[i]->name);
		if (testcases[i]->topic != TOPIC_NONE)
			fputs("</a>", out);
		put_claims_of(out, book, testcases[i]);
		fputs("</h3>\n", out);
		book_page_changes(out, testcases[i]);
		fputs("</section>\n", out);
	}
}

/* --- recorded ------------------------------------------------------------- */

static const char *release_of(const struct saved_run *run)
{
	return journal_text(journal_find(run->result->journal, "start"),
			    "kernel");
}

/* Of the runs that have a result. */
static void find_kernels(struct kernels *kernels, const struct saved_run *runs,
			 size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char *release = runs[i].result ? release_of(&runs[i]) :
						       "";
		size_t k = 0;

		while (k < kernels->n &&
		       strverscmp(kernels->releases[k], release) < 0)
			k++;
		if (!*release || kernels->n == KERNELS ||
		    (k < kernels->n &&
		     strcmp(kernels->releases[k], release) == 0))
			continue;
		memmove(&kernels->releases[k + 1], &kernels->releases[k],
			(kernels->n - k) * sizeof(*kernels->releases));
		kernels->releases[k] = release;
		kernels->n++;
	}
}

/* Fills the row of the run `first` with it and the later ones of its name.
 * Returns the number of kernels that have it; 0 when it is not the first one.
 */
static size_t find_row(struct matrix_cell *cells, const struct kernels *kernels,
		       const struct saved_run *runs, size_t n, size_t first)
{
	char name[TESTCASE_RUN_NAME];
	size_t found = 0;

	snprintf(name, sizeof(name), "%s", result_name(runs[first].result));
	for (size_t k = 0; k < kernels->n; k++)
		cells[k] = (struct matrix_cell){
			.release = kernels->releases[k],
			.version = kernel_version_of(kernels->releases[k]),
		};
	for (size_t i = 0; i < n; i++) {
		if (!runs[i].result ||
		    strcmp(name, result_name(runs[i].result)) != 0)
			continue;
		if (i < first)
			return 0;
		for (size_t k = 0; k < kernels->n; k++) {
			if (cells[k].result ||
			    strcmp(cells[k].release, release_of(&runs[i])) != 0)
				continue;
			cells[k].result = runs[i].result;
			found++;
		}
	}
	return found;
}

static int put_row(FILE *out, const struct matrix_cell *cells, size_t n,
		   const char *name)
{
	bool unexpected = false;
	char *differences = matrix_row_differences(cells, n, &unexpected);
	char cell[CELL];

	if (!differences)
		return error_origin(-ENOMEM, "book");
	fputs("<tr>", out);
	html_cell(out, "name case", name);
	for (size_t k = 0; k < n; k++) {
		matrix_row_text(cells, n, k, cell, sizeof(cell));
		html_cell(out, "", cell);
	}
	html_cell(out, unexpected ? "fail" : "", differences);
	fputs("</tr>\n", out);
	free(differences);
	return 0;
}

static int put_matrix(FILE *out, const struct kernels *kernels,
		      const struct saved_run *runs, size_t n)
{
	struct matrix_cell cells[KERNELS];
	int r = 0;

	fprintf(out,
		"<h2>%s</h2>\n<div class=\"scroll\"><table><thead><tr>"
		"<th>%s</th>",
		_("Recorded on several kernels"), _("run"));
	for (size_t k = 0; k < kernels->n; k++) {
		fputs("<th>", out);
		markup_text(out, kernels->releases[k]);
		fputs("</th>", out);
	}
	fprintf(out, "<th>%s</th></tr></thead><tbody>\n", _("what differs"));
	for (size_t i = 0; i < n && r >= 0; i++)
		if (runs[i].result && find_row(cells, kernels, runs, n, i) > 1)
			r = put_row(out, cells, kernels->n,
				    result_name(runs[i].result));
	fputs("</tbody></table></div>\n", out);
	return error_trace(r);
}

int book_kernels_write(const struct book *book)
{
	struct kernels kernels = { .n = 0 };
	struct saved_run *runs = NULL;
	size_t n = book->saved ? saved_runs(book->saved, &runs) : 0;
	struct book_page page;
	int r = book_page_open(&page, book->out, "kernels.html", &book->runs,
			       _("Differences between kernels"), NULL);

	if (r < 0)
		return error_trace(r);
	put_judgements(page.out, book);
	put_changes(page.out, book);
	find_kernels(&kernels, runs, n);
	if (kernels.n > 1)
		r = put_matrix(page.out, &kernels, runs, n);
	return error_trace(book_page_close(&page, r));
}
