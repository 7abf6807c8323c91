/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The grammar of a lab's expectations; EVENT, KIND and words are those of
 * lab-action.h.
 *
 * EXPECTATION
 *	HOST: ETIMEDOUT|EOF|DATA|... [TIME]     a call of the probe in HOST
 *ended HOST: open                              no call of the probe has ended
 *	HOST: [NUMBER|no] STATE [TIME]          sockets of HOST in this state;
 *	                                        "socket": in any but LISTEN
 *	HOST: sends|receives [NUMBER|no] KIND [TIME]
 *	HOST: counter NAME [NUMBER|no]          rise of a TcpExt counter
 *	PROGRAM: exit N [TIME]
 *	PROGRAM: signal N|NAME [TIME]
 *	PROGRAM: runs
 *	PROGRAM: prints [no] "TEXT" [TIME]
 * NUMBER
 *	3, at least 3, at most 3, 3..5          default: at least 1
 * TIME
 *	[after DURATION] [within DURATION] [of EVENT]
 *
 * open, counter and runs are evaluated at the end of the lab and take no TIME.
 */
#pragma once

#include "lab-action.h"
#include "lab-plan.h"

/* As lab_action_parse(). */
int lab_expectation_parse(struct lab_plan *plan, const char *text,
			  const struct lab_place *place,
			  struct lab_expectation *ret);

/* Parses and adds one. `place` may be NULL. */
int lab_expectation_add(struct lab_plan *plan, const char *text,
			const struct lab_place *place);

/* As lab_action_each(), for every form of an expectation, NUMBER and TIME. */
void lab_expectation_each(lab_grammar_fn *fn, void *data);
