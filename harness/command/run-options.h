/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line of `halfopen run`. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "report.h"
#include "run-control.h"
#include "usage.h"

enum { RUN_SETTINGS_MAX = 32 };

extern const struct usage usage_run;

struct command_options {
	struct run_options run;
	const struct reporter *reporter;
	unsigned int parallel, repetitions, retries;
	bool all, defaults, verbose, skip_inconclusive, must_run;
	const char *out;
	struct setting settings[RUN_SETTINGS_MAX + 1]; /* end: name NULL */
	char *const *patterns;
	size_t n_patterns;
};

enum run_options_outcome {
	RUN_OPTIONS_GO,
	RUN_OPTIONS_DONE, /* --help was printed */
	RUN_OPTIONS_WRONG, /* and why, on stderr */
};

/* The options point into argv. */
enum run_options_outcome run_options_parse(struct command_options *ret,
					   int argc, char **argv);
