/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "safe-text.h"

#include <stdint.h>
#include <string.h>

/* The bytes of a character that begins with this one; 0: none does. */
static size_t size_of(unsigned char first)
{
	return first < 0x80 ? 1 :
	       first < 0xc0 ? 0 :
	       first < 0xe0 ? 2 :
	       first < 0xf0 ? 3 :
	       first < 0xf8 ? 4 :
			      0;
}

/* Decodes a character and returns its size; 0 for bytes that are not UTF-8. The
 * NUL byte at the end of a text is never a continuation byte. */
static size_t decode(const char *text, uint32_t *ret)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *at = (const unsigned char *)text;
	size_t size = size_of(at[0]);
	uint32_t c = size < 2 ? at[0] : at[0] & (0x7fU >> size);

	for (size_t i = 1; i < size; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (at[i] & 0x3fU);
	}
	if (!size || c < least[size] || c > 0x10ffff ||
	    (c >= 0xd800 && c < 0xe000))
		return 0;
	*ret = c;
	return size;
}

static bool is_unsafe(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x61c ||
	       c == 0x200e || c == 0x200f || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2066 && c <= 0x2069);
}

/*
 * The next character of the text: returns its size, and in `ret` what stands for
 * it: 0 for itself, otherwise a byte; '\r' for none at all.
 */
static size_t next(const char *text, bool lines, char *ret)
{
	uint32_t c;
	size_t size = decode(text, &c);

	*ret = 0;
	if (!size) {
		*ret = '?';
		return 1;
	}
	if (!is_unsafe(c) || (lines && (c == '\n' || c == '\t')))
		return size;
	if (lines && c == '\r' && text[1] == '\n')
		*ret = '\r';
	else
		*ret = c >= '\t' && c <= '\r' ? ' ' : '?';
	return size;
}

void safe_text(char *text, bool lines)
{
	char *to = text, instead;

	while (*text) {
		size_t size = next(text, lines, &instead);

		if (!instead) {
			memmove(to, text, size);
			to += size;
		} else if (instead != '\r') {
			*to++ = instead;
		}
		text += size;
	}
	*to = '\0';
}

bool safe_text_is_safe(const char *text, bool lines)
{
	char instead;

	while (*text) {
		/* Most text is ASCII. */
		if (*text >= 0x20 && *text < 0x7f) {
			text++;
			continue;
		}
		text += next(text, lines, &instead);
		if (instead)
			return false;
	}
	return true;
}

size_t safe_text_incomplete(const char *text, size_t size)
{
	size_t n = 1;

	/* Back over the continuation bytes. */
	while (n < 4 && n <= size && (text[size - n] & 0xc0) == 0x80)
		n++;
	if (n > size || n >= size_of((unsigned char)text[size - n]))
		return 0;
	return n;
}

void safe_text_print(FILE *out, const char *text)
{
	char instead;

	while (*text) {
		size_t size = next(text, false, &instead);

		if (instead)
			fputc(instead, out);
		else
			fwrite(text, 1, size, out);
		text += size;
	}
}
