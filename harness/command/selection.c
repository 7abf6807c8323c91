/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "selection.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "case-table.h"
#include "errors.h"
#include "macro.h"
#include "select.h"

/* Without a word that means just this run. */
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

/* A case is meant by its own name, even where it is long as a whole; a variant
 * of it that is not in the set only by the variant's. */
static bool is_meant(const struct command_options *options,
		     const struct testcase *testcase,
		     const struct variant *variant, const char *pattern)
{
	enum case_set set = testcase_set(testcase, variant);

	return select_run(testcase, variant, pattern) &&
	       (is_in_set(options, set) ||
		select_variant(testcase, variant, pattern) ||
		(testcase->slow && set == SET_LONG && !options->defaults));
}

static bool is_chosen(const struct command_options *options,
		      const struct testcase *testcase,
		      const struct variant *variant)
{
	if (!options->n_patterns)
		return is_in_set(options, testcase_set(testcase, variant));
	for (size_t i = 0; i < options->n_patterns; i++)
		if (is_meant(options, testcase, variant, options->patterns[i]))
			return true;
	return false;
}

static int add(struct selection *selection,
	       const struct command_options *options,
	       const struct testcase *testcase, const struct variant *variant)
{
	struct run_job *grown;

	if (!is_chosen(options, testcase, variant))
		return 0;
	grown = reallocarray(selection->jobs,
			     selection->n + options->repetitions,
			     sizeof(*grown));
	if (!grown)
		return error_origin(-ENOMEM, "runs");
	selection->jobs = grown;
	for (unsigned int i = 1; i <= options->repetitions; i++)
		selection->jobs[selection->n++] =
			(struct run_job){ .testcase = testcase,
					  .variant = variant,
					  .repetition = i,
					  .attempt = 1 };
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

int selection_new(struct selection *ret, const struct command_options *options)
{
	struct selection selection = { 0 };
	int r = 0;

	for (size_t i = 0; i < options->n_patterns; i++)
		if (!select_check("run", options->patterns[i]))
			return error_refuse(-ENOENT, "no case is meant by '%s'",
					    options->patterns[i]);
	for (size_t i = 0; i < testcases_n && r >= 0; i++)
		r = add_case(&selection, options, testcases[i]);
	if (r >= 0 && !selection.n)
		r = error_refuse(-EINVAL, "nothing is left to run: what is "
				 "meant runs with %s",
				 options->defaults ? "no --defaults" :
						     "--all or --defaults");
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
	*selection = (struct selection){ 0 };
}
