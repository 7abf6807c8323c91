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

struct documents_figure;

/* The paraphrase of a claim; "" for an unknown one. */
const char *documents_claim(const char *id);

/* A line of the table. A section without a line of its own is the text below
 * the title. */
struct documents_line {
	enum { LINE_TITLE, LINE_SECTION, LINE_CLAIM } kind;
	const char *id; /* the article's, A; of a claim, A5 */
	/* In the documents' language, of a claim in English. NULL: a claim that
	 * this section repeats. */
	const char *text;
	const char *words; /* of a claim: its terms in the documents; or NULL */
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

/*
 * Prints the judgements of one claim, for a list in another order; its heading
 * unless `*heading`, the last one, at first NULL, is the same.
 */
void documents_print_claim(const struct documents_row *rows, size_t n,
			   const char *claim,
			   const struct documents_line **heading, int columns);

/* Whether the figure is drawn from runs of the case, in a section that has the
 * claim. */
bool documents_shows_claim(const struct documents_figure *figure,
			   const struct testcase *testcase, const char *claim);

/* Prints for cases/README.md: by section, a table of claims and commands. */
void documents_print_markdown(const struct documents_row *rows, size_t n);
