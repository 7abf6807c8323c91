/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which frames a rule of the wire is about. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lab-phrases.h"
#include "lab-values.h"

enum { COUNT_MAX = 1000000000 };

/* --- how many -------------------------------------------------------------*/

static bool is_suffix(const char *text)
{
	static const char *const suffixes[] = { "st", "nd", "rd", "th" };

	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++)
		if (strcasecmp(text, suffixes[i]) == 0)
			return true;
	return false;
}

/* After "first", which may be of many. */
static const char *const ordinals[] = { "second", "third", "fourth", "fifth" };

bool lab_lex_takes_count(struct lab_lex *lex, bool nth, unsigned int *ret)
{
	const struct lab_word *word = lab_lex_look(lex);
	size_t n = word->text ? strspn(word->text, "0123456789") : 0;
	unsigned long value;

	for (unsigned int i = 0; nth && i < ARRAY_SIZE(ordinals); i++) {
		if (!lab_lex_takes(lex, ordinals[i]))
			continue;
		*ret = i + 2;
		return true;
	}
	if (!n || n > 10 ||
	    (nth ? !is_suffix(word->text + n) : word->text[n] != '\0'))
		return false;
	value = strtoul(word->text, NULL, 10);
	if (!value || value > COUNT_MAX)
		return false;
	lab_lex_take(lex);
	*ret = (unsigned int)value;
	return true;
}

void lab_say_nth(FILE *out, unsigned int n)
{
	static const char *const suffixes[] = { "th", "st", "nd", "rd" };
	unsigned int last = n / 10 % 10 == 1 ? 0 : n % 10;

	fprintf(out, "%u%s", n,
		suffixes[last < ARRAY_SIZE(suffixes) ? last : 0]);
}

static int read_share(struct lab_lex *lex, struct lab_action *action)
{
	const struct lab_word *word = lab_lex_take(lex);
	int r = lab_value_share(word->text, &action->rate);

	if (r < 0)
		return lab_lex_trace(lex, word, r);
	if (action->rate <= 0)
		return lab_lex_refuse(lex, word, "%s of them is none",
				      word->text);
	return lab_lex_takes(lex, "of") ? 0 : lab_lex_expected(lex, "'of'");
}

static int read_amount(struct lab_lex *lex, struct lab_action *action)
{
	const struct lab_word *word = lab_lex_look(lex);

	if (word->text && strchr(word->text, '%'))
		return read_share(lex, action);
	if (lab_lex_takes(lex, "every"))
		return 0;
	if (lab_lex_takes_count(lex, true, &action->first)) {
		action->count = 1;
		return 0;
	}
	if (lab_lex_takes(lex, "first")) {
		action->first = action->count = 1;
		word = lab_lex_look(lex);
	}
	if (lab_lex_takes_count(lex, false, &action->count)) {
		action->first = 1;
		return 0;
	}
	if (word->text && *word->text >= '0' && *word->text <= '9')
		return lab_lex_refuse(lex, word,
				      "'%s' is no number of frames, from 1",
				      word->text);
	return 0;
}

static void say_amount(FILE *out, const struct lab_action *action)
{
	if (action->rate > 0) {
		lab_say_share(out, action->rate);
		fputs(" of ", out);
	} else if (action->count == 1) {
		fputs("the ", out);
		lab_say_nth(out, action->first);
		fputc(' ', out);
	} else if (action->count) {
		fprintf(out, "the first %u ", action->count);
	}
}

/* --- what a rule says beside ----------------------------------------------*/

static const char *const answers[] = {
	[LAB_ANSWER_RST] = "rst",     [LAB_ANSWER_NET] = "net",
	[LAB_ANSWER_HOST] = "host",   [LAB_ANSWER_PORT] = "port",
	[LAB_ANSWER_ADMIN] = "admin",
};

/* Delay's, duplicate's and reject's own; NULL: the verb has none. */
static const char *own_word(enum lab_verb verb)
{
	if (verb == LAB_DELAY)
		return "by";
	if (verb == LAB_DUPLICATE)
		return "after";
	return verb == LAB_REJECT ? "with" : NULL;
}

static int read_own(struct lab_lex *lex, struct lab_action *action)
{
	const struct lab_word *word = lab_lex_look(lex);
	size_t which;
	int r;

	if (action->verb == LAB_REJECT) {
		r = lab_lex_choose(lex, "an answer", answers,
				   ARRAY_SIZE(answers), &which);
		if (r >= 0)
			action->answer = (enum lab_answer)which;
	} else {
		r = lab_lex_duration(lex, &action->time);
		if (r >= 0 && action->verb == LAB_DELAY && !action->time)
			r = lab_lex_refuse(lex, word, "%s is no delay",
					   word->text);
	}
	return r < 0 ? error_trace(r) : 0;
}

/* Each once, in any order. */
static int read_rest(struct lab_lex *lex, struct lab_action *action)
{
	const char *own = own_word(action->verb);
	bool has_own = false;
	int r = 0;

	while (r >= 0) {
		if (!action->from && lab_lex_takes(lex, "from"))
			r = lab_lex_name(lex, "a host", &action->from);
		else if (!action->to && lab_lex_takes(lex, "to"))
			r = lab_lex_name(lex, "a host", &action->to);
		else if (!action->port && lab_lex_takes(lex, "port"))
			r = lab_lex_port(lex, &action->port);
		else if (own && !has_own && lab_lex_takes(lex, own))
			has_own = (r = read_own(lex, action)) >= 0;
		else
			break;
	}
	if (r < 0)
		return error_trace(r);
	if (has_own || !own || action->verb == LAB_DUPLICATE)
		return 0;
	return lab_lex_expected(lex, action->verb == LAB_DELAY ?
					     "'by' and a duration" :
					     "'with' and an answer");
}

int lab_choice_read(struct lab_lex *lex, struct lab_action *action)
{
	int r = read_amount(lex, action);

	if (r >= 0)
		r = lab_lex_kinds(lex, &action->kinds);
	if (r >= 0)
		r = read_rest(lex, action);
	return r < 0 ? error_trace(r) : 0;
}

void lab_choice_say(FILE *out, const struct lab_action *action)
{
	const char *own = own_word(action->verb);

	say_amount(out, action);
	lab_say_kinds(out, action->kinds, action->count == 1);
	if (action->from)
		fprintf(out, " from %s", action->from);
	if (action->to)
		fprintf(out, " to %s", action->to);
	if (action->port)
		fprintf(out, " port %u", action->port);
	if (action->verb == LAB_REJECT) {
		fprintf(out, " with %s", answers[action->answer]);
	} else if (own && action->time) {
		fprintf(out, " %s ", own);
		lab_say_duration(out, action->time);
	}
}
