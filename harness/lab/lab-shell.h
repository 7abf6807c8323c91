/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Into a host of a running lab, with one's own tools. */
#pragma once

#include <sys/types.h>

/*
 * Starts $SHELL (sh, where there is none) in the host whose init has that number
 * on this machine: in its network, with its processes and the lab's own files,
 * as the caller, with the capabilities that ss, tcpdump and ip want there.
 * Returns its pid.
 */
pid_t lab_shell_start(pid_t init, const char *host);

/* Once it has ended: the terminal is this process' again, as it was. */
void lab_shell_end(void);

/* The init of that host in the lab that runs below this process; 0: none. */
pid_t lab_shell_find(const char *host);

/* Starts one in the only running lab of this user that has such a host: waits for
 * the shell's end. "HOST" or "HOST@PID", with the lab's own pid. Returns its
 * exit status; -ENOENT where there is none, -ENOTUNIQ with several. */
int lab_shell_enter(const char *where);
