/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nearest.h"

#include <stdbool.h>
#include <string.h>

#include "macro.h"

enum { LENGTH = 63 };

/*
 * Optimal string alignment: Damerau's distance in which swapped characters are
 * not edited again, so that three rows of the table suffice. With `within` the
 * distance is from `a` to the nearest substring of `b`.
 */
static unsigned int distance(const char *a, const char *b, bool within)
{
	unsigned int rows[3][LENGTH + 1];
	size_t m = strnlen(a, LENGTH), n = strnlen(b, LENGTH);
	unsigned int least;

	for (unsigned int j = 0; j <= n; j++)
		rows[0][j] = within ? 0 : j;
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
	least = rows[m % 3][n];
	for (size_t j = 0; within && j < n; j++)
		least = MIN(least, rows[m % 3][j]);
	return least;
}

unsigned int nearest_distance(const char *a, const char *b)
{
	return distance(a, b, false);
}

/* A candidate that contains the name ranks first; a misspelling of a part ranks
 * one behind the same misspelling of the whole. */
static unsigned int rank(const char *name, const char *candidate)
{
	unsigned int part = distance(name, candidate, true);
	unsigned int whole = distance(name, candidate, false);

	if (*name && part == 0)
		return 0;
	return MIN(whole, part + 1);
}

/* Beyond it, more than half of the name would change. */
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
