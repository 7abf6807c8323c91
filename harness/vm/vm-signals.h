/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A signal that ends the program waits until the guest, what was unpacked for it
 * and the report are done with; then it ends the program.
 */
#pragma once

void vm_signals_hold(void);

/* Readable when one has come. A new file descriptor; -1: none is to be had. */
int vm_signals_fd(void);

/* For a child that becomes another program. */
void vm_signals_restore(void);

/* Does not return when one has come. */
void vm_signals_deliver(void);
