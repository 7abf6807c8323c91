/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "report.h"

/*
 * halfopen run [PATTERN...] [options]. argv[0] is "run". Returns the exit
 * status: 0 all passed (some may be skipped), 1 at least one FAIL, 2 wrong
 * usage, 3 at least one BROKEN, 4 nothing ran because all were skipped.
 */
int cmd_run(int argc, char **argv);

/* The same inside a guest: reports to the host (stream.h), which writes --out
 * itself, and keeps no world. */
int cmd_run_in_guest(int argc, char **argv);

/* The exit status; `r` is the program's own failure, below zero. */
int cmd_run_status(const struct report_tally *tally, int r);
