/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * halfopen run [PATTERN...] [options]. argv[0] is "run". Returns the exit
 * status: 0 all passed (some may be skipped), 1 at least one FAIL, 2 wrong
 * usage, 3 at least one BROKEN, 4 nothing ran because all were skipped.
 */
int cmd_run(int argc, char **argv);
