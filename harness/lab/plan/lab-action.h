/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The grammar of a lab's timeline, for --at, for the file and for the prompt.
 * lab-expectation.h has the grammar of expectations; harness/doc/lab.md is the
 * manual of both, and a unit test parses its examples.
 *
 * Case matters in names and texts only; words are split as in lab-lex.h.
 *
 * MOMENT
 *	2s, 500ms, 1m30s                        after the start
 *	[DURATION after] EVENT                  also: when EVENT, after EVENT
 * EVENT
 *	start
 *	HOST has received|sent [N|Nth] KIND [and KIND ...]
 *	PROGRAM prints "TEXT"
 *	PROGRAM ends
 *	HOST reaches STATE                      a socket of HOST, named as in
 *ss(8) ACTION                                  a step with this action was done
 * ACTION
 *	crash|reboot|freeze|... HOST [...]      the verbs of netns/fault.h
 *	kill PROGRAM|HOST [SIGNAL]              KILL by default
 *	drop CHOICE
 *	hold CHOICE                             until release
 *	delay CHOICE by DURATION
 *	duplicate CHOICE [after DURATION]
 *	reject CHOICE with rst|net|host|port|admin
 *	release | pass
 *	inject fin|rst|ack|data from HOST to HOST
 *	set [HOST:]KEY=VALUE
 *	run PROGRAM                             a program of the plan
 *	run "COMMAND" in HOST [as NAME]
 *	listen HOST [[port] N] [backlog N] [echo|http|silent|unaccepted]
 *	connect HOST [to] HOST[:PORT] [N times]
 *	send HOST [BYTES]                       on each connection; 1500, 64KiB
 *	shut|close|abort|keepalive HOST
 *	user-timeout HOST DURATION
 *	note "TEXT"
 *	end
 * CHOICE
 *	[PERCENT of|the Nth|the first [N]|N|every] KIND [and KIND ...]
 *		[from HOST] [to HOST] [port N]           in any order
 * KIND
 *	segments, syns, syn-acks, fins, rsts, data, acks, probes,
 *	retransmissions, icmp, arp, frames      singular or plural
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
