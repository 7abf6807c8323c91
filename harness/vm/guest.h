/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * This program as the first process of a guest: mounts what it needs, loads the
 * modules, runs the command that it was given, tells the result over the second
 * serial line (a file of the host's under User Mode Linux), and switches the
 * machine off.
 */
#pragma once

#include <stdbool.h>

#include "macro.h"

/* In the guest's environment, by its kernel's command line. */
#define GUEST_VARIABLE "HALFOPEN_GUEST"

/* "qemu", or: */
#define GUEST_UML "uml"

bool guest_is_wanted(void);
/*
 * `command` runs the words that the host has given, argv[0] among them, and
 * returns their exit status; its report goes to stdout.
 */
void guest_main(int (*command)(int argc, char **argv)) MACRO_NORETURN;

/* The last line that a guest says; "status" is the command's. */
#define GUEST_END "guest-end"
