/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A lab's plan as a case: the same process, world, journal and verdict as any
 * other, with a script that reads the plan.
 */
#pragma once

#include "lab-plan.h"

struct lab_case;

/* The plan is borrowed, and checked: lab_check(). */
int lab_case_new(struct lab_case **ret, struct lab_plan *plan);
struct lab_case *lab_case_free(struct lab_case *lab_case);

const struct testcase *lab_case_testcase(const struct lab_case *lab_case);

/* The plan of the case that the script is told of. */
struct lab_plan *lab_case_plan(const struct testcase *testcase);
