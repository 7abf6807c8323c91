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
 * An endpoint is identified by its host and its own view of the 4-tuple, so that
 * address translation on the path makes no difference; a SYN with another
 * initial sequence number begins another connection.
 */
#include "lab-state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "errors.h"

struct endpoint {
	const char *host;
	struct address local, remote;
	uint16_t local_port, remote_port;
	bool has_isn;
	uint32_t isn; /* of the side that opened the connection */
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

static bool is_of(const struct endpoint *e, const char *host,
		  const struct frame *frame, bool sent)
{
	const struct segment *tcp = &frame->tcp;

	if (strcmp(e->host, host) != 0)
		return false;
	if (sent)
		return e->local_port == tcp->source_port &&
		       e->remote_port == tcp->destination_port &&
		       address_equal(&e->local, &frame->source) &&
		       address_equal(&e->remote, &frame->destination);
	return e->local_port == tcp->destination_port &&
	       e->remote_port == tcp->source_port &&
	       address_equal(&e->local, &frame->destination) &&
	       address_equal(&e->remote, &frame->source);
}

static struct endpoint *add(struct lab_states *s, const char *host,
			    const struct frame *frame, bool sent)
{
	struct endpoint *grown =
		array_grow(s->all, s->n, &s->capacity, sizeof(*s->all));
	const struct segment *tcp = &frame->tcp;

	if (!grown)
		run_broken(s->run, error_origin(-ENOMEM, "states"));
	s->all = grown;
	grown[s->n] = (struct endpoint){
		.host = host,
		.local = sent ? frame->source : frame->destination,
		.remote = sent ? frame->destination : frame->source,
		.local_port = sent ? tcp->source_port : tcp->destination_port,
		.remote_port = sent ? tcp->destination_port : tcp->source_port,
	};
	return &grown[s->n++];
}

/* The newest ones come first: most frames belong to them. */
static struct endpoint *endpoint_of(struct lab_states *s, const char *host,
				    const struct frame *frame, bool sent)
{
	size_t i = s->n;

	while (i > 0 && !is_of(&s->all[i - 1], host, frame, sent))
		i--;
	return i > 0 ? &s->all[i - 1] : add(s, host, frame, sent);
}

/* The endpoint is in that state since then. */
static void enter(struct lab_states *s, struct endpoint *e, nsec_t at,
		  enum diag_state state)
{
	if (state == e->state)
		return;
	e->state = state;
	lab_events_push(s->events,
			&(struct lab_event){ .kind = LAB_EVENT_STATE,
					     .at = at,
					     .host = e->host,
					     .state = state });
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
	if (!e->sent_fin || e->fin_acknowledged || !(tcp->flags & SEGMENT_ACK) ||
	    !is_at_or_after(tcp->ack, e->fin_end))
		return;
	e->fin_acknowledged = true;
	enter(s, e, at,
	      e->state == DIAG_LAST_ACK ? DIAG_CLOSE :
	      e->state == DIAG_CLOSING	? DIAG_TIME_WAIT :
					  DIAG_FIN_WAIT2);
}

/* Another SYN on the same 4-tuple: another connection. */
static void begin_connection(struct endpoint *e, uint32_t isn)
{
	if (e->has_isn && e->isn == isn)
		return;
	*e = (struct endpoint){ .host = e->host,
				.local = e->local,
				.remote = e->remote,
				.local_port = e->local_port,
				.remote_port = e->remote_port,
				.has_isn = true,
				.isn = isn };
}

void lab_states_see(struct lab_states *states, const struct lab_event *event,
		    const struct wire_capture *capture)
{
	const struct frame *frame = &capture->frame;
	bool sent = event->kind == LAB_EVENT_SENT;
	struct endpoint *e;

	if (frame->kind != FRAME_TCP)
		return;
	e = endpoint_of(states, event->host, frame, sent);
	if ((frame->tcp.flags & (SEGMENT_SYN | SEGMENT_ACK)) == SEGMENT_SYN)
		begin_connection(e, frame->tcp.seq);
	if (sent)
		see_sent(states, e, event->at, frame);
	else
		see_received(states, e, event->at, frame);
}
