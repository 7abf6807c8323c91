/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From patterns to runs. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "run-options.h"
#include "run.h"

struct selection {
	struct run_job *jobs;
	size_t n;
};

/*
 * True when the pattern means the case: its name, a shell pattern of it, the
 * name with a variant behind a slash, or a claim that it proves.
 */
bool selection_matches(const char *pattern, const struct testcase *testcase,
		       const struct variant *variant);

/*
 * The runs that the options ask for. -ENOENT for a pattern that nothing
 * matches; the message has the nearest names.
 */
int selection_new(struct selection *ret, const struct command_options *options);
void selection_free(struct selection *selection);
