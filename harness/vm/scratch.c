/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The keeper process holds one end of a socket pair and reads from it. When
 * this process closes its end, or dies, the read returns and the keeper removes
 * the folder.
 */
#include "scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "errors.h"
#include "fd.h"
#include "macro.h"

enum { OWNER = STDIN_FILENO }; /* the keeper's end of the pair */

static int remove_one(const char *path, const struct stat *st MACRO_UNUSED,
		      int type MACRO_UNUSED, struct FTW *at MACRO_UNUSED)
{
	remove(path);
	return 0;
}

static int make_folder(char *ret, size_t size, const char *parent)
{
	const char *tmp = getenv("TMPDIR");
	const char *const parents[] = { tmp && *tmp ? tmp : parent, "/tmp" };

	for (size_t i = 0; i < ARRAY_SIZE(parents); i++) {
		snprintf(ret, size, "%.200s/halfopen-XXXXXX", parents[i]);
		if (mkdtemp(ret))
			return 0;
	}
	return -errno;
}

/*
 * The keeper process. It has a process group of its own, so that Ctrl-C in the
 * terminal does not end it, and closes all other file descriptors, so that a
 * reader of this program's output does not wait for it.
 */
static void MACRO_NORETURN keep(int owner, const char *parent)
{
	const struct timespec pause = { .tv_nsec = 50 * 1000 * 1000 };
	char path[sizeof(((struct scratch *)0)->path)], byte;
	int r;

	setpgid(0, 0);
	dup2(owner, OWNER);
	close_range(OWNER + 1, ~0U, 0);
	r = make_folder(path, sizeof(path), parent);
	if (r < 0) {
		send(OWNER, &r, sizeof(r), MSG_NOSIGNAL);
		_exit(1);
	}
	send(OWNER, path, strlen(path), MSG_NOSIGNAL);
	while (read(OWNER, &byte, 1) < 0 && errno == EINTR)
		;
	/* A process that is being killed may still write to it. */
	for (int i = 0; i < 100 && access(path, F_OK) == 0; i++) {
		nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
		if (access(path, F_OK) == 0)
			nanosleep(&pause, NULL);
	}
	_exit(0);
}

/* Receives the path; or an errno, which is an int and shorter than any path. */
static int receive(int keeper, char *ret, size_t size)
{
	ssize_t n;
	int r = -EIO;

	do {
		n = recv(keeper, ret, size - 1, 0);
	} while (n < 0 && errno == EINTR);
	if (n == sizeof(r))
		memcpy(&r, ret, sizeof(r));
	if (n <= (ssize_t)sizeof(r))
		return error_origin(r, "create a temporary folder");
	ret[n] = '\0';
	return 0;
}

int scratch_new(struct scratch *ret, const char *parent)
{
	struct scratch scratch = { .path = "" };
	int fds[2], r;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
		return error_origin(-errno, "socketpair");
	scratch.keeper = fork();
	if (scratch.keeper == 0)
		keep(fds[1], parent);
	scratch.fd = fds[0];
	r = scratch.keeper < 0 ? error_origin(-errno, "fork") : 0;
	fd_close(fds[1]);
	if (r >= 0)
		r = receive(scratch.fd, scratch.path, sizeof(scratch.path));
	if (r < 0) {
		fd_close(scratch.fd);
		if (scratch.keeper > 0)
			waitpid(scratch.keeper, NULL, 0);
		return error_trace(r);
	}
	*ret = scratch;
	return 0;
}

void scratch_remove(struct scratch *scratch)
{
	if (!scratch->path[0])
		return;
	fd_close(scratch->fd);
	waitpid(scratch->keeper, NULL, 0);
	scratch->path[0] = '\0';
}
