/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vm-kernel.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "errors.h"
#include "fd.h"
#include "macro.h"
#include "vm-signals.h"

/* --- the image ------------------------------------------------------------*/

enum {
	HEADER = 0x202, /* "HdrS": Documentation/arch/x86/boot.rst */
	VERSION_AT = 0x20e, /* where the release is, less 0x200 */
};

/* "6.12.115+deb12-cloud-amd64 (debian-kernel@…) #1 SMP …" */
static int read_release(struct vm_kernel *kernel)
{
	CLEANUP_FD int fd = open(kernel->image, O_RDONLY | O_CLOEXEC);
	char magic[4] = "", text[sizeof(kernel->release)] = "";
	uint16_t at = 0;

	if (fd < 0)
		return error_refuse(-errno, "%s: %s", kernel->image,
				    strerror(errno));
	if (pread(fd, magic, sizeof(magic), HEADER) != sizeof(magic) ||
	    memcmp(magic, "HdrS", sizeof(magic)) != 0 ||
	    pread(fd, &at, sizeof(at), VERSION_AT) != sizeof(at) || !at ||
	    pread(fd, text, sizeof(text) - 1, at + 0x200) <= 0)
		return error_refuse(-EINVAL,
				    "%s is no kernel for x86 (a bzImage, "
				    "vmlinuz-…, is wanted)",
				    kernel->image);
	text[strcspn(text, " \n")] = '\0';
	memcpy(kernel->release, text, sizeof(text));
	return 0;
}

static bool is_folder(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static int by_version(const struct dirent **a, const struct dirent **b)
{
	return strverscmp((*a)->d_name, (*b)->d_name);
}

static int is_image(const struct dirent *entry)
{
	return strncmp(entry->d_name, "vmlinuz-", 8) == 0;
}

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* 6.12, beside which fetch-kernels keeps a folder of its own. */
static int is_version(const struct dirent *entry)
{
	return entry->d_name[0] >= '0' && entry->d_name[0] <= '9';
}

/* The newest of what the filter lets through; false: there is none. */
static bool newest(const char *folder, int (*filter)(const struct dirent *),
		   char *ret, size_t size)
{
	struct dirent **entries;
	int n = scandir(folder, &entries, filter, by_version);

	if (n > 0)
		snprintf(ret, size, "%.*s/%.255s", (int)size - 260, folder,
			 entries[n - 1]->d_name);
	for (int i = 0; i < n; i++)
		free(entries[i]);
	if (n >= 0)
		free(entries);
	return n > 0;
}

/* Below a machine's root or a package's contents. */
static bool image_below(const char *root, char *ret, size_t size)
{
	static const char *const libs[] = { "usr/lib/modules", "lib/modules" };
	char folder[PATH_MAX], version[PATH_MAX];

	snprintf(folder, sizeof(folder), "%s/boot", root);
	if (newest(folder, is_image, ret, size) ||
	    newest(root, is_image, ret, size))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(libs); i++) {
		snprintf(folder, sizeof(folder), "%s/%s", root, libs[i]);
		if (!newest(folder, is_visible, version, sizeof(version)))
			continue;
		snprintf(ret, size, "%.*s/vmlinuz", (int)size - 32, version);
		if (access(ret, R_OK) == 0)
			return true;
		snprintf(ret, size, "%.*s/vmlinuz.unsigned", (int)size - 32,
			 version);
		if (access(ret, R_OK) == 0)
			return true;
	}
	return false;
}

/* --- the modules' folder --------------------------------------------------*/

static bool try_modules(struct vm_kernel *kernel, const char *root,
			const char *lib)
{
	snprintf(kernel->modules, sizeof(kernel->modules), "%.3500s/%s/%s",
		 root, lib, kernel->release);
	if (is_folder(kernel->modules))
		return true;
	kernel->modules[0] = '\0';
	return false;
}

/* boot/vmlinuz-… has them at ../lib/modules. */
static void find_modules(struct vm_kernel *kernel)
{
	static const char *const up[] = { "..", ".", "../../../.." };
	char folder[PATH_MAX], root[PATH_MAX + 16];

	snprintf(folder, sizeof(folder), "%s", kernel->image);
	*strrchr(folder, '/') = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(up); i++) {
		snprintf(root, sizeof(root), "%s/%s", folder, up[i]);
		if (try_modules(kernel, root, "lib/modules") ||
		    try_modules(kernel, root, "usr/lib/modules"))
			return;
	}
}

static int take_modules(struct vm_kernel *kernel, const char *folder)
{
	if (!is_folder(folder))
		return error_refuse(-ENOENT, "--modules %s: no such folder",
				    folder);
	if (!try_modules(kernel, folder, "lib/modules"))
		snprintf(kernel->modules, sizeof(kernel->modules), "%s",
			 folder);
	return 0;
}

/* --- packages -------------------------------------------------------------*/

void vm_kernel_deinit(struct vm_kernel *kernel)
{
	scratch_remove(&kernel->unpacked);
}

static void MACRO_NORETURN become_dpkg(const char *package, const char *folder,
				       int complaints, pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(125);
	vm_signals_restore();
	dup2(complaints, STDERR_FILENO);
	execlp("dpkg-deb", "dpkg-deb", "-x", package, folder, (char *)NULL);
	_exit(errno == ENOENT ? 127 : 126);
}

/* The last of its lines, without the end of it. */
static void last_complaint(int complaints, char *ret, size_t size)
{
	ssize_t n = pread(complaints, ret, size - 1,
			  MAX(lseek(complaints, 0, SEEK_END) - (off_t)size + 1,
			      (off_t)0));
	char *newline;

	for (n = MAX(n, (ssize_t)0); n > 0 && ret[n - 1] == '\n'; n--)
		;
	ret[n] = '\0';
	newline = strrchr(ret, '\n');
	if (newline)
		memmove(ret, newline + 1, strlen(newline));
}

/*
 * Its complaints go to a file: a tar of its, whose folder goes when we are
 * killed, has one for each file, and would wait for somebody to read them.
 */
static int run_dpkg(const char *package, const char *folder)
{
	CLEANUP_FD int complaints = memfd_create("complaints", MFD_CLOEXEC);
	pid_t parent = getpid(), pid = complaints < 0 ? -1 : fork();
	char last[256];
	int status;

	if (pid == 0)
		become_dpkg(package, folder, complaints, parent);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return error_origin(-errno, "dpkg-deb");
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		return error_refuse(-ENOENT, "dpkg-deb is not installed: it "
				    "unpacks %s (package dpkg)", package);
	last_complaint(complaints, last, sizeof(last));
	if (status)
		return error_refuse(-EINVAL, "%s is no package that dpkg-deb "
				    "can unpack (%s)", package, last);
	return 0;
}

static int unpack(struct vm_kernel *kernel, const char *package)
{
	int r = scratch_new(&kernel->unpacked, "/tmp");

	if (r >= 0)
		r = run_dpkg(package, kernel->unpacked.path);
	return r < 0 ? error_trace(r) : 0;
}

/* --- finding it -----------------------------------------------------------*/

static int find_installed(struct vm_kernel *kernel, const char *fallback)
{
	char folder[PATH_MAX];

	if (newest("/boot", is_image, kernel->image, sizeof(kernel->image)) &&
	    access(kernel->image, R_OK) == 0)
		return 0;
	if (fallback && newest(fallback, is_version, folder, sizeof(folder)) &&
	    image_below(folder, kernel->image, sizeof(kernel->image)))
		return 0;
	return error_refuse(-ENOENT,
			    "no kernel is installed that could be booted; "
			    "--kernel names one, and harness/vm/fetch-kernels "
			    "gets some");
}

static int locate(struct vm_kernel *kernel, const char *path)
{
	size_t length = strlen(path);
	const char *root = path;
	int r;

	if (length > 4 && strcmp(path + length - 4, ".deb") == 0) {
		r = unpack(kernel, path);
		if (r < 0)
			return error_trace(r);
		root = kernel->unpacked.path;
	} else if (!is_folder(path)) {
		snprintf(kernel->image, sizeof(kernel->image), "%s%s",
			 strchr(path, '/') ? "" : "./", path);
		return 0;
	}
	if (!image_below(root, kernel->image, sizeof(kernel->image)))
		return error_refuse(-ENOENT, "%s has no kernel image in it "
				    "(boot/vmlinuz-… is looked for)", path);
	return 0;
}

int vm_kernel_find(struct vm_kernel *ret, const char *path, const char *modules,
		   const char *fallback)
{
	struct vm_kernel kernel = { .image = "" };
	int r = path ? locate(&kernel, path) :
		       find_installed(&kernel, fallback);

	if (r >= 0)
		r = read_release(&kernel);
	if (r >= 0 && modules)
		r = take_modules(&kernel, modules);
	else if (r >= 0)
		find_modules(&kernel);
	if (r < 0) {
		vm_kernel_deinit(&kernel);
		return error_trace(r);
	}
	*ret = kernel;
	return 0;
}
