/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What commands that run something on this machine do alike. */
#pragma once

#include "report.h"
#include "run-control.h"

/* A report of runs on this machine, to stdout. */
void report_here(struct report *report, const struct reporter *reporter,
		 const struct run_options *options);

/* The program ends by that signal, as if it had never been caught. */
void die_of_signal(int number);
