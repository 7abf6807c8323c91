/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The expectations of a lab: evidence from events, and the results. */
#pragma once

#include "lab-event.h"
#include "lab-probes.h"
#include "lab-programs.h"
#include "lab-sockets.h"

struct lab_judge;

/* Both arguments are borrowed. */
struct lab_judge *lab_judge_new(struct run *run, const struct lab_plan *plan);

/* Every event, in the order of time. */
void lab_judge_see(struct lab_judge *judge, const struct lab_event *event);

/* After each look at the sockets. */
void lab_judge_see_sockets(struct lab_judge *judge,
			   const struct lab_sockets *sockets);

/* At the end, after the last look: journals each expectation with its result.
 */
void lab_judge_finish(struct lab_judge *judge, const struct lab_probes *probes,
		      const struct lab_programs *programs);
