/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shells in the hosts of a running lab, for the user's own tools. */
#pragma once

#include <sys/types.h>

/*
 * Starts $SHELL (/bin/sh if there is none) in the host whose init has that pid
 * on this machine: in its network, PID and mount namespaces, as the caller,
 * with the capabilities that ss, tcpdump and ip need there. Returns the shell's
 * pid; -EPERM for another user's lab.
 */
pid_t lab_shell_start(pid_t init, const char *host);

/* After it has exited: gives the terminal back to this process, in the mode
 * that it had before. */
void lab_shell_end(void);

/* The init of that host in the lab of this process; 0: there is none. */
pid_t lab_shell_find(const char *host);

/*
 * Starts a shell in a lab of another process of this user, and waits for its
 * end. `where` is "HOST", if only one running lab has such a host, or
 * "HOST@PID", with the pid of the lab's halfopen. Returns the shell's exit
 * status; -ENOENT for no such host, -ENOTUNIQ for several.
 */
int lab_shell_enter(const char *where);
