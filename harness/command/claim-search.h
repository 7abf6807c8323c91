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

bool search_selects_case(const struct testcase *testcase, const char *pattern);

/* Whether the pattern selects this claim of the case: by naming the case or the
 * claim, or by a text about the claim. */
bool search_selects_claim(const struct testcase *testcase, const char *claim,
			  const char *pattern);

/* The same without the names of cases. */
bool search_is_about_claim(const char *claim, const char *pattern);

/* True when the pattern selects a case; otherwise a message in the name of
 * `command` has been printed, with similar names. */
bool search_check(const char *command, const char *pattern);
