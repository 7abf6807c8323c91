/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Strings that end with NUL: the directory, "UID GID", and the environment. */
#include "caller.h"

#include <errno.h>
#include <grp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

char *caller_text(size_t *ret_size)
{
	char *text = NULL, *here = getcwd(NULL, 0);
	FILE *out = open_memstream(&text, ret_size);

	if (out) {
		fprintf(out, "%s%c%u %u%c", here ? here : "/", '\0', geteuid(),
			getegid(), '\0');
		for (char **one = environ; *one; one++)
			fwrite(*one, 1, strlen(*one) + 1, out);
		fclose(out);
	}
	free(here);
	return text;
}

/* root keeps its supplementary groups, of which the guest's init has none. */
static int set_ids(const char *text)
{
	unsigned int uid, gid;

	if (sscanf(text, "%u %u", &uid, &gid) != 2)
		return -EINVAL;
	if (uid == 0)
		return 0;
	if (setgroups(0, NULL) < 0 || setgid(gid) < 0 || setuid(uid) < 0)
		return -errno;
	/* A process that has changed its ids does not own its files in /proc
	 * (begin_new_exec() would end that), uid_map of its children among them.
	 */
	return prctl(PR_SET_DUMPABLE, 1) < 0 ? -errno : 0;
}

int caller_become(const char *text, size_t size)
{
	const char *ids = memchr(text, '\0', size);
	int r;

	if (!ids || ids + 1 == text + size || text[size - 1])
		return -EINVAL;
	ids++;
	for (const char *at = ids + strlen(ids) + 1; at < text + size;
	     at += strlen(at) + 1)
		if (putenv((char *)(uintptr_t)at) != 0)
			return -errno;
	r = set_ids(ids);
	if (r >= 0 && chdir(text) < 0 && chdir("/") < 0)
		r = -errno;
	return r;
}
