/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The processes of a PID namespace, as /proc shows them from outside it. */
#pragma once

#include <sys/types.h>

#include "nsec.h"

/*
 * Waits until no process in the PID namespace of `init` runs any more, `init`
 * excepted: a stop signal is acted upon when the process next leaves the
 * kernel, which is soon and not at once. -ETIMEDOUT after a second. Where /proc
 * cannot be read for it, it returns at once.
 */
int processes_wait_stopped(pid_t init);

/*
 * How long, in all, that process waited for a CPU which waited longest, of this
 * PID namespace and those in it: no single call of a process was later than
 * that because of this machine. 0 where /proc does not tell.
 */
nsec_t processes_longest_delay(void);
