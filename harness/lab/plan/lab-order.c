/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab-order.h"

#include <errno.h>
#include <string.h>

#include "lab-parts.h"
#include "lab-words.h"

/* Faults that last until another takes them back. */
static const struct pair {
	const char *begins, *ends, *state;
	bool outlives; /* a crash of the host: the path is not the host's */
	bool stops; /* its processes do nothing */
} pairs[] = {
	{ "unplug", "plug", "unplugged", false, false },
	{ "down", "up", "down", false, false },
	{ "unaddress", "readdress", "without its address", false, false },
	{ "cut", "mend", "cut off", true, false },
	{ "freeze", "thaw", "frozen", false, true },
	{ "suspend", "resume", "suspended", false, true },
};

enum { PAIRS = ARRAY_SIZE(pairs) };

struct since {
	bool on;
	nsec_t since;
	const char *argument;
};

struct state {
	const struct lab_plan *plan;
	struct {
		struct since pairs[PAIRS];
		struct since dead, probe;
	} hosts[LAB_HOSTS];
	struct since programs[LAB_PROGRAMS]; /* has been started */
	/* Where probes listen. */
	struct {
		const char *host; /* NULL: no longer */
		uint16_t port;
		nsec_t since;
	} listeners[LAB_STEPS];
	size_t n_listeners;
	bool has_rule, holds;
	nsec_t times[LAB_STEPS]; /* NSEC_NEVER: not known */
};

/* --- who and what ---------------------------------------------------------*/

/* lab_check() has looked at all names before. */
static size_t host_index(const struct lab_plan *plan, const char *name)
{
	return (size_t)(lab_plan_host(plan, name) - plan->hosts);
}

static size_t program_index(const struct lab_plan *plan, const char *name)
{
	return (size_t)(lab_plan_program(plan, name) - plan->programs);
}

static bool is_fault(const struct lab_action *action, const char *name)
{
	return action->fault && strcmp(action->fault->name, name) == 0;
}

static bool is_rule(const struct lab_action *action)
{
	return action->verb >= LAB_DROP && action->verb <= LAB_REJECT;
}

static bool makes_probe(const struct lab_action *action)
{
	return action->verb == LAB_LISTEN || action->verb == LAB_CONNECT;
}

static bool wants_probe(const struct lab_action *action)
{
	return (action->verb >= LAB_SEND && action->verb <= LAB_USER_TIMEOUT) ||
	       (action->verb == LAB_KILL && action->host);
}

/* Where something must be alive for the action; NULL: nowhere. */
static const char *acts_in(const struct lab_plan *plan,
			   const struct lab_action *action)
{
	if (action->program)
		return lab_plan_program(plan, action->program)->host;
	return action->host;
}

/* --- what may still come --------------------------------------------------*/

typedef bool is_fn(const struct lab_action *action, const char *detail);

static bool is_named_fault(const struct lab_action *action, const char *detail)
{
	return is_fault(action, detail);
}

static bool is_any_rule(const struct lab_action *action,
			const char *detail MACRO_UNUSED)
{
	return is_rule(action);
}

static bool is_hold(const struct lab_action *action,
		    const char *detail MACRO_UNUSED)
{
	return action->verb == LAB_HOLD;
}

static bool is_maker(const struct lab_action *action,
		     const char *detail MACRO_UNUSED)
{
	return makes_probe(action);
}

static bool is_run_of(const struct lab_action *action, const char *detail)
{
	return action->verb == LAB_RUN && strcmp(action->program, detail) == 0;
}

/*
 * There is such a step; with `host`, of that host. `any` counts all of them,
 * otherwise those alone whose time is not known.
 */
static bool may_come(const struct state *state, const char *host, is_fn *is,
		     const char *detail, bool any)
{
	const struct lab_plan *plan = state->plan;

	for (size_t i = 0; i < plan->n_steps; i++) {
		const struct lab_action *action = &plan->steps[i].action;

		if (host && (!action->host || strcmp(action->host, host) != 0))
			continue;
		if (is(action, detail) &&
		    (any || state->times[i] == NSEC_NEVER))
			return true;
	}
	return false;
}

/* --- refusals -------------------------------------------------------------*/

static const char *time_text(nsec_t time, char *buffer, size_t size)
{
	return time ? lab_duration_text(time, buffer, size) : "the start";
}

/* Without `so`: it is so already. */
static int refuse_since(const struct lab_step *step, const char *who,
			const char *what, nsec_t since, const char *so)
{
	char text[64];

	return lab_place_refuse(&step->place, "%s: %s is %s%s, since %s%s%s",
				step->action.text, who, what,
				so ? "" : " already",
				time_text(since, text, sizeof(text)),
				so ? ": " : "", so ? so : "");
}

static int refuse_no_pair(const struct lab_step *step, const struct pair *pair)
{
	return lab_place_refuse(&step->place,
				"%s: %s is not %s: no '%s %s' comes before it",
				step->action.text, step->action.host,
				pair->state, pair->begins, step->action.host);
}

static int refuse_no_probe(const struct lab_step *step)
{
	return lab_place_refuse(&step->place,
				"%s: %s has no probe then: 'listen %s' or "
				"'connect %s to …' makes one",
				step->action.text, step->action.host,
				step->action.host, step->action.host);
}

/* --- faults ---------------------------------------------------------------*/

static void forget_listeners(struct state *state, const char *host)
{
	for (size_t i = 0; i < state->n_listeners; i++)
		if (state->listeners[i].host &&
		    strcmp(state->listeners[i].host, host) == 0)
			state->listeners[i].host = NULL;
}

static void end_machine(struct state *state, size_t host)
{
	const struct lab_plan *plan = state->plan;

	for (size_t i = 0; i < PAIRS; i++)
		if (!pairs[i].outlives)
			state->hosts[host].pairs[i].on = false;
	state->hosts[host].probe.on = false;
	forget_listeners(state, plan->hosts[host].name);
}

static bool is_same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static int play_pair(struct state *state, const struct lab_step *step, size_t i,
		     nsec_t time)
{
	const struct lab_action *action = &step->action;
	struct since *since =
		&state->hosts[host_index(state->plan, action->host)].pairs[i];

	if (is_fault(action, pairs[i].begins)) {
		if (since->on && is_same(since->argument, action->argument) &&
		    !may_come(state, action->host, is_named_fault,
			      pairs[i].ends, false))
			return refuse_since(step, action->host, pairs[i].state,
					    since->since, NULL);
		*since = (struct since){ true, time, action->argument };
	} else if (is_fault(action, pairs[i].ends)) {
		if (!since->on && !may_come(state, action->host, is_named_fault,
					    pairs[i].begins, false))
			return refuse_no_pair(step, &pairs[i]);
		since->on = false;
	}
	return 0;
}

static int play_fault(struct state *state, const struct lab_step *step,
		      nsec_t time)
{
	const struct lab_action *action = &step->action;
	size_t host = host_index(state->plan, action->host);
	int r = 0;

	for (size_t i = 0; r >= 0 && i < PAIRS; i++)
		r = play_pair(state, step, i, time);
	if (r < 0)
		return error_trace(r);
	if (is_fault(action, "crash") || is_fault(action, "reboot")) {
		end_machine(state, host);
		state->hosts[host].dead =
			(struct since){ is_fault(action, "crash"), time, NULL };
	}
	return 0;
}

static int check_alive(const struct state *state, const struct lab_step *step)
{
	const char *host = acts_in(state->plan, &step->action);
	const struct since *dead;

	if (!host || is_fault(&step->action, "reboot"))
		return 0;
	dead = &state->hosts[host_index(state->plan, host)].dead;
	if (!dead->on || may_come(state, host, is_named_fault, "reboot", false))
		return 0;
	return refuse_since(step, host, "dead", dead->since,
			    "only 'reboot' comes before anything else");
}

/* --- probes and programs --------------------------------------------------*/

static int check_awake(const struct state *state, const struct lab_step *step)
{
	const char *name = step->action.host;
	size_t host = host_index(state->plan, name);

	for (size_t i = 0; i < PAIRS; i++) {
		const struct since *since = &state->hosts[host].pairs[i];

		if (pairs[i].stops && since->on &&
		    !may_come(state, name, is_named_fault, pairs[i].ends,
			      false))
			return refuse_since(step, name, pairs[i].state,
					    since->since,
					    "its probe does nothing");
	}
	return 0;
}

static int play_listen(struct state *state, const struct lab_step *step,
		       nsec_t time)
{
	const struct lab_action *action = &step->action;
	char text[64];

	for (size_t i = 0; i < state->n_listeners; i++)
		if (state->listeners[i].host &&
		    strcmp(state->listeners[i].host, action->host) == 0 &&
		    state->listeners[i].port == action->port)
			return lab_place_refuse(
				&step->place,
				"%s: it listens on port %u already, since %s",
				action->text, action->port,
				time_text(state->listeners[i].since, text,
					  sizeof(text)));
	state->listeners[state->n_listeners].host = action->host;
	state->listeners[state->n_listeners].port = action->port;
	state->listeners[state->n_listeners++].since = time;
	return 0;
}

static int play_probe(struct state *state, const struct lab_step *step,
		      nsec_t time)
{
	const struct lab_action *action = &step->action;
	struct since *probe =
		&state->hosts[host_index(state->plan, action->host)].probe;
	int r = 0;

	if (wants_probe(action) && !probe->on &&
	    !may_come(state, action->host, is_maker, NULL, false))
		return refuse_no_probe(step);
	if (action->verb != LAB_KILL)
		r = check_awake(state, step);
	if (r >= 0 && action->verb == LAB_LISTEN)
		r = play_listen(state, step, time);
	if (r < 0)
		return error_trace(r);
	if (makes_probe(action))
		*probe = (struct since){ true, time, NULL };
	if (action->verb == LAB_KILL &&
	    (action->signal == SIGKILL || action->signal == SIGTERM))
		probe->on = false;
	if (!probe->on || action->verb == LAB_CLOSE ||
	    action->verb == LAB_ABORT)
		forget_listeners(state, action->host);
	return 0;
}

static int play_program(struct state *state, const struct lab_step *step,
			nsec_t time)
{
	const char *name = step->action.program;
	size_t i = program_index(state->plan, name);
	struct since *started = &state->programs[i];

	if (step->action.verb == LAB_RUN) {
		if (!time && started->on && !started->since)
			return lab_place_refuse(&step->place,
						"%s: the start runs %s "
						"already, unless it is 'later'",
						step->action.text, name);
		*started = (struct since){ true, time, NULL };
		return 0;
	}
	if (started->on || may_come(state, NULL, is_run_of, name, false))
		return 0;
	return lab_place_refuse(&step->place,
				"%s: %s does not run then: no 'run %s' comes "
				"before it",
				step->action.text, name, name);
}

/* --- the wire -------------------------------------------------------------*/

static int play_wire(struct state *state, const struct lab_step *step)
{
	const struct lab_action *action = &step->action;

	if (is_rule(action))
		state->has_rule = true;
	if (action->verb == LAB_HOLD)
		state->holds = true;
	if (action->verb == LAB_RELEASE) {
		if (!state->holds &&
		    !may_come(state, NULL, is_hold, NULL, false))
			return lab_place_refuse(&step->place,
						"release: nothing is held: no "
						"'hold' comes before it");
		state->holds = false;
	}
	if (action->verb == LAB_PASS) {
		if (!state->has_rule &&
		    !may_come(state, NULL, is_any_rule, NULL, false))
			return lab_place_refuse(&step->place,
						"pass: the wire has no rule: "
						"none comes before it");
		state->has_rule = false;
	}
	return 0;
}

/* --- all of it ------------------------------------------------------------*/

static int play(struct state *state, const struct lab_step *step, nsec_t time)
{
	const struct lab_action *action = &step->action;
	int r = check_alive(state, step);

	if (r >= 0 && action->verb == LAB_FAULT)
		r = play_fault(state, step, time);
	else if (r >= 0 && (makes_probe(action) || wants_probe(action)))
		r = play_probe(state, step, time);
	else if (r >= 0 && action->program)
		r = play_program(state, step, time);
	else if (r >= 0)
		r = play_wire(state, step);
	return r < 0 ? error_trace(r) : 0;
}

/* What nothing in the whole timeline makes possible. */
static int check_whenever(const struct state *state,
			  const struct lab_step *step)
{
	const struct lab_action *action = &step->action;

	for (size_t i = 0; i < PAIRS; i++)
		if (is_fault(action, pairs[i].ends) &&
		    !may_come(state, action->host, is_named_fault,
			      pairs[i].begins, true))
			return refuse_no_pair(step, &pairs[i]);
	if (wants_probe(action) &&
	    !may_come(state, action->host, is_maker, NULL, true))
		return refuse_no_probe(step);
	if (action->verb == LAB_RELEASE &&
	    !may_come(state, NULL, is_hold, NULL, true))
		return lab_place_refuse(&step->place,
					"release: nothing is held: there is no "
					"'hold'");
	if (action->verb == LAB_PASS &&
	    !may_come(state, NULL, is_any_rule, NULL, true))
		return lab_place_refuse(&step->place,
					"pass: the wire has no rule");
	return 0;
}

/* The steps whose time is known, the earliest first; those of one time as they
 * stand in the plan. */
static size_t sort(size_t order[LAB_STEPS], const nsec_t *times, size_t steps)
{
	size_t n = 0;

	for (size_t i = 0; i < steps; i++) {
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

int lab_order_check(const struct lab_plan *plan)
{
	struct state state = { .plan = plan };
	size_t order[LAB_STEPS], n;
	int r = 0;

	for (size_t i = 0; i < plan->n_steps; i++)
		state.times[i] = lab_plan_step_time(plan, i);
	for (size_t i = 0; i < plan->n_programs; i++)
		state.programs[i].on = !plan->programs[i].later;
	n = sort(order, state.times, plan->n_steps);
	for (size_t i = 0; r >= 0 && i < n; i++)
		r = play(&state, &plan->steps[order[i]], state.times[order[i]]);
	for (size_t i = 0; r >= 0 && i < plan->n_steps; i++)
		if (state.times[i] == NSEC_NEVER)
			r = check_whenever(&state, &plan->steps[i]);
	return r < 0 ? error_trace(r) : 0;
}
