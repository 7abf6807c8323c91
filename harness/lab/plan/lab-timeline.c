/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Everything about a fault comes from its entry in netns/fault.h: what ends its
 * effect, whether it ends the host's processes or stops them, whether its
 * effect outlives a crash.
 *
 * A step of the plan that waits for an event has no place in the order of
 * times. Hence an action that lacks something is refused only if no such step
 * could provide it, and such a step is refused only if no step at all could.
 * While a lab runs, every action is played when it is done, and nothing is left
 * open.
 */
#include "lab-timeline.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lab-network.h"
#include "lab-value.h"

enum { VERBS = 32 }; /* at least as many as the table of faults has */

/* Something that holds from a time on. */
struct since {
	bool on;
	nsec_t time;
	const char *argument; /* of the fault */
};

struct lab_timeline {
	const struct lab_plan *plan;
	bool may_come[LAB_STEPS]; /* the step may come at any time */
	struct {
		struct since faults[VERBS]; /* in the order of the table */
		struct since probe;
		bool keeps_unread; /* the probe, on some connection */
	} hosts[LAB_HOSTS];
	struct since programs[LAB_PROGRAMS]; /* started */
	/* Listening sockets of probes. */
	struct {
		const char *host; /* NULL: closed */
		uint16_t port;
		nsec_t since;
	} listeners[LAB_STEPS];
	bool has_rule, holds;
	const char *holders[LAB_ADDRESSES]; /* hosts that have the addresses */
};

/* lab_check_action() has found all hosts and programs. */
static size_t host_index(const struct lab_timeline *t, const char *name)
{
	return (size_t)(lab_plan_host(t->plan, name) - t->plan->hosts);
}

static struct since *fault_since(struct lab_timeline *t, const char *host,
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

/* Connections of a silent listener are not read either. */
static bool stops_reading(const struct lab_action *action, const char *host)
{
	return (action->verb == LAB_STOP_READING ||
		(action->verb == LAB_LISTEN &&
		 action->service == LAB_SILENT)) &&
	       strcmp(action->host, host) == 0;
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

/* `any`: any step of the plan; otherwise one that may come at any time. */
static bool may_come(const struct lab_timeline *t,
		     const struct pattern *pattern, bool any)
{
	for (size_t i = 0; i < t->plan->n_steps; i++)
		if ((any || t->may_come[i]) &&
		    matches(pattern, &t->plan->steps[i].action))
			return true;
	return false;
}

/* A step that may come at any time could end the effect of the fault. */
static bool may_end(const struct lab_timeline *t, const char *host,
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
 * What an action needs from earlier ones: the effect that its fault ends, a
 * probe, held frames, rules. `whenever`: its time is not known, so that any
 * step of the plan could provide it.
 */
static int check_needs(struct lab_timeline *t, const struct lab_action *action,
		       const struct lab_place *place, bool whenever)
{
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
		return lab_place_refuse(place,
					"%s: %s is not %s; no '%s %s' comes "
					"before it",
					action->text, action->host,
					ended->state, ended->name,
					action->host);
	if (provider.host)
		return lab_place_refuse(place,
					"%s: %s has no probe at that time; "
					"'listen %s' or 'connect %s to HOST' "
					"starts one",
					action->text, action->host,
					action->host, action->host);
	return lab_place_refuse(place,
				action->verb == LAB_RELEASE ?
					"%s: no frames are held; no 'hold' "
					"comes before it" :
					"%s: the wire has no rule; no 'drop', "
					"'hold', 'delay', 'duplicate' or "
					"'reject' comes before it",
				action->text);
}

/* --- playing an action ----------------------------------------------------*/

/* The host must be alive; its processes must run for a call of a probe, and it
 * must have its address for listen(). */
static int check_host_works(struct lab_timeline *t,
			    const struct lab_action *action,
			    const struct lab_place *place)
{
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
		      (calls && table[i].stops_processes) ||
		      (action->verb == LAB_LISTEN &&
		       table[i].removes_address)) ||
		    fault_verb(table[i].undo) == action->fault ||
		    may_end(t, host, &table[i]))
			continue;
		return lab_place_refuse(
			place,
			"%s: %s is %s since %s; expected '%s "
			"%s' first",
			action->text, host, table[i].state,
			time_text(since->time, text, sizeof(text)),
			table[i].undo, host);
	}
	return 0;
}

static void close_listeners(struct lab_timeline *t, const char *host)
{
	for (size_t i = 0; i < ARRAY_SIZE(t->listeners); i++)
		if (t->listeners[i].host &&
		    strcmp(t->listeners[i].host, host) == 0)
			t->listeners[i].host = NULL;
}

/* A crash or a reboot: its processes are gone, and so are the effects of faults
 * that belong to the machine. */
static void end_machine(struct lab_timeline *t, const char *host)
{
	size_t n;
	const struct fault_verb *table = fault_verbs(&n);

	for (size_t i = 0; i < n; i++)
		if (!table[i].survives_crash)
			fault_since(t, host, &table[i])->on = false;
	t->hosts[host_index(t, host)].probe.on = false;
	t->hosts[host_index(t, host)].keeps_unread = false;
	close_listeners(t, host);
}

static int play_fault(struct lab_timeline *t, const struct lab_action *action,
		      const struct lab_place *place, nsec_t time)
{
	const struct fault_verb *fault = action->fault;
	const struct fault_verb *ended = fault_ended_by(fault);
	struct since *since = fault_since(t, action->host, fault);
	char text[64];

	if (fault->undo && since->on && !may_end(t, action->host, fault) &&
	    (action->argument && since->argument ?
		     strcmp(action->argument, since->argument) == 0 :
		     action->argument == since->argument))
		return lab_place_refuse(
			place, "%s: %s is already %s since %s", action->text,
			action->host, fault->state,
			time_text(since->time, text, sizeof(text)));
	if (fault->kills_host)
		end_machine(t, action->host);
	if (ended)
		fault_since(t, action->host, ended)->on = false;
	if (fault->undo)
		*since = (struct since){ true, time, action->argument };
	return 0;
}

static int play_listen(struct lab_timeline *t, const struct lab_action *action,
		       const struct lab_place *place, nsec_t time)
{
	size_t unused = ARRAY_SIZE(t->listeners);
	char text[64];

	for (size_t i = 0; i < ARRAY_SIZE(t->listeners); i++) {
		if (!t->listeners[i].host) {
			unused = MIN(unused, i);
			continue;
		}
		if (strcmp(t->listeners[i].host, action->host) == 0 &&
		    t->listeners[i].port == action->port)
			return lab_place_refuse(
				place,
				"%s: the probe already listens on port %u "
				"since %s",
				action->text, action->port,
				time_text(t->listeners[i].since, text,
					  sizeof(text)));
	}
	if (unused == ARRAY_SIZE(t->listeners))
		return lab_place_refuse(place,
					"%s: too many listening sockets: at "
					"most %zu",
					action->text, unused);
	t->listeners[unused].host = action->host;
	t->listeners[unused].port = action->port;
	t->listeners[unused].since = time;
	return 0;
}

/* KILL and TERM end the probe, other signals do not. Closing its connections
 * also closes its listening sockets. */
static int play_probe(struct lab_timeline *t, const struct lab_action *action,
		      const struct lab_place *place, nsec_t time)
{
	struct since *probe = &t->hosts[host_index(t, action->host)].probe;
	int r;

	if (action->verb == LAB_LISTEN) {
		r = play_listen(t, action, place, time);
		if (r < 0)
			return error_trace(r);
	}
	if (starts_probe(action))
		*probe = (struct since){ true, time, NULL };
	if (stops_reading(action, action->host))
		t->hosts[host_index(t, action->host)].keeps_unread = true;
	if (action->verb == LAB_KILL &&
	    (action->signal == SIGKILL || action->signal == SIGTERM))
		probe->on = false;
	if (!probe->on || action->verb == LAB_READ_AGAIN)
		t->hosts[host_index(t, action->host)].keeps_unread = false;
	if (!probe->on || action->verb == LAB_CLOSE ||
	    action->verb == LAB_ABORT)
		close_listeners(t, action->host);
	return 0;
}

/* A program that runs from the start may be run again later: it may have ended.
 * At the start it cannot have. */
static int play_program(struct lab_timeline *t, const struct lab_action *action,
			const struct lab_place *place, nsec_t time)
{
	const struct lab_program *program =
		lab_plan_program(t->plan, action->program);
	struct since *started = &t->programs[program - t->plan->programs];
	const struct pattern run = { .first = LAB_RUN,
				     .last = LAB_RUN,
				     .program = program->name };

	if (action->verb == LAB_RUN) {
		if (!time && started->on && !started->time)
			return lab_place_refuse(place,
						"%s: %s runs from the start; "
						"expected 'later: yes' in the "
						"file",
						action->text, program->name);
		*started = (struct since){ true, time, NULL };
		return 0;
	}
	if (started->on || may_come(t, &run, false))
		return 0;
	return lab_place_refuse(place,
				"%s: %s is not started; no 'run %s' comes "
				"before it",
				action->text, program->name, program->name);
}

static size_t address_index(const struct lab_timeline *t,
			    const struct lab_action *move)
{
	return (size_t)(lab_network_further(t->plan, move->argument) -
			t->plan->addresses);
}

/* Another step could give the address to the host. `any`: see may_come(). */
static bool may_get(const struct lab_timeline *t, size_t address,
		    const char *host, bool any)
{
	for (size_t i = 0; i < t->plan->n_steps; i++) {
		const struct lab_action *other = &t->plan->steps[i].action;

		if ((any || t->may_come[i]) && other->verb == LAB_MOVE &&
		    address_index(t, other) == address &&
		    strcmp(other->to, host) == 0)
			return true;
	}
	return false;
}

/* `whenever`: see check_needs(). */
static int check_move(const struct lab_timeline *t,
		      const struct lab_action *action,
		      const struct lab_place *place, bool whenever)
{
	size_t address = address_index(t, action);
	const char *holder = whenever ? t->plan->addresses[address].host :
					t->holders[address];

	if (strcmp(holder, action->from) == 0 ||
	    may_get(t, address, action->from, whenever))
		return 0;
	return lab_place_refuse(place, "%s: %s has the address, not %s",
				action->text, holder, action->from);
}

/* `whenever`: see check_needs(). */
static int check_read_again(const struct lab_timeline *t,
			    const struct lab_action *action,
			    const struct lab_place *place, bool whenever)
{
	if (action->verb != LAB_READ_AGAIN ||
	    t->hosts[host_index(t, action->host)].keeps_unread)
		return 0;
	for (size_t i = 0; i < t->plan->n_steps; i++)
		if ((whenever || t->may_come[i]) &&
		    stops_reading(&t->plan->steps[i].action, action->host))
			return 0;
	return lab_place_refuse(place,
				"%s: the probe in %s reads; no 'stop-reading "
				"%s' comes before it",
				action->text, action->host, action->host);
}

/* What the action needs must be there, and then it changes the model. */
int lab_timeline_play(struct lab_timeline *t, const struct lab_action *action,
		      const struct lab_place *place, nsec_t time)
{
	int r = check_host_works(t, action, place);

	if (r >= 0)
		r = check_needs(t, action, place, false);
	if (r >= 0)
		r = check_read_again(t, action, place, false);
	if (r < 0)
		return error_trace(r);
	if (action->verb == LAB_FAULT)
		return play_fault(t, action, place, time);
	if (action->verb == LAB_MOVE) {
		r = check_move(t, action, place, false);
		if (r >= 0)
			t->holders[address_index(t, action)] = action->to;
		return error_trace(r);
	}
	if (starts_probe(action) || needs_probe(action))
		return play_probe(t, action, place, time);
	if (action->program)
		return play_program(t, action, place, time);
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

int lab_timeline_foresee(struct lab_timeline *t,
			 const struct lab_action *action,
			 const struct lab_place *place)
{
	int r;

	if (action->verb == LAB_MOVE)
		return check_move(t, action, place, true);
	r = check_needs(t, action, place, true);
	return r < 0 ? error_trace(r) :
		       check_read_again(t, action, place, true);
}

int lab_timeline_new(struct lab_timeline **ret, const struct lab_plan *plan,
		     bool runs)
{
	struct lab_timeline *t = calloc(1, sizeof(*t));
	size_t n;

	if (!t)
		return error_origin(-ENOMEM, "timeline of a lab");
	fault_verbs(&n);
	assert(n <= VERBS);
	t->plan = plan;
	for (size_t i = 0; i < plan->n_steps; i++)
		t->may_come[i] = !runs &&
				 lab_plan_step_time(plan, i) == NSEC_NEVER;
	for (size_t i = 0; i < plan->n_programs; i++)
		t->programs[i].on = !plan->programs[i].later;
	for (size_t i = 0; i < plan->n_addresses; i++)
		t->holders[i] = plan->addresses[i].host;
	*ret = t;
	return 0;
}

struct lab_timeline *lab_timeline_free(struct lab_timeline *t)
{
	free(t);
	return NULL;
}
