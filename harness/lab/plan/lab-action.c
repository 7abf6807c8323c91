/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ACTION: what can happen, in one table, and what netns/fault.h has. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lab-action-parts.h"
#include "lab-values.h"
#include "lab-words.h"

/* --- parts ----------------------------------------------------------------*/

int lab_host_read(struct lab_lex *lex, struct lab_action *action)
{
	return lab_lex_name(lex, "a host", &action->host);
}

static void say_host(FILE *out, const struct lab_action *action)
{
	fprintf(out, " %s", action->host);
}

static int read_nothing(struct lab_lex *lex MACRO_UNUSED,
			struct lab_action *action MACRO_UNUSED)
{
	return 0;
}

static void say_nothing(FILE *out MACRO_UNUSED,
			const struct lab_action *action MACRO_UNUSED)
{
}

static void say_choice(FILE *out, const struct lab_action *action)
{
	fputc(' ', out);
	lab_choice_say(out, action);
}

/* --- faults ---------------------------------------------------------------*/

enum { ARGUMENTS = 8 };

/* "[from|to]" in the table of faults: one of these, or none. Anything else that
 * is not empty: one word, whatever it is. */
static int read_fault(struct lab_lex *lex, struct lab_action *action)
{
	const char *usage = action->fault->arguments;
	const char *names[ARGUMENTS];
	size_t n = 0, which;
	int r = lab_host_read(lex, action);

	if (r < 0)
		return error_trace(r);
	if (!*usage || (*usage == '[' && !lab_lex_look(lex)->text))
		return 0;
	if (*usage != '[')
		return lab_lex_text(lex, usage, &action->argument);
	while (n < ARGUMENTS && *usage++ != ']') {
		size_t length = strcspn(usage, "|]");

		names[n] = lab_plan_keep_part(lex->plan, usage, length);
		if (!names[n++])
			return error_origin(-ENOMEM, "a fault");
		usage += length;
	}
	r = lab_lex_choose(lex, action->fault->arguments, names, n, &which);
	if (r < 0)
		return error_trace(r);
	action->argument = names[which];
	return 0;
}

static void say_fault(FILE *out, const struct lab_action *action)
{
	say_host(out, action);
	if (!action->argument)
		return;
	fputc(' ', out);
	lab_say_word(out, action->argument);
}

/* --- the table ------------------------------------------------------------*/

struct verb {
	const char *name;
	enum lab_verb verb;
	int (*read)(struct lab_lex *lex, struct lab_action *action);
	void (*say)(FILE *out, const struct lab_action *action);
	const char *usage, *what;
};

/* The faults come before these: netns/fault.h. Its kill knows processes by
 * number, and this one by name. */
static const struct verb verbs[] = {
	{ "kill", LAB_KILL, lab_kill_read, lab_kill_say,
	  "PROGRAM|HOST [SIGNAL]",
	  "a signal, KILL if none is said; of a host: to its probe" },
	{ "drop", LAB_DROP, lab_choice_read, say_choice, "CHOICE",
	  "the wire swallows them" },
	{ "hold", LAB_HOLD, lab_choice_read, say_choice, "CHOICE",
	  "the wire keeps them until release" },
	{ "delay", LAB_DELAY, lab_choice_read, say_choice, "CHOICE by DURATION",
	  "the wire sends them on later" },
	{ "duplicate", LAB_DUPLICATE, lab_choice_read, say_choice,
	  "CHOICE [after DURATION]", "the wire sends each a second time" },
	{ "reject", LAB_REJECT, lab_choice_read, say_choice,
	  "CHOICE with rst|net|host|port|admin",
	  "the wire answers by a RST, or that the destination is unreachable" },
	{ "release", LAB_RELEASE, read_nothing, say_nothing, "",
	  "what the wire holds goes on" },
	{ "pass", LAB_PASS, read_nothing, say_nothing, "",
	  "every rule of the wire is off" },
	{ "inject", LAB_INJECT, lab_inject_read, lab_inject_say,
	  "fin|rst|ack|data from HOST to HOST",
	  "a segment of their connection that nobody sent" },
	{ "set", LAB_SET, lab_set_read, lab_set_say, "[HOST:]KEY=VALUE",
	  "a sysctl, of a host or of all" },
	{ "run", LAB_RUN, lab_run_read, lab_run_say,
	  "PROGRAM | \"COMMAND\" in HOST [as NAME]", "a program starts" },
	{ "listen", LAB_LISTEN, lab_listen_read, lab_listen_say,
	  "HOST [PORT] [backlog N] [echo|http|silent|unaccepted]",
	  "a probe listens" },
	{ "connect", LAB_CONNECT, lab_connect_read, lab_connect_say,
	  "HOST [to] HOST[:PORT] [N times]", "a probe connects" },
	{ "send", LAB_SEND, lab_send_read, lab_send_say, "HOST [BYTES]",
	  "a probe sends, on each of its connections" },
	{ "shut", LAB_SHUT, lab_host_read, say_host, "HOST",
	  "shutdown(): a probe sends no more, and still reads" },
	{ "close", LAB_CLOSE, lab_host_read, say_host, "HOST",
	  "close(): a probe neither sends nor reads any more" },
	{ "abort", LAB_ABORT, lab_host_read, say_host, "HOST",
	  "close() with SO_LINGER of 0: a RST instead of a FIN" },
	{ "keepalive", LAB_KEEPALIVE, lab_host_read, say_host, "HOST",
	  "a probe turns SO_KEEPALIVE on" },
	{ "user-timeout", LAB_USER_TIMEOUT, lab_user_timeout_read,
	  lab_user_timeout_say, "HOST DURATION",
	  "a probe sets TCP_USER_TIMEOUT" },
	{ "note", LAB_NOTE, lab_note_read, lab_note_say, "\"TEXT\"",
	  "a sentence for the timeline" },
	{ "end", LAB_FINISH, read_nothing, say_nothing, "",
	  "the timeline ends, before its time" },
};

static const struct verb the_fault = { .verb = LAB_FAULT,
				       .read = read_fault,
				       .say = say_fault };

static const struct verb *own_verb(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (strcasecmp(name, verbs[i].name) == 0)
			return &verbs[i];
	return NULL;
}

static const struct verb *verb_of(const struct lab_action *action)
{
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (action->verb == verbs[i].verb)
			return &verbs[i];
	return &the_fault;
}

static const struct fault_verb *fault_of(const char *name)
{
	const struct fault_verb *faults;
	size_t n;

	faults = fault_verbs(&n);
	for (size_t i = 0; i < n; i++)
		if (strcasecmp(name, faults[i].name) == 0)
			return &faults[i];
	return NULL;
}

static int refuse_verb(const struct lab_lex *lex, const struct lab_word *word)
{
	enum { MOST = 64 };
	const struct fault_verb *faults;
	const char *names[MOST];
	size_t n = 0, n_faults;
	char near[400];

	faults = fault_verbs(&n_faults);
	for (size_t i = 0; i < n_faults && n < MOST; i++)
		if (!own_verb(faults[i].name))
			names[n++] = faults[i].name;
	for (size_t i = 0; i < ARRAY_SIZE(verbs) && n < MOST; i++)
		names[n++] = verbs[i].name;
	lab_suggest(word->text ? word->text : "", names, n, near, sizeof(near));
	if (!word->text)
		return lab_lex_refuse(lex, word, "expected here: an action%s",
				      near);
	return lab_lex_refuse(lex, word, "'%s' is no action%s", word->text,
			      near);
}

static void say_action(FILE *out, const void *what)
{
	const struct lab_action *action = what;
	const struct verb *verb = verb_of(action);

	fputs(action->fault ? action->fault->name : verb->name, out);
	verb->say(out, action);
}

bool lab_lex_has_action(const struct lab_lex *lex)
{
	const struct lab_word *word = lab_lex_look(lex);

	return word->text && !word->quoted &&
	       (own_verb(word->text) || fault_of(word->text));
}

int lab_action_read(struct lab_lex *lex, struct lab_action *ret)
{
	const struct lab_word *word = lab_lex_look(lex);
	struct lab_action action = { .verb = LAB_FAULT };
	const struct verb *verb;
	int r;

	if (!lab_lex_has_action(lex))
		return refuse_verb(lex, word);
	verb = own_verb(word->text);
	if (verb)
		action.verb = verb->verb;
	else
		action.fault = fault_of(word->text);
	lab_lex_take(lex);
	r = verb_of(&action)->read(lex, &action);
	if (r >= 0)
		r = lab_lex_end(lex);
	if (r < 0)
		return error_trace(r);
	action.text = lab_keep_said(lex->plan, say_action, &action);
	if (!action.text)
		return error_origin(-ENOMEM, "an action");
	*ret = action;
	return 0;
}

int lab_action_read_text(struct lab_plan *plan, const char *text,
			 const struct lab_place *place, struct lab_action *ret)
{
	struct lab_lex lex;
	int r = lab_lex_init(&lex, plan, text, place);

	if (r >= 0)
		r = lab_action_read(&lex, ret);
	lab_lex_deinit(&lex);
	return r < 0 ? error_trace(r) : 0;
}

int lab_action_parse(struct lab_plan *plan, const char *text,
		     struct lab_action *ret)
{
	int r = lab_action_read_text(plan, text, NULL, ret);

	return r < 0 ? error_trace(r) : 0;
}

/* --- told -----------------------------------------------------------------*/

static void tell_kinds(lab_action_fn *tell, void *data)
{
	const struct lab_kind *kinds;
	char text[256] = "";
	size_t n, used = 0;

	kinds = lab_kinds(&n);
	for (size_t i = 0; i < n && used < sizeof(text); i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used,
					 "%s%s", i ? ", " : "", kinds[i].many);
	tell(data, "KIND", text);
}

void lab_action_each(lab_action_fn *tell, void *data)
{
	const struct fault_verb *faults;
	char usage[96];
	size_t n;

	faults = fault_verbs(&n);
	for (size_t i = 0; i < n; i++) {
		if (own_verb(faults[i].name))
			continue;
		snprintf(usage, sizeof(usage), "%s HOST%s%s", faults[i].name,
			 *faults[i].arguments ? " " : "", faults[i].arguments);
		tell(data, usage, faults[i].what);
	}
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		snprintf(usage, sizeof(usage), "%s%s%s", verbs[i].name,
			 *verbs[i].usage ? " " : "", verbs[i].usage);
		tell(data, usage, verbs[i].what);
	}
	tell(data, "CHOICE",
	     "[PERCENT of|the Nth|the first N|every] KIND [from HOST] [to HOST] "
	     "[port N]");
	tell_kinds(tell, data);
}

static void help_line(void *data, const char *name, const char *what)
{
	enum { COLUMN = 34 };
	FILE *out = data;
	int n = fprintf(out, "  %s", name);

	if (n > COLUMN - 2)
		n = fprintf(out, "\n") - 1;
	fprintf(out, "%*s%s\n", COLUMN - n, "", what);
}

void lab_action_print_help(FILE *out)
{
	lab_action_each(help_line, out);
}
