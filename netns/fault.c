/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Each verb has a function with the same parameters, which calls the one of
 * world.h or host.h that does the work, and an entry in the table. The
 * functions only select; order and effect are documented there.
 *
 * Effects are of three kinds, and the table has the difference. An effect on
 * the machine (freeze, unplug) ends with the machine: a reboot makes a new one.
 * An effect on the path (cut) lies in the wire's port, which stays
 * (survives_crash). A momentary effect (kill, forget) has no `undo`.
 */
#include "fault.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "message.h"

static int crash(struct world *world, const char *host,
		 const char *argument MACRO_UNUSED)
{
	return world_crash(world, host);
}

static int reboot(struct world *world, const char *host,
		  const char *argument MACRO_UNUSED)
{
	return world_reboot(world, host);
}

static int unplug(struct world *world, const char *host,
		  const char *argument MACRO_UNUSED)
{
	return world_set_plugged(world, host, false);
}

static int plug(struct world *world, const char *host,
		const char *argument MACRO_UNUSED)
{
	return world_set_plugged(world, host, true);
}

static int down(struct world *world, const char *host,
		const char *argument MACRO_UNUSED)
{
	return world_set_up(world, host, false);
}

static int up(struct world *world, const char *host,
	      const char *argument MACRO_UNUSED)
{
	return world_set_up(world, host, true);
}

static int unaddress(struct world *world, const char *host,
		     const char *argument MACRO_UNUSED)
{
	return world_set_addressed(world, host, false);
}

static int readdress(struct world *world, const char *host,
		     const char *argument MACRO_UNUSED)
{
	return world_set_addressed(world, host, true);
}

static int find_host(struct world *world, const char *name, struct host **ret)
{
	*ret = world_host(world, name);
	return *ret ? 0 : error_refuse(-ENOENT, "host '%s'", name);
}

static int kill_process(struct world *world, const char *name,
			const char *argument)
{
	struct host *host;
	char *end;
	/* In the PID namespace of the host. */
	long pid = argument ? strtol(argument, &end, 10) : 0;
	int r;

	if (pid <= 0 || *end)
		return error_refuse(-EINVAL, "kill %s '%s': expected a pid",
				    name, argument ? argument : "");
	r = find_host(world, name, &host);
	if (r < 0)
		return error_trace(r);
	return error_trace(host_signal(host, (pid_t)pid, SIGKILL));
}

/* Only processes: their kernel still acknowledges data and answers keepalive
 * probes, and its receive window fills. */
static int freeze(struct world *world, const char *name,
		  const char *argument MACRO_UNUSED)
{
	struct host *host;
	int r = find_host(world, name, &host);

	if (r < 0)
		return error_trace(r);
	return error_trace(host_freeze(host));
}

static int thaw(struct world *world, const char *name,
		const char *argument MACRO_UNUSED)
{
	struct host *host;
	int r = find_host(world, name, &host);

	if (r < 0)
		return error_trace(r);
	return error_trace(host_thaw(host));
}

static int suspend(struct world *world, const char *name,
		   const char *argument MACRO_UNUSED)
{
	return world_set_suspended(world, name, true);
}

static int resume(struct world *world, const char *name,
		  const char *argument MACRO_UNUSED)
{
	return world_set_suspended(world, name, false);
}

/* "from" and "to" are directions as seen from the host. The cut of one
 * direction replaces an earlier cut of the other one. */
static int cut(struct world *world, const char *host, const char *argument)
{
	bool from = !argument || strcmp(argument, "from") == 0;
	bool to = !argument || strcmp(argument, "to") == 0;

	if (!from && !to)
		return error_refuse(-EINVAL,
				    "cut %s '%s': expected from, to or nothing",
				    host, argument);
	return world_cut(world, host, from, to);
}

static int mend(struct world *world, const char *host,
		const char *argument MACRO_UNUSED)
{
	return world_cut(world, host, false, false);
}

static int destroy(struct world *world, const char *host,
		   const char *argument MACRO_UNUSED)
{
	return world_destroy(world, host);
}

static int forget(struct world *world, const char *host,
		  const char *argument MACRO_UNUSED)
{
	return world_forget(world, host);
}

static const struct fault_verb verbs[] = {
	{ .name = "kill",
	  .arguments = "PID",
	  .text = N_("kill %s"),
	  .what = "one process gets SIGKILL; its kernel closes its sockets",
	  .apply = kill_process },
	{ .name = "crash",
	  .arguments = "",
	  .text = N_("crash %s"),
	  .what = "the machine dies: it sends nothing and answers nothing",
	  .state = R_("dead"),
	  .undo = "reboot",
	  .kills_host = true,
	  .drawing = FAULT_DRAW_DEAD,
	  .apply = crash },
	{ .name = "reboot",
	  .arguments = "",
	  .text = N_("reboot %s"),
	  .what = "crash, then a new machine with the same addresses and no "
		  "memory",
	  .kills_host = true,
	  .drawing = FAULT_DRAW_END,
	  .apply = reboot },
	{ .name = "freeze",
	  .arguments = "",
	  .text = N_("freeze %s"),
	  .what = "every process stops; the kernel still acknowledges data",
	  .state = R_("frozen"),
	  .undo = "thaw",
	  .stops_processes = true,
	  .drawing = FAULT_DRAW_FROZEN,
	  .apply = freeze },
	{ .name = "thaw",
	  .arguments = "",
	  .text = N_("thaw %s"),
	  .what = "the processes of a frozen host continue",
	  .drawing = FAULT_DRAW_END,
	  .apply = thaw },
	{ .name = "suspend",
	  .arguments = "",
	  .text = N_("suspend %s"),
	  .what = "the whole machine stops, its kernel too, like a paused "
		  "guest",
	  .state = R_("suspended"),
	  .undo = "resume",
	  .stops_processes = true,
	  .stops_kernel = true,
	  .drawing = FAULT_DRAW_FROZEN,
	  .apply = suspend },
	{ .name = "resume",
	  .arguments = "",
	  .text = N_("resume %s"),
	  .what = "a suspended machine continues, and receives what waited for "
		  "it",
	  .drawing = FAULT_DRAW_END,
	  .apply = resume },
	{ .name = "unplug",
	  .arguments = "",
	  .text = N_("unplug %s"),
	  .what = "the cable is pulled at the host: it loses its carrier",
	  .state = R_("unplugged"),
	  .undo = "plug",
	  .drawing = FAULT_DRAW_UNPLUGGED,
	  .apply = unplug },
	{ .name = "plug",
	  .arguments = "",
	  .text = N_("plug %s"),
	  .what = "the cable is plugged in again",
	  .drawing = FAULT_DRAW_END,
	  .apply = plug },
	{ .name = "down",
	  .arguments = "",
	  .text = N_("down %s"),
	  .what = "the interface is set down: it loses its routes and "
		  "neighbours",
	  .state = R_("down"),
	  .undo = "up",
	  .drawing = FAULT_DRAW_UNPLUGGED,
	  .apply = down },
	{ .name = "up",
	  .arguments = "",
	  .text = N_("up %s"),
	  .what = "the interface is set up, with its addresses, routes and "
		  "neighbours",
	  .drawing = FAULT_DRAW_END,
	  .apply = up },
	{ .name = "unaddress",
	  .arguments = "",
	  .text = N_("unaddress %s"),
	  .what = "the host's interface loses its addresses",
	  .state = R_("without its address"),
	  .undo = "readdress",
	  .removes_address = true,
	  .apply = unaddress },
	{ .name = "readdress",
	  .arguments = "",
	  .text = N_("readdress %s"),
	  .what = "the interface gets its addresses back",
	  .drawing = FAULT_DRAW_END,
	  .apply = readdress },
	{ .name = "cut",
	  .arguments = "[from|to]",
	  .text = N_("cut %s"),
	  .what = "the path drops every frame (of one direction); the carrier "
		  "stays",
	  .state = R_("cut off"),
	  .undo = "mend",
	  .survives_crash = true,
	  .apply = cut },
	{ .name = "mend",
	  .arguments = "",
	  .text = N_("mend %s"),
	  .what = "the path forwards frames again",
	  .drawing = FAULT_DRAW_END,
	  .apply = mend },
	{ .name = "destroy",
	  .arguments = "",
	  .text = N_("destroy %s"),
	  .what = "every connection of the host is aborted, as by 'ss -K' "
		  "(SOCK_DESTROY): a RST to the peer, ECONNABORTED to the "
		  "process",
	  .apply = destroy },
	{ .name = "forget",
	  .arguments = "",
	  .text = N_("forget %s"),
	  .what = "the gateway loses its connection tracking entries",
	  .clears_tracking = true,
	  .apply = forget },
};

/* Further verbs of "fault" records, which scripts and labs write: rules of the
 * wire, injected segments, a process that crashes. They have no `apply`;
 * readers need their `undo` and how they are drawn. */
static const struct fault_verb script_verbs[] = {
	{ .name = "drop",
	  .text = N_("drop matching segments from %s to %s"),
	  .undo = "disarm" },
	{ .name = "hold",
	  .text = N_("hold matching segments from %s to %s"),
	  .undo = "release" },
	{ .name = "delay",
	  .text = N_("delay matching segments from %s to %s"),
	  .undo = "disarm" },
	{ .name = "duplicate",
	  .text = N_("duplicate matching segments from %s to %s"),
	  .undo = "disarm" },
	{ .name = "reject",
	  .text = N_("reject matching segments from %s to %s"),
	  .undo = "disarm" },
	{ .name = "release",
	  .text = N_("release held segments"),
	  .drawing = FAULT_DRAW_END },
	{ .name = "disarm",
	  .text = N_("remove a rule of the wire"),
	  .drawing = FAULT_DRAW_END },
	{ .name = "pass", .drawing = FAULT_DRAW_END },
	{ .name = "inject",
	  .text = N_("inject a segment to %s"),
	  .drawing = FAULT_DRAW_WIRE },
	{ .name = "move" },
	{ .name = "link" },
	{ .name = "nft" },
	{ .name = "stop-reading", .undo = "read-again" },
	{ .name = "read-again", .drawing = FAULT_DRAW_END },
	{ .name = "segfault", .text = N_("SIGSEGV in the process") },
};

static const struct fault_verb *find(const struct fault_verb *table, size_t n,
				     const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(table[i].name, name) == 0)
			return &table[i];
	return NULL;
}

const struct fault_verb *fault_verbs(size_t *ret_n)
{
	*ret_n = ARRAY_SIZE(verbs);
	return verbs;
}

const struct fault_verb *fault_verb(const char *name)
{
	return find(verbs, ARRAY_SIZE(verbs), name);
}

const struct fault_verb *fault_ended_by(const struct fault_verb *verb)
{
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (verbs[i].undo && strcmp(verbs[i].undo, verb->name) == 0)
			return &verbs[i];
	return NULL;
}

const struct fault_verb *fault_recorded_verb(const char *name)
{
	const struct fault_verb *verb = fault_verb(name);

	return verb ? verb : find(script_verbs, ARRAY_SIZE(script_verbs), name);
}

/* Each %s of a text is replaced by the next name. */
void fault_text(const struct fault_verb *verb, const char *target,
		const struct fault_details *details, bool translated, char *ret,
		size_t size)
{
	const char *text = translated ? _(verb->text) : verb->text;
	const char *any = translated ? _("any host") : "any host";
	bool rule = strcmp(target, "wire") == 0;
	const char *ends[] = { details->from ? details->from : any,
			       details->to ? details->to : any, NULL };
	const char *host[] = { target, NULL };
	const char **names = rule ? ends : host;
	const char *at = text;
	FILE *out = fmemopen(ret, size, "w");

	if (!out) {
		*ret = '\0';
		return;
	}
	while (*at) {
		if (strncmp(at, "%s", 2) == 0)
			at = message_insert(out, text, at, 2,
					    *names ? *names++ : "");
		else
			fputc(*at++, out);
	}
	if (details->argument)
		fprintf(out, " %s", details->argument);
	fclose(out);
	ret[size - 1] = '\0';
}
