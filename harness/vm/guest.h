/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * This program as init of a guest: mounts file systems, loads modules, runs a
 * command (as the user who called halfopen, if it needs the host's programs), sends
 * its output over a serial port (under User Mode Linux: to a file of the host), and
 * powers the guest off.
 */
#pragma once

#include <stdbool.h>

#include "macro.h"

/* The guest's environment variable, set on the kernel command line. */
#define GUEST_VARIABLE "HALFOPEN_GUEST"

/* "qemu", or: */
#define GUEST_UML "uml"

/* Set where the guest has programs of the host, and INITRAMFS_CALLER. */
#define GUEST_FILES "HALFOPEN_FILES"

/* True in a guest's init. */
bool guest_is_init(void);
/*
 * `command` runs the words that the host has given, argv[0] among them, and
 * returns their exit status; its report goes to stdout.
 */
void guest_main(int (*command)(int argc, char **argv)) MACRO_NORETURN;

/* The type of the last line that a guest sends, with the command's "status". */
#define GUEST_END "guest-end"
