/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest's initramfs: this program as /init, the shared libraries that it
 * has loaded, kernel modules, and the words of the guest's command line.
 */
#pragma once

#include <stddef.h>

#define INITRAMFS_MODULES "modules" /* loaded in the order of their names */
#define INITRAMFS_WORDS "words" /* each ends with NUL */

/* Returns a memfd, which the caller closes; the file system has no trace of
 * it. */
int initramfs_new(char *const *words, size_t n_words, char *const *modules,
		  size_t n_modules);
