/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Questions about a case and one of its variants: a variant may replace the
 * duration, the world and the judgements of its case. Variants are an array
 * that ends with an entry without a name.
 */
#include "case-table.h"

#include <stdio.h>
#include <string.h>

#include "errors.h"
#include "macro.h"
#include "message.h"

const struct testcase *testcase_find(const char *name)
{
	for (size_t i = 0; i < testcases_n; i++)
		if (strcmp(testcases[i]->name, name) == 0)
			return testcases[i];
	return NULL;
}

/* A variant with the kernel's default values is never in the default set,
 * whether or not the case is slow. */
enum case_set testcase_set(const struct testcase *testcase,
			   const struct variant *variant)
{
	if (variant && variant->defaults)
		return variant->slow ? SET_LONG_DEFAULTS : SET_DEFAULTS;
	return testcase->slow || (variant && variant->slow) ? SET_LONG :
							      SET_DEFAULT;
}

const char *case_set_text(enum case_set set)
{
	static const char *const texts[] = {
		[SET_DEFAULT] = "",
		[SET_LONG] = N_(", with --all"),
		[SET_DEFAULTS] = N_(", with --defaults"),
		[SET_LONG_DEFAULTS] = N_(", with --defaults --all"),
	};

	return texts[set];
}

const char *testcase_run_name(const struct testcase *testcase,
			      const struct variant *variant,
			      char ret[static TESTCASE_RUN_NAME])
{
	snprintf(ret, TESTCASE_RUN_NAME, "%s%s%s", testcase->name,
		 variant ? "/" : "", variant ? variant->name : "");
	return ret;
}

nsec_t testcase_duration(const struct testcase *testcase,
			 const struct variant *variant)
{
	return variant && variant->duration ? variant->duration :
					      testcase->duration;
}

nsec_t testcase_longest_default(const struct testcase *testcase)
{
	const struct variant *variant = testcase->variants;
	nsec_t longest = variant && variant->name ? 0 : testcase->duration;

	for (; variant && variant->name; variant++)
		if (!variant->slow && !variant->defaults)
			longest = MAX(longest,
				      testcase_duration(testcase, variant));
	return longest;
}

const struct world_plan *testcase_world(const struct testcase *testcase,
					const struct variant *variant)
{
	return variant && variant->world ? variant->world : testcase->world;
}

const struct judgement *testcase_judgements(const struct testcase *testcase,
					    const struct variant *variant)
{
	return variant && variant->judgements ? variant->judgements :
						testcase->judgements;
}

const char *document_text(enum document document)
{
	static const char *const texts[] = {
		[DOCUMENT_NONE] = "",
		[DOCUMENT_RIGHT] = "right",
		[DOCUMENT_CONDITIONAL] = "conditional",
		[DOCUMENT_OUTDATED] = "outdated",
		[DOCUMENT_WRONG] = "wrong",
	};

	return texts[document];
}
