/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Aligns two sequences: elements that both contain in the same order, and
 * between them those of one sequence only, as few as possible (E. Myers, "An
 * O(ND) Difference Algorithm and Its Variations", Algorithmica 1, 1986), up to
 * a limit.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Beyond so many unmatched elements the rest is not aligned: all of the first
 * sequence comes before all of the second. */
enum { ALIGN_DISTANCE_MAX = 1000 };

enum { ALIGN_NONE = -1 };

struct align_step {
	int a, b; /* indices; ALIGN_NONE in the sequence that lacks it */
};

/*
 * Elements match when they are equal. Between two matches the elements of `a`
 * precede those of `b`. The caller frees the steps, at most n_a + n_b. Time is
 * O((n_a + n_b) * ALIGN_DISTANCE_MAX). -ENOMEM.
 */
int align(struct align_step **ret, size_t *ret_n, const uint64_t *a, size_t n_a,
	  const uint64_t *b, size_t n_b);
