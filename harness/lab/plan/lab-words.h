/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The words of a lab: one grammar for --at and --expect, for the file and for
 * the prompt. Case does not count, except in names; articles and "and" may stand
 * anywhere; "x y" or 'x y' is one word, and in double quotes \" and \\ are a
 * quote and a backslash.
 *
 * MOMENT
 *	2s, 500ms, 1m30s                        after the start
 *	[DURATION after] EVENT                  also: when EVENT, after EVENT
 * EVENT
 *	start
 *	HOST has received|sent [N|Nth] KIND[ and KIND…]
 *	PROGRAM prints "TEXT"
 *	PROGRAM ends
 *	HOST reaches STATE                      a socket of HOST's, as ss names it
 *	ACTION                                  that step is done
 *
 * ACTION
 *	crash|reboot|freeze|thaw|unplug|plug|… HOST      netns/fault.h
 *	kill PROGRAM|HOST [SIGNAL]                       KILL, unless said
 *	drop CHOICE
 *	hold CHOICE                                      until release
 *	delay CHOICE by DURATION
 *	duplicate CHOICE [after DURATION]
 *	reject CHOICE with rst|net|host|port|admin
 *	release | pass                                   what is held; all rules off
 *	inject fin|rst|ack|data from HOST to HOST
 *	set [HOST:]KEY=VALUE
 *	run PROGRAM                                      one of the plan's
 *	run "COMMAND" in HOST [as NAME]
 *	listen HOST [PORT] [backlog N] [echo|http|silent|unaccepted]
 *	connect HOST [to] HOST[:PORT] [N times]
 *	send HOST [BYTES]                                on each of its connections;
 *	                                                 1500, 64KiB, 1MiB
 *	shut|close|abort HOST
 *	keepalive HOST
 *	user-timeout HOST DURATION
 *	note "TEXT"
 *	end                                              before its time
 * CHOICE
 *	[PERCENT of|the Nth|the first N|N|every] KIND[ and KIND…]
 *		[from HOST] [to HOST] [port N]           in any order
 * KIND
 *	segments, syn, syn-ack, fin, rst, data, acks, probes, retransmissions,
 *	icmp, arp, frames (all of them)         singular or plural
 *
 * EXPECTATION
 *	HOST: ETIMEDOUT|EOF|DATA|… [TIME]       a call of the probe in HOST
 *	HOST: open                              none of its calls has ended
 *	HOST: [NUMBER|no] STATE [TIME]          sockets of HOST's; "no socket": in
 *	                                        no state but LISTEN
 *	HOST: sends|receives [NUMBER|no] KIND [TIME]
 *	HOST: counter NAME [NUMBER]
 *	PROGRAM: exit N | signal N|NAME | runs | prints [no] "TEXT"  [TIME]
 * NUMBER
 *	3, at least 3, at most 3, 3..5          at least 1, unless said
 * TIME
 *	[after DURATION] [within DURATION] [of EVENT]
 */
#pragma once

#include <stdio.h>

#include "lab-plan.h"

/*
 * They keep what they need in the plan's own texts. Hosts and programs need not
 * be there yet: lab_check() asks for them. -EINVAL, with a message that
 * names the word that is wrong, its column, and what was expected there: "column
 * 1: 'unplg' is no action; unplug?".
 */
int lab_moment_parse(struct lab_plan *plan, const char *text,
		     struct lab_moment *ret);
int lab_action_parse(struct lab_plan *plan, const char *text,
		     struct lab_action *ret);
int lab_expectation_parse(struct lab_plan *plan, const char *text,
			  struct lab_expectation *ret);

/* "2s", "1m30s", "250ms", "5h": -EINVAL for anything else, a bare number too. */
int lab_duration_parse(const char *text, nsec_t *ret);
/* The same of whole seconds, one at least: nf_conntrack_tcp_timeout_established
 * has no others. */
int lab_idle_parse(const char *text, nsec_t *ret);

/* The same again; returns `buffer`. */
const char *lab_duration_text(nsec_t duration, char *buffer, size_t size);

/* The moment in the grammar's words, kept in the plan; NULL without memory. */
const char *lab_moment_text(struct lab_plan *plan,
			    const struct lab_moment *moment);

/* "syn", "syn and fin": the words above. */
int lab_kinds_parse(const char *text, unsigned int *ret);

/* Every action with what it does, a line each: for --help and the prompt. */
void lab_action_print_help(FILE *out);

/* The same, one by one. */
typedef void lab_action_fn(void *data, const char *name, const char *what);
void lab_action_each(lab_action_fn *tell, void *data);
