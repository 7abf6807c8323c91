/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The phrases of the grammar, each read from where the lexer stands, and said
 * again in the one form that is normal. */
#pragma once

#include <stdio.h>

#include "lab-lex.h"

/* To the end of the sentence. */
int lab_action_read(struct lab_lex *lex, struct lab_action *ret);
/* The next word is a verb. */
bool lab_lex_has_action(const struct lab_lex *lex);
int lab_moment_read(struct lab_lex *lex, struct lab_moment *ret);
int lab_event_read(struct lab_lex *lex, struct lab_moment *ret);

/* A sentence by itself. */
int lab_action_read_text(struct lab_plan *plan, const char *text,
			 const struct lab_place *place, struct lab_action *ret);
int lab_moment_read_text(struct lab_plan *plan, const char *text,
			 const struct lab_place *place, struct lab_moment *ret);
int lab_expectation_read(struct lab_plan *plan, const char *text,
			 const struct lab_place *place,
			 struct lab_expectation *ret);

/* "3", or "3rd" and "third": one or more; false, and nothing is taken, for
 * other words. */
bool lab_lex_takes_count(struct lab_lex *lex, bool nth, unsigned int *ret);

/* [PERCENT of|the Nth|the first N|N|every] KIND [from HOST] [to HOST] [port N],
 * and the verb's own `by`, `after` or `with`. */
int lab_choice_read(struct lab_lex *lex, struct lab_action *action);
void lab_choice_say(FILE *out, const struct lab_action *action);

void lab_moment_say(FILE *out, const struct lab_moment *moment);
/* "3rd" */
void lab_say_nth(FILE *out, unsigned int n);

/* What a function says into a file, kept in the plan; NULL without memory. */
typedef void lab_say_fn(FILE *out, const void *what);
const char *lab_keep_said(struct lab_plan *plan, lab_say_fn *say,
			  const void *what);
