/* SPDX-License-Identifier: GPL-2.0-or-later */
/* EXPECTATION: what is said of a host or a program before it happens. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lab-phrases.h"
#include "lab-values.h"
#include "lab-words.h"

/* --- numbers --------------------------------------------------------------*/

/* More frames, sockets or events than there will ever be. */
static const uint64_t most = UINT64_C(1000000000000);

static int read_count(struct lab_lex *lex, uint64_t *ret)
{
	return lab_lex_number(lex, "a number", 0, most, ret);
}

/* "3" and "3..5", one word. */
static int read_span(struct lab_lex *lex, struct lab_expectation *expectation)
{
	const struct lab_word *word = lab_lex_look(lex);
	const char *dots = strstr(word->text, "..");
	uint64_t min = 0, max = 0;
	const char *first;
	int r;

	if (!dots) {
		r = read_count(lex, &min);
		expectation->min = expectation->max = min;
		return r < 0 ? error_trace(r) : 0;
	}
	first = lab_plan_keep_part(lex->plan, word->text,
				   (size_t)(dots - word->text));
	if (!first)
		return error_origin(-ENOMEM, "a number");
	r = lab_value_number(first, "a number", 0, most, &min);
	if (r >= 0)
		r = lab_value_number(dots + 2, "a number", 0, most, &max);
	if (r < 0)
		return lab_lex_trace(lex, word, r);
	if (max < min)
		return lab_lex_refuse(lex, word,
				      "nothing is %s: %" PRIu64
				      " is less than %" PRIu64,
				      word->text, max, min);
	lab_lex_take(lex);
	expectation->min = min;
	expectation->max = max;
	return 0;
}

/* Without a number: at least one. */
static int read_number(struct lab_lex *lex, struct lab_expectation *expectation)
{
	const struct lab_word *word = lab_lex_look(lex);
	int r = 0;

	expectation->min = 1;
	expectation->max = UINT64_MAX;
	if (lab_lex_takes(lex, "no")) {
		expectation->min = expectation->max = 0;
	} else if (!lab_lex_takes(lex, "at")) {
		if (word->text && *word->text >= '0' && *word->text <= '9')
			r = read_span(lex, expectation);
	} else if (lab_lex_takes(lex, "least")) {
		word = lab_lex_look(lex);
		r = read_count(lex, &expectation->min);
		if (r >= 0 && !expectation->min)
			r = lab_lex_refuse(lex, word,
					   "there is always at least %s",
					   word->text);
	} else if (lab_lex_takes(lex, "most")) {
		expectation->min = 0;
		r = read_count(lex, &expectation->max);
	} else {
		r = lab_lex_expected(lex, "'least' or 'most'");
	}
	return r < 0 ? error_trace(r) : 0;
}

static void say_number(FILE *out, const struct lab_expectation *expectation)
{
	uint64_t min = expectation->min, max = expectation->max;

	if (!max)
		fputs(" no", out);
	else if (min == max)
		fprintf(out, " %" PRIu64, min);
	else if (max == UINT64_MAX && min > 1)
		fprintf(out, " at least %" PRIu64, min);
	else if (max != UINT64_MAX && !min)
		fprintf(out, " at most %" PRIu64, max);
	else if (max != UINT64_MAX)
		fprintf(out, " %" PRIu64 "..%" PRIu64, min, max);
}

/* --- times ----------------------------------------------------------------*/

static int read_time(struct lab_lex *lex, struct lab_expectation *expectation)
{
	bool after = lab_lex_takes(lex, "after"), within = false;
	const struct lab_word *word;
	char from[64];
	int r = 0;

	if (after)
		r = lab_lex_duration(lex, &expectation->from);
	if (r >= 0 && (within = lab_lex_takes(lex, "within"))) {
		word = lab_lex_look(lex);
		r = lab_lex_duration(lex, &expectation->within);
		if (r >= 0 && expectation->within <= expectation->from)
			r = lab_lex_refuse(lex, word,
					   "nothing comes after %s and within "
					   "%s",
					   lab_duration_text(expectation->from,
							     from,
							     sizeof(from)),
					   word->text);
	}
	if (r >= 0 && (after || within) && lab_lex_takes(lex, "of"))
		r = lab_event_read(lex, &expectation->since);
	if (r >= 0)
		r = lab_lex_end(lex);
	return r < 0 ? error_trace(r) : 0;
}

static void say_time(FILE *out, const struct lab_expectation *expectation)
{
	if (expectation->from) {
		fputs(" after ", out);
		lab_say_duration(out, expectation->from);
	}
	if (expectation->within != NSEC_NEVER) {
		fputs(" within ", out);
		lab_say_duration(out, expectation->within);
	}
	if (expectation->since.event == LAB_AFTER_START)
		return;
	fputs(" of ", out);
	lab_moment_say(out, &expectation->since);
}

/* --- of a program ---------------------------------------------------------*/

static int read_exit(struct lab_lex *lex, struct lab_expectation *expectation)
{
	uint64_t number = 0;
	int r = lab_lex_number(lex, "an exit status", 0, 255, &number);

	if (r < 0)
		return error_trace(r);
	expectation->number = (int)number;
	return 0;
}

static int read_signal(struct lab_lex *lex, struct lab_expectation *expectation)
{
	const struct lab_word *word = lab_lex_look(lex);
	int r;

	if (!word->text)
		return lab_lex_expected(lex, "a signal such as KILL");
	r = lab_value_signal(word->text, &expectation->number);
	if (r < 0)
		return lab_lex_trace(lex, word, r);
	lab_lex_take(lex);
	return 0;
}

static int read_prints(struct lab_lex *lex, struct lab_expectation *expectation)
{
	const struct lab_word *word;
	int r;

	expectation->negated = lab_lex_takes(lex, "no");
	word = lab_lex_look(lex);
	r = lab_lex_text(lex, "a text in quotes", &expectation->words);
	if (r >= 0 && strchr(expectation->words, '\n'))
		return lab_lex_refuse(lex, word,
				      "a text of several lines is in no line");
	return r < 0 ? error_trace(r) : 0;
}

static void say_status(FILE *out, const struct lab_expectation *expectation)
{
	if (expectation->kind == LAB_EXPECT_EXIT) {
		fprintf(out, " %d", expectation->number);
		return;
	}
	fputc(' ', out);
	lab_say_signal(out, expectation->number);
}

static void say_prints(FILE *out, const struct lab_expectation *expectation)
{
	fputs(expectation->negated ? " no " : " ", out);
	lab_say_quoted(out, expectation->words);
}

/* --- of a host ------------------------------------------------------------*/

static int read_frames(struct lab_lex *lex, struct lab_expectation *expectation)
{
	int r = read_number(lex, expectation);

	if (r >= 0)
		r = lab_lex_kinds(lex, &expectation->kinds);
	return r < 0 ? error_trace(r) : 0;
}

static void say_frames(FILE *out, const struct lab_expectation *expectation)
{
	say_number(out, expectation);
	fputc(' ', out);
	lab_say_kinds(out, expectation->kinds, expectation->max == 1);
}

static int read_counter(struct lab_lex *lex,
			struct lab_expectation *expectation)
{
	const struct lab_word *word = lab_lex_look(lex);
	int r = lab_lex_name(lex, "a counter such as TCPKeepAlive",
			     &expectation->words);

	if (r < 0)
		return error_trace(r);
	if (strpbrk(expectation->words, "-."))
		return lab_lex_refuse(lex, word,
				      "'%s' is no counter such as TCPKeepAlive",
				      word->text);
	return read_number(lex, expectation);
}

static void say_counter(FILE *out, const struct lab_expectation *expectation)
{
	fprintf(out, " %s", expectation->words);
	if (expectation->max)
		say_number(out, expectation);
	else
		fputs(" 0", out);
}

static int read_nothing(struct lab_lex *lex MACRO_UNUSED,
			struct lab_expectation *expectation MACRO_UNUSED)
{
	return 0;
}

static void say_nothing(FILE *out MACRO_UNUSED,
			const struct lab_expectation *expectation MACRO_UNUSED)
{
}

static void say_sockets(FILE *out, const struct lab_expectation *expectation)
{
	say_number(out, expectation);
	fprintf(out, " %s",
		expectation->state    ? diag_state_text(expectation->state) :
		expectation->max == 1 ? "socket" :
					"sockets");
}

/* --- the table ------------------------------------------------------------*/

static const struct question {
	const char *word, *other; /* the second is another word for it */
	enum lab_expectation_kind question;
	int (*read)(struct lab_lex *lex, struct lab_expectation *expectation);
	void (*say)(FILE *out, const struct lab_expectation *expectation);
	bool of_program;
	bool at_the_end; /* asked then, and so without a time */
} questions[] = {
	{ "open", "open", LAB_EXPECT_OPEN, read_nothing, say_nothing, false, true },
	{ "sends", "sent", LAB_EXPECT_SENT, read_frames, say_frames, false, false },
	{ "receives", "received", LAB_EXPECT_RECEIVED, read_frames, say_frames,
	  false, false },
	{ "counter", "counter", LAB_EXPECT_COUNTER, read_counter, say_counter, false,
	  true },
	{ "exit", "exits", LAB_EXPECT_EXIT, read_exit, say_status, true, false },
	{ "signal", "signal", LAB_EXPECT_SIGNAL, read_signal, say_status, true,
	  false },
	{ "runs", "runs", LAB_EXPECT_RUNS, read_nothing, say_nothing, true, true },
	{ "prints", "prints", LAB_EXPECT_LINE, read_prints, say_prints, true,
	  false },
};

static const struct question *question_of(enum lab_expectation_kind which)
{
	for (size_t i = 0; i < ARRAY_SIZE(questions); i++)
		if (questions[i].question == which)
			return &questions[i];
	return NULL;
}

static const struct question *take_question(struct lab_lex *lex)
{
	for (size_t i = 0; i < ARRAY_SIZE(questions); i++)
		if (lab_lex_takes(lex, questions[i].word) ||
		    lab_lex_takes(lex, questions[i].other))
			return &questions[i];
	return NULL;
}

static int refuse_question(const struct lab_lex *lex)
{
	const struct lab_word *word = lab_lex_look(lex);
	const char *names[256], *near;
	size_t n = 0;

	if (!word->text)
		return lab_lex_expected(
			lex, "an outcome such as ETIMEDOUT, EOF or DATA; open, "
			     "sends, receives, counter, a state such as "
			     "CLOSE-WAIT; exit, signal, runs, prints");
	for (size_t i = 0; i < ARRAY_SIZE(questions); i++)
		names[n++] = questions[i].word;
	n += lab_state_names(names + n, ARRAY_SIZE(names) - n);
	n += lab_outcome_names(names + n, ARRAY_SIZE(names) - n);
	near = lab_nearest(word->text, names, n);
	if (near)
		return lab_lex_refuse(lex, word, "'%s' cannot be expected; %s?",
				      word->text, near);
	return lab_lex_expected(
		lex, "an outcome such as ETIMEDOUT, EOF or DATA; open, sends, "
		     "receives, counter, a state such as CLOSE-WAIT; exit, "
		     "signal, runs, prints");
}

static int read_sockets(struct lab_lex *lex,
			struct lab_expectation *expectation)
{
	const struct lab_word *first = lab_lex_look(lex), *word;
	int r = read_number(lex, expectation);

	if (r < 0)
		return error_trace(r);
	word = lab_lex_look(lex);
	expectation->kind = LAB_EXPECT_SOCKETS;
	if (lab_lex_takes(lex, "socket") || lab_lex_takes(lex, "sockets"))
		return 0;
	if (word == first && (!word->text || !lab_value_state(word->text)))
		return refuse_question(lex);
	return lab_lex_state(lex, &expectation->state);
}

static int read_outcome(struct lab_lex *lex,
			struct lab_expectation *expectation)
{
	const struct lab_word *word = lab_lex_look(lex);

	if (word->text && !word->quoted)
		expectation->outcome = lab_value_outcome(word->text);
	if (!expectation->outcome)
		return read_sockets(lex, expectation);
	expectation->kind = LAB_EXPECT_OUTCOME;
	lab_lex_take(lex);
	return 0;
}

static int read_end(struct lab_lex *lex, const struct question *question,
		    struct lab_expectation *expectation)
{
	const struct lab_word *word = lab_lex_look(lex);

	if (!question || !question->at_the_end || !word->text)
		return read_time(lex, expectation);
	if (lab_word_is(word, "within") || lab_word_is(word, "after"))
		return lab_lex_refuse(
			lex, word,
			"'%s' is asked at the end of the lab, and at no other "
			"time",
			question->word);
	return lab_lex_end(lex);
}

static int read_answer(struct lab_lex *lex, struct lab_expectation *expectation)
{
	const struct question *question = take_question(lex);
	int r;

	if (question) {
		expectation->kind = question->question;
		r = question->read(lex, expectation);
	} else {
		r = read_outcome(lex, expectation);
	}
	if (r >= 0 && question && question->of_program)
		expectation->program = TAKE(expectation->host);
	if (r >= 0)
		r = read_end(lex, question, expectation);
	return r < 0 ? error_trace(r) : 0;
}

static void say(FILE *out, const void *what)
{
	const struct lab_expectation *expectation = what;
	const struct question *question = question_of(expectation->kind);

	fprintf(out, "%s:",
		expectation->host ? expectation->host : expectation->program);
	if (question) {
		fprintf(out, " %s", question->word);
		question->say(out, expectation);
	} else if (expectation->outcome) {
		fprintf(out, " %s", expectation->outcome);
	} else {
		say_sockets(out, expectation);
	}
	say_time(out, expectation);
}

/* --- all of it ------------------------------------------------------------*/

/* No name has a colon in it, so that the first one is the subject's. */
static int read_subject(struct lab_lex *lex, size_t colon, const char **ret)
{
	const struct lab_word *word = lab_lex_look(lex);
	int r = lab_lex_name(lex, "a host or a program, and a colon", ret);

	if (r < 0)
		return error_trace(r);
	if (word->quoted || word->column > colon + 1)
		return lab_lex_refuse(lex, word,
				      "nothing stands before the "
				      "colon; expected: a host or a "
				      "program");
	word = lab_lex_look(lex);
	if (word->text && word->column <= colon + 1)
		return lab_lex_refuse(lex, word,
				      "'%s' stands here; expected: a colon",
				      word->text);
	return 0;
}

static int read_all(struct lab_lex *lex, size_t colon,
		    struct lab_expectation *ret)
{
	struct lab_expectation expectation = { .within = NSEC_NEVER };
	int r = read_subject(lex, colon, &expectation.host);

	if (r >= 0)
		r = read_answer(lex, &expectation);
	if (r < 0)
		return error_trace(r);
	expectation.text = lab_keep_said(lex->plan, say, &expectation);
	if (!expectation.text)
		return error_origin(-ENOMEM, "an expectation");
	*ret = expectation;
	return 0;
}

int lab_expectation_read(struct lab_plan *plan, const char *text,
			 const struct lab_place *place,
			 struct lab_expectation *ret)
{
	struct lab_lex lex = { .plan = plan, .place = place };
	char *copy = strdup(text), *colon;
	int r;

	if (!copy)
		return error_origin(-ENOMEM, "an expectation");
	colon = strchr(copy, ':');
	if (colon) {
		*colon = ' ';
		r = lab_lex_init(&lex, plan, copy, place);
		if (r >= 0)
			r = read_all(&lex, (size_t)(colon - copy), ret);
	} else {
		r = lab_lex_refuse(&lex, &(struct lab_word){ .column = 1 },
				   "'%s' is no HOST: OUTCOME, or PROGRAM: exit "
				   "N, and so on: it has no colon",
				   text);
	}
	lab_lex_deinit(&lex);
	free(copy);
	return r < 0 ? error_trace(r) : 0;
}

int lab_expectation_parse(struct lab_plan *plan, const char *text,
			  struct lab_expectation *ret)
{
	int r = lab_expectation_read(plan, text, NULL, ret);

	return r < 0 ? error_trace(r) : 0;
}
