/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For commands that run something on this machine and report it on stdout. */
#pragma once

#include "report.h"
#include "run-control.h"

/* A report with this machine's kernel, HZ, rights and terminal. */
void local_report_init(struct report *ret, const struct reporter *reporter,
		       const struct run_options *options);

/* The exit status for a tally; `r` is the program's own failure, if
 * negative. */
int local_report_status(const struct report_tally *tally, int r);

/* Ends the program by that signal, with its default action. */
void local_report_end_by_signal(int number);
