/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The PATTERN arguments of commands that read recorded runs (report,
 * compare). */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "saved.h"

/* Without patterns every run is selected. */
struct report_patterns {
	char *const *all;
	size_t n;
};

/* From the words after the directories, which end with NULL. */
struct report_patterns report_patterns_of(char *const *words);

bool report_patterns_match(const struct report_patterns *patterns,
			   const struct saved_run *run);

/* The first pattern that matches no run; NULL: none. */
const char *report_patterns_unmatched(const struct report_patterns *patterns,
				      const struct saved_run *runs, size_t n);
