/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All TCP sockets of a lab's hosts, as their kernels list them (sock_diag(7)).
 * Journals a state record when a socket is first seen, when its state, timer or
 * number of retransmissions changes, and when it is gone.
 */
#pragma once

#include "lab-event.h"
#include "lab-probes.h"

struct lab_sockets;

/* All arguments are borrowed. `probes` gives their sockets the numbers that
 * they have in the journal. */
struct lab_sockets *lab_sockets_new(struct run *run,
				    const struct lab_plan *plan,
				    struct lab_events *events,
				    const struct lab_probes *probes);

/* Lists the sockets of all hosts that run. Pushes a LAB_EVENT_STATE for each
 * new state. */
void lab_sockets_look(struct lab_sockets *sockets);

/* The same, and journals every socket, changed or not. */
void lab_sockets_journal_all(struct lab_sockets *sockets);

/* At the last look: those of the host that are in that state; 0: in any but
 * LISTEN. */
unsigned int lab_sockets_count(const struct lab_sockets *sockets,
			       const char *host, enum diag_state state);

/* Calls `fn` for each socket of the last look, with the wire's number of its
 * connection; 0: unknown, or a listener. */
typedef void (*lab_socket_fn)(void *data, const char *host,
			      const struct diag_socket *socket,
			      unsigned int connection);
void lab_sockets_each(const struct lab_sockets *sockets, lab_socket_fn fn,
		      void *data);

/* The kernel of another host has a socket of the connection, too, and not only
 * a TIME-WAIT. */
bool lab_sockets_have_peer(const struct lab_sockets *sockets, const char *host,
			   unsigned int connection);
