/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two sequences beside each other: what both have, in the same order, and what
 * only one of them has between. As few of the latter as there can be (E. Myers,
 * "An O(ND) Difference Algorithm and Its Variations", Algorithmica 1, 1986),
 * up to a limit.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* More places of only one sequence than that, and the rest is not aligned: it
 * is all of the first, then all of the second. */
enum { ALIGN_DISTANCE_MAX = 1000 };

enum { ALIGN_NONE = -1 };

struct align_step {
	int a, b; /* places; ALIGN_NONE in the one that has no such thing */
};

/*
 * Equal elements are the same thing. What only a has stands before what only b
 * has. The steps are to be freed; at most n_a + n_b. Takes time in proportion
 * to (n_a + n_b) * ALIGN_DISTANCE_MAX at the worst. -ENOMEM.
 */
int align(struct align_step **ret, size_t *ret_n, const uint64_t *a, size_t n_a,
	  const uint64_t *b, size_t n_b);
