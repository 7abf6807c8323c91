/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What stands before the script begins: whether this machine can show the case
 * at all, and its world, made by its plan and set by its sysctls.
 */
#pragma once

#include "run.h"

/* Ends the run as SKIP where this kernel or this machine lacks something. */
void stage_check_needs(struct run *run);

/* The same for programs, once the file system is as the case sees it. */
void stage_check_programs(struct run *run);

/* Hosts, cables, the wire, all sysctls written and read back, links up. */
void stage_make_world(struct run *run);
