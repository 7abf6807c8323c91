/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The program that probes are executed from, however paths look from inside a
 * world. The caller's fd, or a negative errno.
 */
int probe_program_open(void);
