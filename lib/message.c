/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A catalogue has two arrays of (length, offset) pairs, of the texts and of their
 * translations, in the byte order of its magic number. The texts are sorted, so
 * that one is found by binary search; the hash table, which is optional in the
 * format, is not read. Offsets and the NUL bytes that they lead to are checked
 * once, in message_use(), so that a lookup only compares.
 *
 * A text with a plural has both forms as its key, "one\0many", of which strcmp()
 * sees the first one. Chinese has one form for all numbers.
 */
#include "message.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "macro.h"

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

bool message_use(const void *catalogue, size_t size)
{
	if (catalogue && !message_load(catalogue, size))
		return false;
	in_use = catalogue;
	return true;
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
