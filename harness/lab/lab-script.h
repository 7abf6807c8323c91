/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The script of a lab, in the process that holds its world: starts what is to
 * run, lets happen what is to happen when, looks at sockets meanwhile, judges
 * what was expected, and says at the end what all of it means.
 *
 * Journals, beside what every run does:
 *	state    of every socket, when it is first seen and when it changes
 *	meaning  host, text: what a state at the end comes to
 */
#pragma once

struct run;

void lab_script(struct run *run);

/*
 * What the prompt sends, one message each: an action in the words of
 * lab-words.h, or one of these.
 */
#define LAB_PROMPT_END "end"
#define LAB_PROMPT_STATES "states"
