/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * halfopen show CASE: all that is known of a case without running it, on
 * stdout, 80 columns wide.
 *
 * Exit status: 0 printed; 2 wrong usage, with the reason on stderr and nothing
 * on stdout.
 */
#pragma once

#include "usage.h"

/* argv[0] is the subcommand's name. */
int cmd_show(int argc, char **argv);

extern const struct usage usage_show;
