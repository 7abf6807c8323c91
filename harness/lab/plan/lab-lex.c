/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab-lex.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lab-values.h"
#include "lab-words.h"

/* --- from bytes to words --------------------------------------------------*/

/* Where the lexer is in the text, and where it writes. */
struct reader {
	const char *in;
	char *out;
	unsigned int column;
	char quote; /* the one that is open */
	bool quoted;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Bytes of the character, 0 for what is none. Overlong forms, surrogates and
 * what lies behind U+10FFFF are none: RFC 3629, section 4. */
static size_t character(const char *text)
{
	const unsigned char *b = (const unsigned char *)text;
	size_t n = b[0] < 0x80 ? 1 : b[0] < 0xe0 ? 2 : b[0] < 0xf0 ? 3 : 4;

	if (b[0] < 0x20 && !is_blank(text[0]))
		return 0;
	if (n == 1)
		return b[0] != 0x7f;
	if (b[0] < 0xc2 || b[0] > 0xf4)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((b[i] & 0xc0) != 0x80)
			return 0;
	if ((b[0] == 0xe0 && b[1] < 0xa0) || (b[0] == 0xed && b[1] > 0x9f) ||
	    (b[0] == 0xf0 && b[1] < 0x90) || (b[0] == 0xf4 && b[1] > 0x8f))
		return 0;
	return n;
}

static void copy(struct reader *reader, size_t n)
{
	memcpy(reader->out, reader->in, n);
	reader->out += n;
	reader->in += n;
	reader->column++;
}

static bool is_escape(const struct reader *reader)
{
	return reader->quote == '"' && reader->in[0] == '\\' &&
	       (reader->in[1] == '"' || reader->in[1] == '\\');
}

/* Takes one character of a word. False for bytes that are none. */
static bool read_character(struct reader *reader)
{
	char c = *reader->in;
	size_t n = character(reader->in);

	if (n == 0)
		return false;
	if (is_escape(reader)) {
		reader->in++;
		reader->column++;
		copy(reader, 1);
	} else if (reader->quote ? c == reader->quote : c == '"' || c == '\'') {
		reader->quote = reader->quote ? '\0' : c;
		reader->quoted = true;
		reader->in++;
		reader->column++;
	} else {
		copy(reader, n);
	}
	return true;
}

static int read_word(struct lab_lex *lex, struct reader *reader,
		     struct lab_word *ret)
{
	struct lab_word word = { .text = reader->out,
				 .column = reader->column };

	reader->quoted = false;
	while (*reader->in && (reader->quote || !is_blank(*reader->in))) {
		struct lab_word here = { .column = reader->column };

		if (!read_character(reader))
			return lab_lex_refuse(lex, &here,
					      "byte 0x%02x is of no text",
					      (unsigned char)*reader->in);
	}
	if (reader->quote)
		return lab_lex_refuse(lex, &word, "a quote is not closed");
	*reader->out++ = '\0';
	word.quoted = reader->quoted;
	*ret = word;
	return 0;
}

static bool is_left_out(const struct lab_word *word)
{
	return lab_word_is(word, "a") || lab_word_is(word, "an") ||
	       lab_word_is(word, "the") || lab_word_is(word, "and");
}

static int read_words(struct lab_lex *lex, struct reader *reader)
{
	for (;;) {
		struct lab_word word = { 0 };
		int r;

		for (; is_blank(*reader->in); reader->in++)
			reader->column++;
		lex->words[lex->n] =
			(struct lab_word){ .column = reader->column };
		if (!*reader->in)
			return 0;
		r = read_word(lex, reader, &word);
		if (r < 0)
			return r;
		if (is_left_out(&word))
			continue;
		if (lex->n == LAB_WORDS)
			return lab_lex_refuse(lex, &word, "more than %d words",
					      LAB_WORDS);
		lex->words[lex->n++] = word;
	}
}

int lab_lex_init(struct lab_lex *lex, struct lab_plan *plan, const char *text,
		 const struct lab_place *place)
{
	struct reader reader = { .in = text, .column = 1 };

	*lex = (struct lab_lex){ .plan = plan, .place = place };
	/* A word and its end take no more room than the word and the blank
	 * behind it, or the text's own end. */
	lex->bytes = malloc(strlen(text) + 1);
	if (!lex->bytes)
		return error_origin(-ENOMEM, "a sentence");
	reader.out = lex->bytes;
	return read_words(lex, &reader);
}

void lab_lex_deinit(struct lab_lex *lex)
{
	free(lex->bytes);
	lex->bytes = NULL;
}

/* --- looking and taking ---------------------------------------------------*/

const struct lab_word *lab_lex_look(const struct lab_lex *lex)
{
	return &lex->words[lex->at];
}

const struct lab_word *lab_lex_take(struct lab_lex *lex)
{
	const struct lab_word *word = &lex->words[lex->at];

	if (word->text)
		lex->at++;
	return word;
}

bool lab_word_is(const struct lab_word *word, const char *text)
{
	return word->text && !word->quoted && strcasecmp(word->text, text) == 0;
}

bool lab_lex_takes(struct lab_lex *lex, const char *text)
{
	if (!lab_word_is(lab_lex_look(lex), text))
		return false;
	lex->at++;
	return true;
}

/* --- refusing -------------------------------------------------------------*/

int lab_lex_refuse(const struct lab_lex *lex, const struct lab_word *word,
		   const char *format, ...)
{
	struct lab_place place = { 0 };
	char message[400];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	if (lex->place)
		place = *lex->place;
	if (!place.line || !place.verbatim)
		return lab_place_refuse(&place, "column %u: %s", word->column,
					message);
	place.column += word->column - 1;
	return lab_place_refuse(&place, "%s", message);
}

int lab_lex_trace(const struct lab_lex *lex, const struct lab_word *word, int r)
{
	return r == -EINVAL ? lab_lex_refuse(lex, word, "%s", error_message()) :
			      error_trace(r);
}

int lab_lex_expected(const struct lab_lex *lex, const char *what)
{
	const struct lab_word *word = lab_lex_look(lex);

	if (!word->text)
		return lab_lex_refuse(lex, word, "expected here: %s", what);
	return lab_lex_refuse(lex, word, "'%s' stands here; expected: %s",
			      word->text, what);
}

int lab_lex_end(const struct lab_lex *lex)
{
	const struct lab_word *word = lab_lex_look(lex);

	if (!word->text)
		return 0;
	return lab_lex_refuse(lex, word,
			      "'%s' is too much: nothing is expected here",
			      word->text);
}

/* --- words of a sort ------------------------------------------------------*/

int lab_lex_name(struct lab_lex *lex, const char *what, const char **ret)
{
	const struct lab_word *word = lab_lex_look(lex);
	const char *kept;

	if (!word->text || lab_name_is_reserved(word->text) ||
	    lab_name_check(word->text, "host") < 0)
		return lab_lex_expected(lex, what);
	kept = lab_plan_keep(lex->plan, word->text);
	if (!kept)
		return error_origin(-ENOMEM, "a name");
	lab_lex_take(lex);
	*ret = kept;
	return 0;
}

int lab_lex_text(struct lab_lex *lex, const char *what, const char **ret)
{
	const struct lab_word *word = lab_lex_look(lex);
	const char *kept;

	if (!word->text)
		return lab_lex_expected(lex, what);
	kept = lab_plan_keep(lex->plan, word->text);
	if (!kept)
		return error_origin(-ENOMEM, "a text");
	lab_lex_take(lex);
	*ret = kept;
	return 0;
}

int lab_lex_duration(struct lab_lex *lex, nsec_t *ret)
{
	const struct lab_word *word = lab_lex_look(lex);
	int r;

	if (!word->text)
		return lab_lex_expected(lex, "a duration such as 2s");
	r = lab_duration_parse(word->text, ret);
	if (r < 0)
		return lab_lex_trace(lex, word, r);
	lab_lex_take(lex);
	return 0;
}

int lab_lex_number(struct lab_lex *lex, const char *what, uint64_t min,
		   uint64_t max, uint64_t *ret)
{
	const struct lab_word *word = lab_lex_look(lex);
	int r;

	if (!word->text)
		return lab_lex_expected(lex, what);
	r = lab_value_number(word->text, what, min, max, ret);
	if (r < 0)
		return lab_lex_trace(lex, word, r);
	lab_lex_take(lex);
	return 0;
}

int lab_lex_port(struct lab_lex *lex, uint16_t *ret)
{
	uint64_t port = 0;
	int r = lab_lex_number(lex, "a port", 1, UINT16_MAX, &port);

	if (r < 0)
		return error_trace(r);
	*ret = (uint16_t)port;
	return 0;
}

int lab_lex_choose(struct lab_lex *lex, const char *what,
		   const char *const *names, size_t n, size_t *ret)
{
	const struct lab_word *word = lab_lex_look(lex);
	char near[256];

	for (size_t i = 0; i < n; i++) {
		if (!lab_lex_takes(lex, names[i]))
			continue;
		*ret = i;
		return 0;
	}
	if (word->text)
		return lab_lex_refuse(
			lex, word, "'%s' is not %s%s", word->text, what,
			lab_suggest(word->text, names, n, near, sizeof(near)));
	return lab_lex_refuse(lex, word, "expected here: %s%s", what,
			      lab_suggest("", names, n, near, sizeof(near)));
}

int lab_lex_kinds(struct lab_lex *lex, unsigned int *ret)
{
	const struct lab_kind *kind;
	unsigned int kinds = 0, n = 0;
	bool all = false;

	for (; (kind = lab_kind_find(lab_lex_look(lex))); n++) {
		kinds |= kind->bits;
		all |= !kind->bits;
		lab_lex_take(lex);
	}
	if (!n)
		return lab_kind_refuse(lex);
	*ret = all ? 0 : kinds;
	return 0;
}

int lab_lex_state(struct lab_lex *lex, enum diag_state *ret)
{
	const struct lab_word *word = lab_lex_look(lex);
	enum diag_state state;
	const char *names[16];
	char near[256];
	size_t n = lab_state_names(names, ARRAY_SIZE(names));

	if (!word->text)
		return lab_lex_expected(lex, "a state such as CLOSE-WAIT");
	state = lab_value_state(word->text);
	if (!state)
		return lab_lex_refuse(
			lex, word, "'%s' is no state%s", word->text,
			lab_suggest(word->text, names, n, near, sizeof(near)));
	lab_lex_take(lex);
	*ret = state;
	return 0;
}
