/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The probe's program, embedded in this one. */
#pragma once

/*
 * A file descriptor to execute it from with execveat(), whatever paths mean
 * inside a world. The caller closes it. A negative errno.
 */
int probe_program_open(void);
