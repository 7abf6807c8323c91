/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A sentence of the lab, word by word.
 *
 * Blanks part words. What stands between quotes is of one word, and never one
 * of the grammar; in double quotes \" and \\ are a quote and a backslash.
 * Articles and "and" are left out.
 *
 * Every refusal names the column of its word, in characters from 1: as part of
 * the sentence's place where it stands in a file letter by letter, otherwise
 * before the message.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "lab-parts.h"

enum { LAB_WORDS = 64 };

struct lab_word {
	const char *text;
	unsigned int column;
	bool quoted;
};

struct lab_lex {
	struct lab_plan *plan;
	const struct lab_place *place; /* NULL: none. Borrowed. */
	struct lab_word words[LAB_WORDS + 1]; /* end: text NULL */
	size_t n, at;
	char *bytes;
};

/* `place` may be NULL. -EINVAL: a quote that is not closed, bytes that are no
 * text. lab_lex_deinit() in any case. */
int lab_lex_init(struct lab_lex *lex, struct lab_plan *plan, const char *text,
		 const struct lab_place *place);
void lab_lex_deinit(struct lab_lex *lex);

/* The next word; behind the last one its text is NULL. */
const struct lab_word *lab_lex_look(const struct lab_lex *lex);
const struct lab_word *lab_lex_take(struct lab_lex *lex);

bool lab_word_is(const struct lab_word *word, const char *text);

/* Takes the next word if it is that one. */
bool lab_lex_takes(struct lab_lex *lex, const char *text);

/* -EINVAL, with the word's column before the message. */
int lab_lex_refuse(const struct lab_lex *lex, const struct lab_word *word,
		   const char *format, ...) MACRO_PRINTF(3, 4);

/* The same of the last failure, when it was about that word. */
int lab_lex_trace(const struct lab_lex *lex, const struct lab_word *word,
		  int r);

/* "'xyz' stands here; expected: a host", or nothing does. */
int lab_lex_expected(const struct lab_lex *lex, const char *what);

/* Nothing may follow. */
int lab_lex_end(const struct lab_lex *lex);

/* --- words of a sort: the next one, or -EINVAL ----------------------------*/

/* A host's or a program's name, kept in the plan. `what`: "a host". */
int lab_lex_name(struct lab_lex *lex, const char *what, const char **ret);

/* Any text, kept in the plan; may be empty. */
int lab_lex_text(struct lab_lex *lex, const char *what, const char **ret);

int lab_lex_duration(struct lab_lex *lex, nsec_t *ret);

int lab_lex_number(struct lab_lex *lex, const char *what, uint64_t min,
		   uint64_t max, uint64_t *ret);

int lab_lex_port(struct lab_lex *lex, uint16_t *ret);

/* One of the `n` words: its place among them. */
int lab_lex_choose(struct lab_lex *lex, const char *what,
		   const char *const *names, size_t n, size_t *ret);

/* One or more kinds of frames, bits as in struct wire_match. */
int lab_lex_kinds(struct lab_lex *lex, unsigned int *ret);

/* A state of sockets, as ss names it. */
int lab_lex_state(struct lab_lex *lex, enum diag_state *ret);
