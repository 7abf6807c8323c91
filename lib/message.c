/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A catalogue has two arrays of (length, offset) pairs, of the texts and of their
 * translations, in the byte order of its magic number. The texts are sorted, so
 * that one is found by binary search; the hash table, which is optional in the
 * format, is not read. Offsets and the NUL bytes that they lead to are checked
 * once, in message_load(), so that a lookup only compares.
 *
 * Finished texts, which were printed with a format elsewhere, are parsed with the
 * formats of the context "record". Those of failures end with %m, which stands
 * for any text of strerror() and for nothing else, so that short formats such as
 * "read %s" do not match other texts.
 *
 * A text with a plural has both forms as its key, "one\0many", of which strcmp()
 * sees the first one. Chinese has one form for all numbers.
 */
#include "message.h"

#include <errno.h>
#include <regex.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "macro.h"
#include "suffix.h"

/* --- the catalogue ------------------------------------------------------- */

enum { MAGIC = 0, REVISION, COUNT, TEXTS, TRANSLATIONS, HEADER = 5 };

static const uint32_t magic = 0x950412de;

static struct catalogue {
	const char *bytes;
	size_t size;
	bool swapped; /* the other byte order */
	uint32_t n; /* texts */
	uint32_t texts, translations; /* offsets of the arrays */
} used;

static bool in_use; /* by message_text(), and not only for searching */

static uint32_t word_at(size_t offset)
{
	uint32_t word;

	memcpy(&word, used.bytes + offset, sizeof(word));
	return used.swapped ? __builtin_bswap32(word) : word;
}

static uint32_t field(size_t i)
{
	return word_at(i * sizeof(uint32_t));
}

/* String i of an array: the second word of the pair is its offset. */
static const char *string_at(uint32_t array, uint32_t i)
{
	return used.bytes + word_at(array + (size_t)i * 8 + 4);
}

/* Every string of the array ends within the file. */
static bool check_array(uint32_t array)
{
	if (array > used.size || used.n > (used.size - array) / 8)
		return false;
	for (uint32_t i = 0; i < used.n; i++) {
		size_t length = word_at(array + (size_t)i * 8);
		size_t offset = word_at(array + (size_t)i * 8 + 4);

		if (offset >= used.size || length >= used.size - offset ||
		    used.bytes[offset + length])
			return false;
	}
	return true;
}

static bool check(void)
{
	if (used.size < HEADER * sizeof(uint32_t))
		return false;
	used.swapped = field(MAGIC) != magic;
	/* The upper half of the revision is the major one. */
	if (field(MAGIC) != magic || field(REVISION) >> 16 > 1)
		return false;
	used.n = field(COUNT);
	used.texts = field(TEXTS);
	used.translations = field(TRANSLATIONS);
	return check_array(used.texts) && check_array(used.translations);
}

bool message_load(const void *catalogue, size_t size)
{
	const struct catalogue before = used;

	used = (struct catalogue){ .bytes = catalogue, .size = size };
	if (check())
		return true;
	used = before;
	return false;
}

void message_use(bool chinese)
{
	in_use = chinese;
}

/* NULL: no translation. */
static const char *find(const char *text)
{
	uint32_t low = 0, high = used.n;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		int order = strcmp(text, string_at(used.texts, middle));

		if (order == 0)
			return string_at(used.translations, middle);
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

/* The key "" has the header of the catalogue. */
const char *message_chinese(const char *text)
{
	return text && *text ? find(text) : NULL;
}

const char *message_text(const char *text)
{
	const char *found = in_use ? message_chinese(text) : NULL;

	return found ? found : text;
}

const char *message_plural(const char *one, const char *many, unsigned long n)
{
	const char *found = in_use ? find(one) : NULL;

	if (found)
		return found;
	return n == 1 ? one : many;
}

/* --- finished texts ------------------------------------------------------ */

/* The keys of formats for finished texts have this context, which ends as gettext's
 * contexts do. They are neighbours in the sorted array. */
static const char record_context[] = "record\004";
static const char value_context[] = "value\004";

enum { CAPTURES = 12, DEPTH = 5, LONGEST = 1000 /* bytes */ };

struct span {
	const char *at;
	size_t size;
};

struct match {
	struct span captures[CAPTURES]; /* what stands for each directive */
	size_t n;
	size_t literals; /* characters that are equal */
};

/* The size of a directive such as %2$.3f, with its conversion character and its
 * position, which is 0 if it has none. */
static size_t directive_size(const char *format, char *ret_conversion,
			     size_t *ret_position)
{
	size_t digits = strspn(format + 1, "0123456789"), size = 1;

	*ret_position = 0;
	if (digits && format[1 + digits] == '$') {
		*ret_position = (size_t)strtoul(format + 1, NULL, 10);
		size += digits + 1;
	}
	size += strspn(format + size, "-+ #0123456789.*hlzjt");
	*ret_conversion = format[size];
	return size + (format[size] != '\0');
}

/* Whether strerror() prints the text, for any errno. */
static bool is_errno_text(const char *text)
{
	/* Linux's numbers end at 133 on most architectures (errors.c). */
	for (int i = 1; i < 200; i++)
		if (strcmp(strerror(i), text) == 0)
			return true;
	return false;
}

/* The longest text that the conversion can have printed at this place. %m, the text
 * of an errno, is at the end of a format only. */
static size_t longest_print(char conversion, const char *text)
{
	if (conversion == 's')
		return strlen(text);
	if (conversion == 'm')
		return is_errno_text(text) ? strlen(text) : 0;
	if (conversion == 'c')
		return *text != '\0';
	if (conversion == 'f' || conversion == 'g')
		return strspn(text, "+-.0123456789aefin");
	return strspn(text, "+-0123456789abcdefx");
}

/* Whether the format can have printed the text. */
static bool matches(const char *format, const char *text, struct match *match)
{
	size_t position, size, longest, i = match->n;
	char conversion;

	for (; *format && *format != '%'; format++, text++, match->literals++)
		if (*format != *text)
			return false;
	if (!*format)
		return !*text;
	size = directive_size(format, &conversion, &position);
	if (conversion == '%')
		return *text == '%' && matches(format + size, text + 1, match);
	longest = longest_print(conversion, text);
	if (i == CAPTURES)
		return false;
	for (size_t length = conversion != 's'; length <= longest; length++) {
		struct match rest = *match;

		rest.captures[rest.n++] = (struct span){ text, length };
		if (matches(format + size, text + length, &rest)) {
			*match = rest;
			return true;
		}
	}
	return false;
}

static bool is_wide(char c)
{
	return (unsigned char)c >= 0x80;
}

const char *message_insert(FILE *out, const char *format, const char *at,
			   size_t size, const char *value)
{
	const char *after = at + size;
	size_t length = strlen(value);

	if (length && is_wide(value[0]) && at - format >= 2 &&
	    at[-1] == ' ' && is_wide(at[-2]))
		fseek(out, -1, SEEK_CUR); /* over the blank */
	fputs(value, out);
	if (length && is_wide(value[length - 1]) && after[0] == ' ' &&
	    is_wide(after[1]))
		after++;
	return after;
}

static const char *translate(const char *context, const char *text,
			     char *buffer, size_t size, unsigned int depth);

static void put_part(FILE *out, const char *context, struct span span,
		     unsigned int depth)
{
	char text[512], buffer[512];

	snprintf(text, sizeof(text), "%.*s", (int)span.size, span.at);
	fputs(translate(context, text, buffer, sizeof(buffer), depth + 1), out);
}

/* A word of the user: in quotes, or before the first colon. A host, a file or a
 * program may be called "data". */
static bool is_name(const char *text, struct span span)
{
	const char *end = span.at + span.size;

	if (span.at == text)
		return *end == ':' && !memchr(text, ' ', span.size);
	return span.at[-1] == '\'' && *end == '\'';
}

/* In the message of a failure: all but a phrase at the beginning, or behind a colon,
 * which is the reason. */
static bool is_name_in_failure(const char *text, struct span span)
{
	size_t at = (size_t)(span.at - text);

	return !memchr(span.at, ' ', span.size) ||
	       (at && (at < 2 || strncmp(span.at - 2, ": ", 2) != 0));
}

/* The format of a failure is "open %s: %m". */
static bool is_failure(const char *format)
{
	return suffix_ends(format, "%m");
}

/* One word before the errno is the name of a file or of a host, "report: No
 * such file or directory", except where memory for what it names is missing. */
static bool is_only_a_name(const char *format, const struct match *match)
{
	return match->n == 1 && is_failure(format) &&
	       strcspn(format, " ") + 3 == strlen(format) &&
	       strcmp(match->captures[0].at, strerror(ENOMEM)) != 0;
}

/* What %s printed may be such a text itself: the reason of a failure. */
static void put_capture(FILE *out, const char *context, const char *text,
			const char *format, struct span span,
			unsigned int depth)
{
	bool is_errno = !span.at[span.size];

	if (is_name(text, span) ||
	    (is_failure(format) && !is_errno && is_name_in_failure(text, span)))
		fwrite(span.at, 1, span.size, out);
	else
		put_part(out, context, span, depth);
}

static const char *insert_capture(FILE *out, const char *context,
				  const char *text, const char *format,
				  struct span span, const char *translation,
				  const char *at, size_t directive,
				  unsigned int depth)
{
	char *value = NULL;
	size_t size;
	FILE *part = open_memstream(&value, &size);

	if (part) {
		put_capture(part, context, text, format, span, depth);
		fclose(part);
	}
	at = message_insert(out, translation, at, directive,
			    value ? value : "");
	free(value);
	return at;
}

static void put_translation(FILE *out, const char *context, const char *text,
			    const char *format, const char *translation,
			    const struct match *match, unsigned int depth)
{
	const char *at = translation;
	size_t next = 0;

	while (*at) {
		size_t position, size;
		char conversion;

		if (*at != '%') {
			fputc(*at++, out);
			continue;
		}
		size = directive_size(at, &conversion, &position);
		if (conversion == '%') {
			fputc('%', out);
			at += size;
			continue;
		}
		if (conversion == 'm') /* after directives with positions */
			position = match->n;
		position = position ? position - 1 : next++;
		if (position < match->n)
			at = insert_capture(out, context, text, format,
					    match->captures[position],
					    translation, at, size, depth);
		else
			at += size;
	}
}

/* The format of a context with the most literal characters among those that
 * match; used.n: none. */
static uint32_t find_format(const char *context, const char *text,
			    struct match *ret)
{
	size_t length = strlen(context);
	uint32_t low = 0, high = used.n, best = used.n;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (strcmp(context, string_at(used.texts, middle)) <= 0)
			high = middle;
		else
			low = middle + 1;
	}
	for (; low < used.n; low++) {
		const char *key = string_at(used.texts, low);
		struct match match = { .n = 0 };

		if (strncmp(key, context, length) != 0)
			break;
		if (matches(key + length, text, &match) && match.literals &&
		    !is_only_a_name(key + length, &match) &&
		    (best == used.n || match.literals > ret->literals)) {
			*ret = match;
			best = low;
		}
	}
	return best;
}

/* The parts of a text without a format of its own. */
static void put_parts(FILE *out, const char *context, const char *text,
		      const char *separator, unsigned int depth)
{
	struct span first = { text, (size_t)(separator - text) };
	struct span rest = { separator + 2, strlen(separator + 2) };

	put_capture(out, context, text, "", first, depth);
	fwrite(separator, 1, 2, out);
	put_part(out, context, rest, depth);
}

static const char *translate(const char *context, const char *text,
			     char *buffer, size_t size, unsigned int depth)
{
	const char *separator =
		strstr(text, strcmp(context, value_context) == 0 ? ", " : ": ");
	struct match match = { .n = 0 };
	uint32_t found = find_format(context, text, &match);
	FILE *out;

	if (depth > DEPTH || (found == used.n && !separator))
		return text;
	out = fmemopen(buffer, size, "w");
	if (!out)
		return text;
	if (found < used.n)
		put_translation(
			out, context, text, string_at(used.texts, found),
			string_at(used.translations, found), &match, depth);
	else
		put_parts(out, context, text, separator, depth);
	fclose(out);
	buffer[size - 1] = '\0';
	return buffer;
}

static const char *translate_in(const char *context, const char *text,
				char *buffer, size_t size)
{
	bool parsed = in_use && strlen(text) < LONGEST;

	return parsed ? translate(context, text, buffer, size, 0) : text;
}

/* The places in sources behind the reason of a broken run: of the trail (errors.h),
 * " (a.c:31 < b.c:120)", and of the script (run.c), ", at c.c:30". */
static const char places[] =
	"( \\([^ ()]+\\.[ch]:[0-9]+( < [^ ()]+\\.[ch]:[0-9]+)*\\))?"
	"(, at ([^ ,]+:[0-9]+|--[a-z]+|before the script))?$";

enum { WHOLE, TRAIL, PLACE = 4, GROUPS };

/* Where they begin; 0: nowhere. */
static size_t find_places(const char *text, regmatch_t ret[static GROUPS])
{
	static regex_t compiled;
	static bool is_compiled;

	if (!is_compiled && regcomp(&compiled, places, REG_EXTENDED) != 0)
		return 0;
	is_compiled = true;
	if (regexec(&compiled, text, GROUPS, ret, 0) != 0 ||
	    !text[ret[WHOLE].rm_so])
		return 0;
	return (size_t)ret[WHOLE].rm_so;
}

const char *message_record(const char *text, char *buffer, size_t size)
{
	char message[LONGEST], translation[LONGEST];
	regmatch_t at[GROUPS];
	size_t length = in_use ? find_places(text, at) : 0, end;
	const char *found;

	if (!length || length >= sizeof(message))
		return translate_in(record_context, text, buffer, size);
	snprintf(message, sizeof(message), "%.*s", (int)length, text);
	found = translate_in(record_context, message, translation,
			     sizeof(translation));
	snprintf(buffer, size, "%s%.*s", found,
		 (int)(at[TRAIL].rm_eo - at[TRAIL].rm_so), text + length);
	end = strlen(buffer);
	if (at[PLACE].rm_so >= 0)
		snprintf(buffer + end, size - end, _(", at %s"),
			 message_text(text + at[PLACE].rm_so));
	return buffer;
}

const char *message_value(const char *text, char *buffer, size_t size)
{
	struct match match = { .n = 0 };
	const char *record = text;

	if (in_use && find_format(value_context, text, &match) == used.n)
		record = message_record(text, buffer, size);
	if (record != text)
		return record;
	return translate_in(value_context, text, buffer, size);
}

/* --- the language -------------------------------------------------------- */

/* The first of the variables that is set decides, as for setlocale(). */
static const char *locale_of(const char *category)
{
	const char *names[] = { "LC_ALL", category, "LANG" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const char *value = getenv(names[i]);

		if (value && *value)
			return value;
	}
	return "";
}

bool message_is_utf8(void)
{
	const char *locale = locale_of("LC_CTYPE");

	return !*locale || strcasestr(locale, "utf-8") ||
	       strcasestr(locale, "utf8");
}

/* Compares the language and territory of a locale, zh_CN in zh_CN.UTF-8. */
static bool is_locale(const char *locale, size_t size, const char *name)
{
	size_t length = MIN(strcspn(locale, ".@"), size);

	return length == strlen(name) && strncmp(locale, name, length) == 0;
}

/* zh_TW and zh_HK have other characters and terms than the catalogue. */
static bool is_chinese(const char *locale, size_t size)
{
	return is_locale(locale, size, "zh") ||
	       is_locale(locale, size, "zh_CN") ||
	       is_locale(locale, size, "zh_SG");
}

/* The language of the texts themselves. */
static bool is_english(const char *locale, size_t size)
{
	return is_locale(locale, size, "C") ||
	       is_locale(locale, size, "POSIX") ||
	       is_locale(locale, size, "en") ||
	       (size > 3 && strncmp(locale, "en_", 3) == 0);
}

/* C.UTF-8 is not the C locale: with it, LANGUAGE counts. */
static bool is_c_locale(const char *locale)
{
	return !*locale || strcmp(locale, "C") == 0 ||
	       strcmp(locale, "POSIX") == 0;
}

enum message_language message_language(void)
{
	const char *locale = locale_of("LC_MESSAGES");
	const char *list = getenv("LANGUAGE");

	if (is_c_locale(locale) || !message_is_utf8())
		return MESSAGE_ENGLISH;
	if (!list || !*list)
		list = locale;
	while (*list) {
		size_t size = strcspn(list, ":");

		if (is_chinese(list, size))
			return MESSAGE_CHINESE;
		if (is_english(list, size))
			return MESSAGE_ENGLISH;
		list += size + (list[size] == ':');
	}
	return MESSAGE_ENGLISH;
}
