/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The incidents that ship: what can be said of them without running any. */
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "errors.h"
#include "lab-check.h"
#include "lab-file.h"
#include "suite.h"
#include "unit.h"

static glob_t files;
static struct lab_plan *plan;

static void setup(void)
{
	ck_assert_int_eq(glob(INCIDENTS "/*.yaml", 0, NULL, &files), 0);
}

static void read_plan(const char *path)
{
	int r;

	plan = lab_plan_free(plan);
	ck_assert_int_eq(lab_plan_new(&plan), 0);
	r = lab_file_read(plan, path);
	if (r >= 0)
		r = lab_plan_add_defaults(plan);
	if (r >= 0)
		r = lab_check(plan);
	ck_assert_msg(r >= 0, "%s", error_message());
}

START_TEST(all_of_them_can_be_run_and_can_fail)
{
	for (size_t i = 0; i < files.gl_pathc; i++) {
		const char *path = files.gl_pathv[i];

		read_plan(path);
		ck_assert_msg(plan->about && strlen(plan->about) > 200,
			      "%s says not what to look at", path);
		ck_assert_msg(plan->n_expectations, "%s expects nothing",
			      path);
		ck_assert_msg(plan->duration <= SEC(30), "%s is too long", path);
	}
}
END_TEST

static bool is_needed(const char *program)
{
	for (size_t i = 0; i < plan->n_needs; i++)
		if (strcmp(plan->needs[i], program) == 0)
			return true;
	return false;
}

static bool is_run(const char *program)
{
	for (size_t i = 0; i < plan->n_programs; i++)
		if (strstr(plan->programs[i].command, program))
			return true;
	for (size_t i = 0; i < plan->n_files; i++)
		if (strstr(plan->files[i].text, program))
			return true;
	return false;
}

/* Whatever is in no base system is a need, and nothing else is. */
START_TEST(they_need_what_they_run)
{
	static const char *const known[] = { "nginx", "curl", "sshd",
					     "ssh-keygen" };

	for (size_t i = 0; i < files.gl_pathc; i++) {
		read_plan(files.gl_pathv[i]);
		for (size_t k = 0; k < ARRAY_SIZE(known); k++)
			ck_assert_msg(is_run(known[k]) == is_needed(known[k]),
				      "%s: %s", files.gl_pathv[i], known[k]);
	}
}
END_TEST

/* A cure names what it cures, and the other way round. */
START_TEST(files_that_they_name_are_there)
{
	for (size_t i = 0; i < files.gl_pathc; i++) {
		const char *end;

		read_plan(files.gl_pathv[i]);
		end = strstr(plan->about, ".yaml");
		for (; end; end = strstr(end + 1, ".yaml")) {
			const char *begin = end;
			char path[512];

			while (begin > plan->about &&
			       !strchr(" \n(", begin[-1]))
				begin--;
			snprintf(path, sizeof(path), "%s/%.*s.yaml", INCIDENTS,
				 (int)(end - begin), begin);
			ck_assert_msg(access(path, R_OK) == 0, "%s: %s",
				      files.gl_pathv[i], path);
		}
	}
}
END_TEST

static const TTest *const *const tests[] = {
	&all_of_them_can_be_run_and_can_fail,
	&they_need_what_they_run,
	&files_that_they_name_are_there,
};

int main(void)
{
	return unit_run("incidents", tests, ARRAY_SIZE(tests), setup);
}
