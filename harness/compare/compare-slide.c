/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Copies of one segment look alike, so which of them the other run lacks is
 * open: of "P. P. P. P." and "P. P. P.", any. The times tell: the tail loss
 * probe after 0.2 s is missing, not the last retransmission. A gap is moved up
 * among its like to where the others' times agree best.
 */
#include "compare-parts.h"

#include <math.h>

enum { SLIDE_MAX = 64 };

struct gap {
	struct compare_segments *segments;
	size_t side; /* who is alone in it */
	size_t first, n; /* its steps */
};

static int *place_in(struct align_step *step, size_t side)
{
	return side == COMPARE_A ? &step->a : &step->b;
}

static const struct compare_segment *at(const struct gap *gap, size_t side,
					size_t step)
{
	int place = *place_in(&gap->segments->steps[step], side);

	return place < 0 ? NULL : &gap->segments->all[side][place];
}

/* How far it may go up: what it passes is the same as what it leaves behind. */
static size_t find_room(const struct gap *gap)
{
	size_t most = gap->first < SLIDE_MAX ? gap->first : SLIDE_MAX;
	size_t room = 0, last = gap->first + gap->n - 1;

	while (room < most && at(gap, COMPARE_A, gap->first - room - 1) &&
	       at(gap, COMPARE_B, gap->first - room - 1) &&
	       at(gap, gap->side, gap->first - room - 1)->key ==
		       at(gap, gap->side, last - room)->key)
		room++;
	return room;
}

/* By how much the two clocks disagree from `from` on, when it went up so far.
 */
static double disagreement(const struct gap *gap, size_t from, size_t up)
{
	double sum = 0, zero = 0;

	if (from)
		zero = at(gap, gap->side, from - 1)->row->t -
		       at(gap, !gap->side, from - 1)->row->t;
	for (size_t i = from; i < gap->first; i++) {
		size_t own = i < gap->first - up ? i : i + gap->n;

		sum += fabs(at(gap, gap->side, own)->row->t -
			    at(gap, !gap->side, i)->row->t - zero);
	}
	return sum;
}

static void move_up(const struct gap *gap, size_t up)
{
	struct align_step *steps = gap->segments->steps;

	for (size_t i = gap->first; i > gap->first - up; i--) {
		*place_in(&steps[i - 1 + gap->n], !gap->side) =
			*place_in(&steps[i - 1], !gap->side);
		*place_in(&steps[i - 1], !gap->side) = ALIGN_NONE;
	}
}

static void slide(const struct gap *gap)
{
	size_t room = find_room(gap), best = 0, from = gap->first - room;
	double least;

	/* Right behind another gap, nothing tells the clocks' distance. */
	if (from &&
	    (!at(gap, COMPARE_A, from - 1) || !at(gap, COMPARE_B, from - 1)))
		return;
	least = disagreement(gap, from, 0);
	for (size_t up = 1; up <= room; up++) {
		double sum = disagreement(gap, from, up);

		if (sum < least) {
			least = sum;
			best = up;
		}
	}
	move_up(gap, best);
}

static bool is_alone(const struct align_step *step)
{
	return step->a < 0 || step->b < 0;
}

void compare_slide(struct compare_segments *segments)
{
	for (size_t i = 0; i < segments->n_steps;) {
		struct gap gap = { .segments = segments, .first = i };
		bool both = false;

		gap.side = segments->steps[i].b < 0 ? COMPARE_A : COMPARE_B;
		for (; i < segments->n_steps && is_alone(&segments->steps[i]);
		     i++)
			both |= !at(&gap, gap.side, i);
		gap.n = i - gap.first;
		if (gap.n && !both)
			slide(&gap);
		i += !gap.n;
	}
}
