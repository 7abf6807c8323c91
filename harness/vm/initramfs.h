/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the guest boots into: this very program as /init, the libraries that it
 * has loaded now, modules, and the words of its command line.
 */
#pragma once

#include <stddef.h>

#define INITRAMFS_MODULES "modules" /* in the order of their names */
#define INITRAMFS_WORDS "words" /* each ends with a NUL */

/* Returns a memfd, the caller's: nothing is left behind in the file system. */
int initramfs_new(char *const *words, size_t n_words, char *const *modules,
		  size_t n_modules);
