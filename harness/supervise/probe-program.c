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
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "errors.h"
#include "fd.h"
#include "probe-process.h"

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif
#ifndef F_SEAL_EXEC
#define F_SEAL_EXEC 0x0020
#endif

static const uint8_t image[] = {
#ifdef __cppcheck__ /* takes minutes to parse the array */
	0
#else
#include "probe-image.h"
#endif
};

/*
 * Linux before 6.3 refuses MFD_EXEC, and every memfd is executable. There
 * F_SEAL_EXEC, which forbids to change the mode bits for execution, is unknown.
 */
static int make_file(void)
{
	enum { FLAGS = MFD_CLOEXEC | MFD_ALLOW_SEALING };
	int fd = memfd_create(PROBE_NAME, FLAGS | MFD_EXEC);

	if (fd < 0 && errno == EINVAL)
		fd = memfd_create(PROBE_NAME, FLAGS);
	return fd;
}

/*
 * All runs execute the same file, and without root the programs of a lab have
 * the uid of its owner: without seals one of them could open the file through
 * /proc/PID/fd and rewrite it for the next run.
 */
static bool seal(int fd)
{
	enum {
		SEALS = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW |
			F_SEAL_WRITE | F_SEAL_FUTURE_WRITE,
	};

	return fcntl(fd, F_ADD_SEALS, SEALS | F_SEAL_EXEC) == 0 ||
	       fcntl(fd, F_ADD_SEALS, SEALS) == 0;
}

int probe_program_open(void)
{
	int fd = make_file();

	if (fd >= 0 && fd_write_all(fd, image, sizeof(image)) >= 0 && seal(fd))
		return fd;
	/* vm.memfd_noexec may forbid executable memfds; this program also works
	 * as a probe. */
	fd_close(fd);
	fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return error_origin(-errno, "open /proc/self/exe");
	return fd;
}
