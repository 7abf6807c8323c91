/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool program_find(const char *name, char *ret, size_t size)
{
	const char *path = getenv("PATH");
	char all[4096], candidate[512], *save;

	snprintf(all, sizeof(all), "%s:/usr/local/sbin:/usr/sbin:/sbin",
		 path ? path : "/usr/bin:/bin");
	for (char *dir = strtok_r(all, ":", &save); dir;
	     dir = strtok_r(NULL, ":", &save)) {
		snprintf(candidate, sizeof(candidate), "%s/%s", dir, name);
		if (access(candidate, X_OK) != 0)
			continue;
		if (ret)
			snprintf(ret, size, "%s", candidate);
		return true;
	}
	return false;
}
