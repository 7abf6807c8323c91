/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The user's programs in the hosts of a lab: starting them, waiting for servers
 * to listen, and what they print and how they end, as events.
 */
#pragma once

#include "lab-event.h"
#include "program-control.h"

struct lab_programs;

/* All arguments are borrowed. */
struct lab_programs *lab_programs_new(struct run *run,
				      const struct lab_plan *plan,
				      struct lab_events *events);

/*
 * Writes the hosts' files and starts the servers that no step starts, those of
 * the far end of the path first: each program that has a port to listen on or
 * runs in the last host. Each one is waited for until it listens.
 */
void lab_programs_start_servers(struct lab_programs *programs);

/* The others. Their first segment belongs to the timeline. */
void lab_programs_start_clients(struct lab_programs *programs);

/* One of the plan's, by name. Noted, and not started, if it runs already or if
 * its host is dead. */
void lab_program_start(struct lab_programs *programs, const char *name);

/* Journals a kill as a fault. Noted if the program does not run. */
void lab_program_kill(struct lab_programs *programs,
		      const struct lab_action *action);

bool lab_program_runs(const struct lab_programs *programs, const char *name);

/* The process that was started last; NULL: the program was never started. */
const struct program *lab_program_find(const struct lab_programs *programs,
				       const char *name);

/* The start waited in vain until it listens on its port. */
bool lab_program_does_not_listen(const struct lab_programs *programs,
				 const char *name);
