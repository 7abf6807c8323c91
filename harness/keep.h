/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * --keep: the world of a run that went wrong stays, wire and all, until
 * somebody has looked at it.
 */
#pragma once

#include <jansson.h>
#include <sys/types.h>

#include "run.h"

/* In the case's process: tells who is there ("kept", with the hosts' inits as
 * this PID namespace counts them), and serves the world for ever. */
void keep_world(struct run *run) MACRO_NORETURN;

/* In the supervisor: how to enter the hosts, on stderr. `pid` is the case's
 * process, `record` the one that keep_world() wrote. */
void keep_tell(const char *name, pid_t pid, const json_t *record);
