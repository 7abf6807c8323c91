/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The alignment is a shortest path through a grid, from the upper left corner
 * to the lower right one. A step to the right takes an element of a alone, a
 * step down one of b alone; a diagonal step takes equal elements of both and is
 * free. For each number d of steps that are not free and each diagonal k = x -
 * y the farthest x is stored; the path is read back from these tables.
 */
#include "align.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"

struct grid {
	const uint64_t *a, *b;
	int n_a, n_b;
	int **farthest; /* [d][k + d]: x */
	int d; /* of the last table */
};

static int slide(const struct grid *grid, int x, int k)
{
	while (x < grid->n_a && x - k < grid->n_b &&
	       grid->a[x] == grid->b[x - k])
		x++;
	return x;
}

/* Whether the farthest point of d steps on diagonal k is reached by a step down
 * from the points of d - 1 steps. Points may lie outside the grid, but none on
 * the end's diagonal lies behind the end. */
static bool comes_down(const struct grid *grid, int d, int k)
{
	const int *before = grid->farthest[d - 1];

	if (k == -d || k == d)
		return k == -d;
	return before[k - 1 + d - 1] < before[k + 1 + d - 1];
}

static int before_slide(const struct grid *grid, int d, int k)
{
	const int *before;

	if (d == 0)
		return 0;
	before = grid->farthest[d - 1];
	return comes_down(grid, d, k) ? before[k + 1 + d - 1] :
					before[k - 1 + d - 1] + 1;
}

/* Stores the points that d steps reach; 1 when one of them is the end. */
static int reach(struct grid *grid, int d)
{
	int *farthest = calloc(2 * (size_t)d + 1, sizeof(*farthest));

	if (!farthest)
		return error_origin(-ENOMEM, "alignment");
	grid->farthest[d] = farthest;
	grid->d = d;
	for (int k = -d; k <= d; k += 2) {
		int x = before_slide(grid, d, k);

		farthest[k + d] = slide(grid, x, k);
		if (k == grid->n_a - grid->n_b && farthest[k + d] >= grid->n_a)
			return 1;
	}
	return 0;
}

/* The diagonal of the point within the grid that has aligned most elements. */
static int best_diagonal(const struct grid *grid)
{
	const int *farthest = grid->farthest[grid->d];
	int best = 0, most = -1;

	for (int k = -grid->d; k <= grid->d; k += 2) {
		int x = farthest[k + grid->d], y = x - k;

		if (x <= grid->n_a && y <= grid->n_b && x + y > most) {
			most = x + y;
			best = k;
		}
	}
	return best;
}

/* From the end of the path to its start; `at` counts down. */
static size_t walk_back(const struct grid *grid, struct align_step *steps,
			size_t at, int x, int k)
{
	for (int d = grid->d; d >= 0; d--) {
		int from = before_slide(grid, d, k);

		for (; x > from; x--)
			steps[--at] = (struct align_step){ x - 1, x - k - 1 };
		if (d == 0)
			break;
		if (comes_down(grid, d, k)) {
			steps[--at] =
				(struct align_step){ ALIGN_NONE, x - k - 1 };
			k++;
		} else {
			steps[--at] = (struct align_step){ x - 1, ALIGN_NONE };
			x--;
			k--;
		}
	}
	return at;
}

static void write_steps(const struct grid *grid, struct align_step *steps,
			size_t *ret_n, int k)
{
	size_t space = (size_t)grid->n_a + (size_t)grid->n_b;
	int x = grid->farthest[grid->d][k + grid->d];
	size_t at = walk_back(grid, steps, space, x, k), n = space - at;

	memmove(steps, steps + at, n * sizeof(*steps));
	for (int i = x; i < grid->n_a; i++)
		steps[n++] = (struct align_step){ i, ALIGN_NONE };
	for (int i = x - k; i < grid->n_b; i++)
		steps[n++] = (struct align_step){ ALIGN_NONE, i };
	*ret_n = n;
}

/* Between two matches: all of a before all of b, each in its order. */
static void sort_gaps(struct align_step *steps, size_t n)
{
	for (size_t i = 0; i < n;) {
		struct align_step *gap = &steps[i];
		int a = 0, b = 0, first_a = 0, first_b = 0;

		for (; i < n && (steps[i].a < 0 || steps[i].b < 0); i++) {
			if (steps[i].a >= 0 && a++ == 0)
				first_a = steps[i].a;
			if (steps[i].b >= 0 && b++ == 0)
				first_b = steps[i].b;
		}
		for (int j = 0; j < a; j++)
			gap[j] = (struct align_step){ first_a + j, ALIGN_NONE };
		for (int j = 0; j < b; j++)
			gap[a + j] =
				(struct align_step){ ALIGN_NONE, first_b + j };
		if (!a && !b)
			i++;
	}
}

static int find_path(struct grid *grid, struct align_step *steps, size_t *ret_n)
{
	int end = 0;

	for (int d = 0; d <= ALIGN_DISTANCE_MAX && end == 0; d++)
		end = reach(grid, d);
	if (end < 0)
		return error_trace(end);
	write_steps(grid, steps, ret_n,
		    end ? grid->n_a - grid->n_b : best_diagonal(grid));
	sort_gaps(steps, *ret_n);
	return 0;
}

int align(struct align_step **ret, size_t *ret_n, const uint64_t *a, size_t n_a,
	  const uint64_t *b, size_t n_b)
{
	struct grid grid = { .a = a, .b = b, .n_a = (int)n_a, .n_b = (int)n_b };
	struct align_step *steps = calloc(n_a + n_b + 1, sizeof(*steps));
	int r = 0;

	grid.farthest = calloc(ALIGN_DISTANCE_MAX + 1, sizeof(*grid.farthest));
	if (!steps || !grid.farthest)
		r = error_origin(-ENOMEM, "alignment");
	if (r >= 0)
		r = find_path(&grid, steps, ret_n);
	for (int d = 0; grid.farthest && d <= ALIGN_DISTANCE_MAX; d++)
		free(grid.farthest[d]);
	free(grid.farthest);
	if (r < 0) {
		free(steps);
		return error_trace(r);
	}
	*ret = steps;
	return 0;
}
