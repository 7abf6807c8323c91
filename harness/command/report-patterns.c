/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The patterns of report and compare. A word that matches no run is an error, which
 * the caller prints.
 */
#include "report-patterns.h"

struct report_patterns report_patterns_of(char *const *words)
{
	struct report_patterns patterns = { .all = words };

	while (patterns.all[patterns.n])
		patterns.n++;
	return patterns;
}

bool report_patterns_match(const struct report_patterns *patterns,
			    const struct saved_run *run)
{
	for (size_t i = 0; i < patterns->n; i++)
		if (saved_matches(run, patterns->all[i]))
			return true;
	return !patterns->n;
}

const char *report_patterns_unmatched(const struct report_patterns *patterns,
				      const struct saved_run *runs, size_t n)
{
	for (size_t i = 0; i < patterns->n; i++) {
		bool found = false;

		for (size_t j = 0; j < n && !found; j++)
			found = saved_matches(&runs[j], patterns->all[i]);
		if (!found)
			return patterns->all[i];
	}
	return NULL;
}
