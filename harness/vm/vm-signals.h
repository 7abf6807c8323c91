/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SIGHUP, SIGINT and SIGTERM are blocked while a guest runs, so that the guest
 * is ended, temporary files are removed and the report is printed first. Then
 * the pending signal ends the program.
 */
#pragma once

void vm_signals_hold(void);

/* A new file descriptor that is readable while such a signal is pending; -1 on
 * failure. */
int vm_signals_fd(void);

/* For a child before exec. */
void vm_signals_restore(void);

/* Does not return if a signal is pending. */
void vm_signals_deliver(void);
