/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SIGINT and SIGTERM, with which somebody asks a program to end, in its loop. */
#pragma once

#include "loop.h"

/* They end nothing any more, but `fn` is called. `*ret_fd` is the caller's, to be
 * closed after the loop. */
int end_signals_watch(struct loop *loop, int *ret_fd, loop_fd_fn fn,
		      void *data);

/* Which of them has come; 0: none. */
int end_signals_read(int fd);
