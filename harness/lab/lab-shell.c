/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A host is entered by setns() with a pidfd of its init, so that a pid that is
 * reused meanwhile cannot lead elsewhere. setns() with CLONE_NEWPID applies to
 * children only (pid_namespaces(7)): this process forks once to enter, and that
 * child forks the shell.
 *
 * A lab of another process is found by the names of the hosts' inits, which are
 * "host-NAME" (host.c). Anybody can give a process such a name; is_own()
 * decides what may be entered.
 */
#include "lab-shell.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "errors.h"
#include "fd.h"
#include "macro.h"
#include "message.h"
#include "privilege.h"

enum {
	COMM = 16, /* TASK_COMM_LEN, with the NUL */
	FOUND_MAX = 16,
};

static void MACRO_NORETURN exec_shell(const char *host)
{
	const char *shell;
	char prompt[64];
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	snprintf(prompt, sizeof(prompt), "%s$ ", host);
	setenv("PS1", prompt, 1);
	setenv("HALFOPEN_HOST", host, 1);
	/* setenv() may invalidate what getenv() returned. */
	shell = getenv("SHELL");
	if (!shell || access(shell, X_OK) != 0)
		shell = "/bin/sh";
	if (strstr(shell, "bash"))
		execl(shell, "bash", "--norc", NULL);
	execl(shell, shell, NULL);
	fprintf(stderr, "halfopen: %s: %s\n", shell, error_explanation(errno));
	_exit(127);
}

static void MACRO_NORETURN enter(int pidfd, const char *host)
{
	int flags = CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS |
		    CLONE_NEWIPC;
	int status;
	pid_t pid;

	if (privilege_rootless())
		flags |= CLONE_NEWUSER;
	/* Some kernels have no IPC namespaces: CONFIG_IPC_NS. */
	if (setns(pidfd, flags) < 0 &&
	    setns(pidfd, flags & ~CLONE_NEWIPC) < 0) {
		fprintf(stderr, "halfopen: enter %s: %s\n", host,
			errno == EPERM ? _("another user's lab") :
					 error_explanation(errno));
		_exit(126);
	}
	privilege_keep_for_tools();
	if (chdir("/") < 0)
		_exit(126);
	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	pid = fork();
	if (pid == 0) {
		signal(SIGINT, SIG_DFL);
		signal(SIGQUIT, SIG_DFL);
		exec_shell(host);
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	_exit(pid > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : 126);
}

/* A shell with job control makes itself the foreground process group of the
 * terminal, and may leave the terminal in any mode. */
static struct {
	bool saved;
	struct termios modes;
} terminal;

static void save_terminal(void)
{
	terminal.saved = tcgetattr(STDIN_FILENO, &terminal.modes) == 0;
}

/* tcsetpgrp() by a background process group raises SIGTTOU. */
void lab_shell_end(void)
{
	void (*before)(int) = signal(SIGTTOU, SIG_IGN);

	if (terminal.saved) {
		tcsetpgrp(STDIN_FILENO, getpgrp());
		tcsetattr(STDIN_FILENO, TCSADRAIN, &terminal.modes);
	}
	signal(SIGTTOU, before);
}

static bool is_own(pid_t pid);

pid_t lab_shell_start(pid_t init, const char *host)
{
	CLEANUP_FD int pidfd = (int)syscall(SYS_pidfd_open, init, 0);
	pid_t pid;

	if (pidfd < 0)
		return error_origin(-errno, "enter %s", host);
	/* Checked after pidfd_open(): if the pid has been reused before, the
	 * new process is checked. */
	if (!is_own(init))
		return error_refuse(-EPERM, "enter %s: another user's lab",
				    host);
	save_terminal();
	fflush(NULL);
	pid = fork();
	if (pid < 0)
		return error_origin(-errno, "fork");
	if (pid == 0)
		enter(pidfd, host);
	return pid;
}

/* --- labs of other processes ---------------------------------------------- */

static bool read_proc(pid_t pid, const char *name, char *ret, size_t size)
{
	CLEANUP_FD int fd = -1;
	char path[64];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, ret, size - 1);
	if (n < 0)
		return false;
	ret[n] = '\0';
	return true;
}

/* The second field of /proc/PID/stat may contain blanks and parentheses. */
static pid_t parent_of(pid_t pid)
{
	char stat[512];
	const char *after;
	int parent = 0;

	if (!read_proc(pid, "stat", stat, sizeof(stat)))
		return 0;
	after = strrchr(stat, ')');
	if (after)
		sscanf(after + 1, " %*c %d", &parent);
	return parent;
}

/* The halfopen process of a host's init: between them is the case process. */
static pid_t lab_of(pid_t init)
{
	return parent_of(parent_of(init));
}

static bool is_in_same_user_namespace(pid_t pid)
{
	char path[64], here[64] = "", there[64] = "";

	snprintf(path, sizeof(path), "/proc/%d/ns/user", pid);
	return readlink("/proc/self/ns/user", here, sizeof(here) - 1) > 0 &&
	       readlink(path, there, sizeof(there) - 1) > 0 &&
	       strcmp(here, there) == 0;
}

/*
 * A process of this user. Root must not enter namespaces that an ordinary user
 * has made: their mounts could put any program in the place of the shell. Such
 * processes may have uid 0 in a user namespace of their own.
 */
static bool is_own(pid_t pid)
{
	char status[4096];
	const char *uids;
	unsigned int real, effective;

	if (!read_proc(pid, "status", status, sizeof(status)))
		return false;
	uids = strstr(status, "\nUid:");
	if (!uids || sscanf(uids, "\nUid: %u %u", &real, &effective) != 2 ||
	    real != geteuid() || effective != geteuid())
		return false;
	return privilege_rootless() || is_in_same_user_namespace(pid);
}

static bool is_init_of(pid_t pid, const char *host)
{
	char comm[64], wanted[64];

	if (!read_proc(pid, "comm", comm, sizeof(comm)))
		return false;
	comm[strcspn(comm, "\n")] = '\0';
	snprintf(wanted, sizeof(wanted), "host-%s", host);
	/* The kernel keeps 15 characters of a name. */
	return strncmp(comm, wanted, COMM - 1) == 0 &&
	       strlen(comm) == MIN(strlen(wanted), (size_t)COMM - 1);
}

/* A child of a host's init has the same name until its execve(). */
static size_t find_inits(const char *host, pid_t lab, pid_t ret[FOUND_MAX])
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	size_t n = 0;

	while (proc && (entry = readdir(proc)) && n < FOUND_MAX) {
		pid_t pid = atoi(entry->d_name);

		if (pid > 0 && is_init_of(pid, host) && is_own(pid) &&
		    !is_init_of(parent_of(pid), host) &&
		    (!lab || lab_of(pid) == lab))
			ret[n++] = pid;
	}
	if (proc)
		closedir(proc);
	return n;
}

pid_t lab_shell_find(const char *host)
{
	pid_t inits[FOUND_MAX];

	return find_inits(host, getpid(), inits) ? inits[0] : 0;
}

/* Cases that one halfopen runs at once have the same pid. */
static int refuse_several(const char *host, const pid_t *inits, size_t n)
{
	char text[256] = "";
	size_t used = 0, same = 0;

	for (size_t i = 1; i < n; i++)
		same += lab_of(inits[i]) == lab_of(inits[0]);
	if (same == n - 1)
		return error_refuse(-ENOTUNIQ,
				    "halfopen %d has %zu hosts '%s': it runs "
				    "cases, not a lab",
				    lab_of(inits[0]), n, host);
	for (size_t i = 0; i < n && used < sizeof(text); i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used,
					 "%s%s@%d", i ? ", " : "", host,
					 lab_of(inits[i]));
	return error_refuse(-ENOTUNIQ, "several labs have a host '%s': %s",
			    host, text);
}

int lab_shell_enter(const char *where)
{
	const char *at = strchr(where, '@');
	pid_t inits[FOUND_MAX], pid;
	char host[64], *end = NULL;
	long lab = at ? strtol(at + 1, &end, 10) : 0;
	size_t n;
	int status;

	snprintf(host, sizeof(host), "%.*s",
		 (int)(at ? (size_t)(at - where) : strlen(where)), where);
	if (at && (end == at + 1 || *end || lab <= 0 || lab > INT_MAX))
		return error_refuse(-EINVAL,
				    "--shell %s: expected a process number "
				    "after '@'",
				    where);
	n = find_inits(host, (pid_t)lab, inits);
	if (n == 0)
		return error_refuse(-ENOENT, "no running lab has a host '%s'",
				    where);
	if (n > 1)
		return refuse_several(host, inits, n);
	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	pid = lab_shell_start(inits[0], host);
	if (pid < 0)
		return error_trace(pid);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	lab_shell_end();
	return WIFEXITED(status) ? WEXITSTATUS(status) : 126;
}
