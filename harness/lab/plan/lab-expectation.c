/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An expectation is a subject, a colon and a statement about it. The first word
 * of the statement determines its type: a keyword of the table below, the name
 * of an outcome, or a number of sockets and their state. Then follows the time
 * in which the statement must become true, which the statements that are
 * evaluated at the end do not have.
 */
#include "lab-expectation.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lab-lex.h"
#include "lab-value.h"

/* --- numbers --------------------------------------------------------------*/

/* More frames, sockets or events than a lab can have. */
static const uint64_t most = UINT64_C(1000000000000);

static int read_count(struct lab_lex *lex, uint64_t *ret)
{
	return lab_lex_number(lex, "number", 0, most, ret);
}

/* "3" or "3..5", one word. */
static int read_range(struct lab_lex *lex, struct lab_expectation *e)
{
	const struct lab_word *word = lab_lex_peek(lex);
	const char *dots = strstr(word->text, "..");
	uint64_t min = 0, max = 0;
	const char *first;
	int r;

	if (!dots) {
		r = read_count(lex, &min);
		e->min = e->max = min;
		return error_trace(r);
	}
	first = lab_plan_keep_part(lex->plan, word->text,
				   (size_t)(dots - word->text));
	if (!first)
		return error_origin(-ENOMEM, "number in a lab");
	r = lab_value_number(first, "number", 0, most, &min);
	if (r >= 0)
		r = lab_value_number(dots + 2, "number", 0, most, &max);
	if (r >= 0 && max < min)
		return lab_lex_refuse(lex, word,
				      "empty range '%s': %" PRIu64
				      " is less than %" PRIu64,
				      word->text, max, min);
	e->min = min;
	e->max = max;
	return lab_lex_take(lex, r);
}

/* [NUMBER|no]: 3, 3..5, at least 3, at most 3. */
static int read_number(struct lab_lex *lex, struct lab_expectation *e)
{
	const struct lab_word *word = lab_lex_peek(lex);
	int r;

	e->min = 1;
	e->max = UINT64_MAX;
	if (lab_lex_accept(lex, "no")) {
		e->min = e->max = 0;
		return 0;
	}
	if (!lab_lex_accept(lex, "at"))
		return lab_word_is_number(word) ? read_range(lex, e) : 0;
	if (lab_lex_accept(lex, "most")) {
		e->min = 0;
		return read_count(lex, &e->max);
	}
	if (!lab_lex_accept(lex, "least"))
		return lab_lex_expected(lex, "'least' or 'most'");
	word = lab_lex_peek(lex);
	r = read_count(lex, &e->min);
	if (r < 0)
		return error_trace(r);
	if (!e->min)
		return lab_lex_refuse(lex, word,
				      "'at least 0' is always true; expected a "
				      "number from 1");
	return 0;
}

/* --- times ----------------------------------------------------------------*/

/* [after DURATION] [within DURATION] [of EVENT], to the end of the sentence. */
static int read_time(struct lab_lex *lex, struct lab_expectation *e)
{
	bool after = lab_lex_accept(lex, "after"), within;
	const struct lab_word *word;
	int r = 0;

	if (after)
		r = lab_lex_duration(lex, &e->from);
	if (r < 0)
		return error_trace(r);
	within = lab_lex_accept(lex, "within");
	if (within) {
		word = lab_lex_peek(lex);
		r = lab_lex_duration(lex, &e->within);
		if (r < 0)
			return error_trace(r);
		if (e->within <= e->from)
			return lab_lex_refuse(lex, word,
					      "empty time range: 'within %s' "
					      "ends before it begins",
					      word->text);
	}
	if ((after || within) && lab_lex_accept(lex, "of"))
		return lab_moment_read_event(lex, &e->since);
	return lab_lex_end(lex);
}

/* --- statements -----------------------------------------------------------*/

static int read_exit(struct lab_lex *lex, struct lab_expectation *e)
{
	uint64_t number = 0;
	int r = lab_lex_number(lex, "exit status", 0, 255, &number);

	e->number = (int)number;
	return error_trace(r);
}

static int read_signal(struct lab_lex *lex, struct lab_expectation *e)
{
	return lab_lex_signal(lex, &e->number);
}

static int read_line(struct lab_lex *lex, struct lab_expectation *e)
{
	const struct lab_word *word;
	int r;

	e->negated = lab_lex_accept(lex, "no");
	word = lab_lex_peek(lex);
	r = lab_lex_text(lex, "text in quotes", &e->line);
	if (r < 0)
		return error_trace(r);
	if (strchr(e->line, '\n'))
		return lab_lex_refuse(lex, word,
				      "line break in the text: output is "
				      "compared line by line");
	return 0;
}

static int read_frames(struct lab_lex *lex, struct lab_expectation *e)
{
	int r = read_number(lex, e);

	if (r < 0)
		return error_trace(r);
	return lab_lex_kinds(lex, &e->kinds);
}

/* Counters of /proc/net/netstat and snmp have letters and digits only. Whether
 * this kernel has the counter is known when the lab runs. */
static int read_counter(struct lab_lex *lex, struct lab_expectation *e)
{
	const struct lab_word *word = lab_lex_peek(lex);
	int r = lab_lex_name(lex, "counter such as TCPKeepAlive", &e->counter);

	if (r < 0)
		return error_trace(r);
	if (strpbrk(e->counter, "-."))
		return lab_lex_refuse(lex, word,
				      "invalid counter '%s': expected a name "
				      "such as TCPKeepAlive",
				      word->text);
	return read_number(lex, e);
}

static int read_nothing(struct lab_lex *lex MACRO_UNUSED,
			struct lab_expectation *e MACRO_UNUSED)
{
	return 0;
}

static const struct statement {
	const char *word, *alias;
	enum lab_expectation_kind kind;
	int (*read)(struct lab_lex *lex, struct lab_expectation *e);
	bool of_program;
	bool at_the_end; /* has no TIME */
	const char *syntax, *what;
} statements[] = {
	{ "open", NULL, LAB_EXPECT_OPEN, read_nothing, false, true,
	  "HOST: open", "no call of the host's probe has ended" },
	{ "sends", "sent", LAB_EXPECT_SENT, read_frames, false, false,
	  "HOST: sends [NUMBER] KIND [TIME]", "frames that the host sends" },
	{ "receives", "received", LAB_EXPECT_RECEIVED, read_frames, false,
	  false, "HOST: receives [NUMBER] KIND [TIME]",
	  "frames that the host receives" },
	{ "counter", NULL, LAB_EXPECT_COUNTER, read_counter, false, true,
	  "HOST: counter NAME [NUMBER]",
	  "rise of a counter of the host, such as TCPKeepAlive" },
	{ "exit", "exits", LAB_EXPECT_EXIT, read_exit, true, false,
	  "PROGRAM: exit N [TIME]", "the program ends with this status" },
	{ "signal", NULL, LAB_EXPECT_SIGNAL, read_signal, true, false,
	  "PROGRAM: signal SIGNAL [TIME]",
	  "the program is ended by this signal" },
	{ "runs", NULL, LAB_EXPECT_RUNS, read_nothing, true, true,
	  "PROGRAM: runs", "the program runs at the end" },
	{ "prints", NULL, LAB_EXPECT_LINE, read_line, true, false,
	  "PROGRAM: prints [no] \"TEXT\" [TIME]",
	  "the program prints a line with this text" },
};

static const struct statement *accept_statement(struct lab_lex *lex)
{
	for (size_t i = 0; i < ARRAY_SIZE(statements); i++)
		if (lab_lex_accept(lex, statements[i].word) ||
		    (statements[i].alias &&
		     lab_lex_accept(lex, statements[i].alias)))
			return &statements[i];
	return NULL;
}

static int refuse_statement(const struct lab_lex *lex)
{
	const struct lab_word *word = lab_lex_peek(lex);
	const char *names[256], *near = NULL;
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(statements); i++)
		names[n++] = statements[i].word;
	n += lab_value_states(names + n, ARRAY_SIZE(names) - n);
	n += lab_value_outcomes(names + n, ARRAY_SIZE(names) - n);
	if (word->text)
		near = lab_nearest(word->text, names, n);
	if (near)
		return lab_lex_refuse(lex, word,
				      "unknown outcome '%s'; did you mean "
				      "'%s'?",
				      word->text, near);
	return lab_lex_expected(
		lex, "an outcome such as ETIMEDOUT, EOF or DATA, a state such "
		     "as CLOSE-WAIT, or open, sends, receives, counter, exit, "
		     "signal, runs, prints");
}

/* [NUMBER] STATE. Without a number the word may have been meant as anything, so
 * that the message suggests outcomes and keywords, too. */
static int read_sockets(struct lab_lex *lex, struct lab_expectation *e)
{
	const struct lab_word *first = lab_lex_peek(lex), *word;
	int r = read_number(lex, e);

	if (r < 0)
		return error_trace(r);
	word = lab_lex_peek(lex);
	e->kind = LAB_EXPECT_SOCKETS;
	if (lab_lex_accept(lex, "socket") || lab_lex_accept(lex, "sockets"))
		return 0;
	if (word == first && (!word->text || !lab_value_state(word->text)))
		return refuse_statement(lex);
	return lab_lex_state(lex, &e->state);
}

/* An error, EOF or DATA; another word is a number or a state of sockets. */
static int read_outcome(struct lab_lex *lex, struct lab_expectation *e)
{
	const struct lab_word *word = lab_lex_peek(lex);

	if (word->text && !word->quoted)
		e->outcome = lab_value_outcome(word->text);
	if (!e->outcome)
		return read_sockets(lex, e);
	e->kind = LAB_EXPECT_OUTCOME;
	lab_lex_next(lex);
	return 0;
}

/* Behind the colon, to the end of the sentence. */
static int read_statement(struct lab_lex *lex, struct lab_expectation *e)
{
	const struct statement *statement = accept_statement(lex);
	const struct lab_word *word;
	int r;

	if (!statement) {
		r = read_outcome(lex, e);
		if (r < 0)
			return error_trace(r);
		return read_time(lex, e);
	}
	e->kind = statement->kind;
	r = statement->read(lex, e);
	if (r < 0)
		return error_trace(r);
	if (statement->of_program)
		e->program = TAKE(e->host);
	if (!statement->at_the_end)
		return read_time(lex, e);
	word = lab_lex_peek(lex);
	if (lab_word_is(word, "within") || lab_word_is(word, "after"))
		return lab_lex_refuse(lex, word,
				      "unexpected '%s'; '%s' is evaluated at "
				      "the end of the lab",
				      word->text, statement->word);
	return lab_lex_end(lex);
}

/* --- the subject ----------------------------------------------------------*/

/* `colon` is its offset in the text, where the lexer saw a blank. No name
 * contains a colon or a character of several bytes, so that the first colon
 * ends the subject and offsets are columns. */
static int read_subject(struct lab_lex *lex, size_t colon, const char **ret)
{
	const struct lab_word *word = lab_lex_peek(lex);
	int r;

	if (word->quoted || word->column > colon + 1)
		return lab_lex_refuse(lex, &(struct lab_word){ .column = 1 },
				      "missing name of a host or program "
				      "before the colon");
	r = lab_lex_name(lex, "host or program name", ret);
	if (r < 0)
		return error_trace(r);
	word = lab_lex_peek(lex);
	if (word->text && word->column <= colon + 1)
		return lab_lex_expected(lex, "colon");
	return 0;
}

static int read_expectation(struct lab_lex *lex, size_t colon,
			    struct lab_expectation *ret)
{
	struct lab_expectation e = { .within = NSEC_NEVER,
				     .since = { .text = "start" } };
	const struct lab_word *statement;
	const char *subject = NULL, *rest;
	char *text = NULL;
	int r = read_subject(lex, colon, &subject);

	if (r < 0)
		return error_trace(r);
	e.host = subject;
	statement = lab_lex_peek(lex);
	r = read_statement(lex, &e);
	if (r >= 0)
		r = lab_lex_source(lex, statement, &rest);
	if (r < 0)
		return error_trace(r);
	if (asprintf(&text, "%s: %s", subject, rest) < 0)
		return error_origin(-ENOMEM, "expectation of a lab");
	e.text = lab_plan_keep(lex->plan, text);
	free(text);
	if (!e.text)
		return error_origin(-ENOMEM, "expectation of a lab");
	*ret = e;
	return 0;
}

int lab_expectation_parse(struct lab_plan *plan, const char *text,
			  const struct lab_place *place,
			  struct lab_expectation *ret)
{
	struct lab_lex lex = { .plan = plan, .place = place };
	const char *colon = strchr(text, ':');
	char *copy;
	int r;

	if (!colon)
		return lab_lex_refuse(
			&lex, &(struct lab_word){ .column = 1 },
			"missing colon in '%s'; expected 'HOST: "
			"OUTCOME', 'PROGRAM: exit N' and the like",
			text);
	copy = strdup(text);
	if (!copy)
		return error_origin(-ENOMEM, "expectation of a lab");
	copy[colon - text] = ' ';
	r = lab_lex_init(&lex, plan, copy, place);
	if (r >= 0)
		r = read_expectation(&lex, (size_t)(colon - text), ret);
	lab_lex_deinit(&lex);
	free(copy);
	return error_trace(r);
}

int lab_expectation_add(struct lab_plan *plan, const char *text,
			const struct lab_place *place)
{
	struct lab_expectation expectation;
	int r;

	if (plan->n_expectations == LAB_EXPECTATIONS)
		return lab_place_refuse(place,
					"too many expectations: at most %d",
					LAB_EXPECTATIONS);
	r = lab_expectation_parse(plan, text, place, &expectation);
	if (r >= 0)
		r = lab_plan_keep_place(plan, place, &expectation.place);
	if (r < 0)
		return error_trace(r);
	plan->expectations[plan->n_expectations++] = expectation;
	return 0;
}

/* --- help -----------------------------------------------------------------*/

void lab_expectation_each(lab_grammar_fn *fn, void *data)
{
	fn(data, "HOST: OUTCOME [TIME]",
	   "a call of the host's probe ends so: an error such as ETIMEDOUT, "
	   "EOF "
	   "or DATA");
	fn(data, "HOST: [NUMBER] STATE|socket [TIME]",
	   "sockets of the host in this state, or in any but LISTEN");
	for (size_t i = 0; i < ARRAY_SIZE(statements); i++)
		fn(data, statements[i].syntax, statements[i].what);
	fn(data, "NUMBER",
	   "3, at least 3, at most 3, 3..5, no; default: at "
	   "least 1");
	fn(data, "TIME",
	   "[after DURATION] [within DURATION] [of EVENT]; "
	   "default: at any time until the end");
}
