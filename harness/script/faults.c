/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A fault is announced (counted and journalled) and then applied. Verbs for
 * hosts, cables and paths come from the table in netns/fault.h. When the table
 * marks a verb as one that kills the host, the host's probes and programs end
 * with it. Rules of the wire and signals to one process are applied here.
 */
#include "faults-control.h"

#include <stdio.h>
#include <string.h>

#include "counter-control.h"
#include "errors.h"
#include "probe-control.h"
#include "program-control.h"

static bool announce(struct run *run, const char *verb, const char *target,
		     const struct fault_details *details, const char *text)
{
	run->faults++;
	if (run->options->without_faults) {
		run_note(run, "left out: %s", text);
		return false;
	}
	run_journal(run, nsec_now(), "fault",
		    "{s:s, s:s, s:s*, s:s*, s:s*, s:s}", "verb", verb, "target",
		    target, "argument", details->argument, "from",
		    details->from, "to", details->to, "text", text);
	return true;
}

bool fault_announce(struct run *run, const char *verb, const char *target,
		    const char *text)
{
	return announce(run, verb, target, &(struct fault_details){ NULL },
			text);
}

/* With the text of the table. */
static bool announce_verb(struct run *run, const char *verb, const char *target,
			  const struct fault_details *details)
{
	char text[160];

	fault_text(fault_recorded_verb(verb), target, details, false, text,
		   sizeof(text));
	return announce(run, verb, target, details, text);
}

static bool announce_plain(struct run *run, const char *verb,
			   const char *target)
{
	return announce_verb(run, verb, target,
			     &(struct fault_details){ NULL });
}

/* --- verbs of the table -----------------------------------------------*/

/* After the verb: its host died and has been replaced. */
static bool is_rebooted(struct run *run, const struct fault_verb *verb,
			const char *host)
{
	return verb->kills_host && host_is_running(run_host(run, host));
}

static bool apply(struct run *run, const struct fault_verb *verb,
		  const char *host, const char *argument)
{
	nsec_t began = nsec_now();
	int r;

	if (!announce_verb(run, verb->name, host,
			   &(struct fault_details){ .argument = argument }))
		return false;
	r = verb->apply(run->world, host, argument);
	if (r < 0)
		run_broken(run, r);
	/* Building a new host takes long: that is no scheduling delay. */
	if (!is_rebooted(run, verb, host))
		run_acted(run, began);
	return true;
}

void fault_do(struct run *run, const struct fault_verb *verb, const char *host,
	      const char *argument)
{
	if (!apply(run, verb, host, argument) || !verb->kills_host)
		return;
	/* Its init is dead: the ends of its processes are not reported. */
	probe_expect_end_of_host(run, host);
	probe_remove_host(run, host);
	program_remove_host(run, host);
	if (!is_rebooted(run, verb, host))
		return;
	counter_renew_baseline(run, host);
	run_note(run, "%s is up again", host);
}

static const struct fault_verb *find_verb(struct run *run, const char *name)
{
	const struct fault_verb *verb = fault_verb(name);

	if (!verb)
		run_broken_because(run, "unknown fault verb '%s'", name);
	return verb;
}

/* fault_NAME(): the verb with this argument, applied to a host. */
#define FAULT_OF_HOST(name_, verb_, argument_)                                 \
	void fault_##name_(struct run *run, const char *host)                  \
	{                                                                      \
		fault_do(run, find_verb(run, verb_), host, argument_);         \
	}

FAULT_OF_HOST(crash, "crash", NULL)
FAULT_OF_HOST(reboot, "reboot", NULL)
FAULT_OF_HOST(freeze, "freeze", NULL)
FAULT_OF_HOST(thaw, "thaw", NULL)
FAULT_OF_HOST(unplug, "unplug", NULL)
FAULT_OF_HOST(plug, "plug", NULL)
FAULT_OF_HOST(down, "down", NULL)
FAULT_OF_HOST(up, "up", NULL)
FAULT_OF_HOST(unaddress, "unaddress", NULL)
FAULT_OF_HOST(readdress, "readdress", NULL)
FAULT_OF_HOST(cut, "cut", NULL)
FAULT_OF_HOST(cut_from, "cut", "from")
FAULT_OF_HOST(cut_to, "cut", "to")
FAULT_OF_HOST(mend, "mend", NULL)
FAULT_OF_HOST(forget, "forget", NULL)

/* --- one process ------------------------------------------------------*/

/* The kernel closes the sockets of a process while it dies, so these return
 * when the process is gone. */

/* Returns false with --without-faults. */
static bool kill_process(struct probe *probe, pid_t pid)
{
	struct run *run = probe_run(probe);
	char text[16];

	snprintf(text, sizeof(text), "%d", pid);
	return apply(run, find_verb(run, "kill"), probe_host(probe), text);
}

void fault_kill(struct probe *probe)
{
	struct run *run = probe_run(probe);
	nsec_t began = nsec_now();

	/* The end may be reported before apply() returns. */
	if (!run->options->without_faults)
		probe_expect_end(probe);
	if (!kill_process(probe, probe_pid(probe)))
		return;
	probe_wait_end(probe);
	run_acted(run, began);
}

void fault_kill_child(struct probe *probe)
{
	nsec_t began = nsec_now();

	if (!kill_process(probe, probe_child(probe)))
		return;
	probe_wait_child_end(probe);
	run_acted(probe_run(probe), began);
}

/* The process sends itself SIGSEGV: a signal from outside would have another
 * sender. There is no reply to the request. */
void fault_segfault(struct probe *probe)
{
	struct probe_request request = { .operation = PROBE_CRASH };
	struct probe_answer answer;
	nsec_t began = nsec_now();

	if (!announce_plain(probe_run(probe), "segfault", probe_host(probe)))
		return;
	probe_expect_end(probe);
	probe_post(probe, &request, &answer);
	probe_wait_end(probe);
	run_acted(probe_run(probe), began);
}

/* --- segments ---------------------------------------------------------*/

/* False with --without-faults. */
static bool announce_rule(struct run *run, const char *verb,
			  const struct wire_match *match)
{
	const struct fault_details details = {
		.from = match->from,
		.to = match->to,
	};

	return announce_verb(run, verb, "wire", &details);
}

/* The rule is in effect when this returns: segments sent afterwards meet it. */
static struct wire_rule *arm(struct run *run, const char *verb,
			     const struct wire_match *match,
			     enum wire_action action, nsec_t delay)
{
	struct wire_rule *rule;
	int r;

	if (!announce_rule(run, verb, match))
		return NULL;
	r = wire_arm(world_wire(run->world), &rule, match, action, delay);
	if (r < 0)
		run_broken(run, r);
	return rule;
}

struct wire_rule *fault_drop(struct run *run, const struct wire_match *match)
{
	return arm(run, "drop", match, WIRE_DROP, 0);
}

struct wire_rule *fault_hold(struct run *run, const struct wire_match *match)
{
	return arm(run, "hold", match, WIRE_HOLD, 0);
}

struct wire_rule *fault_duplicate(struct run *run,
				  const struct wire_match *match, nsec_t delay)
{
	return arm(run, "duplicate", match, WIRE_DUPLICATE, delay);
}

struct wire_rule *fault_reject(struct run *run, const struct wire_match *match,
			       enum wire_answer answer)
{
	struct wire_rule *rule;
	int r;

	if (!announce_rule(run, "reject", match))
		return NULL;
	r = wire_arm_reject(world_wire(run->world), &rule, match, answer);
	if (r < 0)
		run_broken(run, r);
	return rule;
}

void fault_release(struct run *run, struct wire_rule *rule)
{
	int r;

	if (!announce_plain(run, "release", "wire") || !rule)
		return;
	r = wire_release(rule);
	if (r < 0)
		run_broken(run, r);
}

void fault_disarm(struct run *run, struct wire_rule *rule)
{
	if (announce_plain(run, "disarm", "wire") && rule)
		wire_disarm(rule);
}

static struct wire_port *port_of(struct run *run, const char *host)
{
	struct wire_port *port = world_port(run->world, host);

	if (!port)
		run_broken_because(run, "unknown host '%s'", host);
	return port;
}

/* The cable with the frame's destination address, of a host with several. */
static struct wire_port *port_for(struct run *run, const char *host,
				  const struct frame *frame)
{
	const struct host_plan *plan = host_plan(run_host(run, host));

	for (size_t i = 0; i < host_plan_cables(plan); i++)
		if (memcmp(plan->cables[i].mac, frame->destination_mac,
			   FRAME_MAC) == 0)
			return world_cable(run->world, host, i);
	return port_of(run, host);
}

/* The frame gets valid lengths and checksums: frame_encode_tcp(). */
struct mark fault_inject(struct run *run, const char *to,
			 const struct frame *frame, const void *payload)
{
	struct wire_port *port = port_for(run, to, frame);
	struct mark before = mark_now(run);
	static uint8_t bytes[1 << 16], filler[1 << 16];
	ssize_t size;
	int r;

	if (!announce_plain(run, "inject", to))
		return before;
	memset(filler, 'X', sizeof(filler));
	size = frame_encode_tcp(bytes, sizeof(bytes), frame,
				payload ? payload : filler);
	if (size < 0)
		run_broken(run, (int)size);
	r = wire_inject(world_wire(run->world), port, bytes, (size_t)size);
	if (r < 0)
		run_broken(run, r);
	return before;
}

/* Delays what arrives from the host and what is sent to it. A host with several
 * cables has a port of the wire for each. */
void path_delay(struct run *run, const char *host, nsec_t one_way)
{
	struct wire_port *port = port_of(run, host);

	for (size_t i = 1; port; i++) {
		int r = wire_port_delay(port, one_way);

		if (r < 0)
			run_broken(run, r);
		port = world_cable(run->world, host, i);
	}
	run_note(run, "path to %s: one-way delay %.0f ms", host,
		 nsec_seconds(one_way) * 1e3);
}
