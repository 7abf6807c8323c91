/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Byte by byte: every byte that needs an entity is ASCII, so no character of
 * several bytes is taken apart. */
#include "markup.h"

#include <stdbool.h>
#include <string.h>

/* &#39; and not &apos;, which HTML 4 does not have. */
static const char *entity(char c)
{
	switch (c) {
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '&':
		return "&amp;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

/* U+FFFE and U+FFFF, in UTF-8 EF BF BE and EF BF BF. */
static bool is_noncharacter(const char *bytes, size_t size)
{
	return size >= 3 && memcmp(bytes, "\xef\xbf", 2) == 0 &&
	       ((unsigned char)bytes[2] & 0xfe) == 0xbe;
}

void markup_bytes(FILE *out, const char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		unsigned char c = (unsigned char)bytes[i];
		const char *escaped = entity(bytes[i]);

		if (escaped) {
			fputs(escaped, out);
		} else if (is_noncharacter(bytes + i, size - i)) {
			fputs("\xef\xbf\xbd", out);
			i += 2;
		} else if (c < ' ' && c != '\t' && c != '\n') {
			fputs("\xef\xbf\xbd", out);
		} else {
			fputc(c, out);
		}
	}
}

void markup_text(FILE *out, const char *text)
{
	markup_bytes(out, text, strlen(text));
}

void markup_attribute(FILE *out, const char *name, const char *value)
{
	fprintf(out, " %s=\"", name);
	while (*value) {
		size_t size = strcspn(value, "\t\n\r");

		markup_bytes(out, value, size);
		value += size;
		if (*value)
			fprintf(out, "&#%d;", *value++);
	}
	fputc('"', out);
}

void markup_cell(FILE *out, const char *text)
{
	for (; text && *text; text++)
		fprintf(out, *text == '|' ? "\\|" : "%c", *text);
}
