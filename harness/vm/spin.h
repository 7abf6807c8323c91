/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Processes of a guest in virtual time that spin, so that its clock cannot skip
 * idle time. The guest's init finds them and prints a line on the console.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

/* The file in which the guest's init counts its looks, for the host. */
#define SPIN_CLOCK "clock"

/* Blocks the signals of spin_wait(), before the child is started. */
void spin_block_signals(void);
void spin_unblock_signals(void);

/*
 * The guest's init: waits for the child `command` and reaps all others. Every
 * 10 s of guest time, and on SIGINT, it looks for a process that spins.
 * `clock`: SPIN_CLOCK, or -1. Returns the status, as wait() does.
 */
int spin_wait(pid_t command, int clock);

enum { SPIN_TEXT = 160 };

/* The process in the last such line of the console's text: "77 (beam.smp) in
 * server". False: there is none. */
bool spin_find_line(const char *console, char ret[static SPIN_TEXT]);
