/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs cases in parallel. Each run is a process (case-process.h) that the
 * supervisor starts and whose journal it reads from a pipe; a worker (worker.h)
 * is its view of one of them. One thread, one loop.
 */
#pragma once

#include "report.h"
#include "run-control.h"

struct supervisor_plan {
	const struct run_job *jobs;
	size_t n_jobs;
	struct run_options options;
	unsigned int parallel; /* runs at a time; 0: see supervisor_parallel() */
	unsigned int retries; /* see result_wants_retry() */
	bool skip_inconclusive; /* an inconclusive BROKEN becomes SKIP */
	bool must_run; /* SKIP becomes FAIL */
	const char *out; /* --out DIR; NULL: none */
};

/* The number of runs at a time for -j `wanted` under the limits on processes and
 * files, which it raises first, and of memory. 0: as many as possible, or one in
 * virtual time. */
size_t supervisor_parallel(unsigned int wanted);

/*
 * Runs all jobs, the longest first, and reports each when it ends. Returns 0,
 * -errno, or the signal (SIGINT, SIGTERM) that ended it; in each case the results
 * so far have been reported.
 */
int supervisor_run(const struct supervisor_plan *plan, struct report *report,
		   struct report_tally *ret);
