/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Paths are walked component by component, with a file descriptor for each
 * directory and O_NOFOLLOW: what was checked is what the next step opens, even
 * if the other user renames at the same time. openat2() with
 * RESOLVE_NO_SYMLINKS has the same effect in one call, but it cannot make
 * directories, and is refused by the seccomp filters of older container runtimes.
 * Above all it refuses every link: root could not write below /var/run, or below a
 * home directory that the administrator has moved. Below the folder, where another
 * user may have prepared names, no link is followed, as with RESOLVE_NO_SYMLINKS.
 */
#include "folder.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "errors.h"
#include "fd.h"

enum { LINKS_MAX = 40 }; /* as MAXSYMLINKS of the kernel */

/* Which symbolic links a walk follows. */
enum links { LINKS_NONE, LINKS_OF_ROOT, LINKS_ALL };

static int walk(int from, const char *path, enum links links, int depth);

/* For a descriptor of CLEANUP_FD that is returned. */
static int take(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

/*
 * Whether only root can have put the link there. The owner of the link is not
 * enough: where fs.protected_hardlinks is 0, another user can make a hard link to
 * a symbolic link of root, and whoever may write to its directory can rename it.
 */
static bool is_of_root(int directory, const struct stat *link)
{
	struct stat status;

	return link->st_uid == 0 && link->st_nlink == 1 &&
	       fstat(directory, &status) == 0 && status.st_uid == 0 &&
	       (!(status.st_mode & (S_IWGRP | S_IWOTH)) ||
		status.st_mode & S_ISVTX);
}

/* `link` is an O_PATH descriptor of a symbolic link in `directory`. */
static int follow(int directory, int link, const char *name, enum links links,
		  int depth)
{
	char target[PATH_MAX];
	struct stat status;
	ssize_t n;

	if (links == LINKS_NONE || depth >= LINKS_MAX)
		return error_refuse(-ELOOP, "%s: symbolic link not followed",
				    name);
	if (fstat(link, &status) < 0)
		return error_origin(-errno, "%s", name);
	if (links == LINKS_OF_ROOT && !is_of_root(directory, &status))
		return error_refuse(-ELOOP,
				    "%s: symbolic link not followed by root: "
				    "another user can have put it there",
				    name);
	n = readlinkat(link, "", target, sizeof(target) - 1);
	if (n < 0)
		return error_origin(-errno, "%s", name);
	target[n] = '\0';
	return error_trace(walk(directory, target, links, depth + 1));
}

/* Opens a directory in `directory`, and makes it if it is missing. */
static int enter(int directory, const char *name, enum links links, int depth)
{
	struct stat status;
	int fd, next, r;

	fd = openat(directory, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT) {
		if (mkdirat(directory, name, 0777) < 0 && errno != EEXIST)
			return error_origin(-errno, "make directory %s", name);
		fd = openat(directory, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	}
	if (fd < 0 || fstat(fd, &status) < 0) {
		r = error_origin(-errno, "open directory %s", name);
		fd_close(fd);
		return r;
	}
	if (S_ISDIR(status.st_mode))
		return fd;
	next = S_ISLNK(status.st_mode) ?
		       follow(directory, fd, name, links, depth) :
		       error_origin(-ENOTDIR, "%s", name);
	fd_close(fd);
	return error_trace(next);
}

/* Takes the first component of *path into `name`; false at the end. */
static bool next_component(const char **path, char name[static NAME_MAX + 1])
{
	const char *from = *path + strspn(*path, "/");
	size_t size = strcspn(from, "/");

	*path = from + size;
	snprintf(name, NAME_MAX + 1, "%.*s", (int)size, from);
	return size > 0;
}

static bool is_last(const char *path)
{
	return !path[strspn(path, "/")];
}

/* Returns an O_PATH descriptor of the directory `path`. */
static int walk(int from, const char *path, enum links links, int depth)
{
	char name[NAME_MAX + 1];
	CLEANUP_FD int at = -1;

	at = *path == '/' ? open("/", O_PATH | O_CLOEXEC) :
			    openat(from, ".", O_PATH | O_CLOEXEC);
	if (at < 0)
		return error_origin(-errno, "open directory");
	while (strcspn(path + strspn(path, "/"), "/") <= NAME_MAX &&
	       next_component(&path, name)) {
		bool end = links == LINKS_OF_ROOT && !depth && is_last(path);
		int next = enter(at, name, end ? LINKS_NONE : links, depth);

		if (next < 0)
			return error_trace(next);
		fd_close(at);
		at = next;
	}
	if (!is_last(path))
		return error_origin(-ENAMETOOLONG, "%.64s", path);
	return take(&at);
}

int folder_open(const char *path)
{
	enum links links = geteuid() == 0 ? LINKS_OF_ROOT : LINKS_ALL;
	CLEANUP_FD int at = walk(AT_FDCWD, path, links, 0);
	int fd;

	if (at < 0)
		return error_trace(at);
	fd = openat(at, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? error_origin(-errno, "open directory %s", path) : fd;
}

static int check_file(int fd, const char *name, bool to_write)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return error_origin(-errno, "%s", name);
	if (!S_ISREG(status.st_mode))
		return error_refuse(-EINVAL, "%s: not a regular file", name);
	if (!to_write)
		return 0;
	if (status.st_nlink > 1)
		return error_refuse(-EINVAL,
				    "%s: not overwritten: the file has another "
				    "hard link",
				    name);
	if (geteuid() == 0 && status.st_uid != 0)
		return error_refuse(-EPERM,
				    "%s: not overwritten by root: the file "
				    "belongs to uid %u",
				    name, status.st_uid);
	return 0;
}

/* Without O_TRUNC: nothing changes before the checks. With O_NONBLOCK a FIFO
 * without a reader is ENXIO. */
static int open_file(int directory, const char *name)
{
	CLEANUP_FD int fd = openat(directory, name,
				   O_WRONLY | O_CREAT | O_NOFOLLOW |
					   O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
				   0666);
	int r;

	if (fd < 0 && errno == ELOOP)
		return error_refuse(-ELOOP, "%s: symbolic link not followed",
				    name);
	if (fd < 0 && errno == ENXIO)
		return error_refuse(-EINVAL, "%s: not a regular file", name);
	if (fd < 0)
		return error_origin(-errno, "write %s", name);
	r = check_file(fd, name, true);
	if (r < 0)
		return error_trace(r);
	if (ftruncate(fd, 0) < 0)
		return error_origin(-errno, "write %s", name);
	return take(&fd);
}

/* Takes the descriptor. */
static int to_stream(FILE **ret, int fd, const char *mode)
{
	FILE *file = fdopen(fd, mode);

	if (!file) {
		fd_close(fd);
		return error_origin(-ENOMEM, "file");
	}
	*ret = file;
	return 0;
}

int folder_create(FILE **ret, const char *folder, const char *name)
{
	const char *slash = strrchr(name, '/');
	const char *base = slash ? slash + 1 : name;
	CLEANUP_FD int top = -1, directory = -1;
	char parents[PATH_MAX];
	int fd;

	if (base - name >= (ptrdiff_t)sizeof(parents))
		return error_origin(-ENAMETOOLONG, "%.64s", name);
	snprintf(parents, sizeof(parents), "%.*s", (int)(base - name), name);
	top = folder_open(folder);
	if (top < 0)
		return error_trace(top);
	/* A leading slash would leave the folder. */
	directory = walk(top, parents + strspn(parents, "/"), LINKS_NONE, 0);
	if (directory < 0)
		return error_trace(directory);
	fd = open_file(directory, base);
	if (fd < 0)
		return error_trace(fd);
	return error_trace(to_stream(ret, fd, "w"));
}

int folder_read(FILE **ret, const char *path)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY |
				    O_CLOEXEC);
	int r;

	if (fd < 0 && errno == ELOOP)
		return error_refuse(-ELOOP, "%s: symbolic link not followed",
				    path);
	if (fd < 0)
		return error_origin(-errno, "read %s", path);
	r = check_file(fd, path, false);
	if (r < 0) {
		fd_close(fd);
		return error_trace(r);
	}
	return error_trace(to_stream(ret, fd, "r"));
}
