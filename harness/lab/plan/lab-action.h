/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The grammar of a lab's timeline, for --at, for the file and for the prompt:
 * actions, and the moments at which they are done. harness/doc/lab.md is its
 * manual; the syntax of each form is in the tables of lab-action.c, and a unit
 * test compares both.
 */
#pragma once

#include <stdio.h>

#include "lab-plan.h"

struct lab_lex;

/*
 * Parses a sentence; `place` may be NULL. Hosts and programs need not exist
 * yet: lab_check() looks them up. -EINVAL: the message names the wrong word,
 * its column, and what was expected.
 */
int lab_action_parse(struct lab_plan *plan, const char *text,
		     const struct lab_place *place, struct lab_action *ret);
int lab_moment_parse(struct lab_plan *plan, const char *text,
		     const struct lab_place *place, struct lab_moment *ret);

/* An EVENT, from the next word of the lexer to the end of the sentence. */
int lab_moment_read_event(struct lab_lex *lex, struct lab_moment *ret);

/* Parses and adds a step. The places may be NULL; `place` becomes the step's.
 */
int lab_action_add_step(struct lab_plan *plan, const char *when,
			const struct lab_place *when_place, const char *action,
			const struct lab_place *place);

/* Calls the function for every action, in the order of the manual, with its
 * syntax ("drop CHOICE") and what it does; then for CHOICE and KIND. */
typedef void lab_grammar_fn(void *data, const char *syntax, const char *what);
void lab_action_each(lab_grammar_fn *fn, void *data);

/* The same for every form of a moment. */
void lab_moment_each(lab_grammar_fn *fn, void *data);

/* The actions, a line each, for the prompt's help. */
void lab_action_print_help(FILE *out);
