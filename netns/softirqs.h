/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The scheduling delay of softirqs, in which TCP's timers run. On a busy
 * machine the kernel leaves softirqs to the ksoftirqd threads, which wait for a
 * CPU like any process: a timer can be late although no process of a run was.
 * The scheduler counts that time in /proc/PID/schedstat.
 */
#pragma once

#include <stddef.h>

#include "nsec.h"

enum { SOFTIRQS_MAX = 128 };

struct softirqs {
	int fds[SOFTIRQS_MAX]; /* schedstat of each ksoftirqd; owned */
	size_t n; /* 0 where /proc does not show them, as in a container */
};

/* Finds the threads; the fds are close-on-exec. Cannot fail: n may be 0. */
void softirqs_open(struct softirqs *ret);
void softirqs_close(struct softirqs *softirqs);

/* The total time that thread `i` has waited for a CPU. */
nsec_t softirqs_waited(const struct softirqs *softirqs, size_t i);

/* The longest wait that ended between two samples. The scheduler counts a wait
 * when it ends; of one that began before the first sample, only the time after
 * that sample counts. */
struct softirqs_samples {
	nsec_t begun;
	nsec_t before[SOFTIRQS_MAX];
	nsec_t longest;
};

/* The first sample: delay before that point is not attributed. */
void softirqs_begin(struct softirqs_samples *samples,
		    const struct softirqs *softirqs);
void softirqs_sample(struct softirqs_samples *samples,
		     const struct softirqs *softirqs);
