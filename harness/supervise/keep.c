/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The case process knows its hosts' inits by their pids in its own PID
 * namespace. nsenter needs those of the caller's: they are found among the
 * children of the case process by the NSpid line of /proc/PID/status.
 */
#include "keep.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "macro.h"
#include "message.h"
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

/* Whether two links below /proc name the same namespace; false if one cannot be
 * read. */
static bool is_same(const char *path, const char *other)
{
	char a[64] = "", b[64] = "";

	return readlink(path, a, sizeof(a) - 1) > 0 &&
	       readlink(other, b, sizeof(b) - 1) > 0 && strcmp(a, b) == 0;
}

/*
 * The options of nsenter(1) for the namespaces of `target` that are not ours: which
 * ones these are depends on the case, the caller's rights and the kernel.
 *
 * A host has a PID namespace of its own, but its /proc is that of the case
 * process unless it has a mount namespace of its own, too. The shell gets the
 * PID namespace that its /proc shows; with another one, ps(1) fails.
 */
static void print_namespaces(long target, pid_t case_process)
{
	static const struct {
		const char *name, *option;
	} all[] = {
		{ "user", "--user --preserve-credentials" },
		{ "mnt", "--mount" },
		{ "ipc", "--ipc" },
		{ "uts", "--uts" },
		{ "net", "--net" },
		{ "pid", "--pid" },
	};
	char path[64], own[64];

	bool has_own_proc;

	snprintf(path, sizeof(path), "/proc/%ld/ns/mnt", target);
	snprintf(own, sizeof(own), "/proc/%d/ns/mnt", case_process);
	has_own_proc = !is_same(path, own);
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		snprintf(path, sizeof(path), "/proc/%ld/ns/%s", target,
			 all[i].name);
		snprintf(own, sizeof(own), "/proc/self/ns/%s", all[i].name);
		if (is_same(path, own))
			continue;
		fprintf(stderr, " %s", all[i].option);
		if (strcmp(all[i].name, "pid") == 0 && !has_own_proc)
			fprintf(stderr, "=/proc/%d/ns/pid", case_process);
	}
}

static void print_command(long target, pid_t case_process, const char *name)
{
	fprintf(stderr, "  nsenter --target %ld", target);
	print_namespaces(target, case_process);
	fprintf(stderr, "    # %s\n", name);
}

void keep_print(const char *name, pid_t pid, const json_t *record)
{
	json_t *inits = json_object_get(record, "hosts"), *init;
	const char *host;

	fprintf(stderr, _("%s is kept until Ctrl-C. To enter a host:\n"), name);
	print_command(pid, pid, _("the wire"));
	json_object_foreach (inits, host, init) {
		long outer = outer_pid(pid, json_integer_value(init));

		if (outer)
			print_command(outer, pid, host);
	}
	/* setns() into a user namespace gives all capabilities; execve() by a
	 * uid other than 0 drops them (capabilities(7)). */
	if (privilege_rootless())
		fputs(_("The shell has no capabilities there. For a tool that "
			"needs them, as root:\n"
			"  nsenter --target PID --net\n"),
		      stderr);
}
