/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds a kernel to boot and its modules, from an image, a folder (an unpacked
 * package or a root file system) or a Debian package.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "scratch.h"
#include "vm-arch.h"
#include "vm-module.h"

/* Something that a kernel may lack. */
struct vm_feature {
	const char *name; /* "nftables"; NULL ends a list */
	const char *module; /* "nf_tables" */
	const char *option; /* "CONFIG_NF_TABLES" */
	const char *user; /* what needs it: "nat.yaml: gateway" */
};

struct vm_kernel {
	const struct vm_arch *arch;
	char image[4096]; /* the bzImage, Image */
	char release[VM_ARCH_RELEASE]; /* "6.12.115-cloud-amd64" */
	char modules[4096]; /* lib/modules/RELEASE; "": none found */
	struct scratch unpacked; /* contents of a package */
};

/*
 * `path` NULL: the newest kernel in /boot or unpacked below `fallback`. /boot has
 * none of another architecture. `arch` NULL: any of `path`, or that of this program.
 * `modules` NULL: the modules are searched beside the image. -ENOENT where
 * nothing is found, -EINVAL for a file that is not a kernel; the message names
 * the file and the cure.
 */
int vm_kernel_find(struct vm_kernel *ret, const char *path, const char *modules,
		   const char *fallback, const struct vm_arch *arch);

/* Removes the unpacked package. */
void vm_kernel_deinit(struct vm_kernel *kernel);

/*
 * Returns the modules in loading order, dependencies first; free them with
 * vm_modules_free(). -ENOENT where one of `required` is neither a module nor built
 * in; missing ones of `optional` are left out.
 */
int vm_modules_find(const struct vm_kernel *kernel,
		    const char *const *required, const char *const *optional,
		    struct vm_module **ret, size_t *ret_n);
/* -ENOENT, with the names of the feature and of its user, for a kernel that lacks
 * one. */
int vm_kernel_check(const struct vm_kernel *kernel,
		    const struct vm_feature *features);
void vm_modules_free(struct vm_module *modules, size_t n);
/* Whether its tick does not stop while the CPU is idle (CONFIG_HZ_PERIODIC), by
 * the configuration beside the image or the modules; false where there is none. */
bool vm_kernel_is_periodic(const struct vm_kernel *kernel);
