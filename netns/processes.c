/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "processes.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "errors.h"
#include "fd.h"
#include "macro.h"
#include "nsec.h"
#include "privilege.h"

static bool pid_namespace_of(int proc, const char *pid, char ret[64])
{
	char path[64];
	ssize_t n;

	snprintf(path, sizeof(path), "%.20s/ns/pid", pid);
	n = readlinkat(proc, path, ret, 63);
	if (n < 0)
		return false;
	ret[n] = '\0';
	return true;
}

/* The letter after the name in parentheses, which may hold anything itself. */
static char state_of(int proc, const char *pid)
{
	char path[64], text[512];
	CLEANUP_FD int fd = -1;
	const char *close;
	ssize_t n;

	snprintf(path, sizeof(path), "%.20s/stat", pid);
	fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : fd_read_all(fd, text, sizeof(text) - 1);
	if (n < 0)
		return 'X';
	text[n] = '\0';
	close = strrchr(text, ')');
	return close && close[1] ? close[2] : 'X';
}

/* The threads of a group stop one by one, and its leader is one of them. */
static bool any_thread_runs(int proc, const char *pid)
{
	bool runs = false;
	struct dirent *entry;
	char path[64];
	DIR *tasks;
	int fd;

	snprintf(path, sizeof(path), "%.20s/task", pid);
	fd = openat(proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	tasks = fd < 0 ? NULL : fdopendir(fd);
	if (!tasks) {
		fd_close(fd);
		return false;
	}
	while (!runs && (entry = readdir(tasks)))
		runs = entry->d_name[0] != '.' &&
		       !strchr("TtZX", state_of(fd, entry->d_name));
	closedir(tasks);
	return runs;
}

static bool any_runs(DIR *dir, const char *init, const char *namespace)
{
	struct dirent *entry;

	rewinddir(dir);
	while ((entry = readdir(dir))) {
		char its[64];

		if (entry->d_name[0] < '1' || entry->d_name[0] > '9' ||
		    strcmp(entry->d_name, init) == 0 ||
		    !pid_namespace_of(dirfd(dir), entry->d_name, its) ||
		    strcmp(its, namespace) != 0)
			continue;
		if (any_thread_runs(dirfd(dir), entry->d_name))
			return true;
	}
	return false;
}

int processes_wait_stopped(pid_t init)
{
	nsec_t start = nsec_now(), pause = USEC(100);
	char namespace[64], text[16];
	DIR *dir = privilege_has_own_proc() ? opendir("/proc") : NULL;
	int r = 0;

	snprintf(text, sizeof(text), "%d", init);
	if (!dir || !pid_namespace_of(dirfd(dir), text, namespace)) {
		if (dir)
			closedir(dir);
		return 0;
	}
	while (any_runs(dir, text, namespace)) {
		struct timespec ts = nsec_to_timespec(pause);

		if (nsec_now() - start > SEC(1)) {
			r = error_origin(-ETIMEDOUT, "freeze the processes");
			break;
		}
		clock_nanosleep(CLOCK_MONOTONIC, 0, &ts, NULL);
		pause *= 2;
	}
	closedir(dir);
	return r;
}

/* The second number: sched_info.run_delay, in ns. */
static nsec_t run_delay(int proc, const char *pid)
{
	char path[64], text[128], *end;
	CLEANUP_FD int fd = -1;
	ssize_t n;

	snprintf(path, sizeof(path), "%.20s/schedstat", pid);
	fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : fd_read_all(fd, text, sizeof(text) - 1);
	if (n <= 0)
		return 0;
	text[n] = '\0';
	strtoull(text, &end, 10);
	return (nsec_t)strtoull(end, NULL, 10);
}

nsec_t processes_longest_delay(void)
{
	DIR *dir = privilege_has_own_proc() ? opendir("/proc") : NULL;
	struct dirent *entry;
	nsec_t longest = 0;

	if (!dir)
		return 0;
	while ((entry = readdir(dir)))
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9')
			longest = MAX(longest,
				      run_delay(dirfd(dir), entry->d_name));
	closedir(dir);
	return longest;
}
