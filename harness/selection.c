/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "selection.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "nearest.h"

static bool proves(const struct testcase *testcase,
		   const struct variant *variant, const char *claim)
{
	const struct judgement *judgement =
		testcase_judgements(testcase, variant);

	for (; judgement && judgement->claim; judgement++)
		if (strcasecmp(judgement->claim, claim) == 0)
			return true;
	return false;
}

bool selection_matches(const char *pattern, const struct testcase *testcase,
		       const struct variant *variant)
{
	char whole[256];

	if (fnmatch(pattern, testcase->name, 0) == 0 ||
	    proves(testcase, variant, pattern))
		return true;
	if (!variant)
		return false;
	snprintf(whole, sizeof(whole), "%s/%s", testcase->name, variant->name);
	return fnmatch(pattern, whole, 0) == 0;
}

static bool is_in_default_set(const struct testcase *testcase,
			      const struct variant *variant)
{
	return !testcase->by_name && !(variant && variant->by_name);
}

/* A case is meant by its own name; a variant of it that is not in the default
 * set only by the variant's. */
static bool is_chosen(const struct command_options *options,
		      const struct testcase *testcase,
		      const struct variant *variant)
{
	if (!options->n_patterns)
		return options->all || is_in_default_set(testcase, variant);
	for (size_t i = 0; i < options->n_patterns; i++) {
		const char *pattern = options->patterns[i];

		if (selection_matches(pattern, testcase, variant) &&
		    (options->all || !(variant && variant->by_name) ||
		     strchr(pattern, '/')))
			return true;
	}
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

static bool matches_any(const char *pattern)
{
	for (size_t i = 0; i < testcases_n; i++) {
		const struct variant *variant = testcases[i]->variants;

		if (selection_matches(pattern, testcases[i], NULL))
			return true;
		for (; variant && variant->name; variant++)
			if (selection_matches(pattern, testcases[i], variant))
				return true;
	}
	return false;
}

static int unknown(const char *pattern)
{
	char near[256];

	testcase_nearest(pattern, near, sizeof(near));
	return error_refuse(-ENOENT, "no case is called '%s'%s%s", pattern,
			    near[0] ? "; near it: " : "", near);
}

int selection_new(struct selection *ret, const struct command_options *options)
{
	struct selection selection = { 0 };
	int r = 0;

	for (size_t i = 0; i < options->n_patterns; i++)
		if (!matches_any(options->patterns[i]))
			return unknown(options->patterns[i]);
	for (size_t i = 0; i < testcases_n && r >= 0; i++)
		r = add_case(&selection, options, testcases[i]);
	if (r < 0) {
		selection_free(&selection);
		return error_trace(r);
	}
	*ret = selection;
	return 0;
}

void selection_free(struct selection *selection)
{
	free(selection->jobs);
	*selection = (struct selection){ 0 };
}
