/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of the plan share, and nobody else needs. */
#pragma once

#include "errors.h"
#include "lab-plan.h"

/* Memory of all zeros that lives as long as the plan; NULL without. */
void *lab_plan_allocate(struct lab_plan *plan, size_t size);

/* Like lab_plan_keep(), for a text that is going to be taken to pieces. */
char *lab_plan_copy(struct lab_plan *plan, const char *text);

/* A copy of the place, its strings kept; -ENOMEM. */
int lab_plan_keep_place(struct lab_plan *plan, const struct lab_place *place,
			struct lab_place *ret);

/* A program of the plan is that host's, later or not. */
bool lab_plan_runs_in(const struct lab_plan *plan, const char *host);
/* The first step with that verb of that host's; NULL: none. */
const struct lab_step *lab_plan_probe_step(const struct lab_plan *plan,
					   const char *host,
					   enum lab_verb verb);
/* The first step with that action, as it is said; NULL: none. */
const struct lab_step *lab_plan_step(const struct lab_plan *plan,
				     const char *action);

/* A refusal with the place before it: -EINVAL. `place` NULL: none. */
int lab_place_refuse(const struct lab_place *place, const char *format, ...)
	MACRO_PRINTF(2, 3);

/* The same of the last failure `r`, which lacks its place yet. */
int lab_place_trace(const struct lab_place *place, int r);

/* -EINVAL for what cannot be the name of a host or a program, being a word of
 * the grammar, or no word at all. `what`: "host". */
int lab_name_check(const char *name, const char *what);
bool lab_name_is_reserved(const char *name);
bool lab_name_takes(char c, bool first);

/* What was perhaps meant, by a slip or two; NULL: nothing of these. */
const char *lab_nearest(const char *name, const char *const *names, size_t n);

/* The nearest of the names as the end of a message: "; unplug?", or, when
 * nothing is near, "; one of: crash, reboot". Returns `buffer`. */
const char *lab_suggest(const char *name, const char *const *names, size_t n,
			char *buffer, size_t size);
