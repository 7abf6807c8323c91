/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An archive as the kernel unpacks it at boot: cpio's newc format, as
 * Documentation/driver-api/early-userspace/buffer-format.rst has it.
 */
#pragma once

#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

struct newc;

/* Written to `fd`, which stays the caller's. */
int newc_new(struct newc **ret, int fd);
struct newc *newc_free(struct newc *newc);

/* Paths without a leading slash. The folders above one are added with it. */
int newc_add_folder(struct newc *newc, const char *path);
int newc_add_bytes(struct newc *newc, const char *path, mode_t mode,
		   const void *bytes, size_t size);
/* The contents of the file `source`. */
int newc_add_file(struct newc *newc, const char *path, mode_t mode,
		  const char *source);
int newc_add_device(struct newc *newc, const char *path, mode_t mode,
		    unsigned int major, unsigned int minor);

/* The trailer. */
int newc_end(struct newc *newc);
