/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "faults.h"

#include <stdio.h>
#include <string.h>

#include "errors.h"
#include "fault.h"
#include "program.h"
#include "watch.h"

/* Tells of it, and says whether it is to happen. */
bool fault_announce(struct run *run, const char *verb, const char *target,
		    const char *text)
{
	run->faults++;
	if (run->options->without_faults) {
		run_note(run, "left out: %s", text);
		return false;
	}
	run_journal(run, nsec_now(), "fault", "{s:s, s:s, s:s}", "verb", verb,
		    "target", target, "text", text);
	return true;
}

static void apply(struct run *run, const char *verb, const char *host,
		  const char *argument)
{
	const struct fault_verb *entry = fault_verb(verb);
	int r;

	if (!entry)
		run_broken_because(run, "'%s' is no fault verb", verb);
	r = entry->apply(run->world, host, argument);
	if (r < 0)
		run_broken(run, r);
}

static bool do_verb(struct run *run, const char *verb, const char *host,
		    const char *argument)
{
	char text[64];
	nsec_t began = nsec_now();

	snprintf(text, sizeof(text), "%s %s%s%s", verb, host,
		 argument ? " " : "", argument ? argument : "");
	if (!fault_announce(run, verb, host, text))
		return false;
	apply(run, verb, host, argument);
	/* A reboot is a new machine, and takes what it takes. */
	if (strcmp(verb, "reboot") != 0)
		run_acted(run, began);
	return true;
}

void fault_kill(struct probe *probe)
{
	char pid[16];
	nsec_t began = nsec_now();

	snprintf(pid, sizeof(pid), "%d", probe_pid(probe));
	if (!probe_run(probe)->options->without_faults)
		probe_expect_end(probe);
	if (!do_verb(probe_run(probe), "kill", probe_host(probe), pid))
		return;
	probe_wait_end(probe);
	/* The kernel closes its sockets while it dies. */
	run_acted(probe_run(probe), began);
}

void fault_kill_child(struct probe *probe)
{
	char pid[16];
	nsec_t began = nsec_now();

	snprintf(pid, sizeof(pid), "%d", probe_child(probe));
	if (!do_verb(probe_run(probe), "kill", probe_host(probe), pid))
		return;
	probe_wait_child_end(probe);
	run_acted(probe_run(probe), began);
}

void fault_segfault(struct probe *probe)
{
	struct probe_request request = { .operation = PROBE_CRASH };
	struct probe_answer answer;
	nsec_t began = nsec_now();

	if (!fault_announce(probe_run(probe), "segfault", probe_host(probe),
			    "SIGSEGV in the process"))
		return;
	probe_expect_end(probe);
	probe_post(probe, &request, &answer);
	probe_wait_end(probe);
	run_acted(probe_run(probe), began);
}

/* Its host is dead: nobody tells of its processes any more. */
static void lose_processes(struct run *run, const char *host)
{
	probe_expect_end_of_host(run, host);
	probe_forget_host(run, host);
	program_forget_host(run, host);
}

void fault_crash(struct run *run, const char *host)
{
	if (do_verb(run, "crash", host, NULL))
		lose_processes(run, host);
}

void fault_reboot(struct run *run, const char *host)
{
	if (!do_verb(run, "reboot", host, NULL))
		return;
	lose_processes(run, host);
	watch_restart(run, host);
	run_note(run, "%s is up again", host);
}

void fault_do(struct run *run, const struct fault_verb *verb, const char *host,
	      const char *argument)
{
	if (strcmp(verb->name, "crash") == 0)
		fault_crash(run, host);
	else if (strcmp(verb->name, "reboot") == 0)
		fault_reboot(run, host);
	else
		do_verb(run, verb->name, host, argument);
}

void fault_freeze(struct run *run, const char *host)
{
	do_verb(run, "freeze", host, NULL);
}

void fault_thaw(struct run *run, const char *host)
{
	do_verb(run, "thaw", host, NULL);
}

void fault_unplug(struct run *run, const char *host)
{
	do_verb(run, "unplug", host, NULL);
}

void fault_plug(struct run *run, const char *host)
{
	do_verb(run, "plug", host, NULL);
}

void fault_down(struct run *run, const char *host)
{
	do_verb(run, "down", host, NULL);
}

void fault_up(struct run *run, const char *host)
{
	do_verb(run, "up", host, NULL);
}

void fault_unaddress(struct run *run, const char *host)
{
	do_verb(run, "unaddress", host, NULL);
}

void fault_readdress(struct run *run, const char *host)
{
	do_verb(run, "readdress", host, NULL);
}

void fault_cut(struct run *run, const char *host)
{
	do_verb(run, "cut", host, NULL);
}

void fault_cut_from(struct run *run, const char *host)
{
	do_verb(run, "cut", host, "from");
}

void fault_cut_to(struct run *run, const char *host)
{
	do_verb(run, "cut", host, "to");
}

void fault_mend(struct run *run, const char *host)
{
	do_verb(run, "mend", host, NULL);
}

void fault_forget(struct run *run, const char *host)
{
	do_verb(run, "forget", host, NULL);
}

static struct wire_rule *arm(struct run *run, const char *verb,
			     const struct wire_match *match,
			     enum wire_action action, nsec_t delay)
{
	const char *from = match->from ? match->from : "anybody";
	const char *to = match->to ? match->to : "anybody";
	struct wire_rule *rule;
	char text[160];
	int r;

	snprintf(text, sizeof(text), "%s chosen segments from %s to %s", verb,
		 from, to);
	if (!fault_announce(run, verb, "wire", text))
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

struct wire_rule *fault_delay(struct run *run, const struct wire_match *match,
			      nsec_t delay)
{
	return arm(run, "delay", match, WIRE_DELAY, delay);
}

struct wire_rule *fault_duplicate(struct run *run,
				  const struct wire_match *match, nsec_t delay)
{
	return arm(run, "duplicate", match, WIRE_DUPLICATE, delay);
}

void fault_release(struct run *run, struct wire_rule *rule)
{
	int r;

	if (!fault_announce(run, "release", "wire", "release what is held") ||
	    !rule)
		return;
	r = wire_release(rule);
	if (r < 0)
		run_broken(run, r);
}

void fault_disarm(struct run *run, struct wire_rule *rule)
{
	if (fault_announce(run, "disarm", "wire",
			   "the wire lets all pass again") &&
	    rule)
		wire_disarm(rule);
}

static struct wire_port *port_of(struct run *run, const char *host)
{
	struct wire_port *port = world_port(run->world, host);

	if (!port)
		run_broken_because(run, "no host is called '%s'", host);
	return port;
}

void fault_inject(struct run *run, const char *to, const struct frame *frame,
		  const void *payload)
{
	struct wire_port *port = port_of(run, to);
	static uint8_t bytes[1 << 16], filler[1 << 16];
	ssize_t size;
	char text[64];
	int r;

	snprintf(text, sizeof(text), "inject a segment to %s", to);
	if (!fault_announce(run, "inject", to, text))
		return;
	memset(filler, 'X', sizeof(filler));
	size = frame_encode_tcp(bytes, sizeof(bytes), frame,
				payload ? payload : filler);
	if (size < 0)
		run_broken(run, (int)size);
	r = wire_inject(world_wire(run->world), port, bytes, (size_t)size);
	if (r < 0)
		run_broken(run, r);
}

void path_delay(struct run *run, const char *host, nsec_t one_way)
{
	struct wire_port *port = port_of(run, host);

	for (size_t i = 1; port; i++) {
		wire_port_delay(port, one_way);
		port = world_cable(run->world, host, i);
	}
	run_note(run, "the path to %s takes %.0f ms, each way", host,
		 nsec_seconds(one_way) * 1e3);
}
