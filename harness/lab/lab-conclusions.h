/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Conclusions about the end of a lab: one sentence for each program, each step
 * that was not taken, each socket, each cause that the wire has seen and each
 * counter that explains something, for
 * readers who do not remember which timer ends which state.
 */
#pragma once

#include "lab-programs.h"
#include "lab-sockets.h"

/* The state at the end. All members are borrowed. */
struct lab_end {
	struct run *run;
	struct lab_plan *plan;
	nsec_t start; /* of the timeline */
	const bool *steps_taken; /* for each step of the plan */
	const struct lab_programs *programs;
	const struct lab_sockets *sockets;
};

/* Journals the conclusions, as records of the type "meaning". */
void lab_conclude(const struct lab_end *end);
