/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes an initramfs archive in cpio's newc format, as specified in
 * Documentation/driver-api/early-userspace/buffer-format.rst.
 */
#pragma once

#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

struct newc;

/* Writes to `fd`, which the caller keeps. */
int newc_new(struct newc **ret, int fd);
struct newc *newc_free(struct newc *newc);

/* Paths have no leading slash. Missing parent folders are added. Files belong to
 * root. */
int newc_add_folder(struct newc *newc, const char *path);
int newc_add_bytes(struct newc *newc, const char *path, mode_t mode,
		   const void *bytes, size_t size);
/* With the contents of the file `source`. */
int newc_add_file(struct newc *newc, const char *path, mode_t mode,
		  const char *source);
/* A file, folder (without its contents) or symbolic link of the host, at the same
 * path, with its mode and owner. */
int newc_add_copy(struct newc *newc, const char *source);
int newc_add_link(struct newc *newc, const char *path, const char *target);
int newc_add_device(struct newc *newc, const char *path, mode_t mode,
		    unsigned int major, unsigned int minor);

/* Writes the trailer. */
int newc_end(struct newc *newc);
