/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Plans written as files ("x.yaml"), for the tests of what is said of them. */
#pragma once

#include <stddef.h>

#include "lab-plan.h"
#include "macro.h"

/* The one that was begun last. */
extern struct lab_plan *plan;

/* An empty one; a test's setup. */
void plan_begin(void);
void plan_read(const char *file);
/* Reads it, and says what it leaves unsaid. */
void plan_complete(const char *file);

/* Completed, lab_check() has nothing against it. */
void must_pass(const char *file);

/* A plan, and what is said of it behind the place. */
struct wrong {
	const char *file, *message;
};

void must_refuse(const struct wrong *plans, size_t n);

#define MUST_REFUSE(...)                                                       \
	do {                                                                   \
		static const struct wrong plans_[] = { __VA_ARGS__ };          \
		must_refuse(plans_, ARRAY_SIZE(plans_));                       \
	} while (0)
