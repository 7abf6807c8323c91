/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The steps of the plan, and when their turn is. */
#include <errno.h>
#include <string.h>

#include "lab-phrases.h"
#include "lab-words.h"

int lab_plan_add_command(struct lab_plan *plan, struct lab_action *action,
		   const struct lab_place *place)
{
	struct lab_program *program;
	int r;

	if (!action->command)
		return 0;
	r = lab_plan_add_program(plan, action->host, action->program,
				 action->command, place, &program);
	if (r < 0)
		return error_trace(r);
	program->later = true;
	action->program = program->name;
	action->command = NULL;
	return 0;
}

int lab_plan_add_step_at(struct lab_plan *plan, const char *when,
			 const struct lab_place *when_place, const char *action,
			 const struct lab_place *place)
{
	struct lab_step step = { 0 };
	int r = 0;

	if (plan->n_steps == LAB_STEPS)
		return lab_place_refuse(place, "a lab has at most %d steps",
					LAB_STEPS);
	r = lab_moment_read_text(plan, when, when_place, &step.when);
	if (r >= 0)
		r = lab_action_read_text(plan, action, place, &step.action);
	if (r >= 0)
		r = lab_plan_keep_place(plan, place, &step.place);
	if (r >= 0)
		r = lab_plan_add_command(plan, &step.action, place);
	if (r < 0)
		return error_trace(r);
	plan->steps[plan->n_steps++] = step;
	return 0;
}

int lab_plan_add_step(struct lab_plan *plan, const char *when,
		      const char *action, const struct lab_place *place)
{
	return lab_plan_add_step_at(plan, when, place, action, place);
}

int lab_plan_add_expectation(struct lab_plan *plan, const char *text,
			     const struct lab_place *place)
{
	struct lab_expectation expectation;
	int r;

	if (plan->n_expectations == LAB_EXPECTATIONS)
		return lab_place_refuse(place,
					"a lab has at most %d expectations",
					LAB_EXPECTATIONS);
	r = lab_expectation_read(plan, text, place, &expectation);
	if (r >= 0)
		r = lab_plan_keep_place(plan, place, &expectation.place);
	if (r < 0)
		return error_trace(r);
	plan->expectations[plan->n_expectations++] = expectation;
	return 0;
}

/* --- times ----------------------------------------------------------------*/

const struct lab_step *lab_plan_step(const struct lab_plan *plan,
				     const char *action)
{
	for (size_t i = 0; i < plan->n_steps; i++)
		if (strcmp(plan->steps[i].action.text, action) == 0)
			return &plan->steps[i];
	return NULL;
}

/* A chain of steps that wait for each other is no longer than there are steps,
 * unless it bites its tail. */
nsec_t lab_plan_moment_time(const struct lab_plan *plan,
			    const struct lab_moment *moment)
{
	nsec_t time = 0;

	for (size_t i = 0; i <= plan->n_steps; i++) {
		const struct lab_step *step;

		time += moment->after;
		if (moment->event == LAB_AFTER_START)
			return time;
		if (moment->event != LAB_AFTER_STEP)
			return NSEC_NEVER;
		step = lab_plan_step(plan, moment->text);
		if (!step)
			return NSEC_NEVER;
		moment = &step->when;
	}
	return NSEC_NEVER;
}

nsec_t lab_plan_step_time(const struct lab_plan *plan, size_t step)
{
	return lab_plan_moment_time(plan, &plan->steps[step].when);
}
