/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "keep.h"

#include <stdio.h>

#include "privilege.h"

/* The process' number one PID namespace further in than ours; 0: unknown. */
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

/* Our number of a child of `parent` that calls itself `inner`; 0: none. */
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

void keep_tell(const char *name, pid_t pid, const json_t *record)
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
	/* An exec by a uid other than 0 drops what setns() gave. */
	if (*user)
		fprintf(stderr, "That is without capabilities; where a tool "
				"needs them, as root:\n"
				"  nsenter --target NUMBER --net\n");
}
