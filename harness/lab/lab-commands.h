/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "lab-plan.h"

/*
 * Before anything starts: every command line begins with a program that is
 * there, as far as that can be told without being a shell. -EINVAL, with the
 * place. What the plan names among its needs is not asked for: without it the lab
 * is skipped.
 */
int lab_commands_check(const struct lab_plan *plan);

/* The first word of a command that names a file where a lab has its own: /tmp,
 * /run, /var/log. False: none does. */
bool lab_commands_private_path(const char *command, char *ret, size_t size);
