/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The signals are blocked and read from a signalfd: a handler would interrupt
 * system calls at any place, the loop takes the signal between two events. The
 * child of a worker unblocks them again (worker.c).
 */
#include "end-signals.h"

#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "errors.h"
#include "macro.h"

sigset_t end_signals(void)
{
	static const int numbers[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM };
	struct sigaction action;
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		if (sigaction(numbers[i], NULL, &action) == 0 &&
		    action.sa_handler != SIG_IGN)
			sigaddset(&set, numbers[i]);
	return set;
}

void end_signals_ignore_terminal(void)
{
	signal(SIGHUP, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
}

int end_signals_watch(struct loop *loop, int *ret_fd, loop_fd_fn fn, void *data)
{
	sigset_t set = end_signals();

	sigprocmask(SIG_BLOCK, &set, NULL);
	*ret_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (*ret_fd < 0)
		return error_origin(-errno, "signalfd");
	return error_trace(loop_add_fd(loop, NULL, *ret_fd, EPOLLIN, fn, data));
}

int end_signals_read(int fd)
{
	struct signalfd_siginfo info;

	if (read(fd, &info, sizeof(info)) != sizeof(info))
		return 0;
	return (int)info.ssi_signo;
}
