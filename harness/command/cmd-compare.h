/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "usage.h"

extern const struct usage usage_compare;

/* `halfopen compare`: recorded runs of two directories, side by side. Returns the
 * exit status. */
int cmd_compare(int argc, char **argv);
