/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "claim-search.h"

#include <string.h>

#include "case-table.h"
#include "documents.h"
#include "message.h"
#include "selection.h"

/* Shorter ones occur everywhere; a Chinese character has three bytes. */
enum { SHORTEST = 3 };

static bool is_text(const char *pattern)
{
	return strlen(pattern) >= SHORTEST && !selection_finds(pattern);
}

bool search_is_about_claim(const char *claim, const char *pattern)
{
	return selection_is_claim(claim, pattern) ||
	       (is_text(pattern) && documents_mentions(claim, pattern));
}

/* Whether a judgement is about a claim that the documents' text mentions. */
static bool mentions(const struct judgement *judgement, const char *text)
{
	for (; judgement && judgement->claim; judgement++)
		if (documents_mentions(judgement->claim, text))
			return true;
	return false;
}

bool search_selects_case(const struct testcase *testcase, const char *pattern)
{
	const struct variant *variant = testcase->variants;
	const char *chinese = message_chinese(testcase->claim);

	if (!is_text(pattern))
		return selection_matches_case(testcase, pattern);
	if (strcasestr(testcase->claim, pattern) ||
	    (chinese && strcasestr(chinese, pattern)) ||
	    mentions(testcase->judgements, pattern))
		return true;
	for (; variant && variant->name; variant++)
		if (mentions(variant->judgements, pattern))
			return true;
	return false;
}

bool search_selects_claim(const struct testcase *testcase, const char *claim,
			  const char *pattern)
{
	return search_is_about_claim(claim, pattern) ||
	       selection_names_case(testcase, pattern);
}

bool search_check(const char *command, const char *pattern)
{
	for (size_t i = 0; i < testcases_n; i++)
		if (search_selects_case(testcases[i], pattern))
			return true;
	return selection_check(command, pattern);
}
