/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A lab as its user sees it: started, looked at while it runs, talked to, and
 * ended, by its time, by Ctrl-C, or by the prompt.
 */
#pragma once

#include <stdbool.h>

#include "lab-case.h"
#include "lab-plan.h"
#include "report.h"
#include "run-control.h"

struct lab_session_plan {
	struct lab_plan *plan;
	/* Of that plan. It outlives the result. */
	const struct lab_case *lab_case;
	struct run_options run; /* without `prompt` */
	struct report *report;
	const char *out; /* directory for journal and capture; NULL: none */
	bool live; /* what happens is printed as it happens */
	bool interactive; /* the prompt */
	const char *shell; /* a host, into which a shell goes; NULL: none */
};

/*
 * Runs it to its end. The result is the caller's. 0, or the signal that ended
 * it before it could come to its own end: then there may be no result. A first
 * Ctrl-C only ends the timeline.
 */
int lab_session_run(const struct lab_session_plan *plan,
		    struct result **ret);
