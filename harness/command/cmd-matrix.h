/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "usage.h"

/*
 * halfopen matrix KERNEL... -- run …: the same runs on several kernels, side by
 * side in one table; what differs is marked, and explained where the case knows.
 * Returns the exit status, as run's, of all of them together; also 1 where
 * something differs that no case explains.
 */
int cmd_matrix(int argc, char **argv);

extern const struct usage usage_matrix;
