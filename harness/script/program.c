/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stdout and stderr of a program share one pipe, which the event loop reads.
 * Each line becomes a "call" record of the journal, with bytes that JSON and
 * terminals cannot take replaced. Reports of exits come from the host's init.
 */
#include "program-control.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "errors.h"
#include "fd.h"
#include "privilege.h"
#include "program-find.h"
#include "safe-text.h"

enum {
	PATH = 512,
	LINE = 256,
	LINES_MAX = 10000, /* kept and journalled, unless the plan says more */
	LAST_LINES = 4, /* of program_last_lines() */
};

struct program {
	struct program *next;
	struct run *run;
	char host[HOST_NAME], name[64];
	pid_t pid; /* 0: gone */
	bool may_end;
	void (*on_output)(void *data, struct program *program,
			  const char *line);
	void *data;
	int status; /* of wait(), once it is gone */
	nsec_t ended; /* 0: not yet */
	int input, output; /* -1: none */
	struct loop_source *source;
	struct program_line *lines; /* the latest first */
	unsigned int n_lines, lines_max;
	char line[LINE]; /* what it printed since the last newline */
	size_t used;
	/* Its last lines: line n, counted from 1, is last[n % LAST_LINES]. */
	char last[LAST_LINES][LINE];
	FILE *all; /* of program_output(): all lines; NULL: none */
	char *text;
	size_t text_size;
};

struct program_line {
	struct program_line *before;
	nsec_t at;
	char text[LINE];
};

struct program_folder {
	struct program_folder *next;
	char host[HOST_NAME], path[PATH];
};

/* For what the experiment needs; far beyond any scheduling delay. */
static const nsec_t needed_timeout = SEC(20);

/* --- files ---------------------------------------------------------------- */

/* The name is unique: in a container that refused a private /tmp, other runs
 * have their directories beside it. */
static void make_folder(struct run *run, struct program_folder *folder)
{
	struct privilege_ids ids = privilege_program_ids();

	snprintf(folder->path, sizeof(folder->path), "/tmp/%s-XXXXXX",
		 folder->host);
	if (!mkdtemp(folder->path))
		run_broken(run, error_origin(-errno, "mkdir %s", folder->path));
	if (geteuid() != ids.uid &&
	    chown(folder->path, ids.uid, ids.gid) < 0)
		run_broken(run, error_origin(-errno, "chown %s", folder->path));
}

const char *program_folder(struct run *run, const char *host)
{
	struct program_folder *folder = run->folders;

	while (folder && strcmp(folder->host, host) != 0)
		folder = folder->next;
	if (folder)
		return folder->path;
	folder = calloc(1, sizeof(*folder));
	if (!folder)
		run_broken(run, error_origin(-ENOMEM, "folder"));
	snprintf(folder->host, sizeof(folder->host), "%s",
		 host_name(run_host(run, host)));
	make_folder(run, folder);
	folder->next = run->folders;
	run->folders = folder;
	return folder->path;
}

const char *program_file(struct run *run, const char *host, const char *name,
			 const char *format, ...)
{
	struct privilege_ids ids = privilege_program_ids();
	char *path;
	FILE *file;
	va_list args;
	int r;

	if (asprintf(&path, "%s/%s", program_folder(run, host), name) < 0)
		run_broken(run, error_origin(-ENOMEM, "path"));
	file = fopen(path, "we");
	if (!file || fchmod(fileno(file), 0644) < 0)
		run_broken(run, error_origin(-errno, "write %s", path));
	/* vsftpd refuses a configuration that is another user's. */
	if (geteuid() != ids.uid && fchown(fileno(file), ids.uid, ids.gid) < 0)
		run_broken(run, error_origin(-errno, "chown %s", path));
	va_start(args, format);
	r = vfprintf(file, format, args);
	va_end(args);
	if (fclose(file) < 0 || r < 0)
		run_broken(run, error_origin(-errno, "write %s", path));
	return path;
}

/* --- output --------------------------------------------------------------- */

static char *line_before(struct program *program, unsigned int lines)
{
	return program->last[(program->n_lines - lines) % LAST_LINES];
}

static char *last_line(struct program *program)
{
	return line_before(program, 0);
}

/* For program_wait_line(). */
static void keep_line(struct program *program)
{
	struct program_line *line = malloc(sizeof(*line));

	if (!line)
		run_broken(program->run, error_origin(-ENOMEM, "line"));
	line->at = nsec_now();
	snprintf(line->text, sizeof(line->text), "%s", last_line(program));
	line->before = program->lines;
	program->lines = line;
}

static void end_line(struct program *program)
{
	char text[LINE + 120];

	if (!program->used)
		return;
	program->line[program->used] = '\0';
	safe_text(program->line, false);
	program->n_lines++;
	memcpy(last_line(program), program->line, LINE);
	program->used = 0;
	if (program->n_lines <= program->lines_max) {
		keep_line(program);
		snprintf(text, sizeof(text), "%s: %s%s", program->name,
			 last_line(program),
			 program->n_lines == program->lines_max ?
				 " (the journal has no more of its lines)" :
				 "");
		run_journal(program->run, nsec_now(), "call", "{s:s, s:s}",
			    "host", program->host, "text", text);
	}
	if (program->all)
		fprintf(program->all, "%s\n", last_line(program));
	if (program->on_output)
		program->on_output(program->data, program, last_line(program));
}

/* A line that is too long is divided between two characters. */
static void divide_line(struct program *program)
{
	size_t n = safe_text_incomplete(program->line, program->used);
	char rest[4];

	program->used -= n;
	memcpy(rest, program->line + program->used, n);
	end_line(program);
	memcpy(program->line, rest, n);
	program->used = n;
}

static void take_byte(struct program *program, char c)
{
	/* Progress meters end their lines with CR alone. */
	bool ends = c == '\n' || c == '\r';

	if (ends)
		end_line(program);
	else if (program->used == sizeof(program->line) - 1)
		divide_line(program);
	if (!ends)
		program->line[program->used++] = c ? c : '?';
}

/* Returns whether there may be more. End of file removes the source; that of a
 * pseudo-terminal is EIO (tty_read()). */
static bool take_output(struct program *program)
{
	char data[4096];
	ssize_t n = program->source ?
			    read(program->output, data, sizeof(data)) :
			    -1;

	for (ssize_t i = 0; i < n; i++)
		take_byte(program, data[i]);
	if (n > 0 || (n < 0 && !(program->source && errno == EIO)))
		return n > 0;
	end_line(program);
	program->source = loop_remove(program->source);
	program->output = fd_close(program->output);
	return false;
}

/* What it printed since the last newline, without a character that is not
 * complete. */
static void unfinished_line(const struct program *program, char text[LINE])
{
	size_t n = program->used -
		   safe_text_incomplete(program->line, program->used);

	memcpy(text, program->line, n);
	text[n] = '\0';
	safe_text(text, false);
}

/* A prompt has no newline, and a reader that waits for it must see it before
 * the next line. */
static void report_unfinished_line(struct program *program)
{
	char text[LINE];

	unfinished_line(program, text);
	if (*text && program->on_output)
		program->on_output(program->data, program, text);
}

static int on_output(void *data, uint32_t events MACRO_UNUSED)
{
	take_output(data);
	report_unfinished_line(data);
	return 0;
}

/* --- starting ------------------------------------------------------------- */

/* A program that opens /dev/stdout again needs to own the pipe. */
static void chown_output(const struct program_plan *plan, int fd)
{
	struct privilege_ids ids = plan->ids ? *plan->ids :
					       privilege_program_ids();

	if (geteuid() == 0 && fchown(fd, ids.uid, ids.gid) < 0)
		return; /* opening fails then, and the program reports it */
}

/*
 * The master becomes the program's output, and the slave all of its standard
 * streams. The slave is opened without its path, which is of the host's
 * mount namespace. Newlines are left alone, and nothing is echoed.
 */
static int open_terminal(struct host *host, const struct program_plan *plan,
			 int *ret_master)
{
	static const struct winsize size = { .ws_row = 24, .ws_col = 80 };
	int master = host_open_terminal(host), slave = -1;
	struct termios modes;

	if (master < 0)
		return error_trace(master);
	if (unlockpt(master) == 0)
		slave = ioctl(master, TIOCGPTPEER,
			      O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0) {
		slave = error_origin(-errno, "open a pseudo-terminal");
		fd_close(master);
		return slave;
	}
	tcgetattr(slave, &modes);
	modes.c_oflag &= (tcflag_t)~OPOST;
	modes.c_lflag &= (tcflag_t)~ECHO;
	tcsetattr(slave, TCSANOW, &modes);
	ioctl(slave, TIOCSWINSZ, &size);
	chown_output(plan, slave);
	*ret_master = master;
	return slave;
}

static void start_process(struct program *program, const char *path,
			  const struct program_plan *plan)
{
	struct host_program start = { .exe = -1,
				      .fds = { -1, -1, -1, -1 },
				      .memory = plan->memory,
				      .families = plan->families,
				      .grants = plan->grants,
				      .ids = plan->ids };
	struct host *host = run_host(program->run, program->host);
	const char *args[HOST_ARGUMENTS + 1] = { path };
	int input[2] = { -1, -1 }, output[2] = { -1, -1 }, terminal = -1;
	pid_t pid;

	for (size_t i = 1; plan->argv[i]; i++) {
		if (i == ARRAY_SIZE(args) - 1)
			run_broken_because(program->run,
					   "%s: at most %zu arguments",
					   program->name, i - 1);
		args[i] = plan->argv[i];
	}
	if (plan->has_terminal) {
		terminal = open_terminal(host, plan, &output[0]);
		if (terminal < 0)
			run_broken(program->run, terminal);
		start.has_terminal = true;
		start.fds[0] = start.fds[1] = start.fds[2] = terminal;
	} else {
		if (pipe2(output, O_CLOEXEC) < 0 ||
		    (plan->has_input && pipe2(input, O_CLOEXEC) < 0))
			run_broken(program->run, error_origin(-errno, "pipe"));
		chown_output(plan, output[1]);
		start.fds[0] = input[0];
		start.fds[1] = start.fds[2] = output[1];
	}
	program->input = input[1];
	program->output = output[0];
	start.argv = args;
	pid = host_start(host, &start);
	fd_close(input[0]);
	fd_close(output[1]);
	fd_close(terminal);
	if (pid < 0)
		run_broken(program->run, pid);
	program->pid = pid;
}

static void journal_program_start(struct program *program,
				  const struct program_plan *plan)
{
	const char *const *argv = plan->argv;
	char text[512];
	size_t used = 0;

	if (plan->start_text)
		snprintf(text, sizeof(text), "%s", plan->start_text);
	for (; !plan->start_text && *argv && used < sizeof(text); argv++)
		used += (size_t)snprintf(text + used, sizeof(text) - used,
					 "%s%s", used ? " " : "", *argv);
	/* A character that does not fit is cut off. */
	safe_text(text, true);
	run_journal(program->run, nsec_now(), "call", "{s:s, s:s}", "host",
		    program->host, "text", text);
}

struct program *program_launch(struct run *run, const char *host,
			       const struct program_plan *plan)
{
	struct program *program = calloc(1, sizeof(*program));
	char path[PATH];
	int r;

	if (!program)
		run_broken(run, error_origin(-ENOMEM, "program"));
	if (!program_find(plan->argv[0], path, sizeof(path)))
		run_broken_because(run,
				   "program %s: not found, and missing in "
				   ".needs",
				   plan->argv[0]);
	program->run = run;
	program->lines_max = plan->lines ? plan->lines : LINES_MAX;
	program->may_end = plan->may_end;
	program->on_output = plan->on_output;
	program->data = plan->data;
	snprintf(program->host, sizeof(program->host), "%s", host);
	snprintf(program->name, sizeof(program->name), "%s",
		 plan->name ? plan->name : plan->argv[0]);
	journal_program_start(program, plan);
	start_process(program, path, plan);
	r = fd_set_nonblocking(program->output);
	if (r >= 0)
		r = loop_add_fd(run->loop, &program->source, program->output,
				EPOLLIN, on_output, program);
	if (r < 0)
		run_broken(run, r);
	program->next = run->programs;
	run->programs = program;
	return program;
}

struct program *program_start(struct run *run, const char *host,
			      const char *const *argv)
{
	return program_launch(run, host,
			      &(struct program_plan){ .argv = argv });
}

struct program *program_start_with_input(struct run *run, const char *host,
					 const char *const *argv)
{
	return program_launch(
		run, host,
		&(struct program_plan){ .argv = argv, .has_input = true });
}

nsec_t program_ended(const struct program *program)
{
	return program->ended;
}

int program_status(const struct program *program)
{
	return program->status;
}

void program_signal(struct program *program, int signal)
{
	int r;

	program->may_end = true;
	r = host_signal(run_host(program->run, program->host), program->pid,
			signal);
	/* ESRCH: it has ended, and the report is on its way. */
	if (r < 0 && r != -ESRCH)
		run_broken(program->run, r);
}

void program_write(struct program *program, const char *text)
{
	size_t size = strlen(text);
	char record[LINE];

	if (program->input < 0)
		run_broken_because(program->run, "write to %s: no input pipe",
				   program->name);
	snprintf(record, sizeof(record), "%s: reads %.*s", program->name,
		 (int)strcspn(text, "\n"), text);
	run_journal(program->run, nsec_now(), "call", "{s:s, s:s}", "host",
		    program->host, "text", record);
	/* A pipe takes up to PIPE_BUF bytes in one write. */
	if (write(program->input, text, size) != (ssize_t)size)
		run_broken(program->run,
			   error_origin(-errno, "write to %s", program->name));
}

static bool is_listening(struct program *program, uint16_t port)
{
	struct run *run = program->run;
	struct address local = run_address(run, program->host);
	struct address any = { .family = local.family };
	struct diag_socket seen;
	int r = diag_find(world_diag(run->world, program->host), &seen, &local,
			  port, &any, 0);

	if (r < 0)
		run_broken(run, r);
	return r > 0;
}

/* The kernel reports no new listeners: ask again after 1/50 of the time already
 * waited. */
void program_wait_listening(struct program *program, uint16_t port)
{
	nsec_t start = nsec_now(), now = start;

	while (!is_listening(program, port)) {
		if (now - start > needed_timeout)
			run_broken_because(
				program->run, "%s in %s does not listen: %s",
				program->name, program->host,
				last_line(program));
		run_wait(program->run, NULL, NULL,
			 now + MAX((now - start) / 50, MSEC(1)));
		now = nsec_now();
	}
}

/* --- waiting -------------------------------------------------------------- */

struct awaited {
	const struct program *program;
	nsec_t since;
	const char *text;
	nsec_t at; /* 0: not yet */
};

/* `at` is the time of the earliest matching line; lines are newest first. */
static bool has_come(void *data)
{
	struct awaited *awaited = data;

	for (const struct program_line *line = awaited->program->lines;
	     line && line->at >= awaited->since; line = line->before)
		if (strstr(line->text, awaited->text))
			awaited->at = line->at;
	return awaited->at > 0;
}

nsec_t program_wait_line(struct program *program, struct mark since,
			 const char *text, nsec_t timeout)
{
	struct awaited awaited = { .program = program,
				   .since = since.at,
				   .text = text };

	run_wait(program->run, has_come, &awaited,
		 nsec_add(nsec_now(), timeout));
	return awaited.at;
}

static bool has_ended(void *data)
{
	const struct program *program = data;

	return program->ended > 0;
}

int program_wait_end(struct program *program, nsec_t timeout, nsec_t *ret_at)
{
	program->may_end = true;
	if (!run_wait(program->run, has_ended, program,
		      nsec_add(nsec_now(), timeout)))
		return -1;
	if (ret_at)
		*ret_at = program->ended;
	return WIFEXITED(program->status) ? WEXITSTATUS(program->status) : -2;
}

const char *program_output(struct run *run, const char *host,
			   const char *const *argv)
{
	struct program *program = program_start(run, host, argv);
	int status;

	program->all = open_memstream(&program->text, &program->text_size);
	if (!program->all)
		run_broken(run, error_origin(-ENOMEM, "output"));
	status = program_wait_end(program, needed_timeout, NULL);
	if (status == -1)
		run_broken_because(run, "%s in %s does not end", program->name,
				   program->host);
	if (status != 0)
		run_broken_because(run, "%s in %s failed (%d): %s",
				   program->name, program->host, status,
				   last_line(program));
	fclose(program->all);
	program->all = NULL;
	return program->text;
}

void program_last_lines(struct program *program, char *ret, size_t size)
{
	unsigned int n = MIN(program->n_lines, (unsigned int)LAST_LINES);
	char unfinished[LINE];
	size_t used = 0;

	ret[0] = '\0';
	unfinished_line(program, unfinished);
	while (n-- && used < size)
		used += (size_t)snprintf(ret + used, size - used, "%s'%s'",
					 used ? ", " : "",
					 line_before(program, n));
	if (*unfinished && used < size)
		snprintf(ret + used, size - used, "%s'%s'", used ? ", " : "",
			 unfinished);
	/* A character that does not fit is cut off. */
	safe_text(ret, false);
}

/* --- the end -------------------------------------------------------------- */

void program_remove_host(struct run *run, const char *host)
{
	for (struct program *p = run->programs; p; p = p->next)
		if (strcmp(p->host, host) == 0 && p->pid) {
			p->pid = 0;
			p->ended = nsec_now();
			p->status = -1;
			if (p->on_output)
				p->on_output(p->data, p, NULL);
		}
}

static void journal_program_end(struct program *program)
{
	char text[96];

	snprintf(text, sizeof(text), "%s ends, %s %d", program->name,
		 WIFSIGNALED(program->status) ? "signal" : "exit status",
		 WIFSIGNALED(program->status) ? WTERMSIG(program->status) :
						WEXITSTATUS(program->status));
	run_journal(program->run, program->ended, "call",
		    "{s:s, s:s, s:i, s:s}", "host", program->host, "program",
		    program->name,
		    WIFSIGNALED(program->status) ? "signal" : "status",
		    WIFSIGNALED(program->status) ? WTERMSIG(program->status) :
						   WEXITSTATUS(program->status),
		    "text", text);
}

/* What the program printed before its end is still in the pipe. */
void program_on_exit(struct run *run, struct host *host, pid_t pid, int status)
{
	for (struct program *p = run->programs; p; p = p->next) {
		if (p->pid != pid || strcmp(p->host, host_name(host)) != 0)
			continue;
		p->pid = 0;
		while (take_output(p))
			;
		p->status = status;
		p->ended = nsec_now();
		if (p->may_end) {
			journal_program_end(p);
			if (p->on_output)
				p->on_output(p->data, p, NULL);
			continue;
		}
		run_broken_because(
			run, "%s in %s ended unexpectedly (%s %d): %s", p->name,
			p->host, WIFSIGNALED(status) ? "signal" : "status",
			WIFSIGNALED(status) ? WTERMSIG(status) :
					      WEXITSTATUS(status),
			last_line(p));
	}
}
