/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Time. Every duration and every moment is a count of nanoseconds; moments are
 * on CLOCK_MONOTONIC, which all processes of a machine share, so that what a
 * probe saw and what the wire saw can be put in one order.
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
 * What must be added to a CLOCK_REALTIME stamp to get the CLOCK_MONOTONIC one.
 * Asked anew each time, since somebody may set the wall clock in between.
 */
nsec_t nsec_monotonic_minus_realtime(void);

nsec_t nsec_from_timespec(struct timespec ts);
struct timespec nsec_to_timespec(nsec_t nsec);
double nsec_seconds(nsec_t nsec);

/* NSEC_NEVER stays NSEC_NEVER. */
nsec_t nsec_add(nsec_t a, nsec_t b);

/*
 * HZ of the running kernel. A coarse clock advances once a jiffy, and says so
 * to everyone: kernel/time/posix-timers.c, posix_get_coarse_res().
 */
unsigned int nsec_hz(void);
