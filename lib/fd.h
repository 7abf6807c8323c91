/* SPDX-License-Identifier: GPL-2.0-or-later */
/* File descriptors: closing, complete reads and writes, passing to a
 * process. */
#pragma once

#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

#include "macro.h"

/* Closes `fd` unless it is negative; preserves errno. Returns -1. */
int fd_close(int fd);

/* For CLEANUP(). */
void fd_closep(int *fd);
#define CLEANUP_FD CLEANUP(fd_closep)

int fd_set_nonblocking(int fd);

/*
 * Sends one message over a SOCK_SEQPACKET pair, with up to FD_MESSAGE_MAX file
 * descriptors (SCM_RIGHTS; the sender keeps its own). Blocks until there is
 * room.
 */
enum { FD_MESSAGE_MAX = 8 };
int fd_send(int socket, const void *data, size_t size, const int *fds,
	    size_t n_fds);

/*
 * Returns the size of the message; 0 when the other end is closed; -EAGAIN when
 * no message is queued. The caller owns the received file descriptors, which
 * are close-on-exec; missing ones are -1.
 */
ssize_t fd_receive(int socket, void *data, size_t size, int *ret_fds,
		   size_t n_fds);

/* Reads up to `size` bytes; fewer only at the end of the file. */
ssize_t fd_read_all(int fd, void *data, size_t size);
int fd_write_all(int fd, const void *data, size_t size);

/*
 * The negative errno of a stream whose error indicator is set. stdio keeps the
 * indicator but not the reason (a full disk, a closed pipe): it is found by one
 * more write, of a newline.
 */
int fd_stream_error(FILE *stream);
