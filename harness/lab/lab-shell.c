/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab-shell.h"

#include <dirent.h>
#include <errno.h>
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
#include "privilege.h"

enum { COMM = 16, FOUND_MAX = 16 };

/* In the host's PID namespace are only children of who went into it. */
static void MACRO_NORETURN become_shell(const char *host)
{
	const char *shell = getenv("SHELL");
	char prompt[64];
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (!shell || access(shell, X_OK) != 0)
		shell = "/bin/sh";
	snprintf(prompt, sizeof(prompt), "%s$ ", host);
	setenv("PS1", prompt, 1);
	setenv("HALFOPEN_HOST", host, 1);
	if (strstr(shell, "bash"))
		execl(shell, "bash", "--norc", NULL);
	execl(shell, shell, NULL);
	fprintf(stderr, "halfopen: %s: %s\n", shell, strerror(errno));
	_exit(127);
}

static void MACRO_NORETURN go_in(int pidfd, const char *host)
{
	int flags = CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS;
	int status;
	pid_t pid;

	if (privilege_rootless())
		flags |= CLONE_NEWUSER;
	if (setns(pidfd, flags) < 0) {
		fprintf(stderr, "halfopen: enter %s: %s\n", host,
			errno == EPERM ? "it is another user's lab" :
					 strerror(errno));
		_exit(126);
	}
	privilege_keep_for_tools();
	if (chdir("/") < 0)
		_exit(126);
	signal(SIGINT, SIG_IGN);
	pid = fork();
	if (pid == 0) {
		signal(SIGINT, SIG_DFL);
		become_shell(host);
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	_exit(pid > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : 126);
}

/* A shell with job control makes itself the terminal's foreground, and may end
 * with the terminal in any mode. */
static struct {
	bool saved;
	struct termios modes;
} terminal;

static void save_terminal(void)
{
	terminal.saved = tcgetattr(STDIN_FILENO, &terminal.modes) == 0;
}

void lab_shell_end(void)
{
	void (*before)(int) = signal(SIGTTOU, SIG_IGN);

	if (terminal.saved) {
		tcsetpgrp(STDIN_FILENO, getpgrp());
		tcsetattr(STDIN_FILENO, TCSADRAIN, &terminal.modes);
	}
	signal(SIGTTOU, before);
}

static bool is_ours(pid_t pid);

pid_t lab_shell_start(pid_t init, const char *host)
{
	CLEANUP_FD int pidfd = (int)syscall(SYS_pidfd_open, init, 0);
	pid_t pid;

	if (pidfd < 0)
		return error_origin(-errno, "the machine of %s", host);
	/* Of the process that the fd is of, whatever became of the number. */
	if (!is_ours(init))
		return error_refuse(-EPERM, "%s is in another user's lab",
				    host);
	save_terminal();
	fflush(NULL);
	pid = fork();
	if (pid < 0)
		return error_origin(-errno, "fork");
	if (pid == 0)
		go_in(pidfd, host);
	return pid;
}

/* --- of a lab that somebody else runs ------------------------------------- */

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

/* The lab of a host's init: halfopen itself is two generations up. */
static pid_t lab_of(pid_t init)
{
	return parent_of(parent_of(init));
}

static bool has_same_users(pid_t pid)
{
	char path[64], here[64] = "", there[64] = "";

	snprintf(path, sizeof(path), "/proc/%d/ns/user", pid);
	return readlink("/proc/self/ns/user", here, sizeof(here) - 1) > 0 &&
	       readlink(path, there, sizeof(there) - 1) > 0 &&
	       strcmp(here, there) == 0;
}

/*
 * A name proves nothing: anybody can call a process "host-client", and put what
 * he likes where its shell would be. Root enters nothing but what root has made
 * in root's own user namespace; anybody else, what is his own.
 */
static bool is_ours(pid_t pid)
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
	return privilege_rootless() || has_same_users(pid);
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

/* Children of a host's init have its name, too, until their exec. */
static size_t find_inits(const char *host, pid_t lab, pid_t ret[FOUND_MAX])
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	size_t n = 0;

	while (proc && (entry = readdir(proc)) && n < FOUND_MAX) {
		pid_t pid = atoi(entry->d_name);

		if (pid > 0 && is_init_of(pid, host) && is_ours(pid) &&
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

/* One of several runs that halfopen has at once cannot be told by its pid. */
static int refuse_several(const char *host, const pid_t *inits, size_t n)
{
	char text[256] = "";
	size_t used = 0, same = 0;

	for (size_t i = 1; i < n; i++)
		same += lab_of(inits[i]) == lab_of(inits[0]);
	if (same == n - 1)
		return error_refuse(-ENOTUNIQ,
				    "halfopen %d has %zu hosts '%s': it runs "
				    "cases, and no lab",
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
	pid_t lab = at ? atoi(at + 1) : 0, inits[FOUND_MAX], pid;
	char host[64];
	size_t n;
	int status;

	snprintf(host, sizeof(host), "%.*s",
		 (int)(at ? (size_t)(at - where) : strlen(where)), where);
	n = find_inits(host, lab, inits);
	if (n == 0)
		return error_refuse(-ENOENT, "no lab that runs has a host '%s'",
				    where);
	if (n > 1)
		return refuse_several(host, inits, n);
	signal(SIGINT, SIG_IGN);
	pid = lab_shell_start(inits[0], host);
	if (pid < 0)
		return error_trace(pid);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	lab_shell_end();
	return WIFEXITED(status) ? WEXITSTATUS(status) : 126;
}
