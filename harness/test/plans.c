/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plans.h"

#include <errno.h>
#include <string.h>

#include "errors.h"
#include "lab-check.h"
#include "lab-defaults.h"
#include "lab-file.h"
#include "unit.h"

struct lab_plan *plan;

void plan_begin(void)
{
	plan = lab_plan_free(plan);
	ck_assert_int_eq(lab_plan_new(&plan), 0);
}

void plan_read(const char *file)
{
	plan_begin();
	ck_assert_msg(lab_file_parse(plan, "x.yaml", file, strlen(file)) == 0,
		      "%s\n%s", file, error_message());
}

void plan_complete(const char *file)
{
	plan_read(file);
	ck_assert_msg(lab_defaults_add(plan) == 0, "%s", error_message());
}

void must_pass(const char *file)
{
	plan_complete(file);
	ck_assert_msg(lab_check(plan) == 0, "%s\n%s", file, error_message());
}

void must_refuse(const struct wrong *plans, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		plan_complete(plans[i].input);
		ck_assert_msg(lab_check(plan) == -EINVAL, "%s", plans[i].input);
		ck_assert_msg(strncmp(error_message(), "x.yaml:", 7) == 0 &&
				      strstr(error_message(), plans[i].message),
			      "%s\n%s\nnot %s", plans[i].input, error_message(),
			      plans[i].message);
	}
}

void must_be_refused(int r, const struct wrong *wrong)
{
	ck_assert_msg(r == -EINVAL, "%s: %d", wrong->input, r);
	ck_assert_msg(strncmp(error_message(), wrong->message,
			      strlen(wrong->message)) == 0,
		      "%s\n%s\nnot %s", wrong->input, error_message(),
		      wrong->message);
}
