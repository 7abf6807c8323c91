/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A plan for the tests of the lab, built from a file's text ("x.yaml"). */
#pragma once

#include <stddef.h>

#include "lab-plan.h"
#include "macro.h"

/* The plan of the last plan_begin(). */
extern struct lab_plan *plan;

/* An empty plan; a test's setup. */
void plan_begin(void);
void plan_read(const char *file);
/* Reads the file and adds the defaults. */
void plan_complete(const char *file);

/* lab_check() accepts the plan with its defaults. */
void must_pass(const char *file);

/* An input, and the beginning of its error message or a part of it. */
struct wrong {
	const char *input, *message;
};

/* lab_check() refuses these files with a message that has this part. */
void must_refuse(const struct wrong *plans, size_t n);

#define MUST_REFUSE(...)                                                       \
	do {                                                                   \
		static const struct wrong plans_[] = { __VA_ARGS__ };          \
		must_refuse(plans_, ARRAY_SIZE(plans_));                       \
	} while (0)

/* `r`, the result for this input, is -EINVAL, and the message begins so. */
void must_be_refused(int r, const struct wrong *wrong);
