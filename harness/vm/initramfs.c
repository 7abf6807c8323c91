/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "initramfs.h"

#include <errno.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "newc.h"
#include "errors.h"
#include "fd.h"
#include "macro.h"

/* The dynamic loader knows what it has loaded, itself included. */
static int add_library(struct dl_phdr_info *info, size_t size MACRO_UNUSED,
		       void *data)
{
	struct newc *newc = data;

	if (info->dlpi_name[0] != '/') /* this program, and the vdso */
		return 0;
	return newc_add_file(newc, info->dlpi_name + 1, 0755, info->dlpi_name);
}

static int add_modules(struct newc *newc, char *const *modules, size_t n)
{
	int r = newc_add_folder(newc, INITRAMFS_MODULES);

	for (size_t i = 0; i < n && r >= 0; i++) {
		char path[512];

		snprintf(path, sizeof(path), INITRAMFS_MODULES "/%03zu-%s", i,
			 strrchr(modules[i], '/') + 1);
		r = newc_add_file(newc, path, 0644, modules[i]);
	}
	return r < 0 ? error_trace(r) : 0;
}

static int add_words(struct newc *newc, char *const *words, size_t n)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	int r;

	if (!out)
		return error_origin(-ENOMEM, "words");
	for (size_t i = 0; i < n; i++)
		fwrite(words[i], 1, strlen(words[i]) + 1, out);
	fclose(out);
	r = newc_add_bytes(newc, INITRAMFS_WORDS, 0644, text, size);
	free(text);
	return r < 0 ? error_trace(r) : 0;
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
	return r < 0 ? error_trace(r) : 0;
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
	return r < 0 ? error_trace(r) : 0;
}

int initramfs_new(char *const *words, size_t n_words, char *const *modules,
		  size_t n_modules)
{
	int fd = memfd_create("initramfs", MFD_CLOEXEC), r;
	struct newc *newc;

	if (fd < 0)
		return error_origin(-errno, "memfd");
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
