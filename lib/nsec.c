/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nsec.h"

nsec_t nsec_from_timespec(struct timespec ts)
{
	return ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
}

struct timespec nsec_to_timespec(nsec_t nsec)
{
	return (struct timespec){
		.tv_sec = nsec / NSEC_PER_SEC,
		.tv_nsec = nsec % NSEC_PER_SEC,
	};
}

double nsec_seconds(nsec_t nsec)
{
	return (double)nsec / (double)NSEC_PER_SEC;
}

nsec_t nsec_from_seconds(double seconds)
{
	if (!(seconds > 0))
		return 0;
	return seconds < 9e9 ? (nsec_t)(seconds * 1e9 + 0.5) : NSEC_NEVER;
}

nsec_t nsec_add(nsec_t a, nsec_t b)
{
	if (a == NSEC_NEVER || b == NSEC_NEVER)
		return NSEC_NEVER;
	/* A negative remainder (a deadline in the past) cannot overflow. */
	if (b > 0 && a > NSEC_NEVER - b)
		return NSEC_NEVER;
	return a + b;
}

static nsec_t clock_now(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return nsec_from_timespec(ts);
}

nsec_t nsec_now(void)
{
	return clock_now(CLOCK_MONOTONIC);
}

nsec_t nsec_monotonic_minus_realtime(void)
{
	nsec_t best = 0, narrowest = NSEC_NEVER;

	/* The shortest of three pairs was interrupted least; one below a
	 * microsecond is accurate enough. */
	for (int i = 0; i < 3 && narrowest > USEC(1); i++) {
		nsec_t before = nsec_now();
		nsec_t wall = clock_now(CLOCK_REALTIME);
		nsec_t after = nsec_now();

		if (after - before < narrowest) {
			narrowest = after - before;
			best = before + (after - before) / 2 - wall;
		}
	}
	return best;
}

nsec_t nsec_tick_delay(void)
{
	static nsec_t tick;
	nsec_t coarse = clock_now(CLOCK_MONOTONIC_COARSE), now = nsec_now();

	if (!tick)
		tick = NSEC_PER_SEC / nsec_hz();
	if (now - coarse <= tick)
		return 0;
	/* Otherwise the tick has come between the two readings. */
	return clock_now(CLOCK_MONOTONIC_COARSE) == coarse ?
		       now - coarse - tick :
		       0;
}

unsigned int nsec_hz(void)
{
	struct timespec ts;

	if (clock_getres(CLOCK_MONOTONIC_COARSE, &ts) < 0 || ts.tv_nsec <= 0)
		return 100;
	return (unsigned int)((NSEC_PER_SEC + ts.tv_nsec / 2) / ts.tv_nsec);
}
