/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was perhaps meant, for a name that is none. */
#pragma once

#include <stddef.h>

/*
 * Characters to insert, leave out, change, or swap with their neighbour, to
 * make one of the other. Names longer than 63 are compared by their beginning.
 */
unsigned int nearest_distance(const char *a, const char *b);

/*
 * Writes up to `want` of the `n` names into `ret`, the nearest first, and
 * returns how many. One that has `name` in it is nearer than any misspelling,
 * of the whole or of a part; those that have nothing in common with it are left
 * out, but for the first.
 */
size_t nearest_names(const char *name, const char *const *names, size_t n,
		     const char **ret, size_t want);
