/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Network namespaces, held by file descriptor alone: nothing has a name in the
 * file system, and closing the last fd (or dying) is all the cleaning up there
 * is. The process that makes them has a home namespace, where it was born.
 */
#pragma once

#include <stdbool.h>

/* Remembers where this process is; call once, before the first namespace. */
int namespace_remember_home(void);

/* The fd of the home. */
int namespace_home(void);

/* A new, empty namespace. Returns its fd (close-on-exec), or a failure. */
int namespace_new(void);

/*
 * The namespace in which this thread opens sockets and files under
 * /proc/thread-self/net and /proc/sys/net from now on. What is opened stays
 * there for good. Enter and leave as a pair, around as little as can be.
 */
int namespace_enter(int fd);
int namespace_leave(void);

/* True when `fd` is a namespace that namespace_new() made in this process, or
 * the home of a process that was born in a fresh one. */
bool namespace_is_ours(int fd);

/*
 * Notes where this process is, for the one that it is about to clone into a
 * fresh namespace: what was noted here is nobody's there. privilege_clone()
 * does it.
 */
int namespace_remember_outside(void);

/* Takes the home for one of ours: the process was cloned into a fresh one. Where
 * it was not, after all, nothing becomes ours. */
void namespace_home_is_ours(void);
