/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --keep: the world of a failed run stays until Ctrl-C. */
#pragma once

#include <jansson.h>
#include <sys/types.h>

/* Prints on stderr how to enter its hosts. `pid` is the case process, `record`
 * the record "kept" of its journal. */
void keep_print(const char *name, pid_t pid, const json_t *record);
