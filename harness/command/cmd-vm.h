/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "usage.h"

/*
 * halfopen vm [options] -- run …: the same runs on another kernel, in a guest,
 * whose clock jumps over idle time if so wanted. Returns the exit status, as
 * run's; a guest that does not come to its end is 3.
 */
int cmd_vm(int argc, char **argv);

extern const struct usage usage_vm;
