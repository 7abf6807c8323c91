/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An event loop of one thread: file descriptors and moments. Nothing is ever
 * polled: while nothing happens, the process sleeps until the next moment, so
 * that hours cost nothing on a machine whose clock jumps over idle time.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "nsec.h"

struct loop;
struct loop_source;

/* `events`: EPOLLIN and its kin. The handler returns 0, or a failure that
 * ends loop_run_once() with it. */
typedef int (*loop_fd_fn)(void *data, uint32_t events);
typedef int (*loop_timer_fn)(void *data);

int loop_new(struct loop **ret);
struct loop *loop_free(struct loop *loop);

/* The loop does not own the fd: remove the source before closing it. */
int loop_add_fd(struct loop *loop, struct loop_source **ret, int fd,
		uint32_t events, loop_fd_fn fn, void *data);

/* Once, at `when` on CLOCK_MONOTONIC; set again at will, NSEC_NEVER to stop. */
int loop_add_timer(struct loop *loop, struct loop_source **ret, nsec_t when,
		   loop_timer_fn fn, void *data);
void loop_set_timer(struct loop_source *source, nsec_t when);

/* Takes NULL; may be called from a handler, its own included. Returns NULL. */
struct loop_source *loop_remove(struct loop_source *source);

/*
 * Sleeps until something happens, or until `deadline`, and runs the handlers.
 * Returns 0; 1 when nothing but the deadline came; or a handler's failure.
 */
int loop_run_once(struct loop *loop, nsec_t deadline);

/*
 * The greatest time by which this process woke up too late for a moment that
 * it had waited for: the machine's part in every measured time.
 */
nsec_t loop_lateness(const struct loop *loop);
