/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line of `halfopen run`, which `vm` and `matrix` pass on. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "report.h"
#include "run-control.h"

enum { RUN_SETTINGS_MAX = 32 };

struct command_options {
	struct run_options run;
	const struct reporter *reporter;
	void *reporter_data;
	unsigned int parallel, repetitions, retries;
	unsigned int shard, shards; /* --shard K/N; 0: all runs */
	bool all, defaults, verbose, skip_inconclusive, must_run;
	enum colour_when colour;
	const char *out; /* NULL: none */
	struct setting settings[RUN_SETTINGS_MAX + 1]; /* ends with name NULL */
	char *const *patterns;
	size_t n_patterns;
};

/*
 * Returns -1, or the exit status if --help was printed or an argument is wrong
 * (a message is on stderr). The options point into argv, which is reordered and
 * changed.
 */
int run_options_parse(struct command_options *ret, int argc, char **argv);

/* The options of `run --all [--out OUT] NAME...`; `out` may be NULL. They point to
 * the names. */
void run_options_of_names(struct command_options *ret, const char *out,
			  char *const *names, size_t n);

/* Runs what the options select on this machine and reports it. Returns the exit
 * status; a message for wrong options is on stderr. */
int run_options_execute(struct command_options *options);
