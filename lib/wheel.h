/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's timer wheel (kernel/time/timer.c), as a set of possibilities.
 *
 * A timer expires at a tick that depends on the value of jiffies when it was
 * armed: calc_index() rounds up to a multiple of 8^n jiffies, in level n of the
 * wheel. That value, the phase, is unknown and is the only unknown of a chain of
 * timers each of which is armed by the callback of the one before: after the
 * first expiry the rounding is no longer free. A chain of n timers therefore
 * ends within one granule of the coarsest level, and not within n granules.
 *
 * The phase is not enumerated. Its period is the coarsest granule (2^24 jiffies
 * in level 8), but a timer in level n depends only on jiffies modulo 8^n. So
 * the set holds what is known: the last expiry modulo 8^level, where `level` is
 * the coarsest level so far, and an interval for another point in time that
 * matters later, the `clock` of a comparison such as "3 s since retrans_stamp".
 * Both are counted in ticks from an origin that is a multiple of 8^level. A
 * coarser timer reveals more of the phase: the moment is repeated at distances
 * of 8^level, and the copies that end in the same bucket are merged.
 * Without comparisons that depend on the phase, one moment is enough.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Distances of an expiry from the clock, or lengths of timers, in ticks. */
struct wheel_span {
	int64_t min, max;
};

/* Where a timer is armed. */
enum wheel_context {
	/* By a system call or a received segment, between two ticks. */
	WHEEL_BETWEEN_TICKS,
	/* By its own callback. base->clk is then one ahead of jiffies, so the
	 * timer is one jiffy nearer to it: __run_timers(). */
	WHEEL_CALLBACK,
	/* By a segment that answers what the callback has sent. */
	WHEEL_ANSWER,
};

/* One possibility: an expiry, and when the clock was started. All ticks from
 * `first` to `last` are possible for the clock, `wheel.step` apart. */
struct wheel_moment {
	int64_t tick;
	int64_t first, last;
};

enum { WHEEL_MOMENTS_MAX = 8192 };

struct wheel {
	unsigned int hz;
	int64_t late; /* ticks: the most by which a callback is late; 0 exact */
	struct wheel_span answer; /* ticks from an expiry to WHEEL_ANSWER */
	unsigned int level;
	int64_t step;
	size_t n;
	struct wheel_moment moments[WHEEL_MOMENTS_MAX];
};

/* The level that holds a timer this many jiffies after base->clk:
 * calc_wheel_index(). Timers beyond the wheel (15 days at HZ 100, 49 at 250)
 * are not modelled. */
unsigned int wheel_level(int64_t delta, unsigned int hz);

/* The tick at which a timer of that level expires: calc_index(). */
int64_t wheel_expiry(int64_t expires, unsigned int level);

/* One moment, nothing known about the phase, the clock started at it. */
void wheel_init(struct wheel *ret, unsigned int hz, int64_t late);

/* Starts the clock again, at the last expiry of each moment. */
void wheel_start_clock(struct wheel *wheel);

/* The smallest and the largest distance of the last expiry from the clock,
 * among those from `from` to `until`; false if there are none. */
bool wheel_since(const struct wheel *wheel, int64_t from, int64_t until,
		 struct wheel_span *ret);

/* Removes the moments whose distance from the clock exceeds `until`. */
void wheel_keep(struct wheel *wheel, int64_t until);

/* Arms a timer for so many jiffies at each moment, and goes to its expiry. */
void wheel_pass(struct wheel *wheel, int64_t jiffies,
		enum wheel_context context);

/*
 * The same where the timer was armed earlier, and is armed again for the rest:
 * the moment of the expiry is any of these lengths later, but the level, which
 * depends on the rest, is unknown. Nothing is known about the phase then.
 */
void wheel_pass_rest(struct wheel *wheel, struct wheel_span jiffies);

/* The same where the length depends on the distance from the clock: `each` sets
 * the range of lengths, none of which exceeds `longest`. */
typedef struct wheel_span wheel_length_fn(void *data, int64_t since);

void wheel_pass_each(struct wheel *wheel, int64_t longest,
		     enum wheel_context context, wheel_length_fn *each,
		     void *data);
