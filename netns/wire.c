/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A frame is received into one of a few buffers, decoded, and identified
 * (identity.h). For each receiver a struct wire_frame describes what is to be
 * done with it: the rules and the paths decide, it is sent or put into a parcel
 * for later, and its capture is logged. A frame to a group address has several
 * receivers, each with a capture of its own.
 *
 * Forwarding does not wait for the journal: records are deferred until no frame
 * is left to be received, and borrow the buffers until then. Each buffer is
 * used once between two flushes of the log.
 *
 * A parcel is a copy of a frame that leaves later: scheduled by the timer (a
 * delay, a duplicate), held by a rule, or waiting at the port of a suspended
 * host.
 *
 * A rule stands for something between the sender and the links of the path: a
 * frame that it delays, holds or duplicates enters the links when it leaves the
 * rule, with the frames that the hosts send then.
 */
#include "wire.h"

#include <assert.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "errors.h"
#include "fd.h"
#include "identity.h"
#include "macro.h"
#include "message.h"
#include "offload.h"

enum {
	FRAME_MAX = FRAME_ETHERNET + UINT16_MAX + 1,
	ANSWER_MAX = 2048, /* a RST, or ICMP with what it quotes */
	BUFFERS = 16,
	RING = 256, /* receive buffers of a usual network card */
	/* Of the socket. The kernel limits it to net.core.rmem_max. */
	RECEIVE_BUFFER = 4 << 20,
};

/* A frame as PACKET_VNET_HDR has it: header and bytes are one piece. */
struct buffer {
	struct virtio_net_hdr header;
	uint8_t bytes[FRAME_MAX];
};

/* A frame on its way to one receiver. */
struct wire_frame {
	struct virtio_net_hdr *header; /* the bytes follow it */
	size_t size; /* of the bytes */
	struct wire_port *from; /* NULL: the wire, or a cable that is gone */
	struct wire_port *to; /* NULL: none */
	size_t capture; /* index */
	const struct wire_rule *rule; /* that decided on it; NULL: none did */
};

/* A frame that leaves later. */
struct parcel {
	struct parcel *next;
	nsec_t due;
	struct parcel **slot; /* of an overtaken one; NULL: it is none */
	nsec_t arrives; /* of an overtaken one: not before */
	struct wire_port *from; /* with the links to come; NULL: none are */
	struct wire_port *to;
	size_t capture; /* index */
	enum wire_fate fate; /* with which it leaves */
	size_t size;
	struct virtio_net_hdr header; /* the bytes follow without a gap */
	uint8_t bytes[];
};

static_assert(offsetof(struct buffer, bytes) == sizeof(struct virtio_net_hdr) &&
		      offsetof(struct parcel, bytes) ==
			      offsetof(struct parcel, header) +
				      sizeof(struct virtio_net_hdr),
	      "a header and its bytes are sent as one piece");

struct wire_port {
	struct wire_port *next;
	struct wire *wire;
	char host[WIRE_NAME];
	unsigned int number; /* from 1 */
	unsigned int network;
	int ifindex;
	unsigned int mtu; /* of the host's end */
	unsigned int network_mtu; /* 0: any */
	uint8_t mac[6];
	bool dead, cut_from, cut_to, suspended;
	struct wire_link from_host, to_host;
	/* A frame of either link that waits for the next one to overtake it. */
	struct parcel *overtaken[2];
	struct parcel *waiting; /* for a suspended host */
	unsigned int n_waiting;
};

struct wire_rule {
	struct wire_rule *next;
	struct wire *wire;
	struct wire_match match;
	enum wire_action action;
	enum wire_answer answer;
	nsec_t delay;
	unsigned int seen, hits, n_held;
	bool disarmed;
	struct parcel *held;
};

struct wire {
	int socket;
	struct loop_source *source, *timer;
	struct wire_port *ports;
	struct wire_rule *rules;
	struct parcel *scheduled; /* by due time */
	struct identities *identities;
	struct wire_capture_log *log;
	nsec_t residence, total_residence;
	nsec_t taken; /* when the last frame was */
	unsigned int losses;
	uint64_t seed; /* of the links */
	size_t next_buffer;
	struct buffer buffers[BUFFERS];
	struct buffer injected;
};

static struct wire_capture *capture_of(struct wire *wire, size_t index)
{
	return wire_capture_log_at(wire->log, index);
}

static const uint8_t *bytes_of(const struct wire_frame *frame)
{
	return (const uint8_t *)(frame->header + 1);
}

/* --- parcels ---------------------------------------------------------- */

/* A copy of the frame: its buffer is needed for the next one. NULL without
 * memory. */
static struct parcel *new_parcel(const struct wire_frame *frame,
				 enum wire_fate fate)
{
	struct parcel *parcel = malloc(sizeof(*parcel) + frame->size);

	if (!parcel)
		return NULL;
	*parcel = (struct parcel){ .to = frame->to,
				   .capture = frame->capture,
				   .fate = fate,
				   .size = frame->size };
	memcpy(&parcel->header, frame->header,
	       sizeof(*frame->header) + frame->size);
	return parcel;
}

static void free_parcels(struct parcel *parcel)
{
	while (parcel) {
		struct parcel *next = parcel->next;

		free(parcel);
		parcel = next;
	}
}

static void append_parcel(struct parcel **list, struct parcel *parcel)
{
	while (*list)
		list = &(*list)->next;
	*list = parcel;
}

/* The list is sorted: its first parcel is due next. */
static void set_timer(struct wire *wire)
{
	loop_set_timer(wire->timer,
		       wire->scheduled ? wire->scheduled->due : NSEC_NEVER);
}

/* Takes the parcel. Those that are due at the same moment keep their order. */
static void schedule(struct wire *wire, struct parcel *parcel, nsec_t due)
{
	struct parcel **at = &wire->scheduled;

	parcel->due = due;
	while (*at && (*at)->due <= due)
		at = &(*at)->next;
	parcel->next = *at;
	*at = parcel;
	set_timer(wire);
}

/* --- sending ---------------------------------------------------------- */

static bool is_sent(enum wire_fate fate)
{
	return fate != WIRE_DEAD && fate != WIRE_CUT && fate != WIRE_LOST &&
	       fate != WIRE_TOO_LARGE;
}

/* __is_skb_forwardable() allows for a VLAN tag. */
static bool is_too_large(struct wire *wire, const struct wire_frame *frame,
			 unsigned int mtu)
{
	enum { VLAN_TAG = 4 };

	return wire_segment_size(capture_of(wire, frame->capture)) >
	       FRAME_ETHERNET + VLAN_TAG + mtu;
}

/*
 * The kernel takes header and bytes as one piece: with PACKET_VNET_HDR it
 * copies the checksum offload state into the skb (packet_snd(),
 * virtio_net_hdr_to_skb()), so that a partial checksum stays partial and GSO
 * frames stay whole.
 */
static int put_on_cable(struct wire *wire, const struct wire_frame *frame,
			enum wire_fate *fate)
{
	struct sockaddr_ll address = { .sll_family = AF_PACKET,
				       .sll_ifindex = frame->to->ifindex };

	/* __is_skb_forwardable() ignores the size of a GSO frame; its segments
	 * would not fit. */
	if ((frame->header->gso_size &&
	     is_too_large(wire, frame, frame->to->mtu)) ||
	    (frame->to->network_mtu &&
	     is_too_large(wire, frame, frame->to->network_mtu))) {
		*fate = WIRE_TOO_LARGE;
		return 0;
	}
	if (sendto(wire->socket, frame->header,
		   sizeof(*frame->header) + frame->size, 0,
		   (const struct sockaddr *)&address, sizeof(address)) >= 0)
		return 0;
	/* The wire's end of the cable is down, or has gone with the namespace
	 * of its host: the frame is lost, as on a real cable. */
	if (errno != ENETDOWN && errno != ENXIO && errno != ENODEV &&
	    errno != ENOBUFS)
		return error_origin(-errno, "send a frame to %s",
				    frame->to->host);
	*fate = is_too_large(wire, frame, frame->to->mtu) ? WIRE_TOO_LARGE :
							    WIRE_LOST;
	return 0;
}

/* The host is suspended: the frame waits in its receive ring. */
static int wait_in_ring(struct wire *wire, const struct wire_frame *frame)
{
	struct wire_capture *capture = capture_of(wire, frame->capture);
	struct wire_port *to = frame->to;
	struct parcel *parcel;

	if (to->n_waiting == RING) {
		capture->fate = WIRE_OVERFLOW;
		capture->label = R_("the full receive ring of a suspended host");
		return 0;
	}
	parcel = new_parcel(frame, WIRE_RELEASED);
	if (!parcel)
		return error_origin(-ENOMEM, "hold a frame");
	capture->fate = WIRE_HELD;
	append_parcel(&to->waiting, parcel);
	to->n_waiting++;
	return 0;
}

/* Stores the identity of the packet for the case that the receiver is a gateway
 * and forwards it: identities_receive() finds it again. */
static int note_delivery(struct wire *wire, const struct wire_frame *frame)
{
	const struct wire_capture *c = capture_of(wire, frame->capture);
	const struct identity identity = {
		.packet = c->packet,
		.port = c->port,
		.origin = c->origin,
		.flow = { .kinds = c->kinds,
			  .base = c->base,
			  .connection = c->connection,
			  .from_client = c->from_client,
			  .transmission = c->transmission },
	};

	return error_trace(identities_deliver(wire->identities,
					      frame->to->number, &c->frame,
					      bytes_of(frame), &identity));
}

/* Sends the frame now. Its capture gets `fate`, or the reason why it was not
 * sent. */
static int deliver(struct wire *wire, const struct wire_frame *frame,
		   enum wire_fate fate)
{
	const struct wire_port *to = frame->to;
	const nsec_t left = nsec_now();
	struct wire_capture *capture;
	int r = 0;

	if (to->suspended && !to->dead && !to->cut_to)
		return error_trace(wait_in_ring(wire, frame));
	if (to->dead)
		fate = WIRE_DEAD;
	else if (to->cut_to)
		fate = WIRE_CUT;
	else
		r = put_on_cable(wire, frame, &fate);
	if (r < 0)
		return error_trace(r);
	/* WIRE_FORWARDED is the initial value; a fate that was recorded, such
	 * as WIRE_DELAYED, stays. */
	capture = capture_of(wire, frame->capture);
	if (fate != WIRE_FORWARDED)
		capture->fate = fate;
	if (fate == WIRE_CORRUPTED)
		capture->label =
			R_("a wrong bit, by the corruption of the path");
	if (!is_sent(fate))
		return 0;
	capture->left = left;
	return error_trace(note_delivery(wire, frame));
}

/* Takes the parcel, sends and records it. */
static int send_parcel(struct wire *wire, struct parcel *parcel)
{
	const struct wire_frame frame = { .header = &parcel->header,
					  .size = parcel->size,
					  .to = parcel->to,
					  .capture = parcel->capture };
	/* Before the receiver can answer: the answer is captured later. */
	const nsec_t at = nsec_now();
	int r = deliver(wire, &frame, parcel->fate);

	if (r >= 0 && parcel->fate == WIRE_DUPLICATED &&
	    capture_of(wire, parcel->capture)->fate == WIRE_DUPLICATED)
		r = wire_capture_log_add_duplicate(wire->log, parcel->capture);
	if (r >= 0)
		r = wire_capture_log_write(wire->log, parcel->capture, at,
					   &parcel->header, parcel->size);
	free(parcel);
	return error_trace(r);
}

/* --- links ------------------------------------------------------------ */

/* An overtaken frame waits so long for a frame that overtakes it. */
static const nsec_t overtaking_patience = MSEC(20);

/* The last byte is one of TCP's, and under its checksum: the receiver's
 * tcp_v4_rcv() counts InCsumErrors. A partial checksum has to be completed
 * first; the receiver would complete it over the wrong byte. */
static void corrupt(struct virtio_net_hdr *header, size_t size)
{
	uint8_t *bytes = (uint8_t *)(header + 1);

	if (header->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) {
		frame_complete_checksum(bytes, size, header->csum_start,
					header->csum_offset);
		header->flags = 0;
	}
	bytes[size - 1] ^= 1;
}

/* The frame that waits in the slot, if any, leaves behind one that arrives at
 * this time. */
static void let_overtake(struct wire *wire, struct parcel **slot,
			 nsec_t arrives)
{
	struct parcel *parcel = *slot, **at = &wire->scheduled;

	if (!parcel)
		return;
	*slot = NULL;
	parcel->slot = NULL;
	for (; *at != parcel; at = &(*at)->next)
		assert(*at);
	*at = parcel->next;
	schedule(wire, parcel, MAX(parcel->arrives, arrives));
}

/*
 * Both links of the frame, one after the other. What enters the second link
 * queues there in the order in which it entered the first one, also where
 * another order of arrival is possible (senders with different delays): later
 * than on a real path, and never early.
 */
static struct wire_passage pass_links(struct wire_port *from,
				      struct wire_port *to, size_t size,
				      nsec_t at)
{
	struct wire_passage first, second;

	first = wire_link_pass(&from->from_host, size, at);
	if (first.lost || first.overflows)
		return first;
	second = wire_link_pass(&to->to_host, size, first.arrives);
	second.corrupt |= first.corrupt;
	second.overtaken |= first.overtaken;
	return second;
}

/* Why the links lose the frame; NULL: they do not. */
static const char *loss_of(const struct wire_passage *passage)
{
	if (passage->lost)
		return R_("the loss of the path");
	return passage->overflows ? R_("a full queue of the path") : NULL;
}

static void set_lost(struct wire_capture *capture,
		     const struct wire_passage *passage)
{
	capture->fate = passage->lost ? WIRE_DROPPED : WIRE_OVERFLOW;
	capture->label = loss_of(passage);
}

/* Where a frame waits that the next one of the link overtakes. */
static struct parcel **slot_of(struct wire_port *from, struct wire_port *to)
{
	return to->to_host.settings.reordering > 0 ? &to->overtaken[1] :
						     &from->overtaken[0];
}

/* What waits in either slot leaves behind a frame that arrives at this time. */
static void let_both_overtake(struct wire *wire, struct wire_port *from,
			      struct wire_port *to, nsec_t arrives)
{
	let_overtake(wire, &from->overtaken[0], arrives);
	let_overtake(wire, &to->overtaken[1], arrives);
}

/* Takes the parcel, which the links pass on. */
static void schedule_arrival(struct wire *wire, struct parcel *parcel,
			     struct wire_port *from,
			     const struct wire_passage *passage)
{
	struct parcel **slot = slot_of(from, parcel->to);

	if (passage->overtaken && !*slot) {
		*slot = parcel;
		parcel->slot = slot;
		parcel->arrives = passage->arrives;
		schedule(wire, parcel, passage->arrives + overtaking_patience);
		return;
	}
	schedule(wire, parcel, passage->arrives);
	let_both_overtake(wire, from, parcel->to, passage->arrives);
}

/* Sends the frame over its links, which it enters at that time. */
static int send_over_links(struct wire *wire, const struct wire_frame *frame,
			   nsec_t at)
{
	struct wire_capture *capture = capture_of(wire, frame->capture);
	struct wire_passage passage =
		pass_links(frame->from, frame->to, frame->size, at);
	enum wire_fate fate = WIRE_FORWARDED;
	struct parcel *parcel;
	int r;

	if (loss_of(&passage)) {
		set_lost(capture, &passage);
		return 0;
	}
	if (passage.corrupt && capture->frame.kind == FRAME_TCP) {
		corrupt(frame->header, frame->size);
		fate = WIRE_CORRUPTED;
	}
	if (!passage.overtaken && passage.arrives == at) {
		r = deliver(wire, frame, fate);
		let_both_overtake(wire, frame->from, frame->to, at);
		return error_trace(r);
	}
	capture->fate = WIRE_DELAYED;
	parcel = new_parcel(frame, fate);
	if (!parcel)
		return error_origin(-ENOMEM, "delay a frame");
	schedule_arrival(wire, parcel, frame->from, &passage);
	return 0;
}

/* Takes the parcel, which a rule has kept: it enters the links at that time. */
static int enter_links(struct wire *wire, struct parcel *parcel, nsec_t at)
{
	struct wire_capture *capture = capture_of(wire, parcel->capture);
	struct wire_port *from = parcel->from;
	struct wire_passage passage =
		pass_links(from, parcel->to, parcel->size, at);
	int r;

	parcel->from = NULL;
	if (loss_of(&passage)) {
		if (parcel->fate == WIRE_DUPLICATED) {
			/* The capture is that of the original. */
			r = wire_capture_log_note_lost(wire->log,
						       parcel->capture,
						       loss_of(&passage));
		} else {
			set_lost(capture, &passage);
			r = wire_capture_log_write(wire->log, parcel->capture,
						   at, &parcel->header,
						   parcel->size);
		}
		free(parcel);
		return error_trace(r);
	}
	if (passage.corrupt && capture->frame.kind == FRAME_TCP) {
		corrupt(&parcel->header, parcel->size);
		if (parcel->fate != WIRE_DUPLICATED)
			parcel->fate = WIRE_CORRUPTED;
	}
	schedule_arrival(wire, parcel, from, &passage);
	return 0;
}

/* Sends what is due at that time: frames that enter the links do so when they
 * were to leave their rule, also if this is called late. */
static int send_due(struct wire *wire, nsec_t now)
{
	int r = 0;

	if (!wire->scheduled || wire->scheduled->due > now)
		return 0;
	while (r >= 0 && wire->scheduled && wire->scheduled->due <= now) {
		struct parcel *parcel = wire->scheduled;

		wire->scheduled = parcel->next;
		if (parcel->slot)
			*parcel->slot = NULL;
		r = parcel->from ? enter_links(wire, parcel, parcel->due) :
				   send_parcel(wire, parcel);
	}
	set_timer(wire);
	return error_trace(r);
}

static int on_timer(void *data)
{
	return error_trace(send_due(data, nsec_now()));
}

static bool are_clear(const struct wire_frame *frame, nsec_t at)
{
	return wire_link_is_clear(&frame->from->from_host, at) &&
	       wire_link_is_clear(&frame->to->to_host, at);
}

/* --- rules ------------------------------------------------------------ */

/* Rules with ports match TCP only. */
static bool has_ports(const struct frame *frame, const struct wire_match *match)
{
	if (!match->from_port && !match->to_port)
		return true;
	return frame->kind == FRAME_TCP &&
	       (!match->from_port ||
		match->from_port == frame->tcp.source_port) &&
	       (!match->to_port ||
		match->to_port == frame->tcp.destination_port);
}

bool wire_matches(const struct wire_capture *capture,
		  const struct wire_match *match)
{
	return (!match->kinds || (capture->kinds & match->kinds)) &&
	       (!match->from || strcmp(match->from, capture->from) == 0) &&
	       (!match->to || strcmp(match->to, capture->to) == 0) &&
	       has_ports(&capture->frame, match) &&
	       (!match->where || match->where(capture, match->data));
}

/* tcp_gso_segment() leaves a FIN to the last segment of a frame. */
unsigned int wire_segments(unsigned int kinds, unsigned int segments)
{
	return kinds == WIRE_FIN ? 1 : segments;
}

/* `seen` includes the `segments` of the frame that is being matched. */
static bool decides(const struct wire_rule *rule, unsigned int segments)
{
	unsigned int first = MAX(rule->match.first, 1U);

	return rule->seen >= first &&
	       (!rule->match.count ||
		rule->seen - segments + 1 < first + rule->match.count);
}

/* Every rule counts its matches, also those that another one decides on. */
static struct wire_rule *find_rule(struct wire *wire,
				   const struct wire_capture *capture)
{
	struct wire_rule *chosen = NULL;

	for (struct wire_rule *rule = wire->rules; rule; rule = rule->next) {
		unsigned int segments = wire_segments(
			capture->kinds & rule->match.kinds, capture->segments);

		if (rule->disarmed || !wire_matches(capture, &rule->match))
			continue;
		rule->seen += segments;
		if (!chosen && decides(rule, segments))
			chosen = rule;
	}
	if (chosen)
		chosen->hits++;
	return chosen;
}

/* The parcel enters the links at that time, and leaves with this fate. A
 * WIRE_DUPLICATED one is a parcel besides the frame itself. */
static int send_later(struct wire *wire, const struct wire_frame *frame,
		      enum wire_fate fate, nsec_t due)
{
	struct parcel *parcel = new_parcel(frame, fate);

	if (!parcel)
		return error_origin(-ENOMEM, "delay a frame");
	parcel->from = frame->from;
	schedule(wire, parcel, due);
	return 0;
}

static int hold(struct wire_rule *rule, const struct wire_frame *frame)
{
	struct parcel *parcel = new_parcel(frame, WIRE_RELEASED);

	if (!parcel)
		return error_origin(-ENOMEM, "hold a frame");
	parcel->from = frame->from;
	append_parcel(&rule->held, parcel);
	rule->n_held++;
	return 0;
}

/*
 * Applies the rules, and then the links of both paths. A frame that no rule
 * decides on and whose links are clear is sent at once: the usual case. Times
 * count from the arrival of the frame, not from now, so that the time that it
 * waited for user space is not added.
 */
static int carry_out(struct wire *wire, struct wire_frame *frame)
{
	struct wire_capture *capture = capture_of(wire, frame->capture);
	struct wire_rule *rule = find_rule(wire, capture);
	nsec_t at = capture->at;
	int r = 0;

	frame->rule = rule;
	if (rule) {
		capture->label = rule->match.label;
		switch (rule->action) {
		case WIRE_DROP:
			capture->fate = WIRE_DROPPED;
			return 0;
		case WIRE_REJECT:
			capture->fate = WIRE_REJECTED;
			return 0;
		case WIRE_HOLD:
			capture->fate = WIRE_HELD;
			return error_trace(hold(rule, frame));
		case WIRE_DELAY:
			capture->fate = WIRE_DELAYED;
			return error_trace(send_later(wire, frame, WIRE_DELAYED,
						      at + rule->delay));
		case WIRE_DUPLICATE:
			r = send_later(wire, frame, WIRE_DUPLICATED,
				       at + rule->delay);
			break;
		}
	}
	if (r < 0)
		return error_trace(r);
	if (are_clear(frame, at))
		return error_trace(deliver(wire, frame, WIRE_FORWARDED));
	return error_trace(send_over_links(wire, frame, at));
}

int wire_arm(struct wire *wire, struct wire_rule **ret,
	     const struct wire_match *match, enum wire_action action,
	     nsec_t delay)
{
	struct wire_rule **at = &wire->rules;
	struct wire_rule *rule = calloc(1, sizeof(*rule));

	if (!rule)
		return error_origin(-ENOMEM, "rule");
	*rule = (struct wire_rule){
		.wire = wire, .match = *match, .action = action, .delay = delay
	};
	while (*at)
		at = &(*at)->next;
	*at = rule;
	*ret = rule;
	return 0;
}

int wire_arm_reject(struct wire *wire, struct wire_rule **ret,
		    const struct wire_match *match, enum wire_answer answer)
{
	int r = wire_arm(wire, ret, match, WIRE_REJECT, 0);

	if (r < 0)
		return error_trace(r);
	(*ret)->answer = answer;
	return 0;
}

unsigned int wire_rule_hits(const struct wire_rule *rule)
{
	return rule->hits;
}

unsigned int wire_rule_held(const struct wire_rule *rule)
{
	return rule->n_held;
}

int wire_release(struct wire_rule *rule)
{
	const nsec_t now = nsec_now();
	int r = 0;

	rule->disarmed = true;
	while (rule->held && r >= 0) {
		struct parcel *parcel = rule->held;

		rule->held = parcel->next;
		rule->n_held--;
		r = enter_links(rule->wire, parcel, now);
	}
	/* What arrives now is sent before this returns. */
	return error_trace(r < 0 ? r : send_due(rule->wire, now));
}

void wire_disarm(struct wire_rule *rule)
{
	rule->disarmed = true;
}

static void free_rules(struct wire *wire)
{
	while (wire->rules) {
		struct wire_rule *rule = wire->rules;

		wire->rules = rule->next;
		free_parcels(rule->held);
		free(rule);
	}
}

/* --- injecting and rejecting ------------------------------------------ */

/* The capture has the members of an identity that readers need. */
static void set_identity(struct wire_capture *capture,
			 const struct identity *identity)
{
	capture->packet = identity->packet;
	capture->port = identity->port;
	capture->origin = identity->origin;
	capture->kinds = identity->flow.kinds;
	capture->base = identity->flow.base;
	capture->connection = identity->flow.connection;
	capture->from_client = identity->flow.from_client;
	capture->transmission = identity->flow.transmission;
}

/* Injected frames pass neither rules nor path delays. The capture is complete
 * and its record written when this returns. */
int wire_inject(struct wire *wire, struct wire_port *port, const void *bytes,
		size_t size)
{
	struct wire_frame frame = { .header = &wire->injected.header,
				    .size = size,
				    .to = port };
	struct wire_capture capture = { .at = nsec_now(),
					.network = port->network,
					.segments = 1,
					.from = "",
					.to = port->host };
	struct identity identity;
	int r;

	if (size > sizeof(wire->injected.bytes))
		return error_origin(-EMSGSIZE, "inject a frame");
	r = frame_decode(&capture.frame, bytes, size);
	if (r < 0)
		return error_trace(r);
	capture.segment_length = capture.frame.tcp.length;
	wire->injected.header = (struct virtio_net_hdr){ 0 };
	memcpy(wire->injected.bytes, bytes, size);
	r = identities_inject(wire->identities, port->network, &capture.frame,
			      bytes, &identity);
	if (r < 0)
		return error_trace(r);
	set_identity(&capture, &identity);
	r = wire_capture_log_add(wire->log, &capture, &frame.capture);
	if (r < 0)
		return error_trace(r);
	r = deliver(wire, &frame, WIRE_INJECTED);
	if (r < 0)
		return error_trace(r);
	return error_trace(wire_capture_log_write(
		wire->log, frame.capture, capture.at, frame.header, size));
}

static enum frame_unreachable unreachable(enum wire_answer answer)
{
	switch (answer) {
	case WIRE_ANSWER_NET:
		return FRAME_UNREACHABLE_NET;
	case WIRE_ANSWER_HOST:
		return FRAME_UNREACHABLE_HOST;
	case WIRE_ANSWER_RST:
	case WIRE_ANSWER_PORT:
		return FRAME_UNREACHABLE_PORT;
	case WIRE_ANSWER_ADMIN:
		break;
	}
	return FRAME_UNREACHABLE_ADMIN;
}

/* RFC 9293 section 3.10.7.1: the RST of a host that has no such connection. */
static ssize_t encode_reset(uint8_t *bytes, size_t size,
			    const struct frame *about)
{
	const struct segment *tcp = &about->tcp;
	struct frame frame = { .source = about->destination,
			       .destination = about->source };

	memcpy(frame.source_mac, about->destination_mac, FRAME_MAC);
	memcpy(frame.destination_mac, about->source_mac, FRAME_MAC);
	frame.tcp.source_port = tcp->destination_port;
	frame.tcp.destination_port = tcp->source_port;
	frame.tcp.flags = SEGMENT_RST;
	if (tcp->flags & SEGMENT_ACK) {
		frame.tcp.seq = tcp->ack;
	} else {
		frame.tcp.flags |= SEGMENT_ACK;
		frame.tcp.ack = tcp->seq + frame_sequence_length(about);
	}
	return frame_encode_tcp(bytes, size, &frame, NULL);
}

/* A RST is not answered with a RST (RFC 9293 section 3.10.7.1), an ICMP error
 * not with an ICMP error (RFC 1122 section 3.2.2). */
static bool is_answerable(const struct frame *about, enum wire_answer answer)
{
	if (about->kind == FRAME_TCP)
		return answer != WIRE_ANSWER_RST || !frame_is_rst(about);
	return answer != WIRE_ANSWER_RST && about->kind == FRAME_OTHER &&
	       about->transport_at && !about->fragment;
}

/* Answers the sender of a rejected frame. */
static int answer(struct wire *wire, const struct wire_frame *frame)
{
	const struct frame about = capture_of(wire, frame->capture)->frame;
	enum wire_answer with;
	uint8_t bytes[ANSWER_MAX];
	ssize_t size;

	assert(frame->rule);
	with = frame->rule->answer;
	if (!is_answerable(&about, with))
		return 0;
	if (with == WIRE_ANSWER_RST)
		size = encode_reset(bytes, sizeof(bytes), &about);
	else
		size = frame_encode_unreachable(bytes, sizeof(bytes),
						bytes_of(frame), frame->size,
						unreachable(with));
	if (size < 0)
		return error_trace((int)size);
	return error_trace(wire_inject(wire, frame->from, bytes, (size_t)size));
}

/* --- switching -------------------------------------------------------- */

static struct wire_port *port_by_ifindex(struct wire *wire, int ifindex)
{
	for (struct wire_port *port = wire->ports; port; port = port->next)
		if (port->ifindex == ifindex)
			return port;
	return NULL;
}

/* A frame to a group address goes to every other port of its network, any other
 * frame to the port with that MAC address. `from` is NULL for a cable that is
 * gone: what a dead host's kernel sent last. */
static bool is_receiver(const struct wire_port *port,
			const struct wire_port *from, const struct frame *frame)
{
	bool is_group = frame->destination_mac[0] & 1;

	return port != from && (!from || port->network == from->network) &&
	       (is_group ||
		memcmp(port->mac, frame->destination_mac, FRAME_MAC) == 0);
}

/* The sender is dead or suspended, or its cable is gone (NULL). Its namespace
 * may still send frames, which a real machine in that state would not send:
 * WIRE_GHOST. */
static bool is_ghost(const struct wire_port *port)
{
	return !port || port->dead || port->suspended;
}

/*
 * The order of the checks is that of the places on the way: the sender's
 * machine, the address, the cut of either path, and then the rules. A frame
 * that an earlier one stops is not counted by a later one.
 */
static int forward(struct wire *wire, struct wire_frame *frame)
{
	struct wire_capture *capture = capture_of(wire, frame->capture);

	if (is_ghost(frame->from)) {
		capture->fate = WIRE_GHOST;
		return 0;
	}
	if (!frame->to) {
		capture->fate = WIRE_NOBODY;
		return 0;
	}
	if (frame->from->cut_from || frame->to->cut_to) {
		capture->fate = WIRE_CUT;
		return 0;
	}
	return error_trace(carry_out(wire, frame));
}

/* To one receiver. `seen` has what is the same for all of them. */
static int switch_to(struct wire *wire, struct wire_capture *seen,
		     struct wire_frame frame)
{
	int r;

	seen->from = frame.from ? frame.from->host : "";
	seen->to = frame.to ? frame.to->host : "";
	r = wire_capture_log_add(wire->log, seen, &frame.capture);
	if (r < 0)
		return error_trace(r);
	r = forward(wire, &frame);
	if (r < 0)
		return error_trace(r);
	if (!frame.rule && wire_capture_log_count(wire->log, frame.size))
		return 0;
	r = wire_capture_log_defer(wire->log, frame.capture, frame.header,
				   frame.size);
	if (r < 0)
		return error_trace(r);
	if (capture_of(wire, frame.capture)->fate == WIRE_REJECTED)
		return error_trace(answer(wire, &frame));
	return 0;
}

/* Identifies the frame once, for it is one packet, and switches it to each of
 * its receivers. A frame without any receiver is captured too. */
static int switch_frame(struct wire *wire, struct buffer *buffer,
			size_t size, struct wire_port *from,
			const struct frame *decoded, nsec_t at)
{
	struct wire_capture seen = { .at = at,
				     .network = from ? from->network : 0,
				     .frame = *decoded,
				     .segment_length = decoded->tcp.length };
	struct wire_frame frame = { .header = &buffer->header,
				    .size = size,
				    .from = from };
	struct identity identity;
	bool received = false;
	int r;

	seen.segments = offload_segments(&buffer->header, &seen.segment_length);
	r = identities_receive(wire->identities, from ? from->number : 0,
			       is_ghost(from), decoded, buffer->bytes,
			       &identity);
	if (r < 0)
		return error_trace(r);
	set_identity(&seen, &identity);
	for (struct wire_port *to = wire->ports; to && r >= 0; to = to->next) {
		if (!is_receiver(to, from, decoded))
			continue;
		received = true;
		frame.to = to;
		r = switch_to(wire, &seen, frame);
	}
	if (!received)
		r = switch_to(wire, &seen, frame);
	return error_trace(r);
}

/* --- receiving -------------------------------------------------------- */

/* The kernel stamps a frame when it enters the network stack of the wire's end
 * (SO_TIMESTAMPNS), before it waits in the receive buffer of the socket. */
static nsec_t arrival(struct msghdr *message)
{
	nsec_t now = nsec_now(), at;
	struct cmsghdr *cmsg;
	struct timespec ts;

	for (cmsg = CMSG_FIRSTHDR(message); cmsg;
	     cmsg = CMSG_NXTHDR(message, cmsg)) {
		if (cmsg->cmsg_level != SOL_SOCKET ||
		    cmsg->cmsg_type != SCM_TIMESTAMPNS)
			continue;
		memcpy(&ts, CMSG_DATA(cmsg), sizeof(ts));
		at = nsec_from_timespec(ts) + nsec_monotonic_minus_realtime();
		/* The timestamp is of CLOCK_REALTIME, which may have been set
		 * in between; a frame arrives before it is read. */
		return MIN(at, now);
	}
	return now;
}

/* Returns the size of the frame; 0 when none has arrived. */
static ssize_t receive(struct wire *wire, struct buffer *buffer,
		       struct sockaddr_ll *address, nsec_t *ret_at)
{
	struct iovec iov = { .iov_base = buffer, .iov_len = sizeof(*buffer) };
	char control[64];
	struct msghdr message = { .msg_name = address,
				  .msg_namelen = sizeof(*address),
				  .msg_iov = &iov,
				  .msg_iovlen = 1,
				  .msg_control = control,
				  .msg_controllen = sizeof(control) };
	ssize_t n = recvmsg(wire->socket, &message, MSG_DONTWAIT);

	/* An interface that goes down leaves ENETDOWN on the socket, once. */
	if (n < 0 && errno == ENETDOWN)
		n = recvmsg(wire->socket, &message, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n < 0)
		return error_origin(-errno, "receive a frame");
	*ret_at = arrival(&message);
	return n - (ssize_t)sizeof(buffer->header);
}

/* Pending records borrow the buffers up to this one. */
static int next_buffer(struct wire *wire)
{
	int r = 0;

	wire->next_buffer++;
	if (wire->next_buffer == BUFFERS)
		r = wire_capture_log_flush(wire->log);
	if (!wire_capture_log_is_pending(wire->log))
		wire->next_buffer = 0;
	return error_trace(r);
}

/* The frame arrived at this time. Others may have waited at the same time. */
static void count_residence(struct wire *wire, nsec_t at)
{
	nsec_t now = nsec_now();

	wire->residence = MAX(wire->residence, now - at);
	wire->total_residence += MAX(now - MAX(at, wire->taken), (nsec_t)0);
	wire->taken = now;
}

/* Returns 1 for a frame, 0 when none has arrived. */
static int take_one(struct wire *wire)
{
	struct buffer *buffer = &wire->buffers[wire->next_buffer];
	struct sockaddr_ll address;
	struct frame frame;
	nsec_t at = 0;
	ssize_t size = receive(wire, buffer, &address, &at);
	int r;

	if (size <= 0)
		return error_trace((int)size);
	count_residence(wire, at);
	/* The timer may be late: earlier frames keep their place. */
	r = send_due(wire, at);
	if (r < 0)
		return error_trace(r);
	r = frame_decode(&frame, buffer->bytes, (size_t)size);
	if (r == -EBADMSG) {
		/* A switch needs the MAC addresses only: the frame is forwarded
		 * by its destination address. */
		memset(&frame, 0, sizeof(frame));
		frame.size = (size_t)size;
		memcpy(frame.destination_mac, buffer->bytes, FRAME_MAC);
	} else if (r < 0) {
		return error_trace(r);
	}
	r = switch_frame(wire, buffer, (size_t)size,
			 port_by_ifindex(wire, address.sll_ifindex), &frame,
			 at);
	if (r < 0)
		return error_trace(r);
	r = next_buffer(wire);
	return r < 0 ? error_trace(r) : 1;
}

/* Forwards all frames that have arrived, and writes their records
 * afterwards. */
int wire_catch_up(struct wire *wire)
{
	int r, flushed;

	do {
		r = take_one(wire);
	} while (r > 0);
	flushed = wire_capture_log_flush(wire->log);
	wire->next_buffer = 0;
	return error_trace(r < 0 ? r : flushed);
}

static int on_frames(void *data, uint32_t events MACRO_UNUSED)
{
	return error_trace(wire_catch_up(data));
}

/* --- the wire --------------------------------------------------------- */

static int set_option(int fd, int level, int option, int value)
{
	if (setsockopt(fd, level, option, &value, sizeof(value)) < 0)
		return error_origin(-errno, "packet socket option %d", option);
	return 0;
}

/* SO_RCVBUFFORCE needs CAP_NET_ADMIN in the initial user namespace. */
static int set_buffer(int fd)
{
	const int size = RECEIVE_BUFFER;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) ==
	    0)
		return 0;
	return error_trace(set_option(fd, SOL_SOCKET, SO_RCVBUF, size));
}

/*
 * PACKET_IGNORE_OUTGOING: the socket would otherwise receive every frame that
 * it sends. It is bound to no interface: it serves all ends of cables, also
 * those that are made later.
 */
static int open_socket(struct wire *wire)
{
	struct sockaddr_ll all = { .sll_family = AF_PACKET,
				   .sll_protocol = htons(ETH_P_ALL) };
	int r;

	/* Made with protocol 0 and bound later this takes 0.04 ms. A socket
	 * that is made with ETH_P_ALL waits for an RCU grace period: 16 ms. */
	wire->socket = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (wire->socket < 0)
		return error_origin(-errno, "packet socket");
	r = set_option(wire->socket, SOL_PACKET, PACKET_VNET_HDR, 1);
	if (r >= 0)
		r = set_option(wire->socket, SOL_PACKET, PACKET_IGNORE_OUTGOING,
			       1);
	if (r >= 0)
		r = set_option(wire->socket, SOL_SOCKET, SO_TIMESTAMPNS, 1);
	if (r >= 0)
		r = set_buffer(wire->socket);
	if (r < 0)
		return error_trace(r);
	if (bind(wire->socket, (struct sockaddr *)&all, sizeof(all)) < 0)
		return error_origin(-errno, "bind the packet socket");
	return 0;
}

int wire_new(struct wire **ret, struct loop *loop, struct journal *journal)
{
	struct wire *wire = calloc(1, sizeof(*wire));
	int r;

	if (!wire)
		return error_origin(-ENOMEM, "wire");
	wire->socket = -1;
	r = wire_capture_log_new(&wire->log, journal);
	if (r >= 0)
		r = identities_new(&wire->identities);
	if (r >= 0)
		r = open_socket(wire);
	if (r >= 0)
		r = loop_add_fd(loop, &wire->source, wire->socket, EPOLLIN,
				on_frames, wire);
	if (r >= 0)
		r = loop_add_timer(loop, &wire->timer, NSEC_NEVER, on_timer,
				   wire);
	if (r < 0) {
		wire_free(wire);
		return error_trace(r);
	}
	*ret = wire;
	return 0;
}

struct wire *wire_free(struct wire *wire)
{
	if (!wire)
		return NULL;
	free_rules(wire);
	while (wire->ports) {
		struct wire_port *port = wire->ports;

		wire->ports = port->next;
		free_parcels(port->waiting);
		wire_link_deinit(&port->from_host);
		wire_link_deinit(&port->to_host);
		free(port);
	}
	free_parcels(wire->scheduled);
	loop_remove(wire->source);
	loop_remove(wire->timer);
	identities_free(wire->identities);
	wire_capture_log_free(wire->log);
	fd_close(wire->socket);
	free(wire);
	return NULL;
}

int wire_set_count_only(struct wire *wire, bool on)
{
	int r = wire_catch_up(wire);

	if (r < 0)
		return error_trace(r);
	return error_trace(wire_capture_log_set_count_only(wire->log, on));
}

size_t wire_captures(const struct wire *wire, const struct wire_capture **ret)
{
	return wire_capture_log_all(wire->log, ret);
}

size_t wire_duplicates(const struct wire *wire,
		       const struct wire_duplicate **ret)
{
	return wire_capture_log_duplicates(wire->log, ret);
}

unsigned int wire_connection(const struct wire *wire,
			     const struct address *local, uint16_t local_port,
			     const struct address *peer, uint16_t peer_port)
{
	return identities_find_socket(wire->identities, local, local_port, peer,
				      peer_port);
}

nsec_t wire_residence(const struct wire *wire)
{
	return wire->residence;
}

nsec_t wire_total_residence(const struct wire *wire)
{
	return wire->total_residence;
}

int wire_buffer(const struct wire *wire, int *ret)
{
	socklen_t size = sizeof(*ret);

	if (getsockopt(wire->socket, SOL_SOCKET, SO_RCVBUF, ret, &size) < 0)
		return error_origin(-errno, "packet socket's buffer");
	return 0;
}

int wire_losses(struct wire *wire, unsigned int *ret)
{
	struct tpacket_stats stats;
	socklen_t size = sizeof(stats);

	/* Reading sets the kernel's counter to zero. */
	if (getsockopt(wire->socket, SOL_PACKET, PACKET_STATISTICS, &stats,
		       &size) < 0)
		return error_origin(-errno, "packet statistics");
	wire->losses += stats.tp_drops;
	*ret = wire->losses;
	return 0;
}

/* --- ports ------------------------------------------------------------ */

/* Each link makes choices of its own. */
static void seed_links(struct wire_port *port, uint64_t seed)
{
	port->from_host.random = wire_link_seed(seed + 2 * port->number);
	port->to_host.random = wire_link_seed(seed + 2 * port->number + 1);
}

int wire_add_port(struct wire *wire, struct wire_port **ret, const char *host,
		  unsigned int network, int ifindex, const uint8_t mac[6])
{
	struct wire_port *port = calloc(1, sizeof(*port));
	int number;

	if (!port)
		return error_origin(-ENOMEM, "port of %s", host);
	snprintf(port->host, sizeof(port->host), "%s", host);
	number = identities_add_port(wire->identities, port->host, network);
	if (number < 0) {
		free(port);
		return error_trace(number);
	}
	port->wire = wire;
	port->number = (unsigned int)number;
	port->network = network;
	seed_links(port, wire->seed);
	port->ifindex = ifindex;
	port->mtu = ETH_DATA_LEN;
	memcpy(port->mac, mac, 6);
	port->next = wire->ports;
	wire->ports = port;
	*ret = port;
	return 0;
}

void wire_port_set_mtu(struct wire_port *port, unsigned int mtu)
{
	port->mtu = mtu;
}

void wire_port_set_network_mtu(struct wire_port *port, unsigned int mtu)
{
	port->network_mtu = mtu;
}

int wire_port_add_address(struct wire_port *port, const struct address *address)
{
	return error_trace(identities_add_address(port->wire->identities,
						  port->number, address));
}

void wire_port_rebind(struct wire_port *port, int ifindex)
{
	port->ifindex = ifindex;
	port->dead = port->suspended = false;
}

int wire_port_ifindex(const struct wire_port *port)
{
	return port->ifindex;
}

/* What waits for the host is lost with it. */
void wire_port_kill(struct wire_port *port)
{
	port->dead = true;
	identities_reset_host(port->wire->identities, port->number);
	free_parcels(port->waiting);
	port->waiting = NULL;
	port->n_waiting = 0;
}

int wire_port_suspend(struct wire *wire, struct wire_port *port, bool suspended)
{
	int r = wire_catch_up(wire);

	port->suspended = suspended;
	return error_trace(r);
}

int wire_port_receive_waiting(struct wire *wire, struct wire_port *port)
{
	int r = 0;

	while (r >= 0 && port->waiting) {
		struct parcel *parcel = port->waiting;

		port->waiting = parcel->next;
		port->n_waiting--;
		r = send_parcel(wire, parcel);
	}
	return error_trace(r);
}

void wire_port_cut(struct wire_port *port, bool from_host, bool to_host)
{
	port->cut_from = from_host;
	port->cut_to = to_host;
}

int wire_port_set_link(struct wire_port *port, bool to_host,
		       const struct wire_link_settings *settings)
{
	return error_trace(wire_link_set(
		to_host ? &port->to_host : &port->from_host, settings));
}

const struct wire_link_settings *wire_port_link(const struct wire_port *port,
						bool to_host)
{
	return to_host ? &port->to_host.settings : &port->from_host.settings;
}

int wire_port_delay(struct wire_port *port, nsec_t one_way)
{
	int r = 0;

	for (int to_host = 0; r >= 0 && to_host <= 1; to_host++) {
		struct wire_link_settings settings =
			*wire_port_link(port, to_host);

		settings.delay = one_way;
		r = wire_port_set_link(port, to_host, &settings);
	}
	return error_trace(r);
}

void wire_set_seed(struct wire *wire, uint64_t seed)
{
	wire->seed = seed;
	for (struct wire_port *port = wire->ports; port; port = port->next)
		seed_links(port, seed);
}
