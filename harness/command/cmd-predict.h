/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * halfopen predict [KEY=VALUE...]: how long until this machine's TCP gives up,
 * as tables on stdout. Reads /proc/sys/net/ipv4 of the caller's namespace and
 * changes nothing.
 *
 * Exit status: 0 printed; 2 wrong usage (an unknown key, a value that is none),
 * with the reason on stderr and nothing on stdout.
 */
#pragma once

#include "usage.h"

/* argv[0] is the subcommand's name. */
int cmd_predict(int argc, char **argv);

extern const struct usage usage_predict;
