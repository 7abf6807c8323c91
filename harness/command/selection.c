/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A pattern matches a case, one of its variants, or a claim; a run is selected if a
 * pattern matches it and it is in the set that the options ask for (default, --all,
 * --defaults). A pattern for a variant selects it from any set, but a wildcard
 * selects no run at default values: such a run takes hours or days.
 *
 * An unmatched pattern is an error: with an empty selection instead, a CI job whose
 * case was renamed would pass.
 */
#include "selection.h"

#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "case-table.h"
#include "errors.h"
#include "figures.h"
#include "macro.h"
#include "message.h"
#include "nearest.h"

/* --- patterns ------------------------------------------------------------- */

static bool matches(const char *name, const char *pattern)
{
	return fnmatch(pattern, name, 0) == 0;
}

/* "a*" matches names and "A*" claims. */
bool selection_is_claim(const char *claim, const char *pattern)
{
	return strcasecmp(claim, pattern) == 0 || matches(claim, pattern);
}

static bool proves_claim(const struct judgement *judgement, const char *pattern)
{
	for (; judgement && judgement->claim; judgement++)
		if (selection_is_claim(judgement->claim, pattern))
			return true;
	return false;
}

static bool matches_joined(const struct testcase *testcase, char separator,
			   const struct variant *variant, const char *pattern)
{
	char name[256];

	snprintf(name, sizeof(name), "%s%c%s", testcase->name, separator,
		 variant->name);
	return matches(name, pattern);
}

static bool matches_variant(const struct testcase *testcase,
			    const struct variant *variant, const char *pattern)
{
	return matches_joined(testcase, '/', variant, pattern) ||
	       (variant->defaults &&
		matches_joined(testcase, '-', variant, pattern));
}

/* The pattern selects such variants and not the case as a whole. A wildcard
 * does not select a run that takes days. */
static bool names_variant(const struct testcase *testcase,
			  const struct variant *variant, const char *pattern)
{
	if (!variant || matches(testcase->name, pattern) ||
	    (variant->defaults && strpbrk(pattern, "*?[")))
		return false;
	return matches_variant(testcase, variant, pattern);
}

static bool names_run(const struct testcase *testcase,
		      const struct variant *variant, const char *pattern)
{
	return matches(testcase->name, pattern) ||
	       (variant && matches_variant(testcase, variant, pattern));
}

bool selection_names_case(const struct testcase *testcase, const char *pattern)
{
	const struct variant *variant = testcase->variants;

	if (names_run(testcase, NULL, pattern))
		return true;
	for (; variant && variant->name; variant++)
		if (names_run(testcase, variant, pattern))
			return true;
	return false;
}

bool selection_matches_run(const struct testcase *testcase,
			   const struct variant *variant, const char *pattern)
{
	return names_run(testcase, variant, pattern) ||
	       proves_claim(testcase_judgements(testcase, variant), pattern);
}

bool selection_matches_case(const struct testcase *testcase,
			    const char *pattern)
{
	const struct variant *variant = testcase->variants;

	if (selection_matches_run(testcase, NULL, pattern))
		return true;
	for (; variant && variant->name; variant++)
		if (selection_matches_run(testcase, variant, pattern))
			return true;
	return false;
}

/* --- messages ------------------------------------------------------------- */

/* For CASE/VARIANT where the case exists: lists its variants. */
static bool report_unknown_variant(const char *command, const char *pattern)
{
	for (size_t i = 0; i < testcases_n; i++) {
		size_t length = strlen(testcases[i]->name);
		const struct variant *variant = testcases[i]->variants;

		if (strncmp(pattern, testcases[i]->name, length) != 0 ||
		    pattern[length] != '/')
			continue;
		fprintf(stderr, _("halfopen %s: unknown variant '%s' of %s"),
			command, pattern + length + 1, testcases[i]->name);
		for (; variant && variant->name; variant++)
			fprintf(stderr, "%s%s",
				variant == testcases[i]->variants ?
					_("; variants: ") :
					", ",
				variant->name);
		fputc('\n', stderr);
		return true;
	}
	return false;
}

/* Names of cases are in lower case. Nothing is similar to several words, or to one
 * in Chinese or in capitals, which are text of the documents. */
static bool may_be_misspelt(const char *pattern)
{
	bool lower = false;

	for (; *pattern; pattern++) {
		if (!isascii((unsigned char)*pattern) || *pattern == ' ')
			return false;
		lower |= islower((unsigned char)*pattern);
	}
	return lower;
}

static void report_unknown_case(const char *command, const char *pattern)
{
	enum { NEAREST = 3 };
	const struct documents_figure *figure = documents_figure(pattern);
	const char *found[NEAREST] = { NULL };
	const char **names = calloc(testcases_n + 1, sizeof(*names));
	size_t n = 0;

	for (size_t i = 0; names && i < testcases_n; i++)
		names[i] = testcases[i]->name;
	if (names && may_be_misspelt(pattern))
		n = nearest_names(pattern, names, testcases_n, found, NEAREST);
	fprintf(stderr, _("halfopen %s: unknown case or claim '%s'"), command,
		pattern);
	for (size_t i = 0; i < n; i++)
		fprintf(stderr, "%s%s", i ? ", " : _("; similar: "), found[i]);
	if (figure)
		fprintf(stderr, _("; halfopen figure %s draws this figure"),
			figure->number);
	else if (!may_be_misspelt(pattern))
		fputs(_("; halfopen list --document finds claims by a word of "
			"a heading, the name of a sysctl, 保活 or RST, and "
			"without a word lists them all"),
		      stderr);
	fputc('\n', stderr);
	free(names);
}

bool selection_finds(const char *pattern)
{
	for (size_t i = 0; i < testcases_n; i++)
		if (selection_matches_case(testcases[i], pattern))
			return true;
	return false;
}

bool selection_check(const char *command, const char *pattern)
{
	if (selection_finds(pattern))
		return true;
	if (!report_unknown_variant(command, pattern))
		report_unknown_case(command, pattern);
	return false;
}

/* --- runs ----------------------------------------------------------------- */

/* Whether a run is part of the set that the options ask for. */
static bool is_in_set(const struct command_options *options, enum case_set set)
{
	switch (set) {
	case SET_DEFAULT:
		return !options->defaults;
	case SET_LONG:
		return options->all && !options->defaults;
	case SET_DEFAULTS:
		return options->defaults;
	case SET_LONG_DEFAULTS:
		return options->defaults && options->all;
	}
	return false;
}

/* The name of a case selects it even if all of it is slow; a variant outside
 * the set is selected by its own name only. */
static bool is_selected_by(const struct command_options *options,
			   const struct testcase *testcase,
			   const struct variant *variant, const char *pattern)
{
	enum case_set set = testcase_set(testcase, variant);

	return selection_matches_run(testcase, variant, pattern) &&
	       (is_in_set(options, set) ||
		names_variant(testcase, variant, pattern) ||
		(testcase->slow && set == SET_LONG && !options->defaults));
}

static bool is_selected(const struct command_options *options,
			const struct testcase *testcase,
			const struct variant *variant)
{
	if (!options->n_patterns)
		return is_in_set(options, testcase_set(testcase, variant));
	for (size_t i = 0; i < options->n_patterns; i++)
		if (is_selected_by(options, testcase, variant,
				   options->patterns[i]))
			return true;
	return false;
}

static bool is_asked_for(const struct command_options *options,
			 const struct testcase *testcase,
			 const struct variant *variant)
{
	for (size_t i = 0; i < options->n_patterns; i++)
		if (selection_matches_run(testcase, variant,
					  options->patterns[i]))
			return true;
	return false;
}

static int append(struct run_job **jobs, size_t *n, unsigned int repetitions,
		  const struct testcase *testcase,
		  const struct variant *variant)
{
	struct run_job *grown =
		reallocarray(*jobs, *n + repetitions, sizeof(*grown));

	if (!grown)
		return error_origin(-ENOMEM, "list the runs");
	*jobs = grown;
	for (unsigned int i = 1; i <= repetitions; i++)
		grown[(*n)++] = (struct run_job){ .testcase = testcase,
						  .variant = variant,
						  .repetition = i,
						  .attempt = 1 };
	return 0;
}

static int add(struct selection *selection,
	       const struct command_options *options,
	       const struct testcase *testcase, const struct variant *variant)
{
	if (is_selected(options, testcase, variant))
		return append(&selection->jobs, &selection->n,
			      options->repetitions, testcase, variant);
	if (is_asked_for(options, testcase, variant))
		return append(&selection->left_out, &selection->n_left_out, 1,
			      testcase, variant);
	return 0;
}

static int add_case(struct selection *selection,
		    const struct command_options *options,
		    const struct testcase *testcase)
{
	const struct variant *variant = testcase->variants;
	int r = 0;

	if (!variant)
		return add(selection, options, testcase, NULL);
	for (; variant->name && r >= 0; variant++)
		r = add(selection, options, testcase, variant);
	return r;
}

/* --- shards ---------------------------------------------------------------- */

static bool precedes(const struct run_job *a, const struct run_job *b)
{
	nsec_t x = testcase_duration(a->testcase, a->variant);
	nsec_t y = testcase_duration(b->testcase, b->variant);
	int order = strcmp(a->testcase->name, b->testcase->name);

	if (x != y)
		return x > y;
	if (order || !a->variant || !b->variant)
		return order < 0;
	return strcmp(a->variant->name, b->variant->name) < 0;
}

/* Repetitions of a run have its rank. */
static size_t rank_of(const struct selection *selection,
		      const struct run_job *job)
{
	size_t rank = 0;

	for (size_t i = 0; i < selection->n; i++)
		rank += selection->jobs[i].repetition == 1 &&
			precedes(&selection->jobs[i], job);
	return rank;
}

/*
 * The runs are sorted by duration and name, the longest first, and dealt to the
 * shards in turn: shards differ by one run at most, and in duration by that of
 * the longest run. The order in which cases are registered or patterns are given
 * has no effect.
 */
static int keep_shard(struct selection *selection, unsigned int shard,
		      unsigned int shards)
{
	struct run_job *kept = calloc(selection->n, sizeof(*kept));
	size_t n = 0;

	if (!kept)
		return error_origin(-ENOMEM, "list the runs");
	for (size_t i = 0; i < selection->n; i++)
		if (rank_of(selection, &selection->jobs[i]) % shards ==
		    shard - 1)
			kept[n++] = selection->jobs[i];
	free(selection->jobs);
	selection->jobs = kept;
	selection->n = n;
	if (!n)
		return error_refuse(-EINVAL,
				    "--shard %u/%u: fewer runs than shards",
				    shard, shards);
	return 0;
}

int selection_new(struct selection *ret, const struct command_options *options)
{
	struct selection selection = { 0 };
	int r = 0;

	for (size_t i = 0; i < options->n_patterns; i++)
		if (!selection_check("run", options->patterns[i]))
			return error_refuse(-ENOENT, "unknown case '%s'",
					    options->patterns[i]);
	for (size_t i = 0; i < testcases_n && r >= 0; i++)
		r = add_case(&selection, options, testcases[i]);
	if (r >= 0 && !selection.n)
		r = error_refuse(-EINVAL,
				 options->defaults ?
					 "no run selected: these cases have "
					 "none at the kernel's default values; "
					 "omit --defaults" :
					 "no run selected: these runs need "
					 "--all or --defaults");
	selection.n_all = selection.n;
	if (r >= 0 && options->shards)
		r = keep_shard(&selection, options->shard, options->shards);
	if (r < 0) {
		selection_free(&selection);
		return error_trace(r);
	}
	*ret = selection;
	return 0;
}

nsec_t selection_longest(const struct selection *selection)
{
	nsec_t longest = 0;

	for (size_t i = 0; i < selection->n; i++)
		longest = MAX(longest,
			      testcase_duration(selection->jobs[i].testcase,
						selection->jobs[i].variant));
	return longest;
}

void selection_free(struct selection *selection)
{
	free(selection->jobs);
	free(selection->left_out);
	*selection = (struct selection){ 0 };
}
