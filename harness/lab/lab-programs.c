/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "errors.h"
#include "lab-run.h"

/* A program that nobody said when to wait for is waited for so long, where it
 * might be a server. */
static const nsec_t listening_patience = SEC(2);

enum { ARGUMENTS = 60 };

/*
 * What runs a command line. In the place of the caller, where it can be entered
 * from within a host; else in the host's own folder. A program that is all of
 * its command line takes the shell's place (not every sh does that), so that a
 * signal is the program's; $4 is its name.
 */
static const char launcher[] = "cd \"$1\" 2>/dev/null || cd \"$2\"\n"
			       "case $(command -v \"$4\") in\n"
			       "*/*) exec sh -c \"exec $3\" ;;\n"
			       "esac\n"
			       "exec sh -c \"$3\"";

static char *format(struct lab *lab, const char *text, ...)
	MACRO_PRINTF(2, 3);

static char *format(struct lab *lab, const char *text, ...)
{
	va_list args;
	char *made;
	int r;

	va_start(args, text);
	r = vasprintf(&made, text, args);
	va_end(args);
	if (r < 0)
		run_broken(lab->run, error_origin(-ENOMEM, "command line"));
	return made;
}

/* A host's name in a variable's: client-b is client_b. */
static char *variable(char *assignment)
{
	for (char *at = assignment; *at != '='; at++)
		if (*at == '-')
			*at = '_';
	return assignment;
}

/* $client, $client_b: where names cannot be looked up. */
static char *address_variable(struct lab *lab, const char *host)
{
	struct address address = run_address(lab->run, host);
	char text[ADDRESS_TEXT];

	return variable(format(lab, "%s=%s", host,
			       address_text(&address, text)));
}

/* $FOLDER_client: what one has made for another, such as a key. */
static char *folder_variable(struct lab *lab, const char *host)
{
	return variable(format(lab, "FOLDER_%s=%s", host,
			       program_folder(lab->run, host)));
}

static void write_files(struct lab *lab, const char *host)
{
	for (size_t i = 0; i < lab->plan->n_files; i++) {
		const struct lab_file *file = &lab->plan->files[i];

		if (strcmp(file->host, host) == 0)
			program_file(lab->run, host, file->name, "%s",
				     file->text);
	}
}

struct lab_running *lab_program_find(const struct lab *lab, const char *name)
{
	for (size_t i = 0; i < LAB_PROGRAMS && lab->programs[i].name; i++)
		if (strcmp(lab->programs[i].name, name) == 0)
			return (struct lab_running *)(uintptr_t)&lab
				->programs[i];
	return NULL;
}

/* The same, or a new one. */
static struct lab_running *running(struct lab *lab, const char *name)
{
	struct lab_running *found = lab_program_find(lab, name);
	size_t i = 0;

	if (found)
		return found;
	while (i < LAB_PROGRAMS && lab->programs[i].name)
		i++;
	if (i == LAB_PROGRAMS)
		run_broken_because(lab->run, "more than %d programs",
				   LAB_PROGRAMS);
	lab->programs[i].name = name;
	return &lab->programs[i];
}

static const char *name_of(const struct lab *lab, const struct program *program)
{
	for (size_t i = 0; i < LAB_PROGRAMS && lab->programs[i].name; i++)
		if (lab->programs[i].program == program)
			return lab->programs[i].name;
	return "";
}

static void on_news(void *data, struct program *program, const char *line)
{
	struct lab *lab = data;
	struct lab_news news = { .kind = LAB_NEWS_LINE,
				 .at = nsec_now(),
				 .program = name_of(lab, program),
				 .text = line };

	lab->stirred = true;
	if (!line) {
		news.kind = LAB_NEWS_END;
		news.status = program_status(program);
	}
	lab_tell(lab, &news);
}

static void set_user(struct lab *lab, const char *name,
		     struct program_plan *plan)
{
	const struct passwd *user = name ? getpwnam(name) : NULL;

	/* The lab's own /etc/passwd knows one user more. */
	if (!name || geteuid() != 0)
		return;
	if (!user || user->pw_uid == 0)
		run_broken_because(lab->run, "no program can be %s's", name);
	plan->has_ids = true;
	plan->uid = user->pw_uid;
	plan->gid = user->pw_gid;
}

/* The first word of a command line that is nothing but words; else "". */
static char *only_program(struct lab *lab, const char *command)
{
	const char *word = command + strspn(command, " \t");
	size_t length = strcspn(word, " \t");

	if (strpbrk(command, "\n;&|<>()`#") || memchr(word, '=', length))
		length = 0;
	return format(lab, "%.*s", (int)length, word);
}

static const char *const *command(struct lab *lab,
				  const struct lab_program *program)
{
	const char **argv = calloc(ARGUMENTS + 1, sizeof(*argv));
	const char *folder = program_folder(lab->run, program->host);
	char *directories = program_directories(), *cwd = getcwd(NULL, 0);
	size_t n = 0;

	if (!argv || !directories)
		run_broken(lab->run, error_origin(-ENOMEM, "command line"));
	argv[n++] = "env";
	argv[n++] = format(lab, "PATH=%s", directories);
	argv[n++] = format(lab, "FOLDER=%s", folder);
	for (size_t i = 0; i < lab->plan->n_hosts; i++) {
		argv[n++] = address_variable(lab, lab->plan->hosts[i].name);
		argv[n++] = folder_variable(lab, lab->plan->hosts[i].name);
	}
	for (const char *const *one = program->environment; one && *one; one++) {
		if (n == ARGUMENTS - 8)
			run_broken_because(lab->run, "%s: too many variables",
					   program->name);
		argv[n++] = *one;
	}
	argv[n++] = "sh";
	argv[n++] = "-c";
	argv[n++] = launcher;
	argv[n++] = "sh";
	argv[n++] = cwd ? cwd : "/";
	argv[n++] = folder;
	argv[n++] = program->command;
	argv[n++] = only_program(lab, program->command);
	free(directories);
	return argv;
}

static void start(struct lab *lab, const struct lab_program *program)
{
	struct program_plan plan = { .name = program->name,
				     .told = program->command,
				     .argv = command(lab, program),
				     .may_end = true,
				     .on_news = on_news,
				     .data = lab };
	struct lab_running *slot = running(lab, program->name);

	set_user(lab, program->user, &plan);
	/* It may say something before this returns. */
	slot->program = program_launch(lab->run, program->host, &plan);
}

bool lab_program_runs(const struct lab *lab, const char *name)
{
	const struct lab_running *found = lab_program_find(lab, name);

	return found && found->program && !program_ended(found->program);
}

void lab_program_start(struct lab *lab, const char *name)
{
	const struct lab_program *program = lab_plan_program(lab->plan, name);

	if (!program)
		run_broken_because(lab->run, "no program is called '%s'", name);
	if (lab_program_runs(lab, name)) {
		run_note(lab->run, "%s runs already", name);
		return;
	}
	if (!host_is_running(run_host(lab->run, program->host))) {
		run_note(lab->run, "%s is off: %s cannot be started",
			 program->host, name);
		return;
	}
	start(lab, program);
}

/* --- in the beginning ----------------------------------------------------- */

struct search {
	uint16_t port; /* 0: any */
	bool found;
};

static int see_listener(void *data, const struct diag_socket *socket)
{
	struct search *search = data;

	if (socket->state == DIAG_LISTEN &&
	    (!search->port || search->port == socket->local_port))
		search->found = true;
	return 0;
}

/* Whatever the family: many a server listens on [::]. */
static bool listens(struct lab *lab, const char *host, uint16_t port)
{
	struct diag *diag = world_diag(lab->run->world, host);
	struct search search = { .port = port };
	int r = diag_each(diag, AF_INET, see_listener, &search);

	if (r >= 0)
		r = diag_each(diag, AF_INET6, see_listener, &search);
	if (r < 0)
		run_broken(lab->run, r);
	return search.found;
}

static void await_listener(struct lab *lab, const struct lab_program *program,
			   nsec_t patience)
{
	nsec_t from = nsec_now();

	while (!listens(lab, program->host, program->listens)) {
		if (!lab_program_runs(lab, program->name) ||
		    nsec_now() - from > patience) {
			if (program->listens)
				running(lab, program->name)->deaf = true;
			return;
		}
		run_wait(lab->run, NULL, NULL, nsec_now() + MSEC(2));
	}
}

/* The others wait for the timeline: what they do first belongs to it. */
static bool is_server(const struct lab *lab, const struct lab_program *program)
{
	size_t n = lab->plan->n_hosts;

	return program->listens ||
	       (n > 1 &&
		strcmp(program->host, lab->plan->hosts[n - 1].name) == 0);
}

static void start_host(struct lab *lab, const char *host, bool servers)
{
	for (size_t i = 0; i < lab->plan->n_programs; i++) {
		const struct lab_program *program = &lab->plan->programs[i];

		if (program->later || strcmp(program->host, host) != 0 ||
		    is_server(lab, program) != servers)
			continue;
		start(lab, program);
		if (servers)
			await_listener(lab, program,
				       program->listens ? SEC(10) :
							  listening_patience);
	}
}

static void start_all(struct lab *lab, bool servers)
{
	for (size_t i = lab->plan->n_hosts; i > 0; i--)
		start_host(lab, lab->plan->hosts[i - 1].name, servers);
}

void lab_programs_start_servers(struct lab *lab)
{
	for (size_t i = 0; i < lab->plan->n_hosts; i++)
		write_files(lab, lab->plan->hosts[i].name);
	start_all(lab, true);
}

void lab_programs_start_clients(struct lab *lab)
{
	start_all(lab, false);
}
