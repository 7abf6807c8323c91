/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One loop serves the worker's records, standard input, signals and a timer.
 * Commands go to the script over a SOCK_SEQPACKET socket, one message each
 * (lab-script.h); the script ends when its other end is closed, so that a lab
 * never outlives its session.
 *
 * On a terminal lines are edited, and the editor serves the loop; other input
 * is read line by line. While a shell runs in a host, or `wait` pauses the
 * commands, no input is read: the lines that have been read stay in the buffer,
 * and the terminal belongs to the shell.
 */
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
#include "journal.h"
#include "lab-action.h"
#include "lab-editor.h"
#include "lab-live.h"
#include "lab-script.h"
#include "lab-shell.h"
#include "lab-value.h"
#include "message.h"
#include "process.h"
#include "safe-text.h"
#include "worker.h"

enum { LINE = 1024, REPLY = 1024 };

/* How often a shell's end is noticed. */
static const nsec_t tick = MSEC(300);

struct session {
	const struct lab_session_plan *plan;
	struct loop *loop;
	struct run_job job;
	struct run_options options;
	struct worker *worker;
	struct result *result; /* NULL: it has not ended */
	struct lab_live *live;
	bool holds; /* the timer `hold` is set */
	int signals;
	int prompt; /* this end of the socket; -1: none yet */
	int signal; /* ends the lab at once; 0: none */
	bool interrupted; /* by a first Ctrl-C */
	struct loop_source *input, *replies, *pause, *timer, *hold;
	char line[LINE]; /* input, `used` bytes: lines, not handled yet */
	size_t used;
	bool end_of_input;
	struct lab_editor *editor; /* NULL: input is no terminal */
	bool shell_is_due; /* of the plan */
	pid_t shell; /* 0: none */
};

/* --- messages to the script ----------------------------------------------- */

/* EPIPE: the script has ended, and its verdict is on the way. */
static void send_message(struct session *s, const char *words)
{
	send(s->prompt, words, strlen(words), MSG_NOSIGNAL);
}

static void end_timeline(struct session *s)
{
	send_message(s, LAB_PROMPT_END);
}

/* --- shells --------------------------------------------------------------- */

static int listen_to_input(struct session *s);
static void print_records(struct session *s, const struct result *result,
			  nsec_t now);

static bool takes_input(const struct session *s)
{
	return s->plan->interactive && !s->end_of_input && !s->pause &&
	       !s->shell;
}

static void start_shell(struct session *s, const char *host)
{
	pid_t init = lab_shell_find(host);

	if (!init) {
		printf(_("shell: no running host '%s'\n"), host);
		return;
	}
	print_records(s, worker_result(s->worker), NSEC_NEVER);
	s->shell = lab_shell_start(init, host);
	if (s->shell < 0) {
		printf("%s\n", error_text());
		s->shell = 0;
		return;
	}
	/* The shell reads the terminal. */
	s->input = loop_remove(s->input);
}

static void reap_shell(struct session *s)
{
	int status;

	if (!s->shell || waitpid(s->shell, &status, WNOHANG) != s->shell)
		return;
	s->shell = 0;
	lab_shell_end();
	if (s->plan->shell)
		end_timeline(s);
	else if (takes_input(s) && listen_to_input(s) < 0)
		printf("%s\n", error_text());
}

/* --- the prompt ----------------------------------------------------------- */

/* The messages of actions that the script has refused. Returns 0 when its end
 * of the socket is closed. */
static ssize_t print_replies(struct session *s)
{
	char text[REPLY + 1], translation[2 * REPLY];
	ssize_t n;

	while ((n = recv(s->prompt, text, REPLY, MSG_DONTWAIT)) > 0) {
		text[n] = '\0';
		lab_editor_hide(s->editor);
		safe_text_print(stdout, message_record(text, translation,
						       sizeof(translation)));
		putchar('\n');
		lab_editor_show(s->editor);
	}
	return n;
}

static int on_reply(void *data, uint32_t events MACRO_UNUSED)
{
	struct session *s = data;

	if (print_replies(s) == 0)
		s->replies = loop_remove(s->replies);
	return 0;
}

static int on_pause_end(void *data);

static void pause_input(struct session *s, const char *text)
{
	nsec_t duration;

	if (lab_value_duration(text, &duration) < 0) {
		printf("%s\n", error_text());
		return;
	}
	s->input = loop_remove(s->input);
	if (loop_add_timer(s->loop, &s->pause, nsec_now() + duration,
			   on_pause_end, s) < 0)
		printf("%s\n", error_text());
}

static void print_help(void)
{
	lab_action_print_help(stdout);
	fputs(_("\n  states          print the state of every socket\n"
		"  shell HOST      start a shell in that host\n"
		"  wait DURATION   pause before the next command\n"
		"  quit            end the lab (also Ctrl-D)\n"),
	      stdout);
}

static void handle_line(struct session *s, char *words)
{
	words += strspn(words, " \t\r");
	for (size_t n = strlen(words); n && strchr(" \t\r", words[n - 1]); n--)
		words[n - 1] = '\0';
	if (!*words || *words == '#')
		return;
	if (strcmp(words, "help") == 0)
		print_help();
	else if (strcmp(words, "end") == 0 || strcmp(words, "quit") == 0)
		end_timeline(s);
	else if (strcmp(words, "states") == 0)
		send_message(s, LAB_PROMPT_STATES);
	else if (strncmp(words, "shell ", 6) == 0)
		start_shell(s, words + 6);
	else if (strncmp(words, "wait ", 5) == 0)
		pause_input(s, words + 5);
	else
		send_message(s, words);
}

static void refuse_long_line(void)
{
	printf(_("line too long: at most %d characters\n"), LINE - 1);
}

/* Up to a line that starts a pause or a shell. */
static void handle_lines(struct session *s)
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
		handle_line(s, words);
	}
	if (s->used == LINE && !memchr(s->line, '\n', LINE)) {
		refuse_long_line();
		s->used = 0;
	}
	if (s->end_of_input && !s->pause && !s->shell && !s->used)
		end_timeline(s);
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
		s->end_of_input = true;
		s->input = loop_remove(s->input);
		/* The last line may have no newline. */
		if (s->used && s->used < LINE)
			s->line[s->used++] = '\n';
	}
	handle_lines(s);
	return 0;
}

static int listen_to_input(struct session *s)
{
	int r = s->input || s->editor ?
			0 :
			loop_add_fd(s->loop, &s->input, STDIN_FILENO, EPOLLIN,
				    on_input, s);

	if (r != -EPERM)
		return error_trace(r);
	/* epoll refuses regular files, which are always ready. */
	while (!s->end_of_input && !s->pause && !s->shell && s->used < LINE)
		on_input(s, EPOLLIN);
	return 0;
}

static int on_pause_end(void *data)
{
	struct session *s = data;
	int r = 0;

	s->pause = loop_remove(s->pause);
	handle_lines(s);
	if (!s->pause && !s->end_of_input)
		r = listen_to_input(s);
	return error_trace(r);
}

/* --- records -------------------------------------------------------------- */

static void print_shell_command(const struct session *s)
{
	const struct lab_plan *plan = s->plan->plan;

	printf(_("shell in a host: halfopen lab --shell %s@%d\n"),
	       plan->hosts[0].name, getpid());
}

/* Those that have been held long enough by `now`: lab_live_print(). */
static void print_records(struct session *s, const struct result *result,
			  nsec_t now)
{
	if (!s->plan->live || s->shell)
		return;
	lab_editor_hide(s->editor);
	lab_live_print(s->live, result->zero, now);
	lab_editor_show(s->editor);
}

/* Not for each record: this walks over all that are held. */
static void set_hold(struct session *s)
{
	nsec_t due;

	if (s->holds)
		return;
	/* Several at a time: a transfer has thousands in a second. */
	due = lab_live_due(s->live);
	if (due != NSEC_NEVER)
		due = MAX(due, nsec_now() + MSEC(20));
	loop_set_timer(s->hold, due);
	s->holds = due != NSEC_NEVER;
}

static int on_hold_end(void *data)
{
	struct session *s = data;

	s->holds = false;
	print_records(s, worker_result(s->worker), nsec_now());
	set_hold(s);
	return 0;
}

static void on_frame(void *data, struct worker *worker MACRO_UNUSED,
		     const struct journal_packet *frame, const char *line,
		     size_t size)
{
	struct session *s = data;

	if (!s->plan->live || s->shell)
		return;
	lab_live_add_frame(s->live, frame, line, size, nsec_now());
	set_hold(s);
}

static void on_record(void *data, struct worker *worker, const json_t *record)
{
	struct session *s = data;

	if (s->plan->live && !s->shell) {
		lab_live_add(s->live, record, nsec_now());
		set_hold(s);
	}
	if (!journal_is(record, "timeline"))
		return;
	print_records(s, worker_result(worker), NSEC_NEVER);
	if (s->plan->live) {
		lab_editor_hide(s->editor);
		print_shell_command(s);
		lab_editor_show(s->editor);
	}
	if (s->plan->shell)
		s->shell_is_due = true;
}

static void on_ended(void *data, struct worker *worker)
{
	struct session *s = data;

	print_replies(s);
	print_records(s, worker_result(worker), NSEC_NEVER);
	s->hold = loop_remove(s->hold);
	lab_editor_hide(s->editor);
	s->result = worker_take_result(worker);
}

static int on_tick(void *data)
{
	struct session *s = data;

	reap_shell(s);
	if (!s->shell && !s->pause && s->used)
		handle_lines(s);
	if (takes_input(s) && listen_to_input(s) < 0)
		printf("%s\n", error_text());
	loop_set_timer(s->timer, nsec_now() + tick);
	return 0;
}

static int on_signal(void *data, uint32_t events MACRO_UNUSED)
{
	struct session *s = data;
	int number = end_signals_read(s->signals);

	/* Ctrl-C and Ctrl-\ in a shell are meant for the shell. */
	if (!number ||
	    (s->shell && (number == SIGINT || number == SIGQUIT)))
		return 0;
	if (number == SIGINT && lab_editor_discard(s->editor))
		return 0;
	if (number == SIGINT && !s->interrupted) {
		s->interrupted = true;
		end_timeline(s);
		return 0;
	}
	s->signal = number;
	return 0;
}

/* --- the terminal --------------------------------------------------------- */

static bool is_over(void *data)
{
	const struct session *s = data;

	return s->result || s->signal || s->shell_is_due || !takes_input(s);
}

static int edit_line(struct session *s)
{
	char line[LINE];
	int n = lab_editor_read(s->editor, line, sizeof(line));

	if (n == -ENODATA) {
		s->end_of_input = true;
		end_timeline(s);
	} else if (n >= LINE) {
		refuse_long_line();
	} else if (n >= 0) {
		handle_line(s, line);
	}
	return n == -ENODATA || n == -ECANCELED ? 0 : error_trace(n);
}

static int start_editor(struct session *s)
{
	static const char *const words[] = { "help", "states", "shell",
					     "wait", "quit",   NULL };

	if (!s->plan->interactive || !lab_editor_possible())
		return 0;
	return lab_editor_new(&s->editor, s->loop, s->plan->plan, words,
			      is_over, s);
}

/* --- the whole ------------------------------------------------------------ */

static int start_worker(struct session *s)
{
	const struct worker_events events = { .record = on_record,
					      .frame = on_frame,
					      .ended = on_ended,
					      .data = s };
	int pair[2], r;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return error_origin(-errno, "socketpair");
	s->prompt = pair[0];
	s->options = s->plan->run;
	s->options.prompt = pair[1];
	s->job = (struct run_job){ .testcase =
					   lab_case_testcase(s->plan->lab_case),
				   .repetition = s->plan->repetition,
				   .attempt = s->plan->attempt };
	r = worker_start(&s->worker, s->loop, &s->options, &s->job,
			 s->plan->out, &events);
	fd_close(pair[1]);
	return error_trace(r);
}

static int set_up(struct session *s)
{
	int r;

	/* A lab may have thousands of sockets. */
	process_raise_limits();
	r = loop_new(&s->loop);
	if (r < 0)
		return error_trace(r);
	r = lab_live_new(&s->live, stdout, s->plan->report->coloured);
	if (r < 0)
		return error_trace(r);
	r = end_signals_watch(s->loop, &s->signals, on_signal, s);
	if (r < 0)
		return error_trace(r);
	r = start_worker(s);
	if (r < 0)
		return error_trace(r);
	r = loop_add_timer(s->loop, &s->hold, NSEC_NEVER, on_hold_end, s);
	/* Otherwise there is nothing to look after: no process wakes up in an
	 * idle lab, whose time a guest can then skip. */
	if (r >= 0 && (s->plan->interactive || s->plan->shell))
		r = loop_add_timer(s->loop, &s->timer, nsec_now() + tick,
				   on_tick, s);
	if (r >= 0)
		r = loop_add_fd(s->loop, &s->replies, s->prompt, EPOLLIN,
				on_reply, s);
	if (r >= 0)
		r = start_editor(s);
	if (r < 0)
		return error_trace(r);
	return s->plan->interactive ? error_trace(listen_to_input(s)) : 0;
}

static int serve(struct session *s)
{
	if (s->shell_is_due) {
		s->shell_is_due = false;
		start_shell(s, s->plan->shell);
	}
	if (s->editor && takes_input(s))
		return edit_line(s);
	return error_trace(loop_run_once(s->loop, NSEC_NEVER));
}

static void tear_down(struct session *s)
{
	if (s->shell > 0) {
		kill(s->shell, SIGHUP);
		lab_shell_end();
	}
	lab_editor_free(s->editor);
	worker_free(s->worker);
	lab_live_free(s->live);
	loop_free(s->loop);
	fd_close(s->signals);
	fd_close(s->prompt);
}

int lab_session_run(const struct lab_session_plan *plan, struct result **ret,
		    bool *ret_interrupted)
{
	struct session s = { .plan = plan, .signals = -1, .prompt = -1 };
	int r = set_up(&s);

	while (r >= 0 && !s.result && !s.signal)
		r = serve(&s);
	if (r >= 0 && s.result && worker_file_error(s.worker) < 0)
		r = error_origin(worker_file_error(s.worker),
				 "write the journal below %s", plan->out);
	*ret = s.result;
	*ret_interrupted = s.interrupted;
	tear_down(&s);
	return r < 0 ? error_trace(r) : s.signal;
}
