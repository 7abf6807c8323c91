/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "lab-options.h" /* usage_lab */

/* `halfopen lab`: incidents, made to happen again. Returns the exit status. */
int cmd_lab(int argc, char **argv);
