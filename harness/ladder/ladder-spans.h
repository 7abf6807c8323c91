/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Everything that lasts: the states and timers of sockets, and hosts that are
 * dead, frozen or unplugged. The functions are called in the order of the
 * journal's records, and add to ladder->spans. Where a function takes a
 * socket's number and a connection, either can be unknown: 0 and LADDER_NONE.
 * All of them return -ENOMEM on failure.
 */
#pragma once

#include "fault.h"
#include "ladder.h"

struct ladder_spans;

/* `ladder` is borrowed, and has its hosts. */
int ladder_spans_new(struct ladder_spans **ret, struct ladder *ladder);
struct ladder_spans *ladder_spans_free(struct ladder_spans *spans);

/* A host sends a segment, or receives it, on a cable with these ports. */
struct ladder_spans_segment {
	int host, connection;
	double t;
	bool sends;
	int port, peer_port; /* the host's and its peer's */
	uint8_t flags; /* SEGMENT_... */
};

void ladder_spans_segment(struct ladder_spans *spans,
			  const struct ladder_spans_segment *segment);

/* connect() or accept() has returned a connected socket. */
int ladder_spans_connected(struct ladder_spans *spans, int host, int socket,
			   int connection, double t);

/* A call has returned an error after which the socket has no connection. */
void ladder_spans_reset(struct ladder_spans *spans, int host, int socket,
			int connection, double t);

/* close() was called. */
void ladder_spans_closed(struct ladder_spans *spans, int host, int socket,
			 int connection, double t);

/*
 * A "state" record. *ret_connection is the connection of the socket, which an
 * earlier record may have named; *ret_differs says whether the record differs
 * from the last one of the same socket.
 */
int ladder_spans_state(struct ladder_spans *spans, const json_t *record,
		       int host, int connection, int *ret_connection,
		       bool *ret_differs);

int ladder_spans_fault(struct ladder_spans *spans,
		       const struct fault_verb *verb, int host, double t);

/* After the last record, with ladder->end: ends what is still open, and places
 * spans side by side. */
int ladder_spans_finish(struct ladder_spans *spans);
