/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "select.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "case-table.h"
#include "nearest.h"

static bool is_like(const char *name, const char *pattern)
{
	return fnmatch(pattern, name, 0) == 0;
}

/* a5 is A5; but a* are names, and A* claims. */
static bool proves(const struct judgement *judgement, const char *pattern)
{
	for (; judgement && judgement->claim; judgement++)
		if (strcasecmp(judgement->claim, pattern) == 0 ||
		    is_like(judgement->claim, pattern))
			return true;
	return false;
}

static bool is_joined_by(char joint, const struct testcase *testcase,
			 const struct variant *variant, const char *pattern)
{
	char name[256];

	snprintf(name, sizeof(name), "%s%c%s", testcase->name, joint,
		 variant->name);
	return is_like(name, pattern);
}

static bool is_variant(const struct testcase *testcase,
		       const struct variant *variant, const char *pattern)
{
	return is_joined_by('/', testcase, variant, pattern) ||
	       (variant->defaults &&
		is_joined_by('-', testcase, variant, pattern));
}

bool select_variant(const struct testcase *testcase,
		    const struct variant *variant, const char *pattern)
{
	/* Days are not to be had by a "*". */
	if (!variant || is_like(testcase->name, pattern) ||
	    (variant->defaults && strpbrk(pattern, "*?[")))
		return false;
	return is_variant(testcase, variant, pattern);
}

bool select_run(const struct testcase *testcase, const struct variant *variant,
		const char *pattern)
{
	if (is_like(testcase->name, pattern) ||
	    (variant && is_variant(testcase, variant, pattern)))
		return true;
	return proves(testcase_judgements(testcase, variant), pattern);
}

bool select_case(const struct testcase *testcase, const char *pattern)
{
	const struct variant *variant = testcase->variants;

	if (select_run(testcase, NULL, pattern))
		return true;
	for (; variant && variant->name; variant++)
		if (select_run(testcase, variant, pattern))
			return true;
	return false;
}

/* Whose case there is: it has no such variant, but these. */
static bool complain_of_variant(const char *command, const char *pattern)
{
	const struct variant *variant;

	for (size_t i = 0; i < testcases_n; i++) {
		size_t length = strlen(testcases[i]->name);

		if (strncmp(pattern, testcases[i]->name, length) != 0 ||
		    pattern[length] != '/')
			continue;
		variant = testcases[i]->variants;
		fprintf(stderr, "halfopen %s: %s has no variant '%s'", command,
			testcases[i]->name, pattern + length + 1);
		for (; variant && variant->name; variant++)
			fprintf(stderr, "%s%s",
				variant == testcases[i]->variants ?
					"; it has: " :
					", ",
				variant->name);
		fputc('\n', stderr);
		return true;
	}
	return false;
}

static void complain(const char *command, const char *pattern)
{
	enum { NEAREST = 3 };
	const char *found[NEAREST] = { NULL };
	const char **names = calloc(testcases_n + 1, sizeof(*names));
	size_t n = 0;

	for (size_t i = 0; names && i < testcases_n; i++)
		names[i] = testcases[i]->name;
	if (names)
		n = nearest_names(pattern, names, testcases_n, found, NEAREST);
	fprintf(stderr, "halfopen %s: no case is called '%s', or proves it",
		command, pattern);
	for (size_t i = 0; i < n; i++)
		fprintf(stderr, "%s%s", i ? ", " : "; the nearest: ", found[i]);
	fputc('\n', stderr);
	free(names);
}

bool select_check(const char *command, const char *pattern)
{
	for (size_t i = 0; i < testcases_n; i++)
		if (select_case(testcases[i], pattern))
			return true;
	if (!complain_of_variant(command, pattern))
		complain(command, pattern);
	return false;
}
