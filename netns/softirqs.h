/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TCP's timers run in softirqs. On a busy machine those are left to the
 * ksoftirqd threads, which wait for a CPU like everybody else, and a timer that
 * waits with them is late without any process having been late. The scheduler
 * counts that waiting: /proc/PID/schedstat.
 */
#pragma once

#include <stddef.h>

#include "nsec.h"

enum { SOFTIRQS_MAX = 128 };

struct softirqs {
	int fds[SOFTIRQS_MAX]; /* one of each ksoftirqd; owned */
	size_t n; /* 0 where /proc does not show them (a container's) */
};

/* Looks for the threads; close-on-exec. Never fails: it finds what it finds. */
void softirqs_open(struct softirqs *ret);
void softirqs_close(struct softirqs *softirqs);

/* For how long thread `i` has waited for a CPU, ever. */
nsec_t softirqs_waited(const struct softirqs *softirqs, size_t i);

/* The longest wait that ended between two samples. The scheduler counts it when
 * it ends: of one that began earlier, only what fell after the first sample. */
struct softirqs_samples {
	nsec_t begun;
	nsec_t before[SOFTIRQS_MAX];
	nsec_t longest;
};

/* The first sample: what was waited before is nobody's. */
void softirqs_begin(struct softirqs_samples *samples,
		    const struct softirqs *softirqs);
void softirqs_sample(struct softirqs_samples *samples,
		     const struct softirqs *softirqs);
