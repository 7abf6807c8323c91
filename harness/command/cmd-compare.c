/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd-compare.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compare-print.h"
#include "errors.h"
#include "exit-status.h"
#include "journal.h"
#include "report-options.h"
#include "report.h"

enum { OPTION_VERBOSE, OPTION_FORMAT, OPTION_ASCII, OPTION_COLUMNS, OPTIONS };

/* Where several kernels have left runs in one directory, so many are named. */
enum { ORIGINS_MAX = 4, ORIGIN = 256 };

static const struct usage_option option_table[OPTIONS + 1] = {
	[OPTION_VERBOSE] = { "verbose", 'v', NULL, NULL,
			     "all runs' stories, and what is within noise" },
	[OPTION_FORMAT] = { "format", 0, "FORMAT", "human jsonl",
			    "human (default); jsonl: one JSON object a line" },
	[OPTION_ASCII] = { "ascii", 0, NULL, NULL, "draw with ASCII alone" },
	[OPTION_COLUMNS] = { "columns", 0, "N", NULL,
			     "so wide (the terminal's width, or 80)" },
};

static const struct usage_word words[] = {
	{ "A, B",
	  "what --out DIR of run, vm or lab kept; or a folder below it, "
	  "down to that of one run. Two of these are compared whatever "
	  "they are called" },
	{ "PATTERN", "only these runs: a name, NAME/VARIANT or a claim, as in "
		     "run, or a folder below A and B" },
	{ NULL, NULL },
};

const struct usage usage_compare = {
	.name = "compare",
	.arguments = "A B [PATTERN...] [options]",
	.brief = "two recorded runs side by side: two kernels, two settings",
	.text = "Reads the journals below A and B, and prints what they came "
		"to, run by run; for a run that differs, also where its two "
		"stories part: the segments beside each other, a few before "
		"and what came behind, and the first result, state and fault "
		"that are not the same. Of several repetitions and tries the "
		"first is compared.",
	.words = words,
	.options = option_table,
	.after = "No two runs are the same to the microsecond. Segments are "
		 "compared by who sent what to whom and what became of it, not "
		 "by time; two of different senders within 50 ms may change "
		 "places, and at the end one run may have missed what came in "
		 "the last 50 ms of the other. A measured time differs when "
		 "it is further off than 50 ms and 2 %, and not what the other "
		 "run predicted; without a prediction, than an eighth, the "
		 "granule of the timer wheel. Counts differ when they are not "
		 "equal, other numbers by more than 2 %; those that begin by "
		 "chance (sequence numbers, timestamps), and those that only "
		 "one run has, make no difference.",
	.status = "0: no difference; 1: one at least, or a run that only A or "
		  "only B has; 2 for wrong usage; 3 where something could not "
		  "be read, or not to its end, and when halfopen could not do "
		  "its own work.",
};

struct side {
	char name; /* 'A', 'B' */
	const char *dir;
	struct saved *saved;
	struct saved_run *runs;
	size_t n;
	struct saved_run **chosen; /* the first of each */
	size_t n_chosen, n_left_out;
	size_t n_alone; /* that the other side lacks */
};

struct comparing {
	struct side sides[COMPARE_SIDES];
	struct report_patterns patterns;
	struct compare_view view;
	bool jsonl;
	size_t n_same, n_different;
	struct table *table;
	FILE *stories; /* of those that differ, until the table is out */
};

/* --- the command line ------------------------------------------------------*/

static bool take_format(struct comparing *c, const char *format)
{
	c->jsonl = strcmp(format, "jsonl") == 0;
	if (c->jsonl || strcmp(format, "human") == 0)
		return true;
	fprintf(stderr,
		"halfopen compare: --format %s: there are human and jsonl\n",
		format);
	return false;
}

/* Returns -1, or the exit status with which all is done. */
static int parse(struct comparing *c, int argc, char **argv)
{
	int code;

	usage_begin(&usage_compare, argc, argv);
	while ((code = usage_next()) != -1) {
		bool taken = true;

		if (code == USAGE_FIRST + OPTION_VERBOSE)
			c->view.verbose = true;
		else if (code == USAGE_FIRST + OPTION_ASCII)
			c->view.unicode = false;
		else if (code == USAGE_FIRST + OPTION_FORMAT)
			taken = take_format(c, optarg);
		else if (code == USAGE_FIRST + OPTION_COLUMNS)
			taken = report_options_columns("compare", optarg,
						       &c->view.columns);
		else
			return usage_end(&usage_compare, code);
		if (!taken)
			return EXIT_STATUS_USAGE;
	}
	for (size_t i = 0; i < COMPARE_SIDES; i++, optind++) {
		if (!argv[optind]) {
			fprintf(stderr, "halfopen compare: which %c?\n",
				c->sides[i].name);
			return EXIT_STATUS_USAGE;
		}
		c->sides[i].dir = argv[optind];
	}
	c->patterns = report_patterns_of(&argv[optind]);
	return -1;
}

/* --- choosing --------------------------------------------------------------*/

/* Of one case and variant, whichever repetition or try. */
static bool is_same_run(const struct saved_run *a, const struct saved_run *b)
{
	const struct result *x = a->result, *y = b->result;

	return strcmp(x->testcase->name, y->testcase->name) == 0 &&
	       strcmp(x->variant ? x->variant->name : "",
		      y->variant ? y->variant->name : "") == 0;
}

static bool is_earlier(const struct saved_run *a, const struct saved_run *b)
{
	const struct result *x = a->result, *y = b->result;

	return x->repetition < y->repetition ||
	       (x->repetition == y->repetition && x->attempt < y->attempt);
}

static struct saved_run **find_run(const struct side *side,
				   const struct saved_run *run)
{
	for (size_t i = 0; i < side->n_chosen; i++)
		if (is_same_run(side->chosen[i], run))
			return &side->chosen[i];
	return NULL;
}

static int choose(struct side *side, const struct report_patterns *patterns)
{
	side->chosen = calloc(side->n + 1, sizeof(struct saved_run *));
	if (!side->chosen)
		return error_origin(-ENOMEM, "runs");
	for (size_t i = 0; i < side->n; i++) {
		struct saved_run *run = &side->runs[i], **other;

		if (!run->result || !report_patterns_choose(patterns, run))
			continue;
		other = find_run(side, run);
		if (!other) {
			side->chosen[side->n_chosen++] = run;
			continue;
		}
		side->n_left_out++;
		if (is_earlier(run, *other))
			*other = run;
	}
	return 0;
}

/* The folder that A or B names is the run's own. */
static bool is_single(const struct side *side)
{
	return side->n == 1 && side->n_chosen == 1 && !*side->runs[0].folder;
}

static struct saved_run *partner_of(const struct comparing *c, size_t other,
				    const struct saved_run *run)
{
	const struct side *side = &c->sides[other];
	struct saved_run **found = find_run(side, run);

	if (is_single(&c->sides[COMPARE_A]) && is_single(&c->sides[COMPARE_B]))
		return side->chosen[0];
	return found ? *found : NULL;
}

static bool check_patterns(const struct comparing *c)
{
	for (size_t i = 0; i < COMPARE_SIDES; i++) {
		const struct side *side = &c->sides[i];
		const char *pattern = report_patterns_unmatched(
			&c->patterns, side->runs, side->n);

		if (!pattern)
			continue;
		fprintf(stderr,
			"halfopen compare: %c has no run that matches '%s' "
			"(%s)\n",
			side->name, pattern, side->dir);
		return false;
	}
	return true;
}

/* True when there was none. */
static bool tell_troubles(const struct comparing *c)
{
	bool none = true;

	for (size_t i = 0; i < COMPARE_SIDES; i++)
		for (size_t j = 0; j < c->sides[i].n; j++) {
			const struct saved_run *run = &c->sides[i].runs[j];

			if (!run->problem ||
			    !report_patterns_choose(&c->patterns, run))
				continue;
			fprintf(stderr, "halfopen compare: %s\n", run->problem);
			none = false;
		}
	return none;
}

/* --- telling ---------------------------------------------------------------*/

/* Takes the object. */
static int print_object(json_t *object)
{
	int r = 0;

	if (!object || json_dumpf(object, stdout, JOURNAL_DUMP) < 0)
		r = error_origin(-EIO, "JSON line");
	fputc('\n', stdout);
	json_decref(object);
	return r;
}

static void print_origins(const struct side *side)
{
	char origins[ORIGINS_MAX][ORIGIN];
	size_t n = 0;

	for (size_t i = 0; i < side->n_chosen && n < ORIGINS_MAX; i++) {
		size_t j = 0;

		compare_origin(side->chosen[i]->result, origins[n], ORIGIN);
		while (strcmp(origins[j], origins[n]) != 0)
			j++;
		n += j == n;
	}
	printf("%c  %s\n", side->name, side->dir);
	for (size_t i = 0; i < n; i++)
		printf("   %s%s\n", i ? "and " : "", origins[i]);
	if (side->n_left_out)
		printf("   the first of each; %zu further repetition%s or "
		       "tr%s left out\n",
		       side->n_left_out, &"s"[side->n_left_out == 1],
		       side -> n_left_out == 1 ? "y is" : "ies are");
}

static int tell(struct comparing *c, const struct comparison *comparison)
{
	int r;

	if (c->jsonl) {
		r = print_object(comparison_json(comparison));
		return r < 0 ? error_trace(r) : 0;
	}
	r = compare_print_row(&c->view, comparison, c->table);
	if (r < 0)
		return error_trace(r);
	if (comparison->differs || c->view.verbose)
		compare_print_details(c->stories, &c->view, comparison);
	return 0;
}

static int compare(struct comparing *c, struct saved_run *a,
		   struct saved_run *b)
{
	struct comparison *comparison = NULL;
	int r = saved_read_journal(a);

	if (r >= 0)
		r = saved_read_journal(b);
	if (r >= 0)
		r = comparison_new(&comparison, a->result, b->result);
	if (r >= 0)
		r = tell(c, comparison);
	if (r >= 0 && comparison->differs)
		c->n_different++;
	else if (r >= 0)
		c->n_same++;
	comparison_free(comparison);
	result_forget_journal(a->result);
	result_forget_journal(b->result);
	return r < 0 ? error_trace(r) : 0;
}

static int compare_all(struct comparing *c)
{
	const struct side *side = &c->sides[COMPARE_A];

	for (size_t i = 0; i < side->n_chosen; i++) {
		struct saved_run *b = partner_of(c, COMPARE_B, side->chosen[i]);
		int r = b ? compare(c, side->chosen[i], b) : 0;

		if (r < 0)
			return error_trace(r);
	}
	return 0;
}

static void tell_alone(struct comparing *c, size_t at)
{
	struct side *side = &c->sides[at];

	for (size_t i = 0; i < side->n_chosen; i++) {
		if (partner_of(c, !at, side->chosen[i]))
			continue;
		if (!c->jsonl)
			printf("%s%s\n",
			       side->n_alone ? "       " :
			       at	     ? "\nonly in B: " :
					       "\nonly in A: ",
			       result_name(side->chosen[i]->result));
		side->n_alone++;
	}
}

static int print_summary(const struct comparing *c)
{
	int r = print_object(json_pack(
		"{s:s, s:i, s:i, s:i, s:i}", "type", "summary", "same",
		(int)c->n_same, "different", (int)c->n_different, "only_a",
		(int)c->sides[COMPARE_A].n_alone, "only_b",
		(int)c->sides[COMPARE_B].n_alone));

	return r < 0 ? error_trace(r) : 0;
}

static void print_total(const struct comparing *c)
{
	size_t a = c->sides[COMPARE_A].n_alone, b = c->sides[COMPARE_B].n_alone;

	if (c->n_different)
		printf("\n%zu of %zu runs differ", c->n_different,
		       c->n_different + c->n_same);
	else
		printf("\nno difference in %zu run%s", c->n_same,
		       &"s"[c->n_same == 1]);
	if (a || b)
		printf("; %zu only in A, %zu only in B", a, b);
	fputs("\n", stdout);
}

static int print_human(struct comparing *c)
{
	static const char *const headings[COMPARE_COLUMNS] = { "run", "A", "B",
							       "difference" };
	char *text = NULL;
	size_t size;
	int r = table_new(&c->table, COMPARE_COLUMNS, headings);

	if (r < 0)
		return error_trace(r);
	c->stories = open_memstream(&text, &size);
	r = c->stories ? compare_all(c) : error_origin(-ENOMEM, "comparison");
	if (c->stories)
		fclose(c->stories);
	if (r >= 0) {
		putchar('\n');
		table_print(c->table, stdout, c->view.columns);
		fputs(text, stdout);
	}
	free(text);
	table_free(c->table);
	return r < 0 ? error_trace(r) : 0;
}

static int print_all(struct comparing *c)
{
	int r;

	for (size_t i = 0; i < COMPARE_SIDES && !c->jsonl; i++)
		print_origins(&c->sides[i]);
	r = c->jsonl ? compare_all(c) : print_human(c);
	if (r < 0)
		return error_trace(r);
	tell_alone(c, COMPARE_A);
	tell_alone(c, COMPARE_B);
	r = c->jsonl ? print_summary(c) : 0;
	if (r < 0)
		return error_trace(r);
	if (!c->jsonl)
		print_total(c);
	if (fflush(stdout) != 0 || ferror(stdout))
		return error_origin(-EIO, "print the comparison");
	return 0;
}

/* --- all -------------------------------------------------------------------*/

static bool any_in_both(const struct comparing *c)
{
	const struct side *side = &c->sides[COMPARE_A];

	for (size_t i = 0; i < side->n_chosen; i++)
		if (partner_of(c, COMPARE_B, side->chosen[i]))
			return true;
	fprintf(stderr, "halfopen compare: no run of A is in B (%s, %s)\n",
		side->dir, c->sides[COMPARE_B].dir);
	return false;
}

static int read_both(struct comparing *c)
{
	for (size_t i = 0; i < COMPARE_SIDES; i++) {
		struct side *side = &c->sides[i];
		int r = saved_new(&side->saved, side->dir);

		if (r < 0)
			return error_trace(r);
		side->n = saved_runs(side->saved, &side->runs);
		r = choose(side, &c->patterns);
		if (r < 0)
			return error_trace(r);
	}
	return 0;
}

/* Returns the exit status. */
static int compare_both(struct comparing *c)
{
	bool whole;
	int r = read_both(c);

	if (r >= 0 && !check_patterns(c))
		return EXIT_STATUS_USAGE;
	whole = r >= 0 && tell_troubles(c);
	if (r >= 0 && !any_in_both(c))
		return whole ? EXIT_STATUS_USAGE : EXIT_STATUS_BROKEN;
	if (r >= 0)
		r = print_all(c);
	if (r < 0) {
		fprintf(stderr, "halfopen compare: %s\n", error_message());
		return EXIT_STATUS_BROKEN;
	}
	if (!whole)
		return EXIT_STATUS_BROKEN;
	return c->n_different || c->sides[COMPARE_A].n_alone ||
			       c->sides[COMPARE_B].n_alone ?
		       EXIT_STATUS_FAIL :
		       EXIT_STATUS_PASS;
}

int cmd_compare(int argc, char **argv)
{
	const struct report report = { .terminal = isatty(STDOUT_FILENO) };
	struct comparing c = {
		.sides = { { .name = 'A' }, { .name = 'B' } },
		.view = { .unicode = report_unicode(stdout),
			  .columns = report_columns(stdout),
			  .coloured = report_coloured(&report) },
	};
	int status = parse(&c, argc, argv);

	if (status >= 0)
		return status;
	status = compare_both(&c);
	for (size_t i = 0; i < COMPARE_SIDES; i++) {
		free(c.sides[i].chosen);
		saved_free(c.sides[i].saved);
	}
	return status;
}
