/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From patterns to runs. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "run-options.h"
#include "run-control.h"

struct selection {
	struct run_job *jobs;
	size_t n;
};

/*
 * The runs that the options ask for. -ENOENT for a pattern that nothing
 * matches; what is near it has been said on stderr.
 */
int selection_new(struct selection *ret, const struct command_options *options);
/* How long the longest of the runs is planned to take. */
nsec_t selection_longest(const struct selection *selection);

void selection_free(struct selection *selection);
