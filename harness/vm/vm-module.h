/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kernel modules: files that may be compressed, and what they depend on. */
#pragma once

struct vm_module {
	char *name; /* "veth.ko" */
	int fd; /* the module, decompressed */
};

/* -ENOENT without the program that decompresses the file; -EINVAL for a file that
 * it cannot decompress. */
int vm_module_open(struct vm_module *ret, const char *path);
void vm_module_deinit(struct vm_module *module);

/* Returns the names of the modules that it needs, separated by commas; the caller
 * frees the text. -EINVAL for a file that is not a module. */
int vm_module_depends(const struct vm_module *module, char **ret);
