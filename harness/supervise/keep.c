/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The case process knows its hosts' inits by their pids in its own PID
 * namespace. nsenter needs those of the caller's: they are found among the
 * children of the case process by the NSpid line of /proc/PID/status.
 */
#include "keep.h"

#include <stdio.h>

#include "privilege.h"

/* The pid of a process in the PID namespace below ours; 0: unknown. */
static long inner_pid(long pid)
{
	char path[64], line[256];
	long outer, inner = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%ld/status", pid);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "NSpid: %ld %ld", &outer, &inner) == 2)
			break;
	if (file)
		fclose(file);
	return inner;
}

/* The pid in our namespace of the child of `parent` with this inner pid; 0: none. */
static long outer_pid(pid_t parent, long inner)
{
	char path[96];
	long child, found = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", parent,
		 parent);
	file = fopen(path, "re");
	while (file && !found && fscanf(file, "%ld", &child) == 1)
		if (inner_pid(child) == inner)
			found = child;
	if (file)
		fclose(file);
	return found;
}

void keep_print(const char *name, pid_t pid, const json_t *record)
{
	const char *user = privilege_rootless() ?
				   " --user --preserve-credentials" :
				   "";
	json_t *inits = json_object_get(record, "hosts"), *init;
	const char *host;

	fprintf(stderr, "%s is kept until Ctrl-C. To enter a host:\n", name);
	fprintf(stderr, "  nsenter --target %d%s --net    # the wire\n", pid,
		user);
	json_object_foreach (inits, host, init) {
		long outer = outer_pid(pid, json_integer_value(init));

		if (outer)
			fprintf(stderr, "  nsenter --target %ld%s --net    # %s\n",
				outer, user, host);
	}
	/* setns() into a user namespace gives all capabilities; execve() by a
	 * uid other than 0 drops them (capabilities(7)). */
	if (*user)
		fprintf(stderr, "The shell has no capabilities there. For a "
				"tool that needs them, as root:\n"
				"  nsenter --target PID --net\n");
}
