/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The segments of two runs beside each other, and what of that is chance. */
#include "compare-parts.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "macro.h"

/* How many segments may have come between two that are as good as at once. */
enum { SWAP_REACH = 16 };

/* What the clocks of two runs are apart, where both ended at the same place. */
static const double instant = 0.001;

static bool is_alone(const struct align_step *step)
{
	return step->a < 0 || step->b < 0;
}

static const struct compare_segment *
segment_at(const struct compare_segments *segments,
	   const struct align_step *step, size_t side)
{
	int place = side == COMPARE_A ? step->a : step->b;

	return place < 0 ? NULL : &segments->all[side][place];
}

/* --- those that changed places -------------------------------------------- */

/* Nothing but others' segments, of the same moment, is between the two. */
static bool is_near(const struct compare_segments *segments, size_t from,
		    size_t to, const struct compare_segment *own[])
{
	for (size_t i = MIN(from, to) + 1; i < MAX(from, to); i++)
		for (size_t side = 0; side < COMPARE_SIDES; side++) {
			const struct compare_segment *other =
				segment_at(segments, &segments->steps[i], side);

			if (!other)
				continue;
			if (other->row->host == own[side]->row->host &&
			    other->row->connection ==
				    own[side]->row->connection)
				return false;
			if (fabs(other->row->t - own[side]->row->t) >
			    COMPARE_SLACK)
				return false;
		}
	return true;
}

/* The step of b alone that is the same segment as that of a alone. */
static size_t find_swapped(const struct compare_segments *segments, size_t at)
{
	const struct align_step *steps = segments->steps;
	const struct compare_segment *own[COMPARE_SIDES] = {
		segment_at(segments, &steps[at], COMPARE_A),
	};
	size_t first = at > SWAP_REACH ? at - SWAP_REACH : 0;
	size_t last = MIN(at + SWAP_REACH + 1, segments->n_steps);

	assert(own[COMPARE_A]);
	for (size_t i = first; i < last; i++) {
		own[COMPARE_B] = segment_at(segments, &steps[i], COMPARE_B);
		if (steps[i].a < 0 && own[COMPARE_B] &&
		    own[COMPARE_A]->key == own[COMPARE_B]->key &&
		    is_near(segments, at, i, own))
			return i;
	}
	return segments->n_steps;
}

static void join_swapped(struct compare_segments *segments)
{
	struct align_step *steps = segments->steps;

	for (size_t i = 0; i < segments->n_steps; i++) {
		size_t other;

		if (steps[i].b >= 0)
			continue;
		other = find_swapped(segments, i);
		if (other == segments->n_steps)
			continue;
		steps[i].b = steps[other].b;
		segments->n_steps--;
		memmove(&steps[other], &steps[other + 1],
			(segments->n_steps - other) * sizeof(*steps));
		i -= other < i;
	}
}

/* --- those that one run did not live to see ------------------------------- */

static double end_of(const struct result *result)
{
	const json_t *journal = result->journal;
	const json_t *last =
		json_array_get(journal, json_array_size(journal) - 1);

	return json_number_value(json_object_get(last, "t")) - result->zero;
}

/* The side that goes on alone from this step to the end; COMPARE_SIDES: none.
 */
static size_t who_goes_on(const struct compare_segments *segments, size_t from)
{
	size_t side = segments->steps[from].b < 0 ? COMPARE_A : COMPARE_B;

	for (size_t i = from; i < segments->n_steps; i++)
		if (segment_at(segments, &segments->steps[i], !side))
			return COMPARE_SIDES;
	return side;
}

/* Since the last segment of both, or since the start: the world may have taken
 * its time. */
static double since_common(const struct compare_segments *segments, size_t from,
			   size_t side, double t)
{
	if (!from)
		return t;
	return t -
	       segment_at(segments, &segments->steps[from - 1], side)->row->t;
}

/* Whether it comes at once, or up to 40 ms later, its receiver decides by how
 * it feels (the kernel's "pingpong"). */
static bool may_be_late(const struct compare_segment *segment)
{
	return !segment->row->payload &&
	       strncmp(segment->row->text, ". ", 2) == 0;
}

/* It was not there when the other run's record ended. */
static bool is_unseen(const struct comparison *comparison, size_t from,
		      size_t at, size_t side)
{
	const struct compare_segments *segments = &comparison->segments;
	const struct compare_segment *segment =
		segment_at(segments, &segments->steps[at], side);
	double end = end_of(comparison->results[side]);
	double other_end = end_of(comparison->results[!side]);
	double other_rest = since_common(segments, from, !side, other_end);
	double came = since_common(segments, from, side, segment->row->until);

	if (end - segment->row->t > COMPARE_SLACK)
		return false;
	return may_be_late(segment) ?
		       other_rest <= COMPARE_SLACK :
		       other_rest <= came + instant &&
			       other_rest >= came - COMPARE_SLACK;
}

static void find_unseen(const struct comparison *comparison,
			struct compare_segments *segments)
{
	size_t from = segments->n_steps, side;

	while (from > 0 && is_alone(&segments->steps[from - 1]))
		from--;
	if (from == segments->n_steps)
		return;
	side = who_goes_on(segments, from);
	for (size_t i = from; i < segments->n_steps; i++)
		if (side == COMPARE_SIDES ||
		    !is_unseen(comparison, from, i, side))
			return;
	segments->n_unseen = segments->n_steps - from;
}

/* --- all ------------------------------------------------------------------ */

static int take_segments(struct compare_segments *segments, size_t side,
			 const struct ladder *ladder)
{
	struct compare_segment *all = calloc(ladder->n_rows + 1, sizeof(*all));
	int r;

	if (!all)
		return error_origin(-ENOMEM, "comparison");
	segments->all[side] = all;
	for (size_t i = 0; i < ladder->n_rows; i++) {
		const struct ladder_row *row = &ladder->rows[i];

		/* Nobody knows what would have become of it. */
		if (row->kind == LADDER_SEGMENT &&
		    row->fate != LADDER_IN_TRANSIT)
			all[segments->n[side]++].row = row;
		segments->only_counted |= row->kind == LADDER_COUNTED;
	}
	r = compare_keys(all, segments->n[side], ladder);
	return r < 0 ? error_trace(r) : 0;
}

static uint64_t *keys_of(const struct compare_segments *segments, size_t side)
{
	uint64_t *keys = calloc(segments->n[side] + 1, sizeof(*keys));

	for (size_t i = 0; keys && i < segments->n[side]; i++)
		keys[i] = segments->all[side][i].key;
	return keys;
}

static int align_keys(struct compare_segments *segments)
{
	uint64_t *a = keys_of(segments, COMPARE_A);
	uint64_t *b = keys_of(segments, COMPARE_B);
	int r = a && b ? align(&segments->steps, &segments->n_steps, a,
			       segments->n[COMPARE_A], b,
			       segments->n[COMPARE_B]) :
			 error_origin(-ENOMEM, "comparison");

	free(a);
	free(b);
	return r < 0 ? error_trace(r) : 0;
}

static void find_parting(struct compare_segments *segments)
{
	size_t n = segments->n_steps - segments->n_unseen;

	segments->parts_at = segments->n_steps;
	for (size_t i = n; i > 0; i--) {
		const struct align_step *step = &segments->steps[i - 1];

		if (!is_alone(step))
			continue;
		segments->alone[step->a < 0 ? COMPARE_B : COMPARE_A]++;
		segments->parts_at = i - 1;
	}
}

int compare_segments_find(struct comparison *comparison)
{
	struct compare_segments *segments = &comparison->segments;
	int r = take_segments(segments, COMPARE_A,
			      comparison->ladders[COMPARE_A]);

	if (r >= 0)
		r = take_segments(segments, COMPARE_B,
				  comparison->ladders[COMPARE_B]);
	if (r >= 0 && !segments->only_counted)
		r = align_keys(segments);
	if (r < 0)
		return error_trace(r);
	compare_slide(segments);
	join_swapped(segments);
	find_unseen(comparison, segments);
	find_parting(segments);
	return 0;
}

void compare_segments_deinit(struct compare_segments *segments)
{
	free(segments->all[COMPARE_A]);
	free(segments->all[COMPARE_B]);
	free(segments->steps);
}
