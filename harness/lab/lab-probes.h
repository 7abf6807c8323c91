/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The probes of a lab, one in a host, and their sockets: actions of the plan
 * become calls, results of calls become events.
 */
#pragma once

#include "lab-event.h"

struct lab_probes;

/* All arguments are borrowed. */
struct lab_probes *lab_probes_new(struct run *run, const struct lab_plan *plan,
				  struct lab_events *events);

/*
 * Queues an action: a call of a probe, or kill of the host's probe. Actions of
 * one probe are executed in the order in which they were queued; see
 * lab-probes.c for what they wait for. An action that cannot be executed
 * becomes a failed expectation, at once or, if it only has not been executed by
 * then, in lab_probes_finish(). Both arguments must stay valid until then.
 */
void lab_probes_act(struct lab_probes *probes, const struct lab_action *action,
		    const struct lab_place *place);

/* The action is still queued, at least for one socket. */
bool lab_probes_have_queued(const struct lab_probes *probes,
			    const struct lab_action *action);

/* Pushes results of calls that have returned, and executes what waited for
 * them. */
void lab_probes_collect(struct lab_probes *probes);
bool lab_probes_have_results(const struct lab_probes *probes);

/* When a listener that accepts slowly is to accept again; NSEC_NEVER: none is.
 */
nsec_t lab_probes_next_accept(const struct lab_probes *probes);

/* The processes of the host are stopped, or run again: a stopped probe executes
 * nothing. */
void lab_probes_set_stopped(struct lab_probes *probes, const char *host,
			    bool stopped);

/* The host died, and its probe with it. */
void lab_probes_lose_host(struct lab_probes *probes, const char *host);

/* At the end of the lab: reports actions that are still queued. */
void lab_probes_finish(struct lab_probes *probes);

/* The host's probe has a connection that it has not closed. */
bool lab_probes_are_open(const struct lab_probes *probes, const char *host);

/* The socket's number in the journal; 0: no probe has it. */
int lab_probes_number(const struct lab_probes *probes, const char *host,
		      const struct diag_socket *socket);
