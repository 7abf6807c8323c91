/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest writes its console and its results to files of the host, memfds
 * under QEMU, which this process reads every 100 ms. It never waits for a
 * reader: under virtual time the guest's clock would jump while it waits.
 */
#include "machine.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "errors.h"
#include "fd.h"
#include "guest.h"
#include "macro.h"
#include "message.h"
#include "process.h"
#include "spin.h"
#include "uml-console.h"
#include "vm-arch.h"
#include "vm-signals.h"

#define UML_ID "uml" /* the kernel's folder of this name has its console */

/*
 * The hash tables of a kernel with 512 MiB, whatever memory the guest has: each
 * look at the sockets of a lab walks them (inet_diag_dump_icsk()), which takes
 * most of the time of QEMU when they are large, and tcp_max_orphans and
 * tcp_max_tw_buckets are half of their size (tcp_init(), tcp_set_hashinfo()).
 */
#define TABLES "thash_entries=4096"

struct machine {
	const struct machine_plan *plan;
	int console, result, signals;
	off_t console_at, result_at;
	pid_t pid;
	int pidfd;
	nsec_t start, next_tick;
	bool panicked, invalid, interrupted, busy;
	char spin[SPIN_TEXT]; /* the last process that was reported */
	struct {
		nsec_t next; /* look */
		uint64_t clock; /* as SPIN_CLOCK was */
		nsec_t cpu; /* that the guest had used when it changed */
	} uml;
};

/* --- command lines --------------------------------------------------------*/

enum { WORDS = 64, WORD = 1200 };

struct words {
	char text[WORDS][WORD];
	char *argv[WORDS + 1];
	int n;
};

static void MACRO_PRINTF(2, 3)
add_word(struct words *words, const char *format, ...)
{
	va_list args;

	if (words->n == WORDS)
		return;
	va_start(args, format);
	vsnprintf(words->text[words->n], WORD, format, args);
	va_end(args);
	words->argv[words->n] = words->text[words->n];
	words->argv[++words->n] = NULL;
}

static void add_words(struct words *words, const char *const *more)
{
	for (; *more; more++)
		add_word(words, "%s", *more);
}

/* Words of the command line that the kernel does not know become the
 * environment of init. User Mode Linux splits this word at its blanks as
 * well. */
static void add_environment(char *to, size_t size, const char *machine,
			    const struct machine_plan *plan)
{
	const char *must_run = getenv("HALFOPEN_MUST_RUN");
	size_t used = strlen(to);

	snprintf(to + used, size - used, GUEST_VARIABLE "=%s%s%s%s%s%s", machine,
		 plan->has_files ? " " GUEST_FILES "=1" : "",
		 plan->virtual_time ? " HALFOPEN_VIRTUAL_TIME=1" : "",
		 plan->virtual_time && plan->uml ?
			 " HALFOPEN_WORK_TAKES_NO_TIME=1" :
			 "",
		 plan->journals ? " " STREAM_VARIABLE "=1" : "",
		 must_run && *must_run && strcmp(must_run, "0") != 0 ?
			 " HALFOPEN_MUST_RUN=1" :
			 "");
}

/* vm-arch.c has what depends on the architecture. */
static void qemu_words(struct words *words, const struct machine *machine)
{
	static const char *const common[] = { "-nodefaults", "-no-user-config",
					      "-display",    "none",
					      "-no-reboot",  NULL };
	const struct machine_plan *plan = machine->plan;
	const struct vm_arch *arch = plan->arch;

	add_word(words, "%s", arch->qemu);
	add_words(words, common);
	add_words(words, arch->common);
	add_words(words, plan->virtual_time ? arch->virtual_clock :
			 plan->kvm	    ? arch->kvm :
					      arch->emulated);
	add_word(words, "-m");
	add_word(words, "%u", plan->memory);
	add_word(words, "-serial");
	add_word(words, "file:/proc/self/fd/%d", machine->console);
	if (arch->result_on_serial) {
		add_word(words, "-serial");
		add_word(words, "file:/proc/self/fd/%d", machine->result);
	}
	add_word(words, "-chardev");
	add_word(words, "file,id=result,path=/proc/self/fd/%d",
		 machine->result);
	add_word(words, "-kernel");
	add_word(words, "%s", plan->kernel);
	add_word(words, "-initrd");
	add_word(words, "%s", plan->initramfs);
	add_word(words, "-append");
	add_word(words,
		 "%s panic=-1 quiet loglevel=4 nokaslr nowatchdog "
		 "rcupdate.rcu_cpu_stall_suppress=1 psi=0 cgroup_disable=memory "
		 TABLES " %s ",
		 arch->append, plan->append);
	add_environment(words->text[words->n - 1], WORD, "qemu", plan);
}

/*
 * The command line is the same in each run, because it seeds the guest's random
 * numbers (random_init_early()): so the kernel runs in the shared folder, whose
 * name is not in it. The start of the wall clock is fixed too, since TCP's
 * initial sequence numbers depend on it.
 */
static void uml_words(struct words *words, const struct machine *machine)
{
	const struct machine_plan *plan = machine->plan;
	char self[1024];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	self[MAX(n, (ssize_t)0)] = '\0';
	add_word(words, "%s", plan->kernel);
	add_word(words, "mem=%uM", plan->memory);
	add_word(words, "root=none");
	add_word(words, "rootfstype=hostfs");
	add_word(words, "rootflags=/");
	add_word(words, "ro");
	add_word(words, "init=%s", self);
	if (plan->virtual_time) {
		add_word(words, "time-travel=inf-cpu");
		/* 2026-01-01T00:00:00, as under QEMU, in ns */
		add_word(words, "time-travel-start=1767225600000000000");
	}
	add_word(words, "quiet");
	add_word(words, "loglevel=4");
	add_word(words, "con0=null,fd:1");
	add_word(words, "con=null");
	add_word(words, TABLES);
	add_word(words, "panic=-1");
	/* The default is a folder in the user's home. */
	add_word(words, "uml_dir=./");
	add_word(words, "umid=" UML_ID);
	add_word(words, "%s ", plan->append);
	add_environment(words->text[words->n - 1], WORD, GUEST_UML, plan);
}

/* --- the process ----------------------------------------------------------*/

static void MACRO_NORETURN exec_machine(const struct machine *machine, pid_t parent)
{
	static struct words words;
	int null = open("/dev/null", O_RDWR);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(125);
	setpgid(0, 0); /* Ctrl-C goes to the parent, which ends it */
	vm_signals_restore();
	dup2(null, STDIN_FILENO);
	/* QEMU opens console and result by name; UML writes the console to
	 * stdout. QEMU's own errors are shown with the console. */
	dup2(machine->console, STDOUT_FILENO);
	dup2(machine->console, STDERR_FILENO);
	fcntl(machine->console, F_SETFD, 0);
	if (machine->result >= 0)
		fcntl(machine->result, F_SETFD, 0);
	/*
	 * The UML kernel and the processes of its guest alternate some hundred
	 * thousand times and never run in parallel; a wake-up on another CPU
	 * takes longer than the work. QEMU under virtual time has two threads
	 * that both run the guest's timers: on two CPUs they race, and measured
	 * times differ by nanoseconds between runs.
	 */
	if (machine->plan->uml || machine->plan->virtual_time)
		process_pin_cpu();
	if (machine->plan->uml) {
		setenv("TMPDIR", "/dev/shm", 1);
		if (chdir(machine->plan->folder) < 0)
			_exit(126);
		uml_words(&words, machine);
	} else {
		qemu_words(&words, machine);
	}
	execvp(words.argv[0], words.argv);
	_exit(errno == ENOENT ? 127 : 126);
}

static int start(struct machine *machine)
{
	pid_t parent = getpid();

	machine->start = nsec_now();
	machine->pid = fork();
	if (machine->pid == 0)
		exec_machine(machine, parent);
	if (machine->pid < 0)
		return error_origin(-errno, "start the guest");
	machine->pidfd = (int)syscall(SYS_pidfd_open, machine->pid, 0);
	if (machine->pidfd < 0)
		return error_origin(-errno, "pidfd_open");
	return 0;
}

static int open_result(struct machine *machine)
{
	char path[4200];

	if (!machine->plan->uml) {
		machine->result = memfd_create("result", MFD_CLOEXEC);
	} else {
		snprintf(path, sizeof(path), "%s/result",
			 machine->plan->folder);
		machine->result = open(path, O_RDWR | O_CREAT | O_CLOEXEC,
				       0600);
	}
	if (machine->result < 0)
		return error_origin(-errno, "create the result file");
	return 0;
}

/* --- console and results --------------------------------------------------*/

static void read_result(struct machine *machine, struct stream *stream)
{
	static char buffer[1 << 16];
	ssize_t n;

	while (!machine->invalid &&
	       (n = pread(machine->result, buffer, sizeof(buffer),
			  machine->result_at)) > 0) {
		machine->result_at += n;
		if (stream_take(stream, buffer, (size_t)n) < 0)
			machine->invalid = true;
	}
}

static void read_console(struct machine *machine, char *ret, size_t size)
{
	off_t end = lseek(machine->console, 0, SEEK_END);
	off_t from = MAX(end - (off_t)size + 1, (off_t)0);
	ssize_t n = pread(machine->console, ret, size - 1, from);

	ret[MAX(n, (ssize_t)0)] = '\0';
	machine->console_at = end;
	for (char *c = ret; c < ret + n; c++)
		if (!*c)
			*c = ' ';
	machine->panicked = strstr(ret, "Kernel panic");
}

/* Neither console output nor results within the limit. */
static bool is_silent(const struct machine *machine, nsec_t now)
{
	return machine->plan->first_output && !machine->console_at &&
	       !machine->result_at &&
	       now > machine->start + machine->plan->first_output;
}

struct task_stat {
	int group;
	char state;
	unsigned long user, system, ended_user, ended_system; /* ticks */
};

/* `path` is below /proc: PID, or PID/task/TID. */
static bool read_stat(const char *path, struct task_stat *ret)
{
	char name[PATH_MAX + 16];
	FILE *file;
	int n;

	snprintf(name, sizeof(name), "/proc/%s/stat", path);
	file = fopen(name, "re");
	if (!file)
		return false;
	/* pid, name, state, parent, group … */
	n = fscanf(file,
		   "%*d (%*[^)]) %c %*d %d %*d %*d %*d "
		   "%*u %*u %*u %*u %*u %lu %lu %lu %lu",
		   &ret->state, &ret->group, &ret->user, &ret->system,
		   &ret->ended_user, &ret->ended_system);
	fclose(file);
	return n == 6;
}

/* Whether a thread of the process executes or waits for a CPU. */
static bool is_runnable(const char *pid)
{
	char path[PATH_MAX];
	struct task_stat stat;
	struct dirent *entry;
	bool runnable = false;
	DIR *tasks;

	snprintf(path, sizeof(path), "/proc/%s/task", pid);
	tasks = opendir(path);
	while (tasks && !runnable && (entry = readdir(tasks))) {
		snprintf(path, sizeof(path), "%.20s/task/%.20s", pid,
			 entry->d_name);
		runnable = entry->d_name[0] != '.' && read_stat(path, &stat) &&
			   stat.state == 'R';
	}
	if (tasks)
		closedir(tasks);
	return runnable;
}

/* CPU time of the process group and of its children that have ended: UML runs the
 * processes of its guest as processes of the host. `ret_runnable` may be NULL. */
static nsec_t group_cpu(pid_t group, bool *ret_runnable)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	bool runnable = false;
	long ticks = 0;

	while (proc && (entry = readdir(proc))) {
		struct task_stat stat;

		if (entry->d_name[0] > '9' || !read_stat(entry->d_name, &stat) ||
		    stat.group != group)
			continue;
		ticks += (long)(stat.user + stat.system + stat.ended_user +
				stat.ended_system);
		if (ret_runnable && !runnable)
			runnable = is_runnable(entry->d_name);
	}
	if (proc)
		closedir(proc);
	if (ret_runnable)
		*ret_runnable = runnable;
	return ticks * (SEC(1) / sysconf(_SC_CLK_TCK));
}

/* Measured over the last second, because a guest that hangs after its boot
 * has used CPU time before. On a loaded machine a busy guest gets a part of
 * one CPU, or none in that second, but is runnable whenever it is looked at. */
static bool is_busy(const struct machine *machine)
{
	enum { LOOKS = 20 };
	const struct timespec pause = { .tv_nsec = SEC(1) / LOOKS };
	nsec_t before = group_cpu(machine->pid, NULL), used = 0;
	nsec_t since = nsec_now();
	unsigned int n_runnable = 0;

	for (int i = 0; i < LOOKS; i++) {
		bool runnable;

		nanosleep(&pause, NULL);
		used = group_cpu(machine->pid, &runnable) - before;
		n_runnable += runnable;
	}
	return used > (nsec_now() - since) / 10 || n_runnable > LOOKS / 2;
}

/* --- processes that spin --------------------------------------------------*/

static void report_spin(struct machine *machine, const char *process)
{
	if (strcmp(machine->spin, process) == 0)
		return;
	snprintf(machine->spin, sizeof(machine->spin), "%s", process);
	fprintf(stderr,
		_("halfopen vm: process %s uses the CPU without a pause: the "
		  "guest's clock cannot skip time\n"),
		process);
}

/*
 * User Mode Linux: whether the guest has used CPU time for a while, but its clock
 * stands still. On a loaded machine wall-clock time would say nothing.
 */
static bool clock_stands_still(struct machine *machine, nsec_t now)
{
	static const nsec_t patience = MSEC(2500); /* each of two requests */
	char path[PATH_MAX];
	uint64_t clock = 0;
	nsec_t cpu;
	int fd;

	if (now < machine->uml.next)
		return false;
	machine->uml.next = now + SEC(1);
	snprintf(path, sizeof(path), "%s/" SPIN_CLOCK, machine->plan->folder);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0 && pread(fd, &clock, sizeof(clock), 0) < 0)
		clock = 0;
	fd_close(fd);
	cpu = group_cpu(machine->pid, NULL);
	if (clock != machine->uml.clock) {
		machine->uml.clock = clock;
		machine->uml.cpu = cpu;
	}
	return cpu - machine->uml.cpu > patience;
}

static void look_for_spin(struct machine *machine, const char *console,
			  nsec_t now)
{
	char process[SPIN_TEXT], folder[PATH_MAX];

	if (!machine->plan->has_files || !machine->plan->virtual_time)
		return;
	if (spin_find_line(console, process))
		report_spin(machine, process);
	if (!machine->plan->uml || *machine->spin ||
	    !clock_stands_still(machine, now))
		return;
	snprintf(folder, sizeof(folder), "%s/" UML_ID, machine->plan->folder);
	/*
	 * The kernel handles the request in a signal handler, while it waits for
	 * the process that executes the guest's user space: a signal stops that
	 * process, and the kernel schedules. The other processes of the guest get
	 * the signal when the kernel continues them, perhaps in wait_stub_done(),
	 * which panics for every signal but SIGALRM (STUB_SIG_MASK).
	 */
	if (uml_console_interrupt(folder) == 0)
		kill(-machine->pid, SIGALRM);
}

/* Once a second from the first result on. */
static void show_progress(struct machine *machine, struct stream *stream,
			  nsec_t since, nsec_t now)
{
	if (now < machine->next_tick)
		return;
	machine->next_tick = now + SEC(1);
	stream_tick(stream, now - since);
}

/* Reads until the process ends or its time has expired. True: it has ended. */
static bool serve(struct machine *machine, struct stream *stream,
		      struct machine_report *report)
{
	nsec_t deadline = machine->start + machine->plan->timeout;
	struct pollfd fds[] = {
		{ .fd = machine->pidfd, .events = POLLIN },
		{ .fd = machine->signals, .events = POLLIN },
	};

	for (;;) {
		bool exited = poll(fds, ARRAY_SIZE(fds), 100) > 0 &&
			    fds[0].revents;
		nsec_t now = nsec_now();

		machine->interrupted = fds[1].revents;

		read_result(machine, stream);
		read_console(machine, report->console, sizeof(report->console));
		if (!report->until_first_result && stream_has_begun(stream)) {
			report->until_first_result = now - machine->start;
			report->cpu_until_first_result =
				group_cpu(machine->pid, NULL);
		}
		if (exited)
			return true;
		look_for_spin(machine, report->console, now);
		if (stream_has_begun(stream))
			show_progress(machine, stream,
				      machine->start +
					      report->until_first_result,
				      now);
		if (machine->panicked || machine->invalid ||
		    machine->interrupted || is_silent(machine, now))
			return false;
		if (now > deadline) {
			machine->busy = is_busy(machine);
			return false;
		}
	}
}

/* --- the end --------------------------------------------------------------*/

static enum machine_end end_of(const struct machine *machine,
			       const struct stream *stream, bool exited,
			       int status)
{
	int guest_status;

	if (machine->interrupted)
		return MACHINE_INTERRUPTED;
	if (exited && WIFEXITED(status) && WEXITSTATUS(status) == 127)
		return MACHINE_MISSING;
	if (machine->panicked)
		return MACHINE_PANICKED;
	if (machine->invalid)
		return MACHINE_INVALID;
	if (exited && stream_has_ended(stream, &guest_status) &&
	    (machine->plan->uml || !machine->plan->arch->odd_exit ||
	     (WIFEXITED(status) && WEXITSTATUS(status) & 1)))
		return MACHINE_ENDED;
	if (exited)
		return stream_has_begun(stream) || machine->console_at > 4096 ?
			       MACHINE_TRUNCATED :
			       MACHINE_REFUSED;
	if (is_silent(machine, nsec_now()))
		return MACHINE_SILENT;
	return machine->busy ? MACHINE_BUSY : MACHINE_HUNG;
}

static nsec_t duration(const struct timeval *time)
{
	return SEC(time->tv_sec) + USEC(time->tv_usec);
}

static int reap(struct machine *machine, const struct stream *stream,
		bool exited, struct machine_report *report)
{
	struct rusage usage;
	int status;

	/* The processes of UML are in its process group. */
	if (!exited)
		kill(-machine->pid, SIGKILL);
	if (wait4(machine->pid, &status, 0, &usage) != machine->pid)
		return error_origin(-errno, "wait for the guest");
	kill(-machine->pid, SIGKILL);
	report->elapsed = nsec_now() - machine->start;
	report->cpu = duration(&usage.ru_utime) + duration(&usage.ru_stime);
	report->end = end_of(machine, stream, exited, status);
	return 0;
}

int machine_run(const struct machine_plan *plan, struct stream *stream,
		struct machine_report *ret)
{
	struct machine machine = { .plan = plan,
				   .console = memfd_create("console",
							   MFD_CLOEXEC),
				   .result = -1,
				   .signals = vm_signals_fd(),
				   .pidfd = -1 };
	int r = machine.console < 0 ? error_origin(-errno, "create a memfd") : 0;

	*ret = (struct machine_report){ .console = "" };
	if (r >= 0)
		r = open_result(&machine);
	if (r >= 0)
		r = start(&machine);
	if (r >= 0) {
		bool exited = serve(&machine, stream, ret);

		r = reap(&machine, stream, exited, ret);
	}
	fd_close(machine.console);
	fd_close(machine.result);
	fd_close(machine.signals);
	fd_close(machine.pidfd);
	return error_trace(r);
}
