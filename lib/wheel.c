/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Limits: kernels before 4.8 (another wheel), and a base->clk that lags behind
 * jiffies because a timer softirq is pending (forward_timer_base()).
 *
 * Two approximations, both of which only add possibilities: lateness is
 * independent for each callback, and when a set exceeds WHEEL_MOMENTS_MAX, what
 * the coarsest level revealed about the phase is forgotten. A third leaves some
 * out, where callbacks can be late by more than two ticks: next_sample().
 */
#include "wheel.h"

#include <stdlib.h>
#include <string.h>

#include "macro.h"

enum { LVL_CLK_SHIFT = 3, LVL_BITS = 6 };

static int64_t granule(unsigned int level)
{
	return INT64_C(1) << (LVL_CLK_SHIFT * level);
}

/*
 * LVL_START(n) is 63 buckets of level n - 1, not 64: a few jiffies earlier than
 * in the table at the head of timer.c.
 */
unsigned int wheel_level(int64_t delta, unsigned int hz)
{
	unsigned int depth = hz > 100 ? 9 : 8; /* LVL_DEPTH */
	unsigned int level = 0;

	while (level + 1 < depth &&
	       delta >= ((1 << LVL_BITS) - 1) * granule(level))
		level++;
	return level;
}

/* The bucket AFTER the one that contains `expires`; >> rounds down. */
int64_t wheel_expiry(int64_t expires, unsigned int level)
{
	return ((expires >> (LVL_CLK_SHIFT * level)) + 1) * granule(level);
}

/* --- sets ---------------------------------------------------------------- */

void wheel_init(struct wheel *ret, unsigned int hz, int64_t late)
{
	ret->hz = hz;
	ret->late = late;
	ret->answer = (struct wheel_span){ 0 };
	ret->level = 0;
	ret->step = 1;
	ret->n = 1;
	ret->moments[0] = (struct wheel_moment){ 0 };
}

static void add(struct wheel *wheel, struct wheel_moment moment);

static int compare_moments(const void *a, const void *b)
{
	const struct wheel_moment *x = a, *y = b;

	if (x->tick != y->tick)
		return x->tick < y->tick ? -1 : 1;
	return (x->first > y->first) - (x->first < y->first);
}

/* Whether `b`, which does not begin before `a`, continues or overlaps it. */
static bool joins(const struct wheel *wheel, const struct wheel_moment *a,
		  const struct wheel_moment *b)
{
	return a->tick == b->tick && b->first <= a->last + wheel->step &&
	       (b->first - a->first) % wheel->step == 0;
}

static void join(struct wheel_moment *a, const struct wheel_moment *b)
{
	a->last = MAX(a->last, b->last);
}

static void merge(struct wheel *wheel)
{
	size_t n = 0;

	qsort(wheel->moments, wheel->n, sizeof(*wheel->moments),
	      compare_moments);
	for (size_t i = 1; i < wheel->n; i++) {
		if (joins(wheel, &wheel->moments[n], &wheel->moments[i]))
			join(&wheel->moments[n], &wheel->moments[i]);
		else
			wheel->moments[++n] = wheel->moments[i];
	}
	wheel->n = MIN(n + 1, wheel->n);
}

/* Ticks are then known modulo a smaller granule: more phases are possible. */
static void forget_level(struct wheel *wheel)
{
	size_t n = wheel->n;

	wheel->level--;
	wheel->step = 1;
	wheel->n = 0;
	for (size_t i = 0; i < n; i++)
		add(wheel, wheel->moments[i]);
}

static void unite_all(struct wheel *wheel)
{
	for (size_t i = 1; i < wheel->n; i++)
		join(&wheel->moments[0], &wheel->moments[i]);
	wheel->n = 1;
}

static void make_room(struct wheel *wheel)
{
	merge(wheel);
	while (wheel->n > WHEEL_MOMENTS_MAX / 2) {
		if (wheel->level == 0) {
			unite_all(wheel);
			return;
		}
		forget_level(wheel);
		merge(wheel);
	}
}

static struct wheel_moment later(struct wheel_moment moment, int64_t ticks)
{
	moment.tick += ticks;
	moment.first += ticks;
	moment.last += ticks;
	return moment;
}

/* Adds a moment, with its expiry modulo 8^level. */
static void add(struct wheel *wheel, struct wheel_moment moment)
{
	int64_t origin;
	struct wheel_moment *before;

	if (wheel->n == WHEEL_MOMENTS_MAX)
		make_room(wheel);
	before = wheel->n ? &wheel->moments[wheel->n - 1] : NULL;
	origin = moment.tick & -granule(wheel->level);
	moment = later(moment, -origin);
	if (before && before->first <= moment.first &&
	    joins(wheel, before, &moment))
		join(before, &moment);
	else
		wheel->moments[wheel->n++] = moment;
}

/* Adds a moment whose ticks are known modulo 8^known only. */
static void add_known(struct wheel *wheel, struct wheel_moment moment,
		      unsigned int known)
{
	int64_t apart = granule(known);

	for (int64_t at = 0; at < granule(MAX(wheel->level, known));
	     at += apart)
		add(wheel, later(moment, at));
}

/* --- timers -------------------------------------------------------------- */

/*
 * Adds the expiry of a timer in a level that is coarser than what is known:
 * `expires` plus any multiple of 8^known. So its remainder modulo the granule
 * of the level is any number that has the known last digits.
 */
static void add_coarser(struct wheel *wheel, const struct wheel_moment *moment,
			int64_t expires, unsigned int level,
			unsigned int known)
{
	int64_t digits = expires & (granule(known) - 1);
	struct wheel_moment ends = {
		.first = moment->first - expires + digits - granule(level),
		.last = moment->last - expires + digits - granule(level),
	};
	int64_t most = granule(level) - granule(known);

	/* The clocks of the copies follow one another without a gap. */
	if (ends.last - ends.first + wheel->step >= granule(known)) {
		ends.last += most;
		add_known(wheel, ends, level);
		return;
	}
	for (int64_t more = 0; more <= most; more += granule(known)) {
		struct wheel_moment copy = { .first = ends.first + more,
					     .last = ends.last + more };

		add_known(wheel, copy, level);
	}
}

static void add_expiry(struct wheel *wheel, const struct wheel_moment *moment,
		       int64_t expires, unsigned int level, unsigned int known)
{
	struct wheel_moment end = *moment;

	if (level > known) {
		add_coarser(wheel, moment, expires, level, known);
		return;
	}
	end.tick = wheel_expiry(expires, level);
	add_known(wheel, end, known);
}

struct levels {
	unsigned int min, max;
};

/*
 * base->clk is jiffies, or one ahead of it in the callbacks of the tick and
 * between their end and the next tick. In a late callback jiffies are ahead by
 * `late` ticks, and base->clk may have followed: forward_timer_base().
 */
static struct levels levels_of(const struct wheel *wheel, int64_t jiffies,
			       enum wheel_context context, int64_t late)
{
	struct levels levels = {
		.min = wheel_level(jiffies - 1, wheel->hz),
		.max = wheel_level(jiffies, wheel->hz),
	};

	if (context == WHEEL_CALLBACK)
		levels.max = wheel_level(jiffies + late - 1, wheel->hz);
	return levels;
}

/* Ticks from the expiry to the arming. */
static struct wheel_span delay_of(const struct wheel *wheel,
				  enum wheel_context context)
{
	switch (context) {
	case WHEEL_BETWEEN_TICKS:
		break;
	case WHEEL_CALLBACK:
		return (struct wheel_span){ 0, wheel->late };
	case WHEEL_ANSWER:
		return wheel->answer;
	}
	return (struct wheel_span){ 0, 0 };
}

/*
 * The values of a span that are looked at: all of a short one; of the many that
 * a large lateness makes possible both ends and one or two between. Each timer of
 * a chain multiplies their number.
 */
static int64_t next_sample(struct wheel_span span, int64_t at)
{
	int64_t step = MAX((span.max - span.min) / 2, 1);

	return at < span.max ? MIN(at + step, span.max) : span.max + 1;
}

static void arm(struct wheel *wheel, const struct wheel_moment *moment,
		int64_t jiffies, enum wheel_context context,
		unsigned int known)
{
	struct wheel_span delay = delay_of(wheel, context);

	for (int64_t late = delay.min; late <= delay.max;
	     late = next_sample(delay, late)) {
		struct levels levels = levels_of(wheel, jiffies, context, late);

		for (unsigned int level = levels.min; level <= levels.max;
		     level++)
			add_expiry(wheel, moment, moment->tick + late + jiffies,
				   level, known);
	}
}

/* Empties the set for the expiries of timers that are at most so long, and
 * returns a copy of it. */
struct before {
	unsigned int known;
	size_t n;
	struct wheel_moment moments[WHEEL_MOMENTS_MAX];
};

static void begin(struct wheel *wheel, int64_t longest,
		  enum wheel_context context, struct before *ret)
{
	struct levels levels = levels_of(wheel, longest, context, wheel->late);

	ret->known = wheel->level;
	ret->n = wheel->n;
	memcpy(ret->moments, wheel->moments, wheel->n * sizeof(*ret->moments));
	wheel->level = MAX(wheel->level, levels.max);
	wheel->n = 0;
}

void wheel_pass(struct wheel *wheel, int64_t jiffies,
		enum wheel_context context)
{
	struct before before;

	begin(wheel, jiffies, context, &before);
	for (size_t i = 0; i < before.n; i++)
		arm(wheel, &before.moments[i], jiffies, context, before.known);
	merge(wheel);
}

void wheel_pass_rest(struct wheel *wheel, struct wheel_span jiffies)
{
	int64_t most = granule(wheel_level(jiffies.max, wheel->hz));
	struct wheel_span since = { 0 };

	wheel_since(wheel, 0, INT64_MAX, &since);
	wheel->level = 0;
	wheel->step = 1;
	wheel->n = 1;
	wheel->moments[0] = (struct wheel_moment){
		.first = -(since.max + wheel->late + jiffies.max + most),
		.last = -(since.min + jiffies.min + 1),
	};
}

void wheel_pass_each(struct wheel *wheel, int64_t longest,
		     enum wheel_context context, wheel_length_fn *each,
		     void *data)
{
	int64_t step = wheel->step;
	struct before before;

	begin(wheel, longest, context, &before);
	for (size_t i = 0; i < before.n; i++) {
		struct wheel_moment one = before.moments[i];

		for (; one.first <= before.moments[i].last; one.first += step) {
			struct wheel_span lengths =
				each(data, one.tick - one.first);

			one.last = one.first;
			for (int64_t jiffies = lengths.min;
			     jiffies <= lengths.max;
			     jiffies = next_sample(lengths, jiffies))
				arm(wheel, &one, jiffies, context,
				    before.known);
		}
	}
	merge(wheel);
}

/* --- the clock ------------------------------------------------------------ */

void wheel_start_clock(struct wheel *wheel)
{
	size_t n = wheel->n;

	/* The last expiry is known modulo 8^level, and so is the clock. */
	wheel->step = granule(wheel->level);
	wheel->n = 0;
	for (size_t i = 0; i < n; i++) {
		int64_t tick = wheel->moments[i].tick;

		add(wheel, (struct wheel_moment){ tick, tick, tick });
	}
}

/* The clocks of a moment from which its expiry is `from` to `until` ticks away;
 * first > last if there are none. */
static struct wheel_moment between(const struct wheel *wheel,
				   struct wheel_moment moment, int64_t from,
				   int64_t until)
{
	int64_t early = moment.tick - until - moment.first;
	int64_t late = moment.last - (moment.tick - from);

	if (early > 0)
		moment.first += (early + wheel->step - 1) & -wheel->step;
	if (late > 0)
		moment.last -= (late + wheel->step - 1) & -wheel->step;
	return moment;
}

bool wheel_since(const struct wheel *wheel, int64_t from, int64_t until,
		 struct wheel_span *ret)
{
	bool any = false;

	for (size_t i = 0; i < wheel->n; i++) {
		struct wheel_moment some =
			between(wheel, wheel->moments[i], from, until);
		struct wheel_span span = { some.tick - some.last,
					   some.tick - some.first };

		if (some.first > some.last)
			continue;
		ret->min = any ? MIN(ret->min, span.min) : span.min;
		ret->max = any ? MAX(ret->max, span.max) : span.max;
		any = true;
	}
	return any;
}

void wheel_keep(struct wheel *wheel, int64_t until)
{
	size_t n = 0;

	for (size_t i = 0; i < wheel->n; i++) {
		struct wheel_moment kept =
			between(wheel, wheel->moments[i], 0, until);

		if (kept.first <= kept.last)
			wheel->moments[n++] = kept;
	}
	wheel->n = n;
}
