/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The probe is a program of its own (harness/probe) whose image is an array in
 * this one. Executed from this program it would load fifteen libraries that it
 * does not need; the 160 system calls and 280 page faults of that are most of
 * the cost of a world in a guest.
 */
#include "probe-program.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "errors.h"
#include "fd.h"
#include "probe-process.h"

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif

static const uint8_t image[] = {
#ifdef __cppcheck__ /* takes minutes to parse the array */
	0
#else
#include "probe-image.h"
#endif
};

/* Linux before 6.3 refuses MFD_EXEC, and every memfd is executable. */
static int make_file(void)
{
	int fd = memfd_create(PROBE_NAME, MFD_CLOEXEC | MFD_EXEC);

	if (fd < 0 && errno == EINVAL)
		fd = memfd_create(PROBE_NAME, MFD_CLOEXEC);
	return fd;
}

int probe_program_open(void)
{
	int fd = make_file();

	if (fd >= 0 && fd_write_all(fd, image, sizeof(image)) >= 0)
		return fd;
	/* vm.memfd_noexec may forbid executable memfds; this program also works
	 * as a probe. */
	fd_close(fd);
	fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return error_origin(-errno, "open /proc/self/exe");
	return fd;
}
