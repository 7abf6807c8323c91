/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "self.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "errors.h"
#include "fd.h"
#include "probe-process.h"

/* Root's probes are nobody: what a umask of 077 built they may not execute. */
static int copy_for_all(int fd, size_t size)
{
	int copy = memfd_create(PROBE_NAME, MFD_CLOEXEC);

	while (copy >= 0 && size) {
		ssize_t n = sendfile(copy, fd, NULL, size);

		if (n <= 0) {
			copy = fd_close(copy);
			break;
		}
		size -= (size_t)n;
	}
	return copy;
}

int self_open(void)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), copy;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return error_origin(-errno, "open /proc/self/exe");
	if (geteuid() != 0 || st.st_mode & S_IXOTH)
		return fd;
	copy = copy_for_all(fd, (size_t)st.st_size);
	if (copy < 0)
		return fd; /* the probes will say so */
	fd_close(fd);
	return copy;
}
