/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * This program, for the probes to be executed from, however its path looks from
 * inside a world. The caller's fd, or a negative errno.
 */
int self_open(void);
