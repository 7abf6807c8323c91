/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Checks of a complete plan, in the order: hosts, programs, names and times of
 * each step, the timeline, expectations.
 *
 * The timeline is played on a model of the hosts: which faults are in effect
 * there, whether a probe lives, where it listens, which programs were started,
 * what the wire holds. Everything about a fault comes from its entry in
 * netns/fault.h: what ends its effect, whether it ends the host's processes or
 * stops them, whether its effect outlives a crash. Steps whose time is known
 * are played in the order of their times, and steps of the same time in the
 * order of the plan.
 *
 * A step that waits for an event has no place in this order. Hence a step that
 * lacks something is refused only if no such step could provide it, and a step
 * that waits is refused only if no step at all could.
 */
#include "lab-check.h"

#include <assert.h>
#include <errno.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "lab-value.h"
#include "privilege.h"

/* --- names ----------------------------------------------------------------*/

static size_t host_names(const struct lab_plan *plan, const char **names)
{
	for (size_t i = 0; i < plan->n_hosts; i++)
		names[i] = plan->hosts[i].name;
	return plan->n_hosts;
}

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
					    host_names(plan, names), near,
					    sizeof(near)));
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
	n += host_names(plan, names + n);
	return lab_place_refuse(
		place, "unknown program or host '%s'%s", name,
		lab_suggest(name, names, n, near, sizeof(near)));
}

/* --- hosts ----------------------------------------------------------------*/

static int check_hosts(const struct lab_plan *plan)
{
	const struct lab_host *gateway = lab_plan_gateway(plan);

	for (size_t i = 0; i < plan->n_hosts; i++) {
		const struct lab_host *host = &plan->hosts[i];

		if (host->idle && !lab_host_tracks_connections(host))
			return lab_place_refuse(&host->place,
						"%s: only a NAT or a firewall "
						"has an idle time",
						host->name);
		if (host->role == LAB_ENDPOINT)
			continue;
		if (host != gateway)
			return lab_place_refuse(&host->place,
						"%s: a path has at most one "
						"router, NAT or firewall; %s "
						"is one already",
						host->name, gateway->name);
		if (i == 0 || i + 1 == plan->n_hosts)
			return lab_place_refuse(&host->place,
						"%s: a gateway needs a host on "
						"each side; it is at an end of "
						"the path",
						host->name);
	}
	if (plan->n_hosts < (gateway ? 3U : 2U))
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
	const struct passwd *user;

	if (!program->user)
		return 0;
	user = getpwnam(program->user);
	if (!user)
		return lab_place_refuse(&program->place,
					"%s: unknown user '%s' on this machine",
					program->name, program->user);
	if (privilege_rootless() && user->pw_uid != getuid())
		return lab_place_refuse(&program->place,
					"%s: only root can run it as user %s",
					program->name, program->user);
	if (!privilege_rootless() && user->pw_uid == 0)
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
			      const struct lab_step *step)
{
	const struct lab_action *action = &step->action;
	const char *const hosts[] = { action->host, action->from, action->to,
				      action->peer };
	int r = 0;

	if (action->verb == LAB_KILL)
		return check_host_or_program(
			plan, action->host ? action->host : action->program,
			&step->place);
	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(hosts); i++)
		r = check_host(plan, hosts[i], &step->place);
	if (r >= 0)
		r = check_program(plan, action->program, &step->place);
	return error_trace(r);
}

/* Whether the fault has an effect on a host of this role. */
static int check_fault(const struct lab_plan *plan, const struct lab_step *step)
{
	const struct lab_action *action = &step->action;
	const struct fault_verb *fault = action->fault;
	const struct lab_host *host = lab_plan_host(plan, action->host);

	/* A router with rules of its own may track connections. */
	if (fault->clears_tracking &&
	    (host->role == LAB_ENDPOINT ||
	     (host->role == LAB_ROUTER && !host->rules)))
		return lab_place_refuse(&step->place,
					"%s: %s tracks no connections; only a "
					"NAT or a firewall does",
					action->text, host->name);
	if (fault->stops_processes && !fault->stops_kernel &&
	    host->role != LAB_ENDPOINT && !lab_plan_runs_in(plan, host->name) &&
	    !lab_plan_has_probe(plan, host->name))
		return lab_place_refuse(&step->place,
					"%s: no process runs in %s; its kernel "
					"forwards on",
					action->text, host->name);
	return 0;
}

static int check_step(const struct lab_plan *plan, size_t i)
{
	const struct lab_step *step = &plan->steps[i];
	const struct lab_action *action = &step->action;
	const char *from = action->peer ? action->host : action->from;
	const char *to = action->peer ? action->peer : action->to;
	const struct lab_program *listener;
	int r = check_moment(plan, &step->when, &step->place);

	if (r >= 0)
		r = check_end(plan, lab_plan_step_time(plan, i), &step->place);
	if (r >= 0)
		r = check_action_names(plan, step);
	if (r < 0)
		return error_trace(r);
	if (from && to && strcmp(from, to) == 0)
		return lab_place_refuse(&step->place,
					"%s: source and destination are the "
					"same host; the wire does not see its "
					"frames",
					action->text);
	if (action->verb == LAB_FAULT)
		return check_fault(plan, step);
	if (action->verb != LAB_LISTEN)
		return 0;
	listener = find_listener(plan, plan->n_programs, action->host,
				 action->port);
	if (!listener)
		return 0;
	return lab_place_refuse(
		&step->place, "%s: port %u of %s is already used by %s",
		action->text, action->port, action->host, listener->name);
}

/* --- the model of the timeline --------------------------------------------*/

enum { VERBS = 32 }; /* at least as many as the table of faults has */

/* Something that holds from a time on. */
struct since {
	bool on;
	nsec_t time;
	const char *argument; /* of the fault */
};

struct timeline {
	const struct lab_plan *plan;
	nsec_t times[LAB_STEPS]; /* NSEC_NEVER: waits for an event */
	struct {
		struct since faults[VERBS]; /* in the order of the table */
		struct since probe;
	} hosts[LAB_HOSTS];
	struct since programs[LAB_PROGRAMS]; /* started */
	/* Listening sockets of probes. */
	struct {
		const char *host; /* NULL: closed */
		uint16_t port;
		nsec_t since;
	} listeners[LAB_STEPS];
	size_t n_listeners;
	bool has_rule, holds;
};

/* check_action_names() has found all hosts and programs. */
static size_t host_index(const struct timeline *t, const char *name)
{
	return (size_t)(lab_plan_host(t->plan, name) - t->plan->hosts);
}

static struct since *fault_since(struct timeline *t, const char *host,
				 const struct fault_verb *fault)
{
	size_t n;
	const struct fault_verb *table = fault_verbs(&n);

	return &t->hosts[host_index(t, host)].faults[fault - table];
}

static bool is_rule(const struct lab_action *action)
{
	return action->verb >= LAB_DROP && action->verb <= LAB_REJECT;
}

static bool starts_probe(const struct lab_action *action)
{
	return action->verb == LAB_LISTEN || action->verb == LAB_CONNECT;
}

static bool needs_probe(const struct lab_action *action)
{
	return (action->verb >= LAB_SEND && action->verb <= LAB_USER_TIMEOUT) ||
	       (action->verb == LAB_KILL && action->host);
}

/* --- what another step could provide --------------------------------------*/

/* Actions: verbs from `first` to `last`, of the host, fault and program unless
 * these are NULL. */
struct pattern {
	enum lab_verb first, last;
	const char *host, *program;
	const struct fault_verb *fault;
};

static bool matches(const struct pattern *pattern,
		    const struct lab_action *action)
{
	if (action->verb < pattern->first || action->verb > pattern->last)
		return false;
	if (pattern->host &&
	    (!action->host || strcmp(action->host, pattern->host) != 0))
		return false;
	if (pattern->program && strcmp(action->program, pattern->program) != 0)
		return false;
	return !pattern->fault || action->fault == pattern->fault;
}

/* `any`: any step of the timeline; otherwise one that waits for an event. */
static bool may_come(const struct timeline *t, const struct pattern *pattern,
		     bool any)
{
	for (size_t i = 0; i < t->plan->n_steps; i++)
		if ((any || t->times[i] == NSEC_NEVER) &&
		    matches(pattern, &t->plan->steps[i].action))
			return true;
	return false;
}

/* A step that waits for an event could end the effect of the fault in time. */
static bool may_end(const struct timeline *t, const char *host,
		    const struct fault_verb *fault)
{
	const struct pattern end = { LAB_FAULT, LAB_FAULT, host, NULL,
				     fault_verb(fault->undo) };

	return may_come(t, &end, false);
}

/* For messages: the time of the step that is in conflict. */
static const char *time_text(nsec_t time, char *buffer, size_t size)
{
	return time ? lab_value_duration_text(time, buffer, size) : "the start";
}

/*
 * What a step needs from earlier ones: the effect that its fault ends, a probe,
 * held frames, rules. `whenever`: the step's time is not known, so that any
 * step of the timeline could provide it.
 */
static int check_needs(struct timeline *t, const struct lab_step *step,
		       bool whenever)
{
	const struct lab_action *action = &step->action;
	const struct fault_verb *ended =
		action->fault ? fault_ended_by(action->fault) : NULL;
	struct pattern provider = { 0 };
	bool met;

	if (ended && !action->fault->kills_host) {
		met = fault_since(t, action->host, ended)->on;
		provider = (struct pattern){ LAB_FAULT, LAB_FAULT, action->host,
					     NULL, ended };
	} else if (needs_probe(action)) {
		met = t->hosts[host_index(t, action->host)].probe.on;
		provider = (struct pattern){ LAB_LISTEN, LAB_CONNECT,
					     action->host, NULL, NULL };
	} else if (action->verb == LAB_RELEASE) {
		met = t->holds;
		provider.first = provider.last = LAB_HOLD;
	} else if (action->verb == LAB_PASS) {
		met = t->has_rule;
		provider.first = LAB_DROP;
		provider.last = LAB_REJECT;
	} else {
		return 0;
	}
	if ((met && !whenever) || may_come(t, &provider, whenever))
		return 0;
	if (provider.fault)
		return lab_place_refuse(&step->place,
					"%s: %s is not %s; no '%s %s' comes "
					"before it",
					action->text, action->host,
					ended->state, ended->name,
					action->host);
	if (provider.host)
		return lab_place_refuse(&step->place,
					"%s: %s has no probe at that time; "
					"'listen %s' or 'connect %s to HOST' "
					"starts one",
					action->text, action->host,
					action->host, action->host);
	return lab_place_refuse(&step->place,
				action->verb == LAB_RELEASE ?
					"%s: no frames are held; no 'hold' "
					"comes before it" :
					"%s: the wire has no rule; no 'drop', "
					"'hold', 'delay', 'duplicate' or "
					"'reject' comes before it",
				action->text);
}

/* --- playing the timeline -------------------------------------------------*/

/* The host must be alive, and its processes must run for a call of a probe. */
static int check_host_works(struct timeline *t, const struct lab_step *step)
{
	const struct lab_action *action = &step->action;
	bool calls = action->verb >= LAB_LISTEN &&
		     action->verb <= LAB_USER_TIMEOUT;
	const char *host = action->host;
	const struct fault_verb *table;
	char text[64];
	size_t n;

	if (action->program)
		host = lab_plan_program(t->plan, action->program)->host;
	table = fault_verbs(&n);
	for (size_t i = 0; host && i < n; i++) {
		const struct since *since = fault_since(t, host, &table[i]);

		if (!since->on ||
		    !(table[i].kills_host ||
		      (calls && table[i].stops_processes)) ||
		    fault_verb(table[i].undo) == action->fault ||
		    may_end(t, host, &table[i]))
			continue;
		return lab_place_refuse(
			&step->place,
			"%s: %s is %s since %s; expected '%s "
			"%s' first",
			action->text, host, table[i].state,
			time_text(since->time, text, sizeof(text)),
			table[i].undo, host);
	}
	return 0;
}

static void close_listeners(struct timeline *t, const char *host)
{
	for (size_t i = 0; i < t->n_listeners; i++)
		if (t->listeners[i].host &&
		    strcmp(t->listeners[i].host, host) == 0)
			t->listeners[i].host = NULL;
}

/* A crash or a reboot: its processes are gone, and so are the effects of faults
 * that belong to the machine. */
static void end_machine(struct timeline *t, const char *host)
{
	size_t n;
	const struct fault_verb *table = fault_verbs(&n);

	for (size_t i = 0; i < n; i++)
		if (!table[i].survives_crash)
			fault_since(t, host, &table[i])->on = false;
	t->hosts[host_index(t, host)].probe.on = false;
	close_listeners(t, host);
}

static int play_fault(struct timeline *t, const struct lab_step *step,
		      nsec_t time)
{
	const struct lab_action *action = &step->action;
	const struct fault_verb *fault = action->fault;
	const struct fault_verb *ended = fault_ended_by(fault);
	struct since *since = fault_since(t, action->host, fault);
	char text[64];

	if (fault->kills_host)
		end_machine(t, action->host);
	if (ended)
		fault_since(t, action->host, ended)->on = false;
	if (!fault->undo)
		return 0;
	if (since->on && !may_end(t, action->host, fault) &&
	    (action->argument && since->argument ?
		     strcmp(action->argument, since->argument) == 0 :
		     action->argument == since->argument))
		return lab_place_refuse(
			&step->place, "%s: %s is already %s since %s",
			action->text, action->host, fault->state,
			time_text(since->time, text, sizeof(text)));
	*since = (struct since){ true, time, action->argument };
	return 0;
}

static int play_listen(struct timeline *t, const struct lab_step *step,
		       nsec_t time)
{
	const struct lab_action *action = &step->action;
	char text[64];

	for (size_t i = 0; i < t->n_listeners; i++)
		if (t->listeners[i].host &&
		    strcmp(t->listeners[i].host, action->host) == 0 &&
		    t->listeners[i].port == action->port)
			return lab_place_refuse(
				&step->place,
				"%s: the probe already listens on port %u "
				"since %s",
				action->text, action->port,
				time_text(t->listeners[i].since, text,
					  sizeof(text)));
	t->listeners[t->n_listeners].host = action->host;
	t->listeners[t->n_listeners].port = action->port;
	t->listeners[t->n_listeners++].since = time;
	return 0;
}

/* KILL and TERM end the probe, other signals do not. Closing its connections
 * also closes its listening sockets. */
static int play_probe(struct timeline *t, const struct lab_step *step,
		      nsec_t time)
{
	const struct lab_action *action = &step->action;
	struct since *probe = &t->hosts[host_index(t, action->host)].probe;
	int r;

	if (action->verb == LAB_LISTEN) {
		r = play_listen(t, step, time);
		if (r < 0)
			return error_trace(r);
	}
	if (starts_probe(action))
		*probe = (struct since){ true, time, NULL };
	if (action->verb == LAB_KILL &&
	    (action->signal == SIGKILL || action->signal == SIGTERM))
		probe->on = false;
	if (!probe->on || action->verb == LAB_CLOSE ||
	    action->verb == LAB_ABORT)
		close_listeners(t, action->host);
	return 0;
}

/* A program that runs from the start may be run again later: it may have ended.
 * At the start it cannot have. */
static int play_program(struct timeline *t, const struct lab_step *step,
			nsec_t time)
{
	const struct lab_action *action = &step->action;
	const struct lab_program *program =
		lab_plan_program(t->plan, action->program);
	struct since *started = &t->programs[program - t->plan->programs];
	const struct pattern run = { .first = LAB_RUN,
				     .last = LAB_RUN,
				     .program = program->name };

	if (action->verb == LAB_RUN) {
		if (!time && started->on && !started->time)
			return lab_place_refuse(&step->place,
						"%s: %s runs from the start; "
						"expected 'later: yes' in the "
						"file",
						action->text, program->name);
		*started = (struct since){ true, time, NULL };
		return 0;
	}
	if (started->on || may_come(t, &run, false))
		return 0;
	return lab_place_refuse(&step->place,
				"%s: %s is not started; no 'run %s' comes "
				"before it",
				action->text, program->name, program->name);
}

/* One step at its time: what it needs must be there, and then it changes the
 * model. */
static int play(struct timeline *t, const struct lab_step *step, nsec_t time)
{
	const struct lab_action *action = &step->action;
	int r = check_host_works(t, step);

	if (r >= 0)
		r = check_needs(t, step, false);
	if (r < 0)
		return error_trace(r);
	if (action->verb == LAB_FAULT)
		return play_fault(t, step, time);
	if (starts_probe(action) || needs_probe(action))
		return play_probe(t, step, time);
	if (action->program)
		return play_program(t, step, time);
	/* Held frames stay held when the rules are removed. */
	if (is_rule(action))
		t->has_rule = true;
	if (action->verb == LAB_HOLD)
		t->holds = true;
	if (action->verb == LAB_RELEASE)
		t->holds = false;
	if (action->verb == LAB_PASS)
		t->has_rule = false;
	return 0;
}

/* Steps whose time is known, by time; those of the same time in the order of
 * the plan. Returns their number. */
static size_t sort_steps(const struct timeline *t, size_t order[LAB_STEPS])
{
	size_t n = 0;

	for (size_t i = 0; i < t->plan->n_steps; i++) {
		size_t at = n;

		if (t->times[i] == NSEC_NEVER)
			continue;
		for (; at > 0 && t->times[order[at - 1]] > t->times[i]; at--)
			order[at] = order[at - 1];
		order[at] = i;
		n++;
	}
	return n;
}

static int check_timeline(const struct lab_plan *plan)
{
	struct timeline t = { .plan = plan };
	size_t order[LAB_STEPS], n;
	int r = 0;

	fault_verbs(&n);
	assert(n <= VERBS);
	for (size_t i = 0; i < plan->n_steps; i++)
		t.times[i] = lab_plan_step_time(plan, i);
	for (size_t i = 0; i < plan->n_programs; i++)
		t.programs[i].on = !plan->programs[i].later;
	n = sort_steps(&t, order);
	for (size_t i = 0; r >= 0 && i < n; i++)
		r = play(&t, &plan->steps[order[i]], t.times[order[i]]);
	for (size_t i = 0; r >= 0 && i < plan->n_steps; i++)
		if (t.times[i] == NSEC_NEVER)
			r = check_needs(&t, &plan->steps[i], true);
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
	if (since == NSEC_NEVER)
		since = 0;
	return check_end(plan, since + bound, &e->place);
}

int lab_check(const struct lab_plan *plan)
{
	int r = check_hosts(plan);

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
