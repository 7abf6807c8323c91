/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libedit reads a line in el_gets(), which returns when it is complete, and
 * gets each character from a function of ours (EL_GETCFN). This function serves
 * the event loop until a character arrives. (EL_UNBUFFERED, where el_gets()
 * returns after each key, would block in the middle of a key that sends several
 * characters: Escape alone looks like the beginning of one.)
 *
 * Between two characters the cursor is in the line. A handler that prints hides
 * the line first: the cursor goes to its first row, and everything below is
 * erased. EL_REFRESH draws the line again, below what was printed.
 */
#include "lab-editor.h"

#include <errno.h>
#include <fcntl.h>
#include <histedit.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "errors.h"
#include "fd.h"
#include "fold.h"
#include "lab-action.h"

enum { HISTORY = 1000, CANDIDATES = 256, NAME = 32 };

static const char prompt_text[] = "> ";

struct lab_editor {
	struct loop *loop;
	const struct lab_plan *plan;
	const char *const *words;
	bool (*is_over)(void *data);
	void *data;
	EditLine *el;
	History *history;
	struct winsize size; /* as libedit knows it */
	int input; /* the terminal */
	bool is_reading, has_input, is_discarded;
	int failure; /* of a handler of the loop */
};

/* --- the screen ----------------------------------------------------------- */

static char *prompt(EditLine *el MACRO_UNUSED)
{
	return (char *)(uintptr_t)prompt_text;
}

/* The row of the cursor, counted from that of the prompt. */
static size_t cursor_row(const struct lab_editor *editor)
{
	const LineInfoW *line = el_wline(editor->el);
	size_t columns = editor->size.ws_col, width = strlen(prompt_text);

	for (const wchar_t *at = line->buffer; at < line->cursor; at++) {
		int n = wcwidth(*at);

		/* Control characters are drawn as "^A". */
		width += n < 0 ? 2 : (size_t)n;
	}
	return columns ? width / columns : 0;
}

void lab_editor_hide(struct lab_editor *editor)
{
	size_t row;

	if (!editor || !editor->is_reading)
		return;
	row = cursor_row(editor);
	if (row)
		printf("\033[%zuA", row);
	fputs("\r\033[J", stdout);
}

void lab_editor_show(struct lab_editor *editor)
{
	if (!editor || !editor->is_reading)
		return;
	el_set(editor->el, EL_REFRESH);
	fflush(stdout);
}

/* The size is compared after each event, so that no handler of SIGWINCH is
 * needed. */
static void follow_size(struct lab_editor *editor)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 ||
	    (size.ws_col == editor->size.ws_col &&
	     size.ws_row == editor->size.ws_row))
		return;
	editor->size = size;
	lab_editor_hide(editor);
	el_resize(editor->el);
	lab_editor_show(editor);
}

/* --- characters ----------------------------------------------------------- */

static int on_input(void *data, uint32_t events MACRO_UNUSED)
{
	struct lab_editor *editor = data;

	editor->has_input = true;
	return 0;
}

static bool gives_up(const struct lab_editor *editor)
{
	return editor->failure < 0 || editor->is_discarded ||
	       editor->is_over(editor->data);
}

/* Serves the loop until there is input. False: the line is given up. */
static bool wait_for_input(struct lab_editor *editor)
{
	struct loop_source *source;
	int r;

	editor->has_input = false;
	r = loop_add_fd(editor->loop, &source, editor->input, EPOLLIN, on_input,
			editor);
	if (r < 0) {
		editor->failure = r;
		return false;
	}
	while (!editor->has_input && !gives_up(editor)) {
		r = loop_run_once(editor->loop, NSEC_NEVER);
		editor->failure = MIN(r, 0);
		follow_size(editor);
	}
	loop_remove(source);
	return !gives_up(editor);
}

/*
 * For el_gets(): 1, 0 at the end of the input, -1 gives up the line. It never
 * waits outside of the loop, which takes the signals that end the lab: the input
 * may be gone after its event (a key for a signal discards it: isig() in
 * n_tty.c), and the rest of a character may never come.
 */
static int get_character(EditLine *el, wchar_t *ret)
{
	mbstate_t state = { 0 };
	struct lab_editor *editor;

	el_get(el, EL_CLIENTDATA, &editor);
	while (wait_for_input(editor)) {
		char byte;
		ssize_t n = read(editor->input, &byte, 1);
		size_t size;

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (n <= 0)
			return (int)n;
		size = mbrtowc(ret, &byte, 1, &state);
		if (size == (size_t)-1) /* invalid: a character of its own */
			*ret = L'?';
		if (size != (size_t)-2)
			return 1;
	}
	return -1;
}

/* --- completion ----------------------------------------------------------- */

struct candidates {
	const char *typed;
	size_t length; /* of what is typed of the word */
	char names[CANDIDATES][NAME]; /* what it may become */
	size_t n;
};

static void add_candidate(struct candidates *all, const char *name, size_t size)
{
	if (size >= all->length && size < NAME && all->n < CANDIDATES &&
	    strncmp(name, all->typed, all->length) == 0)
		snprintf(all->names[all->n++], NAME, "%.*s", (int)size, name);
}

/* "crash HOST" is a verb; "CHOICE" describes an argument. */
static void add_verb(void *data, const char *syntax,
		     const char *what MACRO_UNUSED)
{
	if (*syntax >= 'a' && *syntax <= 'z')
		add_candidate(data, syntax, strcspn(syntax, " "));
}

static void add_names(struct candidates *all, const struct lab_plan *plan)
{
	for (size_t i = 0; i < plan->n_hosts; i++)
		add_candidate(all, plan->hosts[i].name,
			      strlen(plan->hosts[i].name));
	for (size_t i = 0; i < plan->n_addresses; i++)
		add_candidate(all, plan->addresses[i].name,
			      strlen(plan->addresses[i].name));
	for (size_t i = 0; i < plan->n_programs; i++)
		add_candidate(all, plan->programs[i].name,
			      strlen(plan->programs[i].name));
}

/* The part of the word that all candidates have, beyond what is typed. */
static size_t common_length(const struct candidates *all)
{
	size_t length = strlen(all->names[0]);

	for (size_t i = 1; i < all->n; i++)
		for (size_t j = 0; j < length; j++)
			if (all->names[i][j] != all->names[0][j])
				length = j;
	return length;
}

static void print_candidates(struct lab_editor *editor,
			     const struct candidates *all)
{
	char text[CANDIDATES * NAME];
	size_t used = 0;

	for (size_t i = 0; i < all->n; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used,
					 "%s%s", i ? " " : "", all->names[i]);
	lab_editor_hide(editor);
	fold_print(stdout, text, 0, 0, editor->size.ws_col);
	lab_editor_show(editor);
}

/* The first word is a verb, another one the name of a host or a program. */
static unsigned char complete(EditLine *el, int key MACRO_UNUSED)
{
	static struct candidates all;
	const LineInfo *line = el_line(el);
	const char *word = line->cursor;
	struct lab_editor *editor;
	char added[NAME + 1];
	size_t length;

	el_get(el, EL_CLIENTDATA, &editor);
	while (word > line->buffer && word[-1] != ' ')
		word--;
	all = (struct candidates){ .typed = word,
				   .length = (size_t)(line->cursor - word) };
	if (word == line->buffer) {
		lab_action_each(add_verb, &all);
		for (size_t i = 0; editor->words[i]; i++)
			add_candidate(&all, editor->words[i],
				      strlen(editor->words[i]));
	} else {
		add_names(&all, editor->plan);
	}
	if (!all.n)
		return CC_REFRESH_BEEP;
	length = common_length(&all);
	snprintf(added, sizeof(added), "%.*s%s", (int)(length - all.length),
		 all.names[0] + all.length, all.n == 1 ? " " : "");
	if (!*added) {
		print_candidates(editor, &all);
		return CC_NORM;
	}
	return el_insertstr(el, added) < 0 ? CC_ERROR : CC_REFRESH;
}

/* --- lines ---------------------------------------------------------------- */

bool lab_editor_possible(void)
{
	const char *terminal = getenv("TERM");

	return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) && terminal &&
	       *terminal && strcmp(terminal, "dumb") != 0;
}

static int add_history(struct lab_editor *editor)
{
	HistEvent event;

	editor->history = history_init();
	if (!editor->history ||
	    history(editor->history, &event, H_SETSIZE, HISTORY) < 0 ||
	    history(editor->history, &event, H_SETUNIQUE, 1) < 0 ||
	    el_set(editor->el, EL_HIST, history, editor->history) < 0)
		return error_origin(-ENOMEM, "history of the prompt");
	return 0;
}

/* The user's editrc(5) comes last. */
static int set_up(struct lab_editor *editor)
{
	EditLine *el = el_init("halfopen", stdin, stdout, stderr);
	int r;

	if (!el)
		return error_origin(-ENOMEM, "line editor");
	editor->el = el;
	r = add_history(editor);
	if (r < 0)
		return error_trace(r);
	el_set(el, EL_CLIENTDATA, editor);
	el_set(el, EL_PROMPT, prompt);
	el_set(el, EL_GETCFN, get_character);
	el_set(el, EL_EDITOR, "emacs");
	el_set(el, EL_ADDFN, "complete", "completes a word", complete);
	el_set(el, EL_BIND, "^I", "complete", NULL);
	el_set(el, EL_BIND, "^R", "em-inc-search-prev", NULL);
	el_source(el, NULL);
	return 0;
}

int lab_editor_new(struct lab_editor **ret, struct loop *loop,
		   const struct lab_plan *plan, const char *const *words,
		   bool (*is_over)(void *data), void *data)
{
	struct lab_editor *editor = calloc(1, sizeof(*editor));
	int r;

	if (!editor)
		return error_origin(-ENOMEM, "line editor");
	editor->loop = loop;
	editor->plan = plan;
	editor->words = words;
	editor->is_over = is_over;
	editor->data = data;
	/* A shell that shares the standard input expects it to block. */
	editor->input = open("/proc/self/fd/0", O_RDONLY | O_NONBLOCK |
							O_NOCTTY | O_CLOEXEC);
	/* The terminal of another user. */
	if (editor->input < 0)
		editor->input = STDIN_FILENO;
	/* Of the characters that are typed. */
	setlocale(LC_CTYPE, "");
	r = set_up(editor);
	if (r < 0) {
		lab_editor_free(editor);
		return error_trace(r);
	}
	*ret = editor;
	return 0;
}

struct lab_editor *lab_editor_free(struct lab_editor *editor)
{
	if (!editor)
		return NULL;
	if (editor->el)
		el_end(editor->el);
	if (editor->history)
		history_end(editor->history);
	if (editor->input != STDIN_FILENO)
		fd_close(editor->input);
	free(editor);
	return NULL;
}

int lab_editor_read(struct lab_editor *editor, char *line, size_t size)
{
	const char *typed;
	HistEvent event;
	int n = 0;

	editor->is_discarded = false;
	follow_size(editor);
	editor->is_reading = true;
	typed = el_gets(editor->el, &n);
	if (gives_up(editor))
		lab_editor_hide(editor);
	editor->is_reading = false;
	if (editor->failure < 0)
		return error_trace(editor->failure);
	if (gives_up(editor))
		return -ECANCELED;
	if (!typed || n <= 0)
		return -ENODATA;
	n = snprintf(line, size, "%.*s", (int)strcspn(typed, "\n"), typed);
	if (line[strspn(line, " ")])
		history(editor->history, &event, H_ENTER, line);
	return n;
}

bool lab_editor_discard(struct lab_editor *editor)
{
	const LineInfo *line;

	if (!editor || !editor->is_reading)
		return false;
	line = el_line(editor->el);
	if (line->lastchar == line->buffer)
		return false;
	editor->is_discarded = true;
	return true;
}
