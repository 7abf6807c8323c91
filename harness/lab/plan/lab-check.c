/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What of a plan can be known to be impossible, its timeline's order aside. */
#include <errno.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "lab-order.h"
#include "lab-parts.h"
#include "lab-words.h"
#include "privilege.h"

/* --- names ----------------------------------------------------------------*/

static size_t add_hosts(const struct lab_plan *plan, const char **names)
{
	for (size_t i = 0; i < plan->n_hosts; i++)
		names[i] = plan->hosts[i].name;
	return plan->n_hosts;
}

static size_t add_programs(const struct lab_plan *plan, const char **names)
{
	for (size_t i = 0; i < plan->n_programs; i++)
		names[i] = plan->programs[i].name;
	return plan->n_programs;
}

/* NULL: none is named, which is right. */
static int check_host(const struct lab_plan *plan, const char *name,
		      const struct lab_place *place)
{
	const char *names[LAB_HOSTS];
	char near[256];

	if (!name || lab_plan_host(plan, name))
		return 0;
	if (lab_plan_program(plan, name))
		return lab_place_refuse(place, "'%s' is a program, and no host",
					name);
	return lab_place_refuse(place, "'%s' is no host%s", name,
				lab_suggest(name, names, add_hosts(plan, names),
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
		return lab_place_refuse(place, "'%s' is a host, and no program",
					name);
	return lab_place_refuse(place, "'%s' is no program%s", name,
				lab_suggest(name, names,
					    add_programs(plan, names), near,
					    sizeof(near)));
}

/* Of kill: either. */
static int check_either(const struct lab_plan *plan, const char *name,
			const struct lab_place *place)
{
	const char *names[LAB_HOSTS + LAB_PROGRAMS];
	char near[256];
	size_t n;

	if (lab_plan_host(plan, name) || lab_plan_program(plan, name))
		return 0;
	n = add_programs(plan, names);
	n += add_hosts(plan, names + n);
	return lab_place_refuse(
		place, "'%s' is neither a program nor a host%s", name,
		lab_suggest(name, names, n, near, sizeof(near)));
}

/* --- hosts ----------------------------------------------------------------*/

static int check_role(const struct lab_plan *plan, size_t i,
		      const struct lab_host **between)
{
	const struct lab_host *host = &plan->hosts[i];

	if (host->idle && !lab_host_tracks_connections(host))
		return lab_place_refuse(&host->place,
					"%s forgets no connections: only a NAT "
					"or a firewall has an idle time",
					host->name);
	if (host->role == LAB_ENDPOINT)
		return 0;
	if (*between)
		return lab_place_refuse(&host->place,
					"%s and %s: a path has one router, NAT "
					"or firewall at most",
					(*between)->name, host->name);
	if (i == 0 || i + 1 == plan->n_hosts)
		return lab_place_refuse(&host->place,
					"%s stands at an end of the path; it "
					"belongs between those it joins",
					host->name);
	*between = host;
	return 0;
}

static int check_hosts(const struct lab_plan *plan)
{
	const struct lab_host *between = NULL;
	int r = 0;

	for (size_t i = 0; r >= 0 && i < plan->n_hosts; i++)
		r = check_role(plan, i, &between);
	if (r >= 0 && plan->n_hosts < (between ? 3U : 2U))
		r = lab_place_refuse(plan->n_hosts ? &plan->hosts[0].place :
						     NULL,
				     "a lab has two hosts at least that can "
				     "talk to each other");
	return r < 0 ? error_trace(r) : 0;
}

/* --- programs -------------------------------------------------------------*/

static int check_user(const struct lab_program *program)
{
	const struct passwd *user;

	if (!program->user)
		return 0;
	user = getpwnam(program->user);
	if (!user)
		return lab_place_refuse(&program->place,
					"%s: this machine has no user '%s'",
					program->name, program->user);
	if (privilege_rootless() && user->pw_uid != getuid())
		return lab_place_refuse(&program->place,
					"%s: only root can run it as %s",
					program->name, program->user);
	if (!privilege_rootless() && user->pw_uid == 0)
		return lab_place_refuse(&program->place,
					"%s: no program of a lab is root's",
					program->name);
	return 0;
}

static int check_port(const struct lab_plan *plan, size_t i)
{
	const struct lab_program *program = &plan->programs[i];

	for (size_t j = 0; program->listens && j < i; j++)
		if (plan->programs[j].listens == program->listens &&
		    strcmp(plan->programs[j].host, program->host) == 0)
			return lab_place_refuse(
				&program->place,
				"%s: %s listens on port %u of %s already",
				program->name, plan->programs[j].name,
				program->listens, program->host);
	return 0;
}

static int check_programs(const struct lab_plan *plan)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < plan->n_programs; i++) {
		const struct lab_program *program = &plan->programs[i];

		r = check_host(plan, program->host, &program->place);
		if (r >= 0)
			r = check_user(program);
		if (r >= 0)
			r = check_port(plan, i);
	}
	for (size_t i = 0; r >= 0 && i < plan->n_files; i++)
		r = check_host(plan, plan->files[i].host, NULL);
	for (size_t i = 0; r >= 0 && i < plan->n_settings; i++)
		r = check_host(plan, plan->settings[i].host,
			       &plan->setting_places[i]);
	return r < 0 ? error_trace(r) : 0;
}

/* --- moments --------------------------------------------------------------*/

static int refuse_step(const struct lab_plan *plan, const char *action,
		       const struct lab_place *place)
{
	const char *names[LAB_STEPS], *near;

	for (size_t i = 0; i < plan->n_steps; i++)
		names[i] = plan->steps[i].action.text;
	near = lab_nearest(action, names, plan->n_steps);
	return lab_place_refuse(place, "no step of the timeline is '%s'%s%s%s",
				action, near ? "; '" : "", near ? near : "",
				near ? "'?" : "");
}

/* Steps that wait for each other wait for ever. */
static bool is_circle(const struct lab_plan *plan,
		      const struct lab_moment *moment)
{
	for (size_t i = 0; i <= plan->n_steps; i++) {
		const struct lab_step *step;

		if (moment->event != LAB_AFTER_STEP)
			return false;
		step = lab_plan_step(plan, moment->text);
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
	if (moment->event == LAB_AFTER_STEP && !lab_plan_step(plan, moment->text))
		return refuse_step(plan, moment->text, place);
	if (is_circle(plan, moment))
		return lab_place_refuse(place,
					"'%s' is waited for by what it waits "
					"for",
					moment->text);
	return 0;
}

static int check_end(const struct lab_plan *plan, nsec_t time,
		     const struct lab_place *place)
{
	char text[64], end[64];

	if (time == NSEC_NEVER || time <= plan->duration)
		return 0;
	return lab_place_refuse(
		place,
		"%s is after the end of the lab, which lasts %s",
		lab_duration_text(time, text, sizeof(text)),
		lab_duration_text(plan->duration, end, sizeof(end)));
}

/* --- actions --------------------------------------------------------------*/

static bool has_probe(const struct lab_plan *plan, const char *host)
{
	return lab_plan_probe_step(plan, host, LAB_LISTEN) ||
	       lab_plan_probe_step(plan, host, LAB_CONNECT);
}

/* What a host that joins two networks can and cannot do. */
static int check_fault(const struct lab_plan *plan, const struct lab_step *step)
{
	const struct lab_action *action = &step->action;
	const struct lab_host *host = lab_plan_host(plan, action->host);

	if (strcmp(action->fault->name, "forget") == 0 &&
	    (host->role == LAB_ENDPOINT ||
	     (host->role == LAB_ROUTER && !host->rules)))
		return lab_place_refuse(&step->place,
					"%s: %s remembers no connections: only "
					"a NAT or a firewall does",
					action->text, host->name);
	if (strcmp(action->fault->name, "freeze") == 0 &&
	    host->role != LAB_ENDPOINT && !lab_plan_runs_in(plan, host->name) &&
	    !has_probe(plan, host->name))
		return lab_place_refuse(&step->place,
					"%s: nothing runs in %s that would "
					"stop; its kernel goes on forwarding",
					action->text, host->name);
	return 0;
}

static int check_ends(const struct lab_step *step, const char *a, const char *b)
{
	if (!a || !b || strcmp(a, b) != 0)
		return 0;
	return lab_place_refuse(&step->place,
				"%s: from %s to itself nothing goes by the "
				"wire",
				step->action.text, a);
}

static int check_listen(const struct lab_plan *plan,
			const struct lab_step *step)
{
	const struct lab_action *action = &step->action;

	for (size_t i = 0; i < plan->n_programs; i++)
		if (plan->programs[i].listens == action->port &&
		    strcmp(plan->programs[i].host, action->host) == 0)
			return lab_place_refuse(&step->place,
						"%s: %s listens on port %u of "
						"%s already",
						action->text,
						plan->programs[i].name,
						action->port, action->host);
	return 0;
}

static int check_names(const struct lab_plan *plan, const struct lab_step *step)
{
	const struct lab_action *action = &step->action;
	int r;

	if (action->verb == LAB_KILL)
		return check_either(
			plan, action->host ? action->host : action->program,
			&step->place);
	r = check_host(plan, action->host, &step->place);
	if (r >= 0)
		r = check_host(plan, action->from, &step->place);
	if (r >= 0)
		r = check_host(plan, action->to, &step->place);
	if (r >= 0)
		r = check_host(plan, action->peer, &step->place);
	if (r >= 0)
		r = check_program(plan, action->program, &step->place);
	return r < 0 ? error_trace(r) : 0;
}

static int check_step(const struct lab_plan *plan, size_t i)
{
	const struct lab_step *step = &plan->steps[i];
	const struct lab_action *action = &step->action;
	int r = check_moment(plan, &step->when, &step->place);

	if (r >= 0)
		r = check_end(plan, lab_plan_step_time(plan, i), &step->place);
	if (r >= 0)
		r = check_names(plan, step);
	if (r >= 0)
		r = check_ends(step, action->from, action->to);
	if (r >= 0)
		r = check_ends(step, action->peer, action->host);
	if (r >= 0 && action->verb == LAB_FAULT)
		r = check_fault(plan, step);
	if (r >= 0 && action->verb == LAB_LISTEN)
		r = check_listen(plan, step);
	return r < 0 ? error_trace(r) : 0;
}

/* --- expectations ---------------------------------------------------------*/

static int check_expectation(const struct lab_plan *plan,
			     const struct lab_expectation *one)
{
	nsec_t since = lab_plan_moment_time(plan, &one->since);
	nsec_t bound = one->within == NSEC_NEVER ? one->from : one->within;
	int r = check_host(plan, one->host, &one->place);

	if (r >= 0)
		r = check_program(plan, one->program, &one->place);
	if (r >= 0)
		r = check_moment(plan, &one->since, &one->place);
	if (r < 0)
		return error_trace(r);
	if ((one->kind == LAB_EXPECT_OUTCOME || one->kind == LAB_EXPECT_OPEN) &&
	    !has_probe(plan, one->host))
		return lab_place_refuse(&one->place,
					"%s: %s has no probe whose calls could "
					"end",
					one->text, one->host);
	if (since == NSEC_NEVER)
		since = 0;
	return check_end(plan, since + bound, &one->place);
}

int lab_check(const struct lab_plan *plan)
{
	int r = check_hosts(plan);

	if (r >= 0)
		r = check_programs(plan);
	for (size_t i = 0; r >= 0 && i < plan->n_steps; i++)
		r = check_step(plan, i);
	if (r >= 0)
		r = lab_order_check(plan);
	for (size_t i = 0; r >= 0 && i < plan->n_expectations; i++)
		r = check_expectation(plan, &plan->expectations[i]);
	return r < 0 ? error_trace(r) : 0;
}
