/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest has no root file system but this archive: /init is this program
 * itself, which finds its shared libraries under the paths of the host; the
 * kernel runs it from the unpacked archive. Modules have names with a number in
 * front, which is the order in which the guest inserts them (guest.c). Nothing
 * is written to disk: the archive is a memfd, which QEMU opens through
 * /proc/PID/fd.
 */
#include "initramfs.h"

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "errors.h"
#include "fd.h"
#include "macro.h"
#include "newc.h"
#include "vm-signals.h"

/* dl_iterate_phdr() lists the loaded libraries, the dynamic loader included. */
static int add_library(struct dl_phdr_info *info, size_t size MACRO_UNUSED,
		       void *data)
{
	struct newc *newc = data;

	if (info->dlpi_name[0] != '/') /* this program and the vDSO */
		return 0;
	return newc_add_file(newc, info->dlpi_name + 1, 0755, info->dlpi_name);
}

/* --- modules --------------------------------------------------------------*/

static const struct compression {
	const char *suffix, *program;
} compressions[] = { { ".xz", "xz" }, { ".zst", "zstd" }, { ".gz", "gzip" } };

/* NULL for a module that is not compressed. */
static const struct compression *find_compression(const char *path)
{
	size_t length = strlen(path);

	for (size_t i = 0; i < ARRAY_SIZE(compressions); i++) {
		size_t n = strlen(compressions[i].suffix);

		if (length > n &&
		    strcmp(path + length - n, compressions[i].suffix) == 0)
			return &compressions[i];
	}
	return NULL;
}

static void MACRO_NORETURN exec_decompressor(const char *program,
					   const char *path, int out)
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	vm_signals_restore();
	dup2(out, STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
	execlp(program, program, "-dc", path, (char *)NULL);
	_exit(127);
}

/* Returns a memfd with the decompressed module; -1 on failure. */
static int decompress(const struct compression *compression, const char *path)
{
	int fd = memfd_create("module", MFD_CLOEXEC), status;
	pid_t pid = fd < 0 ? -1 : fork();

	if (pid == 0)
		exec_decompressor(compression->program, path, fd);
	if (pid > 0 && waitpid(pid, &status, 0) == pid && status == 0)
		return fd;
	fd_close(fd);
	return -1;
}

/*
 * Modules are decompressed here, because the guest emulates every instruction
 * and spent half of its boot on it. Where the program is missing, the guest
 * decompresses.
 */
static int add_module(struct newc *newc, const char *to, const char *path)
{
	const struct compression *compression = find_compression(path);
	CLEANUP_FD int fd = compression ? decompress(compression, path) : -1;
	char name[512], decompressed[64];

	snprintf(name, sizeof(name), "%s", to);
	snprintf(decompressed, sizeof(decompressed), "/proc/self/fd/%d", fd);
	if (fd >= 0)
		name[strlen(name) - strlen(compression->suffix)] = '\0';
	return error_trace(newc_add_file(newc, name, 0644,
					 fd < 0 ? path : decompressed));
}

static int add_modules(struct newc *newc, char *const *modules, size_t n)
{
	int r = newc_add_folder(newc, INITRAMFS_MODULES);

	for (size_t i = 0; i < n && r >= 0; i++) {
		char path[512];

		snprintf(path, sizeof(path), INITRAMFS_MODULES "/%03zu-%s", i,
			 strrchr(modules[i], '/') + 1);
		r = add_module(newc, path, modules[i]);
	}
	return error_trace(r);
}

/* --- the other members ----------------------------------------------------*/

static int add_words(struct newc *newc, char *const *words, size_t n)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	int r;

	if (!out)
		return error_origin(-ENOMEM, "write the command line");
	for (size_t i = 0; i < n; i++)
		fwrite(words[i], 1, strlen(words[i]) + 1, out);
	fclose(out);
	r = newc_add_bytes(newc, INITRAMFS_WORDS, 0644, text, size);
	free(text);
	return error_trace(r);
}

static int add_folders(struct newc *newc)
{
	static const char *const folders[] = { "dev",	 "etc", "proc",
					       "root",	 "run", "sys",
					       "tmp",	 "var/log" };
	static const char passwd[] = "root:x:0:0::/:/bin/sh\n"
				     "nobody:x:65534:65534::/:/bin/sh\n";
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(folders) && r >= 0; i++)
		r = newc_add_folder(newc, folders[i]);
	if (r >= 0)
		r = newc_add_device(newc, "dev/console", 0600, 5, 1);
	if (r >= 0)
		r = newc_add_bytes(newc, "etc/passwd", 0644, passwd,
				   sizeof(passwd) - 1);
	return error_trace(r);
}

static int fill(struct newc *newc, char *const *words, size_t n_words,
		char *const *modules, size_t n_modules)
{
	int r = add_folders(newc);

	if (r >= 0)
		r = newc_add_file(newc, "init", 0755, "/proc/self/exe");
	if (r >= 0)
		r = dl_iterate_phdr(add_library, newc);
	if (r >= 0)
		r = add_modules(newc, modules, n_modules);
	if (r >= 0)
		r = add_words(newc, words, n_words);
	if (r >= 0)
		r = newc_end(newc);
	return error_trace(r);
}

int initramfs_new(char *const *words, size_t n_words, char *const *modules,
		  size_t n_modules)
{
	int fd = memfd_create("initramfs", MFD_CLOEXEC), r;
	struct newc *newc;

	if (fd < 0)
		return error_origin(-errno, "create a memfd");
	r = newc_new(&newc, fd);
	if (r >= 0) {
		r = fill(newc, words, n_words, modules, n_modules);
		newc_free(newc);
	}
	if (r < 0) {
		fd_close(fd);
		return error_trace(r);
	}
	return fd;
}
