/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "selection.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "select.h"

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

		if (select_run(testcase, variant, pattern) &&
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
