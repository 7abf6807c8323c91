/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * halfopen compare. The runs of A and B are matched by case and variant; of
 * repetitions the first one is compared, and of its tries the last, whose verdict
 * counts. If A and B are each the folder of one run, these two are compared whatever
 * their names.
 *
 * Only the two journals under comparison are in memory. The table needs all rows
 * before it can be printed, so the details of each run go to a memory stream and
 * are printed after it.
 */
#include "commands.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compare-print.h"
#include "errors.h"
#include "exit-status.h"
#include "fd.h"
#include "journal.h"
#include "message.h"
#include "report-patterns.h"
#include "report.h"

enum option_code {
	OPTION_VERBOSE,
	OPTION_FORMAT,
	OPTION_ASCII,
	OPTION_COLUMNS,
	OPTION_COLOR,
	OPTIONS,
};

/* If a directory has runs of several kernels, so many are listed. */
enum { ORIGINS_MAX = 4, ORIGIN = 256 };

static const struct usage_option option_table[OPTIONS + 1] = {
	[OPTION_VERBOSE] = { "verbose", 'v', NULL, NULL,
			     "print details of all runs, including differences "
			     "within noise" },
	[OPTION_FORMAT] = { "format", 0, "FORMAT", "human jsonl",
			    "human (default); jsonl: one JSON object a line" },
	[OPTION_ASCII] = USAGE_ASCII,
	[OPTION_COLUMNS] = USAGE_COLUMNS,
	[OPTION_COLOR] = USAGE_COLOR,
};

static const struct usage_word words[] = {
	{ "A, B",
	  "directories of --out (run, vm, lab) or folders in them, down to "
	  "that of one run; two single runs are compared whatever their "
	  "names" },
	{ "PATTERN", "only these runs: a name, NAME/VARIANT, a claim, as for "
		     "run, or a folder in A and B" },
	{ NULL, NULL },
};

const struct usage usage_compare = {
	.name = "compare",
	.arguments = "A B [PATTERN...] [options]",
	.brief = "compare two recorded runs: two kernels, two settings",
	.text = "Reads the journals below A and B and prints the results run by "
		"run. For a run that differs it also prints where: the "
		"segments side by side around the first difference, and the "
		"first result, state and fault that differ. Of several "
		"repetitions the first is compared, and its last try.",
	.words = words,
	.options = option_table,
	.after = "Times vary between runs. Segments are compared by connection, "
		 "direction, content and fate, not by time; two segments of "
		 "different senders within 50 ms may be in either order, and "
		 "segments in the last 50 ms of one run may be missing in the "
		 "other. A measured time differs if it is off by more than 50 "
		 "ms and 2 % and outside the other run's predicted range; "
		 "without a prediction, by more than an eighth (a granule of "
		 "the timer wheel). Counts differ if they are not equal, other "
		 "numbers by more than 2 %. Random values (initial sequence "
		 "numbers, timestamps) and values that only one run has make "
		 "no difference.",
	.status = "0 no difference, 1 at least one, or a run that only A or only "
		  "B has, 2 wrong usage, 3 a journal could not be read "
		  "completely, or halfopen could not do its work.",
};

struct side {
	char name; /* 'A', 'B' */
	const char *dir;
	struct saved *saved;
	struct saved_run *runs;
	size_t n;
	/* Of each run the first repetition's last try. */
	struct saved_run **selected;
	size_t n_selected, n_repeated;
	size_t n_alone; /* runs that the other side lacks */
};

struct compare_command {
	struct side sides[COMPARE_SIDES];
	struct report_patterns patterns;
	struct compare_view view;
	bool jsonl;
	size_t n_same, n_different;
	struct table *table;
	FILE *details; /* printed after the table */
};

/* --- the command line ------------------------------------------------------*/

/* Returns -1, or an exit status. */
static int parse(struct compare_command *c, int argc, char **argv)
{
	int option;

	usage_begin(&usage_compare, argc, argv);
	while ((option = usage_next()) >= 0) {
		switch ((enum option_code)option) {
		case OPTION_VERBOSE:
			c->view.verbose = true;
			break;
		case OPTION_ASCII:
			c->view.unicode = false;
			break;
		case OPTION_FORMAT:
			c->jsonl = usage_choice() == 1;
			break;
		case OPTION_COLUMNS:
			c->view.columns = (int)usage_number();
			break;
		case OPTION_COLOR:
			c->view.coloured = colour_wanted(
				stdout, (enum colour_when)usage_choice());
			break;
		case OPTIONS:
			break;
		}
	}
	if (option != USAGE_END)
		return usage_end(option);
	for (size_t i = 0; i < COMPARE_SIDES; i++, optind++) {
		if (!argv[optind])
			return usage_error(_("missing %c"), c->sides[i].name);
		c->sides[i].dir = argv[optind];
	}
	c->patterns = report_patterns_of(&argv[optind]);
	return -1;
}

/* --- selection -------------------------------------------------------------*/

/* The same case and variant, in any repetition or try. */
static bool is_same_run(const struct saved_run *a, const struct saved_run *b)
{
	const struct result *x = a->result, *y = b->result;

	return strcmp(x->testcase->name, y->testcase->name) == 0 &&
	       strcmp(x->variant ? x->variant->name : "",
		      y->variant ? y->variant->name : "") == 0;
}

static bool is_preferred(const struct saved_run *a, const struct saved_run *b)
{
	const struct result *x = a->result, *y = b->result;

	return x->repetition < y->repetition ||
	       (x->repetition == y->repetition && x->attempt > y->attempt);
}

static struct saved_run **find_run(const struct side *side,
				   const struct saved_run *run)
{
	for (size_t i = 0; i < side->n_selected; i++)
		if (is_same_run(side->selected[i], run))
			return &side->selected[i];
	return NULL;
}

static int select_runs(struct side *side, const struct report_patterns *patterns)
{
	side->selected = calloc(side->n + 1, sizeof(struct saved_run *));
	if (!side->selected)
		return error_origin(-ENOMEM, "list the runs");
	for (size_t i = 0; i < side->n; i++) {
		struct saved_run *run = &side->runs[i], **other;

		if (!run->result || !report_patterns_match(patterns, run))
			continue;
		other = find_run(side, run);
		if (!other) {
			side->selected[side->n_selected++] = run;
			continue;
		}
		side->n_repeated++;
		if (is_preferred(run, *other))
			*other = run;
	}
	return 0;
}

/* A or B names the folder of a single run. */
static bool is_single(const struct side *side)
{
	return side->n == 1 && side->n_selected == 1 && !*side->runs[0].folder;
}

static struct saved_run *partner_of(const struct compare_command *c, size_t other,
				    const struct saved_run *run)
{
	const struct side *side = &c->sides[other];
	struct saved_run **found = find_run(side, run);

	if (is_single(&c->sides[COMPARE_A]) && is_single(&c->sides[COMPARE_B]))
		return side->selected[0];
	return found ? *found : NULL;
}

static bool check_patterns(const struct compare_command *c)
{
	for (size_t i = 0; i < COMPARE_SIDES; i++) {
		const struct side *side = &c->sides[i];
		const char *pattern = report_patterns_unmatched(
			&c->patterns, side->runs, side->n);

		if (!pattern)
			continue;
		fprintf(stderr,
			_("halfopen compare: no run in %c matches '%s' "
			  "(%s)\n"),
			side->name, pattern, side->dir);
		return false;
	}
	return true;
}

/* Returns true if there are none. */
static bool print_problems(const struct compare_command *c)
{
	bool complete = true;

	for (size_t i = 0; i < COMPARE_SIDES; i++)
		for (size_t j = 0; j < c->sides[i].n; j++) {
			const struct saved_run *run = &c->sides[i].runs[j];
			char buffer[512];

			if (!run->problem ||
			    !report_patterns_match(&c->patterns, run))
				continue;
			fprintf(stderr, "halfopen compare: %s\n",
				message_record(run->problem, buffer,
					       sizeof(buffer)));
			complete = false;
		}
	return complete;
}

/* --- output ----------------------------------------------------------------*/

/* Takes the object. */
static int print_object(json_t *object)
{
	int r = 0;

	if (!object || json_dumpf(object, stdout, JOURNAL_DUMP) < 0)
		r = error_origin(fd_stream_error(stdout), "print a JSON line");
	fputc('\n', stdout);
	json_decref(object);
	return r;
}

static void print_origins(const struct side *side)
{
	char origins[ORIGINS_MAX][ORIGIN];
	size_t n = 0;

	for (size_t i = 0; i < side->n_selected && n < ORIGINS_MAX; i++) {
		size_t j = 0;

		compare_origin(side->selected[i]->result, origins[n], ORIGIN);
		while (strcmp(origins[j], origins[n]) != 0)
			j++;
		n += j == n;
	}
	printf("%c  %s\n", side->name, side->dir);
	for (size_t i = 0; i < n; i++)
		printf("   %s%s\n", i ? _("and ") : "", origins[i]);
	if (side->n_repeated)
		printf(_("   first repetition of each run, its last try; %zu "
			 "more not compared\n"),
		       side->n_repeated);
}

static int print_comparison(struct compare_command *c,
			    const struct comparison *comparison)
{
	int r;

	if (c->jsonl) {
		r = print_object(comparison_json(comparison));
		return error_trace(r);
	}
	r = compare_print_row(&c->view, comparison, c->table);
	if (r < 0)
		return error_trace(r);
	if (comparison->differs || c->view.verbose)
		compare_print_details(c->details, &c->view, comparison);
	return 0;
}

static int compare(struct compare_command *c, struct saved_run *a,
		   struct saved_run *b)
{
	struct comparison *comparison = NULL;
	int r;

	/* A frame that is left out on one side would be a difference. */
	a->result->keeps_all_frames = b->result->keeps_all_frames = true;
	r = saved_read_journal(a);
	if (r >= 0)
		r = saved_read_journal(b);
	if (r >= 0)
		r = comparison_new(&comparison, a->result, b->result);
	if (r >= 0)
		r = print_comparison(c, comparison);
	if (r >= 0 && comparison->differs)
		c->n_different++;
	else if (r >= 0)
		c->n_same++;
	comparison_free(comparison);
	result_clear_journal(a->result);
	result_clear_journal(b->result);
	return error_trace(r);
}

static int compare_all(struct compare_command *c)
{
	const struct side *side = &c->sides[COMPARE_A];

	for (size_t i = 0; i < side->n_selected; i++) {
		struct saved_run *b = partner_of(c, COMPARE_B, side->selected[i]);
		int r = b ? compare(c, side->selected[i], b) : 0;

		if (r < 0)
			return error_trace(r);
	}
	return 0;
}

static void print_alone(struct compare_command *c, size_t at)
{
	struct side *side = &c->sides[at];

	for (size_t i = 0; i < side->n_selected; i++) {
		if (partner_of(c, !at, side->selected[i]))
			continue;
		if (!c->jsonl)
			printf("%s%s\n",
			       side->n_alone ? "       " :
			       at	     ? _("\nonly in B: ") :
					       _("\nonly in A: "),
			       result_name(side->selected[i]->result));
		side->n_alone++;
	}
}

static int print_summary(const struct compare_command *c)
{
	int r = print_object(json_pack(
		"{s:s, s:i, s:i, s:i, s:i}", "type", "summary", "same",
		(int)c->n_same, "different", (int)c->n_different, "only_a",
		(int)c->sides[COMPARE_A].n_alone, "only_b",
		(int)c->sides[COMPARE_B].n_alone));

	return error_trace(r);
}

static void print_total(const struct compare_command *c)
{
	size_t a = c->sides[COMPARE_A].n_alone, b = c->sides[COMPARE_B].n_alone;

	if (c->n_different)
		printf(_("\n%zu of %zu runs differ"), c->n_different,
		       c->n_different + c->n_same);
	else
		printf(message_plural("\nno difference in %zu run",
				      "\nno difference in %zu runs", c->n_same),
		       c->n_same);
	if (a || b)
		printf(_("; %zu only in A, %zu only in B"), a, b);
	fputs("\n", stdout);
}

static int print_human(struct compare_command *c)
{
	const char *const headings[COMPARE_COLUMNS] = { _("run"), "A", "B",
							_("difference") };
	char *text = NULL;
	size_t size;
	int r = table_new(&c->table, COMPARE_COLUMNS, headings);

	if (r < 0)
		return error_trace(r);
	c->details = open_memstream(&text, &size);
	r = c->details ? compare_all(c) : error_origin(-ENOMEM, "comparison");
	if (c->details)
		fclose(c->details);
	if (r >= 0) {
		putchar('\n');
		table_print(c->table, stdout, c->view.columns);
		fputs(text, stdout);
	}
	free(text);
	table_free(c->table);
	return error_trace(r);
}

static int print_all(struct compare_command *c)
{
	int r;

	for (size_t i = 0; i < COMPARE_SIDES && !c->jsonl; i++)
		print_origins(&c->sides[i]);
	r = c->jsonl ? compare_all(c) : print_human(c);
	if (r < 0)
		return error_trace(r);
	print_alone(c, COMPARE_A);
	print_alone(c, COMPARE_B);
	r = c->jsonl ? print_summary(c) : 0;
	if (r < 0)
		return error_trace(r);
	if (!c->jsonl)
		print_total(c);
	if (fflush(stdout) != 0 || ferror(stdout))
		return error_origin(fd_stream_error(stdout),
				    "print the comparison");
	return 0;
}

/* --- both sides ------------------------------------------------------------*/

static bool any_in_both(const struct compare_command *c)
{
	const struct side *side = &c->sides[COMPARE_A];

	for (size_t i = 0; i < side->n_selected; i++)
		if (partner_of(c, COMPARE_B, side->selected[i]))
			return true;
	fprintf(stderr,
		_("halfopen compare: A and B have no run in common (%s, %s)\n"),
		side->dir, c->sides[COMPARE_B].dir);
	return false;
}

static int read_both(struct compare_command *c)
{
	for (size_t i = 0; i < COMPARE_SIDES; i++) {
		struct side *side = &c->sides[i];
		int r = saved_new(&side->saved, side->dir);

		if (r < 0)
			return error_trace(r);
		side->n = saved_runs(side->saved, &side->runs);
		r = select_runs(side, &c->patterns);
		if (r < 0)
			return error_trace(r);
	}
	return 0;
}

/* Returns the exit status. */
static int compare_both(struct compare_command *c)
{
	bool complete;
	int r = read_both(c);

	if (r < 0 && r != -ENOMEM) {
		fprintf(stderr, "halfopen compare: %s\n", error_text());
		return EXIT_STATUS_USAGE;
	}
	if (r >= 0 && !check_patterns(c))
		return EXIT_STATUS_USAGE;
	complete = r >= 0 && print_problems(c);
	if (r >= 0 && !any_in_both(c))
		return complete ? EXIT_STATUS_USAGE : EXIT_STATUS_BROKEN;
	if (r >= 0)
		r = print_all(c);
	if (r < 0) {
		fprintf(stderr, "halfopen compare: %s\n", error_text());
		return EXIT_STATUS_BROKEN;
	}
	if (!complete)
		return EXIT_STATUS_BROKEN;
	return c->n_different || c->sides[COMPARE_A].n_alone ||
			       c->sides[COMPARE_B].n_alone ?
		       EXIT_STATUS_FAIL :
		       EXIT_STATUS_PASS;
}

int cmd_compare(int argc, char **argv)
{
	struct compare_command c = {
		.sides = { { .name = 'A' }, { .name = 'B' } },
		.view = { .unicode = report_unicode(stdout),
			  .columns = report_columns(stdout),
			  .coloured = colour_wanted(stdout, COLOUR_AUTO) },
	};
	int status = parse(&c, argc, argv);

	if (status >= 0)
		return status;
	status = compare_both(&c);
	for (size_t i = 0; i < COMPARE_SIDES; i++) {
		free(c.sides[i].selected);
		saved_free(c.sides[i].saved);
	}
	return status;
}
