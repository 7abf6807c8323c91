/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * --keep: the world of a run that went wrong stays, wire and all, until
 * somebody has looked at it.
 */
#pragma once

#include <jansson.h>
#include <sys/types.h>

/* How to enter its hosts, on stderr. `pid` is the case's process, `record` the
 * "kept" one of its journal. */
void keep_tell(const char *name, pid_t pid, const json_t *record);
