/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest's init wakes up every 10 s of guest time. It compares the idle time
 * of the CPU (/proc/stat), which costs little; only where the CPU was not idle
 * it looks at the processes.
 *
 * User Mode Linux with time-travel=inf-cpu does not let time pass while a
 * process computes, so no timer wakes init up, and no CPU time is accounted.
 * The host notices that init does not count its looks any more, and sends
 * SIGINT to it through the kernel's console ("cad"). Init has a real-time
 * priority, so it preempts the process that executes, which counts that
 * (nonvoluntary_ctxt_switches). At the next request that process has spun if it
 * has not waited for anything in the meantime (voluntary_ctxt_switches): many
 * processes that work for a short time each keep the clock still, too.
 *
 * The host of a process is that of the nearest ancestor whose name is "host-
 * NAME", the init of a host (run_init() in host.c).
 */
#include "spin.h"

#include <dirent.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "macro.h"
#include "safe-text.h"

enum { TASKS_MAX = 1024 };

#define MARK "halfopen: spin: "

struct task {
	int pid, parent;
	char name[32];
	char state; /* 'R': runnable */
	unsigned long ticks; /* of CPU time */
	unsigned long waited, preempted; /* how often; read_switches() */
};

struct tasks {
	struct task list[TASKS_MAX];
	size_t n;
};

static const struct task *find(const struct tasks *tasks, int pid)
{
	for (size_t i = 0; i < tasks->n; i++)
		if (tasks->list[i].pid == pid)
			return &tasks->list[i];
	return NULL;
}

/* NULL for a process of no host. */
static const char *host_of(const struct tasks *tasks, const struct task *task)
{
	static const char prefix[] = "host-";

	for (size_t depth = 0; task && depth < TASKS_MAX; depth++) {
		if (strncmp(task->name, prefix, strlen(prefix)) == 0)
			return task->name + strlen(prefix);
		task = find(tasks, task->parent);
	}
	return NULL;
}

/* --- the guest's init ----------------------------------------------------- */

/* "77 (beam.smp) R 70 …": the name may contain anything, so the last ")" ends
 * it. */
static bool read_task(const char *pid, struct task *ret)
{
	char path[300], text[512], *name, *end;
	unsigned long user, system;
	FILE *file;
	size_t n;

	snprintf(path, sizeof(path), "/proc/%s/stat", pid);
	file = fopen(path, "re");
	n = file ? fread(text, 1, sizeof(text) - 1, file) : 0;
	if (file)
		fclose(file);
	text[n] = '\0';
	name = strchr(text, '(');
	end = strrchr(text, ')');
	if (!name || !end ||
	    sscanf(end + 1, " %c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
		   &ret->state, &ret->parent, &user, &system) != 4)
		return false;
	*end = '\0';
	ret->pid = atoi(pid);
	ret->ticks = user + system;
	snprintf(ret->name, sizeof(ret->name), "%s", name + 1);
	return true;
}

static void read_tasks(struct tasks *ret)
{
	DIR *proc = opendir("/proc");
	const struct dirent *entry;

	ret->n = 0;
	while (proc && ret->n < TASKS_MAX && (entry = readdir(proc)))
		if (entry->d_name[0] >= '0' && entry->d_name[0] <= '9')
			ret->n += read_task(entry->d_name,
					    &ret->list[ret->n]);
	if (proc)
		closedir(proc);
}

struct cpu {
	unsigned long busy, idle; /* ticks */
};

static struct cpu read_cpu(void)
{
	unsigned long user, nice, system, idle;
	struct cpu cpu = { 0 };
	FILE *file = fopen("/proc/stat", "re");

	if (file && fscanf(file, "cpu %lu %lu %lu %lu", &user, &nice, &system,
			   &idle) == 4)
		cpu = (struct cpu){ user + nice + system, idle };
	if (file)
		fclose(file);
	return cpu;
}

struct watch {
	struct cpu cpu;
	struct tasks before, now;
	struct tasks requested; /* at the host's last request */
	int reported; /* pid of the last process; 0: none */
};

/* The process that has used nearly all of the CPU since the last look. */
static const struct task *find_spinning(const struct watch *watch,
					unsigned long ticks)
{
	for (size_t i = 0; i < watch->now.n; i++) {
		const struct task *task = &watch->now.list[i];
		const struct task *before = find(&watch->before, task->pid);

		if (before && (task->ticks - before->ticks) * 10 > ticks * 8 &&
		    host_of(&watch->now, task))
			return task;
	}
	return NULL;
}

/* Once; another one may follow. */
static void report(struct watch *watch, const struct task *task)
{
	if (task->pid == watch->reported)
		return;
	watch->reported = task->pid;
	fprintf(stderr, MARK "%d (%s) in %s\n", task->pid, task->name,
		host_of(&watch->now, task));
}

static void look(struct watch *watch)
{
	struct cpu cpu = read_cpu();
	unsigned long busy = cpu.busy - watch->cpu.busy;
	unsigned long idle = cpu.idle - watch->cpu.idle;
	const struct task *task;

	watch->cpu = cpu;
	if (idle * 10 > busy + idle) {
		watch->before.n = 0;
		return;
	}
	read_tasks(&watch->now);
	task = find_spinning(watch, busy + idle);
	if (task)
		report(watch, task);
	watch->before = watch->now;
}

static void read_switches(struct task *task)
{
	char path[64], line[128];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", task->pid);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file)) {
		sscanf(line, "voluntary_ctxt_switches: %lu", &task->waited);
		sscanf(line, "nonvoluntary_ctxt_switches: %lu",
		       &task->preempted);
	}
	if (file)
		fclose(file);
}

/* The host's request. */
static void look_for_preempted(struct watch *watch)
{
	read_tasks(&watch->now);
	for (size_t i = 0; i < watch->now.n; i++) {
		struct task *task = &watch->now.list[i];
		const struct task *before =
			find(&watch->requested, task->pid);

		if (task->state != 'R' || !host_of(&watch->now, task))
			continue;
		read_switches(task);
		if (before && before->state == 'R' &&
		    before->waited == task->waited &&
		    before->preempted < task->preempted)
			report(watch, task);
	}
	watch->requested = watch->now;
}

static void count(int clock, uint64_t n)
{
	if (clock >= 0 && pwrite(clock, &n, sizeof(n), 0) < 0)
		perror("halfopen: clock");
}

static void change_signals(int how)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGINT);
	sigprocmask(how, &set, NULL);
}

void spin_block_signals(void)
{
	change_signals(SIG_BLOCK);
}

void spin_unblock_signals(void)
{
	change_signals(SIG_UNBLOCK);
}

int spin_wait(pid_t command, int clock)
{
	static struct watch watch;
	const struct timespec interval = { .tv_sec = 10 };
	const struct sched_param priority = { .sched_priority = 1 };
	uint64_t n = 0;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGINT);
	if (sched_setscheduler(0, SCHED_FIFO, &priority) < 0 ||
	    reboot(RB_DISABLE_CAD) < 0)
		perror("halfopen: watch processes");
	watch.cpu = read_cpu();
	for (;;) {
		int number = sigtimedwait(&set, NULL, &interval), status;
		pid_t pid;

		while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
			if (pid == command)
				return status;
		if (number == SIGINT)
			look_for_preempted(&watch);
		else if (number < 0)
			look(&watch);
		count(clock, ++n);
	}
}

/* --- the host ------------------------------------------------------------- */

/* Only a complete line. */
bool spin_find_line(const char *console, char ret[static SPIN_TEXT])
{
	const char *line = NULL, *next = console;

	while ((next = strstr(next, MARK))) {
		next += strlen(MARK);
		if (strchr(next, '\n'))
			line = next;
	}
	if (!line)
		return false;
	snprintf(ret, SPIN_TEXT, "%.*s", (int)strcspn(line, "\r\n"), line);
	safe_text(ret, false);
	return true;
}
