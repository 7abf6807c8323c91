/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A lab's file: a valid one gets its defaults and is checked; the error message
 * for any other begins with its name. */
#include <errno.h>

#include "fuzz.h"
#include "lab-check.h"
#include "lab-defaults.h"
#include "lab-file.h"

static void must_be_complete(const struct lab_plan *plan)
{
	fuzz_must(plan->n_hosts <= LAB_HOSTS);
	for (size_t i = 0; i < plan->n_hosts; i++)
		for (int to = 0; to <= 1; to++)
			fuzz_must(plan->hosts[i].links[to].loss >= 0 &&
				  plan->hosts[i].links[to].loss <= 1);
	for (size_t i = 0; i < plan->n_programs; i++)
		fuzz_must(plan->programs[i].name && plan->programs[i].host &&
			  *plan->programs[i].command);
	for (size_t i = 0; i < plan->n_steps; i++)
		fuzz_must(plan->steps[i].action.text &&
			  plan->steps[i].action.name &&
			  plan->steps[i].when.text &&
			  plan->steps[i].place.source);
	for (size_t i = 0; i < plan->n_expectations; i++)
		fuzz_must(plan->expectations[i].text);
	fuzz_must(!plan->settings[plan->n_settings].name);
	fuzz_must(!plan->needs[plan->n_needs]);
}

/* Names that the check has accepted exist. */
static void must_be_known(struct lab_plan *plan)
{
	for (size_t i = 0; i < plan->n_programs; i++)
		fuzz_must(lab_plan_host(plan, plan->programs[i].host));
	for (size_t i = 0; i < plan->n_steps; i++) {
		const struct lab_action *action = &plan->steps[i].action;
		nsec_t time = lab_plan_step_time(plan, i);

		fuzz_must(!action->host || lab_plan_host(plan, action->host));
		fuzz_must(!action->program ||
			  lab_plan_program(plan, action->program));
		fuzz_must(time == NSEC_NEVER || time <= plan->duration);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy = fuzz_copy(data, size);
	struct lab_plan *plan = NULL;
	int r;

	fuzz_must(lab_plan_new(&plan) == 0);
	r = lab_file_parse(plan, "dir/x.yaml", (const char *)copy, size);
	if (r < 0) {
		fuzz_must(r == -EINVAL || r == -E2BIG);
		fuzz_must(strncmp(error_message(), "dir/x.yaml:", 11) == 0);
	} else {
		fuzz_must(strcmp(plan->name, "x") == 0);
		must_be_complete(plan);
		r = lab_defaults_add(plan);
		if (r >= 0 && lab_check(plan) >= 0)
			must_be_known(plan);
		must_be_complete(plan);
	}
	lab_plan_free(plan);
	free(copy);
	return 0;
}
