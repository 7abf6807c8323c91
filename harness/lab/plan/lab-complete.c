/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a plan leaves unsaid. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lab-parts.h"

/* --- hosts ----------------------------------------------------------------*/

static const struct lab_place usual = { .source = "a lab's usual hosts" };

static int add_missing_host(struct lab_plan *plan, const char *name)
{
	struct lab_host *host;
	int r;

	if (lab_plan_host(plan, name))
		return 0;
	r = lab_plan_add_host(plan, name, &usual, &host);
	return r < 0 ? error_trace(r) : 0;
}

/* The client stands before the server, whoever was named. */
static int complete_hosts(struct lab_plan *plan)
{
	int r;

	if (plan->n_hosts > 1 ||
	    (plan->n_hosts == 1 && !lab_plan_host(plan, "client") &&
	     !lab_plan_host(plan, "server")))
		return 0;
	r = add_missing_host(plan, "client");
	if (r >= 0)
		r = add_missing_host(plan, "server");
	if (r < 0)
		return error_trace(r);
	if (strcmp(plan->hosts[0].name, "server") == 0) {
		struct lab_host server = plan->hosts[0];

		plan->hosts[0] = plan->hosts[1];
		plan->hosts[1] = server;
	}
	return 0;
}

/* "kill x": of a host there was no word yet, perhaps, when it was read. */
static void find_killed(struct lab_plan *plan)
{
	for (size_t i = 0; i < plan->n_steps; i++) {
		struct lab_action *action = &plan->steps[i].action;

		if (action->verb == LAB_KILL && action->program &&
		    lab_plan_host(plan, action->program))
			action->host = TAKE(action->program);
	}
}

/* --- probes ---------------------------------------------------------------*/

static bool is_idle_end(const struct lab_plan *plan,
			const struct lab_host *host)
{
	return host->role == LAB_ENDPOINT && !lab_plan_runs_in(plan, host->name) &&
	       !lab_plan_probe_step(plan, host->name, LAB_LISTEN) &&
	       !lab_plan_probe_step(plan, host->name, LAB_CONNECT);
}

static const struct lab_host *last_end(const struct lab_plan *plan)
{
	for (size_t i = plan->n_hosts; i > 0; i--)
		if (plan->hosts[i - 1].role == LAB_ENDPOINT)
			return &plan->hosts[i - 1];
	return NULL;
}

/* Where the last host is to be reached; 0: nowhere that is known. */
static uint16_t port_of(const struct lab_plan *plan, const char *host)
{
	const struct lab_step *step = lab_plan_probe_step(plan, host, LAB_LISTEN);

	if (step)
		return step->action.port;
	for (size_t i = 0; i < plan->n_programs; i++)
		if (strcmp(plan->programs[i].host, host) == 0 &&
		    plan->programs[i].listens && !plan->programs[i].later)
			return plan->programs[i].listens;
	return 0;
}

/* What a probe must be there for, or what would keep it from beginning. Rules
 * of the wire, and cables that are pulled, are there before it begins. */
static bool wants_probe(const struct lab_action *action)
{
	static const char *const stops[] = { "crash", "reboot", "freeze",
					     "suspend" };

	for (size_t i = 0; action->fault && i < ARRAY_SIZE(stops); i++)
		if (strcmp(action->fault->name, stops[i]) == 0)
			return true;
	return action->verb >= LAB_LISTEN && action->verb <= LAB_USER_TIMEOUT;
}

/* Before the first step of the start that wants a probe. */
static size_t place_of_probes(const struct lab_plan *plan)
{
	for (size_t i = 0; i < plan->n_steps; i++)
		if (lab_plan_step_time(plan, i) == 0 &&
		    (wants_probe(&plan->steps[i].action) ||
		     plan->steps[i].action.verb == LAB_KILL))
			return i;
	return plan->n_steps;
}

static int add_step(struct lab_plan *plan, size_t at, const char *when,
		    const char *action)
{
	static const struct lab_place place = {
		.source = "a lab's usual probes"
	};
	struct lab_step step;
	size_t last = plan->n_steps;
	int r = lab_plan_add_step(plan, when, action, &place);

	if (r < 0)
		return error_trace(r);
	step = plan->steps[last];
	memmove(&plan->steps[at + 1], &plan->steps[at],
		(last - at) * sizeof(step));
	plan->steps[at] = step;
	return 0;
}

static int add_listener(struct lab_plan *plan, const struct lab_host *last,
			size_t *at)
{
	bool http = false;
	char action[64];
	int r;

	if (!is_idle_end(plan, last))
		return 0;
	for (size_t i = 0; i < plan->n_hosts; i++)
		http |= plan->hosts[i].role == LAB_ENDPOINT &&
			lab_plan_runs_in(plan, plan->hosts[i].name);
	snprintf(action, sizeof(action), "listen %s %d%s", last->name, LAB_PORT,
		 http ? " http" : "");
	r = add_step(plan, (*at)++, "start", action);
	return r < 0 ? error_trace(r) : 0;
}

/* After the step that listens. */
static int add_connects(struct lab_plan *plan, const struct lab_host *last,
			size_t at)
{
	const struct lab_step *listen =
		lab_plan_probe_step(plan, last->name, LAB_LISTEN);
	uint16_t port = port_of(plan, last->name);
	const char *when = "start";
	char action[64];
	int r = 0;

	if (listen && lab_plan_moment_time(plan, &listen->when) != 0)
		when = listen->action.text;
	else if (listen)
		at = MAX(at, (size_t)(listen - plan->steps) + 1);
	for (size_t i = 0; r >= 0 && port && i < plan->n_hosts; i++) {
		const struct lab_host *host = &plan->hosts[i];

		if (host == last || !is_idle_end(plan, host))
			continue;
		snprintf(action, sizeof(action), "connect %s %s:%u", host->name,
			 last->name, port);
		r = add_step(plan, at++, when, action);
	}
	return r < 0 ? error_trace(r) : 0;
}

static int complete_probes(struct lab_plan *plan)
{
	const struct lab_host *last = last_end(plan);
	size_t at = place_of_probes(plan);
	int r = 0;

	if (last)
		r = add_listener(plan, last, &at);
	if (r >= 0 && last)
		r = add_connects(plan, last, at);
	return r < 0 ? error_trace(r) : 0;
}

/* --- how long -------------------------------------------------------------*/

/* As if what may come at any time came at once. */
static nsec_t earliest(const struct lab_plan *plan,
		       const struct lab_moment *moment)
{
	nsec_t time = lab_plan_moment_time(plan, moment);

	return time == NSEC_NEVER ? moment->after : time;
}

static void complete_time(struct lab_plan *plan)
{
	nsec_t last = SEC(5);

	if (plan->duration)
		return;
	for (size_t i = 0; i < plan->n_steps; i++)
		last = MAX(last, earliest(plan, &plan->steps[i].when));
	for (size_t i = 0; i < plan->n_expectations; i++) {
		const struct lab_expectation *one = &plan->expectations[i];
		nsec_t bound = one->within == NSEC_NEVER ? one->from :
							   one->within;

		last = MAX(last, earliest(plan, &one->since) + bound);
	}
	plan->duration = last + SEC(5);
}

int lab_plan_add_defaults(struct lab_plan *plan)
{
	int r = complete_hosts(plan);

	find_killed(plan);
	if (r >= 0)
		r = complete_probes(plan);
	if (r < 0)
		return error_trace(r);
	complete_time(plan);
	return 0;
}
