/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where programs are installed, and whether they can be executed from there. */
#include "program-find.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "errors.h"
#include "privilege.h"
#include "program-control.h"

enum { PATH = 512 };

/* …/build/harness/halfopen: …/build/programs/bin */
static void beside_the_build(char *ret, size_t size)
{
	char path[PATH];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

	ret[0] = '\0';
	if (n < 0)
		return;
	path[n] = '\0';
	for (int i = 0; i < 2; i++) {
		char *slash = strrchr(path, '/');

		if (!slash)
			return;
		*slash = '\0';
	}
	snprintf(ret, size, "%s/programs/bin", path);
}

static bool is_program(const char *dir, const char *name, char ret[PATH])
{
	struct stat st;

	return snprintf(ret, PATH, "%s/%s", dir, name) < PATH &&
	       stat(ret, &st) == 0 && S_ISREG(st.st_mode) &&
	       access(ret, X_OK) == 0;
}

char *program_directories(void)
{
	const char *path = getenv("PATH");
	char own[2 * PATH], *all;

	beside_the_build(own, sizeof(own));
	if (asprintf(&all, "%s:%s:/usr/local/sbin:/usr/sbin:/sbin",
		     path ? path : "/usr/bin:/bin", own) < 0)
		return NULL;
	return all;
}

bool program_find(const char *name, char *ret, size_t size)
{
	char *all = program_directories(), candidate[PATH], *save;
	bool found = false;

	for (char *dir = all ? strtok_r(all, ":", &save) : NULL; dir && !found;
	     dir = strtok_r(NULL, ":", &save)) {
		/* Relative directories of PATH are left out: the processes of
		 * hosts start in /. */
		found = dir[0] == '/' && is_program(dir, name, candidate);
		if (found && ret)
			snprintf(ret, size, "%s", candidate);
	}
	free(all);
	return found;
}

/* Tested with the ids that the program will have: root may enter directories
 * that nobody may not. */
static bool may_run(struct run *run, const char *path)
{
	pid_t pid = privilege_clone(0, NULL);
	uid_t uid;
	gid_t gid;
	int status;

	if (pid == 0) {
		privilege_program_ids(&uid, &gid);
		_exit(privilege_drop(uid, gid) < 0 || access(path, X_OK) != 0);
	}
	if (pid < 0)
		run_broken(run, pid);
	if (waitpid(pid, &status, 0) < 0)
		run_broken(run, error_origin(-errno, "waitpid"));
	return status == 0;
}

void program_check_reach(struct run *run, const char *name)
{
	char path[PATH];
	uid_t uid;
	gid_t gid;

	if (!program_find(name, path, sizeof(path)))
		run_skip(run,
			 "%s is installed where a run cannot see it: /tmp, "
			 "/run and /var/log are private to the run",
			 name);
	if (may_run(run, path))
		return;
	privilege_program_ids(&uid, &gid);
	run_skip(run, "uid %u, with which programs run, may not execute %s",
		 uid, path);
}
