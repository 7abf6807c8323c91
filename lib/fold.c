/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The width of a character comes from ranges of code points, not from wcwidth():
 * that depends on the locale of the process, and knows no width in the C locale.
 */
#include "fold.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "macro.h"

/* --- characters -----------------------------------------------------------*/

/*
 * Decodes one character and returns its size in bytes. A byte that does not
 * begin a character is a character of its own, so that text that is not UTF-8
 * is printed completely.
 */
static size_t next_char(const char *text, uint32_t *ret)
{
	const unsigned char *at = (const unsigned char *)text;
	size_t size = at[0] >= 0xf0 && at[0] < 0xf8 ? 4 :
		      at[0] >= 0xe0		    ? 3 :
		      at[0] >= 0xc0		    ? 2 :
						      1;

	if (size == 1 || at[0] >= 0xf8) {
		*ret = at[0];
		return 1;
	}
	*ret = at[0] & (0x7fU >> size);
	for (size_t i = 1; i < size; i++) {
		if ((at[i] & 0xc0) != 0x80) {
			*ret = at[0];
			return 1;
		}
		*ret = *ret << 6 | (at[i] & 0x3fU);
	}
	return size;
}

/* The blocks that UAX #11 calls wide: CJK, Hangul, fullwidth forms, emoji. */
static bool is_wide(uint32_t c)
{
	return (c >= 0x1100 && c <= 0x115f) || (c >= 0x2e80 && c <= 0xa4cf) ||
	       (c >= 0xac00 && c <= 0xd7a3) || (c >= 0xf900 && c <= 0xfaff) ||
	       (c >= 0xfe30 && c <= 0xfe6f) || (c >= 0xff00 && c <= 0xff60) ||
	       (c >= 0xffe0 && c <= 0xffe6) || (c >= 0x1f300 && c <= 0x1faff) ||
	       (c >= 0x20000 && c <= 0x3fffd);
}

static bool is_combining(uint32_t c)
{
	return (c >= 0x300 && c <= 0x36f) || (c >= 0x200b && c <= 0x200f) ||
	       (c >= 0x20d0 && c <= 0x20ff) || (c >= 0xfe00 && c <= 0xfe0f);
}

/* Marks that do not begin a line: closing brackets and quotes, commas, full stops
 * (UAX #14: CL, CP, EX, IS), the dash and the ellipsis (B2, IN), the no-break space
 * (GL). */
static bool is_closing(uint32_t c)
{
	static const uint32_t marks[] = { 0xa0,	  0x2019, 0x201d, 0x2014,
					  0x2026, 0x3001, 0x3002, 0x3009,
					  0x300b, 0x300d, 0x300f, 0x3011,
					  0xff01, 0xff09, 0xff0c, 0xff1a,
					  0xff1b, 0xff1f };

	if (c < 0x80)
		return strchr(")]},.:;!?%'\"", (int)c) != NULL;
	for (size_t i = 0; i < ARRAY_SIZE(marks); i++)
		if (marks[i] == c)
			return true;
	return false;
}

/* Opening brackets and quotes (OP) and the no-break space, which do not end a
 * line. */
static bool is_opening(uint32_t c)
{
	static const uint32_t marks[] = { '(',	  '[',	  '{',	  0xa0,
					  0x2018, 0x201c, 0x3008, 0x300a,
					  0x300c, 0x300e, 0x3010, 0xff08 };

	for (size_t i = 0; i < ARRAY_SIZE(marks); i++)
		if (marks[i] == c)
			return true;
	return false;
}

static int char_width(uint32_t c)
{
	if (is_combining(c))
		return 0;
	return is_wide(c) ? 2 : 1;
}

int fold_width(const char *text, size_t size)
{
	size_t end = strnlen(text, size);
	int width = 0;

	for (size_t at = 0; at < end;) {
		uint32_t c;

		at += next_char(text + at, &c);
		width += char_width(c);
	}
	return width;
}

size_t fold_fits(const char *text, size_t size, int columns)
{
	size_t end = strnlen(text, size), fits = 0;
	int width = 0;

	while (fits < end) {
		uint32_t c;
		size_t n = next_char(text + fits, &c);

		width += char_width(c);
		if (width > columns)
			break;
		fits += n;
	}
	return MIN(fits, end);
}

/* --- lines ----------------------------------------------------------------*/

/* The bytes of a blank and a unit of time behind a number, as in "5.07 s"; 0: there
 * is none. */
static size_t unit_size(const char *text, size_t at)
{
	static const char *const units[] = {
		"s", "ms", "µs", "ns", "h", "min"
	};

	if (!isdigit((unsigned char)text[at - 1]))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		size_t n = strlen(units[i]);

		if (strncmp(text + at + 1, units[i], n) == 0 &&
		    !isalnum((unsigned char)text[at + 1 + n]))
			return n + 1;
	}
	return 0;
}

/* Up to the next blank that is a break, or to a break between wide characters. */
size_t fold_word(const char *text)
{
	uint32_t c, after;
	size_t at = next_char(text, &c);

	while (text[at] && text[at] != '\n') {
		size_t size;

		if (text[at] == ' ') {
			size = unit_size(text, at);
			if (!size)
				break;
			after = 's';
		} else {
			size = next_char(text + at, &after);
			if ((is_wide(c) || is_wide(after)) && !is_opening(c) &&
			    !is_closing(after) && !is_combining(after))
				break;
		}
		c = after;
		at += size;
	}
	return at;
}

/* Up to the next underscore, which it includes, or to the end of the word. */
static size_t part_size(const char *text, size_t word)
{
	const char *underscore = memchr(text, '_', word);

	return underscore ? (size_t)(underscore - text) + 1 : word;
}

int fold_widest_part(const char *text)
{
	int widest = 0;

	while (*(text += strspn(text, " \n"))) {
		size_t size = part_size(text, fold_word(text));

		widest = MAX(widest, fold_width(text, size));
		text += size;
	}
	return widest;
}

/* As many parts of the word, which does not fit, as fit; at least one. */
static size_t fitting_parts(const char *text, size_t word, int columns)
{
	size_t fits = 0;

	for (;;) {
		size_t more = fits + part_size(text + fits, word - fits);

		if (more == word || fold_width(text, more) > columns)
			return fits ? fits : more;
		fits = more;
	}
}

size_t fold_line(const char *text, int columns, const char **ret_rest)
{
	size_t end = 0, at = 0;
	int width = 0;

	for (;;) {
		size_t blanks = strspn(text + at, " ");
		size_t word;

		at += blanks;
		if (text[at] == '\0' || text[at] == '\n')
			break;
		word = fold_word(text + at);
		width += (int)blanks + fold_width(text + at, word);
		if (width > columns && end) {
			*ret_rest = text + at;
			return end;
		}
		if (width > columns)
			word = fitting_parts(text + at, word,
					     columns - (int)blanks);
		at += word;
		end = at;
	}
	*ret_rest = text + at + (text[at] == '\n');
	return end;
}

void fold_print(FILE *out, const char *text, int at, int indent, int columns)
{
	do {
		const char *line = text;
		size_t size = fold_line(line, columns - at, &text);

		fwrite(line, 1, size, out);
		fputc('\n', out);
		at = indent;
		if (*text)
			fprintf(out, "%*s", indent, "");
	} while (*text);
}

void fold_pad(FILE *out, const char *text, size_t size, int columns)
{
	int width = fold_width(text, size);

	fwrite(text, 1, strnlen(text, size), out);
	fprintf(out, "%*s", MAX(columns - width, 0), "");
}
