/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What happens to programs, sysctls and the wire. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lab-action-parts.h"
#include "lab-values.h"
#include "settings.h"
#include "wire.h"

/* --- kill, run ------------------------------------------------------------*/

/* Whose name it is may become clear later: lab_plan_add_defaults(). */
int lab_kill_read(struct lab_lex *lex, struct lab_action *action)
{
	const struct lab_word *word;
	const char *name;
	int r = lab_lex_name(lex, "a program or a host", &name);

	if (r < 0)
		return error_trace(r);
	if (lab_plan_host(lex->plan, name))
		action->host = name;
	else
		action->program = name;
	action->signal = SIGKILL;
	word = lab_lex_look(lex);
	if (!word->text)
		return 0;
	r = lab_value_signal(word->text, &action->signal);
	if (r < 0)
		return lab_lex_trace(lex, word, r);
	lab_lex_take(lex);
	return 0;
}

void lab_kill_say(FILE *out, const struct lab_action *action)
{
	fprintf(out, " %s", action->host ? action->host : action->program);
	if (action->signal == SIGKILL)
		return;
	fputc(' ', out);
	lab_say_signal(out, action->signal);
}

static int read_command(struct lab_lex *lex, struct lab_action *action)
{
	const struct lab_word *word = lab_lex_look(lex);
	int r = lab_lex_text(lex, "a command", &action->command);

	if (r < 0)
		return error_trace(r);
	if (!action->command[strspn(action->command, " \t\r\n")])
		return lab_lex_refuse(lex, word, "the command is empty");
	if (!lab_lex_takes(lex, "in"))
		return lab_lex_expected(lex, "'in' and a host");
	r = lab_host_read(lex, action);
	if (r >= 0 && lab_lex_takes(lex, "as"))
		r = lab_lex_name(lex, "a program's new name", &action->program);
	return r < 0 ? error_trace(r) : 0;
}

int lab_run_read(struct lab_lex *lex, struct lab_action *action)
{
	const struct lab_word *word = lab_lex_look(lex);
	int r;

	if (word->text && lab_word_is(word + 1, "in"))
		return read_command(lex, action);
	if (word->text && word->quoted && lab_name_check(word->text, "") < 0)
		return read_command(lex, action);
	r = lab_lex_name(lex, "a program, or a command in quotes",
			 &action->program);
	if (r < 0)
		return error_trace(r);
	word = lab_lex_look(lex);
	if (!word->text)
		return 0;
	return lab_lex_refuse(lex, word,
			      "'%s' is too much: a command of several words "
			      "stands in quotes, and then 'in' and a host",
			      word->text);
}

void lab_run_say(FILE *out, const struct lab_action *action)
{
	fputc(' ', out);
	if (action->command) {
		lab_say_quoted(out, action->command);
		fprintf(out, " in %s%s", action->host,
			action->program ? " as " : "");
	}
	fputs(action->program ? action->program : "", out);
}

/* --- sysctls, notes, injections -------------------------------------------*/

int lab_set_read(struct lab_lex *lex, struct lab_action *action)
{
	const struct lab_word *word = lab_lex_look(lex);
	struct setting setting = { 0 };
	char *copy;
	int r;

	if (!word->text)
		return lab_lex_expected(lex, "[HOST:]KEY=VALUE");
	copy = lab_plan_copy(lex->plan, word->text);
	if (!copy)
		return error_origin(-ENOMEM, "a sysctl");
	r = settings_parse(&setting, copy);
	if (r >= 0 && setting.host)
		r = lab_name_check(setting.host, "host");
	if (r < 0)
		return lab_lex_trace(lex, word, r);
	lab_lex_take(lex);
	action->host = setting.host;
	action->name = setting.name;
	action->value = setting.text;
	return 0;
}

void lab_set_say(FILE *out, const struct lab_action *action)
{
	char *text = NULL;

	if (asprintf(&text, "%s%s%s=%s", action->host ? action->host : "",
		     action->host ? ":" : "", action->name, action->value) < 0)
		return;
	fputc(' ', out);
	lab_say_word(out, text);
	free(text);
}

int lab_note_read(struct lab_lex *lex, struct lab_action *action)
{
	const struct lab_word *word = lab_lex_look(lex);
	int r = lab_lex_text(lex, "a sentence in quotes", &action->argument);

	if (r < 0)
		return error_trace(r);
	if (!*word->text)
		return lab_lex_refuse(lex, word, "the note is empty");
	word = lab_lex_look(lex);
	if (!word->text)
		return 0;
	return lab_lex_refuse(lex, word,
			      "'%s' is too much: a note of several words "
			      "stands in quotes",
			      word->text);
}

void lab_note_say(FILE *out, const struct lab_action *action)
{
	fputc(' ', out);
	lab_say_quoted(out, action->argument);
}

/* What can be injected, and the wire's bit for it. */
static const char *const injections[] = { "fin", "rst", "ack", "data" };
static const unsigned int injected[] = { WIRE_FIN, WIRE_RST, WIRE_PURE_ACK,
					 WIRE_DATA };

int lab_inject_read(struct lab_lex *lex, struct lab_action *action)
{
	size_t which;
	int r = lab_lex_choose(lex, "a segment to inject", injections,
			       ARRAY_SIZE(injections), &which);

	if (r < 0)
		return error_trace(r);
	action->kinds = injected[which];
	if (!lab_lex_takes(lex, "from"))
		return lab_lex_expected(lex, "'from' and a host");
	r = lab_lex_name(lex, "a host", &action->from);
	if (r < 0)
		return error_trace(r);
	if (!lab_lex_takes(lex, "to"))
		return lab_lex_expected(lex, "'to' and a host");
	return lab_lex_name(lex, "a host", &action->to);
}

void lab_inject_say(FILE *out, const struct lab_action *action)
{
	fputc(' ', out);
	lab_say_kinds(out, action->kinds, true);
	fprintf(out, " from %s to %s", action->from, action->to);
}
