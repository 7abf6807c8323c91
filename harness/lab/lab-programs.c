/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A program is a command line for sh(1). It starts in $FOLDER, its host's own
 * folder below the case's private /tmp, wherever halfopen was called from;
 * $HERE is the caller's folder. The address of each host is in a variable,
 * since name resolution may be unavailable (see name_hosts() in lab-script.c).
 *
 * Programs start before the timeline does: servers one after the other, each of
 * them waited for, so that a client's first SYN is never refused by a server
 * that is still starting; then all the clients, at time zero.
 */
#include "lab-programs.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <unistd.h>

#include "errors.h"
#include "faults-control.h"
#include "lab-value.h"
#include "program-find.h"

/* A program without a port to listen on may be a server or not: so long it is
 * waited for any listener in its host. */
static const nsec_t guess_patience = SEC(2);

/* Of each host and address there are variables. */
enum {
	ARGUMENTS = 2 * LAB_HOSTS + LAB_ADDRESSES + LAB_VARIABLES + 12,
};

/*
 * What runs a command line ($1). A command line that is a single program ($2)
 * replaces the shell, so that a signal reaches the program itself: not every
 * sh(1) does that for its last command.
 */
static const char launcher[] = "cd \"$FOLDER\" || exit 126\n"
			       "case $(command -v \"$2\") in\n"
			       "*/*) exec sh -c \"exec $1\" ;;\n"
			       "esac\n"
			       "exec sh -c \"$1\"";

struct entry {
	struct lab_programs *programs;
	const char *name; /* NULL: unused */
	struct program *process; /* NULL: not started */
	bool does_not_listen;
};

struct lab_programs {
	struct run *run;
	const struct lab_plan *plan;
	struct lab_events *events;
	struct entry all[LAB_PROGRAMS];
};

struct lab_programs *lab_programs_new(struct run *run,
				      const struct lab_plan *plan,
				      struct lab_events *events)
{
	struct lab_programs *programs = calloc(1, sizeof(*programs));

	if (!programs)
		run_broken(run, error_origin(-ENOMEM, "programs"));
	programs->run = run;
	programs->plan = plan;
	programs->events = events;
	return programs;
}

static const struct entry *find(const struct lab_programs *programs,
				const char *name)
{
	for (size_t i = 0; i < LAB_PROGRAMS && programs->all[i].name; i++)
		if (strcmp(programs->all[i].name, name) == 0)
			return &programs->all[i];
	return NULL;
}

static struct entry *find_or_add(struct lab_programs *programs,
				 const char *name)
{
	size_t i = 0;

	while (i < LAB_PROGRAMS && programs->all[i].name &&
	       strcmp(programs->all[i].name, name) != 0)
		i++;
	if (i == LAB_PROGRAMS)
		run_broken_because(programs->run, "more than %d programs",
				   LAB_PROGRAMS);
	programs->all[i].programs = programs;
	programs->all[i].name = name;
	return &programs->all[i];
}

const struct program *lab_program_find(const struct lab_programs *programs,
				       const char *name)
{
	const struct entry *entry = find(programs, name);

	return entry ? entry->process : NULL;
}

bool lab_program_runs(const struct lab_programs *programs, const char *name)
{
	const struct program *process = lab_program_find(programs, name);

	return process && !program_ended(process);
}

bool lab_program_does_not_listen(const struct lab_programs *programs,
				 const char *name)
{
	const struct entry *entry = find(programs, name);

	return entry && entry->does_not_listen;
}

/* --- the command line ----------------------------------------------------- */

static char *format(struct lab_programs *programs, const char *text, ...)
	MACRO_PRINTF(2, 3);

static char *format(struct lab_programs *programs, const char *text, ...)
{
	va_list args;
	char *made;
	int r;

	va_start(args, text);
	r = vasprintf(&made, text, args);
	va_end(args);
	if (r < 0)
		run_broken(programs->run,
			   error_origin(-ENOMEM, "command line"));
	return made;
}

/* The variable of host client-b is called client_b. */
static char *variable(char *assignment)
{
	for (char *at = assignment; *at != '='; at++)
		if (*at == '-')
			*at = '_';
	return assignment;
}

/* $client: an address. */
static char *address_variable(struct lab_programs *programs, const char *host)
{
	struct address address = run_address(programs->run, host);
	char text[ADDRESS_TEXT];

	return variable(
		format(programs, "%s=%s", host, address_text(&address, text)));
}

/* $FOLDER_client: for files that one host makes for another, such as a key. */
static char *folder_variable(struct lab_programs *programs, const char *host)
{
	return variable(format(programs, "FOLDER_%s=%s", host,
			       program_folder(programs->run, host)));
}

/* The first word of a command line without shell syntax; else "". */
static char *only_program(struct lab_programs *programs, const char *command)
{
	const char *word = command + strspn(command, " \t");
	size_t length = strcspn(word, " \t");

	if (strpbrk(command, "\n;&|<>()`#") || memchr(word, '=', length))
		length = 0;
	return format(programs, "%.*s", (int)length, word);
}

/* env(1) sets the variables: host_start() passes on the environment of this
 * process. The strings live as long as the run. */
static const char *const *command_line(struct lab_programs *programs,
				       const struct lab_program *program)
{
	const char **argv = calloc(ARGUMENTS + 1, sizeof(*argv));
	char *directories = program_directories(), *here = getcwd(NULL, 0);
	size_t n = 0;

	if (!argv || !directories)
		run_broken(programs->run,
			   error_origin(-ENOMEM, "command line"));
	argv[n++] = "env";
	argv[n++] = format(programs, "PATH=%s", directories);
	argv[n++] = format(programs, "FOLDER=%s",
			   program_folder(programs->run, program->host));
	if (here)
		argv[n++] = format(programs, "HERE=%s", here);
	for (size_t i = 0; i < programs->plan->n_hosts; i++) {
		const char *host = programs->plan->hosts[i].name;

		argv[n++] = address_variable(programs, host);
		argv[n++] = folder_variable(programs, host);
	}
	for (size_t i = 0; i < programs->plan->n_addresses; i++)
		argv[n++] = address_variable(programs,
					     programs->plan->addresses[i].name);
	if (program->terminal)
		argv[n++] = "TERM=dumb";
	for (const char *const *one = program->environment; one && *one; one++)
		argv[n++] = *one;
	argv[n++] = "sh";
	argv[n++] = "-c";
	argv[n++] = launcher;
	argv[n++] = "sh";
	argv[n++] = program->command;
	argv[n++] = only_program(programs, program->command);
	free(directories);
	free(here);
	return argv;
}

/* --- processes ------------------------------------------------------------ */

/* A line, its beginning, or NULL at the end. A pattern that is in the beginning
 * of a line is in the line, too: the first match is at the same place. */
static void on_output(void *data, struct program *process, const char *line)
{
	const struct entry *entry = data;
	struct lab_event event = { .kind = LAB_EVENT_LINE,
				   .at = nsec_now(),
				   .program = entry->name,
				   .text = line };

	if (!line) {
		event.kind = LAB_EVENT_EXIT;
		event.status = program_status(process);
	}
	lab_events_push(entry->programs->events, &event);
}

/* The folder is nobody's; without CAP_FOWNER only an owner may change its mode.
 */
static void open_folder(struct lab_programs *programs, const char *host)
{
	const char *folder = program_folder(programs->run, host);

	if (chown(folder, 0, 0) < 0 || chmod(folder, 01777) < 0)
		run_broken(programs->run,
			   error_origin(-errno, "open %s to users", folder));
}

/* One process cannot take the memory that the machine needs to end it. */
static uint64_t half_of_memory(void)
{
	struct sysinfo info;

	if (sysinfo(&info) < 0)
		return 0;
	return (uint64_t)info.totalram * info.mem_unit / 2;
}

static void start(struct lab_programs *programs,
		  const struct lab_program *program)
{
	struct entry *entry = find_or_add(programs, program->name);
	struct program_plan plan = { .name = program->name,
				     .start_text = program->command,
				     .argv = command_line(programs, program),
				     .has_terminal = program->terminal,
				     .memory = program->memory ?
						       program->memory :
						       half_of_memory(),
				     .families = program->families,
				     .grants = program->grants,
				     .lines = program->lines,
				     .ids = program->ids,
				     .may_end = true,
				     .on_output = on_output,
				     .data = entry };

	if (program->ids && geteuid() == 0)
		open_folder(programs, program->host);
	entry->process = program_launch(programs->run, program->host, &plan);
}

/* The same program may run again after its end, but not twice at once: its name
 * stands for one process. */
void lab_program_start(struct lab_programs *programs, const char *name)
{
	const struct lab_program *program =
		lab_plan_program(programs->plan, name);

	if (!program)
		run_broken_because(programs->run, "no program is called '%s'",
				   name);
	if (lab_program_runs(programs, name))
		run_note(programs->run, "run %s: it runs already", name);
	else if (!host_is_running(run_host(programs->run, program->host)))
		run_note(programs->run, "run %s: %s is dead", name,
			 program->host);
	else
		start(programs, program);
}

void lab_program_kill(struct lab_programs *programs,
		      const struct lab_action *action)
{
	const struct lab_program *program =
		lab_plan_program(programs->plan, action->program);
	const struct entry *entry = find(programs, action->program);

	if (!program || !lab_program_runs(programs, action->program)) {
		run_note(programs->run, "%s: it does not run", action->text);
		return;
	}
	if (fault_announce(programs->run, "kill", program->host, action->text))
		program_signal(entry->process, action->signal);
}

/* --- before the timeline -------------------------------------------------- */

struct search {
	uint16_t port; /* 0: any */
	unsigned int found;
};

static int see_listener(void *data, const struct diag_socket *socket)
{
	struct search *search = data;

	if (!search->port || search->port == socket->local_port)
		search->found++;
	return 0;
}

/* In either family: many servers listen on [::] for both. */
static unsigned int count_listeners(struct lab_programs *programs,
				    const char *host, uint16_t port)
{
	struct diag *diag = world_diag(programs->run->world, host);
	struct search search = { .port = port };
	int r = diag_each(diag, DIAG_LISTENERS, see_listener, &search);

	if (r < 0)
		run_broken(programs->run, r);
	return search.found;
}

static void MACRO_NORETURN refuse_silence(struct lab_programs *programs,
					  const struct lab_program *program)
{
	char limit[32], lines[640];

	lab_value_duration_text(program->listens_within, limit, sizeof(limit));
	program_last_lines(find(programs, program->name)->process, lines,
			   sizeof(lines));
	run_here(program->place.source ? program->place.source : "lab",
		 (int)program->place.line);
	run_broken_because(
		programs->run,
		"%s in %s does not listen on port %u after %s "
		"(listens-within); %s%s",
		program->name, program->host, program->listens, limit,
		*lines ? "last output: " : "it printed nothing", lines);
}

static void MACRO_NORETURN refuse_end(struct lab_programs *programs,
				      const struct lab_program *program)
{
	struct program *process = find(programs, program->name)->process;
	int status = program_status(process);
	char lines[640];

	program_last_lines(process, lines, sizeof(lines));
	run_here(program->place.source ? program->place.source : "lab",
		 (int)program->place.line);
	run_broken_because(
		programs->run,
		"%s in %s ended before it listened on port %u, %s %d; %s%s",
		program->name, program->host, program->listens,
		WIFSIGNALED(status) ? "by signal" : "with exit status",
		WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status),
		*lines ? "last output: " : "it printed nothing", lines);
}

static bool has_failed(const struct lab_programs *programs,
		       const struct lab_program *program)
{
	return program_status(find(programs, program->name)->process) != 0;
}

static bool is_end_expected(const struct lab_plan *plan,
			    const struct lab_program *program)
{
	for (size_t i = 0; i < plan->n_expectations; i++) {
		const struct lab_expectation *e = &plan->expectations[i];

		if ((e->kind == LAB_EXPECT_EXIT ||
		     e->kind == LAB_EXPECT_SIGNAL) &&
		    strcmp(e->program, program->name) == 0)
			return true;
	}
	return false;
}

/*
 * No event reports a listener: the kernel is asked every 2 ms, and later, when the
 * program has needed a second, every hundredth of its time. A client that
 * started without the server that it needs would be refused, and the lab would
 * show another incident than the planned one. A program that ends successfully
 * may have left a daemon, or be no server. `before` is the number of listeners
 * that the host had when the program started.
 */
static void wait_for_listener(struct lab_programs *programs,
			      const struct lab_program *program,
			      unsigned int before)
{
	nsec_t patience = program->listens ? program->listens_within :
					     guess_patience;
	nsec_t began = nsec_now(), deadline = nsec_add(began, patience);

	while (count_listeners(programs, program->host, program->listens) <=
	       before) {
		if (!lab_program_runs(programs, program->name)) {
			if (program->listens && has_failed(programs, program) &&
			    !is_end_expected(programs->plan, program))
				refuse_end(programs, program);
			find_or_add(programs, program->name)->does_not_listen =
				program->listens;
			return;
		}
		if (nsec_now() > deadline && program->listens)
			refuse_silence(programs, program);
		if (nsec_now() > deadline)
			return;
		run_wait(programs->run, NULL, NULL,
			 nsec_now() + MAX(MSEC(2), (nsec_now() - began) / 100));
	}
}

/* Any listener on the program's port counts; without a port, a new one of the
 * host. */
static void start_server(struct lab_programs *programs,
			 const struct lab_program *program)
{
	unsigned int before =
		program->listens ? 0 :
				   count_listeners(programs, program->host, 0);

	start(programs, program);
	wait_for_listener(programs, program, before);
}

/* What has a port to listen on, and whatever runs in the last host. */
static bool is_server(const struct lab_plan *plan,
		      const struct lab_program *program)
{
	const char *last = plan->hosts[plan->n_hosts - 1].name;

	return program->listens ||
	       (plan->n_hosts > 1 && strcmp(program->host, last) == 0);
}

static void start_all(struct lab_programs *programs, bool servers)
{
	const struct lab_plan *plan = programs->plan;

	for (size_t h = plan->n_hosts; h > 0; h--) {
		for (size_t i = 0; i < plan->n_programs; i++) {
			const struct lab_program *program = &plan->programs[i];

			if (program->later ||
			    is_server(plan, program) != servers ||
			    strcmp(program->host, plan->hosts[h - 1].name) != 0)
				continue;
			if (servers)
				start_server(programs, program);
			else
				start(programs, program);
		}
	}
}

void lab_programs_start_servers(struct lab_programs *programs)
{
	for (size_t i = 0; i < programs->plan->n_files; i++) {
		const struct lab_file *file = &programs->plan->files[i];

		program_file(programs->run, file->host, file->name, "%s",
			     file->text);
	}
	start_all(programs, true);
}

void lab_programs_start_clients(struct lab_programs *programs)
{
	start_all(programs, false);
}
