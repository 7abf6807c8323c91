/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The two TCP documents as a table: their headings, by which a reader finds a
 * place, and the claims under each. The judgement of a claim comes from the
 * cases.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "testcase.h"

/* The paraphrase of a claim; "" for an unknown one. */
const char *documents_claim(const char *id);

/* Whether the text occurs in the claim's paraphrase, in English or in the language
 * of the user, in the heading of a section that contains it, or in the title of its
 * article. Case is ignored. */
bool documents_mentions(const char *id, const char *text);

/* Calls the function for each claim, in the order of the text. */
void documents_each_claim(void (*claim)(void *data, const char *id,
					const char *text),
			  void *data);

/* A judgement and the run that makes it. */
struct documents_row {
	const struct judgement *judgement;
	const struct testcase *testcase;
	const struct variant *variant; /* NULL: the whole case */
};

/*
 * The selected judgements, by claim and then by case. The caller frees the array;
 * NULL without memory, or when it is empty.
 */
struct documents_row *documents_rows(bool (*selected)(void *data,
						      const struct testcase *,
						      const char *claim),
				     void *data, size_t *ret_n);

/* Prints for a terminal: by section, each judgement with its reason. */
void documents_print(const struct documents_row *rows, size_t n, int columns);

/* Prints for cases/README.md: by section, a table of claims and commands. */
void documents_print_markdown(const struct documents_row *rows, size_t n);
