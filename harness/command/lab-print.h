/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The report of a lab for people, on stdout. */
#pragma once

#include "lab-plan.h"
#include "report.h"

/* Version, kernel, what the lab is about, and its hosts. */
void lab_print_begin(const struct report *report, const struct lab_plan *plan);

/* The records of a lab that has ended, as it prints them while it runs. */
void lab_print_records(const struct report *report, const struct result *result);

/* Diagram, counters, conclusions, expectations and verdict. */
void lab_print_end(const struct report *report, const struct lab_plan *plan,
		   const struct result *result);

/* The verdicts of several labs. */
void lab_print_tally(const struct report_tally *tally);
