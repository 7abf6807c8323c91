/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Network namespaces, held by file descriptors only: none has a name in the
 * file system, and the kernel removes one when its last fd and process are
 * gone. The process that makes them has a home namespace, in which it was
 * started.
 */
#pragma once

#include <stdbool.h>

/* Makes the current namespace the home; call it before the first
 * namespace_new(). */
int namespace_remember_home(void);

/* The fd of the home. */
int namespace_home(void);

/* A new, empty namespace. Returns its fd (close-on-exec), or a failure. */
int namespace_new(void);

/*
 * Between these two calls the thread opens sockets, and files below
 * /proc/thread-self/net and /proc/sys/net, in the namespace `fd`. An open
 * socket or file stays in its namespace.
 */
int namespace_enter(int fd);
int namespace_leave(void);

/* Whether namespace_new() made the namespace in this process, or it is the home
 * of a process that was cloned into a new namespace: a guard against changes to
 * the machine's own network. */
bool namespace_is_ours(int fd);

/* Before a clone into a new namespace: the child can then tell its home from
 * the namespace of its parent. privilege_clone() calls it. */
int namespace_remember_outside(void);

/* Counts the home as ours, if this process was cloned into a new namespace. */
void namespace_home_is_ours(void);
