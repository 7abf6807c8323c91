/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * halfopen list [PATTERN...]: the cases, or with --document what they say of
 * the documents' claims, on stdout.
 *
 * Exit status: 0 printed; 2 wrong usage (an unknown option, a pattern that
 * means no case), with the reason on stderr and nothing on stdout; 3 no memory.
 */
#pragma once

#include "usage.h"

/* argv[0] is the subcommand's name. */
int cmd_list(int argc, char **argv);

extern const struct usage usage_list;
