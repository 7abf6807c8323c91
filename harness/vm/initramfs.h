/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest's initramfs: a halfopen program as /init, the shared libraries that it
 * has loaded, kernel modules, and the words of the guest's command line.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "vm-module.h"

#define INITRAMFS_MODULES "modules" /* loaded in the order of their names */
#define INITRAMFS_WORDS "words" /* each ends with NUL */

#define INITRAMFS_CALLER "caller" /* caller.h */

/* What the programs of labs need from the host; the arrays end with NULL. */
struct initramfs_files {
	const char *const *paths; /* files and folders */
	const char *const *texts; /* with names of programs */
};

/* `program` NULL: this one, with its libraries; otherwise the path of a static one.
 * `files` NULL: none, only the words are run. Returns a memfd, which the caller
 * closes; the file system has no trace of it. `ret_size`: bytes of the files. */
int initramfs_new(const char *program, char *const *words, size_t n_words,
		  const struct vm_module *modules, size_t n_modules,
		  const struct initramfs_files *files, uint64_t *ret_size);
