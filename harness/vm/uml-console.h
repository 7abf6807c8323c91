/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The management console of a User Mode Linux kernel
 * (arch/um/drivers/mconsole.h). */
#pragma once

/* Sends SIGINT to the guest's init, which has called reboot(RB_DISABLE_CAD).
 * `folder`: that of the console's socket, below the kernel's uml_dir. -errno. */
int uml_console_interrupt(const char *folder);
