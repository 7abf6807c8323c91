/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Modules are decompressed here, because the guest emulates every instruction
 * and would spend half of its boot on it. The programs that do it are those that
 * compress the modules of a kernel build (scripts/Makefile.modinst), so that no
 * library is needed, and none for the byte order of another architecture:
 * modpost writes the dependencies of each module as the text "depends=a,b"
 * (add_depends() in scripts/mod/modpost.c), also if there are none.
 */
#include "vm-module.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "errors.h"
#include "fd.h"
#include "macro.h"
#include "suffix.h"
#include "vm-signals.h"

static const struct compression {
	const char *suffix, *program;
} compressions[] = { { ".xz", "xz" }, { ".zst", "zstd" }, { ".gz", "gzip" } };

/* NULL for a module that is not compressed. */
static const struct compression *find_compression(const char *path)
{
	for (size_t i = 0; i < ARRAY_SIZE(compressions); i++)
		if (suffix_ends(path, compressions[i].suffix))
			return &compressions[i];
	return NULL;
}

enum { NOT_FOUND = 127 }; /* exit status, as in a shell */

static void MACRO_NORETURN exec_decompressor(const char *program,
					     const char *path, int out)
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	vm_signals_restore();
	dup2(out, STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
	execlp(program, program, "-dc", "--", path, (char *)NULL);
	_exit(NOT_FOUND);
}

/* Returns a memfd with the decompressed module. */
static int decompress(const char *program, const char *path)
{
	int fd = memfd_create("module", MFD_CLOEXEC), status = 0;
	pid_t pid = fd < 0 ? -1 : fork();

	if (pid == 0)
		exec_decompressor(program, path, fd);
	if (pid < 0 || waitpid(pid, &status, 0) < 0) {
		int r = -errno;

		fd_close(fd);
		return error_origin(r, "decompress %s", path);
	}
	if (status == 0)
		return fd;
	fd_close(fd);
	if (WIFEXITED(status) && WEXITSTATUS(status) == NOT_FOUND)
		return error_refuse(-ENOENT,
				    "%s: cannot decompress: program '%s' not "
				    "found",
				    path, program);
	return error_refuse(-EINVAL, "%s: cannot decompress: %s failed", path,
			    program);
}

int vm_module_open(struct vm_module *ret, const char *path)
{
	const struct compression *compression = find_compression(path);
	const char *base = strrchr(path, '/') + 1;
	int fd = compression ? decompress(compression->program, path) :
			       open(path, O_RDONLY | O_CLOEXEC);
	char *name;

	if (fd < 0)
		return compression ? error_trace(fd) :
				     error_origin(-errno, "open %s", path);
	name = strndup(base, strlen(base) -
				     (compression ? strlen(compression->suffix) :
						    0));
	if (!name) {
		fd_close(fd);
		return error_origin(-ENOMEM, "open %s", path);
	}
	*ret = (struct vm_module){ name, fd };
	return 0;
}

void vm_module_deinit(struct vm_module *module)
{
	free(module->name);
	fd_close(module->fd);
}

int vm_module_depends(const struct vm_module *module, char **ret)
{
	/* With the end of the string before it. */
	static const char key[] = "\0depends=";
	const size_t length = sizeof(key) - 1;
	char *bytes, *found, *copy = NULL;
	struct stat st;
	size_t size;

	if (fstat(module->fd, &st) < 0)
		return error_origin(-errno, "read module %s", module->name);
	size = (size_t)st.st_size;
	bytes = mmap(NULL, size + 1, PROT_READ, MAP_PRIVATE, module->fd, 0);
	if (bytes == MAP_FAILED)
		return error_origin(-errno, "read module %s", module->name);
	found = memmem(bytes, size, key, length);
	if (found)
		copy = strndup(found + length,
			       size - (size_t)(found + length - bytes));
	munmap(bytes, size + 1);
	if (!found)
		return error_refuse(-EINVAL, "%s: not a kernel module",
				    module->name);
	if (!copy)
		return error_origin(-ENOMEM, "read module %s", module->name);
	*ret = copy;
	return 0;
}
