/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The stage of a run, before its script: requirements that this machine has to
 * meet, and the world. These functions end the run as SKIP or BROKEN
 * themselves.
 */
#pragma once

#include <jansson.h>

#include "run-control.h"

/* SKIP where this kernel or machine does not meet the case's requirements. */
void stage_check_needs(struct run *run);

/* The same for programs, once the run has its own mount namespace: a program
 * may be hidden or inaccessible there. */
void stage_check_programs(struct run *run);

/* Skips the run: the machine has the program, but the run cannot see it. */
void MACRO_NORETURN stage_skip_hidden(struct run *run, const char *program);

/* Whether the case runs programs of the user or of the machine, which expect
 * the environment of a real host. */
bool stage_runs_programs(const struct run_job *job);

/* Creates hosts, cables and the wire, writes all sysctls and waits until the
 * links are up. */
void stage_make_world(struct run *run);

/* The addresses of each host, in the run's address family: an object of arrays.
 * A new reference. */
json_t *stage_addresses(struct run *run);
