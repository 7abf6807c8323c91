/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The init of a host is a clone of the process that holds the world, in a new
 * PID namespace and in the host's network namespace. It starts and signals
 * processes by request, and reports their ends, over a SOCK_SEQPACKET socket
 * pair. Every request is answered before the next one is sent. An exit that is
 * reported in between is passed on at once; from the loop it comes the same
 * way. The answer to a request for a terminal brings its master.
 *
 * A program gets its fds by SCM_RIGHTS. A pipe that closes on exec tells the
 * init whether the exec succeeded, so that the answer to a request has its
 * errno.
 *
 * The init cannot outlive the world: it exits when the socket is closed, and
 * the kernel kills its namespace when it dies (zap_pid_ns_processes()).
 */
#include "host.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "errors.h"
#include "fd.h"
#include "filter.h"
#include "macro.h"
#include "namespace.h"
#include "privilege.h"
#include "process.h"
#include "rtnl.h"
#include "sysctl.h"

enum {
	LOOPBACK = 1, /* ifindex */
	FDS = 5, /* exe and the four of a program */
	EXE = 99, /* instead of a number from 0 to 3 */
	/* fds of the init */
	CONTROL = 3,
	CHILDREN = 4, /* a signalfd for SIGCHLD */
};

enum request_kind { REQUEST_START, REQUEST_SIGNAL, REQUEST_TERMINAL };

struct request {
	enum request_kind kind;
	pid_t pid; /* -1: every process of the host */
	int signal;
	bool has_terminal;
	struct privilege_ids ids;
	uint64_t memory, families;
	unsigned int grants;
	int numbers[FDS]; /* what each fd that comes along becomes */
	size_t n_fds;
	size_t arguments_size;
	char arguments[HOST_ARGUMENTS_SIZE]; /* each ends with a NUL */
};

/* Size of a request without arguments. */
enum { SHORT_REQUEST = offsetof(struct request, arguments) };

enum reply_kind { REPLY_ANSWER, REPLY_EXITED, REPLY_KILLED_ALL };

struct reply {
	enum reply_kind kind;
	pid_t pid;
	int status; /* of wait(); in an answer 0 or a negative errno */
	char message[96];
	int fd; /* set by the receiver: a terminal's master, or -1 */
};

struct host {
	struct host_plan plan;
	char name[HOST_NAME];
	int namespace;
	struct rtnl *rtnl;
	pid_t init;
	int control;
	struct loop_source *source;
	host_exit_fn on_exit;
	void *data;
	bool is_powered_off; /* by order: its end is expected */
};

/* --- the init --------------------------------------------------------- */

/* Without a reader the world is gone, and the init ends too. */
static void send_reply_with_fd(enum reply_kind kind, pid_t pid, int status,
			       int fd)
{
	struct reply reply = { .kind = kind, .pid = pid, .status = status };

	if (kind == REPLY_ANSWER && status < 0)
		snprintf(reply.message, sizeof(reply.message), "%.95s",
			 error_message());
	if (fd_send(CONTROL, &reply, sizeof(reply), &fd, fd >= 0) < 0)
		_exit(1);
}

static void send_reply(enum reply_kind kind, pid_t pid, int status)
{
	send_reply_with_fd(kind, pid, status, -1);
}

/* When a program was started last; 0: never. */
static nsec_t last_start;

static void split_arguments(const struct request *request, const char **argv)
{
	const char *at = request->arguments;
	const char *end = at + request->arguments_size;
	size_t n = 0;

	while (at < end && n < HOST_ARGUMENTS) {
		argv[n++] = at;
		at += strlen(at) + 1;
	}
	argv[n] = NULL;
}

/* Moves the fds to the numbers that the program expects, and returns that of
 * the executable. They are above all those numbers: none is overwritten. */
static int place_fds(const struct request *request, const int *fds)
{
	int exe = -1, null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int number = 0; number < 3; number++)
		dup2(null, number);
	for (size_t i = 0; i < request->n_fds; i++) {
		if (request->numbers[i] == EXE)
			exe = fds[i];
		else
			dup2(fds[i], request->numbers[i]);
	}
	return exe;
}

/* The same for every program, independent of the caller. */
static void set_environment(void)
{
	umask(022);
	clearenv();
	setenv("PATH",
	       "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:"
	       "/sbin:/bin",
	       1);
	setenv("HOME", "/tmp", 1);
	setenv("LC_ALL", "C", 1);
	/* Its lines have the time at which they were printed. */
	setenv("PYTHONUNBUFFERED", "1", 1);
	/* Leaks of the probes are found by the harness' own tests. */
	setenv("ASAN_OPTIONS", "detect_leaks=0", 1);
}

static void set_out_of_memory_score(void)
{
	CLEANUP_FD int fd =
		open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd >= 0 && write(fd, "1000", 4) < 0)
		return; /* it is not essential */
}

/*
 * In the child, which shares the memory of the init. The order matters: fds are
 * placed while the process may still open /dev/null, capabilities are dropped
 * last before exec. An error number is written to `report`, whose other copies
 * are closed on exec.
 */
static void MACRO_NORETURN become_program(const struct request *request,
					  const int *fds, int report)
{
	const char *argv[HOST_ARGUMENTS + 1];
	sigset_t none;
	int exe, r;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	split_arguments(request, argv);
	set_environment();
	process_restore_file_limit();
	exe = place_fds(request, fds);
	/* Each session has its share of the processors (sched_autogroup_fork()):
	 * a program with many processes does not starve the init. */
	setsid();
	if (request->has_terminal)
		ioctl(STDIN_FILENO, TIOCSCTTY, 0);
	/* At out of memory the kernel kills a program of a host before any other
	 * process of the machine (oom_badness()). */
	if (exe < 0)
		set_out_of_memory_score();
	r = privilege_drop(&request->ids, request->grants);
	if (r >= 0) {
		if (exe < 0)
			filter_socket_families(request->families);
		char **args = (char **)(uintptr_t)argv;

		/* Last: this process has more data than a program may be given,
		 * and can allocate nothing afterwards. */
		if (request->memory)
			setrlimit(RLIMIT_DATA,
				  &(struct rlimit){ request->memory,
						    request->memory });
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

/* The fds are moved to 16 and above first, out of the way of the numbers that
 * the program expects (0 to 3) and of the init's own (3 and 4). */
static void start_process(const struct request *request, int *fds)
{
	int report[2], r = 0;
	pid_t pid;

	if (pipe2(report, O_CLOEXEC) < 0) {
		send_reply(REPLY_ANSWER, 0, error_origin(-errno, "pipe"));
		return;
	}
	for (size_t i = 0; i < request->n_fds; i++) {
		int high = fcntl(fds[i], F_DUPFD_CLOEXEC, 16);

		fd_close(fds[i]);
		fds[i] = high;
	}
	/* The memory is shared until exec: no page is copied, which would be
	 * most of the cost of a start. The child changes only what the init does
	 * not use, or has in common with its programs (the environment).
	 * NOLINTNEXTLINE(clang-analyzer-security.insecureAPI.vfork) */
	pid = vfork();
	if (pid == 0) {
		/* NOLINTNEXTLINE(clang-analyzer-unix.Vfork) */
		int high = fcntl(report[1], F_DUPFD_CLOEXEC, 16);

		become_program(request, fds, high);
	}
	fd_close(report[1]);
	for (size_t i = 0; i < request->n_fds; i++)
		fd_close(fds[i]);
	/* End of file: closed by exec. Otherwise the errno of exec. */
	if (pid < 0)
		r = error_origin(-errno, "fork");
	else if (fd_read_all(report[0], &r, sizeof(r)) == sizeof(r))
		r = error_origin(r, "start %s", request->arguments);
	fd_close(report[0]);
	last_start = nsec_now();
	send_reply(REPLY_ANSWER, pid, r);
}

static void send_signal(const struct request *request)
{
	int r = 0;

	/* kill(-1) excludes the caller; without any other process it fails with
	 * ESRCH. */
	if (kill(request->pid, request->signal) < 0 &&
	    !(errno == ESRCH && request->pid == -1))
		r = error_origin(-errno, "signal %d to process %d",
				 request->signal, request->pid);
	send_reply(REPLY_ANSWER, request->pid, r);
}

/* The instance of devpts is that of the path by which ptmx is opened
 * (devpts_acquire()); TIOCGPTPEER finds the slave from the master's path. */
static void open_terminal(void)
{
	CLEANUP_FD int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	int r = master < 0 ? error_origin(-errno, "open /dev/ptmx") : 0;

	send_reply_with_fd(REPLY_ANSWER, 0, r, master);
}

/* Orphaned grandchildren are reparented to the init, and reaped here too. */
static void reap(void)
{
	struct signalfd_siginfo info;
	int status;
	pid_t pid;

	if (read(CHILDREN, &info, sizeof(info)) < 0)
		return;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		send_reply(REPLY_EXITED, pid, status);
}

/* --- too many processes ------------------------------------------------- */

static bool is_pid(const char *name)
{
	return name[0] >= '1' && name[0] <= '9';
}

static unsigned int count_processes(void)
{
	DIR *proc = opendir("/proc");
	const struct dirent *entry;
	unsigned int n = 0;

	while (proc && (entry = readdir(proc)))
		n += is_pid(entry->d_name);
	if (proc)
		closedir(proc);
	return n;
}

/*
 * A process that forks without end would keep the machine busy until the end of
 * the run, also where the kernel limits the number (privilege_mounts_for_host()).
 * kill(-1) reaches all of them: while a fatal signal is pending, fork() fails
 * (copy_process()).
 */
static void check_processes(unsigned int limit)
{
	static bool reported;
	bool too_many = count_processes() > limit;

	/* Those that were killed count until they are reaped. */
	if (too_many)
		kill(-1, SIGKILL);
	if (too_many && !reported)
		send_reply(REPLY_KILLED_ALL, -1, 0);
	reported = too_many;
}

/* Seldom in a run of hours, whose time may be virtual. */
static nsec_t check_interval(void)
{
	return MIN(MAX((nsec_now() - last_start) / 50, MSEC(100)), SEC(60));
}

/* In milliseconds, for poll(2). */
static int until(nsec_t time)
{
	nsec_t now = nsec_now();

	return time > now ? (int)((time - now) / MSEC(1)) + 1 : 0;
}

static void serve(void)
{
	static struct request request;
	int fds[FDS];
	ssize_t n;

	n = fd_receive(CONTROL, &request, sizeof(request), fds, FDS);
	if (n <= 0)
		_exit(0);
	if (request.kind == REQUEST_START)
		start_process(&request, fds);
	else if (request.kind == REQUEST_TERMINAL)
		open_terminal();
	else
		send_signal(&request);
}

/* This process is a copy of the one that holds the world: it closes all of its
 * fds but the control socket. */
static void set_up_fds(int control)
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

/* Once for all programs: ignored signals (Python's SIGPIPE) would be inherited
 * through fork and exec. */
static void reset_signals(void)
{
	for (int number = 1; number < NSIG; number++)
		signal(number, SIG_DFL);
}

/* Programs and prompts show the host name. It is not essential, and the seccomp
 * profile of containers refuses it. */
static bool take_name(const char *name)
{
	return unshare(CLONE_NEWUTS) == 0 &&
	       sethostname(name, strlen(name)) == 0;
}

/* Ends by SIGKILL, or when `control` is closed. Its process name, "host-client"
 * (up to 15 characters), shows in ps which host it is. Who finds it by its name
 * enters its namespaces: it has the name when it has them. */
static void MACRO_NORETURN run_init(int control, int namespace,
				    const struct host_plan *plan)
{
	const char *name = plan->name;
	unsigned int limit = 0;
	nsec_t next_check = 0;
	char comm[32];
	struct pollfd wait[2] = { { .fd = CONTROL, .events = POLLIN },
				  { .fd = CHILDREN, .events = POLLIN } };

	if (setns(namespace, CLONE_NEWNET) < 0 || chdir("/") < 0)
		_exit(1);
	(void)take_name(name);
	if (plan->programs) {
		privilege_mounts_for_host(plan->processes);
		if (privilege_has_own_proc())
			limit = plan->processes;
	}
	setsid();
	reset_signals();
	if (privilege_keep_for_init(plan->grants) < 0)
		_exit(1);
	set_up_fds(control);
	snprintf(comm, sizeof(comm), "host-%s", name);
	prctl(PR_SET_NAME, comm);
	for (;;) {
		bool limited = limit && last_start;

		if (poll(wait, 2, limited ? until(next_check) : -1) < 0)
			continue;
		/* Exits first: the pid of a process that has been reaped must
		 * not be signalled. */
		if (wait[1].revents)
			reap();
		if (wait[0].revents)
			serve();
		if (limited && nsec_now() >= next_check) {
			check_processes(limit);
			next_check = nsec_now() + check_interval();
		}
	}
}

/* --- the control socket ----------------------------------------------- */

static void drop_init(struct host *host)
{
	host->source = loop_remove(host->source);
	host->control = fd_close(host->control);
	host->init = 0;
}

/* Returns 1 for an answer, and 0 when an exit, or the end of the init, was
 * passed on. */
static int take_reply(struct host *host, struct reply *ret)
{
	int fd;
	ssize_t n = fd_receive(host->control, ret, sizeof(*ret), &fd, 1);

	ret->fd = fd;
	if (n == -EAGAIN)
		return -EAGAIN;
	if (n < 0)
		return error_trace((int)n);
	if (n == 0) {
		drop_init(host);
		if (!host->is_powered_off)
			host->on_exit(host->data, host, 0, 0);
		return 0;
	}
	if (ret->kind == REPLY_ANSWER)
		return 1;
	host->on_exit(host->data, host, ret->pid, ret->status);
	return 0;
}

static int on_control(void *data, uint32_t events MACRO_UNUSED)
{
	struct host *host = data;
	struct reply reply;
	int r;

	do {
		r = take_reply(host, &reply);
		if (r >= 0)
			fd_close(reply.fd); /* of an answer that came late */
	} while (r >= 0 && host->init);
	return r == -EAGAIN || r >= 0 ? 0 : error_trace(r);
}

/* Far beyond any scheduling delay. An init that does not reply has been stopped
 * from outside. */
static const nsec_t init_timeout = SEC(10);

/* Sends a request and waits for its answer. Exits that are reported meanwhile
 * are passed on, so that on_exit() can be called from within. */
static int ask(struct host *host, const struct request *request, size_t size,
	       const int *fds, size_t n_fds, struct reply *ret)
{
	nsec_t deadline = nsec_now() + init_timeout;
	int r;

	if (!host->init)
		return error_origin(-EHOSTDOWN, "host %s", host->name);
	r = fd_send(host->control, request, size, fds, n_fds);
	if (r < 0)
		return error_trace(r);
	while ((r = take_reply(host, ret)) != 1) {
		struct pollfd wait = { .fd = host->control, .events = POLLIN };

		if (!host->init)
			return error_origin(-EHOSTDOWN, "host %s", host->name);
		if (r < 0 && r != -EAGAIN)
			return error_trace(r);
		if (nsec_now() > deadline)
			return error_refuse(-ETIMEDOUT,
					    "host %s: no reply from its init "
					    "within %.0f s",
					    host->name,
					    nsec_seconds(init_timeout));
		if (r == -EAGAIN)
			poll(&wait, 1, 1000);
	}
	/* The init's message is complete: it has the text of the errno. */
	if (ret->status < 0)
		return error_refuse(ret->status, "%s", ret->message);
	return 0;
}

/* --- making a host ---------------------------------------------------- */

size_t host_plan_cables(const struct host_plan *plan)
{
	static const uint8_t none[6];
	size_t n = 0;

	while (n < HOST_CABLES && memcmp(plan->cables[n].mac, none, 6) != 0)
		n++;
	return n;
}

bool host_plan_forwards(const struct host_plan *plan)
{
	return host_plan_cables(plan) > 1 && !plan->multihomed;
}

struct address cable_address(const struct cable_plan *cable, int family)
{
	for (size_t i = 0; i < HOST_ADDRESSES; i++)
		if (cable->addresses[i].family == family)
			return cable->addresses[i];
	return (struct address){ 0 };
}

/* A child of this process: its pid stays reserved until host_power_off() reaps
 * it. */
static int start_init(struct host *host, struct loop *loop)
{
	int pair[2], r;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return error_origin(-errno, "socketpair");
	pid = privilege_clone(CLONE_NEWPID, NULL);
	if (pid == 0)
		run_init(pair[1], host->namespace, &host->plan);
	fd_close(pair[1]);
	host->control = pair[0];
	if (pid < 0)
		return error_trace(pid);
	host->init = pid;
	r = fd_set_nonblocking(host->control);
	if (r < 0)
		return error_trace(r);
	return error_trace(loop_add_fd(loop, &host->source, host->control,
				       EPOLLIN, on_control, host));
}

/* Makes the host a router. Redirects are off, for they would change the paths
 * of a case. */
static int enable_forwarding(struct host *host, bool v6)
{
	static const struct sysctl_setting of_v4[] = {
		{ "net.ipv4.ip_forward", "1" },
		{ "net.ipv4.conf.all.send_redirects", "0" },
		{ "net.ipv4.conf.default.send_redirects", "0" },
		{ "net.ipv4.conf.all.accept_redirects", "0" },
		{ "net.ipv4.conf.default.accept_redirects", "0" },
	};
	/* IPv6 has no sysctl against sending redirects, and never sends one for
	 * a packet that leaves by another interface: ip6_forward(). */
	static const struct sysctl_setting of_v6[] = {
		{ "net.ipv6.conf.all.forwarding", "1" },
		{ "net.ipv6.conf.all.accept_redirects", "0" },
		{ "net.ipv6.conf.default.accept_redirects", "0" },
	};
	int r = sysctl_write(host->namespace, of_v4, ARRAY_SIZE(of_v4));

	if (r < 0)
		return error_trace(r);
	if (!v6)
		return 0;
	return error_trace(
		sysctl_write(host->namespace, of_v6, ARRAY_SIZE(of_v6)));
}

/* Before any other interface exists: each one copies "default". */
static int prepare_network(struct host *host)
{
	bool v6 = host_address(host, AF_INET6).family;
	/* "all" changes "default" and lo as well: addrconf_disable_ipv6(). */
	static const struct sysctl_setting without_v6[] = {
		{ "net.ipv6.conf.all.disable_ipv6", "1" },
	};
	/* No duplicate address detection and no router solicitations: they are
	 * noise in a capture. */
	static const struct sysctl_setting with_v6[] = {
		{ "net.ipv6.conf.all.disable_ipv6", "0" },
		{ "net.ipv6.conf.default.accept_dad", "0" },
		{ "net.ipv6.conf.default.router_solicitations", "0" },
	};
	static const struct sysctl_setting of_all[] = {
		/* Programs have no capabilities, and may use port 80 all the
		 * same. */
		{ "net.ipv4.ip_unprivileged_port_start", "0" },
		/* Inherited from the machine. Not every host has a route back
		 * to every address, and not every path is symmetric. */
		{ "net.ipv4.conf.all.rp_filter", "0" },
		{ "net.ipv4.conf.default.rp_filter", "0" },
	};
	int r = sysctl_write(host->namespace, of_all, ARRAY_SIZE(of_all));

	if (r < 0)
		return error_trace(r);
	r = v6 ? sysctl_write(host->namespace, with_v6, ARRAY_SIZE(with_v6)) :
		 sysctl_write(host->namespace, without_v6,
			      ARRAY_SIZE(without_v6));
	/* -ENOENT: a kernel without IPv6. */
	if (r < 0 && (r != -ENOENT || v6))
		return error_trace(r);
	if (host_plan_forwards(&host->plan)) {
		r = enable_forwarding(host, v6);
		if (r < 0)
			return error_trace(r);
	}
	r = rtnl_new(&host->rtnl, host->namespace);
	if (r < 0)
		return error_trace(r);
	return error_trace(rtnl_set_up(host->rtnl, LOOPBACK, true));
}

int host_new(struct host **ret, struct loop *loop, const struct host_plan *plan,
	     host_exit_fn on_exit, void *data)
{
	struct host *host = calloc(1, sizeof(*host));
	int r;

	if (!host)
		return error_origin(-ENOMEM, "host");
	host->plan = *plan;
	snprintf(host->name, sizeof(host->name), "%s", plan->name);
	host->plan.name = host->name;
	host->control = -1;
	host->on_exit = on_exit;
	host->data = data;
	host->namespace = namespace_new();
	r = host->namespace;
	if (r >= 0)
		r = prepare_network(host);
	if (r >= 0)
		r = start_init(host, loop);
	if (r < 0) {
		host_free(host);
		return error_trace(r);
	}
	*ret = host;
	return 0;
}

struct host *host_free(struct host *host)
{
	if (!host)
		return NULL;
	host_power_off(host);
	rtnl_free(host->rtnl);
	fd_close(host->namespace);
	free(host);
	return NULL;
}

const char *host_name(const struct host *host)
{
	return host->name;
}

const struct host_plan *host_plan(const struct host *host)
{
	return &host->plan;
}

struct address host_address(const struct host *host, int family)
{
	return cable_address(&host->plan.cables[0], family);
}

int host_namespace(const struct host *host)
{
	return host->namespace;
}

struct rtnl *host_rtnl(struct host *host)
{
	return host->rtnl;
}

bool host_is_running(const struct host *host)
{
	return host->init != 0;
}

pid_t host_init(const struct host *host)
{
	return host->init;
}

/* A socket belongs to the namespace that its thread is in when it is made. */
int host_socket(struct host *host, int family, int type, int protocol)
{
	int r = namespace_enter(host->namespace), fd, left;

	if (r < 0)
		return error_trace(r);
	fd = socket(family, type | SOCK_CLOEXEC, protocol);
	if (fd < 0)
		fd = error_origin(-errno, "socket in host %s", host->name);
	left = namespace_leave();
	if (left < 0) {
		fd_close(fd);
		return error_trace(left);
	}
	return fd;
}

/* --- programs --------------------------------------------------------- */

/* One after the other, each with its NUL. */
static int pack_arguments(struct request *request, const char *const *argv)
{
	size_t used = 0, n = 0;

	for (; *argv; argv++) {
		size_t size = strlen(*argv) + 1;

		if (++n > HOST_ARGUMENTS ||
		    used + size > sizeof(request->arguments))
			return error_origin(-E2BIG, "start %s", *argv);
		memcpy(request->arguments + used, *argv, size);
		used += size;
	}
	request->arguments_size = used;
	return 0;
}

pid_t host_start(struct host *host, const struct host_program *program)
{
	struct request request = { .kind = REQUEST_START,
				   .has_terminal = program->has_terminal,
				   .memory = program->memory,
				   .families = program->families,
				   .grants = program->grants,
				   .ids = program->ids ?
						  *program->ids :
						  privilege_program_ids() };
	struct reply reply;
	int fds[FDS];
	size_t n = 0;
	int r;

	r = pack_arguments(&request, program->argv);
	if (r < 0)
		return error_trace(r);
	request.numbers[n] = EXE;
	if (program->exe >= 0)
		fds[n++] = program->exe;
	for (int i = 0; i < 4; i++) {
		if (program->fds[i] < 0)
			continue;
		request.numbers[n] = i;
		fds[n++] = program->fds[i];
	}
	request.n_fds = n;
	r = ask(host, &request, sizeof(request), fds, n, &reply);
	return r < 0 ? error_trace(r) : reply.pid;
}

int host_open_terminal(struct host *host)
{
	struct request request = { .kind = REQUEST_TERMINAL };
	struct reply reply;
	int r = ask(host, &request, SHORT_REQUEST, NULL, 0, &reply);

	return r < 0 ? error_trace(r) : reply.fd;
}

int host_signal(struct host *host, pid_t pid, int signal)
{
	struct request request = { .kind = REQUEST_SIGNAL,
				   .pid = pid,
				   .signal = signal };
	struct reply reply;

	return error_trace(ask(host, &request, SHORT_REQUEST, NULL, 0, &reply));
}

/* Signal 0 to itself has no effect. */
int host_wait_ready(struct host *host)
{
	return error_trace(host_signal(host, 1, 0));
}

int host_kill(struct host *host)
{
	host->is_powered_off = true;
	if (host->init && kill(host->init, SIGKILL) < 0)
		return error_origin(-errno, "kill the init of %s", host->name);
	return 0;
}

int host_power_off(struct host *host)
{
	siginfo_t info;
	int r;

	if (!host->init)
		return 0;
	r = host_kill(host);
	if (r < 0)
		return error_trace(r);
	/* zap_pid_ns_processes(): an init can be reaped only when all processes
	 * of its namespace are gone. */
	while (waitid(P_PID, (id_t)host->init, &info, WEXITED) < 0)
		if (errno != EINTR)
			return error_origin(-errno, "waitid");
	drop_init(host);
	return 0;
}

/* --- processes in /proc ----------------------------------------------- */

static bool read_pid_namespace(int proc, const char *pid, char ret[64])
{
	char path[64];
	ssize_t n;

	snprintf(path, sizeof(path), "%.20s/ns/pid", pid);
	n = readlinkat(proc, path, ret, 63);
	if (n < 0)
		return false;
	ret[n] = '\0';
	return true;
}

/* The letter of proc_pid_stat(5). It follows the name in parentheses, which may
 * contain parentheses itself. 'X' for a process that is gone. */
static char read_state(int proc, const char *pid)
{
	char path[64], text[512];
	CLEANUP_FD int fd = -1;
	const char *close;
	ssize_t n;

	snprintf(path, sizeof(path), "%.20s/stat", pid);
	fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : fd_read_all(fd, text, sizeof(text) - 1);
	if (n < 0)
		return 'X';
	text[n] = '\0';
	close = strrchr(text, ')');
	return close && close[1] ? close[2] : 'X';
}

/* The threads of a process stop one after the other. */
static bool has_running_thread(int proc, const char *pid)
{
	bool runs = false;
	struct dirent *entry;
	char path[64];
	DIR *tasks;
	int fd;

	snprintf(path, sizeof(path), "%.20s/task", pid);
	fd = openat(proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	tasks = fd < 0 ? NULL : fdopendir(fd);
	if (!tasks) {
		fd_close(fd);
		return false;
	}
	while (!runs && (entry = readdir(tasks)))
		runs = entry->d_name[0] != '.' &&
		       !strchr("TtZX", read_state(fd, entry->d_name));
	closedir(tasks);
	return runs;
}

/* Whether any process of the namespace runs, except its init. */
static bool any_runs(DIR *proc, const char *init, const char *namespace)
{
	struct dirent *entry;

	rewinddir(proc);
	while ((entry = readdir(proc))) {
		char other[64];

		if (is_pid(entry->d_name) && strcmp(entry->d_name, init) != 0 &&
		    read_pid_namespace(dirfd(proc), entry->d_name, other) &&
		    strcmp(other, namespace) == 0 &&
		    has_running_thread(dirfd(proc), entry->d_name))
			return true;
	}
	return false;
}

/* A process acts upon a stop signal when it next returns from the kernel, which
 * is soon, and not at once. Where /proc cannot be read, this does not wait. */
static int wait_stopped(pid_t init)
{
	nsec_t start = nsec_now(), pause = USEC(100);
	char namespace[64], text[16];
	DIR *proc = privilege_has_own_proc() ? opendir("/proc") : NULL;
	int r = 0;

	snprintf(text, sizeof(text), "%d", init);
	if (!proc || !read_pid_namespace(dirfd(proc), text, namespace)) {
		if (proc)
			closedir(proc);
		return 0;
	}
	while (any_runs(proc, text, namespace)) {
		struct timespec ts = nsec_to_timespec(pause);

		if (nsec_now() - start > SEC(1)) {
			r = error_origin(-ETIMEDOUT, "freeze the processes");
			break;
		}
		clock_nanosleep(CLOCK_MONOTONIC, 0, &ts, NULL);
		pause *= 2;
	}
	closedir(proc);
	return r;
}

int host_freeze(struct host *host)
{
	int r = host_signal(host, -1, SIGSTOP);

	if (r < 0)
		return error_trace(r);
	return error_trace(wait_stopped(host->init));
}

int host_thaw(struct host *host)
{
	return error_trace(host_signal(host, -1, SIGCONT));
}

/* The second number of schedstat: sched_info.run_delay, in ns. */
static nsec_t read_run_delay(int proc, const char *pid)
{
	char path[64], text[128], *end;
	CLEANUP_FD int fd = -1;
	ssize_t n;

	snprintf(path, sizeof(path), "%.20s/schedstat", pid);
	fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : fd_read_all(fd, text, sizeof(text) - 1);
	if (n <= 0)
		return 0;
	text[n] = '\0';
	strtoull(text, &end, 10);
	return (nsec_t)strtoull(end, NULL, 10);
}

void host_each_run_delay(void (*fn)(void *data, pid_t pid, nsec_t waited),
			 void *data)
{
	DIR *proc = privilege_has_own_proc() ? opendir("/proc") : NULL;
	struct dirent *entry;

	if (!proc)
		return;
	while ((entry = readdir(proc)))
		if (is_pid(entry->d_name))
			fn(data, (pid_t)atoi(entry->d_name),
			   read_run_delay(dirfd(proc), entry->d_name));
	closedir(proc);
}

static void keep_longest(void *data, pid_t pid MACRO_UNUSED, nsec_t waited)
{
	nsec_t *longest = data;

	*longest = MAX(*longest, waited);
}

nsec_t host_longest_run_delay(void)
{
	nsec_t longest = 0;

	host_each_run_delay(keep_longest, &longest);
	return longest;
}
