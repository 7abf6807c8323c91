/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which runs a pattern of the command line selects: a case's name or a shell
 * pattern ("server-*"); one with its variant
 * ("server-host-crash-data/retries2=5", "server-host-crash-data/…*"), or with
 * "-defaults" for a variant at the kernel's default values
 * ("unplug-idle-defaults"); or a claim ("A5", "A*").
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "run-options.h"
#include "run-control.h"

struct selection {
	struct run_job *jobs;
	size_t n;
	size_t n_all; /* of all shards */
	/* Those that a pattern matches and that are not in the set (--all,
	 * --defaults). */
	struct run_job *left_out;
	size_t n_left_out;
};

/*
 * The runs that the options select. -ENOENT for a pattern without a match,
 * after a message with the nearest names on stderr.
 */
int selection_new(struct selection *ret, const struct command_options *options);
void selection_free(struct selection *selection);

/* The planned duration of the longest run. */
nsec_t selection_longest(const struct selection *selection);

/* Whether the pattern matches this run; `variant` NULL: the case itself. */
bool selection_matches_run(const struct testcase *testcase,
			   const struct variant *variant, const char *pattern);

/* Whether it matches the case or any of its variants. */
bool selection_matches_case(const struct testcase *testcase,
			    const char *pattern);

/* Whether the pattern is a claim's id ("a5" is A5) or a shell pattern for it
 * ("A*"). */
bool selection_is_claim(const char *claim, const char *pattern);

/* Whether it matches the name of the case, or of one of its variants. */
bool selection_names_case(const struct testcase *testcase, const char *pattern);

/* Whether it matches any case at all. */
bool selection_finds(const char *pattern);

/* True when some case matches; otherwise a message in the name of `command`
 * is on stderr, with the nearest names. */
bool selection_check(const char *command, const char *pattern);
