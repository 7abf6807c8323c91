/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab-session.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "end-signals.h"
#include "errors.h"
#include "fd.h"
#include "lab-action.h"
#include "lab-script.h"
#include "lab-shell.h"
#include "lab-value.h"
#include "lab-view.h"
#include "process.h"
#include "worker.h"

enum { LINE = 1024 };

struct session {
	const struct lab_session_plan *plan;
	struct loop *loop;
	struct run_job job;
	struct run_options options;
	struct worker *worker;
	struct result *result; /* once it has ended */
	struct lab_view view;
	int signals, prompt; /* prompt: our end */
	int signal; /* that ends it at once; 0: none */
	bool interrupted; /* once: the timeline ends */
	struct loop_source *input, *pause, *rest;
	char line[LINE];
	size_t used;
	bool no_more_input;
	pid_t shell; /* 0: none */
	bool for_shell; /* the lab lasts as long as it */
};

/* --- saying something to the lab ------------------------------------------ */

static void tell(struct session *s, const char *words)
{
	if (s->prompt >= 0 &&
	    send(s->prompt, words, strlen(words), MSG_NOSIGNAL) < 0)
		s->prompt = fd_close(s->prompt);
}

static void end_timeline(struct session *s)
{
	tell(s, LAB_PROMPT_END);
}

/* --- shells --------------------------------------------------------------- */

static int listen_to_input(struct session *s);

static void start_shell(struct session *s, const char *host)
{
	pid_t init = lab_shell_find(host);

	if (!init) {
		printf("no host that runs is called '%s'\n", host);
		return;
	}
	s->shell = lab_shell_start(init, host);
	if (s->shell < 0) {
		printf("%s\n", error_message());
		s->shell = 0;
		return;
	}
	/* What is typed is the shell's. */
	s->input = loop_remove(s->input);
}

/* Ctrl-C is the shell's while there is one. */
static void reap_shell(struct session *s)
{
	int status;

	if (!s->shell || waitpid(s->shell, &status, WNOHANG) != s->shell)
		return;
	s->shell = 0;
	lab_shell_end();
	if (s->for_shell)
		end_timeline(s);
	else if (s->plan->interactive && !s->no_more_input && !s->pause &&
		 listen_to_input(s) < 0)
		printf("%s\n", error_message());
}

/* --- the prompt ----------------------------------------------------------- */

static bool has_prompt(const struct session *s)
{
	return s->plan->interactive && isatty(STDIN_FILENO) &&
	       isatty(STDOUT_FILENO) && !s->shell;
}

static void print_prompt(const struct session *s)
{
	if (has_prompt(s)) {
		fputs("> ", stdout);
		fflush(stdout);
	}
}

/* What comes in stands above the prompt. */
static void lift_prompt(const struct session *s)
{
	if (has_prompt(s))
		fputs("\r\033[K", stdout);
}

static bool is_host(const struct session *s, const char *name)
{
	if (!name || lab_plan_host(s->plan->plan, name))
		return true;
	printf("no host is called '%s'\n", name);
	return false;
}

static bool is_program(const struct session *s,
		       const struct lab_action *action)
{
	if (!action->program || action->command ||
	    lab_plan_program(s->plan->plan, action->program))
		return true;
	printf("no program and no host is called '%s'\n", action->program);
	return false;
}

/* What somebody typed is checked here, where he can be told. */
static void say_action(struct session *s, const char *words)
{
	struct lab_action action;

	if (lab_action_parse(s->plan->plan, words, NULL, &action) < 0) {
		printf("%s\n", error_message());
		return;
	}
	if (!is_host(s, action.host) || !is_host(s, action.from) ||
	    !is_host(s, action.to) || !is_host(s, action.peer) ||
	    !is_program(s, &action) ||
	    lab_plan_add_command(s->plan->plan, &action, NULL) < 0)
		return;
	tell(s, words);
}

static int on_pause_over(void *data);

static void wait_a_while(struct session *s, const char *text)
{
	nsec_t duration;

	if (lab_value_duration(text, &duration) < 0) {
		printf("%s\n", error_message());
		return;
	}
	s->input = loop_remove(s->input);
	if (loop_add_timer(s->loop, &s->pause, nsec_now() + duration,
			   on_pause_over, s) < 0)
		printf("%s\n", error_message());
}

static void print_words(void)
{
	lab_action_print_help(stdout);
	printf("\n  states          every socket, as it is now\n"
	       "  shell HOST      a shell in that host\n"
	       "  wait DURATION   reads on after that\n"
	       "  quit            (or Ctrl-D) end\n");
}

static void take_words(struct session *s, char *words)
{
	words += strspn(words, " \t\r");
	for (size_t n = strlen(words); n && strchr(" \t\r", words[n - 1]); n--)
		words[n - 1] = '\0';
	if (!*words || *words == '#')
		return;
	if (strcmp(words, "help") == 0)
		print_words();
	else if (strcmp(words, "end") == 0 || strcmp(words, "quit") == 0)
		end_timeline(s);
	else if (strcmp(words, "states") == 0)
		tell(s, LAB_PROMPT_STATES);
	else if (strncmp(words, "shell ", 6) == 0)
		start_shell(s, words + 6);
	else if (strncmp(words, "wait ", 5) == 0)
		wait_a_while(s, words + 5);
	else
		say_action(s, words);
}

/* Line by line, as long as none of them makes the others wait. */
static void take_lines(struct session *s)
{
	char *newline;

	while (!s->pause && !s->shell &&
	       (newline = memchr(s->line, '\n', s->used))) {
		char words[LINE];
		size_t size = (size_t)(newline - s->line);

		memcpy(words, s->line, size);
		words[size] = '\0';
		s->used -= size + 1;
		memmove(s->line, newline + 1, s->used);
		take_words(s, words);
	}
	if (s->used == LINE && !memchr(s->line, '\n', LINE)) {
		printf("a line of more than %d characters is none\n", LINE - 1);
		s->used = 0;
	}
	if (s->no_more_input && !s->pause && !s->shell && !s->used)
		end_timeline(s);
}

/* Those that are there wait for a pause or a shell to end. */
static bool is_full(const struct session *s)
{
	return s->used == LINE;
}

static int on_input(void *data, uint32_t events MACRO_UNUSED)
{
	struct session *s = data;
	ssize_t n;

	n = read(STDIN_FILENO, s->line + s->used, LINE - s->used);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	s->used += n > 0 ? (size_t)n : 0;
	if (n <= 0) {
		s->no_more_input = true;
		s->input = loop_remove(s->input);
		/* A last line without its newline. */
		if (s->used && !is_full(s))
			s->line[s->used++] = '\n';
	}
	take_lines(s);
	print_prompt(s);
	return 0;
}

static int listen_to_input(struct session *s)
{
	int r = s->input ? 0 :
			   loop_add_fd(s->loop, &s->input, STDIN_FILENO,
				       EPOLLIN, on_input, s);

	/* A file is always ready, and cannot be asked: EPERM. */
	while (r == -EPERM && !s->no_more_input && !s->pause && !s->shell &&
	       !is_full(s))
		on_input(s, EPOLLIN);
	return r < 0 && r != -EPERM ? error_trace(r) : 0;
}

static int on_pause_over(void *data)
{
	struct session *s = data;
	int r = 0;

	s->pause = loop_remove(s->pause);
	take_lines(s);
	if (!s->pause && !s->no_more_input)
		r = listen_to_input(s);
	return r < 0 ? error_trace(r) : 0;
}

/* --- what comes back ------------------------------------------------------ */

static void print_entrance(const struct session *s)
{
	const struct lab_plan *plan = s->plan->plan;

	printf("to look into a host: halfopen lab --shell %s@%d\n",
	       plan->hosts[0].name, getpid());
}

static void on_record(void *data, struct worker *worker, const json_t *record)
{
	struct session *s = data;
	const char *type = json_string_value(json_object_get(record, "type"));

	if (s->plan->live && !s->shell) {
		lift_prompt(s);
		lab_view_record(&s->view, worker_result(worker), record);
		print_prompt(s);
	}
	if (strcmp(type, "timeline") != 0)
		return;
	if (s->plan->live)
		print_entrance(s);
	if (s->plan->shell)
		start_shell(s, s->plan->shell);
}

static void on_ended(void *data, struct worker *worker)
{
	struct session *s = data;

	lift_prompt(s);
	lab_view_rest(&s->view);
	s->result = worker_take_result(worker);
}

static int on_rest(void *data)
{
	struct session *s = data;

	if (s->plan->live && !s->shell && s->view.folded) {
		lift_prompt(s);
		lab_view_rest(&s->view);
		print_prompt(s);
	}
	reap_shell(s);
	if (!s->shell && !s->pause && s->used)
		take_lines(s);
	if (s->plan->interactive && !s->shell && !s->pause && !s->input &&
	    !s->no_more_input && listen_to_input(s) < 0)
		printf("%s\n", error_message());
	loop_set_timer(s->rest, nsec_now() + MSEC(300));
	return 0;
}

static int on_signal(void *data, uint32_t events MACRO_UNUSED)
{
	struct session *s = data;
	int number = end_signals_read(s->signals);

	/* Ctrl-C is the shell's, while there is one. */
	if (!number || (number == SIGINT && s->shell))
		return 0;
	if (number == SIGINT && !s->interrupted) {
		s->interrupted = true;
		end_timeline(s);
		return 0;
	}
	s->signal = number;
	return 0;
}

/* --- the whole ------------------------------------------------------------ */

static int start_worker(struct session *s)
{
	const struct worker_events events = { .record = on_record,
					      .ended = on_ended,
					      .data = s };
	int pair[2], r;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return error_origin(-errno, "socketpair");
	s->prompt = pair[0];
	s->options = s->plan->run;
	s->options.prompt = pair[1];
	s->job = (struct run_job){ .testcase = lab_case_testcase(s->plan->lab_case),
				   .repetition = 1,
				   .attempt = 1 };
	r = worker_start(&s->worker, s->loop, &s->options, &s->job,
			 s->plan->out, &events);
	fd_close(pair[1]);
	return r < 0 ? error_trace(r) : 0;
}

static int set_up(struct session *s)
{
	int r = loop_new(&s->loop);

	/* A lab may hold thousands of sockets. */
	process_raise_limits();
	if (r >= 0)
		r = end_signals_watch(s->loop, &s->signals, on_signal, s);
	if (r >= 0)
		r = start_worker(s);
	if (r >= 0)
		r = loop_add_timer(s->loop, &s->rest, nsec_now() + MSEC(300),
				   on_rest, s);
	if (r >= 0 && s->plan->interactive)
		r = listen_to_input(s);
	return r < 0 ? error_trace(r) : 0;
}

static void tear_down(struct session *s)
{
	if (s->shell > 0) {
		kill(s->shell, SIGHUP);
		lab_shell_end();
	}
	worker_free(s->worker);
	loop_free(s->loop);
	fd_close(s->signals);
	fd_close(s->prompt);
}

int lab_session_run(const struct lab_session_plan *plan, struct result **ret)
{
	struct session s = { .plan = plan,
			     .signals = -1,
			     .prompt = -1,
			     .for_shell = plan->shell,
			     .view = { .out = stdout,
				       .coloured = report_coloured(
					       plan->report) } };
	int r = set_up(&s);

	while (r >= 0 && !s.result && !s.signal)
		r = loop_run_once(s.loop, NSEC_NEVER);
	if (r >= 0 && s.result && worker_file_error(s.worker) < 0)
		r = error_origin(worker_file_error(s.worker),
				 "write the journal below %s", plan->out);
	*ret = s.result;
	tear_down(&s);
	return r < 0 ? error_trace(r) : s.signal;
}
