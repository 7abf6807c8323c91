/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Words of the command line: which cases are meant, and that a word without any
 * has its neighbours named. */
#include "case-table.h"
#include "fake.h"
#include "fuzz.h"
#include "macro.h"
#include "select.h"

/* fnmatch() takes exponentially long over many stars: the caller's own time. */
enum { PATTERN_MAX = 24 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *pattern = fuzz_text(data, MIN(size, (size_t)PATTERN_MAX));
	bool any = false;

	for (size_t i = 0; i < testcases_n; i++)
		any |= select_case(testcases[i], pattern);
	fuzz_must(select_check("run", pattern) == any);
	free(pattern);
	return 0;
}
