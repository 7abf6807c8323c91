/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Copies programs of the host, with what they need to run, to a guest's
 * initramfs: at the same paths, with the same modes and owners.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "newc.h"

struct guest_files;

/* Borrows `newc`. */
int guest_files_new(struct guest_files **ret, struct newc *newc);
struct guest_files *guest_files_free(struct guest_files *files);

/*
 * A file, or a folder with all that is in it, absolute; what cannot be read is
 * left out. Symbolic links on the way are copied with their targets.
 */
int guest_files_add(struct guest_files *files, const char *path);

/* The path and the links on it; a folder without its contents. */
int guest_files_add_alone(struct guest_files *files, const char *path);

/*
 * Each word of the text that is the name of a program or the path of a file: a
 * program with its interpreter and its shared libraries. Relative paths are those of
 * the current folder.
 */
int guest_files_add_programs(struct guest_files *files, const char *text);

/* The files of the Debian packages of all programs that have been added, and of the
 * packages that these depend on. */
int guest_files_add_packages(struct guest_files *files);

/* The number of bytes copied. */
uint64_t guest_files_size(const struct guest_files *files);
