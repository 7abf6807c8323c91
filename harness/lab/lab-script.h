/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The script of a lab: a case's script that follows a plan. It starts programs
 * and probes, applies the timeline, looks at sockets, checks the expectations,
 * and concludes.
 *
 * Journals, beside what every run does:
 *	timeline the start of the timeline, with the hosts in the path's order
 *	state    of every socket, when it is first seen and when it changes
 *	meaning  host, text: a conclusion
 */
#pragma once

struct run;

void lab_script(struct run *run);

/*
 * Messages of the prompt (struct run_options: `prompt`, SOCK_SEQPACKET): an
 * action as in a plan, or one of these. An action is checked as lab_check()
 * checks a step; the reply to one that is refused is the message of the error.
 */
#define LAB_PROMPT_END "end" /* the timeline ends now */
#define LAB_PROMPT_STATES "states" /* journals all sockets */
