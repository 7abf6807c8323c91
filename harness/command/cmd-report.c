/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd-report.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "digest.h"
#include "errors.h"
#include "exit-status.h"
#include "lab-view.h"
#include "ladder.h"
#include "macro.h"
#include "page-folder.h"
#include "report-options.h"
#include "report.h"
#include "saved.h"

enum { OPTION_ASCII, OPTION_COLUMNS, OPTION_HTML };

const struct usage usage_report = {
	.name = "report",
	.arguments = "DIR [PATTERN...] [options]",
	.brief = "draws runs that run --out DIR kept",
	.text = "Reads the journals below DIR and prints the table of the runs, "
		"and for each of them the ladder: who said what to whom, and "
		"what became of it, from top to bottom as it happened. It needs "
		"nothing else: neither the case, nor the kernel, nor the "
		"machine on which it ran.",
	.words =
		(const struct usage_word[]){
			{ "DIR", "what --out DIR of run, vm or lab kept; or a "
				 "folder below it" },
			{ "PATTERN", "only these runs: a name, NAME/VARIANT or "
				     "a claim, as in run, or a folder below "
				     "DIR" },
			{ NULL, NULL } },
	.options =
		(const struct usage_option[]){
			[OPTION_ASCII] = { "ascii", 0, NULL, NULL,
					   "draw with ASCII alone" },
			[OPTION_COLUMNS] = { "columns", 0, "N", NULL,
					     "so wide (the terminal's width, "
					     "or 80)" },
			[OPTION_HTML] = { "html", 0, NULL, NULL,
					  "write report.html beside each "
					  "journal, and DIR/index.html, "
					  "instead" },
			{ NULL, 0, NULL, NULL, NULL } },
	.status = "0; 2 for wrong usage, and where a journal could not be read, "
		  "or not to its end (what could be read is told); 3 when "
		  "halfopen could not do its own work.",
};

struct options {
	const char *dir;
	struct report_patterns patterns;
	int columns;
	bool unicode, html;
};

/* --- the command line ------------------------------------------------------*/

/* Returns -1, or the exit status with which all is done. */
static int parse(struct options *options, int argc, char **argv)
{
	int code;

	usage_begin(&usage_report, argc, argv);
	while ((code = usage_next()) != -1) {
		if (code == USAGE_FIRST + OPTION_ASCII)
			options->unicode = false;
		else if (code == USAGE_FIRST + OPTION_HTML)
			options->html = true;
		else if (code != USAGE_FIRST + OPTION_COLUMNS)
			return usage_end(&usage_report, code);
		else if (!report_options_columns("report", optarg,
						 &options->columns))
			return EXIT_STATUS_USAGE;
	}
	if (!argv[optind]) {
		fprintf(stderr, "halfopen report: which DIR?\n");
		return EXIT_STATUS_USAGE;
	}
	options->dir = argv[optind];
	options->patterns = report_patterns_of(&argv[optind + 1]);
	return -1;
}

/* --- choosing --------------------------------------------------------------*/

static bool is_chosen(const struct options *options,
		      const struct saved_run *run)
{
	return report_patterns_choose(&options->patterns, run);
}

static bool check_patterns(const struct options *options,
			   const struct saved_run *runs, size_t n)
{
	const char *pattern =
		report_patterns_unmatched(&options->patterns, runs, n);

	if (pattern)
		fprintf(stderr,
			"halfopen report: no run below %s is called '%s', or "
			"proves it\n",
			options->dir, pattern);
	return !pattern;
}

/* True when there was none. */
static bool print_problems(const struct options *options,
			  const struct saved_run *runs, size_t n)
{
	bool none = true;

	for (size_t i = 0; i < n; i++) {
		if (!runs[i].problem || !is_chosen(options, &runs[i]))
			continue;
		fprintf(stderr, "halfopen report: %s\n", runs[i].problem);
		none = false;
	}
	return none;
}

/* --- telling ---------------------------------------------------------------*/

static int print_table(const struct options *options,
		       const struct saved_run *runs, size_t n)
{
	struct report report = {
		.reporter = &reporter_human,
		.out = stdout,
		.terminal = isatty(STDOUT_FILENO),
		.columns = options->columns,
	};
	int r;

	for (size_t i = 0; i < n; i++)
		if (runs[i].result && is_chosen(options, &runs[i]))
			report_keep(&report, runs[i].result);
	digest_sort(&report);
	if (report.n_kept)
		digest_table(&report);
	r = report.error;
	report_deinit(&report);
	return r < 0 ? error_trace(r) : 0;
}

static int draw(const struct options *options, struct saved_run *run)
{
	struct ladder *ladder;
	int r = saved_read_journal(run);

	if (r >= 0)
		r = ladder_new(&ladder, run->result->journal);
	if (r < 0)
		return error_trace(r);
	printf("\n%s%s%s%s\n\n", report_verdict(run->result->verdict),
	       *run->folder ? "  " : "", run->folder,
	       ladder->n_rows ? "" : ": nothing to draw");
	ladder_print(stdout, ladder, options->columns, options->unicode);
	ladder_free(ladder);
	/* Of a lab, which has more to say. */
	if (run->result->zero > 0)
		lab_view_end(stdout, &(struct report){ .columns =
						       options->columns },
			     run->result);
	result_forget_journal(run->result);
	return 0;
}

static int print_all(const struct options *options, struct saved_run *runs,
		     size_t n)
{
	int r = print_table(options, runs, n);

	for (size_t i = 0; i < n && r >= 0; i++)
		if (runs[i].result && is_chosen(options, &runs[i]))
			r = draw(options, &runs[i]);
	return r < 0 ? error_trace(r) : 0;
}

static int write_pages(const struct options *options, struct saved *saved)
{
	struct saved_run *runs;
	size_t n = saved_runs(saved, &runs);
	/* Before the journals, with their starts, are forgotten. */
	int r = page_folder_index(options->dir, saved);

	for (size_t i = 0; i < n && r >= 0; i++) {
		if (!runs[i].result || !is_chosen(options, &runs[i]))
			continue;
		r = saved_read_journal(&runs[i]);
		if (r >= 0)
			r = page_folder_run(options->dir, runs[i].folder,
					    runs[i].result);
		result_forget_journal(runs[i].result);
	}
	if (r >= 0)
		printf("%s/index.html\n", options->dir);
	return r < 0 ? error_trace(r) : 0;
}

static int tell(const struct options *options, struct saved *saved)
{
	struct saved_run *runs;
	size_t n = saved_runs(saved, &runs);
	bool whole;
	int r;

	if (!check_patterns(options, runs, n))
		return EXIT_STATUS_USAGE;
	r = options->html ? write_pages(options, saved) :
			    print_all(options, runs, n);
	if (r >= 0 && (fflush(stdout) != 0 || ferror(stdout)))
		r = error_origin(-EIO, "print the report");
	whole = print_problems(options, runs, n);
	if (r < 0) {
		fprintf(stderr, "halfopen report: %s\n", error_message());
		return EXIT_STATUS_BROKEN;
	}
	return whole ? EXIT_STATUS_PASS : EXIT_STATUS_USAGE;
}

int cmd_report(int argc, char **argv)
{
	struct options options = { .unicode = report_unicode(stdout),
				   .columns = report_columns(stdout) };
	struct saved *saved;
	int status = parse(&options, argc, argv), r;

	if (status >= 0)
		return status;
	r = saved_new(&saved, options.dir);
	if (r < 0) {
		fprintf(stderr, "halfopen report: %s\n", error_message());
		return r == -ENOMEM ? EXIT_STATUS_BROKEN : EXIT_STATUS_USAGE;
	}
	status = tell(&options, saved);
	saved_free(saved);
	return status;
}
