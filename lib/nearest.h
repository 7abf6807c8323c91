/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Suggestions for a misspelt name. */
#pragma once

#include <stddef.h>

/*
 * Edit distance: the number of characters to insert, delete, change or swap
 * with a neighbour to turn one name into the other. Only the first 63
 * characters count.
 */
unsigned int nearest_distance(const char *a, const char *b);

/*
 * Writes up to `want` of the `n` names to `ret`, the nearest first, and returns
 * their number. A name that contains `name` ranks before any misspelling. Names
 * that differ in more than half of the characters are left out, except the
 * first.
 */
size_t nearest_names(const char *name, const char *const *names, size_t n,
		     const char **ret, size_t want);
