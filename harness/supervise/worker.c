/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The child is cloned into new namespaces (privilege_clone()) and waits on the
 * pipe START until the parent has written its uid map. It writes its journal to
 * the pipe JOURNAL; end of file on that pipe is the end of the run. Then the
 * process is killed, so that nothing of its namespaces survives, and reaped when
 * its pidfd becomes readable. A run without a verdict by then is BROKEN.
 *
 * A run that exceeds its time limit is ended in the same way.
 */
#include "worker.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "case-process.h"
#include "case-table.h"
#include "errors.h"
#include "fd.h"
#include "journal.h"
#include "message.h"
#include "keep.h"
#include "out-folder.h"
#include "privilege.h"

enum {
	PIPE_SIZE = 1 << 20,
	/* File descriptors of the child. */
	JOURNAL = 3,
	EXE,
	PARENT, /* pidfd of the supervisor */
	START,
	SOFTIRQS, /* any number; then the prompt of a lab, if there is one */
	KEPT_MAX = SOFTIRQS - JOURNAL + SOFTIRQS_MAX + 1,
};

/* Beyond twice the planned duration: for making the world and for reading. */
static const nsec_t grace = SEC(30);

struct worker {
	struct loop *loop;
	const struct run_job *job;
	struct worker_events events;
	struct result *result;
	pid_t pid; /* 0: reaped */
	int pidfd, pipe;
	struct out_run *files; /* below --out; NULL: none */
	int file_error; /* of writing them; 0, or a negative errno */
	struct loop_source *readable, *deadline, *death;
	nsec_t limit; /* of its duration */
	char *buffer;
	size_t used, space;
	bool ready, reported;
};

struct result *worker_result(const struct worker *worker)
{
	return worker->result;
}

struct result *worker_take_result(struct worker *worker)
{
	struct result *result = TAKE(worker->result);

	if (result && result_parse_frames(result) < 0)
		result_broken(result, error_trail());
	return result;
}

const struct run_job *worker_job(const struct worker *worker)
{
	return worker->job;
}

bool worker_is_ready(const struct worker *worker)
{
	return worker->ready;
}

bool worker_is_dead(const struct worker *worker)
{
	return !worker->pid;
}

int worker_file_error(const struct worker *worker)
{
	return worker->file_error;
}

/* --- the child -------------------------------------------------------- */

/* Closes all others: copies of the supervisor's would keep the pipes of other runs
 * open. */
static int keep_only(const int *fds, size_t n)
{
	int high[KEPT_MAX];

	/* First to numbers above all the targets. F_DUPFD fails with EINVAL
	 * where all numbers from there on are above the limit. */
	for (size_t i = 0; i < n; i++) {
		high[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, JOURNAL + (int)n);
		if (high[i] < 0)
			return error_origin(errno == EINVAL ? -EMFILE : -errno,
					    "pass %zu files to the run (ulimit "
					    "-n)",
					    n);
	}
	for (size_t i = 0; i < n; i++)
		dup3(high[i], JOURNAL + (int)i, O_CLOEXEC);
	close_range((unsigned int)(JOURNAL + (int)n), ~0U, 0);
	return 0;
}

/* The end of a run that cannot be started: its only record. */
static void MACRO_NORETURN give_up(int fd)
{
	struct journal *journal;

	if (journal_new(&journal, fd, nsec_now()) >= 0)
		journal_write(journal, nsec_now(), "verdict", "{s:s, s:s, s:b}",
			      "verdict", "broken", "reason", error_message(),
			      "inconclusive", 0);
	_exit(1);
}

/*
 * A parent that died before prctl() sends no signal, and getppid() is 0 in a new
 * PID namespace. Its pidfd, opened before the clone, is readable if it is dead.
 */
static void die_with_parent(void)
{
	struct pollfd parent = { .fd = PARENT, .events = POLLIN };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (poll(&parent, 1, 0) != 0)
		_exit(1);
}

static void MACRO_NORETURN child(const struct run_options *options,
				 const struct run_job *job, bool rootless,
				 const int *fds, size_t n)
{
	static struct run_options own;
	sigset_t none;
	char byte;

	if (keep_only(fds, n) < 0)
		give_up(fds[0]);
	die_with_parent();
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	/* Without a uid map most system calls fail here. */
	if (read(START, &byte, 1) != 1)
		_exit(1);
	close(START);
	own = *options;
	own.exe = EXE;
	own.rootless = rootless;
	for (size_t i = 0; i < own.softirqs.n; i++)
		own.softirqs.fds[i] = SOFTIRQS + (int)i;
	if (own.prompt)
		own.prompt = SOFTIRQS + (int)own.softirqs.n;
	case_process_main(&own, job, JOURNAL);
}

/* --- the journal ------------------------------------------------------ */

static void report_end(struct worker *worker)
{
	if (worker->reported)
		return;
	worker->reported = true;
	worker->events.ended(worker->events.data, worker);
}

static void reap(struct worker *worker)
{
	int status = 0;
	char reason[96];

	worker->death = loop_remove(worker->death);
	while (waitpid(worker->pid, &status, 0) < 0 && errno == EINTR)
		;
	worker->pid = 0;
	if (worker->result && !worker->result->has_verdict) {
		snprintf(reason, sizeof(reason),
			 WIFSIGNALED(status) ?
				 R_("the case process was killed by signal %d") :
				 R_("the case process ended with exit status %d"),
			 WIFSIGNALED(status) ? WTERMSIG(status) :
					       WEXITSTATUS(status));
		result_broken(worker->result, reason);
	}
}

static int on_death(void *data, uint32_t events MACRO_UNUSED)
{
	struct worker *worker = data;

	reap(worker);
	report_end(worker);
	return 0;
}

/* A run whose files are incomplete must not look like a pass. */
static void close_files(struct worker *worker)
{
	struct result *result = worker->result;
	char reason[160];

	worker->file_error = out_run_close(TAKE(worker->files));
	if (worker->file_error >= 0 || !result->has_verdict ||
	    result->verdict == VERDICT_FAIL)
		return;
	snprintf(reason, sizeof(reason),
		 R_("write the journal and the capture: %s"),
		 strerror(-worker->file_error));
	result_broken(result, reason);
}

/*
 * The pipe is at its end. The death of the process takes 10 ms or more, because
 * closing the wire's socket waits for an RCU grace period (packet_release()). If
 * the verdict is known, the end is reported at once.
 */
static int finish(struct worker *worker)
{
	int r;

	worker->readable = loop_remove(worker->readable);
	worker->deadline = loop_remove(worker->deadline);
	worker->pipe = fd_close(worker->pipe);
	close_files(worker);
	kill(worker->pid, SIGKILL);
	r = loop_add_fd(worker->loop, &worker->death, worker->pidfd, EPOLLIN,
			on_death, worker);
	if (r < 0)
		return error_trace(r);
	if (worker->result->has_verdict)
		report_end(worker);
	return 0;
}

static int take_frame(struct worker *worker, const struct journal_packet *frame,
		      const char *line, size_t size)
{
	int r;

	if (worker->files)
		out_run_add_frame(worker->files, frame, line, size);
	r = result_take_frame(worker->result, line, size);
	if (r >= 0 && worker->events.frame)
		worker->events.frame(worker->events.data, worker, frame, line,
				     size);
	return error_trace(r);
}

/* `line` ends with a newline, which `size` does not include. */
static int take_line(struct worker *worker, const char *line, size_t size)
{
	struct journal_packet frame;
	const char *type;
	json_t *record;
	int r;

	if (journal_read_packet(&frame, line, size))
		return error_trace(take_frame(worker, &frame, line, size));
	r = journal_parse(&record, line, size);
	if (r < 0)
		return error_trace(r);
	if (worker->files)
		out_run_add(worker->files, record, line, size);
	type = json_string_value(json_object_get(record, "type"));
	/* A verdict without "ready": the world was never made. */
	if (strcmp(type, "ready") == 0 || strcmp(type, "verdict") == 0)
		worker->ready = true;
	r = result_take(worker->result, record);
	if (r < 0)
		return error_trace(r);
	worker->events.record(worker->events.data, worker, record);
	if (strcmp(type, "kept") == 0) {
		worker->deadline = loop_remove(worker->deadline);
		keep_print(result_name(worker->result), worker->pid, record);
	}
	return 0;
}

static int take_lines(struct worker *worker)
{
	char *from = worker->buffer, *end = from + worker->used, *newline;

	while ((newline = memchr(from, '\n', (size_t)(end - from)))) {
		int r = take_line(worker, from, (size_t)(newline - from));

		if (r < 0)
			return error_trace(r);
		from = newline + 1;
	}
	worker->used = (size_t)(end - from);
	memmove(worker->buffer, from, worker->used);
	return 0;
}

static int make_room(struct worker *worker)
{
	size_t space = worker->space ? worker->space * 2 : 1 << 16;
	char *grown;

	if (worker->space - worker->used > 4096)
		return 0;
	grown = realloc(worker->buffer, space);
	if (!grown)
		return error_origin(-ENOMEM, "journal");
	worker->buffer = grown;
	worker->space = space;
	return 0;
}

/* Returns the number of bytes read; 0 when there are none now, or at the end. */
static ssize_t read_some(struct worker *worker)
{
	ssize_t n;
	int r = make_room(worker);

	if (r < 0)
		return error_trace(r);
	n = read(worker->pipe, worker->buffer + worker->used,
		 worker->space - worker->used);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0) {
		r = finish(worker);
		return error_trace(r);
	}
	worker->used += (size_t)n;
	if (take_lines(worker) >= 0)
		return n;
	result_broken(worker->result, error_trail());
	return error_trace(finish(worker));
}

/* Reads all that the pipe holds, at most its size. After Ctrl-Z and fg the time
 * limit has expired too: a verdict in the pipe must come first. */
static int on_readable(void *data, uint32_t events MACRO_UNUSED)
{
	struct worker *worker = data;
	ssize_t n = 1;

	for (ssize_t all = 0; n > 0 && all < PIPE_SIZE; all += n)
		n = read_some(worker);
	/* Not after each record: a transfer has thousands in one pipe. */
	if (worker->files)
		out_run_flush(worker->files);
	return n < 0 ? error_trace((int)n) : 0;
}

static int on_deadline(void *data)
{
	struct worker *worker = data;
	char reason[96];

	snprintf(reason, sizeof(reason),
		 R_("time limit: the run did not end within %.0f s"),
		 nsec_seconds(worker->limit));
	if (!worker->result->has_verdict)
		result_broken(worker->result, reason);
	return error_trace(finish(worker));
}

/* --- starting --------------------------------------------------------- */

static int clone_child(struct worker *worker,
		       const struct run_options *options)
{
	CLEANUP_FD int journal = -1, go_read = -1, go = -1, self = -1;
	/* Read before the clone: in its own user namespace the child is root. */
	bool rootless = privilege_rootless();
	int pipe_fds[2], go_fds[2], fds[KEPT_MAX], r;
	size_t n = 0;
	pid_t pid;

	if (pipe2(pipe_fds, O_CLOEXEC) < 0)
		return error_origin(-errno, "pipe");
	worker->pipe = pipe_fds[0];
	journal = pipe_fds[1];
	if (pipe2(go_fds, O_CLOEXEC) < 0)
		return error_origin(-errno, "pipe");
	go_read = go_fds[0];
	go = go_fds[1];
	fcntl(journal, F_SETPIPE_SZ, PIPE_SIZE);
	self = (int)syscall(SYS_pidfd_open, getpid(), 0);
	if (self < 0)
		return error_origin(-errno, "pidfd_open");
	fds[n++] = journal;
	fds[n++] = options->exe;
	fds[n++] = self;
	fds[n++] = go_read;
	for (size_t i = 0; i < options->softirqs.n; i++)
		fds[n++] = options->softirqs.fds[i];
	if (options->prompt)
		fds[n++] = options->prompt;
	pid = privilege_clone(privilege_clone_flags(), &worker->pidfd);
	if (pid == 0)
		child(options, worker->job, rootless, fds, n);
	if (pid < 0)
		return error_trace(pid);
	worker->pid = pid;
	r = privilege_map_child(pid);
	if (r >= 0)
		r = fd_write_all(go, "", 1);
	return error_trace(r);
}

/* Clamped: a month times a large --timeout-mul exceeds nsec_t. */
static nsec_t time_limit(const struct run_job *job, double multiplier)
{
	nsec_t planned = testcase_duration(job->testcase, job->variant);
	nsec_t preparation = job->testcase->preparation;
	double limit = ((double)planned * 2 + (double)preparation +
			(double)grace) *
		       multiplier;

	return limit < (double)(NSEC_NEVER / 2) ? (nsec_t)limit : NSEC_NEVER;
}

static int begin(struct worker *worker, const struct run_options *options,
		 const char *out)
{
	const struct run_job *job = worker->job;
	int r;

	r = result_new(&worker->result, job->testcase, job->variant,
		       options->family == AF_INET6 ? 6 : 4, job->repetition,
		       job->attempt);
	if (r >= 0 && out)
		r = out_run_new(&worker->files, out, worker->result);
	if (r >= 0)
		r = clone_child(worker, options);
	if (r >= 0)
		r = fd_set_nonblocking(worker->pipe);
	if (r >= 0)
		r = loop_add_fd(worker->loop, &worker->readable, worker->pipe,
				EPOLLIN, on_readable, worker);
	worker->limit = time_limit(job, options->timeout_multiplier);
	if (r >= 0)
		r = loop_add_timer(worker->loop, &worker->deadline,
				   nsec_add(nsec_now(), worker->limit),
				   on_deadline, worker);
	return error_trace(r);
}

int worker_start(struct worker **ret, struct loop *loop,
		 const struct run_options *options, const struct run_job *job,
		 const char *out, const struct worker_events *events)
{
	struct worker *worker = calloc(1, sizeof(*worker));
	int r;

	if (!worker)
		return error_origin(-ENOMEM, "run");
	worker->loop = loop;
	worker->job = job;
	worker->events = *events;
	worker->pipe = worker->pidfd = -1;
	r = begin(worker, options, out);
	if (r < 0) {
		worker_free(worker);
		return error_trace(r);
	}
	*ret = worker;
	return 0;
}

struct worker *worker_free(struct worker *worker)
{
	if (!worker)
		return NULL;
	loop_remove(worker->readable);
	loop_remove(worker->deadline);
	if (worker->pid > 0) {
		kill(worker->pid, SIGKILL);
		reap(worker);
	}
	fd_close(worker->pidfd);
	fd_close(worker->pipe);
	out_run_close(worker->files);
	result_free(worker->result);
	free(worker->buffer);
	free(worker);
	return NULL;
}
