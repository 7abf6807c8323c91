/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest has no root file system but this archive: /init is this program
 * itself, which finds its shared libraries under the paths of the host; the
 * kernel runs it from the unpacked archive. Modules have names with a number in
 * front, which is the order in which the guest inserts them (guest.c). For labs
 * it has programs of the host, too (guest-files.c). Nothing is written to disk:
 * the archive is a memfd, which QEMU opens through /proc/PID/fd.
 */
#include "initramfs.h"

#include <errno.h>
#include <limits.h>
#include <link.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "caller.h"
#include "errors.h"
#include "fd.h"
#include "guest-files.h"
#include "macro.h"
#include "newc.h"

struct archive {
	struct newc *newc;
	const char *program; /* NULL: this one */
	struct guest_files *files; /* NULL: no programs of the host */
};

/*
 * dl_iterate_phdr() lists the loaded libraries, the dynamic loader included. With
 * programs of the host, /lib may be a symbolic link.
 */
static int add_library(struct dl_phdr_info *info, size_t size MACRO_UNUSED,
		       void *data)
{
	const struct archive *archive = data;
	const char *name = info->dlpi_name;

	if (name[0] != '/') /* this program and the vDSO */
		return 0;
	return archive->files ?
		       guest_files_add(archive->files, name) :
		       newc_add_file(archive->newc, name + 1, 0755, name);
}

/* --- modules --------------------------------------------------------------*/

static int add_modules(struct newc *newc, const struct vm_module *modules,
		       size_t n)
{
	int r = newc_add_folder(newc, INITRAMFS_MODULES);

	for (size_t i = 0; i < n && r >= 0; i++) {
		char to[512], from[64];

		snprintf(to, sizeof(to), INITRAMFS_MODULES "/%03zu-%s", i,
			 modules[i].name);
		snprintf(from, sizeof(from), "/proc/self/fd/%d", modules[i].fd);
		r = newc_add_file(newc, to, 0644, from);
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

static int add_caller(struct newc *newc)
{
	size_t size;
	char *text = caller_text(&size);
	int r = text ? newc_add_bytes(newc, INITRAMFS_CALLER, 0600, text, size) :
		       error_origin(-ENOMEM, "describe the caller");

	free(text);
	return error_trace(r);
}

static int add_folders(struct newc *newc, bool has_passwd)
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
	if (r >= 0 && !has_passwd)
		r = newc_add_bytes(newc, "etc/passwd", 0644, passwd,
				   sizeof(passwd) - 1);
	return error_trace(r);
}

/* Before the other members: these are at paths where the host may have symbolic
 * links. */
static int add_files(struct archive *archive, const struct initramfs_files *plan)
{
	/* /bin, /lib and so on are symbolic links on most hosts. */
	static const char *const tops[] = { "/bin", "/sbin", "/lib", "/lib64",
					    "/var", "/var/run", "/var/lock" };
	/* What every program may use without naming it; and sh and env, which
	 * start the programs of a lab. */
	static const char *const common[] = { "/etc", "/usr/lib/ssl",
					      "/usr/lib/locale/C.utf8",
					      "/usr/share/zoneinfo/UTC" };
	int r = guest_files_add_programs(archive->files, "sh env");

	for (size_t i = 0; i < ARRAY_SIZE(tops) && r >= 0; i++)
		r = guest_files_add_alone(archive->files, tops[i]);
	for (size_t i = 0; i < ARRAY_SIZE(common) && r >= 0; i++)
		r = guest_files_add(archive->files, common[i]);
	for (size_t i = 0; plan->paths[i] && r >= 0; i++)
		r = guest_files_add(archive->files, plan->paths[i]);
	for (size_t i = 0; plan->texts[i] && r >= 0; i++)
		r = guest_files_add_programs(archive->files, plan->texts[i]);
	if (r >= 0)
		r = guest_files_add_packages(archive->files);
	if (r >= 0)
		r = add_caller(archive->newc);
	return error_trace(r);
}

/* With programs of the host this program has its own path too, from which it
 * finds incidents and unpacked programs. */
static int add_init(struct archive *archive)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	int r;

	if (!archive->files)
		return newc_add_file(archive->newc, "init", 0755,
				     archive->program ? archive->program :
							"/proc/self/exe");
	if (n < 0)
		return error_origin(-errno, "read /proc/self/exe");
	self[n] = '\0';
	r = guest_files_add(archive->files, self);
	if (r >= 0)
		r = newc_add_link(archive->newc, "init", self);
	return error_trace(r);
}

static int fill(struct archive *archive, char *const *words, size_t n_words,
		const struct vm_module *modules, size_t n_modules,
		const struct initramfs_files *files)
{
	struct newc *newc = archive->newc;
	int r = files ? add_files(archive, files) : 0;

	if (r >= 0)
		r = add_folders(newc, files);
	if (r >= 0)
		r = add_init(archive);
	if (r >= 0 && !archive->program)
		r = dl_iterate_phdr(add_library, archive);
	if (r >= 0)
		r = add_modules(newc, modules, n_modules);
	if (r >= 0)
		r = add_words(newc, words, n_words);
	if (r >= 0)
		r = newc_end(newc);
	return error_trace(r);
}

int initramfs_new(const char *program, char *const *words, size_t n_words,
		  const struct vm_module *modules, size_t n_modules,
		  const struct initramfs_files *files, uint64_t *ret_size)
{
	int fd = memfd_create("initramfs", MFD_CLOEXEC), r;
	struct archive archive = { .program = program };

	if (fd < 0)
		return error_origin(-errno, "create a memfd");
	r = newc_new(&archive.newc, fd);
	if (r >= 0 && files)
		r = guest_files_new(&archive.files, archive.newc);
	if (r >= 0)
		r = fill(&archive, words, n_words, modules, n_modules, files);
	*ret_size = files && r >= 0 ? guest_files_size(archive.files) : 0;
	guest_files_free(archive.files);
	newc_free(archive.newc);
	if (r < 0) {
		fd_close(fd);
		return error_trace(r);
	}
	return fd;
}
