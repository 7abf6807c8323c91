/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SIGINT and SIGTERM as events of a loop. */
#pragma once

#include "loop.h"

/* Blocks both signals and calls `fn` when one arrives. The caller closes `*ret_fd`
 * after the loop was freed. */
int end_signals_watch(struct loop *loop, int *ret_fd, loop_fd_fn fn,
		      void *data);

/* The signal that arrived; 0: none. */
int end_signals_read(int fd);
