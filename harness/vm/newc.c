/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes the archive in one pass, without seeking: each member's header has the
 * size of its contents, which are in memory or mapped. The kernel unpacks it
 * with init/initramfs.c, which makes no parent folders: a folder precedes its
 * contents, and is written once (`folders`).
 *
 * Headers, names and contents start at multiples of 4 bytes from the start of
 * the archive (Documentation/driver-api/early-userspace/buffer-format.rst).
 */
#include "newc.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "array.h"
#include "errors.h"
#include "fd.h"
#include "macro.h"

struct newc {
	FILE *out;
	unsigned int inode;
	char **folders; /* already added */
	size_t n_folders, folders_capacity;
};

int newc_new(struct newc **ret, int fd)
{
	struct newc *newc = calloc(1, sizeof(*newc));
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);

	if (newc && copy >= 0)
		newc->out = fdopen(copy, "w");
	if (!newc || !newc->out) {
		fd_close(copy);
		free(newc);
		return error_origin(-ENOMEM, "write the initramfs");
	}
	*ret = newc;
	return 0;
}

struct newc *newc_free(struct newc *newc)
{
	if (!newc)
		return NULL;
	for (size_t i = 0; i < newc->n_folders; i++)
		free(newc->folders[i]);
	free(newc->folders);
	fclose(newc->out);
	free(newc);
	return NULL;
}

static void pad(struct newc *newc, size_t size)
{
	while (size++ % 4)
		fputc(0, newc->out);
}

struct member {
	const char *path;
	mode_t mode;
	uid_t uid;
	gid_t gid;
	unsigned int major, minor; /* of a device */
	const void *bytes;
	size_t size;
};

/*
 * A member: magic, 13 numbers of eight hexadecimal digits, name, contents. The
 * numbers are inode, mode, uid, gid, links, mtime, size, major and minor of the
 * file system, major and minor of the device, size of the name, checksum. Those
 * that do not matter are 0, so that equal contents make equal archives.
 */
static int put(struct newc *newc, const struct member *m)
{
	size_t name = strlen(m->path) + 1;

	fprintf(newc->out,
		"070701%08X%08X%08X%08X%08X%08X%08zX%08X%08X%08X%08X%08zX%08X",
		++newc->inode, (unsigned int)m->mode, m->uid, m->gid, 1U, 0U,
		m->size,
		0U, 0U, m->major, m->minor, name, 0U);
	fwrite(m->path, 1, name, newc->out);
	pad(newc, 110 + name); /* 6 of the magic, 13 times 8 */
	if (m->size)
		fwrite(m->bytes, 1, m->size, newc->out);
	pad(newc, m->size);
	return ferror(newc->out) ? error_origin(fd_stream_error(newc->out),
						"write the initramfs") :
				   0;
}

static bool has_folder(const struct newc *newc, const char *path)
{
	for (size_t i = 0; i < newc->n_folders; i++)
		if (strcmp(newc->folders[i], path) == 0)
			return true;
	return false;
}

static int add_parents(struct newc *newc, const char *path)
{
	const char *slash = strrchr(path, '/');
	char *parent;
	int r;

	if (!slash)
		return 0;
	parent = strndup(path, (size_t)(slash - path));
	r = parent ? newc_add_folder(newc, parent) :
		     error_origin(-ENOMEM, "write the initramfs");
	free(parent);
	return error_trace(r);
}

static int put_folder(struct newc *newc, const struct member *member)
{
	const char *path = member->path;
	char **grown;
	int r;

	if (has_folder(newc, path))
		return 0;
	r = add_parents(newc, path);
	if (r < 0)
		return error_trace(r);
	grown = array_grow(newc->folders, newc->n_folders,
			   &newc->folders_capacity, sizeof(*grown));
	if (!grown)
		return error_origin(-ENOMEM, "write the initramfs");
	newc->folders = grown;
	grown[newc->n_folders] = strdup(path);
	if (!grown[newc->n_folders])
		return error_origin(-ENOMEM, "write the initramfs");
	newc->n_folders++;
	return put(newc, member);
}

int newc_add_folder(struct newc *newc, const char *path)
{
	return put_folder(newc, &(struct member){ .path = path,
						  .mode = S_IFDIR | 0755 });
}

int newc_add_bytes(struct newc *newc, const char *path, mode_t mode,
		   const void *bytes, size_t size)
{
	const struct member member = { .path = path,
				       .mode = S_IFREG | mode,
				       .bytes = bytes,
				       .size = size };
	int r = add_parents(newc, path);

	if (r >= 0)
		r = put(newc, &member);
	return error_trace(r);
}

int newc_add_link(struct newc *newc, const char *path, const char *target)
{
	const struct member member = { .path = path,
				       .mode = S_IFLNK | 0777,
				       .bytes = target,
				       .size = strlen(target) };
	int r = add_parents(newc, path);

	if (r >= 0)
		r = put(newc, &member);
	return error_trace(r);
}

/* With the contents of the file `source`. */
static int put_file(struct newc *newc, struct member *member,
		    const char *source)
{
	CLEANUP_FD int fd = open(source, O_RDONLY | O_CLOEXEC);
	struct stat st;
	void *bytes;
	int r = add_parents(newc, member->path);

	if (r < 0)
		return error_trace(r);
	if (fd < 0 || fstat(fd, &st) < 0)
		return error_origin(-errno, "read %s", source);
	if (!st.st_size)
		return error_trace(put(newc, member));
	bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (bytes == MAP_FAILED)
		return error_origin(-errno, "read %s", source);
	member->bytes = bytes;
	member->size = (size_t)st.st_size;
	r = put(newc, member);
	munmap(bytes, (size_t)st.st_size);
	return error_trace(r);
}

int newc_add_file(struct newc *newc, const char *path, mode_t mode,
		  const char *source)
{
	return put_file(newc,
			&(struct member){ .path = path,
					  .mode = S_IFREG | mode },
			source);
}

static int put_link(struct newc *newc, struct member member, const char *source)
{
	char target[PATH_MAX];
	ssize_t n = readlink(source, target, sizeof(target));
	int r = add_parents(newc, member.path);

	if (n < 0)
		return error_origin(-errno, "read %s", source);
	if (r < 0)
		return error_trace(r);
	member.bytes = target;
	member.size = (size_t)n;
	return error_trace(put(newc, &member));
}

int newc_add_copy(struct newc *newc, const char *source)
{
	struct member member = { .path = source + strspn(source, "/") };
	struct stat st;

	if (lstat(source, &st) < 0)
		return error_origin(-errno, "read %s", source);
	member.mode = st.st_mode;
	member.uid = st.st_uid;
	member.gid = st.st_gid;
	if (S_ISDIR(st.st_mode))
		return error_trace(put_folder(newc, &member));
	if (S_ISLNK(st.st_mode))
		return error_trace(put_link(newc, member, source));
	return error_trace(put_file(newc, &member, source));
}

int newc_add_device(struct newc *newc, const char *path, mode_t mode,
		    unsigned int major, unsigned int minor)
{
	const struct member member = { .path = path,
				       .mode = S_IFCHR | mode,
				       .major = major,
				       .minor = minor };
	int r = add_parents(newc, path);

	if (r >= 0)
		r = put(newc, &member);
	return error_trace(r);
}

int newc_end(struct newc *newc)
{
	const struct member trailer = { .path = "TRAILER!!!" };
	int r = put(newc, &trailer);

	if (r >= 0 && fflush(newc->out) != 0)
		r = error_origin(-errno, "write the initramfs");
	return error_trace(r);
}
