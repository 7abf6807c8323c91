/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a single word of the lab can mean beside a name: numbers, shares, kinds
 * of frames, states, signals. Those that read a plain text return -EINVAL, with
 * a message that lacks the text's place.
 */
#pragma once

#include <stdio.h>

#include "lab-lex.h"

/* `what` with its article: "a port". */
int lab_value_number(const char *text, const char *what, uint64_t min,
		     uint64_t max, uint64_t *ret);

/* "10%", "0.5%", to four decimals: 0 .. 1. */
int lab_value_share(const char *text, double *ret);

/* "1500", "64KiB", "1MiB", "2GiB". */
int lab_value_bytes(const char *text, uint64_t *ret);

/* "TERM", "SIGTERM", "15". */
int lab_value_signal(const char *text, int *ret);

/* yes, no, true, false. */
int lab_value_bool(const char *text, bool *ret);

/* "ETIMEDOUT", "EOF", "DATA", in any case: as it is written; NULL for others. */
const char *lab_value_outcome(const char *text);

/* As ss names them, and "ESTABLISHED"; 0 for what is none. */
enum diag_state lab_value_state(const char *text);

/* --- said again -----------------------------------------------------------*/

void lab_say_duration(FILE *out, nsec_t duration);
void lab_say_share(FILE *out, double share);
void lab_say_bytes(FILE *out, uint64_t bytes);
void lab_say_signal(FILE *out, int number);
/* "syn and fin"; of many, or of one. */
void lab_say_kinds(FILE *out, unsigned int which, bool one);
/* In double quotes. */
void lab_say_quoted(FILE *out, const char *text);
/* The same where it must be. */
void lab_say_word(FILE *out, const char *text);

/* --- tables ---------------------------------------------------------------*/

struct lab_kind {
	const char *one, *many;
	unsigned int bits; /* enum wire_kind; 0: whatever it is */
};

const struct lab_kind *lab_kinds(size_t *ret_n);

/* NULL for a word that is none. */
const struct lab_kind *lab_kind_find(const struct lab_word *word);

/* The next word is no kind. */
int lab_kind_refuse(const struct lab_lex *lex);

/* Names for suggestions: so many of `ret` are set, at most `size`. */
size_t lab_state_names(const char **ret, size_t size);
size_t lab_outcome_names(const char **ret, size_t size);
