/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nearest.h"

#include <string.h>

#include "macro.h"

enum { LENGTH = 63 };

/*
 * Damerau's distance, restricted to swaps of neighbours that are not changed
 * again: three rows of the usual table are enough for it.
 */
unsigned int nearest_distance(const char *a, const char *b)
{
	unsigned int rows[3][LENGTH + 1];
	size_t m = strnlen(a, LENGTH), n = strnlen(b, LENGTH);

	for (unsigned int j = 0; j <= n; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= m; i++) {
		unsigned int *row = rows[i % 3];
		const unsigned int *above = rows[(i + 2) % 3];
		const unsigned int *higher = rows[(i + 1) % 3];

		row[0] = (unsigned int)i;
		for (size_t j = 1; j <= n; j++) {
			unsigned int other = MIN(above[j], row[j - 1]) + 1;

			row[j] = above[j - 1] + (a[i - 1] != b[j - 1]);
			row[j] = MIN(row[j], other);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1])
				row[j] = MIN(row[j], higher[j - 2] + 1);
		}
	}
	return rows[m % 3][n];
}

static unsigned int rank(const char *name, const char *candidate)
{
	if (*name && strstr(candidate, name))
		return 0;
	return nearest_distance(name, candidate);
}

/* More than half of it would have to change. */
static unsigned int limit(const char *name)
{
	return (unsigned int)MAX(strnlen(name, LENGTH) / 2, (size_t)2);
}

size_t nearest_names(const char *name, const char *const *names, size_t n,
		     const char **ret, size_t want)
{
	unsigned int ranks[16];
	size_t found = 0;

	want = MIN(want, ARRAY_SIZE(ranks));
	for (size_t i = 0; i < n; i++) {
		unsigned int r = rank(name, names[i]);
		size_t at = found;

		while (at > 0 && r < ranks[at - 1])
			at--;
		if (at == want)
			continue;
		found = MIN(found + 1, want);
		for (size_t j = found - 1; j > at; j--) {
			ranks[j] = ranks[j - 1];
			ret[j] = ret[j - 1];
		}
		ranks[at] = r;
		ret[at] = names[i];
	}
	while (found > 1 && ranks[found - 1] > limit(name))
		found--;
	return found;
}
