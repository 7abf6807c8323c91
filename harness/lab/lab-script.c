/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Producers (wire, programs, probes, sockets) push events into one queue. Each
 * pass of the loop collects what they have, passes the events in the order of
 * time to the steps and the expectations, and takes the steps that are due. A
 * step is due some time after an event, counted from when that happened and not
 * from when it was noticed.
 *
 * Steps with the same due time are taken in the order of the plan, and each
 * only when the one before has been executed: in [connect client server, send
 * client 5, kill client], send waits for connect() to return, and kill for
 * send(). A step with a later time does not wait for earlier ones.
 *
 * Sockets are looked at 2 ms after anything has happened, but no more than
 * every 50 ms while only data and acknowledgements flow, and otherwise at
 * growing intervals, so that hours without events cost little.
 */
#include "lab-script.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "array.h"
#include "errors.h"
#include "expect-control.h"
#include "faults-control.h"
#include "firewall.h"
#include "lab-action.h"
#include "lab-case.h"
#include "lab-check.h"
#include "lab-commands.h"
#include "lab-conclusions.h"
#include "lab-event.h"
#include "lab-judge.h"
#include "lab-network.h"
#include "lab-probes.h"
#include "lab-programs.h"
#include "lab-sockets.h"
#include "lab-state.h"
#include "lab-timeline.h"
#include "lab-wire.h"
#include "privilege.h"
#include "wire.h"

enum { MESSAGE = 1024 };

/* Between two looks at the sockets, as long as only a transfer goes on. */
static const nsec_t flow_pause = MSEC(50);

struct lab {
	struct run *run;
	struct lab_plan *plan;
	struct lab_events *events;
	struct lab_wire *wire;
	struct lab_states *states;
	struct lab_programs *programs;
	struct lab_probes *probes;
	struct lab_sockets *sockets;
	struct lab_judge *judge;
	struct {
		struct lab_wait wait;
		bool taken;
	} steps[LAB_STEPS];
	nsec_t start, end; /* of the timeline */
	struct lab_timeline *timeline; /* what has been done */
	bool over; /* before its time */
	nsec_t last_look, next_look, no_look_before;
	struct loop_source *prompt;
	const char **messages; /* of the prompt, not handled yet */
	size_t n_messages, messages_capacity;
};

/* --- events --------------------------------------------------------------- */

static bool has_work(void *data)
{
	const struct lab *lab = data;

	return lab->over || lab->n_messages ||
	       !lab_events_are_empty(lab->events) ||
	       lab_wire_has_frames(lab->wire) ||
	       lab_probes_have_results(lab->probes);
}

static void see_frame(struct lab *lab, const struct lab_event *event)
{
	const struct lab_host *host = lab_plan_host(lab->plan, event->host);
	const struct wire_capture *all;

	wire_captures(world_wire(lab->run->world), &all);
	if (host && !lab_host_is_gateway(host))
		lab_states_see(lab->states, event, &all[event->capture]);
}

/* A frame of a transfer, or what a look has found. tcp_diag_dump() walks over
 * the hash table of the whole machine: as often as a fast transfer has frames,
 * it would take a third of the CPU time of this process. */
static bool is_flow(const struct lab_event *event)
{
	if (event->kind == LAB_EVENT_STATE)
		return !event->derived;
	return (event->kind == LAB_EVENT_SENT ||
		event->kind == LAB_EVENT_RECEIVED) &&
	       !(event->kinds & ~(unsigned int)(WIRE_TCP | WIRE_DATA |
						WIRE_PURE_ACK | LAB_PAYLOAD));
}

/* Events of states, which lab_states_see() pushes in this loop, have the time
 * of their frame, and so come next. Anything that happens may change the states
 * of sockets: they are looked at soon. */
static void handle_events(struct lab *lab)
{
	struct lab_event event;
	nsec_t look = NSEC_NEVER;

	lab_wire_collect(lab->wire);
	lab_probes_collect(lab->probes);
	while (lab_events_pop(lab->events, &event)) {
		look = MIN(look,
			   is_flow(&event) ? lab->last_look + flow_pause : 0);
		if (event.kind == LAB_EVENT_SENT ||
		    event.kind == LAB_EVENT_RECEIVED)
			see_frame(lab, &event);
		for (size_t i = 0; i < lab->plan->n_steps; i++)
			lab_wait_see(&lab->steps[i].wait,
				     &lab->plan->steps[i].when, &event);
		lab_judge_see(lab->judge, &event);
	}
	if (look != NSEC_NEVER)
		lab->next_look =
			MIN(lab->next_look, MAX(MAX(nsec_now() + MSEC(2), look),
						lab->no_look_before));
}

static void look_at_sockets(struct lab *lab)
{
	nsec_t began = nsec_now();

	if (began < lab->next_look)
		return;
	lab->last_look = began;
	lab_sockets_look(lab->sockets);
	lab_judge_see_sockets(lab->judge, lab->sockets);
	/* Thousands of sockets take long: never more than a tenth of the time
	 * is spent on looks. */
	lab->no_look_before = nsec_now() + 9 * (nsec_now() - began);
	lab->next_look = MAX(began + MAX((began - lab->start) / 50, MSEC(50)),
			     lab->no_look_before);
	handle_events(lab);
}

/* --- actions -------------------------------------------------------------- */

/* To a dead host only the verb that revives it can be applied. */
static void apply_fault(struct lab *lab, const struct lab_action *action)
{
	const struct fault_verb *verb = action->fault;
	const struct fault_verb *ended = fault_ended_by(verb);

	if (!host_is_running(run_host(lab->run, action->host)) &&
	    !(ended && ended->kills_host)) {
		run_note(lab->run, "%s: %s is dead", action->text,
			 action->host);
		return;
	}
	fault_do(lab->run, verb, action->host, action->argument);
	if (lab->run->options->without_faults)
		return;
	if (verb->stops_processes)
		lab_probes_set_stopped(lab->probes, action->host, true);
	if (verb->kills_host || (ended && ended->stops_processes))
		lab_probes_set_stopped(lab->probes, action->host, false);
	if (verb->kills_host)
		lab_probes_lose_host(lab->probes, action->host);
}

/* The peers' connections to the address are unknown to the new host. */
static void move_address(struct lab *lab, const struct lab_action *action)
{
	const struct lab_address *further =
		lab_network_further(lab->plan, action->argument);
	struct address address = run_address(lab->run, further->name);
	int r;

	if (!fault_announce(lab->run, "move", action->to, action->text))
		return;
	r = world_move_address(lab->run->world, &address, action->from,
			       action->to, !action->quiet);
	/* Steps whose event came in an unplanned order. */
	if (r == -ENOENT)
		run_note(lab->run, "%s: %s", action->text, error_message());
	else if (r < 0)
		run_broken(lab->run, r);
}

/* The value is read back: the kernel clamps some, and rounds others to jiffies.
 */
static void set_in_host(struct lab *lab, const char *host,
			const struct lab_action *action)
{
	const struct sysctl_setting setting = { action->key, action->value };
	char value[SYSCTL_VALUE];
	int namespace = host_namespace(run_host(lab->run, host));
	int r = sysctl_write(namespace, &setting, 1);

	if (r < 0) {
		run_note(lab->run, "%s: %s", action->text, error_message());
		return;
	}
	r = sysctl_read(namespace, action->key, value);
	if (r < 0)
		run_broken(lab->run, r);
	run_journal(lab->run, nsec_now(), "sysctl", "{s:s, s:s, s:s}", "host",
		    host, "name", action->key, "value", value);
	run_note(lab->run, "%s: %s = %s", host, action->key, value);
}

static void set_sysctl(struct lab *lab, const struct lab_action *action)
{
	for (size_t i = 0; i < lab->plan->n_hosts; i++) {
		const char *host = lab->plan->hosts[i].name;

		if (!action->host || strcmp(action->host, host) == 0)
			set_in_host(lab, host, action);
	}
}

/* firewall_check() has accepted the rules, except those of the prompt; a rule
 * that this kernel lacks is found here. */
static void change_rules(struct lab *lab, const struct lab_action *action)
{
	int r;

	if (!fault_announce(lab->run, action->name, action->host, action->text))
		return;
	r = firewall_load(host_namespace(run_host(lab->run, action->host)),
			  action->argument);
	if (r < 0)
		run_expectation(lab->run, false, action->host, action->text,
				error_message());
}

static void act(struct lab *lab, const struct lab_action *action,
		const struct lab_place *place)
{
	/* Before the action, since frames that it causes may pass before it
	 * returns: times after the action count from here. */
	lab_events_push(lab->events,
			&(struct lab_event){ .kind = LAB_EVENT_STEP,
					     .at = nsec_now(),
					     .action = action });
	switch (action->verb) {
	case LAB_FAULT:
		apply_fault(lab, action);
		break;
	case LAB_KILL:
		if (action->program)
			lab_program_kill(lab->programs, action);
		else
			lab_probes_act(lab->probes, action, place);
		break;
	case LAB_DROP:
	case LAB_HOLD:
	case LAB_DELAY:
	case LAB_DUPLICATE:
	case LAB_REJECT:
	case LAB_LINK:
	case LAB_RELEASE:
	case LAB_PASS:
	case LAB_INJECT:
		lab_wire_act(lab->wire, action);
		break;
	case LAB_MOVE:
		move_address(lab, action);
		break;
	case LAB_SET:
		set_sysctl(lab, action);
		break;
	case LAB_NFT:
		change_rules(lab, action);
		break;
	case LAB_RUN:
		lab_program_start(lab->programs, action->program);
		break;
	case LAB_LISTEN:
	case LAB_CONNECT:
	case LAB_SEND:
	case LAB_SHUT:
	case LAB_CLOSE:
	case LAB_ABORT:
	case LAB_STOP_READING:
	case LAB_READ_AGAIN:
	case LAB_KEEPALIVE:
	case LAB_USER_TIMEOUT:
		lab_probes_act(lab->probes, action, place);
		break;
	case LAB_NOTE:
		run_note(lab->run, "%s",
			 action->argument ? action->argument : action->text);
		break;
	case LAB_FINISH:
		lab->over = true;
		break;
	}
}

/* --- steps ---------------------------------------------------------------- */

static nsec_t due(const struct lab *lab, size_t i)
{
	return lab->steps[i].wait.happened ?
		       nsec_add(lab->steps[i].wait.happened,
				lab->plan->steps[i].when.after) :
		       NSEC_NEVER;
}

/* A step before it in the list, with the same due time, is still queued in a
 * probe. */
static bool is_blocked(const struct lab *lab, size_t step)
{
	for (size_t i = 0; i < step; i++)
		if (lab->steps[i].taken && due(lab, i) == due(lab, step) &&
		    lab_probes_have_queued(lab->probes,
					   &lab->plan->steps[i].action))
			return true;
	return false;
}

/* The time of the next step that can be taken; of several with the same time,
 * the first of the plan. */
static nsec_t next_step(const struct lab *lab, size_t *ret)
{
	nsec_t earliest = NSEC_NEVER;

	for (size_t i = 0; i < lab->plan->n_steps; i++) {
		if (lab->steps[i].taken || due(lab, i) >= earliest ||
		    is_blocked(lab, i))
			continue;
		earliest = due(lab, i);
		*ret = i;
	}
	return earliest;
}

/* Since the start, in milliseconds: the time of an action in messages. */
static nsec_t time_of_timeline(const struct lab *lab)
{
	nsec_t time = nsec_now() - lab->start;

	return time - time % MSEC(1);
}

/* One at a time: what a step causes may make another one due before the rest.
 * lab_check() has checked the steps. One whose event came in an unplanned order
 * may be without effect, which is no error. */
static void take_steps(struct lab *lab)
{
	size_t i = 0;

	while (!lab->over && next_step(lab, &i) <= MIN(nsec_now(), lab->end)) {
		const struct lab_step *step = &lab->plan->steps[i];

		run_here(step->place.source ? step->place.source : "lab",
			 (int)step->place.line);
		lab->steps[i].taken = true;
		lab_timeline_play(lab->timeline, &step->action, NULL,
				  time_of_timeline(lab));
		act(lab, &step->action, &step->place);
		handle_events(lab);
	}
}

/* --- the prompt ----------------------------------------------------------- */

/* End of file: the session has ended. Messages are handled outside of the
 * loop's callbacks, since an action may have to wait for a probe. */
static int on_prompt(void *data, uint32_t events MACRO_UNUSED)
{
	struct lab *lab = data;
	char words[MESSAGE + 1];
	ssize_t n =
		recv(lab->run->options->prompt, words, MESSAGE, MSG_DONTWAIT);
	const char **grown;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0) {
		lab->prompt = loop_remove(lab->prompt);
		lab->over = true;
		return 0;
	}
	words[n] = '\0';
	grown = array_grow(lab->messages, lab->n_messages,
			   &lab->messages_capacity, sizeof(*grown));
	if (!grown)
		return error_origin(-ENOMEM, "message");
	lab->messages = grown;
	lab->messages[lab->n_messages++] = lab_plan_keep(lab->plan, words);
	return 0;
}

/* As lab_check() checks a step of a file. The command of an action that is
 * refused becomes no program. */
static int check_message(struct lab *lab, const char *words,
			 struct lab_action *action)
{
	size_t n_programs = lab->plan->n_programs;
	int r = lab_action_parse(lab->plan, words, NULL, action);

	if (r >= 0)
		r = lab_plan_add_command(lab->plan, action, NULL);
	if (r >= 0)
		r = lab_check_action(lab->plan, action, NULL);
	if (r >= 0)
		r = lab_timeline_play(lab->timeline, action, NULL,
				      time_of_timeline(lab));
	if (r < 0)
		lab->plan->n_programs = n_programs;
	return error_trace(r);
}

static void handle_message(struct lab *lab, const char *words)
{
	struct lab_action *action;

	if (strcmp(words, LAB_PROMPT_END) == 0) {
		lab->over = true;
		return;
	}
	if (strcmp(words, LAB_PROMPT_STATES) == 0) {
		lab_sockets_journal_all(lab->sockets);
		return;
	}
	/* A probe keeps the action until it has executed it. */
	action = calloc(1, sizeof(*action));
	if (!action)
		run_broken(lab->run, error_origin(-ENOMEM, "action"));
	if (check_message(lab, words, action) < 0) {
		send(lab->run->options->prompt, error_message(),
		     strlen(error_message()), MSG_DONTWAIT | MSG_NOSIGNAL);
		free(action);
		return;
	}
	act(lab, action, NULL);
}

static void handle_messages(struct lab *lab)
{
	for (size_t i = 0; i < lab->n_messages && !lab->over; i++)
		if (lab->messages[i])
			handle_message(lab, lab->messages[i]);
	lab->n_messages = 0;
}

/* --- the whole ------------------------------------------------------------ */

/* The hosts' names, in an /etc/hosts that only the lab sees. Some containers do
 * not allow to mount it. */
static void name_hosts(struct lab *lab)
{
	char *lines = NULL;
	size_t size;
	FILE *out = open_memstream(&lines, &size);

	if (!out)
		run_broken(lab->run, error_origin(-ENOMEM, "names"));
	for (size_t i = 0; i < lab->plan->n_hosts; i++) {
		const char *name = lab->plan->hosts[i].name;
		struct address address = run_address(lab->run, name);
		char text[ADDRESS_TEXT];

		fprintf(out, "%s %s\n", address_text(&address, text), name);
	}
	for (size_t i = 0; i < lab->plan->n_addresses; i++) {
		const char *name = lab->plan->addresses[i].name;
		struct address address = run_address(lab->run, name);
		char text[ADDRESS_TEXT];

		fprintf(out, "%s %s\n", address_text(&address, text), name);
	}
	fclose(out);
	if (!privilege_own_names(lines))
		run_note(lab->run, "no private /etc/hosts on this machine: "
				   "programs find hosts by $NAME only");
	if (privilege_program_ids().uid == 0)
		run_note(lab->run,
			 "no uid nobody on this machine: programs run "
			 "as uid 0, without capabilities");
	if (!privilege_has_own_proc())
		run_note(lab->run, "no private /proc on this machine: programs "
				   "see other processes there than those of "
				   "their host");
	free(lines);
}

static json_t *hosts_in_order(const struct lab *lab)
{
	json_t *hosts = json_array();

	for (size_t i = 0; i < lab->plan->n_hosts; i++)
		json_array_append_new(hosts,
				      json_string(lab->plan->hosts[i].name));
	return hosts;
}

static struct lab *new_lab(struct run *run)
{
	struct lab *lab = calloc(1, sizeof(*lab));
	int r;

	if (!lab)
		run_broken(run, error_origin(-ENOMEM, "lab"));
	lab->run = run;
	lab->plan = lab_case_plan(run->job->testcase);
	lab->events = lab_events_new(run);
	lab->wire = lab_wire_new(run, lab->plan, lab->events);
	lab->states = lab_states_new(run, lab->events);
	lab->programs = lab_programs_new(run, lab->plan, lab->events);
	lab->probes = lab_probes_new(run, lab->plan, lab->events);
	lab->sockets =
		lab_sockets_new(run, lab->plan, lab->events, lab->probes);
	lab->judge = lab_judge_new(run, lab->plan);
	r = lab_timeline_new(&lab->timeline, lab->plan, true);
	if (r >= 0 && run->options->prompt)
		r = loop_add_fd(run->loop, &lab->prompt, run->options->prompt,
				EPOLLIN, on_prompt, lab);
	if (r < 0)
		run_broken(run, r);
	return lab;
}

/* Who sees the timeline begin may ask for a shell in any host. */
static void wait_for_hosts(const struct lab *lab)
{
	for (size_t i = 0; i < lab->plan->n_hosts; i++) {
		int r = host_wait_ready(
			run_host(lab->run, lab->plan->hosts[i].name));

		if (r < 0)
			run_broken(lab->run, r);
	}
}

static void start_timeline(struct lab *lab)
{
	lab_commands_check_reach(lab->run, lab->plan);
	name_hosts(lab);
	wait_for_hosts(lab);
	lab_wire_set_paths(lab->wire);
	lab_programs_start_servers(lab->programs);
	lab->start = nsec_now();
	lab->end = nsec_add(lab->start, lab->plan->duration);
	run_journal(lab->run, lab->start, "timeline", "{s:o}", "hosts",
		    hosts_in_order(lab));
	lab_events_push(lab->events,
			&(struct lab_event){ .kind = LAB_EVENT_START,
					     .at = lab->start });
	/* Their start belongs to the times that count from the event. */
	handle_events(lab);
	lab_programs_start_clients(lab->programs);
}

/* Results that arrive with the last look still count. */
static void finish(struct lab *lab)
{
	static bool taken[LAB_STEPS];
	const struct lab_end end = { .run = lab->run,
				     .plan = lab->plan,
				     .start = lab->start,
				     .steps_taken = taken,
				     .programs = lab->programs,
				     .sockets = lab->sockets };

	run_note(lab->run, "the timeline ends");
	handle_events(lab);
	lab_sockets_journal_all(lab->sockets);
	lab_judge_see_sockets(lab->judge, lab->sockets);
	handle_events(lab);
	lab_probes_finish(lab->probes);
	lab_judge_finish(lab->judge, lab->probes, lab->programs);
	for (size_t i = 0; i < lab->plan->n_steps; i++)
		taken[i] = lab->steps[i].taken;
	lab_conclude(&end);
}

void lab_script(struct run *run)
{
	struct lab *lab = new_lab(run);

	start_timeline(lab);
	while (!lab->over && nsec_now() < lab->end) {
		size_t next;

		handle_events(lab);
		take_steps(lab);
		handle_messages(lab);
		look_at_sockets(lab);
		run_wait(run, has_work, lab,
			 MIN(MIN(next_step(lab, &next), lab->end),
			     MIN(lab->next_look,
				 lab_probes_next_accept(lab->probes))));
	}
	/* The steps at the end, and those before it that a busy machine has
	 * delayed. */
	handle_events(lab);
	take_steps(lab);
	finish(lab);
	loop_remove(lab->prompt);
	lab_timeline_free(lab->timeline);
	free(lab);
}
