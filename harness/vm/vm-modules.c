/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A package that was unpacked, not installed, has no modules.dep: what a module
 * depends on is read from the module itself.
 */
#include "vm-kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <libkmod.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "macro.h"

/* Every module file of the kernel. nftw() has no data pointer. */
static struct {
	char **paths;
	size_t n;
} files;

static int note_file(const char *path, const struct stat *st MACRO_UNUSED,
		     int type, struct FTW *at)
{
	char **grown;

	if (type != FTW_F || !strstr(path + at->base, ".ko"))
		return 0;
	grown = reallocarray(files.paths, files.n + 1, sizeof(*grown));
	if (!grown)
		return -1;
	files.paths = grown;
	grown[files.n] = strdup(path);
	return grown[files.n++] ? 0 : -1;
}

void vm_modules_free(char **modules, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(modules[i]);
	free(modules);
}

static void forget_files(void)
{
	vm_modules_free(files.paths, files.n);
	files.paths = NULL;
	files.n = 0;
}

/* '-' and '_' are the same in the names of modules. */
static bool is_named(const char *path, const char *name)
{
	const char *base = strrchr(path, '/') + 1;

	for (; *name; name++, base++)
		if (*base != *name && !(strchr("-_", *base) && *base &&
					strchr("-_", *name)))
			return false;
	return strncmp(base, ".ko", 3) == 0;
}

static const char *file_of(const char *name)
{
	for (size_t i = 0; i < files.n; i++)
		if (is_named(files.paths[i], name))
			return files.paths[i];
	return NULL;
}

/* modules.builtin lists what the image has in it, as kernel/net/….ko. Without
 * the list nothing is known, and the guest will tell. */
static bool may_be_built_in(const struct vm_kernel *kernel, const char *name)
{
	char path[4200], line[512];
	bool found = false;
	FILE *file;

	snprintf(path, sizeof(path), "%s/modules.builtin", kernel->modules);
	file = fopen(path, "re");
	while (file && !found && fgets(line, sizeof(line), file))
		found = strchr(line, '/') && is_named(line, name);
	if (file)
		fclose(file);
	return found || !file;
}

struct order {
	struct kmod_ctx *kmod;
	char **paths; /* dependencies first */
	size_t n;
};

static int add(struct order *order, const char *name);

/* "nf_conntrack,nf_defrag_ipv4" */
static int add_dependencies(struct order *order, const char *path)
{
	struct kmod_list *info = NULL, *item;
	struct kmod_module *module = NULL;
	int r = kmod_module_new_from_path(order->kmod, path, &module);

	if (r >= 0)
		r = kmod_module_get_info(module, &info);
	if (r < 0) {
		kmod_module_unref(module);
		return error_origin(r, "read the module %s", path);
	}
	r = 0;
	kmod_list_foreach (item, info) {
		char *names, *name, *rest = NULL;

		if (strcmp(kmod_module_info_get_key(item), "depends") != 0)
			continue;
		names = strdup(kmod_module_info_get_value(item));
		name = names ? strtok_r(names, ",", &rest) : NULL;
		for (; name && r >= 0; name = strtok_r(NULL, ",", &rest))
			r = add(order, name);
		free(names);
	}
	kmod_module_info_free_list(info);
	kmod_module_unref(module);
	return r < 0 ? error_trace(r) : 0;
}

/* 0 where there is none of that name. */
static int add(struct order *order, const char *name)
{
	const char *path = file_of(name);
	char **grown;
	int r;

	if (!path)
		return 0;
	for (size_t i = 0; i < order->n; i++)
		if (strcmp(order->paths[i], path) == 0)
			return 1;
	r = add_dependencies(order, path);
	if (r < 0)
		return error_trace(r);
	grown = reallocarray(order->paths, order->n + 1, sizeof(*grown));
	if (!grown)
		return error_origin(-ENOMEM, "modules");
	order->paths = grown;
	grown[order->n] = strdup(path);
	return grown[order->n++] ? 1 : error_origin(-ENOMEM, "modules");
}

static int add_all(struct order *order, const struct vm_kernel *kernel,
		   const char *const *required, const char *const *optional)
{
	int r = 0;

	for (; *required && r >= 0; required++) {
		r = add(order, *required);
		if (r == 0 && kernel->modules[0] &&
		    !may_be_built_in(kernel, *required))
			r = error_refuse(-ENOENT,
					 "the kernel %s has no module '%s' "
					 "below %s, nor built in, and no case "
					 "can do without",
					 kernel->release, *required,
					 kernel->modules);
	}
	for (; *optional && r >= 0; optional++)
		r = add(order, *optional);
	return r < 0 ? error_trace(r) : 0;
}

int vm_modules_find(const struct vm_kernel *kernel,
		    const char *const *required, const char *const *optional,
		    char ***ret, size_t *ret_n)
{
	const char *no_config = NULL;
	struct order order = { .kmod = kmod_new("/", &no_config) };
	int r = 0;

	if (!order.kmod)
		return error_origin(-ENOMEM, "libkmod");
	if (kernel->modules[0] &&
	    nftw(kernel->modules, note_file, 16, FTW_PHYS) != 0)
		r = error_origin(-EIO, "read %s", kernel->modules);
	if (r >= 0)
		r = add_all(&order, kernel, required, optional);
	forget_files();
	kmod_unref(order.kmod);
	if (r < 0) {
		vm_modules_free(order.paths, order.n);
		return error_trace(r);
	}
	*ret = order.paths;
	*ret_n = order.n;
	return 0;
}
