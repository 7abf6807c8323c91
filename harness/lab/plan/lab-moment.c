/* SPDX-License-Identifier: GPL-2.0-or-later */
/* MOMENT: when something happens. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lab-phrases.h"
#include "lab-values.h"
#include "lab-words.h"

const char *lab_keep_said(struct lab_plan *plan, lab_say_fn *say,
			  const void *what)
{
	const char *kept = NULL;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	say(out, what);
	if (fclose(out) == 0)
		kept = lab_plan_keep(plan, text);
	free(text);
	return kept;
}

/* --- events ---------------------------------------------------------------*/

static int read_frames(struct lab_lex *lex, struct lab_moment *moment)
{
	moment->event = LAB_AFTER_FRAMES;
	moment->count = 1;
	moment->sent = lab_lex_takes(lex, "sent");
	if (!moment->sent && !lab_lex_takes(lex, "received"))
		return lab_lex_expected(lex, "'received' or 'sent'");
	if (!lab_lex_takes_count(lex, true, &moment->count))
		lab_lex_takes_count(lex, false, &moment->count);
	return lab_lex_kinds(lex, &moment->kinds);
}

static int read_prints(struct lab_lex *lex, struct lab_moment *moment)
{
	const struct lab_word *word = lab_lex_look(lex);
	int r;

	moment->event = LAB_AFTER_LINE;
	r = lab_lex_text(lex, "a text in quotes", &moment->text);
	if (r < 0)
		return error_trace(r);
	if (strchr(moment->text, '\n'))
		return lab_lex_refuse(lex, word,
				      "a text of several lines is in no line");
	return 0;
}

static int read_state(struct lab_lex *lex, struct lab_moment *moment)
{
	moment->event = LAB_AFTER_STATE;
	return lab_lex_state(lex, &moment->state);
}

/* What follows the name of a host, or of a program. */
static const struct event {
	const char *word;
	int (*read)(struct lab_lex *lex, struct lab_moment *moment);
	bool of_program;
} events[] = {
	{ "has", read_frames, false },
	{ "prints", read_prints, true },
	{ "ends", NULL, true },
	{ "reaches", read_state, false },
};

static int read_of(struct lab_lex *lex, const struct event *event,
		   struct lab_moment *moment)
{
	int r = lab_lex_name(lex, event->of_program ? "a program" : "a host",
			     event->of_program ? &moment->program :
						 &moment->host);

	if (r < 0)
		return error_trace(r);
	lab_lex_take(lex);
	moment->event = LAB_AFTER_EXIT;
	return event->read ? event->read(lex, moment) : 0;
}

/* "crash server": done. */
static int read_done(struct lab_lex *lex, struct lab_moment *moment)
{
	struct lab_action action;
	int r;

	if (!lab_lex_has_action(lex))
		return lab_lex_expected(lex, "'start', 'HOST has received 3 "
					     "segments', 'HOST reaches STATE', "
					     "'PROGRAM prints \"TEXT\"', "
					     "'PROGRAM ends', or an action");
	r = lab_action_read(lex, &action);
	if (r < 0)
		return error_trace(r);
	moment->event = LAB_AFTER_STEP;
	moment->text = action.text;
	return 0;
}

int lab_event_read(struct lab_lex *lex, struct lab_moment *ret)
{
	const struct lab_word *word = lab_lex_look(lex);
	struct lab_moment moment = { .after = ret->after };
	const struct event *event = NULL;
	int r = 0;

	for (size_t i = 0; word->text && i < ARRAY_SIZE(events); i++)
		if (lab_word_is(word + 1, events[i].word))
			event = &events[i];
	if (event)
		r = read_of(lex, event, &moment);
	else if (!lab_lex_takes(lex, "start"))
		r = read_done(lex, &moment);
	if (r >= 0)
		r = lab_lex_end(lex);
	if (r < 0)
		return error_trace(r);
	*ret = moment;
	return 0;
}

/* --- moments --------------------------------------------------------------*/

int lab_moment_read(struct lab_lex *lex, struct lab_moment *ret)
{
	const struct lab_word *word = lab_lex_look(lex);
	struct lab_moment moment = { .event = LAB_AFTER_START };
	int r = 0;

	if (word->text && *word->text >= '0' && *word->text <= '9') {
		r = lab_lex_duration(lex, &moment.after);
		if (r < 0)
			return error_trace(r);
		if (!lab_lex_look(lex)->text) {
			*ret = moment;
			return 0;
		}
		if (!lab_lex_takes(lex, "after"))
			return lab_lex_expected(lex, "'after' and an event");
	} else if (!word->text) {
		return lab_lex_expected(lex, "a moment, such as 2s");
	} else if (!lab_lex_takes(lex, "when")) {
		lab_lex_takes(lex, "after");
	}
	r = lab_event_read(lex, &moment);
	if (r < 0)
		return error_trace(r);
	*ret = moment;
	return 0;
}

int lab_moment_read_text(struct lab_plan *plan, const char *text,
			 const struct lab_place *place, struct lab_moment *ret)
{
	struct lab_lex lex;
	int r = lab_lex_init(&lex, plan, text, place);

	if (r >= 0)
		r = lab_moment_read(&lex, ret);
	lab_lex_deinit(&lex);
	return r < 0 ? error_trace(r) : 0;
}

int lab_moment_parse(struct lab_plan *plan, const char *text,
		     struct lab_moment *ret)
{
	int r = lab_moment_read_text(plan, text, NULL, ret);

	return r < 0 ? error_trace(r) : 0;
}

/* --- said -----------------------------------------------------------------*/

static void say_event(FILE *out, const struct lab_moment *moment)
{
	switch (moment->event) {
	case LAB_AFTER_START:
		fputs("start", out);
		break;
	case LAB_AFTER_FRAMES:
		fprintf(out, "%s has %s ", moment->host,
			moment->sent ? "sent" : "received");
		if (moment->count > 1)
			fprintf(out, "%u ", moment->count);
		lab_say_kinds(out, moment->kinds, moment->count == 1);
		break;
	case LAB_AFTER_LINE:
		fprintf(out, "%s prints ", moment->program);
		lab_say_quoted(out, moment->text);
		break;
	case LAB_AFTER_EXIT:
		fprintf(out, "%s ends", moment->program);
		break;
	case LAB_AFTER_STATE:
		fprintf(out, "%s reaches %s", moment->host,
			diag_state_text(moment->state));
		break;
	case LAB_AFTER_STEP:
		fputs(moment->text, out);
		break;
	}
}

void lab_moment_say(FILE *out, const struct lab_moment *moment)
{
	if (moment->after)
		lab_say_duration(out, moment->after);
	if (moment->after && moment->event == LAB_AFTER_START)
		return;
	if (moment->after)
		fputs(" after ", out);
	say_event(out, moment);
}

static void say(FILE *out, const void *what)
{
	lab_moment_say(out, what);
}

const char *lab_moment_text(struct lab_plan *plan,
			    const struct lab_moment *moment)
{
	return lab_keep_said(plan, say, moment);
}
