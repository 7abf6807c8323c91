/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A lab as its user meets it: it runs in a worker process, its records are
 * printed as they arrive, commands are read from a prompt, shells enter its
 * hosts, and it ends by its duration, by Ctrl-C or by the prompt.
 */
#pragma once

#include <stdbool.h>

#include "lab-case.h"
#include "lab-plan.h"
#include "report.h"
#include "run-control.h"

/* All pointers are borrowed. */
struct lab_session_plan {
	struct lab_plan *plan;
	const struct lab_case *lab_case; /* of that plan; outlives the result */
	struct run_options run; /* its `prompt` is set by the session */
	struct report *report;
	const char *out; /* folder for journal and capture; NULL: none */
	unsigned int repetition; /* from 1, of labs with this name */
	unsigned int attempt; /* from 1 */
	bool live; /* records are printed as they arrive */
	bool interactive; /* commands are read from standard input */
	/* A shell starts in this host; the lab ends when it exits. NULL: none.
	 */
	const char *shell;
};

/*
 * Runs the lab to its end and gives the result to the caller. Returns 0, or the
 * signal that ended the lab at once: then there may be no result. The first
 * Ctrl-C is no such signal: it only ends the timeline and sets
 * `ret_interrupted`.
 */
int lab_session_run(const struct lab_session_plan *plan, struct result **ret,
		    bool *ret_interrupted);
