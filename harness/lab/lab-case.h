/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A lab's plan as a case: it has the same process, world, journal and verdict
 * as any other case, and a script that follows the plan.
 */
#pragma once

#include "lab-plan.h"

struct lab_case;
struct run;

/* Borrows the plan, which lab_check() has found valid. `script` is
 * lab_script(). -EINVAL for rules of a gateway that are invalid or too long. */
int lab_case_new(struct lab_case **ret, struct lab_plan *plan,
		 void (*script)(struct run *run));
struct lab_case *lab_case_free(struct lab_case *lab_case);

const struct testcase *lab_case_testcase(const struct lab_case *lab_case);

/* The plan of a testcase made by this module. */
struct lab_plan *lab_case_plan(const struct testcase *testcase);
