/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs cases side by side. Each run is a process of its own, init of its own
 * namespaces; nothing of it outlives it. The supervisor is the only one that
 * forks, has one thread, and reads each run's journal from a pipe.
 */
#pragma once

#include "report.h"
#include "run-control.h"

struct supervisor_plan {
	const struct run_job *jobs;
	size_t n_jobs;
	struct run_options options;
	unsigned int parallel; /* runs at once; 0: as many as limits allow */
	unsigned int retries; /* further tries of what failed or broke */
	bool skip_inconclusive; /* BROKEN by a slow machine becomes SKIP */
	bool must_run; /* SKIP becomes FAIL */
	const char *out; /* directory for the journals; NULL: none */
};

/* How many run at once, of so many wanted (0: as many as possible): the limits on
 * processes and files have a say, raised as far as is allowed. */
size_t supervisor_parallel(unsigned int wanted);

/*
 * Runs them all, longest first, and reports as they end. Returns 0, a failure
 * of the supervisor's own, or the signal (SIGINT, SIGTERM) that ended it; what
 * was known by then has been reported.
 */
int supervisor_run(const struct supervisor_plan *plan, struct report *report,
		   struct report_tally *ret);
