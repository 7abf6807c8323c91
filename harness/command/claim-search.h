/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Patterns of `list` and `show`, which may also be text. A pattern that is the
 * name of a case, or a claim, selects what it names (selection.h). Any other is
 * searched for in the claims of the cases and in the documents: paraphrases,
 * headings, titles.
 */
#pragma once

#include <stdbool.h>

#include "testcase.h"

/* The patterns of a command line, each of which has been classified. */
struct search {
	struct search_pattern {
		const char *pattern; /* in argv */
		bool is_text; /* it names neither cases nor claims */
	} *patterns;
	size_t n;
};

/*
 * `patterns` ends with NULL. False when a pattern selects no case, or without
 * memory: a message in the name of `command` has been printed, with similar names.
 */
bool claim_search_init(struct search *search, const char *command,
		       char *const *patterns);
void claim_search_deinit(struct search *search);

/* Whether a pattern selects the case; a search without patterns selects every
 * one. */
bool search_selects_case(const struct search *search,
			 const struct testcase *testcase);

/* Whether a pattern selects this claim of the case, by naming the case or the
 * claim, or by a text about the claim; without patterns, every one. */
bool search_selects_claim(const struct search *search,
			  const struct testcase *testcase, const char *claim);

/* Whether a pattern names the claim or is a text about it. */
bool search_is_about_claim(const struct search *search, const char *claim);
