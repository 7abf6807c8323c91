/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Texts in the language of the user, with the semantics of gettext: the English
 * text is the key, and without a translation it is the result. Texts are translated
 * where they are printed; tables, errors, results and journals have English ones.
 *
 * gettext() of the C library is not used because it needs files: the catalogue, and
 * a locale that is installed. halfopen is one file that is copied into guests,
 * chroots and minimal containers, so that its catalogue is part of it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* The translation of a text that is printed here. xgettext collects the texts. */
#define _(text_) message_text(text_)

/* Marks a text for xgettext that is printed elsewhere. Tables that
 * harness/po/tables.c walks need no mark. */
#define N_(text_) text_

/* Marks the format of a finished text, see message_record(), that is not an argument
 * of a function that takes such formats only. */
#define R_(text_) text_

/* The same for message_value(). */
#define V_(text_) text_

/* The translation, which lives as long as the catalogue, or `text` itself, which may
 * be NULL. */
const char *message_text(const char *text) __attribute__((__format_arg__(1)));

/* The same for a text with a number in it: `one` for 1, otherwise `many`. */
const char *message_plural(const char *one, const char *many, unsigned long n)
	__attribute__((__format_arg__(1), __format_arg__(2)));

/*
 * The translation of a finished English text: a reason in a result, the message
 * of an error, a record of a journal, of this machine or of another one. The
 * text is compared with the formats of such texts, and what stood for their
 * directives is put into the translation, in quotes as it is; of "A: B", each
 * part is looked up by itself if the whole is unknown. Of a failure (errors.h),
 * the names of files and hosts stay, and the places of the trail. Returns `text`,
 * or `buffer` with the translation.
 */
const char *message_record(const char *text, char *buffer, size_t size);

/*
 * Puts a value in place of the directive of `size` bytes at `at` in the translation
 * `format`. A blank between two Chinese characters is left out: it is there for
 * values in Latin letters. Returns where the format continues.
 */
const char *message_insert(FILE *out, const char *format, const char *at,
			   size_t size, const char *value);

/* The same as message_record() for the name of a value of a result,
 * "accept_queue", or for a word among the values, which may be such a text; of a
 * list "SYN, data", each one is looked up. */
const char *message_value(const char *text, char *buffer, size_t size);

/* --- the catalogue ------------------------------------------------------- */

/*
 * Loads a catalogue in the format of msgfmt (GNU gettext manual, "The Format of GNU
 * MO Files"), which must live as long as the program. False, without effect, for
 * anything else.
 */
bool message_load(const void *catalogue, size_t size);

/* Whether texts are Chinese from now on; English at first. */
void message_use(bool chinese);

/* The translation in the catalogue, in whatever language texts are printed; NULL:
 * none. For searching. */
const char *message_chinese(const char *text);

/* --- the language -------------------------------------------------------- */

enum message_language { MESSAGE_ENGLISH, MESSAGE_CHINESE };

/* The values of --lang, in the order of the enum. */
#define MESSAGE_LANGUAGES "en zh"

/*
 * The language that the environment asks for, by the rules of gettext: the locale
 * is the first of LC_ALL, LC_MESSAGES and LANG that is set; if it is not C or
 * POSIX, the list in LANGUAGE replaces it. A locale need not be installed. Output
 * is UTF-8: a locale with another character encoding gets English.
 */
enum message_language message_language(void);

/* Whether the locale variables name UTF-8, or none of them is set. */
bool message_is_utf8(void);
