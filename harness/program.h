/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Real programs: where they are, and running them in a host. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * Looks for a program in PATH and in the sbin directories, which an ordinary
 * user's PATH leaves out. Writes its path into `ret` unless that is NULL.
 */
bool program_find(const char *name, char *ret, size_t size);
