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
 * article, as for documents_contain(). */
bool documents_mentions(const char *id, const char *text);

/* Whether the part occurs in an English text or in its translation: whoever reads
 * the Chinese text may not have chosen it. Case is ignored, '_' is '-', and
 * CLOSED_WAIT is CLOSE-WAIT. */
bool documents_contain(const char *text, const char *part);

/* A line of the table. A section without a line of its own is the text below
 * the title. */
struct documents_line {
	enum { LINE_TITLE, LINE_SECTION, LINE_CLAIM } kind;
	const char *id; /* the article's, A; of a claim, A5 */
	/* In the documents' language, of a claim in English. NULL: a claim that
	 * this section repeats. */
	const char *text;
};

/* All of them, in the order of the text. */
const struct documents_line *documents_lines(size_t *ret_n);

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

/* The run that makes the judgement: of a whole case, the variant in it. NULL: the
 * case has no variants. */
const struct variant *documents_variant(const struct documents_row *row);

/* Planned for the row's command; a case runs its variants at once. */
nsec_t documents_duration(const struct documents_row *row);

/* Prints for a terminal: by section, each judgement with its reason. */
void documents_print(const struct documents_row *rows, size_t n, int columns);

/* Prints for cases/README.md: by section, a table of claims and commands. */
void documents_print_markdown(const struct documents_row *rows, size_t n);
