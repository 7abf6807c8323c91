/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Patterns of `list` and `show`, which may also be text. A pattern that is the
 * name of a case, or a claim, selects what it names (selection.h). Any other is
 * searched for, in both languages, in the claims, in the words that the documents
 * use for them, in the reasons of their judgements, and in headings; and in the
 * sentences of the cases. The number of a figure ("33", "图 33") leads to the
 * claims of its section that the figure shows. A text that is nowhere as a whole,
 * such as a sentence of the documents, leads to the claims that share most of its
 * words.
 */
#pragma once

#include <stdbool.h>

#include "documents.h"
#include "figures.h"
#include "testcase.h"

/* The patterns of a command line, each of which has been classified. */
struct search {
	struct search_pattern {
		const char *pattern; /* in argv */
		bool is_text; /* it names neither cases nor claims */
	} *patterns;
	size_t n;
	/* The claims that texts are about, the best first. */
	struct search_claim {
		const char *id;
		double score;
		bool in_cases_only; /* only in the sentence of a case */
	} *claims;
	size_t n_claims;
	/* The figure whose number the last such pattern is; or NULL. */
	const struct documents_figure *figure;
	bool nearest; /* the whole of some text is nowhere */
};

enum search_mode { SEARCH_WHOLE, SEARCH_NEAREST };

/*
 * `patterns` ends with NULL. False when a pattern selects no case, or without
 * memory: a message in the name of `command` has been printed, with similar names.
 * Without SEARCH_NEAREST a text must be found as a whole.
 */
bool claim_search_init(struct search *search, const char *command,
		       char *const *patterns, enum search_mode mode);
void claim_search_deinit(struct search *search);

/* Whether a pattern selects the case; a search without patterns selects every
 * one. */
bool search_selects_case(const struct search *search,
			 const struct testcase *testcase);

/* Whether a pattern selects this claim of the case, by naming the case or the
 * claim, or by a text about either; without patterns, every one. */
bool search_selects_claim(const struct search *search,
			  const struct testcase *testcase, const char *claim);

/* Whether a pattern names the claim or is a text about it. */
bool search_is_about_claim(const struct search *search, const char *claim);

/* "halfopen figure 33" with its title, where a pattern is the number of a figure.
 * (The rows of claims have the command, too.) */
void search_print_figure(const struct search *search);

/* Prints the rows of documents_rows(): the claims that texts are about in the order
 * of the search, under a line that says so if they are only the nearest; without
 * texts in that of the documents. */
void search_print(const struct search *search, const struct documents_row *rows,
		  size_t n, int columns);
