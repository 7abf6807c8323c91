/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The part of the state diagram of RFC 9293, section 3.3.2, that can be derived
 * from the segments of one endpoint without doubt:
 *
 *	sends SYN                                   SYN-SENT
 *	... and then acknowledges the SYN-ACK       ESTABLISHED
 *	sends FIN                                   FIN-WAIT-1
 *	... after it acknowledged the peer's FIN    LAST-ACK
 *	acknowledges the peer's FIN                 CLOSE-WAIT
 *	... having sent a FIN                       CLOSING
 *	... having sent one that is acknowledged    TIME-WAIT
 *	receives the acknowledgement of its FIN     FIN-WAIT-2
 *	... in LAST-ACK, CLOSING                    CLOSE, TIME-WAIT
 *
 * What a passive opener does with a SYN and with the last segment of the
 * handshake depends on SYN cookies and on the accept queue, and what a RST does
 * depends on its sequence number: those states are left to lab-sockets.c.
 *
 * An endpoint is identified by its host and the wire's number of the
 *connection, which address translation does not change. Segments of an unknown
 *connection are ignored.
 */
#include "lab-state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "errors.h"

struct endpoint {
	const char *host;
	unsigned int connection;
	bool sent_fin, fin_acknowledged;
	uint32_t fin_end; /* the sequence number after its FIN */
	bool received_fin, acknowledged_fin;
	uint32_t peer_fin_end;
	enum diag_state state; /* the last one that was pushed; 0: none */
};

struct lab_states {
	struct run *run;
	struct lab_events *events;
	struct endpoint *all;
	size_t n, capacity;
};

struct lab_states *lab_states_new(struct run *run, struct lab_events *events)
{
	struct lab_states *states = calloc(1, sizeof(*states));

	if (!states)
		run_broken(run, error_origin(-ENOMEM, "states"));
	states->run = run;
	states->events = events;
	return states;
}

/* Sequence numbers wrap around: RFC 9293, section 3.4. */
static bool is_at_or_after(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) >= 0;
}

/* The newest ones come first: most frames belong to them. */
static struct endpoint *find_or_add(struct lab_states *s, const char *host,
				    unsigned int connection)
{
	struct endpoint *grown;
	size_t i = s->n;

	while (i > 0 && (s->all[i - 1].connection != connection ||
			 strcmp(s->all[i - 1].host, host) != 0))
		i--;
	if (i > 0)
		return &s->all[i - 1];
	grown = array_grow(s->all, s->n, &s->capacity, sizeof(*s->all));
	if (!grown)
		run_broken(s->run, error_origin(-ENOMEM, "states"));
	s->all = grown;
	grown[s->n] =
		(struct endpoint){ .host = host, .connection = connection };
	return &grown[s->n++];
}

/* The endpoint is in that state since then. */
static void enter(struct lab_states *s, struct endpoint *e, nsec_t at,
		  enum diag_state state)
{
	if (state == e->state)
		return;
	e->state = state;
	lab_events_push(s->events, &(struct lab_event){ .kind = LAB_EVENT_STATE,
							.at = at,
							.host = e->host,
							.state = state,
							.derived = true });
}

static void see_sent(struct lab_states *s, struct endpoint *e, nsec_t at,
		     const struct frame *frame)
{
	const struct segment *tcp = &frame->tcp;
	bool acks = tcp->flags & SEGMENT_ACK;

	if (tcp->flags & SEGMENT_RST)
		return;
	if (tcp->flags & SEGMENT_SYN) {
		if (!acks)
			enter(s, e, at, DIAG_SYN_SENT);
		return;
	}
	if (acks && e->state == DIAG_SYN_SENT)
		enter(s, e, at, DIAG_ESTABLISHED);
	if (acks && e->received_fin && !e->acknowledged_fin &&
	    is_at_or_after(tcp->ack, e->peer_fin_end)) {
		e->acknowledged_fin = true;
		enter(s, e, at,
		      !e->sent_fin	  ? DIAG_CLOSE_WAIT :
		      e->fin_acknowledged ? DIAG_TIME_WAIT :
					    DIAG_CLOSING);
	}
	if (tcp->flags & SEGMENT_FIN && !e->sent_fin) {
		e->sent_fin = true;
		e->fin_end = tcp->seq + frame_sequence_length(frame);
		enter(s, e, at,
		      e->acknowledged_fin ? DIAG_LAST_ACK : DIAG_FIN_WAIT1);
	}
}

static void see_received(struct lab_states *s, struct endpoint *e, nsec_t at,
			 const struct frame *frame)
{
	const struct segment *tcp = &frame->tcp;

	if (tcp->flags & (SEGMENT_RST | SEGMENT_SYN))
		return;
	if (tcp->flags & SEGMENT_FIN && !e->received_fin) {
		e->received_fin = true;
		e->peer_fin_end = tcp->seq + frame_sequence_length(frame);
	}
	if (!e->sent_fin || e->fin_acknowledged ||
	    !(tcp->flags & SEGMENT_ACK) ||
	    !is_at_or_after(tcp->ack, e->fin_end))
		return;
	e->fin_acknowledged = true;
	enter(s, e, at,
	      e->state == DIAG_LAST_ACK ? DIAG_CLOSE :
	      e->state == DIAG_CLOSING	? DIAG_TIME_WAIT :
					  DIAG_FIN_WAIT2);
}

void lab_states_see(struct lab_states *states, const struct lab_event *event,
		    const struct wire_capture *capture)
{
	const struct frame *frame = &capture->frame;
	struct endpoint *e;

	if (frame->kind != FRAME_TCP || !capture->connection)
		return;
	e = find_or_add(states, event->host, capture->connection);
	if (event->kind == LAB_EVENT_SENT)
		see_sent(states, e, event->at, frame);
	else
		see_received(states, e, event->at, frame);
}
