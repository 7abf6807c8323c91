/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The summary for people after the last run: table, failures, totals. */
#pragma once

#include "report.h"

/* Sorts the kept results: by the table of cases, variant and repetition. */
void digest_sort(struct report *report);

/* One row for each kept run: case, claims, verdict, predicted, measured,
 * document, and with `reasons` why it did not pass. Variants follow a row for
 * their case. */
void digest_table(struct report *report, bool reasons);

/* For each kept run that did not pass: claim, failed expectations or reason,
 * timeline, and the counters of the hosts' kernels that changed. */
void digest_failures(struct report *report);

/* "21 passed, 1 failed, …", and the scheduling delays where they exceed the
 * tolerance, made a run inconclusive, or -v asks for them. */
void digest_total(struct report *report, const struct report_tally *tally);
