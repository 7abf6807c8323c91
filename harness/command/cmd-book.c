/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * halfopen book. As a reporter (report.h) it draws each run when it ends, and
 * writes the pages when all have ended; results are kept until then, journals
 * are not. With --from the runs are read from a folder of --out instead, one
 * journal after the other.
 */
#include "commands.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "book-kernels.h"
#include "book-site.h"
#include "book.h"
#include "claim-search.h"
#include "errors.h"
#include "exit-status.h"
#include "journal.h"
#include "kernel.h"
#include "macro.h"
#include "message.h"
#include "out-folder.h"
#include "report.h"
#include "run-options.h"
#include "saved.h"

struct making {
	struct book book;
	const char *from; /* --from DIR; NULL: none */
	int error;
};

static int finish(struct making *making, int status)
{
	if (making->error < 0) {
		fprintf(stderr, "halfopen book: %s\n", error_text());
		return EXIT_STATUS_BROKEN;
	}
	printf("%s/index.html\n", making->book.out);
	return status;
}

/* --- new runs ------------------------------------------------------------- */

/* Longer ones are for virtual time and --from. */
static bool is_run(const struct book_run *run)
{
	return testcase_duration(run->testcase, run->variant) < REPORT_MINUTES;
}

static void begin(struct report *report)
{
	char about[REPORT_TEXT];

	report_about(report->info.longest, about);
	fprintf(stderr, _("%zu runs; the longest takes %s\n"),
		report->info.n_runs, about);
}

static void take(struct report *report, const struct result *result)
{
	struct making *making = report->data;
	struct book_run *run =
		book_runs_find(&making->book.runs, result_name(result));

	if (!result->final || !run || making->error < 0)
		return;
	report_keep(report, result);
	making->error = book_run_draw(run, result);
}

static void write_pages(struct making *making)
{
	if (making->error >= 0)
		making->error = book_kernels_write(&making->book);
	if (making->error >= 0)
		making->error = book_site_write(&making->book);
}

static void end(struct report *report,
		const struct report_tally *tally MACRO_UNUSED)
{
	write_pages(report->data);
}

static const struct reporter reporter_book = {
	.name = "book",
	.begin = begin,
	.result = take,
	.end = end,
};

static int make_runs(struct making *making)
{
	const struct book_runs *runs = &making->book.runs;
	char **names = calloc(runs->n + 1, sizeof(*names));
	struct command_options options;
	size_t n = 0;
	int status;

	if (!names) {
		making->error = error_origin(-ENOMEM, "book");
		return finish(making, EXIT_STATUS_BROKEN);
	}
	for (size_t i = 0; i < runs->n; i++)
		if (is_run(&runs->all[i]))
			names[n++] = runs->all[i].name;
	if (!n) { /* only cases of the second book */
		free(names);
		write_pages(making);
		return finish(making, EXIT_STATUS_PASS);
	}
	run_options_of_names(&options, NULL, names, n);
	options.reporter = &reporter_book;
	options.reporter_data = making;
	status = run_options_execute(&options);
	free(names);
	return status == EXIT_STATUS_USAGE ? status : finish(making, status);
}

/* --- recorded runs -------------------------------------------------------- */

static unsigned int version_of(const struct result *result)
{
	const json_t *start = journal_find(result->journal, "start");

	return kernel_version_of(journal_text(start, "kernel"));
}

/* A run that passed is more useful, and then that of the newest kernel. */
static bool is_better(const struct result *a, const struct result *b)
{
	if ((a->verdict == VERDICT_PASS) != (b->verdict == VERDICT_PASS))
		return a->verdict == VERDICT_PASS;
	return version_of(a) > version_of(b);
}

static int draw_best(struct book_run *run, struct saved_run *runs, size_t n)
{
	struct saved_run *best = NULL;
	int r;

	for (size_t i = 0; i < n; i++)
		if (runs[i].result &&
		    strcmp(result_name(runs[i].result), run->name) == 0 &&
		    (!best || is_better(runs[i].result, best->result)))
			best = &runs[i];
	if (!best)
		return 0;
	r = saved_read_journal(best);
	if (r >= 0)
		r = book_run_draw(run, best->result);
	result_clear_journal(best->result);
	return error_trace(r);
}

/* Also those of the second book. */
static int add_recorded(struct book *book, const struct saved_run *runs,
			size_t n)
{
	int r = 0;

	for (size_t i = 0; i < n && r >= 0; i++) {
		const struct testcase *testcase =
			runs[i].result ?
				testcase_find(runs[i].result->testcase->name) :
				NULL;

		if (testcase && book_has_case(book, testcase))
			r = book_runs_add_name(&book->runs,
					       result_name(runs[i].result));
	}
	return error_trace(r);
}

static int read_runs(struct making *making)
{
	struct book *book = &making->book;
	struct saved *saved;
	struct saved_run *runs;
	size_t n;
	int r = saved_new(&saved, making->from);

	if (r < 0) {
		fprintf(stderr, "halfopen book: %s\n", error_text());
		return r == -ENOMEM ? EXIT_STATUS_BROKEN : EXIT_STATUS_USAGE;
	}
	book->saved = saved;
	n = saved_runs(saved, &runs);
	r = add_recorded(book, runs, n);
	if (r >= 0)
		r = book_kernels_write(book);
	for (size_t i = 0; i < book->runs.n && r >= 0; i++)
		r = draw_best(&book->runs.all[i], runs, n);
	if (r >= 0)
		r = book_site_write(book);
	making->error = r;
	saved_free(saved);
	return finish(making, EXIT_STATUS_PASS);
}

/* --- the command line ----------------------------------------------------- */

enum option_code { OPTION_OUT, OPTION_FROM };

const struct usage usage_book = {
	.name = "book",
	.arguments = "--out DIR [PATTERN...] [options]",
	.brief = "write the documents' claims, judged by runs, as a site",
	.text = "Runs what judges the claims of the documents and draws their "
		"figures, and writes DIR/index.html: a page for each article, "
		"one for the cases of timers and edges, one for the "
		"differences "
		"between kernels, and an index. The pages load nothing. Runs "
		"that take longer than a minute are not started: record them "
		"(vm --virtual-time --out) and use --from.",
	.words =
		(const struct usage_word[]){
			{ "PATTERN",
			  "only these claims or cases: a claim (A5), "
			  "a case, a shell pattern, or text of a "
			  "claim or heading" },
			{ NULL, NULL } },
	.options =
		(const struct usage_option[]){
			[OPTION_OUT] = { "out", 0, "DIR", NULL,
					 "the folder of the book" },
			[OPTION_FROM] = { "from", 0, "DIR", NULL,
					  "use the runs recorded below DIR "
					  "(run --out, vm --out) instead of "
					  "new ones; of several kernels, they "
					  "are compared" },
			{ NULL, 0, NULL, NULL, NULL } },
	.status = "that of run; with --from 0, or 2 for a DIR without runs.",
};

/* Returns -1, or an exit status. */
static int parse(struct making *making, int argc, char **argv)
{
	int option;

	usage_begin(&usage_book, argc, argv);
	while ((option = usage_next()) >= 0) {
		if (option == OPTION_OUT)
			making->book.out = optarg;
		else if (option == OPTION_FROM)
			making->from = optarg;
	}
	if (option != USAGE_END)
		return usage_end(option);
	if (!making->book.out)
		return usage_error(_("missing --out DIR"));
	if (out_folder_check(making->book.out) < 0)
		return usage_error("--out: %s", error_text());
	return claim_search_init(&making->book.search, "book", argv + optind,
				 SEARCH_WHOLE) ?
		       -1 :
		       EXIT_STATUS_USAGE;
}

int cmd_book(int argc, char **argv)
{
	struct making making = { .from = NULL };
	int status = parse(&making, argc, argv);

	if (status >= 0)
		return status;
	making.error = book_select(&making.book);
	if (making.error < 0)
		status = finish(&making, EXIT_STATUS_BROKEN);
	else
		status = making.from ? read_runs(&making) : make_runs(&making);
	book_deinit(&making.book);
	return status;
}
