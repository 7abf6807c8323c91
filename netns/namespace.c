/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "namespace.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "errors.h"
#include "fd.h"

/* Per process: a namespace is a property of the thread that runs in it. */
static int home = -1;

/* Where the process was that cloned this one; 0: nobody asked. */
static ino_t outside;

/* Inode numbers of what was made here: the answer to "is it ours?". */
static struct {
	ino_t *inodes;
	size_t n;
} made;

static int open_current(void)
{
	/* Not /proc/self: that is the thread-group leader's. */
	int fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return error_origin(-errno, "open /proc/thread-self/ns/net");
	return fd;
}

static int inode_of(int fd, ino_t *ret)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return error_origin(-errno, "fstat a namespace");
	*ret = st.st_ino;
	return 0;
}

int namespace_remember_outside(void)
{
	CLEANUP_FD int fd = open_current();
	int r = fd < 0 ? fd : inode_of(fd, &outside);

	return r < 0 ? error_trace(r) : 0;
}

int namespace_remember_home(void)
{
	int fd = open_current();

	if (fd < 0)
		return error_trace(fd);
	fd_close(home);
	home = fd;
	return 0;
}

int namespace_home(void)
{
	return home;
}

static int remember(int fd)
{
	ino_t inode, *grown;
	int r = inode_of(fd, &inode);

	if (r < 0)
		return error_trace(r);
	grown = reallocarray(made.inodes, made.n + 1, sizeof(*grown));
	if (!grown)
		return error_origin(-ENOMEM, "namespace");
	made.inodes = grown;
	made.inodes[made.n++] = inode;
	return 0;
}

void namespace_home_is_ours(void)
{
	ino_t inode;

	if (outside && inode_of(home, &inode) >= 0 && inode != outside)
		remember(home);
}

bool namespace_is_ours(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return false;
	for (size_t i = 0; i < made.n; i++)
		if (made.inodes[i] == st.st_ino)
			return true;
	return false;
}

int namespace_new(void)
{
	int fd, r;

	if (unshare(CLONE_NEWNET) < 0)
		return error_origin(-errno, "make a network namespace");
	fd = open_current();
	if (fd < 0) {
		namespace_leave();
		return error_trace(fd);
	}
	r = namespace_leave();
	if (r >= 0)
		r = remember(fd);
	if (r < 0) {
		fd_close(fd);
		return error_trace(r);
	}
	return fd;
}

int namespace_enter(int fd)
{
	if (setns(fd, CLONE_NEWNET) < 0)
		return error_origin(-errno, "enter a network namespace");
	return 0;
}

int namespace_leave(void)
{
	if (setns(home, CLONE_NEWNET) < 0)
		return error_origin(-errno, "leave a network namespace");
	return 0;
}
