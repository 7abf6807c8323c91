/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "loop.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fd.h"
#include "unit.h"

/* The handlers that ran, in order, as letters. */
static char ran[64];

static struct loop *loop;

static void note(char letter)
{
	ran[strlen(ran)] = letter;
}

struct actor {
	char letter;
	int in, out;
	struct loop_source *source, *victim;
	nsec_t again; /* interval of a repeated timer; 0: none */
	int result;
};

static int act(struct actor *actor)
{
	note(actor->letter);
	actor->victim = loop_remove(actor->victim);
	if (actor->again)
		loop_set_timer(actor->source, nsec_now() + actor->again);
	return actor->result;
}

static int on_timer(void *data)
{
	return act(data);
}

static int on_fd(void *data, uint32_t events)
{
	struct actor *actor = data;
	char byte;

	ck_assert_uint_eq(events, EPOLLIN);
	ck_assert_int_eq(read(actor->in, &byte, 1), 1);
	return act(actor);
}

static void set_up(void)
{
	memset(ran, 0, sizeof(ran));
	ck_assert_int_eq(loop_new(&loop), 0);
}

static void add_timer(struct actor *actor, nsec_t when)
{
	ck_assert_int_eq(loop_add_timer(loop, &actor->source, when, on_timer,
					actor),
			 0);
}

/* The fd is readable: one byte is in the pipe. */
static void add_fd(struct actor *actor)
{
	int fds[2];

	ck_assert_int_eq(pipe(fds), 0);
	actor->in = fds[0];
	actor->out = fds[1];
	ck_assert_int_eq(write(actor->out, "x", 1), 1);
	ck_assert_int_eq(loop_add_fd(loop, &actor->source, actor->in, EPOLLIN,
				     on_fd, actor),
			 0);
}

START_TEST(deadline_expires_without_events)
{
	nsec_t start = nsec_now();

	ck_assert_int_eq(loop_run_once(loop, start + MSEC(20)), 1);
	ck_assert(nsec_now() >= start + MSEC(20));
	/* A deadline in the past expires at once. */
	ck_assert_int_eq(loop_run_once(loop, start), 1);
	ck_assert_int_eq(loop_run_once(loop, 0), 1);
	loop_free(loop);
}
END_TEST

START_TEST(fds_come_before_timers)
{
	struct actor timer = { .letter = 't' }, fd = { .letter = 'f' };

	add_timer(&timer, nsec_now() - 1);
	add_fd(&fd);
	ck_assert_int_eq(loop_run_once(loop, NSEC_NEVER), 0);
	ck_assert_str_eq(ran, "ft");
	loop_free(loop);
}
END_TEST

START_TEST(timer_fires_once_and_not_early)
{
	nsec_t when = nsec_now() + MSEC(10);
	struct actor timer = { .letter = 't' };

	add_timer(&timer, when);
	while (!ran[0])
		ck_assert_int_eq(loop_run_once(loop, NSEC_NEVER), 0);
	ck_assert(nsec_now() >= when);
	ck_assert_int_eq(loop_run_once(loop, nsec_now() + MSEC(5)), 1);
	ck_assert_str_eq(ran, "t");
	loop_free(loop);
}
END_TEST

START_TEST(timer_is_set_again_from_its_handler)
{
	struct actor timer = { .letter = 't', .again = MSEC(1) };

	add_timer(&timer, nsec_now());
	while (strlen(ran) < 3)
		ck_assert_int_eq(loop_run_once(loop, NSEC_NEVER), 0);
	loop_set_timer(timer.source, NSEC_NEVER);
	ck_assert_int_eq(loop_run_once(loop, nsec_now() + MSEC(5)), 1);
	ck_assert_str_eq(ran, "ttt");
	loop_free(loop);
}
END_TEST

START_TEST(earlier_timer_replaces_a_later_one)
{
	struct actor far = { .letter = 'f' }, near = { .letter = 'n' };
	nsec_t start = nsec_now();

	add_timer(&far, start + SEC(1000));
	ck_assert_int_eq(loop_run_once(loop, nsec_now() + MSEC(1)), 1);
	add_timer(&near, start + MSEC(10));
	ck_assert_int_eq(loop_run_once(loop, NSEC_NEVER), 0);
	ck_assert_str_eq(ran, "n");
	loop_free(loop);
}
END_TEST

START_TEST(timer_and_deadline_together_count_as_an_event)
{
	nsec_t when = nsec_now() + MSEC(5);
	struct actor timer = { .letter = 't' };

	add_timer(&timer, when);
	ck_assert_int_eq(loop_run_once(loop, when), 0);
	ck_assert_str_eq(ran, "t");
	loop_free(loop);
}
END_TEST

START_TEST(handler_removes_itself)
{
	struct actor timer = { .letter = 't' }, fd = { .letter = 'f' };

	add_timer(&timer, nsec_now());
	timer.victim = timer.source;
	add_fd(&fd);
	fd.victim = fd.source;
	ck_assert_int_eq(loop_run_once(loop, NSEC_NEVER), 0);
	ck_assert_str_eq(ran, "ft");
	/* Data without a handler. */
	ck_assert_int_eq(write(fd.out, "x", 1), 1);
	ck_assert_int_eq(loop_run_once(loop, nsec_now() + MSEC(2)), 1);
	ck_assert_str_eq(ran, "ft");
	loop_free(loop);
}
END_TEST

START_TEST(handler_removes_others_that_are_pending)
{
	struct actor a = { .letter = 'a' }, b = { .letter = 'b' };
	struct actor x = { .letter = 'x' }, y = { .letter = 'y' };

	add_fd(&a);
	add_fd(&b);
	a.victim = b.source;
	b.victim = a.source;
	add_timer(&x, nsec_now());
	add_timer(&y, nsec_now());
	x.victim = y.source;
	y.victim = x.source;
	/* epoll and the timers determine which handler of a pair is first. */
	ck_assert_int_eq(loop_run_once(loop, NSEC_NEVER), 0);
	ck_assert_uint_eq(strlen(ran), 2);
	ck_assert_ptr_nonnull(strchr("ab", ran[0]));
	ck_assert_ptr_nonnull(strchr("xy", ran[1]));
	loop_free(loop);
}
END_TEST

static int adds_a_timer(void *data)
{
	note('+');
	add_timer(data, nsec_now());
	return 0;
}

START_TEST(handler_adds_another)
{
	struct actor added = { .letter = 'n' };

	ck_assert_int_eq(loop_add_timer(loop, NULL, nsec_now(), adds_a_timer,
					&added),
			 0);
	while (strlen(ran) < 2)
		ck_assert_int_eq(loop_run_once(loop, NSEC_NEVER), 0);
	ck_assert_str_eq(ran, "+n");
	loop_free(loop);
}
END_TEST

static int runs_the_loop(void *data)
{
	struct actor *actor = data;

	note('(');
	actor->victim = loop_remove(actor->victim);
	ck_assert_int_eq(loop_run_once(loop, nsec_now() + MSEC(1)), 1);
	note(')');
	return 0;
}

/* A source that a nested iteration removes is freed after the outer one. */
START_TEST(handler_runs_the_loop)
{
	struct actor actor = { .letter = '-' };

	ck_assert_int_eq(loop_add_timer(loop, &actor.victim, nsec_now(),
					runs_the_loop, &actor),
			 0);
	ck_assert_int_eq(loop_run_once(loop, NSEC_NEVER), 0);
	ck_assert_str_eq(ran, "()");
	loop_free(loop);
}
END_TEST

START_TEST(handler_failure_ends_the_iteration)
{
	struct actor fd = { .letter = 'f', .result = -EXDEV };
	struct actor timer = { .letter = 't' };

	add_fd(&fd);
	add_timer(&timer, nsec_now());
	ck_assert_int_eq(loop_run_once(loop, NSEC_NEVER), -EXDEV);
	ck_assert_str_eq(ran, "f");
	/* The loop continues after a failure. */
	ck_assert_int_eq(loop_run_once(loop, NSEC_NEVER), 0);
	ck_assert_str_eq(ran, "ft");
	loop_free(loop);
}
END_TEST

START_TEST(invalid_fd_is_refused)
{
	struct loop_source *source = NULL;
	struct actor actor = { .letter = 'f' };

	ck_assert_int_eq(loop_add_fd(loop, &source, 9999, EPOLLIN, on_fd,
				     &actor),
			 -EBADF);
	ck_assert_ptr_null(source);
	ck_assert_ptr_null(loop_remove(NULL));
	loop_free(loop);
	ck_assert_ptr_null(loop_free(NULL));
}
END_TEST

static void sleep_until(nsec_t when)
{
	struct timespec ts = nsec_to_timespec(when);

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL))
		;
}

/* Stops this process from 15 ms before `when` until 40 ms after it. */
static pid_t start_stopper(nsec_t when)
{
	pid_t pid = fork();

	if (pid == 0) {
		sleep_until(when - MSEC(15));
		kill(getppid(), SIGSTOP);
		sleep_until(when + MSEC(40));
		kill(getppid(), SIGCONT);
		_exit(0);
	}
	return pid;
}

START_TEST(delay_is_measured_for_future_timers_only)
{
	struct actor timer = { .letter = 't' };

	/* A timer that was set in the past is not measured. */
	add_timer(&timer, nsec_now() - SEC(5));
	ck_assert_int_eq(loop_run_once(loop, NSEC_NEVER), 0);
	ck_assert(loop_max_delay(loop) == 0);

	/* A busy machine may set the timer, or stop this process, too late. */
	for (int i = 0; i < 20 && loop_max_delay(loop) < MSEC(40); i++) {
		nsec_t when = nsec_now() + MSEC(30);
		pid_t stopper = start_stopper(when);

		loop_set_timer(timer.source, when);
		ck_assert_int_eq(loop_run_once(loop, NSEC_NEVER), 0);
		ck_assert_int_eq(waitpid(stopper, NULL, 0), stopper);
	}
	ck_assert(loop_max_delay(loop) >= MSEC(40));
	loop_free(loop);
}
END_TEST

static const TTest *const *const tests[] = {
	&deadline_expires_without_events,
	&fds_come_before_timers,
	&timer_fires_once_and_not_early,
	&timer_is_set_again_from_its_handler,
	&earlier_timer_replaces_a_later_one,
	&timer_and_deadline_together_count_as_an_event,
	&handler_removes_itself,
	&handler_removes_others_that_are_pending,
	&handler_adds_another,
	&handler_runs_the_loop,
	&handler_failure_ends_the_iteration,
	&invalid_fd_is_refused,
	&delay_is_measured_for_future_timers_only,
};

int main(void)
{
	return unit_run("loop", tests, ARRAY_SIZE(tests), set_up);
}
