/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lexer of the lab's grammar: splits a sentence into words, reads words of
 * each type, and reports errors with the column of the word.
 *
 * Blanks separate words. A part in single or double quotes belongs to one word,
 * which is then no keyword; in double quotes \" and \\ are a quote and a
 * backslash. Articles and "and" are skipped.
 *
 * Columns count characters from 1. Where the sentence stands in a file
 * character by character, the column becomes part of the place: "x.yaml:2:26:
 * ..."; elsewhere it precedes the message: "--at '2s': column 8: ...".
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "lab-plan.h"

enum { LAB_LEX_WORDS = 64 };

struct lab_word {
	const char *text; /* without quotes */
	unsigned int column;
	bool quoted;
	size_t begin, end; /* in `line` of the lexer */
};

struct lab_lex {
	struct lab_plan *plan; /* keeps the strings */
	const struct lab_place *place; /* borrowed; NULL: none */
	struct lab_word words[LAB_LEX_WORDS + 1]; /* ends with text NULL */
	size_t n, at;
	char *bytes; /* of the words */
	char *line; /* the sentence with one blank between words */
};

/* -EINVAL: unterminated quote, control character, invalid UTF-8, too many
 * words. `place` may be NULL. lab_lex_deinit() in any case. */
int lab_lex_init(struct lab_lex *lex, struct lab_plan *plan, const char *text,
		 const struct lab_place *place);
void lab_lex_deinit(struct lab_lex *lex);

/* The next word; its text is NULL at the end. */
const struct lab_word *lab_lex_peek(const struct lab_lex *lex);
/* Moves behind the next word. */
void lab_lex_next(struct lab_lex *lex);
/* Moves behind the next word if it is this keyword. */
bool lab_lex_accept(struct lab_lex *lex, const char *keyword);

bool lab_word_is(const struct lab_word *word, const char *keyword);
/* The word begins with a digit. */
bool lab_word_is_number(const struct lab_word *word);

/* The sentence from that word to its end, as it was written; kept in the plan.
 * -ENOMEM. */
int lab_lex_source(const struct lab_lex *lex, const struct lab_word *from,
		   const char **ret);

/* --- errors: -EINVAL with the column --------------------------------------*/

int lab_lex_refuse(const struct lab_lex *lex, const struct lab_word *word,
		   const char *format, ...) MACRO_PRINTF(3, 4);

/* `r` is the result of parsing the next word: moves behind the word, or adds
 * its column to the message of an -EINVAL. */
int lab_lex_take(struct lab_lex *lex, int r);

/* "unexpected 'xyz'; expected host name" */
int lab_lex_expected(const struct lab_lex *lex, const char *what);

/* The next word is none of the names. `what`: "service". */
int lab_lex_unknown(const struct lab_lex *lex, const char *what,
		    const char *const *names, size_t n);

/* Fails unless all words have been read. */
int lab_lex_end(const struct lab_lex *lex);

/* --- words of a type: reads the next word, or fails with -EINVAL ----------*/

/* `what`: "host name". */
int lab_lex_name(struct lab_lex *lex, const char *what, const char **ret);
/* Any word, also an empty one in quotes. */
int lab_lex_text(struct lab_lex *lex, const char *what, const char **ret);
int lab_lex_duration(struct lab_lex *lex, nsec_t *ret);
int lab_lex_number(struct lab_lex *lex, const char *what, uint64_t min,
		   uint64_t max, uint64_t *ret);
int lab_lex_port(struct lab_lex *lex, uint16_t *ret);
int lab_lex_signal(struct lab_lex *lex, int *ret);
/* One of the names: its index. */
int lab_lex_choose(struct lab_lex *lex, const char *what,
		   const char *const *names, size_t n, size_t *ret);
/* One or more kinds of frames, as bits of enum wire_kind and
 * LAB_PAYLOAD; 0: any frame. */
int lab_lex_kinds(struct lab_lex *lex, unsigned int *ret);
/* A socket state as ss(8) names it. */
int lab_lex_state(struct lab_lex *lex, enum diag_state *ret);
/* "3", or with `nth` "3rd" and "third": at least 1. False: the next word is
 * another one, and remains. */
bool lab_lex_accept_count(struct lab_lex *lex, bool nth, unsigned int *ret);
