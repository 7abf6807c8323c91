/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where programs are installed, this one included. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * Looks for a program in PATH, in programs/bin of the build directory (where
 * harness/bootstrap unpacks programs that are not installed), and in the sbin
 * directories, which the PATH of ordinary users leaves out. Writes its path
 * into `ret` unless that is NULL.
 */
bool program_find(const char *name, char *ret, size_t size);

/*
 * The path of this program without its last `names` names, where it ends with
 * `end` ("": any path). False: it does not, is unknown, or is too long.
 */
bool program_own_folder(const char *end, int names, char *ret, size_t size);

/* These directories in the form of PATH; the caller frees it. NULL: no memory.
 */
char *program_directories(void);
