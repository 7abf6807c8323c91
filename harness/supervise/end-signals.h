/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The signals that end halfopen, as events of a loop. */
#pragma once

#include <signal.h>

#include "loop.h"

/* SIGHUP, SIGINT, SIGQUIT and SIGTERM, without those that this process ignores
 * (nohup): once blocked, they would become pending. */
sigset_t end_signals(void);

/* For a child that its parent ends: ignores those of them that the terminal sends
 * to the whole process group. */
void end_signals_ignore_terminal(void);

/* Blocks the signals and calls `fn` when one arrives. The caller closes `*ret_fd`
 * after the loop was freed. */
int end_signals_watch(struct loop *loop, int *ret_fd, loop_fd_fn fn,
		      void *data);

/* The signal that arrived; 0: none. */
int end_signals_read(int fd);
