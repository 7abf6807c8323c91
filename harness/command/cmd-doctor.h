/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "usage.h"

/*
 * halfopen doctor: what this machine can do, what it cannot, which cases that
 * costs, and how to get it. Returns the exit status: 0 when the default set can
 * run, 4 when all of it would be skipped, 3 when it would break.
 */
int cmd_doctor(int argc, char **argv);

extern const struct usage usage_doctor;
