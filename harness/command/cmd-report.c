/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * halfopen report. saved_new() keeps of each journal only what the table needs;
 * the whole journal of a run is read when that run is drawn, and freed before
 * the next one, so that memory is bounded by the largest run. A journal that is
 * damaged is drawn as far as it can be read; its problem is printed at the end.
 */
#include "commands.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "digest.h"
#include "errors.h"
#include "exit-status.h"
#include "fd.h"
#include "lab-summary.h"
#include "ladder.h"
#include "macro.h"
#include "merge.h"
#include "message.h"
#include "out-folder.h"
#include "page-folder.h"
#include "report-patterns.h"
#include "report.h"
#include "saved.h"

enum option_code {
	OPTION_ASCII,
	OPTION_COLUMNS,
	OPTION_COLOR,
	OPTION_HTML,
	OPTION_SVG,
	OPTION_MERGE,
	OPTION_FORMAT,
	OPTION_OUT,
};

const struct usage usage_report = {
	.name = "report",
	.arguments = "DIR [PATTERN...] [options]\n"
		     "       halfopen report --merge DIR... [--format FORMAT] "
		     "[--out DIR]",
	.brief = "draw recorded runs",
	.text = "Reads the journals below DIR and prints the table of runs and "
		"for each run the ladder, a time-sequence diagram of its "
		"segments, calls, states and faults. The journals suffice: "
		"neither the case nor the kernel nor the machine is needed.",
	.words =
		(const struct usage_word[]){
			{ "DIR", "the directory of --out (run, vm, lab) or a "
				 "folder in it" },
			{ "PATTERN", "only these runs: a name, NAME/VARIANT, a "
				     "claim, as for run, or a folder in DIR" },
			{ NULL, NULL } },
	.options =
		(const struct usage_option[]){
			[OPTION_ASCII] = USAGE_ASCII,
			[OPTION_COLUMNS] = USAGE_COLUMNS,
			[OPTION_COLOR] = USAGE_COLOR,
			[OPTION_HTML] = { "html", 0, NULL, NULL,
					  "write report.html beside each "
					  "journal and DIR/index.html "
					  "instead" },
			[OPTION_SVG] = { "svg", 0, NULL, NULL,
					 "write ladder.svg, the ladder as an "
					 "image, beside each journal instead" },
			[OPTION_MERGE] = { "merge", 0, NULL, NULL,
					   "print one report of the shards of a "
					   "run; each DIR is that of a run "
					   "--shard K/N --out DIR, on any "
					   "machine" },
			[OPTION_FORMAT] = { "format", 0, "FORMAT",
					    "human ktap junit jsonl",
					    "with --merge: human (default), "
					    "ktap, junit, jsonl" },
			[OPTION_OUT] = { "out", 0, "DIR", NULL,
					 "with --merge: also copy the runs of "
					 "all shards to DIR, with one index" },
			{ NULL, 0, NULL, NULL, NULL } },
	.status = "0; 2 for wrong usage, or if a journal could not be read "
		  "completely (the readable part is printed); 3 if halfopen "
		  "could not do its work. With --merge, that of run; 3 also if "
		  "a shard or a result is missing, 2 for shards of different "
		  "runs and for a shard that is there twice.",
};

struct options {
	const char *dir;
	struct report_patterns patterns;
	struct ladder_view view;
	bool html, svg, merge;
	const struct reporter *reporter; /* NULL: no --format */
	const char *out;
	char *const *words; /* DIR, and what follows it */
	size_t n_words;
};

/* --- the command line ------------------------------------------------------*/

/* Returns -1, or an exit status. */
static int parse(struct options *options, int argc, char **argv)
{
	int option;

	usage_begin(&usage_report, argc, argv);
	while ((option = usage_next()) >= 0) {
		if (option == OPTION_ASCII)
			options->view.unicode = false;
		else if (option == OPTION_HTML)
			options->html = true;
		else if (option == OPTION_SVG)
			options->svg = true;
		else if (option == OPTION_COLUMNS)
			options->view.columns = (int)usage_number();
		else if (option == OPTION_COLOR)
			options->view.coloured = colour_wanted(
				stdout, (enum colour_when)usage_choice());
		else if (option == OPTION_MERGE)
			options->merge = true;
		else if (option == OPTION_FORMAT)
			options->reporter = reporter_find(optarg);
		else if (option == OPTION_OUT)
			options->out = optarg;
	}
	if (option != USAGE_END)
		return usage_end(option);
	if (!argv[optind])
		return usage_error(_("missing DIR"));
	if (!options->merge && (options->reporter || options->out))
		return usage_error(_("%s: needs --merge"),
				   options->out ? "--out" : "--format");
	if (options->merge && (options->html || options->svg))
		return usage_error(_("%s: not with --merge"),
				   options->html ? "--html" : "--svg");
	options->words = &argv[optind];
	options->n_words = (size_t)(argc - optind);
	options->dir = argv[optind];
	for (size_t n = strlen(argv[optind]);
	     n > 1 && argv[optind][n - 1] == '/'; n--)
		argv[optind][n - 1] = '\0';
	options->patterns = report_patterns_of(&argv[optind + 1]);
	return -1;
}

/* --- selection -------------------------------------------------------------*/

static bool is_selected(const struct options *options,
		      const struct saved_run *run)
{
	return report_patterns_match(&options->patterns, run);
}

static bool check_patterns(const struct options *options,
			   const struct saved_run *runs, size_t n)
{
	const char *pattern =
		report_patterns_unmatched(&options->patterns, runs, n);

	if (pattern)
		fprintf(stderr,
			_("halfopen report: no run below %s matches '%s'\n"),
			options->dir, pattern);
	return !pattern;
}

/* Returns true if there are none. */
static bool print_problems(const struct options *options,
			  const struct saved_run *runs, size_t n)
{
	bool complete = true;

	for (size_t i = 0; i < n; i++) {
		if (!runs[i].problem || !is_selected(options, &runs[i]))
			continue;
		fprintf(stderr, "halfopen report: %s\n", runs[i].problem);
		complete = false;
	}
	return complete;
}

/* --- output ----------------------------------------------------------------*/

static int print_table(const struct options *options,
		       const struct saved_run *runs, size_t n)
{
	struct report report = {
		.reporter = &reporter_human,
		.out = stdout,
		.coloured = options->view.coloured,
		.columns = options->view.columns,
	};
	int r;

	for (size_t i = 0; i < n; i++)
		if (runs[i].result && is_selected(options, &runs[i]))
			report_keep(&report, runs[i].result);
	digest_sort(&report);
	if (report.n_kept)
		digest_table(&report, true);
	r = report.error;
	report_deinit(&report);
	return error_trace(r);
}

static int draw(const struct options *options, struct saved_run *run)
{
	bool coloured = options->view.coloured;
	enum verdict verdict = run->result->verdict;
	enum colour colour = report_verdict_colour(verdict);
	struct ladder *ladder;
	int r = saved_read_journal(run);

	if (r >= 0)
		r = ladder_new(&ladder, run->result->journal);
	if (r < 0)
		return error_trace(r);
	printf("\n%s%s%s%s%s%s\n\n", colour_begin(coloured, colour),
	       report_verdict(verdict), colour_end(coloured, colour),
	       *run->folder ? "  " : "", run->folder,
	       ladder->n_rows ? "" : _(": nothing to draw"));
	ladder_print(stdout, ladder, &options->view);
	ladder_free(ladder);
	/* A lab also has conclusions and expectations. */
	if (run->result->zero > 0)
		lab_summary_print(
			stdout,
			&(struct report){ .columns = options->view.columns,
					  .coloured = coloured },
			run->result);
	result_clear_journal(run->result);
	return 0;
}

static int print_all(const struct options *options, struct saved_run *runs,
		     size_t n)
{
	int r = print_table(options, runs, n);

	for (size_t i = 0; i < n && r >= 0; i++)
		if (runs[i].result && is_selected(options, &runs[i]))
			r = draw(options, &runs[i]);
	if (r >= 0) {
		putchar('\n');
		ladder_print_legend(stdout, &options->view);
	}
	return error_trace(r);
}

/* With --html and --svg a journal is read once for both. */
static int write_run(const struct options *options, struct saved_run *run)
{
	const char *folder = run->folder;
	int r = saved_read_journal(run);

	if (r >= 0 && options->html)
		r = page_folder_run(options->dir, folder, run->result);
	if (r >= 0 && options->svg)
		r = page_folder_ladder(options->dir, folder, run->result);
	if (r >= 0 && options->svg)
		printf("%s/%s%sladder.svg\n", options->dir, folder,
		       *folder ? "/" : "");
	result_clear_journal(run->result);
	return error_trace(r);
}

static int write_files(const struct options *options, struct saved *saved)
{
	struct saved_run *runs;
	size_t n = saved_runs(saved, &runs);
	/* First, because the index needs the journals that the loop frees. */
	int r = options->html ? page_folder_index(options->dir, saved) : 0;

	for (size_t i = 0; i < n && r >= 0; i++)
		if (runs[i].result && is_selected(options, &runs[i]))
			r = write_run(options, &runs[i]);
	if (r >= 0 && options->html)
		printf("%s/index.html\n", options->dir);
	return error_trace(r);
}

static int print_or_write(const struct options *options, struct saved *saved)
{
	struct saved_run *runs;
	size_t n = saved_runs(saved, &runs);
	bool writes = options->html || options->svg, complete;
	int r;

	if (!check_patterns(options, runs, n))
		return EXIT_STATUS_USAGE;
	if (writes && out_folder_check(options->dir) < 0) {
		fprintf(stderr, "halfopen report: %s: %s\n",
			options->html ? "--html" : "--svg", error_text());
		return EXIT_STATUS_USAGE;
	}
	r = writes ? write_files(options, saved) :
		     print_all(options, runs, n);
	if (r >= 0 && (fflush(stdout) != 0 || ferror(stdout)))
		r = error_origin(fd_stream_error(stdout), "print the report");
	complete = print_problems(options, runs, n);
	if (r < 0) {
		fprintf(stderr, "halfopen report: %s\n", error_text());
		return EXIT_STATUS_BROKEN;
	}
	return complete ? EXIT_STATUS_PASS : EXIT_STATUS_USAGE;
}

static int merge_shards(const struct options *options)
{
	struct merge_options how = {
		.dirs = options->words,
		.n = options->n_words,
		.reporter = options->reporter ? options->reporter :
						&reporter_human,
		.coloured = options->view.coloured,
		.columns = options->view.columns,
		.out = options->out,
	};

	if (how.reporter != &reporter_human)
		message_use(false); /* for programs: English */
	return merge(&how);
}

int cmd_report(int argc, char **argv)
{
	struct options options = {
		.view = { .unicode = report_unicode(stdout),
			  .columns = report_columns(stdout),
			  .coloured = colour_wanted(stdout, COLOUR_AUTO) },
	};
	struct saved *saved;
	int status = parse(&options, argc, argv), r;

	if (status >= 0)
		return status;
	if (options.merge)
		return merge_shards(&options);
	r = saved_new(&saved, options.dir);
	if (r < 0) {
		fprintf(stderr, "halfopen report: %s\n", error_text());
		return r == -ENOMEM ? EXIT_STATUS_BROKEN : EXIT_STATUS_USAGE;
	}
	status = print_or_write(&options, saved);
	saved_free(saved);
	return status;
}
