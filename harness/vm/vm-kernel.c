/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Architecture and release are read from the image. The modules' folder is
 * searched at the places where Debian packages, installed systems and kernel
 * builds have it.
 */
#include "vm-kernel.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
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

#include "array.h"
#include "errors.h"
#include "fd.h"
#include "macro.h"
#include "suffix.h"
#include "vm-module.h"
#include "vm-signals.h"

/* --- the image ------------------------------------------------------------*/

static int read_image(struct vm_kernel *kernel)
{
	CLEANUP_FD int fd = open(kernel->image, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return error_refuse(-errno, "%s: %s", kernel->image,
				    strerror(errno));
	kernel->arch = vm_arch_of_image(fd, kernel->release);
	if (!kernel->arch)
		return error_refuse(-EINVAL,
				    "%s: not a kernel image (bzImage, Image, "
				    "vmlinuz-…)",
				    kernel->image);
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
	/* Debian's riscv64 image is not compressed. */
	return strncmp(entry->d_name, "vmlinuz-", 8) == 0 ||
	       strncmp(entry->d_name, "vmlinux-", 8) == 0;
}

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* "6.12": fetch-kernels names folders by version and has one of its own. */
static int is_version(const struct dirent *entry)
{
	return entry->d_name[0] >= '0' && entry->d_name[0] <= '9';
}

/* The newest entry that passes the filter; false: none. */
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

/* Below a root file system or an unpacked package. */
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

/* For boot/vmlinuz-… they are in ../lib/modules. */
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
		return error_refuse(-ENOENT, "--modules %s: folder not found",
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

static void MACRO_NORETURN exec_dpkg(const char *package, const char *folder,
				       int errors, pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(125);
	vm_signals_restore();
	dup2(errors, STDERR_FILENO);
	execlp("dpkg-deb", "dpkg-deb", "-x", package, folder, (char *)NULL);
	_exit(errno == ENOENT ? 127 : 126);
}

/* The last line of its error output. */
static void read_last_line(int errors, char *ret, size_t size)
{
	ssize_t n = pread(errors, ret, size - 1,
			  MAX(lseek(errors, 0, SEEK_END) - (off_t)size + 1,
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
 * Error output goes to a file, not a pipe: if this process is killed, the
 * folder is removed while dpkg's tar still runs; tar then prints an error for
 * each file and would block on a full pipe.
 */
static int run_dpkg(const char *package, const char *folder)
{
	CLEANUP_FD int errors = memfd_create("dpkg-deb", MFD_CLOEXEC);
	pid_t parent = getpid(), pid = errors < 0 ? -1 : fork();
	char last[256];
	int status;

	if (pid == 0)
		exec_dpkg(package, folder, errors, parent);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return error_origin(-errno, "run dpkg-deb");
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		return error_refuse(-ENOENT, "unpack %s: dpkg-deb is not "
				    "installed (package dpkg)", package);
	read_last_line(errors, last, sizeof(last));
	if (status)
		return error_refuse(-EINVAL, "unpack %s: dpkg-deb failed: "
				    "%s", package, last);
	return 0;
}

static int unpack(struct vm_kernel *kernel, const char *package)
{
	int r = scratch_new(&kernel->unpacked, "/tmp");

	if (r >= 0)
		r = run_dpkg(package, kernel->unpacked.path);
	return error_trace(r);
}

/* --- finding it -----------------------------------------------------------*/

static int find_installed(struct vm_kernel *kernel, const char *fallback,
			  const struct vm_arch *arch)
{
	char folder[PATH_MAX];

	if ((!arch || arch == vm_arch_own()) &&
	    newest("/boot", is_image, kernel->image, sizeof(kernel->image)) &&
	    access(kernel->image, R_OK) == 0)
		return 0;
	if (fallback && newest(fallback, is_version, folder, sizeof(folder)) &&
	    image_below(folder, kernel->image, sizeof(kernel->image)))
		return 0;
	if (arch && arch != vm_arch_own())
		return error_refuse(-ENOENT, "no kernel of %s found in %s; "
				    "harness/vm/fetch-kernels --arch %s "
				    "downloads some",
				    arch->name,
				    fallback ? fallback : "build/kernels",
				    arch->name);
	return error_refuse(-ENOENT,
			    "no kernel found in /boot or build/kernels; "
			    "--kernel names one, harness/vm/fetch-kernels "
			    "downloads some");
}

static int locate(struct vm_kernel *kernel, const char *path)
{
	const char *root = path;
	int r;

	if (access(path, R_OK) < 0)
		return error_refuse(-errno, "%s: %s", path, strerror(errno));
	if (suffix_ends(path, ".deb")) {
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
		return error_refuse(-ENOENT, "%s: no kernel image (boot/vmlinuz-…) "
				    "found in it", path);
	return 0;
}

int vm_kernel_find(struct vm_kernel *ret, const char *path, const char *modules,
		   const char *fallback, const struct vm_arch *arch)
{
	struct vm_kernel kernel = { .image = "" };
	int r = path ? locate(&kernel, path) :
		       find_installed(&kernel, fallback, arch);

	if (r >= 0)
		r = read_image(&kernel);
	if (r >= 0 && arch && kernel.arch != arch)
		r = error_refuse(-EINVAL, "--arch %s: %s is a kernel of %s",
				 arch->name, kernel.image, kernel.arch->name);
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

/* --- modules --------------------------------------------------------------*/

/*
 * A package that was unpacked but not installed has no modules.dep, which
 * depmod writes. Dependencies are read from the .modinfo section of each module
 * instead, and the list of modules is built depth first: each comes after those
 * that it depends on, and is inserted without modprobe.
 */

struct paths {
	char **list;
	size_t n, capacity;
};

static int add_path(struct paths *paths, const char *path)
{
	char **grown = array_grow(paths->list, paths->n, &paths->capacity,
				  sizeof(*grown));

	if (!grown)
		return error_origin(-ENOMEM, "list modules");
	paths->list = grown;
	grown[paths->n] = strdup(path);
	return grown[paths->n++] ? 0 : error_origin(-ENOMEM, "list modules");
}

/* All module files of the kernel. Static, because nftw() passes no data. */
static struct paths files;

static int add_file(const char *path, const struct stat *st MACRO_UNUSED,
		     int type, struct FTW *at)
{
	if (type != FTW_F || !strstr(path + at->base, ".ko"))
		return 0;
	return add_path(&files, path) < 0 ? -1 : 0;
}

static void free_files(void)
{
	for (size_t i = 0; i < files.n; i++)
		free(files.list[i]);
	free(files.list);
	files = (struct paths){ 0 };
}

/* '-' and '_' are equal in module names. */
static bool is_named(const char *base, const char *name)
{
	for (; *name; name++, base++)
		if (*base != *name && !(strchr("-_", *base) && *base &&
					strchr("-_", *name)))
			return false;
	return strncmp(base, ".ko", 3) == 0;
}

static const char *find_file(const char *name)
{
	for (size_t i = 0; i < files.n; i++)
		if (is_named(strrchr(files.list[i], '/') + 1, name))
			return files.list[i];
	return NULL;
}

/* modules.builtin lists built-in modules as kernel/net/….ko. Without that
 * file the answer is true, and the guest reports the missing feature. */
static bool may_be_built_in(const struct vm_kernel *kernel, const char *name)
{
	char path[4200], line[512];
	bool found = false;
	FILE *file;

	snprintf(path, sizeof(path), "%s/modules.builtin", kernel->modules);
	file = fopen(path, "re");
	while (file && !found && fgets(line, sizeof(line), file))
		found = strchr(line, '/') &&
			is_named(strrchr(line, '/') + 1, name);
	if (file)
		fclose(file);
	return found || !file;
}

struct order {
	struct vm_module *modules; /* dependencies first */
	size_t n, capacity;
};

/* More than the longest chain of dependencies in a kernel; beyond it, modules
 * depend on each other. */
enum { MAX_DEPTH = 32 };

static int add(struct order *order, const char *name, unsigned int depth);

/* "nf_conntrack,nf_defrag_ipv4" */
static int add_dependencies(struct order *order, const struct vm_module *module,
			    unsigned int depth)
{
	char *names, *name, *rest = NULL;
	int r = vm_module_depends(module, &names);

	if (r < 0)
		return error_trace(r);
	name = strtok_r(names, ",", &rest);
	for (; name && r >= 0; name = strtok_r(NULL, ",", &rest))
		r = add(order, name, depth + 1);
	free(names);
	return error_trace(r);
}

/* Takes the module. */
static int append(struct order *order, struct vm_module module)
{
	struct vm_module *grown =
		array_grow(order->modules, order->n, &order->capacity,
			   sizeof(*grown));

	if (!grown) {
		vm_module_deinit(&module);
		return error_origin(-ENOMEM, "list modules");
	}
	order->modules = grown;
	grown[order->n++] = module;
	return 0;
}

/* Returns 1; 0 where no module has that name. */
static int add(struct order *order, const char *name, unsigned int depth)
{
	const char *path = find_file(name);
	struct vm_module module;
	int r;

	if (!path)
		return 0;
	for (size_t i = 0; i < order->n; i++)
		if (is_named(order->modules[i].name, name))
			return 1;
	if (depth > MAX_DEPTH)
		return error_refuse(-ELOOP,
				    "%s: dependencies of modules are nested "
				    "more than %d deep", path, MAX_DEPTH);
	r = vm_module_open(&module, path);
	if (r < 0)
		return error_trace(r);
	r = add_dependencies(order, &module, depth);
	if (r < 0)
		vm_module_deinit(&module);
	else
		r = append(order, module);
	return r < 0 ? error_trace(r) : 1;
}

/* True where nothing is known of the kernel's modules. */
static bool has_module(const struct vm_kernel *kernel, const char *name)
{
	return find_file(name) || !kernel->modules[0] ||
	       may_be_built_in(kernel, name);
}

static int add_all(struct order *order, const struct vm_kernel *kernel,
		   const char *const *required, const char *const *optional)
{
	int r = 0;

	for (; *required && r >= 0; required++) {
		r = add(order, *required, 0);
		if (r == 0 && !has_module(kernel, *required))
			r = error_refuse(-ENOENT,
					 "kernel %s: required module '%s' not "
					 "found below %s and not built in",
					 kernel->release, *required,
					 kernel->modules);
	}
	for (; *optional && r >= 0; optional++)
		r = add(order, *optional, 0);
	return error_trace(r);
}

static int find_files(const struct vm_kernel *kernel)
{
	if (kernel->modules[0] &&
	    nftw(kernel->modules, add_file, 16, FTW_PHYS) != 0)
		return error_origin(-EIO, "read %s", kernel->modules);
	return 0;
}

int vm_kernel_check(const struct vm_kernel *kernel,
		    const struct vm_feature *features)
{
	int r = find_files(kernel);

	for (; features->name && r >= 0; features++)
		if (!has_module(kernel, features->module))
			r = error_refuse(-ENOENT,
					 "%s: kernel %s has no %s (%s)",
					 features->user, kernel->release,
					 features->name, features->option);
	free_files();
	return error_trace(r);
}

int vm_modules_find(const struct vm_kernel *kernel,
		    const char *const *required, const char *const *optional,
		    struct vm_module **ret, size_t *ret_n)
{
	struct order order = { .modules = NULL };
	int r = find_files(kernel);

	if (r >= 0)
		r = add_all(&order, kernel, required, optional);
	free_files();
	if (r < 0) {
		vm_modules_free(order.modules, order.n);
		return error_trace(r);
	}
	*ret = order.modules;
	*ret_n = order.n;
	return 0;
}

void vm_modules_free(struct vm_module *modules, size_t n)
{
	for (size_t i = 0; i < n; i++)
		vm_module_deinit(&modules[i]);
	free(modules);
}

/* --- the configuration ----------------------------------------------------*/

static bool has_line(const char *path, const char *wanted)
{
	FILE *file = fopen(path, "re");
	char line[256];
	bool found = false;

	while (file && !found && fgets(line, sizeof(line), file))
		found = strcmp(line, wanted) == 0;
	if (file)
		fclose(file);
	return found;
}

bool vm_kernel_is_periodic(const struct vm_kernel *kernel)
{
	static const char periodic[] = "CONFIG_HZ_PERIODIC=y\n";
	const char *name = strrchr(kernel->image, '/');
	char path[PATH_MAX + VM_ARCH_RELEASE];

	/* boot/config-RELEASE; since Debian's 7.0 lib/modules/RELEASE/config */
	snprintf(path, sizeof(path), "%.*s/config-%s",
		 name ? (int)(name - kernel->image) : 0, kernel->image,
		 kernel->release);
	if (has_line(path, periodic))
		return true;
	snprintf(path, sizeof(path), "%s/config", kernel->modules);
	return *kernel->modules && has_line(path, periodic);
}
