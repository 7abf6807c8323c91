/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checks of the command lines of a plan, without running them. */
#pragma once

#include "lab-plan.h"
#include "run-control.h"

/*
 * Whether the program that each command line starts with is installed, as far
 * as that can be found without a shell. -EINVAL for one that is not, with the
 * place in the plan. Programs among the plan's needs are not checked: without
 * them the lab is skipped.
 */
int lab_commands_check(const struct lab_plan *plan);

/* The same in the run, which has folders of its own: a program that they hide makes
 * the lab skipped. */
void lab_commands_check_reach(struct run *run, const struct lab_plan *plan);

/* The first path in a command below one of the directories that are private to
 * a lab: /tmp, /run, /var/log, /var/tmp, /dev/shm. False: there is none. */
bool lab_commands_private_path(const char *command, char *ret, size_t size);
