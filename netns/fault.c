/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fault.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"

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
	long pid = argument ? strtol(argument, &end, 10) : 0;
	int r;

	if (pid <= 0 || *end)
		return error_refuse(-EINVAL, "kill %s '%s': a process number",
				    name, argument ? argument : "");
	r = find_host(world, name, &host);
	if (r >= 0)
		r = host_signal(host, (pid_t)pid, SIGKILL);
	return r < 0 ? error_trace(r) : 0;
}

static int freeze(struct world *world, const char *name,
		  const char *argument MACRO_UNUSED)
{
	struct host *host;
	int r = find_host(world, name, &host);

	if (r >= 0)
		r = host_freeze(host);
	return r < 0 ? error_trace(r) : 0;
}

static int thaw(struct world *world, const char *name,
		const char *argument MACRO_UNUSED)
{
	struct host *host;
	int r = find_host(world, name, &host);

	if (r >= 0)
		r = host_thaw(host);
	return r < 0 ? error_trace(r) : 0;
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

static int cut(struct world *world, const char *host, const char *argument)
{
	bool from = !argument || strcmp(argument, "from") == 0;
	bool to = !argument || strcmp(argument, "to") == 0;

	if (!from && !to)
		return error_refuse(-EINVAL, "cut %s '%s': from, to or nothing",
				    host, argument);
	return world_cut(world, host, from, to);
}

static int mend(struct world *world, const char *host,
		const char *argument MACRO_UNUSED)
{
	return world_cut(world, host, false, false);
}

static int forget(struct world *world, const char *host,
		  const char *argument MACRO_UNUSED)
{
	return world_forget(world, host);
}

static const struct fault_verb verbs[] = {
	{ "kill", "PID",
	  "one process gets SIGKILL; its kernel lives and closes its sockets",
	  kill_process },
	{ "crash", "",
	  "the machine dies: nothing comes from it, nothing is answered",
	  crash },
	{ "reboot", "",
	  "crash, then a machine with the same addresses and no memory",
	  reboot },
	{ "freeze", "", "every process stops; the kernel goes on acknowledging",
	  freeze },
	{ "thaw", "", "the processes of a frozen host go on", thaw },
	{ "suspend", "",
	  "the whole machine stands still, its kernel too, as a paused guest",
	  suspend },
	{ "resume", "",
	  "a suspended machine goes on, with the segments that waited for it",
	  resume },
	{ "unplug", "", "the cable is pulled at the host: it loses its carrier",
	  unplug },
	{ "plug", "", "the cable is plugged in again", plug },
	{ "down", "",
	  "the interface is set down: its routes and neighbours are gone",
	  down },
	{ "up", "",
	  "the interface is set up again, with what the host was made with",
	  up },
	{ "unaddress", "", "the host's interface loses its address", unaddress },
	{ "readdress", "", "the address is given back", readdress },
	{ "cut", "[from|to]",
	  "the path swallows every frame (of one way); no carrier is lost",
	  cut },
	{ "mend", "", "the path is whole again", mend },
	{ "forget", "",
	  "the gateway loses its state: connections are new to it, or unknown",
	  forget },
};

const struct fault_verb *fault_verbs(size_t *ret_n)
{
	*ret_n = ARRAY_SIZE(verbs);
	return verbs;
}

const struct fault_verb *fault_verb(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	return NULL;
}
