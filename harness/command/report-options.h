/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the commands that read recorded runs are told alike. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "saved.h"

/* The PATTERNs; none of them: every run. */
struct report_patterns {
	char *const *all;
	size_t n;
};

/* From the words behind the directories, which end with NULL. */
struct report_patterns report_patterns_of(char *const *words);

bool report_patterns_choose(const struct report_patterns *patterns,
			    const struct saved_run *run);

/* The first pattern that no run matches; NULL: none. */
const char *report_patterns_unmatched(const struct report_patterns *patterns,
				      const struct saved_run *runs, size_t n);

/* The argument of --columns. False, and says so, for what is none. */
bool report_options_columns(const char *command, const char *text, int *ret);
