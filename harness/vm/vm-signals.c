/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The signals are blocked and stay pending: poll(2) on a signalfd reports one
 * without consuming it, and unblocking it at the end lets it terminate the
 * program with the exit status that the shell expects.
 */
#include "vm-signals.h"

#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>

#include "end-signals.h"

void vm_signals_hold(void)
{
	sigset_t set = end_signals();

	sigprocmask(SIG_BLOCK, &set, NULL);
}

/* The signalfd is polled and never read, so the signal stays pending. */
int vm_signals_fd(void)
{
	sigset_t set = end_signals();

	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

void vm_signals_restore(void)
{
	sigset_t set = end_signals();

	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

void vm_signals_deliver(void)
{
	fflush(NULL);
	vm_signals_restore();
}
