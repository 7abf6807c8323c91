/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A text becomes an array of characters, each of which knows whether a word begins
 * with it. Punctuation is dropped and remains visible only in those marks; a point
 * between digits stays.
 */
#include "search-text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "array.h"
#include "macro.h"
#include "message.h"

/* --- characters ----------------------------------------------------------- */

/* Decodes one character. A byte that is not UTF-8 is itself. */
static uint32_t decode(const char **at)
{
	const unsigned char *p = (const unsigned char *)*at;
	int more = *p >= 0xf0 ? 3 : *p >= 0xe0 ? 2 : *p >= 0xc0 ? 1 : 0;
	uint32_t code = more ? *p & (0x3fU >> more) : *p;

	for (int i = 1; i <= more; i++) {
		if ((p[i] & 0xc0) != 0x80) {
			more = 0;
			code = *p;
			break;
		}
		code = code << 6 | (p[i] & 0x3f);
	}
	*at += more + 1;
	return code;
}

static uint32_t fold(uint32_t code)
{
	/* Radicals that a PDF has for the characters. */
	static const struct {
		uint32_t radical, character;
	} radicals[] = { { 0x2f3e, 0x6237 } /* 户 */, { 0x2ed3, 0x957f } /* 长 */ };

	if (code >= 0xff01 && code <= 0xff5e) /* full-width ASCII */
		code -= 0xfee0;
	if (code == 0xb5 || code == 0x3bc) /* micro sign, mu */
		return 'u';
	for (size_t i = 0; i < ARRAY_SIZE(radicals); i++)
		if (code == radicals[i].radical)
			return radicals[i].character;
	return code < 0x80 ? (uint32_t)tolower((int)code) : code;
}

static bool is_latin(uint32_t code)
{
	return code < 0x80 && isalnum((int)code);
}

static bool is_digit(uint32_t code)
{
	return code < 0x80 && isdigit((int)code);
}

/* Symbols of Latin-1, general punctuation to dingbats, CJK punctuation. */
static bool is_punctuation(uint32_t code)
{
	return code < 0x80 ? !isalnum((int)code) :
			     (code >= 0xa0 && code <= 0xbf) ||
				     (code >= 0x2000 && code <= 0x2bff) ||
				     (code >= 0x3000 && code <= 0x303f);
}

/* --- folding -------------------------------------------------------------- */

static bool append(struct search_text *text, uint32_t code, bool starts)
{
	struct search_char *grown = array_grow(text->chars, text->n,
					       &text->capacity, sizeof(*grown));

	if (!grown)
		return false;
	text->chars = grown;
	text->chars[text->n++] = (struct search_char){ code, starts };
	return true;
}

/* The unit of time at this place, and its size; NULL: none. */
static const char *unit_at(const char *at, size_t *ret_size)
{
	static const struct {
		const char *written, *unit;
	} units[] = {
		{ "毫秒", "ms" }, { "微秒", "us" },  { "纳秒", "ns" },
		{ "秒", "s" },	  { "分钟", "min" }, { "分", "min" },
		{ "小时", "h" },  { "ms", "ms" },    { "µs", "us" },
		{ "μs", "us" },	  { "us", "us" },    { "ns", "ns" },
		{ "s", "s" },	  { "min", "min" },  { "h", "h" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		size_t n = strlen(units[i].written);

		if (strncasecmp(at, units[i].written, n) != 0 ||
		    ((unsigned char)units[i].unit[0] ==
			     (unsigned char)at[0] &&
		     isalnum((unsigned char)at[n])))
			continue;
		*ret_size = n;
		return units[i].unit;
	}
	return NULL;
}

static bool ends_with_digit(const struct search_text *text)
{
	return text->n && is_digit(text->chars[text->n - 1].code);
}

/* A unit belongs to the word of its number, with or without a blank. */
static bool add_unit(struct search_text *text, const char **at)
{
	size_t size;
	const char *unit = NULL;

	if (ends_with_digit(text))
		unit = unit_at(*at, &size);
	if (!unit)
		return false;
	for (*at += size; *unit; unit++)
		if (!append(text, (uint32_t)*unit, false))
			return false;
	return true;
}

static bool ends_with(const struct search_text *text, const char *word)
{
	size_t n = strlen(word);

	if (text->n < n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (text->chars[text->n - n + i].code !=
		    (unsigned char)word[i])
			return false;
	return true;
}

static void correct_closed_wait(struct search_text *text)
{
	enum { WAIT = 4 };

	if (!ends_with(text, "closedwait"))
		return;
	text->n--;
	memmove(&text->chars[text->n - WAIT], &text->chars[text->n - WAIT + 1],
		WAIT * sizeof(*text->chars));
}

static bool add_char(struct search_text *text, uint32_t code, bool after_latin)
{
	if (!append(text, code, !is_latin(code) || !after_latin))
		return false;
	correct_closed_wait(text);
	return true;
}

bool search_text_add(struct search_text *ret, const char *text)
{
	bool after_latin = false; /* within a word */

	while (text && *text) {
		const char *here = text;
		uint32_t code;

		if (add_unit(ret, &text)) {
			after_latin = false;
			continue;
		}
		code = fold(decode(&text));
		if (code == '.' && ends_with_digit(ret) && after_latin &&
		    isdigit((unsigned char)*text)) {
			if (!append(ret, '.', false))
				return false;
		} else if (is_punctuation(code)) {
			/* A blank before a unit keeps the number's word. */
			after_latin = false;
		} else if (!add_char(ret, code, after_latin)) {
			return false;
		} else {
			after_latin = is_latin(code);
		}
		if (text == here)
			break;
	}
	return append(ret, 0, true);
}

void search_text_clear(struct search_text *text)
{
	free(text->chars);
	*text = (struct search_text){ .chars = NULL };
}

/* --- searching ------------------------------------------------------------ */

static bool ends_word(const struct search_text *text, size_t at)
{
	return at >= text->n || text->chars[at].starts;
}

/* Whether the part, whose last character is at `last`, may end before `end`. */
static bool may_end(const struct search_text *text, size_t end,
		    const struct search_text *part, size_t last)
{
	enum { SHORT = 3 };
	uint32_t code = part->chars[last].code;
	size_t start = last;

	if (!is_latin(code) || ends_word(text, end))
		return true;
	while (start > 0 && !part->chars[start].starts)
		start--;
	if (is_digit(code))
		return !is_digit(text->chars[end].code) &&
		       text->chars[end].code != '.';
	if (!is_digit(part->chars[start].code) && last - start + 1 > SHORT)
		return true;
	return text->chars[end].code == 's' && ends_word(text, end + 1);
}

static bool is_at(const struct search_text *text, size_t at,
		  const struct search_text *part, size_t n, bool loose)
{
	if (at + n > text->n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (text->chars[at + i].code != part->chars[i].code)
			return false;
	return loose || (text->chars[at].starts &&
			 may_end(text, at + n, part, n - 1));
}

bool search_text_has(const struct search_text *text,
		     const struct search_text *part, bool loose)
{
	size_t n = part->n;

	while (n && !part->chars[n - 1].code)
		n--;
	for (size_t at = 0; n && at < text->n; at++)
		if (is_at(text, at, part, n, loose))
			return true;
	return false;
}

size_t search_text_unit(const struct search_text *text, size_t at)
{
	const struct search_char *c = &text->chars[at];
	size_t n = 1;

	if (!c->code || !c->starts)
		return 0;
	if (!is_latin(c->code))
		return at + 1 < text->n && text->chars[at + 1].code &&
				       !is_latin(text->chars[at + 1].code) ?
			       2 :
			       0;
	while (at + n < text->n && !text->chars[at + n].starts)
		n++;
	return n;
}

bool search_text_contains(const char *text, const char *part)
{
	struct search_text both = { .n = 0 }, wanted = { .n = 0 };
	bool found = !*part ||
		     (search_text_add(&both, text) &&
		      search_text_add(&both, message_chinese(text)) &&
		      search_text_add(&wanted, part) &&
		      search_text_has(&both, &wanted, true));

	search_text_clear(&both);
	search_text_clear(&wanted);
	return found;
}
