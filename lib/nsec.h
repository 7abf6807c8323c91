/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Time. Durations and points in time are nanoseconds. Points in time are on
 * CLOCK_MONOTONIC, which all processes of a machine share, so that the times of
 * probes and of the wire have one order.
 */
#pragma once

#include <inttypes.h>
#include <stdint.h>
#include <time.h>

typedef int64_t nsec_t;

#define NSEC_PER_SEC INT64_C(1000000000)
#define NSEC_NEVER INT64_MAX

#define SEC(n_) ((nsec_t)(n_)*NSEC_PER_SEC)
#define MSEC(n_) ((nsec_t)(n_)*INT64_C(1000000))
#define USEC(n_) ((nsec_t)(n_)*INT64_C(1000))

/* Now, on CLOCK_MONOTONIC. */
nsec_t nsec_now(void);

/*
 * The difference that converts a CLOCK_REALTIME timestamp to CLOCK_MONOTONIC.
 * It is read at each call, because the wall clock may be set in between.
 */
nsec_t nsec_monotonic_minus_realtime(void);

nsec_t nsec_from_timespec(struct timespec ts);
struct timespec nsec_to_timespec(nsec_t nsec);
double nsec_seconds(nsec_t nsec);

/* The nearest duration: up to days, the inverse of nsec_seconds(). 0 for a negative
 * number, NSEC_NEVER for one beyond the range. */
nsec_t nsec_from_seconds(double seconds);

/* NSEC_NEVER stays NSEC_NEVER. */
nsec_t nsec_add(nsec_t a, nsec_t b);

/*
 * How long jiffies have been waiting for their next tick beyond its time; 0: not
 * at all. tick_do_update_jiffies64() counts jiffies and sets the coarse clocks in
 * the same interrupt, so that a coarse clock older than a tick shows jiffies that
 * lag. A timer that is armed then expires early by the clock.
 */
nsec_t nsec_tick_delay(void);

/*
 * HZ of the running kernel: the resolution of a coarse clock is one jiffy
 * (posix_get_coarse_res() in kernel/time/posix-timers.c). Needs no privileges.
 */
unsigned int nsec_hz(void);
