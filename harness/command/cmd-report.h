/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "usage.h"

extern const struct usage usage_report;

/* `halfopen report`: runs that --out DIR kept, drawn. Returns the exit status. */
int cmd_report(int argc, char **argv);
