/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The grammar of a lab's expectations. harness/doc/lab.md is its manual; EVENT
 * and KIND are those of lab-action.h.
 */
#pragma once

#include "lab-action.h"
#include "lab-plan.h"

/* As lab_action_parse(). */
int lab_expectation_parse(struct lab_plan *plan, const char *text,
			  const struct lab_place *place,
			  struct lab_expectation *ret);

/* Parses and adds one. `place` may be NULL. */
int lab_expectation_add(struct lab_plan *plan, const char *text,
			const struct lab_place *place);

/* As lab_action_each(), for every form of an expectation, NUMBER and TIME. */
void lab_expectation_each(lab_grammar_fn *fn, void *data);
