/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host-init.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "errors.h"
#include "fd.h"
#include "privilege.h"
#include "process.h"

enum { CONTROL = 3, CHILDREN = 4, ARGUMENTS_MAX = 256 };

static void answer(enum host_init_reply_kind kind, pid_t pid, int status)
{
	struct host_init_reply reply = { .kind = kind,
					 .pid = pid,
					 .status = status };

	if (kind == HOST_INIT_ANSWER && status < 0)
		snprintf(reply.message, sizeof(reply.message), "%.95s",
			 error_message());
	if (fd_send(CONTROL, &reply, sizeof(reply), NULL, 0) < 0)
		_exit(1);
}

static void split_arguments(const struct host_init_request *request,
			    const char **argv)
{
	const char *at = request->arguments;
	const char *end = at + request->arguments_size;
	size_t n = 0;

	while (at < end && n < ARGUMENTS_MAX) {
		argv[n++] = at;
		at += strlen(at) + 1;
	}
	argv[n] = NULL;
}

/*
 * What comes along lies anywhere; its place is 0 to 3. The fds that arrived
 * have been moved above all places first, so that none is overwritten.
 */
static int place_fds(const struct host_init_request *request, const int *fds)
{
	int exe = -1, null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int place = 0; place < 3; place++)
		dup2(null, place);
	for (size_t i = 0; i < request->n_fds; i++) {
		if (request->places[i] == HOST_INIT_EXE)
			exe = fds[i];
		else
			dup2(fds[i], request->places[i]);
	}
	return exe;
}

/* Programs start with the same environment everywhere, whoever called: what a
 * caller ignores (SIGPIPE, of Python's) an exec would hand on. */
static void set_environment(void)
{
	for (int number = 1; number < NSIG; number++)
		signal(number, SIG_DFL);
	umask(022);
	clearenv();
	setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:"
		       "/sbin:/bin", 1);
	setenv("HOME", "/tmp", 1);
	setenv("LC_ALL", "C", 1);
	/* What the probes leak is found by the harness' own tests. */
	setenv("ASAN_OPTIONS", "detect_leaks=0", 1);
}

static void MACRO_NORETURN
become_program(const struct host_init_request *request, const int *fds,
	       int report)
{
	const char *argv[ARGUMENTS_MAX + 1];
	sigset_t none;
	uid_t uid;
	gid_t gid;
	int exe, r;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	split_arguments(request, argv);
	set_environment();
	process_restore_file_limit();
	exe = place_fds(request, fds);
	privilege_program_ids(&uid, &gid);
	if (request->has_ids) {
		uid = request->uid;
		gid = request->gid;
	}
	r = privilege_drop(uid, gid);
	if (r >= 0) {
		char **args = (char **)(uintptr_t)argv;

		if (exe >= 0)
			fexecve(exe, args, environ);
		else if (argv[0])
			execvpe(argv[0], args, environ);
		r = exe >= 0 || argv[0] ? -errno : -ENOENT;
	}
	if (write(report, &r, sizeof(r)) < 0)
		_exit(126);
	_exit(127);
}

static void start(const struct host_init_request *request, int *fds)
{
	int report[2], r = 0;
	pid_t pid;

	if (pipe2(report, O_CLOEXEC) < 0) {
		answer(HOST_INIT_ANSWER, 0, error_origin(-errno, "pipe"));
		return;
	}
	for (size_t i = 0; i < request->n_fds; i++) {
		int high = fcntl(fds[i], F_DUPFD_CLOEXEC, 16);

		fd_close(fds[i]);
		fds[i] = high;
	}
	pid = fork();
	if (pid == 0) {
		int high = fcntl(report[1], F_DUPFD_CLOEXEC, 16);

		become_program(request, fds, high);
	}
	fd_close(report[1]);
	for (size_t i = 0; i < request->n_fds; i++)
		fd_close(fds[i]);
	/* Closed by exec, or the errno of the exec that failed. */
	if (pid < 0)
		r = error_origin(-errno, "fork");
	else if (fd_read_all(report[0], &r, sizeof(r)) == sizeof(r))
		r = error_origin(r, "start %s", request->arguments);
	fd_close(report[0]);
	answer(HOST_INIT_ANSWER, pid, r);
}

static void send_signal(const struct host_init_request *request)
{
	int r = 0;

	/* kill(-1) leaves out the caller; with nobody else it is ESRCH. */
	if (kill(request->pid, request->signal) < 0 &&
	    !(errno == ESRCH && request->pid == -1))
		r = error_origin(-errno, "signal %d to process %d",
				 request->signal, request->pid);
	answer(HOST_INIT_ANSWER, request->pid, r);
}

static void reap(void)
{
	struct signalfd_siginfo info;
	int status;
	pid_t pid;

	if (read(CHILDREN, &info, sizeof(info)) < 0)
		return;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		answer(HOST_INIT_EXITED, pid, status);
}

static void serve(void)
{
	static struct host_init_request request;
	int fds[HOST_INIT_FDS];
	ssize_t n;

	n = fd_receive(CONTROL, &request, sizeof(request), fds, HOST_INIT_FDS);
	if (n <= 0)
		_exit(0);
	if (request.kind == HOST_INIT_START)
		start(&request, fds);
	else
		send_signal(&request);
}

/* This process is a copy of the one that holds the world: let go of it all. */
static void keep_only(int control)
{
	sigset_t child;
	int fd;

	dup2(control, CONTROL);
	close_range(CONTROL + 1, ~0U, 0);
	fcntl(CONTROL, F_SETFD, FD_CLOEXEC);
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_SETMASK, &child, NULL);
	fd = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd != CHILDREN) {
		dup3(fd, CHILDREN, O_CLOEXEC);
		fd_close(fd);
	}
}

void host_init_main(int control, int namespace, const char *name)
{
	char comm[32];
	struct pollfd wait[2] = { { .fd = CONTROL, .events = POLLIN },
				  { .fd = CHILDREN, .events = POLLIN } };

	snprintf(comm, sizeof(comm), "host-%s", name);
	prctl(PR_SET_NAME, comm);
	if (setns(namespace, CLONE_NEWNET) < 0 || chdir("/") < 0)
		_exit(1);
	/* Programs, and prompts, say where they are. No host is less without. */
	if (unshare(CLONE_NEWUTS) == 0 && sethostname(name, strlen(name)) < 0)
		_exit(1);
	setsid();
	if (privilege_keep_for_init() < 0)
		_exit(1);
	keep_only(control);
	for (;;) {
		if (poll(wait, 2, -1) < 0)
			continue;
		/* Exits first: a pid that is gone must not be signalled. */
		if (wait[1].revents)
			reap();
		if (wait[0].revents)
			serve();
	}
}
