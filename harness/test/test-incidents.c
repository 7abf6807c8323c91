/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The incidents of cases/incidents, checked without running them. */
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "errors.h"
#include "incidents.h"
#include "lab-check.h"
#include "lab-defaults.h"
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
		r = lab_defaults_add(plan);
	if (r >= 0)
		r = lab_check(plan);
	ck_assert_msg(r >= 0, "%s", error_message());
}

START_TEST(incidents_are_valid_described_and_short)
{
	for (size_t i = 0; i < files.gl_pathc; i++) {
		const char *path = files.gl_pathv[i];

		read_plan(path);
		ck_assert_msg(plan->about && strlen(plan->about) > 200,
			      "%s: `about` is too short", path);
		ck_assert_msg(plan->symptom, "%s: no symptom", path);
		ck_assert_msg(plan->n_expectations, "%s: no expectations",
			      path);
		ck_assert_msg(plan->duration <= SEC(30) ||
				      plan->duration >
					      SEC(INCIDENT_REAL_SECONDS),
			      "%s: takes more than 30 s, and too little for "
			      "virtual time",
			      path);
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

/* Programs outside of the base system are needs, and nothing else is one. */
START_TEST(incidents_need_the_programs_that_they_run)
{
	static const char *const known[] = {
		"nginx",	   "curl",	"sshd",	    "ssh-keygen",
		"redis-server",	   "redis-cli", "mariadbd", "mariadb",
		"initdb",	   "postgres",	"psql",	    "keepalived",
		"rabbitmq-server",
	};

	for (size_t i = 0; i < files.gl_pathc; i++) {
		read_plan(files.gl_pathv[i]);
		for (size_t k = 0; k < ARRAY_SIZE(known); k++)
			ck_assert_msg(is_run(known[k]) == is_needed(known[k]),
				      "%s: %s", files.gl_pathv[i], known[k]);
	}
}
END_TEST

/* The description of a remedy names the incident, and the other way round. */
START_TEST(files_named_in_descriptions_exist)
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
	&incidents_are_valid_described_and_short,
	&incidents_need_the_programs_that_they_run,
	&files_named_in_descriptions_exist,
};

int main(void)
{
	return unit_run("incidents", tests, ARRAY_SIZE(tests), setup);
}
