/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A kernel to boot, and its modules: an image, a folder with one (a package's
 * contents, or a machine's root), or a Debian package.
 */
#pragma once

#include <stddef.h>

#include "scratch.h"

struct vm_kernel {
	char image[4096]; /* the bzImage */
	char release[128]; /* "6.12.115-cloud-amd64" */
	char modules[4096]; /* lib/modules/RELEASE; "" none was found */
	struct scratch unpacked; /* of a package */
};

/*
 * `path` NULL: the newest that is installed in /boot or unpacked below
 * `fallback`. `modules` NULL: looked for beside the image. What is wrong is said
 * in one sentence with its cure: -ENOENT, -EINVAL for what is no kernel.
 */
int vm_kernel_find(struct vm_kernel *ret, const char *path, const char *modules,
		   const char *fallback);

/* Removes what was unpacked. */
void vm_kernel_deinit(struct vm_kernel *kernel);

/*
 * Modules that the guest needs, in the order in which they must be loaded,
 * dependencies first: paths, to be freed with vm_modules_free(). One of
 * `required` that is neither there nor built in is -ENOENT, and named; of
 * `optional` what is not there is left out.
 */
int vm_modules_find(const struct vm_kernel *kernel,
		    const char *const *required, const char *const *optional,
		    char ***ret, size_t *ret_n);
void vm_modules_free(char **modules, size_t n);
