/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A request is a datagram. "cad", Ctrl-Alt-Del, is handled in the interrupt
 * (MCONSOLE_INTR), so it works while a process of the guest spins:
 * ctrl_alt_del(). The reply is not read.
 */
#include "uml-console.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "fd.h"

enum { VERSION = 2, DATA = 512 };

static const uint32_t magic = 0xcafebabe;

struct request {
	uint32_t magic, version, length;
	char data[DATA];
};

static int open_console(const char *folder)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	/* Only the family: the kernel chooses an abstract address, to which the
	 * guest can reply. */
	const struct sockaddr_un own = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%.90s/mconsole",
		 folder);
	if (fd >= 0 &&
	    bind(fd, (const struct sockaddr *)&own, sizeof(own.sun_family)) ==
		    0 &&
	    connect(fd, (const struct sockaddr *)&address, sizeof(address)) ==
		    0)
		return fd;
	return fd_close(fd);
}

int uml_console_interrupt(const char *folder)
{
	static const char command[] = "cad";
	struct request request = { .magic = magic,
				   .version = VERSION,
				   .length = sizeof(command) - 1 };
	CLEANUP_FD int fd = open_console(folder);

	memcpy(request.data, command, sizeof(command));
	if (fd < 0 || send(fd, &request, sizeof(request), MSG_DONTWAIT) < 0)
		return -errno;
	return 0;
}
