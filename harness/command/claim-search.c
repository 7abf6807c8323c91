/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "claim-search.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "case-table.h"
#include "documents.h"
#include "errors.h"
#include "selection.h"

/* Shorter ones occur everywhere; a Chinese character has three bytes. */
enum { SHORTEST = 3 };

static bool is_text(const char *pattern)
{
	return strlen(pattern) >= SHORTEST && !selection_finds(pattern);
}

/* --- one pattern ---------------------------------------------------------- */

/* Whether a judgement is about a claim that the documents' text mentions. */
static bool mentions(const struct judgement *judgement, const char *text)
{
	for (; judgement && judgement->claim; judgement++)
		if (documents_mentions(judgement->claim, text))
			return true;
	return false;
}

static bool text_selects_case(const struct testcase *testcase, const char *text)
{
	const struct variant *variant = testcase->variants;

	if (documents_contain(testcase->claim, text) ||
	    mentions(testcase->judgements, text))
		return true;
	for (; variant && variant->name; variant++)
		if (mentions(variant->judgements, text))
			return true;
	return false;
}

static bool selects_case(const struct search_pattern *pattern,
			 const struct testcase *testcase)
{
	return pattern->is_text ?
		       text_selects_case(testcase, pattern->pattern) :
		       selection_matches_case(testcase, pattern->pattern);
}

static bool is_about_claim(const struct search_pattern *pattern,
			   const char *claim)
{
	return selection_is_claim(claim, pattern->pattern) ||
	       (pattern->is_text &&
		documents_mentions(claim, pattern->pattern));
}

/* --- the patterns --------------------------------------------------------- */

bool search_selects_case(const struct search *search,
			 const struct testcase *testcase)
{
	for (size_t i = 0; i < search->n; i++)
		if (selects_case(&search->patterns[i], testcase))
			return true;
	return !search->n;
}

bool search_is_about_claim(const struct search *search, const char *claim)
{
	for (size_t i = 0; i < search->n; i++)
		if (is_about_claim(&search->patterns[i], claim))
			return true;
	return false;
}

bool search_selects_claim(const struct search *search,
			  const struct testcase *testcase, const char *claim)
{
	for (size_t i = 0; i < search->n; i++)
		if (selection_names_case(testcase, search->patterns[i].pattern))
			return true;
	return !search->n || search_is_about_claim(search, claim);
}

static bool selects_any_case(const struct search_pattern *pattern)
{
	for (size_t i = 0; i < testcases_n; i++)
		if (selects_case(pattern, testcases[i]))
			return true;
	return false;
}

bool claim_search_init(struct search *search, const char *command,
		       char *const *patterns)
{
	size_t n = 0;

	*search = (struct search){ .patterns = NULL };
	while (patterns[n])
		n++;
	search->patterns = calloc(n + 1, sizeof(*search->patterns));
	if (!search->patterns) {
		fprintf(stderr, "halfopen %s: %s\n", command,
			error_explanation(ENOMEM));
		return false;
	}
	for (; search->n < n; search->n++) {
		struct search_pattern *pattern = &search->patterns[search->n];

		pattern->pattern = patterns[search->n];
		pattern->is_text = is_text(pattern->pattern);
		if (!selects_any_case(pattern)) {
			selection_check(command, pattern->pattern);
			claim_search_deinit(search);
			return false;
		}
	}
	return true;
}

void claim_search_deinit(struct search *search)
{
	free(search->patterns);
	*search = (struct search){ .patterns = NULL };
}
