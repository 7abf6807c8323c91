/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The documents, as far as this program knows them: their own headings, by
 * which a reader finds his place, and which claim stands under which. What
 * becomes of a claim is said by the cases' judgements.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "testcase.h"

/* The claim in our words: "" for one that is not known here. */
const char *documents_claim(const char *id);

/* A judgement, and who makes it. */
struct documents_row {
	const struct judgement *judgement;
	const struct testcase *testcase;
	const struct variant *variant; /* NULL: the whole case */
};

/*
 * The judgements of the wanted cases in the order of the claims; those who
 * judge the same claim, in the order of the cases. To be freed; NULL without
 * memory, or when there are none.
 */
struct documents_row *documents_rows(bool (*wanted)(void *data,
						    const struct testcase *),
				     void *data, size_t *ret_n);

/* For a terminal: by article, each judgement with its reason. */
void documents_print(const struct documents_row *rows, size_t n, int columns);

/* For the README: by section, a table of claims and commands. */
void documents_print_markdown(const struct documents_row *rows, size_t n);
