/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One timerfd serves the earliest of all timers and the caller's deadline: the
 * timeout of epoll_wait(2) is in milliseconds, and epoll_pwait2(2) needs Linux
 * 5.11. The timerfd is armed before each epoll_wait(), only if its time has
 * changed, because system calls are expensive in some guests.
 *
 * The loop may be entered again from a handler that waits for an event of its
 * own. Therefore a removed source is only marked, and freed when the outermost
 * loop_run_once() returns.
 */
#include "loop.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "errors.h"
#include "fd.h"

struct loop_source {
	struct loop *loop;
	struct loop_source *next;
	int fd; /* -1: a timer, or removed */
	nsec_t when;
	loop_fd_fn fd_fn;
	loop_timer_fn timer_fn;
	void *data;
	bool removed;
};

struct loop {
	int epoll;
	int timer; /* timerfd for the earliest timer */
	nsec_t armed; /* its expiry */
	bool fired; /* it has expired and is still readable */
	bool ahead; /* `armed` was in the future when it was set */
	struct loop_source *sources;
	bool running; /* a handler is */
	nsec_t max_delay, total_delay, tick_delay;
};

int loop_new(struct loop **ret)
{
	struct epoll_event event = { .events = EPOLLIN };
	struct loop *loop = calloc(1, sizeof(*loop));

	if (!loop)
		return error_origin(-ENOMEM, "loop");
	loop->armed = NSEC_NEVER;
	loop->timer = -1;
	loop->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epoll >= 0)
		loop->timer = timerfd_create(CLOCK_MONOTONIC,
					     TFD_CLOEXEC | TFD_NONBLOCK);
	if (loop->timer < 0 ||
	    epoll_ctl(loop->epoll, EPOLL_CTL_ADD, loop->timer, &event) < 0) {
		int r = -errno;

		loop_free(loop);
		return error_origin(r, "epoll");
	}
	*ret = loop;
	return 0;
}

static void free_removed(struct loop *loop, bool all)
{
	struct loop_source **at = &loop->sources;

	while (*at) {
		struct loop_source *source = *at;

		if (all || source->removed) {
			*at = source->next;
			free(source);
		} else {
			at = &source->next;
		}
	}
}

struct loop *loop_free(struct loop *loop)
{
	if (!loop)
		return NULL;
	free_removed(loop, true);
	fd_close(loop->timer);
	fd_close(loop->epoll);
	free(loop);
	return NULL;
}

static struct loop_source *source_new(struct loop *loop, void *data)
{
	struct loop_source *source = calloc(1, sizeof(*source));

	if (!source)
		return NULL;
	source->loop = loop;
	source->fd = -1;
	source->when = NSEC_NEVER;
	source->data = data;
	source->next = loop->sources;
	loop->sources = source;
	return source;
}

int loop_add_fd(struct loop *loop, struct loop_source **ret, int fd,
		uint32_t events, loop_fd_fn fn, void *data)
{
	struct epoll_event event = { .events = events };
	struct loop_source *source = source_new(loop, data);

	if (!source)
		return error_origin(-ENOMEM, "loop source");
	source->fd_fn = fn;
	event.data.ptr = source;
	if (epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &event) < 0) {
		int r = -errno;

		loop_remove(source);
		return error_origin(r, "epoll_ctl");
	}
	source->fd = fd;
	if (ret)
		*ret = source;
	return 0;
}

int loop_add_timer(struct loop *loop, struct loop_source **ret, nsec_t when,
		   loop_timer_fn fn, void *data)
{
	struct loop_source *source = source_new(loop, data);

	if (!source)
		return error_origin(-ENOMEM, "loop source");
	source->timer_fn = fn;
	source->when = when;
	if (ret)
		*ret = source;
	return 0;
}

void loop_set_timer(struct loop_source *source, nsec_t when)
{
	source->when = when;
}

struct loop_source *loop_remove(struct loop_source *source)
{
	if (!source)
		return NULL;
	if (source->fd >= 0)
		epoll_ctl(source->loop->epoll, EPOLL_CTL_DEL, source->fd, NULL);
	source->removed = true;
	source->when = NSEC_NEVER;
	/* A handler up the stack may still use the pointer. */
	if (!source->loop->running)
		free_removed(source->loop, false);
	return NULL;
}

static nsec_t next_expiry(const struct loop *loop)
{
	nsec_t next = NSEC_NEVER;

	for (struct loop_source *s = loop->sources; s; s = s->next)
		if (!s->removed && s->when < next)
			next = s->when;
	return next;
}

/* A timer that has fired is not disarmed but set to the next expiry. */
static int arm(struct loop *loop, nsec_t when)
{
	struct itimerspec spec = { 0 };

	if (when == loop->armed && !loop->fired)
		return 0;
	/* Zero would disarm; a time in the past fires immediately. */
	if (when != NSEC_NEVER)
		spec.it_value = nsec_to_timespec(when > 0 ? when : 1);
	if (timerfd_settime(loop->timer, TFD_TIMER_ABSTIME, &spec, NULL) < 0)
		return error_origin(-errno, "timerfd_settime");
	loop->armed = when;
	loop->fired = false;
	loop->ahead = when == NSEC_NEVER || when > nsec_now();
	return 0;
}

/* A handler may add sources, which are put in front of the list and run in the
 * next round, and may set its own timer again. */
static int run_timers(struct loop *loop, nsec_t now)
{
	for (struct loop_source *s = loop->sources; s; s = s->next) {
		int r;

		if (s->removed || s->when > now)
			continue;
		s->when = NSEC_NEVER;
		r = s->timer_fn(s->data);
		if (r < 0)
			return error_trace(r);
	}
	return 0;
}

/* A handler may remove the source of a later event of the same round. The
 * timerfd has no source: its expiry is seen by the clock. */
static int dispatch(const struct epoll_event *events, int n)
{
	for (int i = 0; i < n; i++) {
		struct loop_source *source = events[i].data.ptr;
		int r;

		if (!source || source->removed)
			continue;
		r = source->fd_fn(source->data, events[i].events);
		if (r < 0)
			return error_trace(r);
	}
	return 0;
}

int loop_run_once(struct loop *loop, nsec_t deadline)
{
	struct epoll_event events[16];
	nsec_t when = next_expiry(loop), now;
	bool nested = loop->running;
	int n, r;

	r = arm(loop, MIN(when, deadline));
	if (r < 0)
		return error_trace(r);
	do {
		n = epoll_wait(loop->epoll, events, ARRAY_SIZE(events), -1);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return error_origin(-errno, "epoll_wait");

	/* Read once: timers that expire while handlers run are due in the next
	 * round, after the events that arrived before them. */
	now = nsec_now();
	loop->tick_delay = MAX(loop->tick_delay, nsec_tick_delay());
	if (loop->armed <= now) {
		/* Only a timer that was set in the future measures delay. */
		if (loop->ahead) {
			loop->max_delay =
				MAX(loop->max_delay, now - loop->armed);
			loop->total_delay += now - loop->armed;
		}
		loop->fired = true;
	}
	loop->running = true;
	/* Frames and replies that arrived before a timer's expiry precede
	 * it. */
	r = dispatch(events, n);
	if (r >= 0)
		r = run_timers(loop, now);
	loop->running = nested;
	if (!nested)
		free_removed(loop, false);
	if (r < 0)
		return error_trace(r);
	return when > now && deadline <= now ? 1 : 0;
}

nsec_t loop_tick_delay(const struct loop *loop)
{
	return loop->tick_delay;
}

nsec_t loop_max_delay(const struct loop *loop)
{
	return loop->max_delay;
}

nsec_t loop_total_delay(const struct loop *loop)
{
	return loop->total_delay;
}
