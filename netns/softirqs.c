/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The first number of /proc/PID/schedstat is the time on a CPU, the second the
 * time that the thread was runnable and waited: sched_info.run_delay. The
 * second grows when the thread gets a CPU (sched_info_arrive()), so a wait
 * becomes visible when it ends.
 *
 * The files are opened once, by the supervisor, and read with pread(2): a case
 * process has a /proc of its own PID namespace, which has no kernel threads.
 */
#include "softirqs.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fd.h"
#include "macro.h"

/* By the name of the thread, "ksoftirqd/CPU". */
static bool is_ksoftirqd(int proc, const char *pid)
{
	static const char name[] = "ksoftirqd/";
	char path[64], comm[32] = "";
	CLEANUP_FD int fd = -1;

	snprintf(path, sizeof(path), "%.20s/comm", pid);
	fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
	return fd >= 0 && read(fd, comm, sizeof(comm) - 1) > 0 &&
	       strncmp(comm, name, sizeof(name) - 1) == 0;
}

static void add(struct softirqs *softirqs, int proc, const char *pid)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "%.20s/schedstat", pid);
	fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		softirqs->fds[softirqs->n++] = fd;
}

void softirqs_open(struct softirqs *ret)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;

	*ret = (struct softirqs){ .n = 0 };
	while (dir && ret->n < SOFTIRQS_MAX && (entry = readdir(dir)))
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' &&
		    is_ksoftirqd(dirfd(dir), entry->d_name))
			add(ret, dirfd(dir), entry->d_name);
	if (dir)
		closedir(dir);
}

void softirqs_close(struct softirqs *softirqs)
{
	for (size_t i = 0; i < softirqs->n; i++)
		fd_close(softirqs->fds[i]);
	softirqs->n = 0;
}

nsec_t softirqs_waited(const struct softirqs *softirqs, size_t i)
{
	int64_t ran, waited;
	char text[96];
	ssize_t n = pread(softirqs->fds[i], text, sizeof(text) - 1, 0);

	if (n <= 0)
		return 0;
	text[n] = '\0';
	if (sscanf(text, "%" SCNd64 " %" SCNd64, &ran, &waited) != 2)
		return 0;
	return waited;
}

void softirqs_sample(struct softirqs_samples *samples,
		     const struct softirqs *softirqs)
{
	nsec_t most;

	if (!softirqs->n)
		return;
	/* A wait that began before the first sample cannot have delayed
	 * anything for longer than the time since then. */
	most = nsec_now() - samples->begun;
	for (size_t i = 0; i < softirqs->n; i++) {
		nsec_t waited = softirqs_waited(softirqs, i);
		nsec_t since = MIN(waited - samples->before[i], most);

		samples->longest = MAX(samples->longest, since);
		samples->before[i] = waited;
	}
}

void softirqs_begin(struct softirqs_samples *samples,
		    const struct softirqs *softirqs)
{
	softirqs_sample(samples, softirqs);
	samples->begun = nsec_now();
	samples->longest = 0;
}
