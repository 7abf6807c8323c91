/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The figures of the two documents, and the runs from whose packets they are
 * drawn.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "figure.h"

enum { FIGURE_RUNS = 3 };

struct documents_figure {
	const char *number; /* "36" */
	char article; /* A to D */
	const char *heading; /* of the section, in the documents' language */
	const char *title;
	enum figure_kind kind;
	/* CASE/VARIANT, in the order of the drawing; NULL after the last one. */
	const char *runs[FIGURE_RUNS + 1];
	/* A run of the same experiment at the kernel's defaults, for virtual
	 * time; or NULL. */
	const char *at_defaults;
};

/* The figures in the order of their numbers. */
const struct documents_figure *documents_figures(size_t *ret_n);

/* Whether the words are in its title, in either language. A number is no word. */
bool documents_figure_is_about(const struct documents_figure *figure,
			       const char *words);

/* By "36" or "图 36"; NULL for an unknown number. */
const struct documents_figure *documents_figure(const char *number);
