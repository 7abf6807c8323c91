/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a person is shown when all runs have ended. */
#pragma once

#include "report.h"

/* In the order of the table of cases, whatever the order of their ends. */
void digest_sort(struct report *report);

/* Case, claims, verdict, predicted, measured, what the text is. */
void digest_table(struct report *report);

/* For each run that did not pass: what was expected, what was observed, where,
 * and the story. */
void digest_troubles(struct report *report);

/* "21 passed, 1 failed, …" */
void digest_total(struct report *report, const struct report_tally *tally);

/* The escape sequence for a verdict; NULL without colours. */
const char *digest_colour(const struct report *report, enum verdict verdict);
