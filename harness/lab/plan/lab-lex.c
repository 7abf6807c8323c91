/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A sentence is read once, into two buffers: the words without their quotes,
 * each with a NUL byte behind it, and the line, in which the words keep their
 * quotes and are separated by one blank. The line is what journals and messages
 * show of a sentence: it can be read again with the same result, and it has no
 * line breaks of a folded text in YAML.
 */
#include "lab-lex.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lab-value.h"

/* --- from bytes to words --------------------------------------------------*/

struct reader {
	const char *in; /* next byte of the sentence */
	char *word, *line; /* next byte of each buffer */
	unsigned int column;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Bytes of the character; 0: invalid. Overlong forms, surrogates and numbers
 * above U+10FFFF are invalid: RFC 3629, section 4. */
static size_t character_size(const char *text)
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

/* Moves behind one character; `in_word`: and makes it part of the word. */
static void take(struct reader *reader, size_t n, bool in_word)
{
	reader->line = mempcpy(reader->line, reader->in, n);
	if (in_word)
		reader->word = mempcpy(reader->word, reader->in, n);
	reader->in += n;
	reader->column++;
}

static int refuse_character(const struct lab_lex *lex,
			    const struct reader *reader)
{
	const struct lab_word here = { .column = reader->column };
	unsigned int byte = (unsigned char)*reader->in;

	if (byte < 0x20 || byte == 0x7f)
		return lab_lex_refuse(lex, &here,
				      "control character 0x%02x not allowed",
				      byte);
	return lab_lex_refuse(lex, &here, "invalid UTF-8 byte 0x%02x", byte);
}

static int read_word(struct lab_lex *lex, struct reader *reader,
		     struct lab_word *ret)
{
	struct lab_word word = { .text = reader->word,
				 .column = reader->column,
				 .begin = (size_t)(reader->line - lex->line) };
	char quote = '\0';

	while (*reader->in && (quote || !is_blank(*reader->in))) {
		const char *in = reader->in;
		size_t n = character_size(in);

		if (n == 0)
			return refuse_character(lex, reader);
		if (quote == '"' && in[0] == '\\' &&
		    (in[1] == '"' || in[1] == '\\')) {
			take(reader, 1, false);
			take(reader, 1, true);
		} else if (quote ? *in == quote : *in == '"' || *in == '\'') {
			quote = quote ? '\0' : *in;
			word.quoted = true;
			take(reader, 1, false);
		} else {
			take(reader, n, true);
		}
	}
	if (quote)
		return lab_lex_refuse(lex, &word, "unterminated quote");
	*reader->word++ = '\0';
	word.end = (size_t)(reader->line - lex->line);
	*ret = word;
	return 0;
}

/* Words that a sentence may have for readability. */
static bool is_skipped(const struct lab_word *word)
{
	return lab_word_is(word, "a") || lab_word_is(word, "an") ||
	       lab_word_is(word, "the") || lab_word_is(word, "and");
}

int lab_lex_init(struct lab_lex *lex, struct lab_plan *plan, const char *text,
		 const struct lab_place *place)
{
	struct reader reader = { .in = text, .column = 1 };
	size_t size = strlen(text) + 1;

	*lex = (struct lab_lex){ .plan = plan, .place = place };
	/* A word and its NUL byte take no more room than the word and the blank
	 * or the end behind it. */
	lex->bytes = malloc(2 * size);
	if (!lex->bytes)
		return error_origin(-ENOMEM, "sentence of a lab");
	lex->line = lex->bytes + size;
	reader.word = lex->bytes;
	reader.line = lex->line;
	for (;;) {
		struct lab_word word = { 0 };
		int r;

		for (; is_blank(*reader.in); reader.in++)
			reader.column++;
		lex->words[lex->n] =
			(struct lab_word){ .column = reader.column };
		if (!*reader.in)
			return 0;
		if (reader.line > lex->line)
			*reader.line++ = ' ';
		r = read_word(lex, &reader, &word);
		if (r < 0)
			return error_trace(r);
		if (is_skipped(&word))
			continue;
		if (lex->n == LAB_LEX_WORDS)
			return lab_lex_refuse(lex, &word, "more than %d words",
					      LAB_LEX_WORDS);
		lex->words[lex->n++] = word;
	}
}

void lab_lex_deinit(struct lab_lex *lex)
{
	free(lex->bytes);
	lex->bytes = NULL;
}

/* --- words ----------------------------------------------------------------*/

const struct lab_word *lab_lex_peek(const struct lab_lex *lex)
{
	return &lex->words[lex->at];
}

void lab_lex_next(struct lab_lex *lex)
{
	if (lex->words[lex->at].text)
		lex->at++;
}

bool lab_word_is(const struct lab_word *word, const char *keyword)
{
	return word->text && !word->quoted &&
	       strcasecmp(word->text, keyword) == 0;
}

bool lab_word_is_number(const struct lab_word *word)
{
	return word->text && *word->text >= '0' && *word->text <= '9';
}

bool lab_lex_accept(struct lab_lex *lex, const char *keyword)
{
	if (!lab_word_is(lab_lex_peek(lex), keyword))
		return false;
	lex->at++;
	return true;
}

int lab_lex_source(const struct lab_lex *lex, const struct lab_word *from,
		   const char **ret)
{
	size_t end = lex->n ? lex->words[lex->n - 1].end : 0;

	*ret = lab_plan_keep_part(lex->plan, lex->line + from->begin,
				  from->text ? end - from->begin : 0);
	return *ret ? 0 : error_origin(-ENOMEM, "sentence of a lab");
}

/* --- errors ---------------------------------------------------------------*/

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

int lab_lex_take(struct lab_lex *lex, int r)
{
	if (r == -EINVAL)
		return lab_lex_refuse(lex, lab_lex_peek(lex), "%s",
				      error_message());
	if (r >= 0)
		lab_lex_next(lex);
	return error_trace(r);
}

int lab_lex_expected(const struct lab_lex *lex, const char *what)
{
	const struct lab_word *word = lab_lex_peek(lex);

	if (!word->text)
		return lab_lex_refuse(
			lex, word, "unexpected end of line; expected %s", what);
	return lab_lex_refuse(lex, word, "unexpected '%s'; expected %s",
			      word->text, what);
}

int lab_lex_unknown(const struct lab_lex *lex, const char *what,
		    const char *const *names, size_t n)
{
	const struct lab_word *word = lab_lex_peek(lex);
	char near[400];

	lab_suggest(word->text ? word->text : "", names, n, near, sizeof(near));
	if (!word->text)
		return lab_lex_refuse(lex, word, "unexpected end of line%s",
				      near);
	return lab_lex_refuse(lex, word, "unknown %s '%s'%s", what, word->text,
			      near);
}

int lab_lex_end(const struct lab_lex *lex)
{
	if (!lab_lex_peek(lex)->text)
		return 0;
	return lab_lex_expected(lex, "end of line");
}

/* --- words of a type ------------------------------------------------------*/

int lab_lex_text(struct lab_lex *lex, const char *what, const char **ret)
{
	const struct lab_word *word = lab_lex_peek(lex);
	const char *kept;

	if (!word->text)
		return lab_lex_expected(lex, what);
	kept = lab_plan_keep(lex->plan, word->text);
	if (!kept)
		return error_origin(-ENOMEM, "word of a lab");
	lab_lex_next(lex);
	*ret = kept;
	return 0;
}

int lab_lex_name(struct lab_lex *lex, const char *what, const char **ret)
{
	const struct lab_word *word = lab_lex_peek(lex);

	if (!word->text || !lab_name_is_valid(word->text))
		return lab_lex_expected(lex, what);
	return lab_lex_text(lex, what, ret);
}

int lab_lex_duration(struct lab_lex *lex, nsec_t *ret)
{
	const struct lab_word *word = lab_lex_peek(lex);

	if (!word->text)
		return lab_lex_expected(lex, "duration such as 2s");
	return lab_lex_take(lex, lab_value_duration(word->text, ret));
}

int lab_lex_number(struct lab_lex *lex, const char *what, uint64_t min,
		   uint64_t max, uint64_t *ret)
{
	const struct lab_word *word = lab_lex_peek(lex);

	if (!word->text)
		return lab_lex_expected(lex, what);
	return lab_lex_take(lex,
			    lab_value_number(word->text, what, min, max, ret));
}

int lab_lex_port(struct lab_lex *lex, uint16_t *ret)
{
	uint64_t port = 0;
	int r = lab_lex_number(lex, "port", 1, UINT16_MAX, &port);

	if (r < 0)
		return error_trace(r);
	*ret = (uint16_t)port;
	return 0;
}

int lab_lex_signal(struct lab_lex *lex, int *ret)
{
	const struct lab_word *word = lab_lex_peek(lex);

	if (!word->text)
		return lab_lex_expected(lex, "signal such as KILL");
	return lab_lex_take(lex, lab_value_signal(word->text, ret));
}

int lab_lex_choose(struct lab_lex *lex, const char *what,
		   const char *const *names, size_t n, size_t *ret)
{
	for (size_t i = 0; i < n; i++) {
		if (!lab_lex_accept(lex, names[i]))
			continue;
		*ret = i;
		return 0;
	}
	return lab_lex_unknown(lex, what, names, n);
}

static const struct lab_kind *peek_kind(const struct lab_lex *lex)
{
	const struct lab_word *word = lab_lex_peek(lex);

	return word->text && !word->quoted ? lab_value_kind(word->text) : NULL;
}

/* Kinds follow each other, because "and" is skipped. "frames" with others is
 * any frame. */
int lab_lex_kinds(struct lab_lex *lex, unsigned int *ret)
{
	enum { MOST = 32 };
	const struct lab_kind *kind = peek_kind(lex), *all;
	const char *names[MOST];
	unsigned int kinds = 0;
	bool any = false;
	size_t n;

	if (!kind) {
		all = lab_value_kinds(&n);
		for (size_t i = 0; i < MIN(n, (size_t)MOST); i++)
			names[i] = all[i].many;
		return lab_lex_unknown(lex, "kind of frame", names,
				       MIN(n, (size_t)MOST));
	}
	for (; kind; kind = peek_kind(lex)) {
		kinds |= kind->bits;
		any |= !kind->bits;
		lab_lex_next(lex);
	}
	*ret = any ? 0 : kinds;
	return 0;
}

int lab_lex_state(struct lab_lex *lex, enum diag_state *ret)
{
	const struct lab_word *word = lab_lex_peek(lex);
	const char *names[16];
	enum diag_state state;

	if (!word->text)
		return lab_lex_expected(lex, "socket state such as CLOSE-WAIT");
	state = lab_value_state(word->text);
	if (!state)
		return lab_lex_unknown(
			lex, "socket state", names,
			lab_value_states(names, ARRAY_SIZE(names)));
	lab_lex_next(lex);
	*ret = state;
	return 0;
}

static bool is_ordinal_suffix(const char *text)
{
	static const char *const suffixes[] = { "st", "nd", "rd", "th" };

	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++)
		if (strcasecmp(text, suffixes[i]) == 0)
			return true;
	return false;
}

bool lab_lex_accept_count(struct lab_lex *lex, bool nth, unsigned int *ret)
{
	/* "first" is not one of them: "first 3 syns" is a count. */
	static const char *const ordinals[] = { "second", "third", "fourth",
						"fifth" };
	static const unsigned long most = 1000000000;
	const struct lab_word *word = lab_lex_peek(lex);
	size_t n = word->text ? strspn(word->text, "0123456789") : 0;
	unsigned long value;

	for (unsigned int i = 0; nth && i < ARRAY_SIZE(ordinals); i++) {
		if (!lab_lex_accept(lex, ordinals[i]))
			continue;
		*ret = i + 2;
		return true;
	}
	if (!n || n > 10 ||
	    (nth ? !is_ordinal_suffix(word->text + n) : word->text[n] != '\0'))
		return false;
	value = strtoul(word->text, NULL, 10);
	if (!value || value > most)
		return false;
	lab_lex_next(lex);
	*ret = (unsigned int)value;
	return true;
}
