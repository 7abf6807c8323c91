/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "flow.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "wire.h"

/* One direction of one connection, in one network. */
struct flow {
	unsigned int network;
	struct address source, destination;
	uint16_t source_port, destination_port;
	bool known; /* a SYN was seen */
	uint32_t isn, next; /* next: the first number not yet sent */
};

struct flows {
	struct flow *all;
	size_t n, space;
};

int flows_new(struct flows **ret)
{
	struct flows *flows = calloc(1, sizeof(*flows));

	if (!flows)
		return error_origin(-ENOMEM, "flows");
	*ret = flows;
	return 0;
}

struct flows *flows_free(struct flows *flows)
{
	if (flows)
		free(flows->all);
	free(flows);
	return NULL;
}

static bool same(const struct flow *flow, const struct address *source,
		 uint16_t source_port, const struct address *destination,
		 uint16_t destination_port)
{
	return flow->source_port == source_port &&
	       flow->destination_port == destination_port &&
	       address_equal(&flow->source, source) &&
	       address_equal(&flow->destination, destination);
}

/* The newest first: a port that is used again is a new connection. */
static struct flow *find(struct flows *flows, unsigned int network,
			 const struct frame *f, bool reverse)
{
	for (size_t i = flows->n; i > 0; i--) {
		struct flow *flow = &flows->all[i - 1];

		if (flow->network != network)
			continue;
		if (reverse ?
			    same(flow, &f->destination, f->tcp.destination_port,
				 &f->source, f->tcp.source_port) :
			    same(flow, &f->source, f->tcp.source_port,
				 &f->destination, f->tcp.destination_port))
			return flow;
	}
	return NULL;
}

static struct flow *add(struct flows *flows, unsigned int network,
			const struct frame *f)
{
	struct flow *flow;

	if (flows->n == flows->space) {
		size_t space = flows->space ? flows->space * 2 : 8;
		struct flow *grown =
			reallocarray(flows->all, space, sizeof(*grown));

		if (!grown)
			return NULL;
		flows->all = grown;
		flows->space = space;
	}
	flow = &flows->all[flows->n++];
	*flow = (struct flow){ .network = network,
			       .source = f->source,
			       .destination = f->destination,
			       .source_port = f->tcp.source_port,
			       .destination_port = f->tcp.destination_port,
			       .next = f->tcp.seq };
	return flow;
}

/* `flow`: what its sender has sent before; NULL: nothing. */
static unsigned int kinds_of_segment(const struct frame *f,
				     const struct flow *flow)
{
	uint32_t length = frame_sequence_length(f);
	unsigned int kinds = WIRE_TCP;
	bool again = flow && length &&
		     !sequence_before(flow->next, f->tcp.seq + length);

	if (frame_is_syn(f))
		kinds |= WIRE_SYN;
	if (frame_is_syn_ack(f))
		kinds |= WIRE_SYN_ACK;
	if (frame_is_fin(f))
		kinds |= WIRE_FIN;
	if (frame_is_rst(f))
		kinds |= WIRE_RST;
	if (frame_is_data(f) && !again)
		kinds |= WIRE_DATA;
	if (again && !frame_is_rst(f))
		kinds |= WIRE_RETRANSMISSION;
	if (frame_is_pure_ack(f))
		kinds |= flow && f->tcp.seq == flow->next - 1 ?
				 WIRE_KEEPALIVE_PROBE :
				 WIRE_PURE_ACK;
	return kinds;
}

static struct segment_base base_of(const struct flow *flow,
				 const struct flow *peer)
{
	return (struct segment_base){ .knows_sender = flow && flow->known,
				    .sender = flow ? flow->isn : 0,
				    .knows_receiver = peer && peer->known,
				    .receiver = peer ? peer->isn : 0 };
}

static unsigned int see_segment(struct flows *flows, unsigned int network,
				const struct frame *f, struct segment_base *base)
{
	struct flow *flow = find(flows, network, f, false);
	bool opens = frame_is_syn(f) || frame_is_syn_ack(f), fresh = false;
	uint32_t end = f->tcp.seq + frame_sequence_length(f);
	unsigned int kinds;

	/* A SYN with another number is a new connection in an old place. */
	if (!flow || (opens && (!flow->known || flow->isn != f->tcp.seq))) {
		flow = add(flows, network, f);
		if (!flow)
			return WIRE_TCP;
		flow->known = opens;
		flow->isn = f->tcp.seq;
		fresh = true;
	}
	kinds = kinds_of_segment(f, fresh ? NULL : flow);
	if (!frame_is_rst(f) && sequence_before(flow->next, end))
		flow->next = end;
	*base = base_of(flow, find(flows, network, f, true));
	return kinds;
}

static unsigned int kinds_of_other(const struct frame *frame)
{
	switch (frame->kind) {
	case FRAME_ARP:
	case FRAME_ND:
		return WIRE_NEIGHBOUR;
	case FRAME_ICMP:
		return WIRE_ICMP;
	case FRAME_TCP:
	case FRAME_OTHER:
		break;
	}
	return WIRE_OTHER;
}

unsigned int flows_see(struct flows *flows, unsigned int network,
		       const struct frame *frame, struct segment_base *ret_base)
{
	*ret_base = (struct segment_base){ 0 };
	return frame->kind == FRAME_TCP ?
		       see_segment(flows, network, frame, ret_base) :
		       kinds_of_other(frame);
}

unsigned int flows_see_alone(struct flows *flows, unsigned int network,
			     const struct frame *frame,
			     struct segment_base *ret_base)
{
	*ret_base = (struct segment_base){ 0 };
	if (frame->kind != FRAME_TCP)
		return kinds_of_other(frame);
	*ret_base = base_of(find(flows, network, frame, false),
			    find(flows, network, frame, true));
	return kinds_of_segment(frame, NULL);
}
