/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Patterns of the command line: selection, and the message for an unknown one. */
#include "case-table.h"
#include "fake.h"
#include "fuzz.h"
#include "macro.h"
#include "selection.h"

/* fnmatch() takes exponential time for many asterisks. */
enum { PATTERN_MAX = 24 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *pattern = fuzz_text(data, MIN(size, (size_t)PATTERN_MAX));
	bool any = false;

	for (size_t i = 0; i < testcases_n; i++)
		any |= selection_matches_case(testcases[i], pattern);
	fuzz_must(selection_check("run", pattern) == any);
	free(pattern);
	return 0;
}
