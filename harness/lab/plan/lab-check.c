/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Checks of a complete plan, in the order: hosts, programs, names and times of
 * each step, the timeline, expectations.
 *
 * The timeline is played on the model of lab-timeline.h: steps whose time is
 * known in the order of their times, and steps of the same time in the order of
 * the plan.
 */
#include "lab-check.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "lab-network.h"
#include "lab-timeline.h"
#include "lab-value.h"
#include "privilege.h"

/* --- names ----------------------------------------------------------------*/

static size_t program_names(const struct lab_plan *plan, const char **names)
{
	for (size_t i = 0; i < plan->n_programs; i++)
		names[i] = plan->programs[i].name;
	return plan->n_programs;
}

/* `name` NULL: none is given, which is valid. */
static int check_host(const struct lab_plan *plan, const char *name,
		      const struct lab_place *place)
{
	const char *names[LAB_HOSTS];
	char near[256];

	if (!name || lab_plan_host(plan, name))
		return 0;
	if (lab_plan_program(plan, name))
		return lab_place_refuse(
			place, "'%s' is a program; expected host name", name);
	return lab_place_refuse(place, "unknown host '%s'%s", name,
				lab_suggest(name, names,
					    lab_plan_host_names(plan, names),
					    near, sizeof(near)));
}

static int check_program(const struct lab_plan *plan, const char *name,
			 const struct lab_place *place)
{
	const char *names[LAB_PROGRAMS];
	char near[256];

	if (!name || lab_plan_program(plan, name))
		return 0;
	if (lab_plan_host(plan, name))
		return lab_place_refuse(
			place, "'%s' is a host; expected program name", name);
	return lab_place_refuse(place, "unknown program '%s'%s", name,
				lab_suggest(name, names,
					    program_names(plan, names), near,
					    sizeof(near)));
}

static int check_host_or_program(const struct lab_plan *plan, const char *name,
				 const struct lab_place *place)
{
	const char *names[LAB_HOSTS + LAB_PROGRAMS];
	char near[256];
	size_t n;

	if (lab_plan_host(plan, name) || lab_plan_program(plan, name))
		return 0;
	n = program_names(plan, names);
	n += lab_plan_host_names(plan, names + n);
	return lab_place_refuse(
		place, "unknown program or host '%s'%s", name,
		lab_suggest(name, names, n, near, sizeof(near)));
}

/* --- hosts ----------------------------------------------------------------*/

/* Whether the host may have a connection table: rules of the file, of a step or
 * of a program may track, too. */
static bool may_track(const struct lab_plan *plan, const struct lab_host *host)
{
	if (lab_host_tracks_connections(host) || host->rules)
		return true;
	for (size_t i = 0; i < plan->n_steps; i++)
		if (plan->steps[i].action.verb == LAB_NFT &&
		    strcmp(plan->steps[i].action.host, host->name) == 0)
			return true;
	for (size_t i = 0; i < plan->n_programs; i++)
		if (plan->programs[i].grants & PRIVILEGE_NET_ADMIN &&
		    strcmp(plan->programs[i].host, host->name) == 0)
			return true;
	return false;
}

/* `text`: the sentence. */
static int check_tracks(const struct lab_plan *plan, const char *text,
			const char *host, const struct lab_place *place)
{
	if (may_track(plan, lab_plan_host(plan, host)))
		return 0;
	return lab_place_refuse(place,
				"%s: %s tracks no connections; only a NAT, a "
				"firewall or a balancer does",
				text, host);
}

/* At the start, or by a step. */
static bool has_rate(const struct lab_plan *plan, const struct lab_host *host,
		     bool to_host)
{
	if (host->links[to_host].rate)
		return true;
	for (size_t i = 0; i < plan->n_steps; i++) {
		const struct lab_action *action = &plan->steps[i].action;

		if (action->verb == LAB_LINK && action->link.settings.rate &&
		    strcmp(action->host, host->name) == 0 &&
		    (to_host ? action->link.to_host : action->link.from_host))
			return true;
	}
	return false;
}

/* Frames wait for a rate only. `from`, `to`: the directions that get a queue.
 */
static int check_queue(const struct lab_plan *plan, const char *text,
		       const struct lab_host *host, bool from, bool to,
		       const struct lab_place *place)
{
	if ((!from && !to) || (from && has_rate(plan, host, false)) ||
	    (to && has_rate(plan, host, true)))
		return 0;
	return lab_place_refuse(place,
				"%s: 'queue' without 'rate': no frame waits on "
				"the path of %s",
				text, host->name);
}

static int check_hosts(const struct lab_plan *plan)
{
	size_t endpoints = 0;
	int r;

	for (size_t i = 0; i < plan->n_hosts; i++) {
		const struct lab_host *host = &plan->hosts[i];

		if (host->tracking.idle[LAB_TRACKED_ESTABLISHED] &&
		    !lab_host_tracks_connections(host) && !host->ipvs)
			return lab_place_refuse(&host->place,
						"%s: only a NAT, a firewall or "
						"a balancer has an idle time",
						host->name);
		r = check_queue(plan, host->name, host,
				host->links[0].queue > 0,
				host->links[1].queue > 0, &host->place);
		if (r < 0)
			return error_trace(r);
		endpoints += !lab_host_is_gateway(host);
	}
	if (endpoints < 2)
		return lab_place_refuse(plan->n_hosts ? &plan->hosts[0].place :
							NULL,
					"too few hosts: a lab needs at least "
					"two endpoints");
	return 0;
}

/* --- programs -------------------------------------------------------------*/

/* Rootless, the user namespace has one user; as root, a program with root's
 * rights could leave the lab. */
static int check_user(const struct lab_program *program)
{
	if (!program->user)
		return 0;
	if (privilege_rootless() && program->ids->uid != getuid())
		return lab_place_refuse(&program->place,
					"%s: only root can run it as user %s",
					program->name, program->user);
	if (!privilege_rootless() && program->ids->uid == 0)
		return lab_place_refuse(&program->place,
					"%s: programs of a lab do not run as "
					"root",
					program->name);
	return 0;
}

/* The first of `n` programs that listens on this port of the host. */
static const struct lab_program *find_listener(const struct lab_plan *plan,
					       size_t n, const char *host,
					       uint16_t port)
{
	for (size_t i = 0; i < n; i++)
		if (plan->programs[i].listens == port &&
		    strcmp(plan->programs[i].host, host) == 0)
			return &plan->programs[i];
	return NULL;
}

static int check_programs(const struct lab_plan *plan)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < plan->n_programs; i++) {
		const struct lab_program *program = &plan->programs[i], *other;

		r = check_host(plan, program->host, &program->place);
		if (r >= 0)
			r = check_user(program);
		if (r < 0)
			return error_trace(r);
		other = program->listens ? find_listener(plan, i, program->host,
							 program->listens) :
					   NULL;
		if (other)
			return lab_place_refuse(&program->place,
						"%s: port %u of %s is already "
						"used by %s",
						program->name, program->listens,
						program->host, other->name);
	}
	for (size_t i = 0; r >= 0 && i < plan->n_files; i++)
		r = check_host(plan, plan->files[i].host, NULL);
	for (size_t i = 0; r >= 0 && i < plan->n_settings; i++)
		r = check_host(plan, plan->settings[i].host,
			       &plan->setting_places[i]);
	return error_trace(r);
}

/* --- moments --------------------------------------------------------------*/

static int refuse_unknown_step(const struct lab_plan *plan,
			       const struct lab_action *action,
			       const struct lab_place *place)
{
	const char *names[LAB_STEPS], *near;

	for (size_t i = 0; i < plan->n_steps; i++)
		names[i] = plan->steps[i].action.text;
	near = lab_nearest(action->text, names, plan->n_steps);
	return lab_place_refuse(place, "unknown step '%s'%s%s%s", action->text,
				near ? "; did you mean '" : "",
				near ? near : "", near ? "'?" : "");
}

/* The step waits for itself, directly or by a chain of steps. */
static bool is_circular(const struct lab_plan *plan,
			const struct lab_moment *moment)
{
	for (size_t i = 0; i <= plan->n_steps; i++) {
		const struct lab_step *step;

		if (moment->event != LAB_AFTER_STEP)
			return false;
		step = lab_plan_step(plan, moment->action);
		if (!step)
			return false;
		moment = &step->when;
	}
	return true;
}

static int check_moment(const struct lab_plan *plan,
			const struct lab_moment *moment,
			const struct lab_place *place)
{
	int r = check_host(plan, moment->host, place);

	if (r >= 0)
		r = check_program(plan, moment->program, place);
	if (r < 0)
		return error_trace(r);
	if (moment->event != LAB_AFTER_STEP)
		return 0;
	if (!lab_plan_step(plan, moment->action))
		return refuse_unknown_step(plan, moment->action, place);
	if (is_circular(plan, moment))
		return lab_place_refuse(place,
					"circular wait: '%s' waits for itself",
					moment->action->text);
	return 0;
}

/* A step or a time limit that the lab would not live to see. */
static int check_end(const struct lab_plan *plan, nsec_t time,
		     const struct lab_place *place)
{
	char text[64], end[64];

	if (time == NSEC_NEVER || time <= plan->duration)
		return 0;
	return lab_place_refuse(
		place, "%s is after the end of the lab (%s)",
		lab_value_duration_text(time, text, sizeof(text)),
		lab_value_duration_text(plan->duration, end, sizeof(end)));
}

/* --- each step by itself --------------------------------------------------*/

static int check_action_names(const struct lab_plan *plan,
			      const struct lab_action *action,
			      const struct lab_place *place)
{
	const char *const hosts[] = { action->host, action->from, action->to };
	int r = 0;

	if (action->verb == LAB_KILL)
		return check_host_or_program(
			plan, action->host ? action->host : action->program,
			place);
	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(hosts); i++)
		r = check_host(plan, hosts[i], place);
	if (r >= 0 && action->peer && !lab_plan_address(plan, action->peer))
		r = check_host(plan, action->peer, place);
	if (r >= 0)
		r = check_program(plan, action->program, place);
	return error_trace(r);
}

/* Whether the fault has an effect on a host of this role. */
static int check_fault(const struct lab_plan *plan,
		       const struct lab_action *action,
		       const struct lab_place *place)
{
	const struct fault_verb *fault = action->fault;
	const struct lab_host *host = lab_plan_host(plan, action->host);

	if (fault->clears_tracking && host->ipvs)
		return lab_place_refuse(place,
					"%s: IPVS has no command that deletes "
					"entries; 'reboot' does",
					action->text);
	if (fault->clears_tracking)
		return check_tracks(plan, action->text, host->name, place);
	if (fault->stops_processes && !fault->stops_kernel &&
	    lab_host_is_gateway(host) && !lab_plan_runs_in(plan, host->name) &&
	    !lab_plan_has_probe(plan, host->name))
		return lab_place_refuse(place,
					"%s: no process runs in %s; its kernel "
					"forwards on",
					action->text, host->name);
	return 0;
}

static int check_move(const struct lab_plan *plan,
		      const struct lab_action *action,
		      const struct lab_place *place)
{
	const struct lab_address *further =
		lab_network_further(plan, action->argument);
	const char *names[LAB_ADDRESSES];
	char near[256];

	for (size_t i = 0; i < plan->n_addresses; i++)
		names[i] = plan->addresses[i].name;
	if (!further && !plan->n_addresses)
		return lab_place_refuse(place,
					"%s: no host has the key 'addresses'",
					action->text);
	if (!further)
		return lab_place_refuse(
			place, "unknown address '%s'%s", action->argument,
			lab_suggest(action->argument, names, plan->n_addresses,
				    near, sizeof(near)));
	if (!lab_network_interface(lab_plan_host(plan, action->to),
				   further->network))
		return lab_place_refuse(
			place, "%s: %s is not in the network of %s",
			action->text, action->to, further->name);
	return 0;
}

int lab_check_action(const struct lab_plan *plan,
		     const struct lab_action *action,
		     const struct lab_place *place)
{
	const char *from = action->peer ? action->host : action->from;
	const char *to = action->peer ? action->peer : action->to;
	const struct lab_program *listener;
	int r = check_action_names(plan, action, place);

	if (r < 0)
		return error_trace(r);
	if (from && to && strcmp(from, to) == 0)
		return lab_place_refuse(place,
					"%s: source and destination are the "
					"same host; the wire does not see its "
					"frames",
					action->text);
	if (action->verb == LAB_FAULT)
		return check_fault(plan, action, place);
	if (action->verb == LAB_MOVE)
		return check_move(plan, action, place);
	if (action->verb != LAB_LISTEN)
		return 0;
	listener = find_listener(plan, plan->n_programs, action->host,
				 action->port);
	if (!listener)
		return 0;
	return lab_place_refuse(
		place, "%s: port %u of %s is already used by %s", action->text,
		action->port, action->host, listener->name);
}

static int check_step(const struct lab_plan *plan, size_t i)
{
	const struct lab_step *step = &plan->steps[i];
	const struct lab_action *action = &step->action;
	const bool queue = action->verb == LAB_LINK &&
			   action->link.settings.queue;
	int r = check_moment(plan, &step->when, &step->place);

	if (r >= 0)
		r = check_end(plan, lab_plan_step_time(plan, i), &step->place);
	if (r >= 0)
		r = lab_check_action(plan, action, &step->place);
	/* Not at the prompt, where the rate may have been set before. */
	if (r >= 0 && queue)
		r = check_queue(plan, action->text,
				lab_plan_host(plan, action->host),
				action->link.from_host, action->link.to_host,
				&step->place);
	return error_trace(r);
}

/* --- the timeline ---------------------------------------------------------*/

/* Steps whose time is known, by time; those of the same time in the order of
 * the plan. Returns their number. */
static size_t sort_steps(const nsec_t times[LAB_STEPS], size_t n_steps,
			 size_t order[LAB_STEPS])
{
	size_t n = 0;

	for (size_t i = 0; i < n_steps; i++) {
		size_t at = n;

		if (times[i] == NSEC_NEVER)
			continue;
		for (; at > 0 && times[order[at - 1]] > times[i]; at--)
			order[at] = order[at - 1];
		order[at] = i;
		n++;
	}
	return n;
}

static int check_timeline(const struct lab_plan *plan)
{
	struct lab_timeline *timeline;
	nsec_t times[LAB_STEPS];
	size_t order[LAB_STEPS], n;
	int r = lab_timeline_new(&timeline, plan, false);

	if (r < 0)
		return error_trace(r);
	for (size_t i = 0; i < plan->n_steps; i++)
		times[i] = lab_plan_step_time(plan, i);
	n = sort_steps(times, plan->n_steps, order);
	for (size_t i = 0; r >= 0 && i < n; i++) {
		const struct lab_step *step = &plan->steps[order[i]];

		r = lab_timeline_play(timeline, &step->action, &step->place,
				      times[order[i]]);
	}
	for (size_t i = 0; r >= 0 && i < plan->n_steps; i++)
		if (times[i] == NSEC_NEVER)
			r = lab_timeline_foresee(timeline,
						 &plan->steps[i].action,
						 &plan->steps[i].place);
	lab_timeline_free(timeline);
	return error_trace(r);
}

/* --- expectations ---------------------------------------------------------*/

static int check_expectation(const struct lab_plan *plan,
			     const struct lab_expectation *e)
{
	nsec_t since = lab_plan_moment_time(plan, &e->since);
	nsec_t bound = e->within == NSEC_NEVER ? e->from : e->within;
	int r = check_host(plan, e->host, &e->place);

	if (r >= 0)
		r = check_program(plan, e->program, &e->place);
	if (r >= 0)
		r = check_moment(plan, &e->since, &e->place);
	if (r < 0)
		return error_trace(r);
	if ((e->kind == LAB_EXPECT_OUTCOME || e->kind == LAB_EXPECT_OPEN) &&
	    !lab_plan_has_probe(plan, e->host))
		return lab_place_refuse(&e->place,
					"%s: %s has no probe whose calls could "
					"end",
					e->text, e->host);
	if (e->kind == LAB_EXPECT_COUNTER &&
	    strncmp(e->counter, "nf_conntrack_", strlen("nf_conntrack_")) == 0)
		r = check_tracks(plan, e->text, e->host, &e->place);
	if (r < 0)
		return error_trace(r);
	if (since == NSEC_NEVER)
		since = 0;
	return check_end(plan, since + bound, &e->place);
}

int lab_check(const struct lab_plan *plan)
{
	int r = lab_network_check(plan);

	if (r >= 0)
		r = check_hosts(plan);
	if (r >= 0)
		r = check_programs(plan);
	for (size_t i = 0; r >= 0 && i < plan->n_steps; i++)
		r = check_step(plan, i);
	if (r >= 0)
		r = check_timeline(plan);
	for (size_t i = 0; r >= 0 && i < plan->n_expectations; i++)
		r = check_expectation(plan, &plan->expectations[i]);
	return error_trace(r);
}
