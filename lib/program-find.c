/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The search is that of execvp(3) with further directories. The path is
 * searched here and not by exec, because a run has to decide before it starts
 * whether a program is missing (SKIP), and because a path can be tested with
 * other ids (stage.c).
 */
#include "program-find.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "suffix.h"

enum { PATH = 512 };

bool program_own_folder(const char *end, int names, char *ret, size_t size)
{
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

	if (n < 0)
		return false;
	path[n] = '\0';
	if (!suffix_ends(path, end))
		return false;
	while (names-- > 0) {
		char *slash = strrchr(path, '/');

		if (!slash)
			return false;
		*slash = '\0';
	}
	return snprintf(ret, size, "%s", path) < (int)size;
}

/* BUILD/programs/bin, when this is BUILD/harness/halfopen. */
static void build_programs(char *ret, size_t size)
{
	char build[PATH];

	ret[0] = '\0';
	if (program_own_folder("", 2, build, sizeof(build)))
		snprintf(ret, size, "%s/programs/bin", build);
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

	build_programs(own, sizeof(own));
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
