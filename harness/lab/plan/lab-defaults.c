/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Steps for probes depend on everything that the user gave, so that this is the
 * last stage of the construction of a plan. These steps go before the first
 * step of the start that needs a probe or would prevent it, and after rules of
 * the wire and unplugged cables, which are to affect the handshake.
 */
#include "lab-defaults.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lab-network.h"

/* --- hosts -----------------------------------------------------------------*/

static int add_missing_host(struct lab_plan *plan, const char *name)
{
	static const struct lab_place place = { .source = "default hosts" };
	struct lab_host *host;

	if (lab_plan_host(plan, name))
		return 0;
	return lab_plan_add_host(plan, name, &place, &host);
}

/* The client stands before the server, whichever of them the user named. */
static int add_hosts(struct lab_plan *plan)
{
	struct lab_host first;
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
	first = plan->hosts[0];
	if (strcmp(first.name, "server") == 0) {
		plan->hosts[0] = plan->hosts[1];
		plan->hosts[1] = first;
	}
	return 0;
}

/* "kill x" was read as a program's where the plan did not have the host yet. */
static void resolve_kills(struct lab_plan *plan)
{
	for (size_t i = 0; i < plan->n_steps; i++) {
		struct lab_action *action = &plan->steps[i].action;

		if (action->verb == LAB_KILL && action->program &&
		    lab_plan_host(plan, action->program))
			action->host = TAKE(action->program);
	}
}

/* --- probes ----------------------------------------------------------------*/

static bool needs_default_probe(const struct lab_plan *plan,
				const struct lab_host *host)
{
	return host->role == LAB_ENDPOINT &&
	       !lab_plan_runs_in(plan, host->name) &&
	       !lab_plan_has_probe(plan, host->name);
}

static const struct lab_host *last_endpoint(const struct lab_plan *plan)
{
	for (size_t i = plan->n_hosts; i > 0; i--)
		if (plan->hosts[i - 1].role == LAB_ENDPOINT)
			return &plan->hosts[i - 1];
	return NULL;
}

/* Where a probe or a program of the host listens; 0: not known. */
static uint16_t port_of(const struct lab_plan *plan, const char *host)
{
	const struct lab_step *step =
		lab_plan_find_step(plan, host, LAB_LISTEN);

	if (step)
		return step->action.port;
	for (size_t i = 0; i < plan->n_programs; i++)
		if (strcmp(plan->programs[i].host, host) == 0 &&
		    plan->programs[i].listens && !plan->programs[i].later)
			return plan->programs[i].listens;
	return 0;
}

/* A step of the start that needs the default probes, or whose effect would keep
 * them from starting. */
static bool must_follow_probes(const struct lab_action *action)
{
	if (action->fault)
		return action->fault->kills_host ||
		       action->fault->stops_processes;
	return action->verb == LAB_KILL ||
	       (action->verb >= LAB_LISTEN && action->verb <= LAB_USER_TIMEOUT);
}

static size_t position_of_probes(const struct lab_plan *plan)
{
	for (size_t i = 0; i < plan->n_steps; i++)
		if (lab_plan_step_time(plan, i) == 0 &&
		    must_follow_probes(&plan->steps[i].action))
			return i;
	return plan->n_steps;
}

static int insert_step(struct lab_plan *plan, size_t at, struct lab_step step,
		       const char *text)
{
	step.place = (struct lab_place){ .source = "default probes" };
	if (plan->n_steps == LAB_STEPS)
		return lab_place_refuse(
			&step.place, "too many steps: at most %d", LAB_STEPS);
	step.action.text = lab_plan_keep(plan, text);
	if (!step.action.text)
		return error_origin(-ENOMEM, "step of a lab");
	memmove(&plan->steps[at + 1], &plan->steps[at],
		(plan->n_steps - at) * sizeof(step));
	plan->steps[at] = step;
	plan->n_steps++;
	return 0;
}

static const struct lab_moment at_start = { .text = "start",
					    .event = LAB_AFTER_START };

/* A server for programs speaks HTTP, and one for probes echoes. */
static int add_listener(struct lab_plan *plan, const struct lab_host *host,
			size_t *at)
{
	struct lab_step step = { .when = at_start,
				 .action = { .verb = LAB_LISTEN,
					     .name = "listen",
					     .host = host->name,
					     .port = LAB_PORT,
					     .backlog = LAB_BACKLOG } };
	bool http = false;
	char text[64];

	if (!needs_default_probe(plan, host))
		return 0;
	for (size_t i = 0; i < plan->n_hosts; i++)
		http |= plan->hosts[i].role == LAB_ENDPOINT &&
			lab_plan_runs_in(plan, plan->hosts[i].name);
	step.action.service = http ? LAB_HTTP : LAB_ECHO;
	snprintf(text, sizeof(text), "listen %s %d%s", host->name, LAB_PORT,
		 http ? " http" : "");
	return insert_step(plan, (*at)++, step, text);
}

/* After the step that makes the last endpoint listen. */
static int add_connects(struct lab_plan *plan, const struct lab_host *last,
			size_t at)
{
	const struct lab_step *listen =
		lab_plan_find_step(plan, last->name, LAB_LISTEN);
	struct lab_moment when = at_start;
	int r = 0;

	if (listen && lab_plan_moment_time(plan, &listen->when) != 0) {
		struct lab_action *copy =
			lab_plan_allocate(plan, sizeof(*copy));

		if (!copy)
			return error_origin(-ENOMEM, "moment of a lab");
		*copy = listen->action;
		when = (struct lab_moment){ .text = copy->text,
					    .event = LAB_AFTER_STEP,
					    .action = copy };
	} else if (listen) {
		at = MAX(at, (size_t)(listen - plan->steps) + 1);
	}
	for (size_t i = 0; r >= 0 && i < plan->n_hosts; i++) {
		const struct lab_host *host = &plan->hosts[i];
		struct lab_step step = { .when = when,
					 .action = { .verb = LAB_CONNECT,
						     .name = "connect",
						     .host = host->name,
						     .peer = last->name,
						     .peer_port = port_of(
							     plan, last->name),
						     .times = 1 } };
		char text[64];

		if (host == last || !step.action.peer_port ||
		    !needs_default_probe(plan, host))
			continue;
		snprintf(text, sizeof(text), "connect %s to %s:%u", host->name,
			 last->name, step.action.peer_port);
		r = insert_step(plan, at++, step, text);
	}
	return error_trace(r);
}

static int add_probes(struct lab_plan *plan)
{
	const struct lab_host *last = last_endpoint(plan);
	size_t at = position_of_probes(plan);
	int r;

	if (!last)
		return 0;
	r = add_listener(plan, last, &at);
	if (r < 0)
		return error_trace(r);
	return add_connects(plan, last, at);
}

/* --- the duration ----------------------------------------------------------*/

/* An event at run time is counted as if it came at once. */
static nsec_t earliest(const struct lab_plan *plan,
		       const struct lab_moment *moment)
{
	nsec_t time = lab_plan_moment_time(plan, moment);

	return time == NSEC_NEVER ? moment->after : time;
}

/* Five seconds after the last thing that can happen: enough for the first
 * retransmissions, and for a probe to see a RST or a FIN. */
static nsec_t default_duration(const struct lab_plan *plan)
{
	nsec_t last = SEC(5);

	for (size_t i = 0; i < plan->n_steps; i++)
		last = MAX(last, earliest(plan, &plan->steps[i].when));
	for (size_t i = 0; i < plan->n_expectations; i++) {
		const struct lab_expectation *e = &plan->expectations[i];
		nsec_t bound = e->within == NSEC_NEVER ? e->from : e->within;

		last = MAX(last, earliest(plan, &e->since) + bound);
	}
	return last + SEC(5);
}

int lab_defaults_add(struct lab_plan *plan)
{
	int r = add_hosts(plan);

	resolve_kills(plan);
	if (r >= 0)
		r = lab_network_add_defaults(plan);
	if (r >= 0)
		r = add_probes(plan);
	if (r < 0)
		return error_trace(r);
	if (!plan->duration)
		plan->duration = default_duration(plan);
	return 0;
}
