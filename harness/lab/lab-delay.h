/* SPDX-License-Identifier: GPL-2.0-or-later */
/* By how much something can be late because a CPU was busy. */
#pragma once

#include <sys/types.h>

#include "nsec.h"
#include "run-control.h"
#include "wire-capture.h"

/* What the threads of a run have waited for a CPU until a moment. */
struct lab_delay {
	nsec_t at;
	/* Three measurements of the process that serves the wire: late timers,
	 * frames that waited, its run queue. */
	nsec_t loop, wire, run_queue;
	nsec_t softirqs;
	struct lab_delay_process {
		pid_t pid;
		nsec_t waited;
	} * processes; /* of the hosts */
	size_t n, capacity;
};

/* Now. Without memory the run ends as BROKEN. */
struct lab_delay *lab_delay_sample(struct run *run);
struct lab_delay *lab_delay_free(struct lab_delay *delay);

/* The sum of what was waited between two samples. */
nsec_t lab_delay_between(const struct lab_delay *begin,
			 const struct lab_delay *end);

/* The most by which retransmissions, among the `n` frames, took longer because
 * an RTT sample was too large by `longest`. */
nsec_t lab_delay_growth(const struct wire_capture *frames, size_t n,
			nsec_t longest);

/* The most by which something can be late that happens now, and is counted from
 * the time of a sample. */
nsec_t lab_delay_since(struct run *run, const struct lab_delay *begin);
