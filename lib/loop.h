/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An event loop for one thread: file descriptors and timers. It never polls:
 * the process sleeps until the next event, so that hours take no time in a
 * guest whose clock skips idle time.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "nsec.h"

struct loop;
struct loop_source;

/* `events`: EPOLLIN and others. The handler returns 0, or a failure, which
 * loop_run_once() then returns. */
typedef int (*loop_fd_fn)(void *data, uint32_t events);
typedef int (*loop_timer_fn)(void *data);

int loop_new(struct loop **ret);
struct loop *loop_free(struct loop *loop);

/* The caller keeps the fd and removes the source before closing it. */
int loop_add_fd(struct loop *loop, struct loop_source **ret, int fd,
		uint32_t events, loop_fd_fn fn, void *data);

/* Expires once, at `when` on CLOCK_MONOTONIC. It can be set again at any time;
 * NSEC_NEVER stops it. */
int loop_add_timer(struct loop *loop, struct loop_source **ret, nsec_t when,
		   loop_timer_fn fn, void *data);
void loop_set_timer(struct loop_source *source, nsec_t when);

/* Accepts NULL. A handler may remove any source, its own included. Returns
 * NULL. */
struct loop_source *loop_remove(struct loop_source *source);

/*
 * Sleeps until an event or until `deadline`, and runs the handlers. Returns 0;
 * 1 when only the deadline expired; or a handler's failure.
 */
int loop_run_once(struct loop *loop, nsec_t deadline);

/*
 * The longest scheduling delay so far: from the expiry of a timer to the moment
 * at which this process ran. Every measured time includes such a delay.
 */
nsec_t loop_max_delay(const struct loop *loop);

/* The longest nsec_tick_delay() that was seen when an event woke the loop. */
nsec_t loop_tick_delay(const struct loop *loop);

/* The sum of all of them. */
nsec_t loop_total_delay(const struct loop *loop);
