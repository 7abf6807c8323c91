/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A namespace is a property of a thread. Each process of halfopen has one
 * thread, so the home is a static variable.
 *
 * Namespaces are compared by the inode numbers of their nsfs files, which are
 * unique while the namespaces exist.
 */
#include "namespace.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "array.h"
#include "errors.h"
#include "fd.h"

static int home = -1;

/* Inode of the parent's namespace when it cloned this process; 0: unknown. */
static ino_t outside;

/* Inodes of the namespaces that may be changed: namespace_is_ours(). */
static struct {
	ino_t *inodes;
	size_t n, capacity;
} ours;

static int open_current(void)
{
	/* /proc/self would show the thread-group leader. */
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

	if (fd < 0)
		return error_trace(fd);
	return error_trace(inode_of(fd, &outside));
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
	ino_t inode, *inodes;
	int r = inode_of(fd, &inode);

	if (r < 0)
		return error_trace(r);
	inodes = array_grow(ours.inodes, ours.n, &ours.capacity,
			    sizeof(*inodes));
	if (!inodes)
		return error_origin(-ENOMEM, "namespace");
	ours.inodes = inodes;
	inodes[ours.n++] = inode;
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
	for (size_t i = 0; i < ours.n; i++)
		if (ours.inodes[i] == st.st_ino)
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
